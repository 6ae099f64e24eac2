"""What the operations that change an order need from the wire format that it is stored in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torihiki.kernel.instant import Instant
from torihiki.orders.model import ChangedOrder, KeptOrder, Move, Standing


class Opened(Protocol):
    """A stored order, opened; good for one call of `changed`."""

    @property
    def standing(self) -> Standing:
        """What the rules look at."""

    def changed(
        self, move: Move | None, *, by: str, now: Instant, regulated: bytes | None = None
    ) -> ChangedOrder:
        """The order after the move.

        Args:
            move: None: the order stays as it is, its last update too.
            by: Who caused it, for the history.
            now: The operator's time.
            regulated: The new OrderRegulatedInfo; None: as it was.
        """


Opener = Callable[[str, KeptOrder], Opened]
"""Opens the order that has this id."""
