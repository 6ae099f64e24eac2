"""How orders are written to PostgreSQL: added, replaced, changed, erased and sealed anew, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from torihiki.kernel.instant import micros
from torihiki.orders.model import Facet, StoredOrder
from torihiki.storage.order_keys import EmailKeys, number_of
from torihiki.storage.order_sealing import Column, OrderSealing
from torihiki.storage.postgres.named import Statement, plain
from torihiki.storage.postgres.order_facets import SellerFacets, facet_of
from torihiki.storage.postgres.pool import Connection

ROWS_PER_STATEMENT: Final = 1_000
NOTHING_WITHHELD: Final = b"{}"
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

    async def change_regulated(
        self,
        connection: Connection,
        seller_id: str,
        number: int,
        change: Callable[[bytes], bytes],
    ) -> bool:
        """See `OrderStore.change_regulated`."""
        await self._keys(connection)
        rows = await self._sql["regulated_to_change"].on(
            connection, seller_id=plain(seller_id), number=number
        )
        for row in rows:
            changed = change(self._sealing.open(Column.REGULATED, seller_id, number, row["body"]))
            again = self._sealing.seal(Column.REGULATED, seller_id, number, changed)
            await self._sql["put_regulated"].on(
                connection, order_key=row["order_key"], document=again
            )
        return bool(rows)

    async def erase(
        self,
        connection: Connection,
        orders: Sequence[tuple[str, int]],
        erased: Callable[[bytes], tuple[bytes, bytes]],
    ) -> int:
        """See `OrderStore.erase`. Locks the orders as `put` does, so that nobody waits in a circle."""
        await self._keys(connection)
        seal = self._sealing.seal
        count = 0
        known = await self._seller_keys(connection, {seller_id for seller_id, _ in orders})
        due = [(seller_id, number) for seller_id, number in orders if seller_id in known]
        for seller_id, number in sorted(due, key=lambda one: (known[one[0]], one[1])):
            for row in await self._sql["personal"].on(
                connection, seller_id=plain(seller_id), number=number
            ):
                ending, personal = erased(
                    self._sealing.open(Column.PERSONAL, seller_id, number, row["personal"])
                )
                await self._sql["erase_order"].on(
                    connection,
                    ending=seal(Column.ENDING, seller_id, number, ending),
                    personal=seal(Column.PERSONAL, seller_id, number, personal),
                    order_key=row["order_key"],
                )
                await self._sql["erase_details"].on(
                    connection,
                    withheld=seal(Column.WITHHELD, seller_id, number, NOTHING_WITHHELD),
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
        for start in range(0, len(prepared), ROWS_PER_STATEMENT):
            await self._put_rows(connection, prepared[start : start + ROWS_PER_STATEMENT])
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
        wanted = {(keys[order.seller_id], _plain_facet(order.facet)): order for order in orders}
        numbers: dict[tuple[int, Facet], int] = {}
        missing: dict[int, list[Facet]] = {}
        for (seller_key, facet), order in wanted.items():
            known = self._sellers.get(order.seller_id)
            if known is not None and known.seller_key == seller_key and facet in known.numbers:
                numbers[seller_key, facet] = known.numbers[facet]
            else:
                missing.setdefault(seller_key, []).append(facet)
        if missing:
            await self._sql["lock_sellers"].on(connection, sellers=sorted(missing))
        added: list[tuple[Any, ...]] = []
        for seller_key, facets in missing.items():
            rows = await self._sql["facets"].on(connection, seller=seller_key)
            there = {facet_of(row): row["facet"] for row in rows}
            newest = max(there.values(), default=0)
            for facet in facets:
                if facet not in there:
                    newest += 1
                    there[facet] = newest
                    added.append((seller_key, there[facet], *msgspec.structs.astuple(facet)))
                numbers[seller_key, facet] = there[facet]
        if added:
            await connection.executemany(self._sql["add_facet"].text, added)
        return numbers

    def _prepared(
        self, order: StoredOrder, seller_key: int, facets: Mapping[tuple[int, Facet], int]
    ) -> _Prepared:
        own_id = None if order.seller_order_id == order.order_id else order.seller_order_id
        email, seller_id = order.buyer_email, order.seller_id
        number, updated = number_of(order.order_id), micros(order.last_updated)
        seal, optional = self._sealing.seal, self._sealing.seal_optional
        return _Prepared(
            row=(
                seller_key,
                number,
                facets[seller_key, _plain_facet(order.facet)],
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
                seal(Column.ENDING, seller_id, number, order.ending),
                seal(Column.PERSONAL, seller_id, number, order.personal),
            ),
            details=(
                order.items,
                optional(Column.ITEMS, seller_id, number, order.restricted_items),
                seal(Column.WITHHELD, seller_id, number, order.withheld),
                optional(Column.REGULATED, seller_id, number, order.regulated),
            ),
        )

    async def _put_rows(self, connection: Connection, prepared: Sequence[_Prepared]) -> None:
        columns = [list(column) for column in zip(*(one.row for one in prepared), strict=True)]
        placed = await connection.fetch(self._sql["put_orders"].text, *columns)
        keys = {(row["seller_key"], row["order_number"]): row["order_key"] for row in placed}
        details = [list(column) for column in zip(*(one.details for one in prepared), strict=True)]
        await connection.execute(
            self._sql["put_details"].text, [keys[one.row[:2]] for one in prepared], *details
        )


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the values of `put_orders` and, but for the key, of `put_details`."""

    row: tuple[Any, ...]
    details: tuple[Any, ...]


def _plain_facet(facet: Facet) -> Facet:
    if "\0" not in facet.marketplace_id:
        return facet
    return msgspec.structs.replace(facet, marketplace_id=plain(facet.marketplace_id))
