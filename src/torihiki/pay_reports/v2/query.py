"""What the query strings of the reads ask for, in every form that Amazon's SDKs write them (contract 1.5, 4.3).

Names that Amazon does not know are ignored, but beside a nextToken (R-7), and an empty value counts as left out.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import unquote_to_bytes

from whenever import PlainDateTime

from torihiki.kernel.instant import Instant
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import (
    DisbursementQuery,
    ProcessingStatus,
    ReportQuery,
    ReportType,
)
from torihiki.pay_reports.refusals import invalid_request, invalid_value, token_not_alone

Given = Mapping[str, list[str]]

REPORTS: Final = frozenset(
    {
        "reportTypes", "processingStatuses", "createdSince", "createdUntil", "pageSize", "nextToken",
    }
)  # fmt: skip
SCHEDULES: Final = frozenset({"reportTypes"})
NEW_SCHEDULE: Final = frozenset({"deleteExistingSchedule"})
DISBURSEMENTS: Final = frozenset({"startTime", "endTime", "pageSize", "nextToken"})
"""The parameters that each operation reads."""

_LISTS: Final = frozenset({"reportTypes", "processingStatuses"})
_NUMBERED: Final = re.compile(r"([A-Za-z]+)\.[0-9]{1,3}", re.ASCII)
"""How one SDK names the members of a list: `reportTypes.1`."""
_PAGE_SIZE: Final = re.compile(r"[0-9]{1,3}", re.ASCII)

_DATE: Final = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)[Tt](\d\d)([:-]?)(\d\d)\6(\d\d)(?:[.,](\d{1,9})\d*)?([Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
"""Compact, extended, and with dashes in the time, as older pages of Amazon's guide have it."""

Choice = TypeVar("Choice", bound=enum.StrEnum)


def parse_date(text: str) -> Instant | None:
    """The whole second of a date and time in any form of contract 4.3, UTC where no zone is named; None: it is none."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, _, month, day, hour, _, minute, second, _, zone = match.groups()
    local = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    try:
        if zone is None:
            return PlainDateTime.parse_iso(local).assume_utc()
        return Instant.parse_iso(local + zone.upper())
    except ValueError:
        return None


def parse_get_reports(query: bytes, now: Instant) -> ReportQuery | str:
    """Which reports are wanted, or the nextToken that stands for it (R-6, R-7).

    Raises:
        Problem: A value is none of its kind; the upper bound lies before the lower one; a nextToken is not alone.
    """
    given = _given(query, REPORTS)
    if token := _token(given, query):
        return token
    oldest = rules.oldest_kept(now)
    since = _date(given, "createdSince")
    until = _date(given, "createdUntil")
    _check_order(since, until, "createdUntil")
    return ReportQuery(
        report_types=_choices(given, "reportTypes", ReportType),
        statuses=_choices(given, "processingStatuses", ProcessingStatus),
        since=max(since or oldest, oldest),
        until=until or rules.whole_second(now),
        page_size=_page_size(given),
    )


def parse_get_report_schedules(query: bytes) -> frozenset[ReportType]:
    """Schedules of which report types are wanted; empty: of all (R-11).

    Raises:
        Problem: There is no such report type.
    """
    return _choices(_given(query, SCHEDULES), "reportTypes", ReportType)


def parse_get_disbursements(query: bytes, now: Instant) -> DisbursementQuery | str:
    """Which payouts are wanted, or the nextToken that stands for it (contract 4.13); the defaults are those of reports.

    Raises:
        Problem: As for `parse_get_reports`.
    """
    given = _given(query, DISBURSEMENTS)
    if token := _token(given, query):
        return token
    since = _date(given, "startTime")
    until = _date(given, "endTime")
    _check_order(since, until, "endTime")
    return DisbursementQuery(
        since=max(since or rules.oldest_kept(now), Instant.from_timestamp(0)),
        until=until or rules.whole_second(now),
        page_size=_page_size(given),
    )


def parse_delete_existing(query: bytes) -> bool | None:
    """`deleteExistingSchedule` of the query; None: it is not there, and the body decides (contract 4.6).

    Raises:
        Problem: It is neither true nor false.
    """
    text = _single(_given(query, NEW_SCHEDULE), "deleteExistingSchedule")
    if text is None:
        return None
    flag = parse_flag(text)
    if flag is None:
        raise invalid_value("deleteExistingSchedule")
    return flag


def parse_flag(text: str) -> bool | None:
    """True or false in any case; None: neither."""
    return {"true": True, "false": False}.get(text.lower())


def _given(query: bytes, known: frozenset[str]) -> Given:
    """The values of each known parameter that are not empty, decoded, in order.

    Raises:
        Problem: A known parameter's value is not UTF-8.
    """
    found: dict[str, list[str]] = {}
    for part in query.split(b"&"):
        raw_name, _, raw_value = part.partition(b"=")
        # A plus stays a plus: one SDK sends the offset of a date bare. In lists it is read as a space.
        name = unquote_to_bytes(raw_name).decode("utf-8", "replace")
        if match := _NUMBERED.fullmatch(name):
            name = match[1] if match[1] in _LISTS else name
        if name not in known or not raw_value:
            continue
        try:
            found.setdefault(name, []).append(unquote_to_bytes(raw_value).decode())
        except UnicodeDecodeError as error:
            raise invalid_request() from error
    return found


def _token(given: Given, query: bytes) -> str | None:
    token = _single(given, "nextToken")
    if token is None:
        return None
    # Any other with a value, also one that is not known: who sends it expects that it has an effect.
    parts = [part for part in query.split(b"&") if part.partition(b"=")[2]]
    if len(parts) > 1:
        raise token_not_alone()
    return token


def _single(given: Given, name: str) -> str | None:
    values = given.get(name)
    if values is None:
        return None
    if len(values) > 1:
        raise invalid_value(name)
    return values[0]


def _choices(given: Given, name: str, kind: type[Choice]) -> frozenset[Choice]:
    items = {
        item.strip() for value in given.get(name, ()) for item in value.replace("+", " ").split(",")
    }
    try:
        return frozenset(kind(item) for item in items if item)
    except ValueError as error:
        raise invalid_value(name) from error


def _date(given: Given, name: str) -> Instant | None:
    text = _single(given, name)
    if text is None:
        return None
    parsed = parse_date(text)
    if parsed is None:
        raise invalid_value(name)
    return parsed


def _check_order(since: Instant | None, until: Instant | None, name: str) -> None:
    if since is not None and until is not None and until < since:
        raise invalid_value(name)


def _page_size(given: Given) -> int:
    text = _single(given, "pageSize")
    if text is None:
        return rules.PAGE_SIZE_DEFAULT
    if not _PAGE_SIZE.fullmatch(text) or not 1 <= int(text) <= rules.PAGE_SIZE_MAX:
        raise invalid_value("pageSize")
    return int(text)
