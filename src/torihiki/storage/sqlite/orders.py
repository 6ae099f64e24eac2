"""The orders of every seller in SQLite; see `order_pages` for how a page is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.problem import unavailable
from torihiki.orders.model import (
    Cursor,
    Facet,
    ItemsDocument,
    OrderDocument,
    Page,
    Selection,
    StoredOrder,
)
from torihiki.orders.rules import fulfils
from torihiki.storage.order_keys import EmailKeys, order_number
from torihiki.storage.sqlite.database import Database
from torihiki.storage.sqlite.order_pages import PageSearch
from torihiki.storage.statements import load

_SQL: Final = load(__package__, "orders.sql")


class _SellerFacets:
    """The facets of one seller as this process last saw them. Facets are only ever added."""

    __slots__ = ("facets", "newest", "seller_key")

    def __init__(self, seller_key: int, newest: int | None, facets: dict[int, Facet]) -> None:
        self.seller_key = seller_key
        self.newest = newest
        self.facets = facets


class SqliteOrders:
    """`orders.store.OrderStore` on SQLite."""

    def __init__(self, database: Database, emails: EmailKeys) -> None:
        self._database = database
        self._emails = emails
        self._sellers: dict[str, _SellerFacets] = {}

    async def page(
        self,
        seller_id: str,
        selection: Selection,
        *,
        visible_from: Mapping[str, Instant],
        after: Cursor | None,
        limit: int,
    ) -> Page:
        """See `OrderStore.page`."""
        try:
            seller = self._seller(seller_id)
            if seller is None:
                return Page(documents=[], after=None)
            floors = {
                number: micros(visible_from[facet.marketplace_id])
                for number, facet in seller.facets.items()
                if fulfils(facet, selection)
            }
            if not floors:
                return Page(documents=[], after=None)
            search = PageSearch(
                self._database.reader,
                _SQL,
                seller_id=seller_id,
                seller_key=seller.seller_key,
                selection=selection,
                floors=floors,
                every_facet=len(floors) == len(seller.facets),
                emails=self._emails,
            )
            return await search.page(after, limit)
        except sqlite3.OperationalError as error:
            raise unavailable() from error

    async def order(self, seller_id: str, order_id: str) -> OrderDocument | None:
        """See `OrderStore.order`."""
        for marketplace_id, created, document in self._one("order", seller_id, order_id):
            return OrderDocument(
                marketplace_id=marketplace_id, created=from_micros(created), document=document
            )
        return None

    async def items(self, seller_id: str, order_id: str) -> ItemsDocument | None:
        """See `OrderStore.items`."""
        for marketplace_id, created, items in self._one("items", seller_id, order_id):
            return ItemsDocument(
                marketplace_id=marketplace_id, created=from_micros(created), items=items
            )
        return None

    async def put(self, orders: Sequence[StoredOrder]) -> set[str]:
        """See `OrderStore.put`."""
        emails = [
            None
            if order.buyer_email is None
            else self._emails.key(order.seller_id, order.buyer_email)
            for order in orders
        ]
        return await self._database.write(lambda connection: _put(connection, orders, emails))

    def _one(self, statement: str, seller_id: str, order_id: str) -> list[tuple[str, int, bytes]]:
        number = order_number(order_id)
        if number is None:
            return []
        return self._database.read(_SQL[statement], (seller_id, number))

    def _seller(self, seller_id: str) -> _SellerFacets | None:
        """The seller's facets; one look at the newest tells whether another process has added any."""
        reader = self._database.reader
        seller = self._sellers.get(seller_id)
        if seller is None:
            row = reader.execute(_SQL["seller_key"], (seller_id,)).fetchone()
            if row is None:
                return None
            seller = self._sellers[seller_id] = _SellerFacets(row[0], None, {})
        (newest,) = reader.execute(_SQL["newest_facet"], (seller.seller_key,)).fetchone()
        if newest != seller.newest:
            rows = reader.execute(_SQL["facets"], (seller.seller_key,)).fetchall()
            seller.facets = {row[0]: _facet(row[1:]) for row in rows}
            seller.newest = newest
        return seller


def _facet(row: Sequence[object]) -> Facet:
    marketplace_id, status, channel, payment, easy_ship, invoice, is_ispu = row
    return Facet(
        marketplace_id=str(marketplace_id),
        order_status=str(status),
        fulfillment_channel=str(channel),
        payment_method=str(payment),
        easy_ship_shipment_status=str(easy_ship),
        electronic_invoice_status=str(invoice),
        is_ispu=bool(is_ispu),
    )


def _put(
    connection: sqlite3.Connection, orders: Sequence[StoredOrder], emails: Sequence[int | None]
) -> set[str]:
    sellers: dict[str, int | None] = {}
    facets: dict[tuple[int, Facet], int] = {}
    unknown: set[str] = set()
    for order, email in zip(orders, emails, strict=True):
        if order.seller_id not in sellers:
            row = connection.execute(_SQL["seller_key"], (order.seller_id,)).fetchone()
            sellers[order.seller_id] = None if row is None else row[0]
        seller_key = sellers[order.seller_id]
        if seller_key is None:
            unknown.add(order.seller_id)
            continue
        facet = facets.get((seller_key, order.facet))
        if facet is None:
            facet = facets[seller_key, order.facet] = _facet_number(
                connection, seller_key, order.facet
            )
        _put_one(connection, seller_key, facet, order, email)
    return unknown


def _facet_number(connection: sqlite3.Connection, seller_key: int, facet: Facet) -> int:
    values = (
        seller_key,
        facet.marketplace_id,
        facet.order_status,
        facet.fulfillment_channel,
        facet.payment_method,
        facet.easy_ship_shipment_status,
        facet.electronic_invoice_status,
        facet.is_ispu,
    )
    connection.execute(_SQL["add_facet"], values)
    (number,) = connection.execute(_SQL["facet"], values).fetchone()
    return int(number)


def _put_one(
    connection: sqlite3.Connection,
    seller_key: int,
    facet: int,
    order: StoredOrder,
    email: int | None,
) -> None:
    own_id = None if order.seller_order_id == order.order_id else order.seller_order_id
    cursor = connection.execute(
        _SQL["put_order"],
        (
            seller_key,
            order_number(order.order_id),
            facet,
            micros(order.created),
            micros(order.last_updated),
            email,
            own_id,
            order.supply_source_id,
            order.store_chain_store_id,
            None if order.earliest_delivery is None else micros(order.earliest_delivery),
            None if order.latest_delivery is None else micros(order.latest_delivery),
            order.document,
        ),
    )
    ((order_key,),) = cursor.fetchall()
    connection.execute(
        _SQL["put_details"], (order_key, order.items, order.withheld, order.regulated)
    )
