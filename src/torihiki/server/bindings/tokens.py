"""Tokens 2021-03-01 over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from torihiki.auth import operations
from torihiki.auth.store import AuthStore
from torihiki.auth.tokens import wire
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import Kind, Problem
from torihiki.server.call import Answer, Call, Handler


def bind(
    store: AuthStore,
    restricted_operations: Sequence[Operation],
    random_bytes: Callable[[int], bytes],
) -> dict[str, Handler]:
    """The handlers by operation name.

    Args:
        store: Where tokens are.
        restricted_operations: The operations that a token can be for.
        random_bytes: A cryptographic source.
    """

    async def create_restricted_data_token(call: Call) -> Answer:
        resources = wire.parse_request(call.header(b"content-type"), await _body(call))
        issued = await operations.create_restricted_data_token(
            store,
            hashlib.sha256(call.header(b"x-amz-access-token") or b"").digest(),
            resources,
            operations=restricted_operations,
            now=call.now,
            random_bytes=random_bytes,
        )
        return Answer(wire.render_token(issued))

    return {"createRestrictedDataToken": create_restricted_data_token}


async def _body(call: Call) -> bytes:
    """The body; the operation declares no 413, so that one is too long is a 400 like all else that is wrong with it."""
    try:
        return await call.body(wire.BODY_MAX_BYTES)
    except Problem as problem:
        if problem.kind is Kind.TOO_LARGE:
            raise wire.invalid_request(str(problem.message)) from problem
        raise
