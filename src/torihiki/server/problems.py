"""The one table from a refusal to a status and a body, for every API that this server speaks.

Selling Partner bodies are written byte for byte as Amazon's: two-space indent, Gson's HTML-safe escapes, and for
what its gateway refuses an older form with the message first and no details (contract 1.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from torihiki.kernel.problem import Kind, Problem, unavailable
from torihiki.server.call import Answer


class _Row(NamedTuple):
    status: int
    code: str
    error_type: bytes


_TABLE: Final = {
    Kind.INVALID_INPUT: _Row(400, "InvalidInput", b"BadRequestException"),
    Kind.UNAUTHORIZED: _Row(403, "Unauthorized", b"AccessDeniedException"),
    Kind.NOT_FOUND: _Row(404, "ResourceNotFound", b"ResourceNotFoundException"),
    Kind.UNSUPPORTED: _Row(405, "UnsupportedOperation", b"UnsupportedOperationException"),
    Kind.CONFLICT: _Row(409, "Conflict", b"ConflictException"),
    Kind.TIMED_OUT: _Row(408, "RequestTimeout", b"RequestTimeoutException"),
    Kind.TOO_LARGE: _Row(413, "RequestTooLarge", b"RequestTooLargeException"),
    Kind.UNSUPPORTED_MEDIA: _Row(415, "UnsupportedMediaType", b"UnsupportedMediaTypeException"),
    Kind.QUOTA_EXCEEDED: _Row(429, "QuotaExceeded", b"TooManyRequestsException"),
    Kind.UNAVAILABLE: _Row(503, "ServiceUnavailable", b"ServiceUnavailableException"),
}

_ESCAPES: Final = str.maketrans(
    {
        "'": "\\u0027",
        "=": "\\u003d",
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)


def _string(text: str | None) -> str:
    """A JSON string as Gson writes it; None is null."""
    return msgspec.json.encode(text).decode().translate(_ESCAPES)


def _error(code: str, message: str | None, details: str | None) -> str:
    if details is None:
        indent, members = "     ", [("message", message), ("code", code)]
    else:
        indent, members = "      ", [("code", code), ("message", message), ("details", details)]
    lines = ",\n".join(f'{indent}"{name}": {_string(value)}' for name, value in members)
    return f"    {{\n{lines}\n    }}"


def _body(code: str, messages: Sequence[str | None], details: str | None) -> bytes:
    errors = ",\n".join(_error(code, message, details) for message in messages)
    return f'{{\n  "errors": [\n{errors}\n  ]\n}}'.encode()


def render(problem: Problem) -> Answer:
    """The answer to a refusal."""
    status, code, error_type = _TABLE[problem.kind]
    if problem.message is None:
        error_type = b"InvalidQueryStringException"
    return Answer(
        body=_body(problem.code or code, (problem.message, *problem.more), problem.details),
        status=status,
        headers=((b"x-amzn-errortype", error_type),),
    )


INTERNAL_FAILURE: Final = Answer(
    body=_body("InternalFailure", ("We encountered an internal error. Please try again.",), ""),
    status=500,
    headers=((b"x-amzn-errortype", b"InternalFailure"),),
)
"""The answer to anything that nobody expected (contract 1.9 row 16); what it was is in the log only."""

UNAVAILABLE: Final = render(unavailable())
