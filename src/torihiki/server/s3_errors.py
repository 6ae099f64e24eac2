"""S3's refusals: the XML documents that clients of signed URLs know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from torihiki.kernel.problem import Kind, Problem
from torihiki.server.call import Answer

MEDIA: Final = b"application/xml"
HOST_ID: Final = "torihiki"
"""S3 names the machine that answered; here it is always the same."""

STATUSES: Final = {
    "AccessDenied": 403,
    "AuthorizationQueryParametersError": 400,
    "EntityTooLarge": 400,
    "IncompleteBody": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "MethodNotAllowed": 405,
    "NoSuchKey": 404,
    "PreconditionFailed": 412,
    "RequestTimeout": 400,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
}

_CODES: Final = {
    Kind.TIMED_OUT: "RequestTimeout",
    Kind.UNAVAILABLE: "ServiceUnavailable",
}
"""Of the problems that are not about the request."""

Pairs = Sequence[tuple[str, str]]


def request_headers(request_id: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that S3 sends with every answer."""
    return ((b"x-amz-request-id", request_id.encode()), (b"x-amz-id-2", HOST_ID.encode()))


def refused(
    code: str,
    message: str,
    request_id: str,
    details: Pairs = (),
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    """The answer with that code and text; `details` are further members, in order."""
    members = (
        ("Code", code),
        ("Message", message),
        *details,
        ("RequestId", request_id),
        ("HostId", HOST_ID),
    )
    written = "".join(f"<{name}>{_text(text)}</{name}>" for name, text in members)
    return Answer(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{written}</Error>'.encode(),
        STATUSES[code],
        (*request_headers(request_id), *headers),
        MEDIA,
        problem=code,
    )


def refusal(problem: Problem | None, request_id: str) -> Answer:
    """The answer to what the handlers did not answer themselves; None: nobody expected it."""
    if problem is None:
        text = "We encountered an internal error. Please try again."
        return refused("InternalError", text, request_id)
    code = _CODES.get(problem.kind, "InvalidRequest")
    return refused(code, problem.details or problem.message or "", request_id)


def _text(text: str) -> str:
    """Text of an element; what XML cannot hold is replaced."""
    printable = "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)
    return escape(printable)
