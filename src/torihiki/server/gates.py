"""Who gets in: the seller's gate (access token, role, usage plan), the operator's, and the open one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from torihiki.auth.model import Grant
from torihiki.auth.rules import UsagePlans, caller_of, require_role
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import micros
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import invalid_input, unauthorized
from torihiki.server.call import Call, Headers

GRANTS_KEPT_MAX: Final = 10_000
USER_AGENT_MAX: Final = 500
"""Characters of a User-Agent; Amazon refuses longer ones (contract 3.2)."""


class Gate(Protocol):
    """Decides about a request before its operation runs."""

    async def admit(self, call: Call) -> None:
        """Puts who calls into the call; nothing where that is nobody's.

        Raises:
            Problem: The request does not get in.
        """
        ...

    def check(self, operation: Operation, headers: Headers) -> None:
        """Looks at the request of a caller who got in.

        Raises:
            Problem: It is none that the API takes.
        """
        ...

    def rate(self, operation: Operation, caller: Caller | None) -> bytes | None:
        """The value of x-amzn-RateLimit-Limit; None: the header is not sent."""
        ...


class OpenGate:
    """Lets everybody in."""

    async def admit(self, call: Call) -> None:
        """See `Gate.admit`: everybody gets in."""

    def check(self, operation: Operation, headers: Headers) -> None:
        """See `Gate.check`: everything is taken."""

    def rate(self, operation: Operation, caller: Caller | None) -> bytes | None:  # noqa: ARG002 - as every gate
        """See `Gate.rate`."""
        return None


class OperatorGate:
    """Lets in who has the operator's token as bearer.

    Args:
        token: In clear; only its hash is kept.
    """

    def __init__(self, token: str) -> None:
        self._hash = hashlib.sha256(b"Bearer " + token.encode()).digest()

    async def admit(self, call: Call) -> None:
        """See `Gate.admit`."""
        given = hashlib.sha256(call.headers.get(b"authorization", b"")).digest()
        if not hmac.compare_digest(given, self._hash):
            raise unauthorized("Send the operator's token as bearer in the Authorization header.")

    def check(self, operation: Operation, headers: Headers) -> None:
        """See `Gate.check`: everything is taken."""

    def rate(self, operation: Operation, caller: Caller | None) -> bytes | None:  # noqa: ARG002 - as every gate
        """See `Gate.rate`."""
        return None


class SellerGate:
    """Lets in applications that hold an access token of a seller, in the order of contract 1.10.

    Args:
        find: Reads what a token's hash opens.
        plans: The usage plans of this process.
    """

    def __init__(self, find: Callable[[bytes], Awaitable[Grant | None]], plans: UsagePlans) -> None:
        self._find = find
        self._plans = plans
        self._grants: dict[bytes, Grant] = {}
        self._generation = 0

    def forget(self) -> None:
        """Drops the grants in memory: one of them may have changed."""
        self._grants.clear()
        self._generation += 1

    async def admit(self, call: Call) -> None:
        """See `Gate.admit`."""
        operation, now = call.operation, call.now
        token = call.headers.get(b"x-amz-access-token")
        grant = await self._grant(token) if token else None
        path: str = call.scope["path"]
        caller = caller_of(grant, operation, path, token_present=bool(token), now=now)
        require_role(operation, caller)
        self._plans.take(operation, caller, micros(now))
        call.caller = caller

    def check(self, operation: Operation, headers: Headers) -> None:
        """See `Gate.check`."""
        if len(headers.get(b"user-agent", b"")) > USER_AGENT_MAX or (
            operation.method == "GET" and _announces_body(headers)
        ):
            # Both are documented as reasons of a 400, without a text of their own (contract 1.1, 3.2).
            raise invalid_input()

    def rate(self, operation: Operation, caller: Caller | None) -> bytes | None:
        """See `Gate.rate`."""
        return None if caller is None else self._plans.rate_header(operation, caller) or None

    async def _grant(self, token: bytes) -> Grant | None:
        key = hashlib.sha256(token).digest()
        grant = self._grants.get(key)
        if grant is None:
            generation = self._generation
            grant = await self._find(key)
            # What was read before a change was committed must not outlive it.
            if grant is not None and generation == self._generation:
                if len(self._grants) >= GRANTS_KEPT_MAX:
                    self._grants.clear()
                self._grants[key] = grant
        return grant


def _announces_body(headers: Headers) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
