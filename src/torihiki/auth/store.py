"""What the token endpoint and the gate need from a database. No rule lives behind it."""

from __future__ import annotations

from typing import Protocol

from torihiki.auth.model import AccessToken, Application, Authorization, AuthorizationCode, Grant
from torihiki.kernel.instant import Instant
from torihiki.kernel.quota import UsagePlan


class AuthStore(Protocol):
    """Tokens by their hashes; every method raises `Problem` (unavailable) when the database cannot be reached."""

    async def grant(self, token_hash: bytes) -> Grant | None:
        """What an access token opens, a restricted one too; None: no such token is known. One query: every request asks."""

    async def application(self, client_id: str) -> Application | None:
        """The application with that client id."""

    async def authorization(self, refresh_token_hash: bytes) -> Authorization | None:
        """What a refresh token stands for, revoked or not."""

    async def code(self, code_hash: bytes) -> AuthorizationCode | None:
        """A code that was not redeemed yet, expired or not."""

    async def put_access_token(self, token: AccessToken, *, purge_before: Instant) -> None:
        """Keeps a token, durably.

        In the same transaction forgets a bounded number of the access tokens and codes that expired before
        `purge_before`, so that neither piles up and no single request pays for many.
        """

    async def redeem_code(
        self, code_hash: bytes, *, refresh_token_hash: bytes, token: AccessToken
    ) -> bool:
        """Takes the code away and keeps both tokens, all or nothing, durably.

        False: the code was gone already and nothing was kept. Of two that redeem at once, one gets True.
        """

    async def purge_expired(self, before: Instant, limit: int) -> int:
        """Forgets up to `limit` access tokens and as many codes that expired before that instant; returns how many.

        Safe for several callers at once; each may get fewer than there are.
        """

    async def plan_overrides(self) -> dict[tuple[str, str, str], UsagePlan]:
        """Every override by operation name, seller id and application id."""
