"""Decides who a caller is, what a role opens, which token request is granted and who calls too often."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from torihiki.auth import restricted
from torihiki.auth.model import (
    Application,
    Authorization,
    AuthorizationCode,
    Grant,
    invalid_client,
    invalid_grant,
    invalid_scope,
    missing_parameter,
    unsupported_grant_type,
)
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import quota_exceeded, unauthorized
from torihiki.kernel.quota import TokenBucket, UsagePlan

ACCESS_TOKEN_SECONDS: Final = 3600
"""How long an access token lives, a restricted data token too (contract 3.1, 3.4)."""
REMEMBER_EXPIRED: Final = TimeDelta(hours=7 * 24)
"""How long an expired token is still known, so that it answers "has expired" and not "is invalid"."""
ACCESS_TOKEN_PREFIX: Final = "Atza|"  # noqa: S105 - how every access token begins, not a secret
RESTRICTED_TOKEN_PREFIX: Final = "Atz.sprdt|"  # noqa: S105 - how every restricted data token begins, not a secret
REFRESH_TOKEN_PREFIX: Final = "Atzr|"  # noqa: S105 - how every refresh token begins, not a secret
TOKEN_RANDOM_BYTES: Final = 48

SCOPES: Final = frozenset(
    {
        "sellingpartnerapi::notifications",
        "sellingpartnerapi::client_credential:rotation",
        "sellingpartnerapi::shipments:track",
        "sellingpartnerapi::migration",
    }
)
"""The scopes of grantless tokens (contract 3.1); the retired one is granted, because programs still ask for it."""

Mode = Literal["amazon", "off"]
GrantType = Literal["refresh_token", "client_credentials", "authorization_code"]
PlanKey = tuple[str, str, str]
"""Operation name, seller id, application id: what a bucket is kept for."""


def token_hash(text: str) -> bytes:
    """The form in which secrets, tokens and codes are kept: SHA-256, for they are long and random."""
    return hashlib.sha256(text.encode()).digest()


def token_id(digest: bytes) -> str:
    """The name by which the audit trail knows the token of that hash: its first 16 hexadecimal digits."""
    return digest[:8].hex()


def new_token(prefix: str, random_bytes: Callable[[int], bytes]) -> str:
    """A fresh token that needs no escaping in a URL after its prefix."""
    return prefix + base64.urlsafe_b64encode(random_bytes(TOKEN_RANDOM_BYTES)).decode()


def caller_of(
    grant: Grant | None, operation: Operation, path: str, *, token_present: bool, now: Instant
) -> Caller:
    """Who calls a seller's operation.

    Args:
        grant: What the store knows of the request's token; None: nothing.
        operation: What is called.
        path: The request's path, decoded and otherwise as it came: a restricted data token is bound to it.
        token_present: Whether the request carried a token at all.
        now: The operator's time.

    Raises:
        Problem: The token does not open it (contract 1.9 rows 9 to 13).
    """
    if not token_present:
        raise unauthorized("Access token is missing in the request header.")
    if grant is None or grant.revoked:
        raise unauthorized("The access token you provided is revoked, malformed or invalid.")
    if grant.expires_at <= now:
        raise unauthorized("The access token you provided has expired.")
    if _ended(grant.secret_expires_at, now):
        raise unauthorized("The LWA secret token you provided has expired.")
    caller = grant.caller
    if caller is None:
        raise unauthorized()
    if grant.resources is not None:
        opened = restricted.opened(grant.resources, operation, path, caller.roles)
        return msgspec.structs.replace(caller, opened=opened)
    if operation.restricted is not None and operation.restricted.required:
        raise unauthorized()
    return caller


def require_role(operation: Operation, caller: Caller) -> None:
    """Any one of the operation's roles is enough (contract 3.3).

    Raises:
        Problem: The caller has none of them (contract 1.9 row 12).
    """
    if operation.roles and operation.roles.isdisjoint(caller.roles):
        raise unauthorized()


def required(value: str | None, name: str) -> str:
    """The value of a parameter that the request cannot do without.

    Raises:
        OAuthProblem: It is absent.
    """
    if value is None:
        raise missing_parameter(name)
    return value


def known_grant(grant_type: str) -> GrantType:
    """The grant of that name.

    Raises:
        OAuthProblem: There is none.
    """
    match grant_type:
        case "refresh_token" | "client_credentials" | "authorization_code":
            return grant_type
        case _:
            raise unsupported_grant_type()


def authenticated(application: Application | None, secret: str, now: Instant) -> Application:
    """The application, if the secret is its own and still good.

    Raises:
        OAuthProblem: It is not.
    """
    presented = token_hash(secret)
    if application is None or not hmac.compare_digest(presented, application.secret_hash):
        raise invalid_client()
    if _ended(application.secret_expires_at, now):
        raise invalid_client()
    return application


def checked_authorization(found: Authorization | None, application: Application) -> Authorization:
    """The authorisation of a refresh token, if this application may use it.

    Raises:
        OAuthProblem: It may not.
    """
    if found is None or found.revoked or found.application_id != application.application_id:
        raise invalid_grant("refresh_token")
    return found


def checked_code(
    found: AuthorizationCode | None,
    application: Application,
    redirect_uri: str | None,
    now: Instant,
) -> AuthorizationCode:
    """The code, if this application may redeem it now.

    Raises:
        OAuthProblem: It may not.
    """
    if found is None or found.revoked or found.application_id != application.application_id:
        raise invalid_grant("code")
    if found.expires_at <= now:
        raise invalid_grant("code")
    if found.redirect_uri is not None and found.redirect_uri != redirect_uri:
        raise invalid_grant("redirect_uri")
    return found


def checked_scope(scope: str) -> str:
    """The scope, one or several with spaces between them.

    Raises:
        OAuthProblem: One of them does not exist.
    """
    names = scope.split()
    if not names or not SCOPES.issuperset(names):
        raise invalid_scope()
    return " ".join(names)


@functools.lru_cache(maxsize=1024)
def rate_text(rate: float) -> bytes:
    """A rate as Amazon writes it: plain decimal, always with a point ("2.0", "0.0167")."""
    text = format(Decimal(repr(float(rate))), "f")
    return (text if "." in text else f"{text}.0").encode()


class UsagePlans:
    """The buckets of one server process: one for each operation, seller and application (contract 2).

    A bucket that is full again is forgotten; one that still owes tokens never is. Each new bucket looks at the two that
    waited longest, so at the most about twice as many are held as callers that owe, and no call ever waits for a sweep.

    Args:
        mode: "off" refuses nobody; the header is the same in both modes.
        overrides: The plans of pairs that do not have the operation's own.
    """

    def __init__(self, mode: Mode, overrides: Mapping[PlanKey, UsagePlan]) -> None:
        self._unlimited = mode == "off"
        self._overrides = overrides
        self._buckets: dict[PlanKey, TokenBucket] = {}
        self._waiting: deque[tuple[PlanKey, UsagePlan | None]] = deque()

    def __len__(self) -> int:
        """How many buckets are held."""
        return len(self._buckets)

    def replace_overrides(self, overrides: Mapping[PlanKey, UsagePlan]) -> None:
        """From now on these are the overrides; what buckets hold stays, cut to the new bursts."""
        self._overrides = overrides

    def take(self, operation: Operation, caller: Caller, now_us: int) -> None:
        """Counts one call.

        Raises:
            Problem: The bucket is empty (contract 1.9 row 15); the refused call was not counted.
        """
        if self._unlimited:
            return
        key = (operation.name, caller.seller_id, caller.application_id)
        plan = self._overrides.get(key, operation.plan)
        if plan is None:
            return
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._started(key, operation.plan, plan, now_us)
        if not bucket.take(plan, now_us):
            raise quota_exceeded()

    def rate_header(self, operation: Operation, caller: Caller) -> bytes:
        """The value of `x-amzn-RateLimit-Limit`; empty for an operation that is not limited."""
        key = (operation.name, caller.seller_id, caller.application_id)
        plan = self._overrides.get(key, operation.plan)
        return b"" if plan is None else rate_text(plan.rate)

    def _started(
        self, key: PlanKey, default: UsagePlan | None, plan: UsagePlan, now_us: int
    ) -> TokenBucket:
        for _ in range(min(2, len(self._waiting))):
            oldest, its_default = self._waiting.popleft()
            its_plan = self._overrides.get(oldest, its_default)
            if its_plan is None or self._buckets[oldest].is_full(its_plan, now_us):
                del self._buckets[oldest]
            else:
                self._waiting.append((oldest, its_default))
        bucket = self._buckets[key] = TokenBucket(plan, now_us)
        self._waiting.append((key, default))
        return bucket


def _ended(instant: Instant | None, now: Instant) -> bool:
    return instant is not None and instant <= now
