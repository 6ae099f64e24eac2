"""Merchants of Amazon Pay, their keys and first answers in PostgreSQL, as `auth.pay.store.PayAccountStore` promises."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from torihiki.auth.pay.model import PayKey
from torihiki.auth.pay.store import Merchant, RegisteredKey
from torihiki.kernel.idempotency import AnsweredBefore, FirstAnswer
from torihiki.kernel.instant import Instant, micros
from torihiki.kernel.pay_caller import Environment
from torihiki.storage import pay_rows, statements
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import Statement
from torihiki.storage.postgres.pool import Connection

_TEXTS: Final = statements.load(__package__, "pay_accounts.sql")
_SQL: Final = {name: Statement(text) for name, text in _TEXTS.items()}
_CHANGES: Final = {
    name: Statement(_TEXTS["and_move_revision"].replace("{change}", _TEXTS[name]))
    for name in ("add_key", "revoke_key")
}
"""The changes that processes must hear of, each with the revision that it moves."""


class PostgresPayAccountStore:
    """The `PayAccountStore` of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key(self, public_key_id: str) -> PayKey | None:
        """See `PayAccountStore`."""
        rows = await self._rows("key", public_key_id=public_key_id)
        return pay_rows.registered_key(rows[0]).key if rows else None

    async def add_key(self, key: PayKey, created_at: Instant) -> bool:
        """See `PayAccountStore`."""
        return await self._change("add_key", pay_rows.key_row(key, created_at))

    async def keys(
        self, after: str, limit: int, *, merchant_id: str | None = None
    ) -> list[RegisteredKey]:
        """See `PayAccountStore`."""
        rows = await self._rows("keys", after=after, page=limit, merchant_id=merchant_id)
        return [pay_rows.registered_key(row) for row in rows]

    async def revoke_key(self, public_key_id: str, now: Instant) -> bool:
        """See `PayAccountStore`."""
        row = {"public_key_id": public_key_id, "now_us": micros(now)}
        if await self._change("revoke_key", row):
            return True
        return await self.key(public_key_id) is not None

    async def add_merchant(self, merchant: Merchant) -> bool:
        """See `PayAccountStore`."""
        return bool(await self._rows("add_merchant", **pay_rows.merchant_row(merchant)))

    async def merchant(self, merchant_id: str) -> Merchant | None:
        """See `PayAccountStore`."""
        rows = await self._rows("merchant", merchant_id=merchant_id)
        return pay_rows.merchant(rows[0]) if rows else None

    async def merchants(
        self, after: str, limit: int, *, seller_id: str | None = None
    ) -> list[Merchant]:
        """See `PayAccountStore`."""
        rows = await self._rows("merchants", after=after, page=limit, seller_id=seller_id)
        return [pay_rows.merchant(row) for row in rows]

    async def remember(
        self, merchant_id: str, environment: Environment, first: FirstAnswer
    ) -> None:
        """See `PayAccountStore`."""

        async def write(connection: Connection) -> None:
            await keep_first_answer(connection, merchant_id, environment, first)

        await self._database.write(write)

    async def _rows(self, statement: str, **parameters: object) -> list[asyncpg.Record]:
        return await self._database.rows(_SQL[statement], parameters)

    async def _change(self, statement: str, row: dict[str, Any]) -> bool:
        """Runs one statement and, if it changed a row, moves the revision with it."""
        rows = await self._database.rows(_CHANGES[statement], row)
        return bool(rows[0]["changed"])


async def keep_first_answer(
    connection: Connection, merchant_id: str, environment: Environment, first: FirstAnswer
) -> None:
    """Keeps the answer in the transaction of what it answers, after whoever is keeping one under that key now.

    Raises:
        AnsweredBefore: The key has its answer; the transaction must change nothing.
    """
    row = pay_rows.first_answer_row(merchant_id, environment, first)
    if not await _SQL["keep_first_answer"].on(connection, **row):
        found = await _SQL["first_answer"].on(connection, **row)
        raise AnsweredBefore(pay_rows.first_answer(found[0]))
