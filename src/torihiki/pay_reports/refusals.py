"""The refusals of Amazon Pay: a reason code and a sentence (contract 3.1, 3.2). Where its sentence is unknown it is ours."""

from __future__ import annotations

import re
from typing import Final

from torihiki.kernel.problem import Kind, Problem

_SHOWABLE: Final = re.compile(r"[\w.\-]{1,64}", re.ASCII)
"""Names that a message repeats; the caller chose them."""


def _refusal(code: str, message: str) -> Problem:
    return Problem(Kind.INVALID_INPUT, message, code=code)


def invalid_value(name: str) -> Problem:
    """A 400 for a value; the sentence is Amazon's."""
    return _refusal("InvalidParameterValue", f"The value provided for {name} is invalid.")


def schedule_exists(schedule_id: str) -> Problem:
    """A 400 for a second schedule of a type (contract 4.6)."""
    return _refusal(
        "InvalidParameterValue",
        f"The value provided for reportType is invalid. It has the schedule {schedule_id} already.",
    )


def missing_value(name: str) -> Problem:
    """A 400 for a member of the body that is not there, null or empty."""
    return _refusal("MissingParameterValue", f"The value for {name} is missing.")


def unrecognized_field(name: str) -> Problem:
    """A 400 for a member of the body that the operation does not have."""
    shown = f" {name}" if _SHOWABLE.fullmatch(name) else ""
    return _refusal("UnrecognizedField", f"The request has an unrecognized field{shown}.")


def invalid_format() -> Problem:
    """A 400 for a body that is no JSON object."""
    return _refusal("InvalidRequestFormat", "The body of the request is not a valid JSON object.")


def invalid_request() -> Problem:
    """A 400 for a query string that cannot be read."""
    return _refusal("InvalidRequest", "The request is invalid.")


def token_not_alone() -> Problem:
    """A 400 for a nextToken beside another parameter (R-7)."""
    return _refusal(
        "InvalidParameterCombination", "nextToken cannot be combined with other parameters."
    )


def not_found() -> Problem:
    """A 404 for anything that this merchant does not have in this environment."""
    return Problem(Kind.NOT_FOUND, "The requested resource was not found.", code="ResourceNotFound")
