"""How orders are written to SQLite: added, replaced, erased and sealed anew. Runs on the writer's thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from torihiki.kernel.instant import micros
from torihiki.orders.model import Facet, StoredOrder
from torihiki.storage.order_history import EntryRow, replacement
from torihiki.storage.order_keys import number_of
from torihiki.storage.order_sealing import Column, OrderSealing
from torihiki.storage.sqlite.order_facets import facet_number


class _Row(NamedTuple):
    """An order as the values of the statements that put it."""

    seller_key: int
    number: int
    created_us: int
    order: StoredOrder
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
                facet = facets[seller_key, order.facet] = facet_number(
                    connection, self._sql, seller_key, order.facet
                )
            rows.append(self._row(seller_key, facet, order, email))
        # Neighbours of a page become neighbours in the file.
        rows.sort(key=lambda row: (row.seller_key, row.created_us))
        self._put_rows(connection, rows)
        return {seller_id for seller_id, seller_key in sellers.items() if seller_key is None}

    def _put_rows(self, connection: sqlite3.Connection, rows: Sequence[_Row]) -> None:
        sql = self._sql
        there, history = self._placed(connection, rows)
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
        connection.executemany(sql["begin_fulfillment"], [entry[:1] for entry in history])
        connection.executemany(sql["add_history"], history)

    def _placed(
        self, connection: sqlite3.Connection, rows: Sequence[_Row]
    ) -> tuple[dict[tuple[int, int], int], list[tuple[int, *EntryRow]]]:
        """The keys of those orders that are there already, and what their replacement adds to their histories."""
        there: dict[tuple[int, int], int] = {}
        history: list[tuple[int, *EntryRow]] = []
        by_seller: dict[int, dict[int, StoredOrder]] = {}
        for row in rows:
            by_seller.setdefault(row.seller_key, {})[row.number] = row.order
        for seller_key, orders in by_seller.items():
            for number, order_key, *before in connection.execute(
                self._sql["placed"], (seller_key, json.dumps(list(orders)))
            ):
                there[seller_key, number] = order_key
                entry = replacement(orders[number], *before)
                if entry is not None:
                    history.append((order_key, *entry))
        return there, history

    def _row(self, seller_key: int, facet: int, order: StoredOrder, email: int | None) -> _Row:
        created, updated = micros(order.created), micros(order.last_updated)
        number, seller_id = number_of(order.order_id), order.seller_id
        sealed = self._sealing.sealed(seller_id, number, order)
        return _Row(
            seller_key,
            number,
            created,
            order,
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
                sealed.ending,
                sealed.personal,
            ),
            (order.items, sealed.items, sealed.withheld, sealed.regulated),
        )

    def erase(
        self,
        connection: sqlite3.Connection,
        orders: Sequence[tuple[str, int]],
        erased: Callable[[bytes, bytes], tuple[bytes, bytes, bytes]],
    ) -> int:
        """See `OrderStore.erase`."""
        self._sealing.vault.refresh()
        count = 0
        seal, opening = self._sealing.seal, self._sealing.open
        for seller_id, number in orders:
            rows = connection.execute(self._sql["people"], (seller_id, number)).fetchall()
            for order_key, sealed_personal, sealed_withheld in rows:
                ending, personal, withheld = erased(
                    opening(Column.PERSONAL, seller_id, number, sealed_personal),
                    opening(Column.WITHHELD, seller_id, number, sealed_withheld),
                )
                connection.execute(
                    self._sql["erase_order"],
                    (
                        seal(Column.ENDING, seller_id, number, ending),
                        seal(Column.PERSONAL, seller_id, number, personal),
                        order_key,
                    ),
                )
                connection.execute(
                    self._sql["erase_details"],
                    (seal(Column.WITHHELD, seller_id, number, withheld), order_key),
                )
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
