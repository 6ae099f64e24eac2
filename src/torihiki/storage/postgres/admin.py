"""Accounts, usage plans and the server's state in PostgreSQL, as `admin.store.AdminStore` promises.

The row of the server's state is locked after every other row, so that no two changes can wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import asyncpg
import msgspec

from torihiki.admin.model import (
    Application,
    Authorization,
    ClockState,
    IssuedCode,
    PlanOverride,
    Seller,
    ServerState,
)
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.quota import UsagePlan
from torihiki.storage import statements
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import Statement
from torihiki.storage.postgres.pool import Connection

_STRINGS: Final = msgspec.json.Decoder(tuple[str, ...])
_TEXTS: Final = statements.load(__package__, "admin.sql")
_SQL: Final = {name: Statement(text) for name, text in _TEXTS.items()}
_CHANGES: Final = {
    name: Statement(_TEXTS["and_move_revision"].replace("{change}", _TEXTS[name]))
    for name in (
        "add_seller",
        "add_application",
        "replace_secret",
        "revoke_authorization",
        "put_usage_plan",
        "delete_usage_plan",
    )
}
"""The changes that are one statement, each with the revision that it moves."""


class PostgresAdminStore:
    """The `AdminStore` of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_seller(self, seller: Seller) -> bool:
        """See `AdminStore`."""
        return await self._change("add_seller", _seller_row(seller))

    async def seller(self, seller_id: str) -> Seller | None:
        """See `AdminStore`."""
        rows = await self._rows("seller", seller_id=seller_id)
        return _seller(rows[0]) if rows else None

    async def sellers(self, after: str, limit: int) -> list[Seller]:
        """See `AdminStore`."""
        return [_seller(row) for row in await self._rows("sellers", after=after, page=limit)]

    async def change_seller(
        self, seller_id: str, change: Callable[[Seller], Seller]
    ) -> Seller | None:
        """See `AdminStore`."""

        async def write(connection: Connection) -> Seller | None:
            rows = await _SQL["hold_seller"].on(connection, seller_id=seller_id)
            if not rows:
                return None
            changed = change(_seller(rows[0]))
            await _SQL["put_seller"].on(connection, **_seller_row(changed))
            await _SQL["move_revision"].on(connection)
            return changed

        return await self._database.write(write)

    async def add_application(self, application: Application, secret_hash: bytes) -> None:
        """See `AdminStore`."""
        row = _application_row(application) | {"secret_hash": secret_hash}
        await self._change("add_application", row)

    async def application(self, application_id: str) -> Application | None:
        """See `AdminStore`."""
        rows = await self._rows("application", application_id=application_id)
        return _application(rows[0]) if rows else None

    async def applications(self, after: str, limit: int) -> list[Application]:
        """See `AdminStore`."""
        rows = await self._rows("applications", after=after, page=limit)
        return [_application(row) for row in rows]

    async def change_application(
        self, application_id: str, change: Callable[[Application], Application]
    ) -> Application | None:
        """See `AdminStore`."""

        async def write(connection: Connection) -> Application | None:
            rows = await _SQL["hold_application"].on(connection, application_id=application_id)
            if not rows:
                return None
            changed = change(_application(rows[0]))
            await _SQL["put_application"].on(connection, **_application_row(changed))
            await _SQL["move_revision"].on(connection)
            return changed

        return await self._database.write(write)

    async def replace_secret(self, application_id: str, secret_hash: bytes) -> bool:
        """See `AdminStore`."""
        row = {"application_id": application_id, "secret_hash": secret_hash}
        return await self._change("replace_secret", row)

    async def add_authorization(
        self, authorization: Authorization, refresh_token_hash: bytes
    ) -> None:
        """See `AdminStore`."""
        await self._rows(
            "add_authorization",
            authorization_id=authorization.authorization_id,
            application_id=authorization.application_id,
            seller_id=authorization.seller_id,
            created_us=micros(authorization.created_at),
            revoked_us=_micros(authorization.revoked_at),
            token_hash=refresh_token_hash,
        )

    async def authorization(self, authorization_id: str) -> Authorization | None:
        """See `AdminStore`."""
        rows = await self._rows("authorization", authorization_id=authorization_id)
        return _authorization(rows[0]) if rows else None

    async def authorizations(
        self, after: str, limit: int, *, application_id: str | None, seller_id: str | None
    ) -> list[Authorization]:
        """See `AdminStore`."""
        rows = await self._rows(
            "authorizations",
            after=after,
            page=limit,
            application_id=application_id,
            seller_id=seller_id,
        )
        return [_authorization(row) for row in rows]

    async def revoke_authorization(self, authorization_id: str, now: Instant) -> bool:
        """See `AdminStore`."""
        row = {"authorization_id": authorization_id, "now_us": micros(now)}
        if await self._change("revoke_authorization", row):
            return True
        return await self.authorization(authorization_id) is not None

    async def add_code(self, code: IssuedCode) -> None:
        """See `AdminStore`."""
        await self._rows(
            "add_code",
            code_hash=code.code_hash,
            authorization_id=code.authorization_id,
            redirect_uri=code.redirect_uri,
            expires_us=micros(code.expires_at),
        )

    async def usage_plans(self, after: tuple[str, str, str], limit: int) -> list[PlanOverride]:
        """See `AdminStore`."""
        application_id, seller_id, operation = after
        rows = await self._rows(
            "usage_plans",
            after_application=application_id,
            after_seller=seller_id,
            after_operation=operation,
            page=limit,
        )
        return [
            PlanOverride(
                application_id=row["application_id"],
                seller_id=row["seller_id"],
                operation=row["operation"],
                plan=UsagePlan(rate=row["rate"], burst=row["burst"]),
            )
            for row in rows
        ]

    async def put_usage_plan(self, override: PlanOverride) -> None:
        """See `AdminStore`."""
        key = _plan_key(override.application_id, override.seller_id, override.operation)
        plan = {"rate": override.plan.rate, "burst": override.plan.burst}
        await self._change("put_usage_plan", key | plan)

    async def delete_usage_plan(self, application_id: str, seller_id: str, operation: str) -> bool:
        """See `AdminStore`."""
        return await self._change(
            "delete_usage_plan", _plan_key(application_id, seller_id, operation)
        )

    async def read_state(self) -> ServerState:
        """See `AdminStore`."""
        return _state((await self._rows("read_state"))[0])

    async def change_clock(self, change: Callable[[ClockState], ClockState]) -> ServerState:
        """See `AdminStore`."""

        async def write(connection: Connection) -> ServerState:
            before = _state((await _SQL["hold_state"].on(connection))[0])
            after = change(before.clock)
            await _SQL["put_clock"].on(
                connection, offset_us=after.offset_us, stopped_at_us=after.stopped_at_us
            )
            return ServerState(clock=after, revision=before.revision + 1)

        return await self._database.write(write)

    async def _rows(self, statement: str, **parameters: object) -> list[asyncpg.Record]:
        return await self._database.rows(_SQL[statement], parameters)

    async def _change(self, statement: str, row: dict[str, Any]) -> bool:
        """Runs one statement and, if it changed a row, moves the revision with it."""
        rows = await self._database.rows(_CHANGES[statement], row)
        return bool(rows[0]["changed"])


def _state(row: asyncpg.Record) -> ServerState:
    return ServerState(
        clock=ClockState(
            offset_us=row["clock_offset_us"], stopped_at_us=row["clock_stopped_at_us"]
        ),
        revision=row["revision"],
    )


def _seller(row: asyncpg.Record) -> Seller:
    return Seller(
        seller_id=row["seller_id"],
        name=row["name"],
        marketplace_ids=_STRINGS.decode(row["marketplace_ids"]),
        created_at=from_micros(row["created_us"]),
    )


def _seller_row(seller: Seller) -> dict[str, Any]:
    return {
        "seller_id": seller.seller_id,
        "name": seller.name,
        "marketplace_ids": msgspec.json.encode(seller.marketplace_ids).decode(),
        "created_us": micros(seller.created_at),
    }


def _application(row: asyncpg.Record) -> Application:
    return Application(
        application_id=row["application_id"],
        name=row["name"],
        client_id=row["client_id"],
        roles=_STRINGS.decode(row["roles"]),
        secret_expires_at=_instant(row["secret_expires_us"]),
        created_at=from_micros(row["created_us"]),
    )


def _application_row(application: Application) -> dict[str, Any]:
    return {
        "application_id": application.application_id,
        "name": application.name,
        "client_id": application.client_id,
        "roles": msgspec.json.encode(application.roles).decode(),
        "secret_expires_us": _micros(application.secret_expires_at),
        "created_us": micros(application.created_at),
    }


def _authorization(row: asyncpg.Record) -> Authorization:
    return Authorization(
        authorization_id=row["authorization_id"],
        application_id=row["application_id"],
        seller_id=row["seller_id"],
        created_at=from_micros(row["created_us"]),
        revoked_at=_instant(row["revoked_us"]),
    )


def _plan_key(application_id: str, seller_id: str, operation: str) -> dict[str, Any]:
    return {"application_id": application_id, "seller_id": seller_id, "operation": operation}


def _instant(value_us: int | None) -> Instant | None:
    return None if value_us is None else from_micros(value_us)


def _micros(instant: Instant | None) -> int | None:
    return None if instant is None else micros(instant)
