"""The rules of the headers that every Amazon Pay request bears (contract 1.6, 2.7, 3.4)."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from torihiki.auth.pay.model import DateLimits, PayClaim, Region
from torihiki.auth.pay.refusals import (
    date_in_future,
    date_too_old,
    invalid_header_value,
    invalid_request,
    missing_header,
    missing_header_value,
)
from torihiki.kernel.instant import Instant

HEADERS_MAX: Final = 100
HEADERS_MAX_BYTES: Final = 16_384
REQUIRED: Final = (b"authorization", b"x-amz-pay-date", b"x-amz-pay-host", b"x-amz-pay-region")
"""In the order in which they are missed (contract 1.6)."""

REGIONS: Final[dict[str, Region]] = {
    "na": "na", "us": "na", "eu": "eu", "de": "eu", "uk": "eu", "jp": "jp",
}  # fmt: skip
"""The regions and their aliases (contract 1.1)."""

_DATE: Final = "x-amz-pay-date"
_IDEMPOTENCY_KEY: Final = "x-amz-pay-idempotency-key"
# Compact, or as Node's SDK writes it.
_TIME: Final = re.compile(
    r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})T([0-9]{2})(:?)([0-9]{2})\6([0-9]{2})Z"
)
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_KEY: Final = re.compile(rb"[A-Za-z0-9_-]{1,36}")
_STRICT_KEY: Final = re.compile(rb"[A-Za-z0-9_-]{1,32}")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def by_name(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Trimmed values by lower-case name; the values of a repeated header are joined by commas.

    Raises:
        Problem: They are too many or too long, or one has a line break (400 InvalidRequest).
    """
    if len(headers) > HEADERS_MAX:
        raise invalid_request(f"The request has more than {HEADERS_MAX} headers.")
    whole = b"".join([part for header in headers for part in header])
    if len(whole) > HEADERS_MAX_BYTES:
        raise invalid_request(f"The headers are longer than {HEADERS_MAX_BYTES} bytes.")
    # What is signed has a line for each header; an HTTP parser lets none through.
    if b"\n" in whole:
        raise invalid_request("A header of the request has a line break.")
    found = {name.lower(): value.strip(b" \t") for name, value in headers}
    if len(found) < len(headers):
        repeated: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            repeated.setdefault(name.lower(), []).append(value.strip(b" \t"))
        found = {name: b",".join(values) for name, values in repeated.items()}
    return found


def required(headers: Mapping[bytes, bytes]) -> tuple[bytes, bytes, bytes, bytes]:
    """The values of the required headers, in their order.

    Raises:
        Problem: One is missing or empty (400 MissingHeader, MissingHeaderValue); the message names the first such.
    """
    values = []
    for name in REQUIRED:
        value = headers.get(name)
        if value is None:
            raise missing_header(name.decode())
        if not value:
            raise missing_header_value(name.decode())
        values.append(value)
    authorization, date, host, region = values
    return authorization, date, host, region


def check_date(
    value: bytes, now: Instant, limits: DateLimits, *, also: Instant | None = None
) -> None:
    """Lets through a date near enough to `now` or to `also`, in either of its two forms.

    Raises:
        Problem: It cannot be read, or is too far away (400 InvalidHeaderValue): the message goes by `now`.
    """
    text = value.decode("latin-1")
    date = _instant(text)
    if also is not None and also - limits.past <= date <= also + limits.future:
        return
    if date > now + limits.future:
        raise date_in_future(text)
    if date < now - limits.past:
        raise date_too_old(text, limits.past.total("seconds"))


def check_host(value: bytes) -> None:
    """Lets through any host with or without a port: this server has no name of its own.

    Raises:
        Problem: It is no host (400 InvalidHeaderValue).
    """
    if not _HOST.fullmatch(value):
        raise invalid_header_value("x-amz-pay-host")


def region_of(value: bytes) -> Region:
    """The region of a name in any case.

    Raises:
        Problem: There is no such region (400 InvalidHeaderValue).
    """
    region = REGIONS.get(value.decode("latin-1").lower())
    if region is None:
        raise invalid_header_value("x-amz-pay-region")
    return region


def check_content_type(method: str, value: bytes | None) -> None:
    """Lets through JSON, with or without parameters, and anything where no body is read.

    No content type is good too: what comes is read as JSON, as Amazon's own examples leave the header out.

    Raises:
        Problem: The body of a POST, PUT or PATCH is said to be something else (400 InvalidHeaderValue).
    """
    if not value or method not in _WITH_BODY:
        return
    if value.partition(b";")[0].rstrip(b" \t").lower() != b"application/json":
        raise invalid_header_value("content-type", "It is not application/json.")


def idempotency_key(claim: PayClaim, *, strict: bool = False) -> str | None:
    """The idempotency key of a POST; None: it has none, or the request is no POST, where it has no effect.

    Args:
        claim: The request.
        strict: As Amazon's guide has it: required, and at most 32 characters. Else optional and up to 36, because
            Amazon's examples send none or a UUID (contract 3.4).

    Raises:
        Problem: It is missing (400 MissingHeader), empty (400 MissingHeaderValue) or malformed (400 InvalidHeaderValue).
    """
    if claim.request.method != "POST":
        return None
    value = claim.headers.get(_IDEMPOTENCY_KEY.encode())
    if value is None:
        if strict:
            raise missing_header(_IDEMPOTENCY_KEY)
        return None
    if not value:
        raise missing_header_value(_IDEMPOTENCY_KEY)
    if not (_STRICT_KEY if strict else _KEY).fullmatch(value):
        raise invalid_header_value(_IDEMPOTENCY_KEY)
    return value.decode()


@functools.lru_cache(maxsize=256)
def _instant(text: str) -> Instant:
    """Kept for a while: the requests of a second name the same one."""
    found = _TIME.fullmatch(text)
    # Dashes and colons stand together or not at all.
    if found is None or bool(found[2]) != bool(found[6]):
        raise invalid_header_value(_DATE)
    year, month, day, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 7, 8))
    try:
        return Instant.from_utc(year, month, day, hour, minute, second)
    except ValueError as error:
        raise invalid_header_value(_DATE) from error
