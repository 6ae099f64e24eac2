"""Tokens and codes in SQLite, as `auth.store.AuthStore` promises."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import msgspec

from torihiki.auth.model import (
    AccessToken,
    Application,
    Authorization,
    AuthorizationCode,
    Grant,
    RestrictedResource,
)
from torihiki.auth.rules import token_id
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.quota import UsagePlan
from torihiki.storage import statements
from torihiki.storage.sqlite.database import Database

PURGE_STEPS: Final = 32
"""Rows that one write forgets at the most."""

_SQL: Final = statements.load("torihiki.storage.sqlite", "auth.sql")
_ROLES: Final = msgspec.json.Decoder(frozenset[str])
_RESOURCES: Final = msgspec.json.Decoder(tuple[RestrictedResource, ...])


class SqliteAuthStore:
    """The `AuthStore` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grant(self, token_hash: bytes) -> Grant | None:
        """See `AuthStore`."""
        row = self._one("grant", token_hash)
        if row is None:
            return None
        application_id, authorization_id, seller_id, roles, expires_us, revoked = row[:6]
        secret_expires_us, resources = row[6:]
        caller = None
        if seller_id is not None:
            caller = Caller(
                seller_id=seller_id,
                application_id=application_id,
                roles=_ROLES.decode(roles),
                token_id=token_id(token_hash),
            )
        return Grant(
            caller=caller,
            authorization_id=authorization_id,
            expires_at=from_micros(expires_us),
            revoked=bool(revoked),
            secret_expires_at=_instant(secret_expires_us),
            resources=None if resources is None else _RESOURCES.decode(resources),
        )

    async def application(self, client_id: str) -> Application | None:
        """See `AuthStore`."""
        row = self._one("application", client_id)
        if row is None:
            return None
        application_id, secret_hash, secret_expires_us = row
        return Application(
            application_id=application_id,
            secret_hash=secret_hash,
            secret_expires_at=_instant(secret_expires_us),
        )

    async def authorization(self, refresh_token_hash: bytes) -> Authorization | None:
        """See `AuthStore`."""
        row = self._one("authorization", refresh_token_hash)
        if row is None:
            return None
        authorization_id, application_id, revoked = row
        return Authorization(
            authorization_id=authorization_id, application_id=application_id, revoked=bool(revoked)
        )

    async def code(self, code_hash: bytes) -> AuthorizationCode | None:
        """See `AuthStore`."""
        row = self._one("code", code_hash)
        if row is None:
            return None
        authorization_id, application_id, revoked, redirect_uri, expires_us = row
        return AuthorizationCode(
            authorization_id=authorization_id,
            application_id=application_id,
            revoked=bool(revoked),
            redirect_uri=redirect_uri,
            expires_at=from_micros(expires_us),
        )

    async def put_access_token(self, token: AccessToken, *, purge_before: Instant) -> None:
        """See `AuthStore`."""
        old = {"before_us": micros(purge_before), "steps": PURGE_STEPS}

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(_SQL["purge_access_tokens"], old)
            connection.execute(_SQL["purge_codes"], old)
            connection.execute(_SQL["put_access_token"], _row(token))

        await self._database.write(change)

    async def redeem_code(
        self, code_hash: bytes, *, refresh_token_hash: bytes, token: AccessToken
    ) -> bool:
        """See `AuthStore`."""
        refresh = {
            "token_hash": refresh_token_hash,
            "authorization_id": token.authorization_id,
            "created_us": micros(token.issued_at),
        }

        def change(connection: sqlite3.Connection) -> bool:
            if connection.execute(_SQL["take_code"], (code_hash,)).rowcount == 0:
                return False
            connection.execute(_SQL["put_refresh_token"], refresh)
            connection.execute(_SQL["put_access_token"], _row(token))
            return True

        return await self._database.write(change)

    async def purge_expired(self, before: Instant, limit: int) -> int:
        """See `AuthStore`."""
        old = {"before_us": micros(before), "steps": limit}

        def change(connection: sqlite3.Connection) -> int:
            tokens = connection.execute(_SQL["purge_access_tokens"], old).rowcount
            return tokens + connection.execute(_SQL["purge_codes"], old).rowcount

        return await self._database.write(change)

    async def plan_overrides(self) -> dict[tuple[str, str, str], UsagePlan]:
        """See `AuthStore`."""
        return {
            (operation, seller_id, application_id): UsagePlan(rate=rate, burst=burst)
            for operation, seller_id, application_id, rate, burst in self._database.read(
                _SQL["plan_overrides"]
            )
        }

    def _one(self, statement: str, key: bytes | str) -> tuple[Any, ...] | None:
        rows = self._database.read(_SQL[statement], (key,))
        return rows[0] if rows else None


def _row(token: AccessToken) -> dict[str, Any]:
    return {
        "token_hash": token.token_hash,
        "application_id": token.application_id,
        "authorization_id": token.authorization_id,
        "scope": token.scope,
        "issued_us": micros(token.issued_at),
        "expires_us": micros(token.expires_at),
        "resources": _json(token.resources),
    }


def _json(resources: tuple[RestrictedResource, ...] | None) -> str | None:
    return None if resources is None else msgspec.json.encode(resources).decode()


def _instant(value_us: int | None) -> Instant | None:
    return None if value_us is None else from_micros(value_us)
