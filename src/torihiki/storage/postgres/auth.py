"""Tokens and codes in PostgreSQL, as `auth.store.AuthStore` promises."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
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
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import load

PURGE_STEPS: Final = 32
"""Rows of each kind that one write forgets at the most."""

_SQL: Final = load(__package__, "auth.sql")
_ROLES: Final = msgspec.json.Decoder(frozenset[str])
_RESOURCES: Final = msgspec.json.Decoder(tuple[RestrictedResource, ...])


class PostgresAuthStore:
    """The `AuthStore` of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grant(self, token_hash: bytes) -> Grant | None:
        """See `AuthStore`."""
        for row in await self._rows("grant", token_hash=token_hash):
            resources = row["resources"]
            caller = None
            if row["seller_id"] is not None:
                caller = Caller(
                    seller_id=row["seller_id"],
                    application_id=row["application_id"],
                    roles=_ROLES.decode(row["roles"]),
                    token_id=token_id(token_hash),
                )
            return Grant(
                caller=caller,
                authorization_id=row["authorization_id"],
                expires_at=from_micros(row["expires_us"]),
                revoked=row["revoked"],
                secret_expires_at=_instant(row["secret_expires_us"]),
                resources=None if resources is None else _RESOURCES.decode(resources),
            )
        return None

    async def application(self, client_id: str) -> Application | None:
        """See `AuthStore`."""
        for row in await self._rows("application", client_id=client_id):
            return Application(
                application_id=row["application_id"],
                secret_hash=row["secret_hash"],
                secret_expires_at=_instant(row["secret_expires_us"]),
            )
        return None

    async def authorization(self, refresh_token_hash: bytes) -> Authorization | None:
        """See `AuthStore`."""
        for row in await self._rows("authorization", token_hash=refresh_token_hash):
            return Authorization(
                authorization_id=row["authorization_id"],
                application_id=row["application_id"],
                revoked=row["revoked"],
            )
        return None

    async def code(self, code_hash: bytes) -> AuthorizationCode | None:
        """See `AuthStore`."""
        for row in await self._rows("code", code_hash=code_hash):
            return AuthorizationCode(
                authorization_id=row["authorization_id"],
                application_id=row["application_id"],
                revoked=row["revoked"],
                redirect_uri=row["redirect_uri"],
                expires_at=from_micros(row["expires_us"]),
            )
        return None

    async def put_access_token(self, token: AccessToken, *, purge_before: Instant) -> None:
        """See `AuthStore`."""
        await self._rows(
            "put_access_token",
            before_us=micros(purge_before),
            steps=PURGE_STEPS,
            **_row(token),
        )

    async def redeem_code(
        self, code_hash: bytes, *, refresh_token_hash: bytes, token: AccessToken
    ) -> bool:
        """See `AuthStore`."""
        kept = await self._rows(
            "redeem_code",
            code_hash=code_hash,
            refresh_token_hash=refresh_token_hash,
            **_row(token),
        )
        return bool(kept)

    async def purge_expired(self, before: Instant, limit: int) -> int:
        """See `AuthStore`."""
        gone = await self._rows("purge_expired", before_us=micros(before), steps=limit)
        return int(gone[0]["expired"])

    async def plan_overrides(self) -> dict[tuple[str, str, str], UsagePlan]:
        """See `AuthStore`."""
        return {
            (row["operation"], row["seller_id"], row["application_id"]): UsagePlan(
                rate=row["rate"], burst=row["burst"]
            )
            for row in await self._rows("plan_overrides")
        }

    async def _rows(self, statement: str, **parameters: object) -> list[asyncpg.Record]:
        return await self._database.rows(_SQL[statement], parameters)


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
