"""What feeds need of the seller's orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from torihiki.feeds.model import Shipment
from torihiki.kernel.instant import Instant


class Orders(Protocol):
    """The orders of all sellers. Every method raises `Problem` (unavailable) when they cannot be reached."""

    async def named(
        self, seller_id: str, marketplace_ids: Sequence[str], merchant_order_id: str, now: Instant
    ) -> Sequence[str]:
        """The ids of the first two orders in the marketplaces that the seller calls so."""
        ...

    async def left(self, seller_id: str, order_id: str) -> Mapping[str, int]:
        """How many pieces of each item of the order have not been shipped; empty: there is no such order."""
        ...

    async def confirm(
        self,
        seller_id: str,
        order_id: str,
        shipment: Shipment,
        pieces: Mapping[str, int],
        *,
        source: str,
        by: str,
        now: Instant,
    ) -> None:
        """Confirms the shipment, durably. The same `source` again changes nothing and is no error.

        Args:
            seller_id: Whose order it is.
            order_id: Amazon's id.
            shipment: What was shipped.
            pieces: What `left` said, for items without a quantity.
            source: Names the message.
            by: Names the feed, for the order's history.
            now: The operator's time.

        Raises:
            Problem: The order cannot be shipped so; the message says why.
        """
        ...
