"""How one order is changed in SQLite. Runs on the writer's thread, where nobody else writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torihiki.kernel.instant import from_micros, micros
from torihiki.orders.model import ChangedOrder, KeptOrder
from torihiki.storage.order_history import entry_row
from torihiki.storage.order_sealing import Column, OrderSealing, Sealed
from torihiki.storage.sqlite.order_facets import facet_number, facet_of


class OrderChanges:
    """The changes.

    Args:
        sql: The statements by name.
        sealing: Opens what is there and seals what is written.
    """

    def __init__(self, sql: Mapping[str, str], sealing: OrderSealing) -> None:
        self._sql = sql
        self._sealing = sealing

    def change(
        self,
        connection: sqlite3.Connection,
        seller_id: str,
        number: int,
        decide: Callable[[KeptOrder], ChangedOrder | None],
    ) -> bool:
        """See `OrderStore.change`."""
        self._sealing.vault.refresh()
        row = connection.execute(self._sql["kept"], (seller_id, number)).fetchone()
        if row is None:
            return False
        order_key, seller_key, facet, *columns = row
        kept = self._opened(seller_id, number, columns)
        changed = decide(kept)
        if changed is None:
            return True
        if changed.facet != kept.facet:
            facet = facet_number(connection, self._sql, seller_key, changed.facet)
        sealed = self._sealing.sealed(seller_id, number, changed)
        self._write(connection, order_key, facet, changed, sealed)
        return True

    def _opened(self, seller_id: str, number: int, columns: Sequence[Any]) -> KeptOrder:
        created_us, updated_us, document, personal = columns[:4]
        items, withheld, regulated, fulfillment, *enumerations = columns[4:]
        opening = self._sealing.open
        return KeptOrder(
            facet=facet_of(enumerations),
            created=from_micros(created_us),
            last_updated=from_micros(updated_us),
            document=document,
            personal=opening(Column.PERSONAL, seller_id, number, personal),
            items=items,
            withheld=opening(Column.WITHHELD, seller_id, number, withheld),
            regulated=None
            if regulated is None
            else opening(Column.REGULATED, seller_id, number, regulated),
            fulfillment=fulfillment,
        )

    def _write(
        self,
        connection: sqlite3.Connection,
        order_key: int,
        facet: int,
        changed: ChangedOrder,
        sealed: Sealed,
    ) -> None:
        updated_us = micros(changed.last_updated)
        earliest, latest = changed.earliest_delivery, changed.latest_delivery
        connection.execute(
            self._sql["change_order"],
            (
                facet,
                updated_us,
                None if earliest is None else micros(earliest),
                None if latest is None else micros(latest),
                updated_us if changed.is_final else None,
                changed.document,
                sealed.ending,
                sealed.personal,
                order_key,
            ),
        )
        connection.execute(
            self._sql["change_details"],
            (
                changed.items,
                sealed.items,
                sealed.withheld,
                sealed.regulated,
                changed.fulfillment,
                order_key,
            ),
        )
        for entry in changed.history:
            connection.execute(self._sql["add_history"], (order_key, *entry_row(entry)))
