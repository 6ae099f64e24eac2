"""The orders of every seller in PostgreSQL; see `order_pages` for how a page is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import asyncpg

from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.problem import unavailable
from torihiki.orders.model import (
    NO_PAGE,
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
from torihiki.storage.order_history import entry_of
from torihiki.storage.order_keys import EmailKeys, number_of, order_number
from torihiki.storage.order_keys import order_id as written_id
from torihiki.storage.order_sealing import Column, OrderSealing, check_sealed
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import load, plain
from torihiki.storage.postgres.order_changes import OrderChanges
from torihiki.storage.postgres.order_facets import SellerFacets
from torihiki.storage.postgres.order_pages import Outdated, PageSearch, email_key
from torihiki.storage.postgres.order_writes import OrderWrites
from torihiki.storage.vault import Vault

ATTEMPTS: Final = 10
"""Looks for one page while other processes add facets."""

_SQL: Final = load(__package__, "orders.sql")


class PostgresOrders:
    """`orders.store.OrderStore` on PostgreSQL."""

    def __init__(self, database: Database, emails: EmailKeys, vault: Vault) -> None:
        self._database = database
        self._emails = emails
        self._sealing = OrderSealing(vault)
        self._sellers: dict[str, SellerFacets] = {}
        self._writes = OrderWrites(_SQL, self._sealing, emails, self._sellers)
        self._changes = OrderChanges(database, _SQL, self._sealing)

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
        """See `OrderStore.page`."""
        column = Column.PERSONAL if personal else Column.ENDING
        seller = await self._seller(seller_id)
        if seller is None:
            return NO_PAGE
        for _ in range(ATTEMPTS):
            try:
                matching = seller.matching(selection)
                if not matching.numbers:
                    await self._check_newest(seller, seller.newest)
                    return NO_PAGE
                search = PageSearch(
                    self._database,
                    seller=seller,
                    matching=matching,
                    selection=selection,
                    visible_from=visible_from,
                    email_key=email_key(self._emails, seller_id, selection),
                    column=column,
                )
                rows, cursor = await search.page(after, limit)
                return Page(
                    documents=self._sealing.open_all(column, seller_id, rows),
                    order_ids=[written_id(row[-2]) for row in rows] if personal else [],
                    after=cursor,
                )
            except Outdated:
                seller.see(await self._database.rows(_SQL["facets"], {"seller": seller.seller_key}))
        raise unavailable()

    async def order(
        self, seller_id: str, order_id: str, *, personal: bool = False
    ) -> OrderDocument | None:
        """See `OrderStore.order`."""
        column = Column.PERSONAL if personal else Column.ENDING
        for row in await self._one(f"order_{column.value.decode()}", seller_id, order_id):
            return OrderDocument(
                marketplace_id=row["marketplace_id"],
                created=from_micros(row["created_us"]),
                document=row["body"],
                people=self._sealing.open(column, seller_id, number_of(order_id), row["people"]),
            )
        return None

    async def items(
        self, seller_id: str, order_id: str, *, restricted: bool = False
    ) -> ItemsDocument | None:
        """See `OrderStore.items`."""
        for row in await self._one("items", seller_id, order_id):
            items, sealed = row["body"], row["restricted_items"]
            if restricted and sealed is not None:
                items = self._sealing.open(Column.ITEMS, seller_id, number_of(order_id), sealed)
            return ItemsDocument(
                marketplace_id=row["marketplace_id"],
                created=from_micros(row["created_us"]),
                items=items,
            )
        return None

    async def regulated(self, seller_id: str, order_id: str) -> RegulatedDocument | None:
        """See `OrderStore.regulated`."""
        for row in await self._one("regulated", seller_id, order_id):
            sealed = row["body"]
            return RegulatedDocument(
                marketplace_id=row["marketplace_id"],
                created=from_micros(row["created_us"]),
                document=None
                if sealed is None
                else self._sealing.open(Column.REGULATED, seller_id, number_of(order_id), sealed),
            )
        return None

    async def change(
        self,
        seller_id: str,
        order_id: str,
        decide: Callable[[KeptOrder], ChangedOrder | None],
    ) -> bool:
        """See `OrderStore.change`."""
        number = order_number(order_id)
        seller = None if number is None else await self._seller(seller_id)
        if number is None or seller is None:
            return False
        return await self._changes.change(seller, seller_id, number, decide)

    async def history(
        self, seller_id: str, order_id: str, *, after: int, limit: int
    ) -> list[HistoryEntry] | None:
        """See `OrderStore.history`."""
        number = order_number(order_id)
        if number is None:
            return None
        rows = await self._database.rows(
            _SQL["history"],
            {"seller_id": seller_id, "number": number, "after": after, "last": after + limit},
        )
        return [entry_of(tuple(row)) for row in rows if row[0] is not None] if rows else None

    async def put(self, orders: Sequence[StoredOrder]) -> set[str]:
        """See `OrderStore.put`."""
        return await self._database.write(lambda connection: self._writes.put(connection, orders))

    async def erasable(self, before: Instant, limit: int) -> list[tuple[str, str]]:
        """See `OrderStore.erasable`."""
        rows = await self._database.rows(
            _SQL["erasable"], {"before": micros(before), "wanted": limit}
        )
        return [(row["seller_id"], written_id(row["order_number"])) for row in rows]

    async def erase(
        self,
        orders: Sequence[tuple[str, str]],
        erased: Callable[[bytes, bytes], tuple[bytes, bytes, bytes]],
    ) -> int:
        """See `OrderStore.erase`."""
        numbered = [
            (seller_id, number)
            for seller_id, order_id in orders
            if (number := order_number(order_id)) is not None
        ]
        return await self._database.write(
            lambda connection: self._writes.erase(connection, numbered, erased)
        )

    async def reseal(self, after: int, limit: int) -> tuple[int, int] | None:
        """See `OrderStore.reseal`."""
        return await self._database.write(
            lambda connection: self._writes.reseal(connection, after, limit)
        )

    async def check_keys(self) -> None:
        """Looks whether the keys are those of this database.

        Raises:
            UnsuitableDatabase: They are not.
        """
        check_sealed(
            self._sealing, await self._database.rows(_SQL["sealed"], {"after": -1, "wanted": 1})
        )

    async def _one(self, statement: str, seller_id: str, order_id: str) -> list[asyncpg.Record]:
        number = order_number(order_id)
        if number is None:
            return []
        return await self._database.rows(
            _SQL[statement], {"seller_id": seller_id, "number": number}
        )

    async def _seller(self, seller_id: str) -> SellerFacets | None:
        known = self._sellers.get(seller_id)
        if known is None:
            rows = await self._database.rows(_SQL["seller_keys"], {"sellers": [plain(seller_id)]})
            if not rows:
                return None
            known = self._sellers.setdefault(seller_id, SellerFacets(rows[0]["seller_key"]))
        return known

    async def _check_newest(self, seller: SellerFacets, seen: int | None) -> None:
        rows = await self._database.rows(_SQL["newest_facet"], {"seller": seller.seller_key})
        if rows[0]["newest"] != seen:
            raise Outdated
