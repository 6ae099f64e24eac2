"""Amazon Pay's refusals over HTTP: every one is a reason code and a message (contract 3.1, 3.2; R-16)."""

from __future__ import annotations

from typing import Final

import msgspec

from torihiki.kernel.problem import Kind, Problem
from torihiki.server.call import BODY_MAX_BYTES, Answer

REQUEST_ID: Final = b"x-amz-pay-request-id"
"""On every answer, refusals too: there are clients that fail without it (contract 1.7)."""

_TABLE: Final = {
    Kind.INVALID_INPUT: (400, "InvalidRequest"),
    Kind.UNAUTHORIZED: (403, "InvalidAuthentication"),
    Kind.NOT_FOUND: (404, "ResourceNotFound"),
    Kind.UNSUPPORTED: (405, "UnsupportedOperation"),
    # Amazon's general table has it, the operations do not declare it (contract 3.2).
    Kind.TIMED_OUT: (408, "RequestTimeout"),
    # The operations declare neither 409 nor 413 nor 415.
    Kind.CONFLICT: (400, "InvalidRequest"),
    Kind.TOO_LARGE: (400, "InvalidRequest"),
    Kind.UNSUPPORTED_MEDIA: (400, "InvalidHeaderValue"),
    Kind.QUOTA_EXCEEDED: (429, "TooManyRequests"),
    Kind.UNAVAILABLE: (503, "ServiceUnavailable"),
}


class PayError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of every refusal."""

    reason_code: str
    message: str


def refusal(problem: Problem | None, _: str = "") -> Answer:
    """The answer to a problem; None: nobody expected it, and what it was is in the log only."""
    if problem is None:
        error = PayError(reason_code="InternalServerError", message="There was an internal error.")
        return Answer(msgspec.json.encode(error), 500)
    status, reason_code = _TABLE[problem.kind]
    error = PayError(reason_code=problem.code or reason_code, message=problem.message or "")
    return Answer(msgspec.json.encode(error), status)


def unsupported_operation(method: str) -> Problem:
    """A 405 for a method that a resource does not have."""
    return Problem(Kind.UNSUPPORTED, f"The resource does not support the method {method}.")


def duplicate_idempotency_key() -> Problem:
    """A 400 for a key that was used for another request (contract 3.4)."""
    return Problem(
        Kind.INVALID_INPUT,
        "The value provided for x-amz-pay-idempotency-key was used with another request.",
        code="DuplicateIdempotencyKey",
    )


def body_too_large() -> Problem:
    """A 400 for a body that is not read to its end."""
    return Problem(Kind.TOO_LARGE, f"The request body is larger than {BODY_MAX_BYTES} bytes.")
