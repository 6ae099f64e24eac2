"""Lets in merchants of Amazon Pay by the signature of each request, in the order of `auth/pay/rules.py`.

Nothing is read of a body before its sender has named a registered key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from torihiki.auth.pay.model import PayKey, PayRequest
from torihiki.auth.pay.rules import caller_of, known_key, read_claim
from torihiki.auth.rules import UsagePlans
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, micros
from torihiki.kernel.operation import Operation
from torihiki.kernel.pay_caller import Environment, PayCaller
from torihiki.kernel.problem import Kind, Problem
from torihiki.kernel.quota import UsagePlan
from torihiki.server.call import BODY_MAX_BYTES, Call, Headers, Signed
from torihiki.server.pay_problems import body_too_large
from torihiki.server.pay_routes import target_of

KEYS_KEPT_MAX: Final = 10_000
_ENVIRONMENTS: Final[tuple[Environment, ...]] = ("live", "sandbox")


class PayLimits:
    """The buckets of this process: one for each merchant, environment and operation.

    Args:
        operations: What is limited.
        plan: The usage plan of an operation in an environment.
    """

    def __init__(
        self, operations: Sequence[Operation], plan: Callable[[Operation, Environment], UsagePlan]
    ) -> None:
        self._plans = UsagePlans("amazon", {})
        self._limited = {
            (one.name, environment): msgspec.structs.replace(one, plan=plan(one, environment))
            for one in operations
            for environment in _ENVIRONMENTS
        }

    def take(self, operation: Operation, caller: PayCaller, now: Instant) -> None:
        """Counts one call.

        Raises:
            Problem: The bucket is empty (429).
        """
        limited = self._limited[operation.name, caller.environment]
        # Here the two worlds of a merchant are what applications are to a seller.
        counted = Caller(
            seller_id=caller.merchant_id, application_id=caller.environment, roles=frozenset()
        )
        self._plans.take(limited, counted, micros(now))


class PayGate:
    """Puts into the call who signed it.

    Args:
        find: Reads the key of an id.
        machine_now: The machine's clock, by which those of callers go.
        limits: Counts calls; None: there are no limits.
    """

    def __init__(
        self,
        find: Callable[[str], Awaitable[PayKey | None]],
        machine_now: Callable[[], Instant],
        limits: PayLimits | None,
    ) -> None:
        self._find = find
        self._machine_now = machine_now
        self._limits = limits
        self._keys: dict[str, PayKey] = {}
        self._generation = 0

    def forget(self) -> None:
        """Drops the keys in memory: one of them may have been revoked."""
        self._keys.clear()
        self._generation += 1

    async def admit(self, call: Call) -> None:
        """See `Gate.admit`."""
        request = PayRequest(
            method=call.scope["method"],
            target=target_of(call.scope),
            headers=call.scope["headers"],
        )
        claim = read_claim(request, now=self._machine_now(), also=call.now)
        key = known_key(claim, await self._key(claim.authorization.public_key_id))
        body = await _body(call)
        caller = caller_of(claim, key, body)
        if self._limits is not None:
            self._limits.take(call.operation, caller, call.now)
        call.signed = Signed(caller, claim, body)

    def check(self, operation: Operation, headers: Headers) -> None:
        """See `Gate.check`: the claim has been."""

    def rate(self, operation: Operation, caller: Caller | None) -> bytes | None:  # noqa: ARG002 - as every gate
        """See `Gate.rate`: Amazon Pay has no such header."""
        return None

    async def _key(self, public_key_id: str) -> PayKey | None:
        key = self._keys.get(public_key_id)
        if key is None:
            generation = self._generation
            key = await self._find(public_key_id)
            # What was read before a change was committed must not outlive it.
            if key is not None and generation == self._generation:
                if len(self._keys) >= KEYS_KEPT_MAX:
                    self._keys.clear()
                self._keys[public_key_id] = key
        return key


async def _body(call: Call) -> bytes:
    """The exact bytes; one that says that it is too long is refused before it comes.

    Raises:
        Problem: It is larger than it may be.
    """
    said = call.header(b"content-length")
    if said is None and call.header(b"transfer-encoding") is None:
        return b""
    if said is not None and int(said) > BODY_MAX_BYTES:
        raise body_too_large()
    try:
        return await call.body()
    except Problem as problem:
        if problem.kind is Kind.TOO_LARGE:
            raise body_too_large() from problem
        raise
