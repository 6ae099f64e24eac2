"""Amazon Pay's refusals of a caller: a reason code and a message; where Amazon's text is not known it is ours (contract 2.8, 3)."""

from __future__ import annotations

from torihiki.kernel.problem import Kind, Problem


def _refused(kind: Kind, reason_code: str, message: str) -> Problem:
    return Problem(kind, message, code=reason_code)


def invalid_request(message: str) -> Problem:
    """A 400 for a request that has the wrong shape as a whole."""
    return _refused(Kind.INVALID_INPUT, "InvalidRequest", message)


def invalid_api_version(version: str) -> Problem:
    """A 400 for any version but v2."""
    return _refused(
        Kind.INVALID_INPUT, "InvalidAPIVersion", f"There is no API version {version} here."
    )


def missing_header(name: str) -> Problem:
    """A 400 for a header that is not there."""
    return _refused(Kind.INVALID_INPUT, "MissingHeader", f"The header {name} is missing.")


def missing_header_value(name: str) -> Problem:
    """A 400 for a header that is there and empty."""
    return _refused(Kind.INVALID_INPUT, "MissingHeaderValue", f"The header {name} has no value.")


def invalid_header_value(name: str, why: str = "") -> Problem:
    """A 400 in the words that Amazon has for parameters; `why` is a sentence of ours."""
    message = f"The value provided for {name} is invalid."
    return _refused(Kind.INVALID_INPUT, "InvalidHeaderValue", f"{message} {why}".rstrip())


def date_in_future(value: str) -> Problem:
    """A 400 in the words that developers saw (contract 2.7)."""
    return _refused(
        Kind.INVALID_INPUT,
        "InvalidHeaderValue",
        f"The value {value} provided for x-amz-pay-date should not be in future",
    )


def date_too_old(value: str, seconds: float) -> Problem:
    """A 400 after the same pattern."""
    return _refused(
        Kind.INVALID_INPUT,
        "InvalidHeaderValue",
        f"The value {value} provided for x-amz-pay-date should not be more than {seconds:g}"
        " seconds in the past",
    )


def not_found() -> Problem:
    """A 404 for a path that is none of the API's."""
    return _refused(Kind.NOT_FOUND, "ResourceNotFound", "There is no such resource.")


def invalid_authentication(message: str) -> Problem:
    """A 403 for a key that opens nothing here."""
    return _refused(Kind.UNAUTHORIZED, "InvalidAuthentication", message)


def invalid_request_signature(string_to_sign: str) -> Problem:
    """A 403 whose text begins as developers saw it.

    Args:
        string_to_sign: What the signature should have been of. It is the algorithm and a hash of what the caller sent.
    """
    return _refused(
        Kind.UNAUTHORIZED,
        "InvalidRequestSignature",
        f"Unable to verify signature, signing String [{string_to_sign}]",
    )


def invalid_authorization_token() -> Problem:
    """A 403 for a token of a merchant on whose behalf somebody else calls; none is ever given out here."""
    return _refused(
        Kind.UNAUTHORIZED,
        "InvalidAuthorizationToken",
        "The value provided for x-amz-pay-authtoken is no authorization token.",
    )
