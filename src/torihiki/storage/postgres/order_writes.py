"""How orders are written to PostgreSQL: added, replaced, erased and sealed anew, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from torihiki.kernel.instant import micros
from torihiki.orders.model import Facet, StoredOrder
from torihiki.storage.order_history import EntryRow, replacement
from torihiki.storage.order_keys import EmailKeys, number_of
from torihiki.storage.order_sealing import Column, OrderSealing
from torihiki.storage.postgres.named import Statement, plain
from torihiki.storage.postgres.order_facets import SellerFacets, add_facets, plain_facet
from torihiki.storage.postgres.pool import Connection

ROWS_PER_STATEMENT: Final = 1_000
SEAL_LOCK: Final = 0x7365616C
"""Any number that no other program takes for its advisory locks in this database."""


class OrderWrites:
    """The writes.

    Args:
        sql: The statements by name.
        sealing: Seals what is written.
        emails: Keys the addresses.
        sellers: The facets of sellers as this process knows them.
    """

    def __init__(
        self,
        sql: Mapping[str, Statement],
        sealing: OrderSealing,
        emails: EmailKeys,
        sellers: Mapping[str, SellerFacets],
    ) -> None:
        self._sql = sql
        self._sealing = sealing
        self._emails = emails
        self._sellers = sellers

    async def _keys(self, connection: Connection, lock: str = "seal_lock") -> None:
        """Takes the lock and then the newest keys: whoever reseals later sees everything that older ones sealed."""
        await self._sql[lock].on(connection, lock=SEAL_LOCK)
        self._sealing.vault.refresh()

    async def erase(
        self,
        connection: Connection,
        orders: Sequence[tuple[str, int]],
        erased: Callable[[bytes, bytes], tuple[bytes, bytes, bytes]],
    ) -> int:
        """See `OrderStore.erase`. Locks the orders as `put` does, so that nobody waits in a circle."""
        await self._keys(connection)
        seal, opening = self._sealing.seal, self._sealing.open
        count = 0
        known = await self._seller_keys(connection, {seller_id for seller_id, _ in orders})
        due = [(seller_id, number) for seller_id, number in orders if seller_id in known]
        for seller_id, number in sorted(due, key=lambda one: (known[one[0]], one[1])):
            for row in await self._sql["people"].on(
                connection, seller=known[seller_id], number=number
            ):
                ending, personal, withheld = erased(
                    opening(Column.PERSONAL, seller_id, number, row["personal"]),
                    opening(Column.WITHHELD, seller_id, number, row["withheld"]),
                )
                await self._sql["erase_order"].on(
                    connection,
                    ending=seal(Column.ENDING, seller_id, number, ending),
                    personal=seal(Column.PERSONAL, seller_id, number, personal),
                    order_key=row["order_key"],
                )
                await self._sql["erase_details"].on(
                    connection,
                    withheld=seal(Column.WITHHELD, seller_id, number, withheld),
                    order_key=row["order_key"],
                )
                count += 1
        return count

    async def reseal(
        self, connection: Connection, after: int, limit: int
    ) -> tuple[int, int] | None:
        """See `OrderStore.reseal`."""
        await self._keys(connection, "reseal_lock")
        rows = await self._sql["sealed_to_change"].on(connection, after=after, wanted=limit)
        count = 0
        for order_key, seller_id, number, *sealed in rows:
            fresh = self._sealing.resealed(seller_id, number, sealed)
            if fresh is not None:
                ending, personal, items, withheld, regulated = fresh
                await self._sql["reseal_order"].on(
                    connection, ending=ending, personal=personal, order_key=order_key
                )
                await self._sql["reseal_details"].on(
                    connection,
                    items=items,
                    withheld=withheld,
                    regulated=regulated,
                    order_key=order_key,
                )
                count += 1
        return (rows[-1]["order_key"], count) if rows else None

    async def put(self, connection: Connection, orders: Sequence[StoredOrder]) -> set[str]:
        """See `OrderStore.put`."""
        await self._keys(connection)
        asked = {order.seller_id for order in orders}
        keys = await self._seller_keys(connection, asked)
        known = [order for order in orders if order.seller_id in keys]
        facets = await self._facets(connection, keys, known)
        prepared = sorted(
            (self._prepared(order, keys[order.seller_id], facets) for order in known),
            key=lambda one: one.row[:2],
        )
        parts = [
            prepared[start : start + ROWS_PER_STATEMENT]
            for start in range(0, len(prepared), ROWS_PER_STATEMENT)
        ]
        # New ones all come before those that are there: who waits for a new one holds no lock on an old one.
        there = [await self._add(connection, part) for part in parts]
        for part in there:
            await self._replace(connection, part)
        return asked - keys.keys()

    async def _seller_keys(self, connection: Connection, sellers: Iterable[str]) -> dict[str, int]:
        """The short forms of the sellers that exist."""
        rows = await self._sql["seller_keys"].on(
            connection, sellers=[plain(seller_id) for seller_id in sellers]
        )
        return {row["seller_id"]: row["seller_key"] for row in rows}

    async def _facets(
        self, connection: Connection, keys: Mapping[str, int], orders: Sequence[StoredOrder]
    ) -> dict[tuple[int, Facet], int]:
        """The number of every facet of the orders; new ones are added."""
        wanted = {(keys[order.seller_id], plain_facet(order.facet)): order for order in orders}
        numbers: dict[tuple[int, Facet], int] = {}
        missing: dict[int, list[Facet]] = {}
        for (seller_key, facet), order in wanted.items():
            known = self._sellers.get(order.seller_id)
            if known is not None and known.seller_key == seller_key and facet in known.numbers:
                numbers[seller_key, facet] = known.numbers[facet]
            else:
                missing.setdefault(seller_key, []).append(facet)
        return numbers | await add_facets(connection, self._sql, missing)

    def _prepared(
        self, order: StoredOrder, seller_key: int, facets: Mapping[tuple[int, Facet], int]
    ) -> _Prepared:
        own_id = None if order.seller_order_id == order.order_id else order.seller_order_id
        email, seller_id = order.buyer_email, order.seller_id
        number, updated = number_of(order.order_id), micros(order.last_updated)
        sealed = self._sealing.sealed(seller_id, number, order)
        return _Prepared(
            order=order,
            row=(
                seller_key,
                number,
                facets[seller_key, plain_facet(order.facet)],
                micros(order.created),
                updated,
                None if email is None else self._emails.key(order.seller_id, email),
                plain(own_id),
                plain(order.supply_source_id),
                plain(order.store_chain_store_id),
                None if order.earliest_delivery is None else micros(order.earliest_delivery),
                None if order.latest_delivery is None else micros(order.latest_delivery),
                updated if order.is_final else None,
                order.document,
                sealed.ending,
                sealed.personal,
            ),
            details=(order.items, sealed.items, sealed.withheld, sealed.regulated),
        )

    async def _add(self, connection: Connection, prepared: Sequence[_Prepared]) -> list[_Prepared]:
        """Adds those orders that are new, and returns the others."""
        columns = _columns(one.row for one in prepared)
        added = await connection.fetch(self._sql["add_orders"].text, *columns)
        keys = {(row["seller_key"], row["order_number"]): row["order_key"] for row in added}
        new = [one for one in prepared if one.row[:2] in keys]
        if new:
            await connection.execute(
                self._sql["add_details"].text,
                [keys[one.row[:2]] for one in new],
                *_columns(one.details for one in new),
            )
        return [one for one in prepared if one.row[:2] not in keys]

    async def _replace(self, connection: Connection, prepared: Sequence[_Prepared]) -> None:
        """Puts orders that are there in the place of their former states."""
        if not prepared:
            return
        locked = await connection.fetch(
            self._sql["lock_orders"].text, *_columns(one.row[:2] for one in prepared)
        )
        before = {(row["seller_key"], row["order_number"]): row for row in locked}
        keys: list[int] = []
        history: list[tuple[int, *EntryRow]] = []
        for one in prepared:
            order_key, updated_us, document, items = tuple(before[one.row[:2]])[2:]
            keys.append(order_key)
            entry = replacement(one.order, updated_us, document, items)
            if entry is not None:
                history.append((order_key, *entry))
        rows = _columns(one.row[2:] for one in prepared)
        details = _columns(one.details for one in prepared)
        await connection.execute(self._sql["replace_orders"].text, keys, *rows)
        await connection.execute(self._sql["replace_details"].text, keys, *details)
        if history:
            await connection.execute(
                self._sql["begin_fulfillment"].text, [entry[0] for entry in history]
            )
            await connection.execute(self._sql["add_history"].text, *_columns(history))


def _columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An order with the values of `add_orders` and, but for the key, of `add_details`."""

    order: StoredOrder
    row: tuple[Any, ...]
    details: tuple[Any, ...]
