"""An operation as data: what routing, usage plans, documents and tests read."""

from __future__ import annotations

from typing import Any

import msgspec

from torihiki.kernel.quota import UsagePlan


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A query or path parameter, for the OpenAPI document.

    Args:
        name: As it is on the wire.
        schema: The type that msgspec turns into a JSON schema.
        required: Whether leaving it out is an error.
        summary: One sentence for readers.
    """

    name: str
    schema: Any
    required: bool = False
    summary: str = ""


class Restricted(msgspec.Struct, frozen=True, kw_only=True):
    """What a restricted data token opens on an operation (contract 3.4).

    Args:
        elements: The data elements.
        selectable: Whether the token must name the elements that it wants; False: its path alone opens them all.
        required: Whether the operation refuses everything but a restricted data token.
    """

    elements: frozenset[str]
    selectable: bool
    required: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of one API.

    Args:
        name: Amazon's operationId, or ours for our own API.
        method: The HTTP method.
        path: With `{name}` for a whole segment.
        plan: The default usage plan; None: not limited.
        roles: Any one of these opens it; empty: no role is asked for.
        restricted: What a restricted data token opens; None: such a token is refused.
        query: The query parameters that it reads; others are ignored.
        headers: The headers that it reads, beside those of its API's gate.
        request: The type of the body; None: it has none.
        response: The type of the success body; None: it has none.
        success: The status of success.
        otherwise: The status and the type of the body of another answer that is no refusal; None: there is none.
        errors: The statuses that it can also answer with.
        summary: One sentence for the OpenAPI document.
    """

    name: str
    method: str
    path: str
    plan: UsagePlan | None = None
    roles: frozenset[str] = frozenset()
    restricted: Restricted | None = None
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    request: Any = None
    response: Any = None
    success: int = 200
    otherwise: tuple[int, Any] | None = None
    errors: tuple[int, ...] = ()
    summary: str
