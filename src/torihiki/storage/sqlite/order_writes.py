"""How orders are written to SQLite: added, replaced, changed, erased and sealed anew. Runs on the writer's thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from torihiki.kernel.instant import micros
from torihiki.orders.model import Facet, StoredOrder
from torihiki.storage.order_keys import number_of
from torihiki.storage.order_sealing import Column, OrderSealing

NOTHING_WITHHELD: Final = b"{}"


class _Row(NamedTuple):
    """An order as the values of the statements that put it."""

    seller_key: int
    number: int
    created_us: int
    values: tuple[object, ...]
    details: tuple[object, ...]


class OrderWrites:
    """The writes.

    Args:
        sql: The statements by name.
        sealing: Seals what is written.
    """

    def __init__(self, sql: Mapping[str, str], sealing: OrderSealing) -> None:
        self._sql = sql
        self._sealing = sealing

    def change_regulated(
        self,
        connection: sqlite3.Connection,
        seller_id: str,
        number: int,
        change: Callable[[bytes], bytes],
    ) -> bool:
        """See `OrderStore.change_regulated`."""
        self._sealing.vault.refresh()
        rows = connection.execute(self._sql["regulated_to_change"], (seller_id, number)).fetchall()
        for order_key, sealed in rows:
            changed = change(self._sealing.open(Column.REGULATED, seller_id, number, sealed))
            again = self._sealing.seal(Column.REGULATED, seller_id, number, changed)
            connection.execute(self._sql["put_regulated"], (order_key, again))
        return bool(rows)

    def put(
        self,
        connection: sqlite3.Connection,
        orders: Sequence[StoredOrder],
        emails: Sequence[int | None],
    ) -> set[str]:
        """See `OrderStore.put`."""
        self._sealing.vault.refresh()
        sellers: dict[str, int | None] = {}
        facets: dict[tuple[int, Facet], int] = {}
        rows: list[_Row] = []
        for order, email in zip(orders, emails, strict=True):
            if order.seller_id not in sellers:
                row = connection.execute(self._sql["seller_key"], (order.seller_id,)).fetchone()
                sellers[order.seller_id] = None if row is None else row[0]
            seller_key = sellers[order.seller_id]
            if seller_key is None:
                continue
            facet = facets.get((seller_key, order.facet))
            if facet is None:
                facet = facets[seller_key, order.facet] = self._facet_number(
                    connection, seller_key, order.facet
                )
            rows.append(self._row(seller_key, facet, order, email))
        # Neighbours of a page become neighbours in the file.
        rows.sort(key=lambda row: (row.seller_key, row.created_us))
        self._put_rows(connection, rows)
        return {seller_id for seller_id, seller_key in sellers.items() if seller_key is None}

    def _put_rows(self, connection: sqlite3.Connection, rows: Sequence[_Row]) -> None:
        sql = self._sql
        there: dict[tuple[int, int], int] = {}
        for seller_key in {row.seller_key for row in rows}:
            numbers = json.dumps([row.number for row in rows if row.seller_key == seller_key])
            for number, order_key in connection.execute(sql["placed"], (seller_key, numbers)):
                there[seller_key, number] = order_key
        added: list[tuple[object, ...]] = []
        replaced: list[tuple[object, ...]] = []
        details: dict[str, list[tuple[object, ...]]] = {"add_details": [], "replace_details": []}
        (next_key,) = connection.execute(sql["next_key"]).fetchone()
        for row in rows:
            order_key = there.get((row.seller_key, row.number))
            if order_key is None:
                added.append((next_key, row.seller_key, row.number, *row.values))
                details["add_details"].append((*row.details, next_key))
                next_key += 1
            else:
                replaced.append((*row.values, order_key))
                details["replace_details"].append((*row.details, order_key))
        connection.executemany(sql["add_order"], added)
        connection.executemany(sql["replace_order"], replaced)
        for statement, parameters in details.items():
            connection.executemany(sql[statement], parameters)

    def _facet_number(self, connection: sqlite3.Connection, seller_key: int, facet: Facet) -> int:
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
        connection.execute(self._sql["add_facet"], values)
        (number,) = connection.execute(self._sql["facet"], values).fetchone()
        return int(number)

    def _row(self, seller_key: int, facet: int, order: StoredOrder, email: int | None) -> _Row:
        created, updated = micros(order.created), micros(order.last_updated)
        number, seller_id = number_of(order.order_id), order.seller_id
        seal, optional = self._sealing.seal, self._sealing.seal_optional
        return _Row(
            seller_key,
            number,
            created,
            (
                facet,
                created,
                updated,
                email,
                None if order.seller_order_id == order.order_id else order.seller_order_id,
                order.supply_source_id,
                order.store_chain_store_id,
                None if order.earliest_delivery is None else micros(order.earliest_delivery),
                None if order.latest_delivery is None else micros(order.latest_delivery),
                updated if order.is_final else None,
                order.document,
                seal(Column.ENDING, seller_id, number, order.ending),
                seal(Column.PERSONAL, seller_id, number, order.personal),
            ),
            (
                order.items,
                optional(Column.ITEMS, seller_id, number, order.restricted_items),
                seal(Column.WITHHELD, seller_id, number, order.withheld),
                optional(Column.REGULATED, seller_id, number, order.regulated),
            ),
        )

    def erase(
        self,
        connection: sqlite3.Connection,
        orders: Sequence[tuple[str, int]],
        erased: Callable[[bytes], tuple[bytes, bytes]],
    ) -> int:
        """See `OrderStore.erase`."""
        self._sealing.vault.refresh()
        count = 0
        seal = self._sealing.seal
        for seller_id, number in orders:
            rows = connection.execute(self._sql["personal"], (seller_id, number)).fetchall()
            for order_key, sealed in rows:
                ending, personal = erased(
                    self._sealing.open(Column.PERSONAL, seller_id, number, sealed)
                )
                connection.execute(
                    self._sql["erase_order"],
                    (
                        seal(Column.ENDING, seller_id, number, ending),
                        seal(Column.PERSONAL, seller_id, number, personal),
                        order_key,
                    ),
                )
                withheld = seal(Column.WITHHELD, seller_id, number, NOTHING_WITHHELD)
                connection.execute(self._sql["erase_details"], (withheld, order_key))
                count += 1
        return count

    def reseal(
        self, connection: sqlite3.Connection, after: int, limit: int
    ) -> tuple[int, int] | None:
        """See `OrderStore.reseal`."""
        self._sealing.vault.refresh()
        rows = connection.execute(self._sql["sealed"], (after, limit)).fetchall()
        count = 0
        for order_key, seller_id, number, *sealed in rows:
            fresh = self._sealing.resealed(seller_id, number, sealed)
            if fresh is not None:
                connection.execute(self._sql["reseal_order"], (*fresh[:2], order_key))
                connection.execute(self._sql["reseal_details"], (*fresh[2:], order_key))
                count += 1
        return (rows[-1][0], count) if rows else None
