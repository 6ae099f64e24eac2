"""The history of orders as both databases keep it, and what an import that replaces an order leaves there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from torihiki.kernel.instant import from_micros, micros
from torihiki.orders.model import HistoryEntry, StoredOrder

IMPORTED: Final = "imported"
IMPORT: Final = "import"
NO_DETAILS: Final = b"{}"

EntryRow: TypeAlias = tuple[int, str, str, str, bytes]
"""The columns of an entry but for its order and its place, in the order of the table."""


def entry_row(entry: HistoryEntry) -> EntryRow:
    """The entry as it is stored."""
    return micros(entry.at), entry.event, entry.by, entry.order_status, entry.details


def entry_of(row: Sequence[Any]) -> HistoryEntry:
    """The entry again."""
    at_us, event, by, order_status, details = row
    return HistoryEntry(
        at=from_micros(at_us), event=event, by=by, order_status=order_status, details=details
    )


def replacement(
    order: StoredOrder, updated_us: int, document: bytes, items: bytes
) -> EntryRow | None:
    """What the history says when `order` takes the place of the one with those; None: nothing, they are the same.

    The packages of the former state are forgotten only where it says something: an import of what is there already, as
    a repeated one brings it, must not make a confirmation that is sent again count twice.
    """
    last_updated_us = micros(order.last_updated)
    if (last_updated_us, order.document, order.items) == (updated_us, document, items):
        return None
    return last_updated_us, IMPORTED, IMPORT, order.facet.order_status, NO_DETAILS
