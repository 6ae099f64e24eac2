"""Instants, their integer form and their form on the wire (contract 1.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant, from_micros, micros, wire_time

YEAR_1 = -62_135_596_800_000_000
YEAR_9999 = 253_402_300_799_999_999


@given(st.integers(min_value=YEAR_1, max_value=YEAR_9999))
def test_microseconds_survive_the_way_into_the_database_and_back(value: int) -> None:
    assert micros(from_micros(value)) == value


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("2024-04-23T05:54:50Z", "2024-04-23T05:54:50Z"),
        ("2019-05-07T15:42:57.058Z", "2019-05-07T15:42:57Z"),
        ("2019-05-07T15:42:57.9999999Z", "2019-05-07T15:42:57Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_sent_in_whole_seconds_with_z(text: str, sent: str) -> None:
    assert wire_time(Instant.parse_iso(text)) == sent
