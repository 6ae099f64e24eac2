"""Reads token requests in every form that clients send, and renders tokens and refusals as Login with Amazon does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any, Final, Literal
from urllib.parse import unquote_plus

import msgspec

from torihiki.auth.model import (
    IssuedTokens,
    OAuthProblem,
    TokenRequest,
    invalid_client,
    invalid_request,
)

BODY_MAX_BYTES: Final = 64 * 1024
VALUE_MAX_CHARACTERS: Final = 2048
"""The longest token that Amazon documents; no parameter needs more."""
MEDIA: Final = b"application/json;charset=UTF-8"
FORM: Final = b"application/x-www-form-urlencoded"
JSON: Final = b"application/json"
PARAMETERS: Final = frozenset(TokenRequest.__struct_fields__)


class TokenForm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token request, for the documents; the same members as a form or as JSON."""

    grant_type: Literal["refresh_token", "client_credentials", "authorization_code"]
    client_id: str
    client_secret: str
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET
    redirect_uri: str | msgspec.UnsetType = msgspec.UNSET


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The success body; a grantless token comes without a refresh token."""

    access_token: str
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - OAuth's word, not a secret
    expires_in: int


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a refusal, its members in the order of the recorded one (77 bytes for invalid_client)."""

    error_description: str
    error: str


def parse_request(
    content_type: bytes | None, authorization: bytes | None, body: bytes
) -> TokenRequest:
    """The parameters of a request, whatever form they came in.

    Parameters that are not OAuth's are ignored, and one without a value counts as absent (RFC 6749, 3.2).

    Args:
        content_type: The header; None: the body's first character decides.
        authorization: The header; HTTP Basic there is another way to say who the client is, and any other
            scheme (old programs still sign) is ignored.
        body: As it came.

    Raises:
        OAuthProblem: It cannot be read.
    """
    media = (content_type or b"").partition(b";")[0].strip().lower()
    if not media:
        media = JSON if body.lstrip()[:1] == b"{" else FORM
    if media == FORM:
        fields = _collected(_form_pairs(body))
    elif media == JSON:
        fields = _collected(_json_pairs(body))
    else:
        raise invalid_request(
            "The content type is neither application/x-www-form-urlencoded nor application/json"
        )
    if is_basic(authorization):
        client_id, secret = _basic(authorization or b"")
        if "client_secret" in fields:
            raise invalid_request("The request authenticates the client in two ways")
        if fields.get("client_id", client_id) != client_id:
            raise invalid_client()
        fields |= {"client_id": client_id, "client_secret": secret}
    return TokenRequest(**fields)


def is_basic(authorization: bytes | None) -> bool:
    """Whether the client says who it is by HTTP Basic; its refusal then needs `www-authenticate`."""
    return authorization is not None and authorization[:6].lower() == b"basic "


def render_tokens(issued: IssuedTokens) -> bytes:
    """The success body."""
    refresh_token = msgspec.UNSET if issued.refresh_token is None else issued.refresh_token
    return msgspec.json.encode(
        TokenAnswer(
            access_token=issued.access_token,
            refresh_token=refresh_token,
            expires_in=issued.expires_in_s,
        )
    )


def render_problem(problem: OAuthProblem) -> bytes:
    """The body of a refusal."""
    return msgspec.json.encode(
        ErrorAnswer(error_description=problem.description, error=problem.error)
    )


def _form_pairs(body: bytes) -> Iterable[tuple[str, Any]]:
    """Splits a form; a client that escapes nothing (a raw `|`) is understood too (contract 3.1)."""
    try:
        text = body.decode()
        for part in text.split("&"):
            name, _, value = part.partition("=")
            yield unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
    except UnicodeDecodeError as error:
        raise invalid_request() from error


def _json_pairs(body: bytes) -> Iterable[tuple[str, Any]]:
    try:
        # Objects become tuples and arrays lists, so that a member that stands twice is seen.
        pairs = json.loads(body.decode(), object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        raise invalid_request() from error
    if not isinstance(pairs, tuple):
        raise invalid_request()
    return pairs


def _collected(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name not in PARAMETERS:
            continue
        if name in seen:
            raise invalid_request(f"The request has a parameter more than once: {name}")
        seen.add(name)
        if value is None or value == "":
            continue
        fields[name] = _text(name, value)
    return fields


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise invalid_request(f"The parameter is not a string: {name}")
    if len(value) > VALUE_MAX_CHARACTERS:
        raise invalid_request(f"The parameter is too long: {name}")
    # A lone surrogate (JSON can spell one) cannot be hashed, and not every database takes a NUL.
    try:
        if b"\0" in value.encode():
            raise invalid_request()
    except UnicodeEncodeError as error:
        raise invalid_request() from error
    return value


def _basic(authorization: bytes) -> tuple[str, str]:
    """Client id and secret, each escaped as in a form (RFC 6749, 2.3.1)."""
    try:
        text = base64.b64decode(authorization[6:].strip(), validate=True).decode()
        name, colon, secret = text.partition(":")
        client_id, client_secret = (unquote_plus(part, errors="strict") for part in (name, secret))
    except ValueError as error:
        raise invalid_client() from error
    if not (colon and client_id and client_secret):
        raise invalid_client()
    return _text("client_id", client_id), _text("client_secret", client_secret)
