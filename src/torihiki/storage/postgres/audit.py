"""The audit trail in PostgreSQL, as `admin.store.AuditStore` promises."""

from __future__ import annotations

from typing import Final

import asyncpg
import msgspec

from torihiki.admin.model import AuditEntry, AuditFilter, Page, PageRequest
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.storage import audit_keys, statements
from torihiki.storage.order_keys import order_id, order_number, order_numbers
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import Statement

_TEXTS: Final = statements.load(__package__, "audit.sql")
_OF_ALL: Final = {name: Statement(text.replace("{seller}", "")) for name, text in _TEXTS.items()}
_OF_SELLER: Final = {
    name: Statement(text.replace("{seller}", "seller_id = :seller_id AND"))
    for name, text in _TEXTS.items()
}
_STRINGS: Final = msgspec.json.Decoder(tuple[str, ...])


class PostgresAuditStore:
    """The `AuditStore` of one PostgreSQL database."""

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
            "order_numbers": order_numbers(entry.order_ids),
        }
        await self._database.rows(_OF_ALL["append"], row)

    async def entries(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
        """See `AuditStore`."""
        texts = _OF_ALL if wanted.seller_id is None else _OF_SELLER
        before_us, before_key = audit_keys.before(wanted, page)
        given = {
            "seller_id": wanted.seller_id,
            "application_id": wanted.application_id,
            "operation": wanted.operation,
            "order_number": None if wanted.order_id is None else order_number(wanted.order_id),
            "before_us": before_us,
            "before_key": before_key,
            "since_us": audit_keys.since(wanted),
            "looked_at": audit_keys.LOOKED_AT,
            "page": page.size + 1,
        }
        bound = await self._database.rows(texts["bound"], given)
        last = tuple(bound[0]) if bound else (given["since_us"], 0)
        rows = await self._database.rows(
            texts["entries"], given | {"bound_us": last[0], "bound_key": last[1]}
        )
        shown = rows[: page.size]
        following = None
        if len(rows) > page.size:
            following = audit_keys.following(shown[-1]["at_us"], shown[-1]["entry_key"])
        elif len(bound) > 1:
            following = audit_keys.following(*last)
        return Page(items=tuple(map(_entry, shown)), following=following)

    async def purge(self, before: Instant, limit: int) -> int:
        """See `AuditStore`."""
        row = {"before_us": micros(before), "page": limit}
        rows = await self._database.rows(_OF_ALL["purge"], row)
        return int(rows[0]["entries"])


def _entry(row: asyncpg.Record) -> AuditEntry:
    return AuditEntry(
        at=from_micros(row["at_us"]),
        request_id=row["request_id"],
        seller_id=row["seller_id"],
        application_id=row["application_id"],
        token_id=row["token_id"],
        operation=row["operation"],
        elements=_STRINGS.decode(row["elements"]),
        order_ids=tuple(map(order_id, row["order_numbers"])),
    )
