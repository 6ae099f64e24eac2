"""What the operations on orders need from storage. Every method takes the seller from the caller; no rule lives behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from torihiki.kernel.instant import Instant
from torihiki.orders.model import (
    ChangedOrder,
    Cursor,
    HistoryEntry,
    ItemsDocument,
    KeptOrder,
    OrderDocument,
    Page,
    RegulatedDocument,
    Selection,
    StoredOrder,
)


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
        personal: bool = False,
    ) -> Page:
        """Up to `limit` orders that match, ordered by the selection's date and then by order key.

        Orders created before their marketplace's `visible_from` are left out. Going from cursor to cursor yields
        every order that matched throughout exactly once, whatever is written meanwhile. With `personal`, documents
        come with their personal parts instead of their endings.
        """
        ...

    async def order(
        self, seller_id: str, order_id: str, *, personal: bool = False
    ) -> OrderDocument | None:
        """The order's document; None: the seller has no such order. `personal` as for a page."""
        ...

    async def items(
        self, seller_id: str, order_id: str, *, restricted: bool = False
    ) -> ItemsDocument | None:
        """The items of the order, with their restricted members or without; None: the seller has no such order."""
        ...

    async def regulated(self, seller_id: str, order_id: str) -> RegulatedDocument | None:
        """What the order has to be checked for; None: the seller has no such order."""
        ...

    async def change(
        self,
        seller_id: str,
        order_id: str,
        decide: Callable[[KeptOrder], ChangedOrder | None],
    ) -> bool:
        """Puts what `decide` makes of the order in its place and adds to its history; durable when it returns.

        Nothing else writes the order meanwhile, in this process or another. `decide` does no I/O; where it returns
        None nothing is written, and what it raises is raised and leaves all as it was. False: the seller has no such
        order. `decide` may be called again where the database had to begin anew.
        """
        ...

    async def history(
        self, seller_id: str, order_id: str, *, after: int, limit: int
    ) -> list[HistoryEntry] | None:
        """Up to `limit` entries of the order's history behind the first `after` ones, the oldest first.

        None: the seller has no such order.
        """
        ...

    async def erase(
        self,
        orders: Sequence[tuple[str, str]],
        erased: Callable[[bytes, bytes], tuple[bytes, bytes, bytes]],
    ) -> int:
        """Erases the restricted members of orders, given by seller and order id; durable when it returns.

        `erased` makes of an order's personal part and withheld members its new ending, personal part and withheld
        members. The restricted items, the regulated information and the key of the address go. Returns how many
        orders there were.
        """
        ...

    async def erasable(self, before: Instant, limit: int) -> list[tuple[str, str]]:
        """Seller and order id of final orders that last changed before that and are not erased, the oldest first."""
        ...

    async def reseal(self, after: int, limit: int) -> tuple[int, int] | None:
        """Looks at up to `limit` orders behind the order key `after`, and seals those anew that another key sealed.

        Durable when it returns the last order key that it looked at and how many orders it sealed; None: there was
        no order left.
        """
        ...

    async def put(self, orders: Sequence[StoredOrder]) -> set[str]:
        """Adds the orders, or replaces those that are there, all or none; durable when it returns.

        An order keeps its place (order key) and its history when it is replaced; where document, items or date
        differ, what changes had kept of its fulfillment goes, and the replacement is an entry of its history. Orders of sellers that do not exist are left out,
        and the ids of those sellers are returned. No order may stand twice in one call.
        """
        ...
