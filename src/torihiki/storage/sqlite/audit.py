"""The audit trail in SQLite, as `admin.store.AuditStore` promises."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable
from typing import Final

import msgspec

from torihiki.admin.model import AuditEntry, AuditFilter, Page, PageRequest
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.storage import audit_keys, statements
from torihiki.storage.order_keys import order_id, order_numbers
from torihiki.storage.sqlite.database import Database

NUMBER_BYTES: Final = 8

_TEXTS: Final = statements.load("torihiki.storage.sqlite", "audit.sql")
_OF_ALL: Final = {name: text.replace("{seller}", "") for name, text in _TEXTS.items()}
_OF_SELLER: Final = {
    name: text.replace("{seller}", "seller_id = :seller_id AND") for name, text in _TEXTS.items()
}
_STRINGS: Final = msgspec.json.Decoder(tuple[str, ...])


class SqliteAuditStore:
    """The `AuditStore` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entry: AuditEntry) -> None:
        """See `AuditStore`."""
        row = {
            "at_us": micros(entry.at),
            "seller_id": entry.seller_id,
            "application_id": entry.application_id,
            "token_id": entry.token_id,
            "request_id": entry.request_id,
            "operation": entry.operation,
            "elements": msgspec.json.encode(entry.elements).decode(),
            "order_numbers": _packed(entry.order_ids),
        }

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_OF_ALL["append"], row)

        await self._database.write(write)

    async def entries(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
        """See `AuditStore`."""
        texts = _OF_ALL if wanted.seller_id is None else _OF_SELLER
        before_us, before_key = audit_keys.before(wanted, page)
        given = {
            "seller_id": wanted.seller_id,
            "application_id": wanted.application_id,
            "operation": wanted.operation,
            "order_number": None if wanted.order_id is None else _packed([wanted.order_id]),
            "before_us": before_us,
            "before_key": before_key,
            "since_us": audit_keys.since(wanted),
            "looked_at": audit_keys.LOOKED_AT,
            "page": page.size + 1,
        }
        bound = self._database.read(texts["bound"], given)
        last = bound[0] if bound else (given["since_us"], 0)
        rows = self._database.read(
            texts["entries"], given | {"bound_us": last[0], "bound_key": last[1]}
        )
        shown = rows[: page.size]
        more = len(rows) > page.size
        if more or len(bound) > 1:
            following = audit_keys.following(*(shown[-1][:2] if more else last))
        else:
            following = None
        found = [_entry(*row[:1], *row[2:]) for row in shown]
        return Page(
            items=tuple(
                entry
                for entry in found
                if wanted.order_id is None or wanted.order_id in entry.order_ids
            ),
            following=following,
        )

    async def purge(self, before: Instant, limit: int) -> int:
        """See `AuditStore`."""
        row = {"before_us": micros(before), "page": limit}

        def write(connection: sqlite3.Connection) -> int:
            return connection.execute(_OF_ALL["purge"], row).rowcount

        return await self._database.write(write)


def _packed(order_ids: Iterable[str]) -> bytes:
    numbers = order_numbers(order_ids)
    return struct.pack(f">{len(numbers)}q", *numbers)


def _unpacked(packed: bytes) -> tuple[str, ...]:
    numbers = struct.unpack(f">{len(packed) // NUMBER_BYTES}q", packed)
    return tuple(map(order_id, numbers))


def _entry(
    at_us: int,
    seller_id: str,
    application_id: str,
    token_id: str,
    request_id: str,
    operation: str,
    elements: str,
    packed: bytes,
) -> AuditEntry:
    return AuditEntry(
        at=from_micros(at_us),
        request_id=request_id,
        seller_id=seller_id,
        application_id=application_id,
        token_id=token_id,
        operation=operation,
        elements=_STRINGS.decode(elements),
        order_ids=_unpacked(packed),
    )
