"""The server's own API document, made from the tables that routing reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from torihiki.kernel.operation import Operation, Parameter
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.pay_problems import PayError

_REF: Final = "#/components/schemas/{name}"
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})

Json = dict[str, Any]


class Error(msgspec.Struct, frozen=True):
    """One refusal."""

    code: str
    message: str | None
    details: str | msgspec.UnsetType = msgspec.UNSET


class Errors(msgspec.Struct, frozen=True):
    """The body of every refusal but those of the token endpoint and of Amazon Pay."""

    errors: list[Error]


class OAuthError(msgspec.Struct, frozen=True):
    """The body of a refusal of the token endpoint."""

    error: str
    error_description: str


def document(operations: Sequence[Operation]) -> Json:
    """The OpenAPI 3.1 document of the operations."""
    types: list[Any] = [Errors, OAuthError, PayError]
    types += [one.request for one in operations if one.request is not None]
    types += [one.response for one in operations if one.response is not None]
    types += [one.otherwise[1] for one in operations if one.otherwise is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = dict(zip(map(id, types), schemas, strict=True))
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, by_type
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Torihiki",
            "version": "1",
            "description": "Amazon's seller APIs as Torihiki serves them, and the operator's own API. The paths of Amazon"
            " Pay, which begin with /v2, can have /live or /sandbox before them.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "accessToken": {"type": "apiKey", "in": "header", "name": "x-amz-access-token"},
                "operator": {"type": "http", "scheme": "bearer"},
                "amazonPay": {
                    "type": "http",
                    "scheme": "AMZN-PAY-RSASSA-PSS-V2",
                    "description": "A signature of the request by a registered key; AMZN-PAY-RSASSA-PSS is good too.",
                },
            },
        },
    }


def _operation(operation: Operation, by_type: dict[int, Json]) -> Json:
    errors = by_type[id(_error_type(operation))]
    made: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [
            *_path_parameters(operation),
            *_parameters(operation.query, "query"),
            *_parameters(operation.headers, "header"),
        ],
        "responses": {
            str(operation.success): _success(operation, by_type),
            **_otherwise(operation, by_type),
            **{str(status): _body("A refusal.", errors) for status in _statuses(operation)},
        },
    }
    if operation.request is not None:
        made["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[id(operation.request)]}},
        }
    security = _security(operation)
    if security:
        made["security"] = [{security: []}]
    return made


def _error_type(operation: Operation) -> type[msgspec.Struct]:
    if operation.path.startswith("/auth/"):
        return OAuthError
    return PayError if operation.path.startswith("/v2/") else Errors


def _statuses(operation: Operation) -> Iterable[int]:
    """The declared refusals, and those that the gates and the reading of a body add."""
    gates = {403} if _security(operation) else set()
    body = {408} if operation.method in _WITH_BODY else set()
    return sorted({*operation.errors, *gates, *body, 400, 500, 503})


def _security(operation: Operation) -> str | None:
    if operation.path.startswith("/-/api/"):
        return "operator"
    if operation.path.startswith("/v2/"):
        return "amazonPay"
    return "accessToken" if operation.plan is not None else None


def _success(operation: Operation, by_type: dict[int, Json]) -> Json:
    if operation.response is None:
        return {"description": operation.summary}
    return _body(operation.summary, by_type[id(operation.response)])


def _otherwise(operation: Operation, by_type: dict[int, Json]) -> Json:
    if operation.otherwise is None:
        return {}
    status, kind = operation.otherwise
    return {str(status): _body(operation.summary, by_type[id(kind)])}


def _body(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _path_parameters(operation: Operation) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _parameters(parameters: Iterable[Parameter], place: str) -> list[Json]:
    return [
        {
            "name": one.name,
            "in": place,
            "required": one.required,
            "description": one.summary,
            "schema": msgspec.json.schema(one.schema),
        }
        for one in parameters
    ]


def bind(operations: Sequence[Operation]) -> dict[str, Handler]:
    """The handler that shows the document; it is made at the first call."""
    made: list[bytes] = []

    async def get_openapi(_: Call) -> Answer:
        if not made:
            made.append(msgspec.json.encode(document(operations)))
        return Answer(made[0])

    return {"getOpenapi": get_openapi}
