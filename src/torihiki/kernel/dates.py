"""Reads dates in the forms that Amazon takes (contract 1.3)."""

from __future__ import annotations

import re
from typing import Final

from whenever import Date, PlainDateTime, Time

from torihiki.kernel.instant import Instant

_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)([Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_BASIC: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z)", re.ASCII)


def parse_date(text: str) -> Instant | None:
    """A date with a zone, without (then UTC), or the day alone; None: it is neither."""
    if match := _BASIC.fullmatch(text):
        year, month, day, hour, minute, second, zone = match.groups()
        text = f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    day, time, zone = match.groups()
    try:
        if time is None:
            return Date.parse_iso(day).at(Time.MIDNIGHT).assume_utc()
        if zone is None:
            return PlainDateTime.parse_iso(f"{day}T{time}").assume_utc()
        return Instant.parse_iso(f"{day}T{time}{zone.upper()}")
    except ValueError:
        return None
