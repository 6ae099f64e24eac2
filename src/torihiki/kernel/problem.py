"""The errors that a caller is told about.

A `Problem` says what went wrong in the words of Amazon's API. It knows no HTTP: `server/problems.py` holds the one table
from a `Kind` to a status and a body. Every other exception is an internal failure, whose text never reaches a caller.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence


class Kind(enum.Enum):
    """What sort of refusal it is."""

    INVALID_INPUT = enum.auto()
    """The caller must change the request."""
    UNAUTHORIZED = enum.auto()
    """No token, a bad token, or a token that does not open this."""
    NOT_FOUND = enum.auto()
    """The resource is not there."""
    UNSUPPORTED = enum.auto()
    """The resource is there and does not do this."""
    CONFLICT = enum.auto()
    """The resource is there already, or in a state that forbids the change."""
    TIMED_OUT = enum.auto()
    """The body did not come in time."""
    TOO_LARGE = enum.auto()
    """The body is over the limit."""
    UNSUPPORTED_MEDIA = enum.auto()
    """The body's type is not one that is read here."""
    QUOTA_EXCEEDED = enum.auto()
    """The usage plan has no token left."""
    UNAVAILABLE = enum.auto()
    """The database cannot be reached or written now."""


class Problem(Exception):
    """A refusal with Amazon's words.

    Args:
        kind: Decides status and code.
        message: The wire constant; None is sent as JSON null (contract 1.9 row 6).
        details: Sent as it is; `None` chooses the gateway's older body, which has no such member (contract 1.8).
        more: Messages of further errors of the same kind, in order; each has the same details.
        code: Replaces the kind's own code, where an operation has another.
    """

    def __init__(
        self,
        kind: Kind,
        message: str | None,
        details: str | None = "",
        *,
        more: Sequence[str] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.details = details
        self.more = tuple(more)
        self.code = code


GENERIC_INVALID = (
    "The input you have submitted is not valid. Please check your input and try again."
)
"""Amazon's text for every failure that has no text of its own (contract 1.9 row 3)."""

DENIED = "Access to requested resource is denied."
"""The message of every 403 (contract 1.9 rows 9 to 13)."""


def invalid_input(message: str | None = GENERIC_INVALID, details: str | None = "") -> Problem:
    """A 400 InvalidInput."""
    return Problem(Kind.INVALID_INPUT, message, details)


def invalid_inputs(messages: Sequence[str]) -> Problem:
    """A 400 with an error for each of the messages, of which there is at least one, in order."""
    first, *more = messages
    return Problem(Kind.INVALID_INPUT, first, more=more)


def undecodable_token() -> Problem:
    """The refusal of a NextToken that was not given out for this (contract 1.9 row 7)."""
    return invalid_input(
        "We could not decode your NextToken. Possible reasons include: a transmission error, improper quoting or a "
        "truncation problem."
    )


def no_resource() -> Problem:
    """A 404 (contract 1.9 row 19)."""
    return Problem(Kind.NOT_FOUND, "Cannot find resource by the given URI")


def unauthorized(details: str = "") -> Problem:
    """A 403 Unauthorized; `details` tells the cases apart."""
    return Problem(Kind.UNAUTHORIZED, DENIED, details)


def quota_exceeded() -> Problem:
    """A 429 QuotaExceeded (contract 1.9 row 15)."""
    return Problem(Kind.QUOTA_EXCEEDED, "You exceeded your quota for the requested resource.")


def timed_out() -> Problem:
    """A 408: the rest of the body is not waited for any more, so the connection is closed with the answer."""
    return Problem(Kind.TIMED_OUT, "The request body was not sent in time.")


def unavailable() -> Problem:
    """A 503: nothing was done, and the same request may succeed later."""
    return Problem(
        Kind.UNAVAILABLE, "The service is temporarily unavailable. Please try again later."
    )
