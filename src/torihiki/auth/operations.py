"""Issues tokens: Login with Amazon's to whoever proves to be an application, and restricted ones to who holds those."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torihiki.auth import restricted, rules
from torihiki.auth.model import (
    AccessToken,
    Application,
    IssuedRestrictedToken,
    IssuedTokens,
    RestrictedResource,
    TokenRequest,
    invalid_grant,
)
from torihiki.auth.store import AuthStore
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import unauthorized

RandomBytes = Callable[[int], bytes]


async def request_access_token(
    store: AuthStore, request: TokenRequest, *, now: Instant, random_bytes: RandomBytes
) -> IssuedTokens:
    """Grants one of the three kinds of token requests (contract 3.1).

    Older tokens stay valid: clients count on it.

    Raises:
        OAuthProblem: It is refused, in OAuth's words.
        Problem: The database cannot be read or written now.
    """
    grant_type = rules.known_grant(rules.required(request.grant_type, "grant_type"))
    client_id = rules.required(request.client_id, "client_id")
    secret = rules.required(request.client_secret, "client_secret")
    application = rules.authenticated(await store.application(client_id), secret, now)
    text = rules.new_token(rules.ACCESS_TOKEN_PREFIX, random_bytes)
    refresh_token: str | None = None
    match grant_type:
        case "refresh_token":
            refresh_token = await _refresh(store, request, application, text, now)
        case "authorization_code":
            fresh = rules.new_token(rules.REFRESH_TOKEN_PREFIX, random_bytes)
            refresh_token = await _redeem(store, request, application, (text, fresh), now)
        case "client_credentials":
            scope = rules.checked_scope(rules.required(request.scope, "scope"))
            await _keep(store, _token(text, application, now, scope=scope))
    return IssuedTokens(
        access_token=text, refresh_token=refresh_token, expires_in_s=rules.ACCESS_TOKEN_SECONDS
    )


async def create_restricted_data_token(
    store: AuthStore,
    parent_hash: bytes,
    resources: tuple[RestrictedResource, ...],
    *,
    operations: Sequence[Operation],
    now: Instant,
    random_bytes: RandomBytes,
) -> IssuedRestrictedToken:
    """Grants a token for restricted data to the seller and the application of an ordinary one (contract 3.4).

    It lives as long as an access token does, whatever is left of the ordinary one, and dies with the authorisation.

    Args:
        store: Where tokens are.
        parent_hash: The ordinary token's.
        resources: What the new token shall be good for.
        operations: The operations that a token can be for.
        now: The operator's time.
        random_bytes: A cryptographic source.

    Raises:
        Problem: The application may not have it, or the database cannot be read or written now.
    """
    grant = await store.grant(parent_hash)
    if grant is None or grant.caller is None or grant.revoked or grant.resources is not None:
        raise unauthorized()
    restricted.check_resources(resources, operations, grant.caller.roles)
    text = rules.new_token(rules.RESTRICTED_TOKEN_PREFIX, random_bytes)
    token = AccessToken(
        token_hash=rules.token_hash(text),
        application_id=grant.caller.application_id,
        authorization_id=grant.authorization_id,
        scope=None,
        issued_at=now,
        expires_at=now + TimeDelta(seconds=rules.ACCESS_TOKEN_SECONDS),
        resources=resources,
    )
    await _keep(store, token)
    return IssuedRestrictedToken(token=text, expires_in_s=rules.ACCESS_TOKEN_SECONDS)


async def _refresh(
    store: AuthStore, request: TokenRequest, application: Application, text: str, now: Instant
) -> str:
    refresh_token = rules.required(request.refresh_token, "refresh_token")
    found = await store.authorization(rules.token_hash(refresh_token))
    authorization_id = rules.checked_authorization(found, application).authorization_id
    await _keep(store, _token(text, application, now, authorization_id=authorization_id))
    return refresh_token


async def _redeem(
    store: AuthStore,
    request: TokenRequest,
    application: Application,
    texts: tuple[str, str],
    now: Instant,
) -> str:
    access_text, refresh_text = texts
    code_hash = rules.token_hash(rules.required(request.code, "code"))
    found = await store.code(code_hash)
    code = rules.checked_code(found, application, request.redirect_uri, now)
    token = _token(access_text, application, now, authorization_id=code.authorization_id)
    if not await store.redeem_code(
        code_hash, refresh_token_hash=rules.token_hash(refresh_text), token=token
    ):
        raise invalid_grant("code")
    return refresh_text


async def _keep(store: AuthStore, token: AccessToken) -> None:
    await store.put_access_token(token, purge_before=token.issued_at - rules.REMEMBER_EXPIRED)


def _token(
    text: str,
    application: Application,
    now: Instant,
    *,
    authorization_id: str | None = None,
    scope: str | None = None,
) -> AccessToken:
    return AccessToken(
        token_hash=rules.token_hash(text),
        application_id=application.application_id,
        authorization_id=authorization_id,
        scope=scope,
        issued_at=now,
        expires_at=now + TimeDelta(seconds=rules.ACCESS_TOKEN_SECONDS),
    )
