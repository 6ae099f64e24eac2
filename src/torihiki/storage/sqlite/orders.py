"""The orders of every seller in SQLite; see `order_pages` for how a page is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

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
from torihiki.storage.sqlite.database import Database
from torihiki.storage.sqlite.order_changes import OrderChanges
from torihiki.storage.sqlite.order_facets import SellerFacets
from torihiki.storage.sqlite.order_pages import Found, Outdated, PageSearch
from torihiki.storage.sqlite.order_writes import OrderWrites
from torihiki.storage.statements import load
from torihiki.storage.vault import Vault

_SQL: Final = load(__package__, "orders.sql")
_SHOWING: Final = {
    column: {name: text.replace("{people}", column.value.decode()) for name, text in _SQL.items()}
    for column in (Column.ENDING, Column.PERSONAL)
}
"""The statements, for each column that can complete documents."""


class SqliteOrders:
    """`orders.store.OrderStore` on SQLite."""

    def __init__(self, database: Database, emails: EmailKeys, vault: Vault) -> None:
        self._database = database
        self._emails = emails
        self._sealing = OrderSealing(vault)
        self._writes = OrderWrites(_SQL, self._sealing)
        self._changes = OrderChanges(_SQL, self._sealing)
        self._sellers: dict[str, SellerFacets] = {}

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
        while True:
            try:
                found = await self._found(
                    seller_id, selection, visible_from, _SHOWING[column], after, limit
                )
            except Outdated:
                continue
            except sqlite3.DatabaseError as error:
                raise unavailable() from error
            if found is None:
                return NO_PAGE
            rows, cursor = found
            return Page(
                documents=self._sealing.open_all(column, seller_id, rows),
                order_ids=[written_id(row[-2]) for row in rows] if personal else [],
                after=cursor,
            )

    async def _found(
        self,
        seller_id: str,
        selection: Selection,
        visible_from: Mapping[str, Instant],
        sql: Mapping[str, str],
        after: Cursor | None,
        limit: int,
    ) -> Found | None:
        reader = self._database.reader
        # One read transaction, so that facets and orders are of one state; nothing in it gives way to another request.
        reader.execute("BEGIN")
        try:
            search = self._search(seller_id, selection, visible_from, sql)
            if search is None:
                return None
            if not search.is_long:
                return search.page(after, limit)
        finally:
            reader.execute("COMMIT")
        return await search.long_page(after, limit)

    def _search(
        self,
        seller_id: str,
        selection: Selection,
        visible_from: Mapping[str, Instant],
        sql: Mapping[str, str],
    ) -> PageSearch | None:
        seller = self._seller(seller_id)
        if seller is None:
            return None
        matching = seller.matching(selection)
        if not matching.marketplaces:
            return None
        email = selection.buyer_email
        return PageSearch(
            self._database.reader,
            sql,
            seller_key=seller.seller_key,
            selection=selection,
            newest=seller.newest,
            matching=matching,
            visible_from=visible_from,
            email_key=None if email is None else self._emails.key(seller_id, email),
        )

    async def order(
        self, seller_id: str, order_id: str, *, personal: bool = False
    ) -> OrderDocument | None:
        """See `OrderStore.order`."""
        column = Column.PERSONAL if personal else Column.ENDING
        for row in self._one(_SHOWING[column]["order"], seller_id, order_id):
            marketplace_id, created, document, people = row
            return OrderDocument(
                marketplace_id=marketplace_id,
                created=from_micros(created),
                document=document,
                people=self._sealing.open(column, seller_id, number_of(order_id), people),
            )
        return None

    async def items(
        self, seller_id: str, order_id: str, *, restricted: bool = False
    ) -> ItemsDocument | None:
        """See `OrderStore.items`."""
        for marketplace_id, created, items, sealed in self._one(_SQL["items"], seller_id, order_id):
            whole = items
            if restricted and sealed is not None:
                whole = self._sealing.open(Column.ITEMS, seller_id, number_of(order_id), sealed)
            return ItemsDocument(
                marketplace_id=marketplace_id, created=from_micros(created), items=whole
            )
        return None

    async def regulated(self, seller_id: str, order_id: str) -> RegulatedDocument | None:
        """See `OrderStore.regulated`."""
        for marketplace_id, created, sealed in self._one(_SQL["regulated"], seller_id, order_id):
            number = number_of(order_id)
            return RegulatedDocument(
                marketplace_id=marketplace_id,
                created=from_micros(created),
                document=None
                if sealed is None
                else self._sealing.open(Column.REGULATED, seller_id, number, sealed),
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
        if number is None:
            return False
        return await self._database.write(
            lambda connection: self._changes.change(connection, seller_id, number, decide)
        )

    async def history(
        self, seller_id: str, order_id: str, *, after: int, limit: int
    ) -> list[HistoryEntry] | None:
        """See `OrderStore.history`."""
        number = order_number(order_id)
        if number is None:
            return None
        rows = self._database.read(_SQL["history"], (seller_id, number, after, after + limit))
        return [entry_of(row) for row in rows if row[0] is not None] if rows else None

    async def put(self, orders: Sequence[StoredOrder]) -> set[str]:
        """See `OrderStore.put`."""
        emails = [
            None
            if order.buyer_email is None
            else self._emails.key(order.seller_id, order.buyer_email)
            for order in orders
        ]
        return await self._database.write(
            lambda connection: self._writes.put(connection, orders, emails)
        )

    async def erasable(self, before: Instant, limit: int) -> list[tuple[str, str]]:
        """See `OrderStore.erasable`."""
        rows = self._database.read(_SQL["erasable"], (micros(before), limit))
        return [(seller_id, written_id(number)) for seller_id, number in rows]

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
        check_sealed(self._sealing, self._database.read(_SQL["sealed"], (-1, 1)))

    def _one(self, statement: str, seller_id: str, order_id: str) -> list[tuple[Any, ...]]:
        number = order_number(order_id)
        if number is None:
            return []
        return self._database.read(statement, (seller_id, number))

    def _seller(self, seller_id: str) -> SellerFacets | None:
        """The seller's facets as of the present read transaction."""
        reader = self._database.reader
        seller = self._sellers.get(seller_id)
        if seller is None:
            row = reader.execute(_SQL["seller_key"], (seller_id,)).fetchone()
            if row is None:
                return None
            seller = self._sellers[seller_id] = SellerFacets(row[0])
        seller.look(reader, _SQL)
        return seller
