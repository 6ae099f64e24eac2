"""Merchants of Amazon Pay, their keys and first answers in SQLite, as `auth.pay.store.PayAccountStore` promises."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from torihiki.auth.pay.model import PayKey
from torihiki.auth.pay.store import Merchant, RegisteredKey
from torihiki.kernel.idempotency import AnsweredBefore, FirstAnswer
from torihiki.kernel.instant import Instant, micros
from torihiki.kernel.pay_caller import Environment
from torihiki.storage import pay_rows, statements
from torihiki.storage.sqlite.database import Database

_SQL: Final = statements.load("torihiki.storage.sqlite", "pay_accounts.sql")


class SqlitePayAccountStore:
    """The `PayAccountStore` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key(self, public_key_id: str) -> PayKey | None:
        """See `PayAccountStore`."""
        rows = self._database.read(_SQL["key"], {"public_key_id": public_key_id})
        return pay_rows.registered_key(rows[0]).key if rows else None

    async def add_key(self, key: PayKey, created_at: Instant) -> bool:
        """See `PayAccountStore`."""
        return await self._change("add_key", pay_rows.key_row(key, created_at))

    async def keys(
        self, after: str, limit: int, *, merchant_id: str | None = None
    ) -> list[RegisteredKey]:
        """See `PayAccountStore`."""
        given = {"after": after, "page": limit, "merchant_id": merchant_id}
        return [pay_rows.registered_key(row) for row in self._database.read(_SQL["keys"], given)]

    async def revoke_key(self, public_key_id: str, now: Instant) -> bool:
        """See `PayAccountStore`."""
        row = {"public_key_id": public_key_id, "now_us": micros(now)}
        if await self._change("revoke_key", row):
            return True
        return await self.key(public_key_id) is not None

    async def add_merchant(self, merchant: Merchant) -> bool:
        """See `PayAccountStore`."""
        row = pay_rows.merchant_row(merchant)

        def write(connection: sqlite3.Connection) -> bool:
            return connection.execute(_SQL["add_merchant"], row).rowcount > 0

        return await self._database.write(write)

    async def merchant(self, merchant_id: str) -> Merchant | None:
        """See `PayAccountStore`."""
        rows = self._database.read(_SQL["merchant"], {"merchant_id": merchant_id})
        return pay_rows.merchant(rows[0]) if rows else None

    async def merchants(
        self, after: str, limit: int, *, seller_id: str | None = None
    ) -> list[Merchant]:
        """See `PayAccountStore`."""
        given = {"after": after, "page": limit, "seller_id": seller_id}
        return [pay_rows.merchant(row) for row in self._database.read(_SQL["merchants"], given)]

    async def remember(
        self, merchant_id: str, environment: Environment, first: FirstAnswer
    ) -> None:
        """See `PayAccountStore`."""

        def write(connection: sqlite3.Connection) -> None:
            keep_first_answer(connection, merchant_id, environment, first)

        await self._database.write(write)

    async def _change(self, statement: str, row: dict[str, Any]) -> bool:
        """Runs one statement and, if it changed a row, moves the revision with it."""

        def write(connection: sqlite3.Connection) -> bool:
            if connection.execute(_SQL[statement], row).rowcount == 0:
                return False
            connection.execute(_SQL["move_revision"])
            return True

        return await self._database.write(write)


def keep_first_answer(
    connection: sqlite3.Connection, merchant_id: str, environment: Environment, first: FirstAnswer
) -> None:
    """Keeps the answer in the transaction of what it answers.

    Raises:
        AnsweredBefore: The key has its answer; the transaction must change nothing.
    """
    row = pay_rows.first_answer_row(merchant_id, environment, first)
    if connection.execute(_SQL["keep_first_answer"], row).rowcount == 0:
        found = connection.execute(_SQL["first_answer"], row).fetchone()
        raise AnsweredBefore(pay_rows.first_answer(found))
