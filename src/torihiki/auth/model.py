"""What the token endpoint and the gate in front of every operation know about callers.

Secrets appear here only in a `TokenRequest` on its way in, and in `IssuedTokens` and `IssuedRestrictedToken` on their
way out; all else holds hashes.
"""

from __future__ import annotations

import msgspec

from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant


class RestrictedResource(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a restricted data token was asked for, as it was asked for.

    Args:
        method: An HTTP method in any case, or anything else.
        path: A path with an order's id, with the literal `{orderId}`, or anything else.
        elements: The names of data elements, each once.
    """

    method: str
    path: str
    elements: tuple[str, ...] = ()


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What one access token opens, as the database knows it now.

    Args:
        caller: Who calls with it, with the application's roles as they are now; None: a grantless token. What a
            restricted data token opens is decided for each call.
        authorization_id: The authorisation that it stands for; None: a grantless token.
        expires_at: From this instant on the token is expired.
        revoked: Whether the seller's authorisation was taken back.
        secret_expires_at: When the application's client secret ends; None: never.
        resources: All that a restricted data token is good for; None: an ordinary token.
    """

    caller: Caller | None
    authorization_id: str | None
    expires_at: Instant
    revoked: bool
    secret_expires_at: Instant | None
    resources: tuple[RestrictedResource, ...] | None = None


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """A client of the token endpoint."""

    application_id: str
    secret_hash: bytes
    secret_expires_at: Instant | None


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's word that an application may act for it; a refresh token stands for one."""

    authorization_id: str
    application_id: str
    revoked: bool


class AuthorizationCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a code that was not redeemed yet can be exchanged for.

    Args:
        authorization_id: What its tokens will stand for.
        application_id: The only application that may redeem it.
        revoked: Whether the authorisation was taken back meanwhile.
        redirect_uri: What the exchange must repeat; None: not checked.
        expires_at: From this instant on it is expired.
    """

    authorization_id: str
    application_id: str
    revoked: bool
    redirect_uri: str | None
    expires_at: Instant


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """An issued access token as it is kept.

    Args:
        token_hash: The only form of its text that is kept.
        application_id: Whose token it is.
        authorization_id: What a seller's token stands for.
        scope: What a grantless token opens.
        issued_at: When.
        expires_at: From this instant on it is expired.
        resources: All that a restricted data token is good for; None: an ordinary token.
    """

    token_hash: bytes
    application_id: str
    authorization_id: str | None
    scope: str | None
    issued_at: Instant
    expires_at: Instant
    resources: tuple[RestrictedResource, ...] | None = None


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a token request; None: absent or empty."""

    grant_type: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    code: str | None = None
    redirect_uri: str | None = None


class IssuedTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller gets, in the clear and only once."""

    access_token: str
    refresh_token: str | None
    expires_in_s: int


class IssuedRestrictedToken(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller gets, in the clear and only once."""

    token: str
    expires_in_s: int


class OAuthProblem(Exception):
    """A refusal of the token endpoint, whose errors have OAuth's shape and not the Selling Partner API's.

    Args:
        status: The HTTP status.
        error: One of OAuth's error names.
        description: A text for the developer (contract 3.1 has those that are known).
    """

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.description = description


def invalid_client() -> OAuthProblem:
    """Unknown client, wrong secret or expired secret: one answer for all, so that nothing can be guessed."""
    return OAuthProblem(401, "invalid_client", "Client authentication failed")


def invalid_grant(parameter: str) -> OAuthProblem:
    """The refresh token, the code or the redirect URI opens nothing."""
    return OAuthProblem(
        400, "invalid_grant", f"The request has an invalid grant parameter : {parameter}"
    )


def invalid_request(description: str = "Malformed request") -> OAuthProblem:
    """The request cannot be read; the caller must change it."""
    return OAuthProblem(400, "invalid_request", description)


def missing_parameter(name: str) -> OAuthProblem:
    """The grant needs a parameter that is not there."""
    return invalid_request(f"The request is missing a required parameter: {name}")


def unsupported_grant_type() -> OAuthProblem:
    """There is no such grant."""
    return OAuthProblem(400, "unsupported_grant_type", "The grant type is not supported")


def invalid_scope() -> OAuthProblem:
    """A scope that no grantless operation has."""
    return OAuthProblem(400, "invalid_scope", "The scope is not supported")
