"""The date forms of contract 1.3 (O-4)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.dates import parse_date
from torihiki.kernel.instant import Instant, micros

ACCEPTED = {
    "2024-01-19T03:58:30Z": "2024-01-19T03:58:30Z",
    "2024-01-19t03:58:30z": "2024-01-19T03:58:30Z",
    "2024-01-19T03:58:30.1Z": "2024-01-19T03:58:30.1Z",
    "2024-01-19T03:58:30.1234567Z": "2024-01-19T03:58:30.1234567Z",
    "2024-01-19T03:58:30.123456789Z": "2024-01-19T03:58:30.123456789Z",
    "2024-01-19T03:58Z": "2024-01-19T03:58:00Z",
    "2024-01-19T12:58:30+09:00": "2024-01-19T03:58:30Z",
    "2024-01-19T12:58:30+0900": "2024-01-19T03:58:30Z",
    "2024-01-18T23:58:30-04:00": "2024-01-19T03:58:30Z",
    "2024-01-18T20:58:30-07": "2024-01-19T03:58:30Z",
    "2024-01-19T03:58:30-00:00": "2024-01-19T03:58:30Z",
    "2023-01-31T15:40:55": "2023-01-31T15:40:55Z",
    "2023-01-31T15:40:55.5": "2023-01-31T15:40:55.5Z",
    "2020-10-10": "2020-10-10T00:00:00Z",
    "2024-02-29": "2024-02-29T00:00:00Z",
    "20240119T035830Z": "2024-01-19T03:58:30Z",
    "0001-01-01": "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z": "9999-12-31T23:59:59Z",
}

REFUSED = (
    "",
    " ",
    "null",
    "None",
    "undefined",
    "yesterday",
    "0",
    "1705636710",
    "2023-02-29",
    "2024-02-30",
    "2024-13-01",
    "2024-00-10",
    "0000-01-01",
    "2024-1-1",
    "2024-01",
    "2024",
    "20240119",
    "2024-W01-1",
    "2024-019",
    "+002024-01-19",
    "-2024-01-19",
    "2024-01-19Z",
    "2024-01-19T",
    "2024-01-19T03",
    "2024-01-19T03:58:30.Z",
    "2024-01-19T03:58:30,5Z",
    "2024-01-19T03:58:30.1234567890Z",
    "2024-01-19T24:00:00Z",
    "2024-01-19T03:60:00Z",
    "2024-01-19T03:58:61Z",
    "2024-01-19 03:58:30Z",
    "2024-01-19T12:58:30 09:00",
    "2024-01-19T12:58:30+9",
    "2024-01-19T12:58:30+24:00",
    "2024-01-19T12:58:30+09:60",
    "2024-01-19T12:58:30+09:00:00",
    "2024-01-19T12:58:30+09:00[Asia/Tokyo]",
    "2024-01-19T12:58:30\u221204:00",
    "2024-01-19T03:58:30ZZ",
    "2024-01-19T03:58:30Z\n",
    " 2024-01-19",
    "2024-01-19 ",
    "\uff12\uff10\uff12\uff14-01-19",
    "\u0662\u0660\u0662\u0664-01-19",
    "9999-12-31T23:59:59-00:01",
    "0001-01-01T00:00:00+00:01",
    "2024-01-19T03:58:30Z;DROP TABLE orders",
    "2024-01-19\x00",
)


@pytest.mark.parametrize(("text", "expected"), ACCEPTED.items())
def test_form_of_the_contract_is_read(text: str, expected: str) -> None:
    assert parse_date(text) == Instant.parse_iso(expected)


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_no_date(text: str) -> None:
    assert parse_date(text) is None


OFFSETS = st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59)
MOMENTS = st.datetimes(
    min_value=dt.datetime.fromisoformat("0002-01-01"),
    max_value=dt.datetime.fromisoformat("9998-12-31"),
)


def _zone(minutes: int, separator: str) -> str:
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"{sign}{hours:02}{separator}{rest:02}"


@given(MOMENTS, OFFSETS, st.sampled_from([":", ""]))
def test_time_with_an_offset_is_the_same_instant_as_in_datetime(
    moment: dt.datetime, minutes: int, separator: str
) -> None:
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    expected = moment.replace(tzinfo=zone)
    text = moment.isoformat(timespec="microseconds") + _zone(minutes, separator)
    parsed = parse_date(text)
    assert parsed is not None
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert micros(parsed) == (expected - epoch) // dt.timedelta(microseconds=1)


@given(MOMENTS, st.sampled_from(["seconds", "milliseconds", "microseconds"]))
def test_zone_left_out_means_utc(moment: dt.datetime, precision: str) -> None:
    text = moment.isoformat(timespec=precision)
    assert parse_date(text) == parse_date(f"{text}Z") == parse_date(f"{text}+00:00")
    assert parse_date(text) is not None


@given(st.dates())
def test_day_alone_is_its_midnight(day: dt.date) -> None:
    assert parse_date(day.isoformat()) == Instant.from_utc(day.year, day.month, day.day)


@given(st.from_regex(r"\d{4}-\d\d-\d\d", fullmatch=True))
def test_day_that_is_not_in_the_calendar_is_refused(text: str) -> None:
    try:
        expected: dt.date | None = dt.date.fromisoformat(text)
    except ValueError:
        expected = None
    assert (parse_date(text) is None) is (expected is None)


@given(st.text(max_size=40) | st.text("0123456789-:TZ+. ", max_size=40))
def test_no_text_at_all_makes_it_fail(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is None or isinstance(parsed, Instant)
