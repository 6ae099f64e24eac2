"""Login with Amazon over HTTP: its refusals have OAuth's shape, so they are rendered here and not by the one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torihiki.auth import operations
from torihiki.auth.lwa import wire
from torihiki.auth.model import OAuthProblem, invalid_request
from torihiki.auth.store import AuthStore
from torihiki.kernel.problem import Kind, Problem
from torihiki.server.call import CLOSING, Answer, Call, Handler

NEVER_KEPT: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
)

_TIMED_OUT: Final = 408


def bind(store: AuthStore, random_bytes: Callable[[int], bytes]) -> dict[str, Handler]:
    """The handlers by operation name.

    Args:
        store: Where applications and tokens are.
        random_bytes: A cryptographic source.
    """

    async def request_access_token(call: Call) -> Answer:
        authorization = call.header(b"authorization")
        try:
            body = await call.body(wire.BODY_MAX_BYTES)
            request = wire.parse_request(call.header(b"content-type"), authorization, body)
            issued = await operations.request_access_token(
                store, request, now=call.now, random_bytes=random_bytes
            )
        except OAuthProblem as problem:
            return _refusal(problem, asked_by_basic=wire.is_basic(authorization))
        except Problem as problem:
            return _refusal(_in_oauth_words(problem), asked_by_basic=False)
        return Answer(wire.render_tokens(issued), 200, NEVER_KEPT, wire.MEDIA)

    return {"requestAccessToken": request_access_token}


def _in_oauth_words(problem: Problem) -> OAuthProblem:
    if problem.kind is Kind.TOO_LARGE:
        return invalid_request(str(problem.message))
    if problem.kind is Kind.TIMED_OUT:
        return OAuthProblem(_TIMED_OUT, "invalid_request", str(problem.message))
    if problem.kind is Kind.UNAVAILABLE:
        return OAuthProblem(503, "temporarily_unavailable", str(problem.message))
    raise problem


def _refusal(problem: OAuthProblem, *, asked_by_basic: bool) -> Answer:
    headers = NEVER_KEPT
    if problem.status == _TIMED_OUT:
        headers = (*headers, *CLOSING)
    if asked_by_basic and problem.status == 401:  # noqa: PLR2004 - the one status that RFC 6749, 5.2 speaks of
        headers = (*headers, (b"www-authenticate", b'Basic realm="Login with Amazon"'))
    body = wire.render_problem(problem)
    return Answer(body, problem.status, headers, wire.MEDIA, problem=problem.error)
