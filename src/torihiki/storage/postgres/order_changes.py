"""How one order is changed in PostgreSQL: read, decided upon, and written in place of the very version that was read.

A change that finds another version there begins anew, now with the order locked, so that it cannot happen again. Nothing
else is locked meanwhile, so nobody waits in a circle; and no lock of the seals is needed: a resealing either comes before,
and then its version is opened with the newest keys or stands in the way, or it comes after and sees what was written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from torihiki.kernel.instant import from_micros, micros
from torihiki.orders.model import ChangedOrder, Facet, KeptOrder
from torihiki.storage.order_history import entry_row
from torihiki.storage.order_sealing import Column, OrderSealing
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import Statement, plain
from torihiki.storage.postgres.order_facets import SellerFacets, add_facets, plain_facet
from torihiki.storage.postgres.pool import Connection

Rows: TypeAlias = Callable[[Statement, Mapping[str, Any]], Awaitable[list[asyncpg.Record]]]


class _UnknownFacet(Exception):
    """A combination that this process has not seen, and perhaps nobody; an order that is locked is given free first."""

    def __init__(self, wanted: Facet | None = None) -> None:
        super().__init__()
        self.wanted = wanted


class _Asked(NamedTuple):
    """One change that somebody waits for."""

    seller: SellerFacets
    seller_id: str
    number: int
    decide: Callable[[KeptOrder], ChangedOrder | None]


class OrderChanges:
    """The changes.

    Args:
        database: Gives the connections.
        sql: The statements by name.
        sealing: Opens what is there and seals what is written.
    """

    def __init__(
        self, database: Database, sql: Mapping[str, Statement], sealing: OrderSealing
    ) -> None:
        self._database = database
        self._sql = sql
        self._sealing = sealing

    async def change(
        self,
        seller: SellerFacets,
        seller_id: str,
        number: int,
        decide: Callable[[KeptOrder], ChangedOrder | None],
    ) -> bool:
        """See `OrderStore.change`."""
        asked = _Asked(seller, seller_id, number, decide)
        locking = False
        while True:
            try:
                if locking:
                    done = await self._database.write(
                        lambda connection: self._try(_on(connection), "kept_locked", asked)
                    )
                else:
                    done = await self._try(self._database.rows, "kept", asked)
            except _UnknownFacet as unknown:
                await self._learn(seller, unknown.wanted)
                continue
            if done is not None:
                return done
            locking = True

    async def _try(self, rows: Rows, kept: str, asked: _Asked) -> bool | None:
        """What `change` returns; None: the order was written meanwhile."""
        found = await rows(
            self._sql[kept], {"seller": asked.seller.seller_key, "number": asked.number}
        )
        if not found:
            return False
        changed = asked.decide(self._opened(asked, found[0]))
        if changed is None:
            return True
        written = await rows(self._sql["change"], self._parameters(asked, found[0], changed))
        return True if written else None

    def _opened(self, asked: _Asked, row: asyncpg.Record) -> KeptOrder:
        seller_id, number = asked.seller_id, asked.number
        opening, regulated = self._sealing.open, row["regulated"]
        facet = asked.seller.facets.get(row["facet"])
        if facet is None:
            raise _UnknownFacet
        return KeptOrder(
            facet=facet,
            created=from_micros(row["created_us"]),
            last_updated=from_micros(row["updated_us"]),
            document=row["document"],
            personal=opening(Column.PERSONAL, seller_id, number, row["personal"]),
            items=row["items"],
            withheld=opening(Column.WITHHELD, seller_id, number, row["withheld"]),
            regulated=None
            if regulated is None
            else opening(Column.REGULATED, seller_id, number, regulated),
            fulfillment=row["fulfillment"],
        )

    def _parameters(
        self, asked: _Asked, row: asyncpg.Record, changed: ChangedOrder
    ) -> dict[str, Any]:
        wanted = plain_facet(changed.facet)
        facet = asked.seller.numbers.get(wanted)
        if facet is None:
            raise _UnknownFacet(wanted)
        # After the order was opened: what a newer key has sealed shows that there is one.
        self._sealing.vault.refresh()
        sealed = self._sealing.sealed(asked.seller_id, asked.number, changed)
        updated_us = micros(changed.last_updated)
        earliest, latest = changed.earliest_delivery, changed.latest_delivery
        at, events, by, statuses, details = (
            zip(*map(entry_row, changed.history), strict=True) if changed.history else ((),) * 5
        )
        return {
            "order_key": row["order_key"],
            "version": row["version"],
            "facet": facet,
            "updated": updated_us,
            "earliest": None if earliest is None else micros(earliest),
            "latest": None if latest is None else micros(latest),
            "erasable": updated_us if changed.is_final else None,
            "document": changed.document,
            "ending": sealed.ending,
            "personal": sealed.personal,
            "items": changed.items,
            "restricted_items": sealed.items,
            "withheld": sealed.withheld,
            "regulated": sealed.regulated,
            "fulfillment": changed.fulfillment,
            "at": at,
            "events": events,
            "by": [plain(one) for one in by],
            "statuses": statuses,
            "details": details,
        }

    async def _learn(self, seller: SellerFacets, wanted: Facet | None) -> None:
        """Adds the facet, if nobody has, and takes over all that there are."""
        if wanted is not None:
            await self._database.write(
                lambda connection: add_facets(connection, self._sql, {seller.seller_key: [wanted]})
            )
        seller.see(await self._database.rows(self._sql["facets"], {"seller": seller.seller_key}))


def _on(connection: Connection) -> Rows:
    """What gives rows inside the connection's transaction."""
    return lambda statement, parameters: connection.fetch(
        statement.text, *statement.arguments(parameters)
    )
