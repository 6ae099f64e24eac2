"""The operations that move an order on: shipments, pickups, and what the operator says has happened.

Each is one change of the store. Nobody else writes the order while its rule decides, so that what the rule counts is what
there is: confirmations that arrive at once can never ship more than was ordered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from torihiki.kernel.instant import Instant
from torihiki.orders import pickups, shipments
from torihiki.orders.model import (
    ChangedOrder,
    Confirmation,
    HistoryEntry,
    KeptOrder,
    Move,
    Standing,
)
from torihiki.orders.opening import Opener
from torihiki.orders.pickups import PickupReport
from torihiki.orders.rules import Event, after_event, is_visible
from torihiki.orders.store import OrderStore

OPERATOR: Final = "operator"
"""Who caused an event, in the history, where the operator did."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """How an order stands after an event."""

    order_status: str
    last_updated: Instant


class Fulfillment:
    """The operations.

    Args:
        store: Where the orders are.
        opener: The wire format of the stored documents.
        strict: Whether confirmations are refused that Amazon is only known to refuse sometimes.
    """

    def __init__(self, store: OrderStore, opener: Opener, *, strict: bool) -> None:
        self._store = store
        self._opener = opener
        self._strict = strict

    async def confirm(
        self, seller_id: str, order_id: str, confirmation: Confirmation, by: str, now: Instant
    ) -> None:
        """Adds a package to the order, or edits the one of that reference; durable when it returns (O-25).

        The same confirmation again changes nothing. `by` is for the history: an application's id, or a feed.

        Raises:
            Problem: The order cannot be shipped so, or the seller has no such order; the message says it in full.
        """

        def rule(standing: Standing) -> Move | None:
            return shipments.confirmed(standing, confirmation, now=now, strict=self._strict)

        if not await self._change(seller_id, order_id, rule, by, now):
            raise shipments.no_such_order(order_id)

    async def report_pickup(
        self, seller_id: str, order_id: str, report: PickupReport, by: str, now: Instant
    ) -> None:
        """Takes down how far the pickup of an order is; durable when it returns.

        Raises:
            Problem: It is not to be picked up, is not that far, or the seller has no such order.
        """
        pickups.require_defined(report.marketplace_id)

        def rule(standing: Standing) -> Move | None:
            return pickups.pickup_moved(standing, report)

        if not await self._change(seller_id, order_id, rule, by, now):
            raise pickups.unfit()

    async def _change(
        self,
        seller_id: str,
        order_id: str,
        rule: Callable[[Standing], Move | None],
        by: str,
        now: Instant,
    ) -> bool:
        """False: the seller has no such order, or it is too old to be shown (O-1)."""
        seen = False

        def decide(kept: KeptOrder) -> ChangedOrder | None:
            nonlocal seen
            seen = is_visible(kept.facet.marketplace_id, kept.created, now)
            if not seen:
                return None
            order = self._opener(order_id, kept)
            move = rule(order.standing)
            return None if move is None else order.changed(move, by=by, now=now)

        return await self._store.change(seller_id, order_id, decide) and seen

    async def record_event(
        self, seller_id: str, order_id: str, event: Event, now: Instant
    ) -> Moved | None:
        """Lets something happen to an order, however old it is; None: the seller has no such order.

        Raises:
            NotPossible: It cannot happen to the order as it stands.
        """
        moved: Moved | None = None

        def decide(kept: KeptOrder) -> ChangedOrder:
            nonlocal moved
            order = self._opener(order_id, kept)
            changed = order.changed(after_event(order.standing, event), by=OPERATOR, now=now)
            moved = Moved(
                order_status=changed.facet.order_status, last_updated=changed.last_updated
            )
            return changed

        return moved if await self._store.change(seller_id, order_id, decide) else None

    async def history(
        self, seller_id: str, order_id: str, *, after: int, limit: int
    ) -> list[HistoryEntry] | None:
        """See `OrderStore.history`."""
        return await self._store.history(seller_id, order_id, after=after, limit=limit)
