"""Accounts, usage plans and the server's state in SQLite, as `admin.store.AdminStore` promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final

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
from torihiki.storage.sqlite.database import Database

_SQL: Final = statements.load("torihiki.storage.sqlite", "admin.sql")
_STRINGS: Final = msgspec.json.Decoder(tuple[str, ...])


class SqliteAdminStore:
    """The `AdminStore` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_seller(self, seller: Seller) -> bool:
        """See `AdminStore`."""
        return await self._change("add_seller", _seller_row(seller))

    async def seller(self, seller_id: str) -> Seller | None:
        """See `AdminStore`."""
        rows = self._database.read(_SQL["seller"], (seller_id,))
        return _seller(*rows[0]) if rows else None

    async def sellers(self, after: str, limit: int) -> list[Seller]:
        """See `AdminStore`."""
        rows = self._database.read(_SQL["sellers"], (after, limit))
        return [_seller(*row) for row in rows]

    async def change_seller(
        self, seller_id: str, change: Callable[[Seller], Seller]
    ) -> Seller | None:
        """See `AdminStore`."""

        def write(connection: sqlite3.Connection) -> Seller | None:
            row = connection.execute(_SQL["seller"], (seller_id,)).fetchone()
            if row is None:
                return None
            changed = change(_seller(*row))
            connection.execute(_SQL["put_seller"], _seller_row(changed))
            connection.execute(_SQL["move_revision"])
            return changed

        return await self._database.write(write)

    async def add_application(self, application: Application, secret_hash: bytes) -> None:
        """See `AdminStore`."""
        row = _application_row(application) | {"secret_hash": secret_hash}
        await self._change("add_application", row)

    async def application(self, application_id: str) -> Application | None:
        """See `AdminStore`."""
        rows = self._database.read(_SQL["application"], (application_id,))
        return _application(*rows[0]) if rows else None

    async def applications(self, after: str, limit: int) -> list[Application]:
        """See `AdminStore`."""
        rows = self._database.read(_SQL["applications"], (after, limit))
        return [_application(*row) for row in rows]

    async def change_application(
        self, application_id: str, change: Callable[[Application], Application]
    ) -> Application | None:
        """See `AdminStore`."""

        def write(connection: sqlite3.Connection) -> Application | None:
            row = connection.execute(_SQL["application"], (application_id,)).fetchone()
            if row is None:
                return None
            changed = change(_application(*row))
            connection.execute(_SQL["put_application"], _application_row(changed))
            connection.execute(_SQL["move_revision"])
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
        created_us = micros(authorization.created_at)
        row = {
            "authorization_id": authorization.authorization_id,
            "application_id": authorization.application_id,
            "seller_id": authorization.seller_id,
            "created_us": created_us,
            "revoked_us": _micros(authorization.revoked_at),
        }
        token = {
            "token_hash": refresh_token_hash,
            "authorization_id": authorization.authorization_id,
            "created_us": created_us,
        }

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_SQL["add_authorization"], row)
            connection.execute(_SQL["add_refresh_token"], token)

        await self._database.write(write)

    async def authorization(self, authorization_id: str) -> Authorization | None:
        """See `AdminStore`."""
        rows = self._database.read(_SQL["authorization"], (authorization_id,))
        return _authorization(*rows[0]) if rows else None

    async def authorizations(
        self, after: str, limit: int, *, application_id: str | None, seller_id: str | None
    ) -> list[Authorization]:
        """See `AdminStore`."""
        rows = self._database.read(
            _SQL["authorizations"],
            (after, application_id, application_id, seller_id, seller_id, limit),
        )
        return [_authorization(*row) for row in rows]

    async def revoke_authorization(self, authorization_id: str, now: Instant) -> bool:
        """See `AdminStore`."""
        row = {"authorization_id": authorization_id, "now_us": micros(now)}
        if await self._change("revoke_authorization", row):
            return True
        return await self.authorization(authorization_id) is not None

    async def add_code(self, code: IssuedCode) -> None:
        """See `AdminStore`."""
        row = {
            "code_hash": code.code_hash,
            "authorization_id": code.authorization_id,
            "redirect_uri": code.redirect_uri,
            "expires_us": micros(code.expires_at),
        }

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_SQL["add_code"], row)

        await self._database.write(write)

    async def usage_plans(self, after: tuple[str, str, str], limit: int) -> list[PlanOverride]:
        """See `AdminStore`."""
        return [
            PlanOverride(
                application_id=application_id,
                seller_id=seller_id,
                operation=operation,
                plan=UsagePlan(rate=rate, burst=burst),
            )
            for application_id, seller_id, operation, rate, burst in self._database.read(
                _SQL["usage_plans"], (*after, limit)
            )
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
        return _state(*self._database.read(_SQL["read_state"])[0])

    async def change_clock(self, change: Callable[[ClockState], ClockState]) -> ServerState:
        """See `AdminStore`."""

        def write(connection: sqlite3.Connection) -> ServerState:
            before = _state(*connection.execute(_SQL["read_state"]).fetchone())
            after = change(before.clock)
            connection.execute(
                _SQL["put_clock"],
                {"offset_us": after.offset_us, "stopped_at_us": after.stopped_at_us},
            )
            connection.execute(_SQL["move_revision"])
            return ServerState(clock=after, revision=before.revision + 1)

        return await self._database.write(write)

    async def _change(self, statement: str, row: dict[str, Any]) -> bool:
        """Runs one statement and, if it changed a row, moves the revision with it."""

        def write(connection: sqlite3.Connection) -> bool:
            if connection.execute(_SQL[statement], row).rowcount == 0:
                return False
            connection.execute(_SQL["move_revision"])
            return True

        return await self._database.write(write)


def _state(offset_us: int, stopped_at_us: int | None, revision: int) -> ServerState:
    return ServerState(
        clock=ClockState(offset_us=offset_us, stopped_at_us=stopped_at_us), revision=revision
    )


def _seller(seller_id: str, name: str, marketplace_ids: str, created_us: int) -> Seller:
    return Seller(
        seller_id=seller_id,
        name=name,
        marketplace_ids=_STRINGS.decode(marketplace_ids),
        created_at=from_micros(created_us),
    )


def _seller_row(seller: Seller) -> dict[str, Any]:
    return {
        "seller_id": seller.seller_id,
        "name": seller.name,
        "marketplace_ids": msgspec.json.encode(seller.marketplace_ids).decode(),
        "created_us": micros(seller.created_at),
    }


def _application(
    application_id: str,
    name: str,
    client_id: str,
    roles: str,
    secret_expires_us: int | None,
    created_us: int,
) -> Application:
    return Application(
        application_id=application_id,
        name=name,
        client_id=client_id,
        roles=_STRINGS.decode(roles),
        secret_expires_at=_instant(secret_expires_us),
        created_at=from_micros(created_us),
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


def _authorization(
    authorization_id: str,
    application_id: str,
    seller_id: str,
    created_us: int,
    revoked_us: int | None,
) -> Authorization:
    return Authorization(
        authorization_id=authorization_id,
        application_id=application_id,
        seller_id=seller_id,
        created_at=from_micros(created_us),
        revoked_at=_instant(revoked_us),
    )


def _plan_key(application_id: str, seller_id: str, operation: str) -> dict[str, Any]:
    return {"application_id": application_id, "seller_id": seller_id, "operation": operation}


def _instant(value_us: int | None) -> Instant | None:
    return None if value_us is None else from_micros(value_us)


def _micros(instant: Instant | None) -> int | None:
    return None if instant is None else micros(instant)
