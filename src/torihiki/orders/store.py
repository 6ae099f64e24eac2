"""What the operations on orders need from storage. Every method takes the seller from the caller; no rule lives behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from torihiki.kernel.instant import Instant
from torihiki.orders.model import Cursor, ItemsDocument, OrderDocument, Page, Selection, StoredOrder


class OrderStore(Protocol):
    """Orders, kept as the bytes that are served. Every method raises `Problem` (unavailable) when the database is."""

    async def page(
        self,
        seller_id: str,
        selection: Selection,
        *,
        visible_from: Mapping[str, Instant],
        after: Cursor | None,
        limit: int,
    ) -> Page:
        """Up to `limit` orders that match, ordered by the selection's date and then by order key.

        Orders created before their marketplace's `visible_from` are left out. Going from cursor to cursor yields
        every order that matched throughout exactly once, whatever is written meanwhile.
        """
        ...

    async def order(self, seller_id: str, order_id: str) -> OrderDocument | None:
        """The order's document; None: the seller has no such order."""
        ...

    async def items(self, seller_id: str, order_id: str) -> ItemsDocument | None:
        """The items of the order; None: the seller has no such order."""
        ...

    async def put(self, orders: Sequence[StoredOrder]) -> set[str]:
        """Adds the orders, or replaces those that are there, all or none; durable when it returns.

        An order keeps its place (order key) when it is replaced. Orders of sellers that do not exist are left out,
        and the ids of those sellers are returned. No order may stand twice in one call.
        """
        ...
