"""Which reports schedules make (R-14, contract 4.7): whatever sleeps and whatever fails, each time is told once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import Report, ReportSchedule, ReportType, ScheduleFrequency
from torihiki.pay_reports.rules import span
from torihiki.pay_reports.schedules import LENGTHS, Due, due, first_due

START = Instant.from_utc(2026, 1, 1)
YEAR = TimeDelta(hours=365 * 24)
SECOND = TimeDelta(seconds=1)
SEED = {
    "PT5M", "PT15M", "PT30M", "PT1H", "PT2H", "PT4H", "PT8H", "PT12H", "PT84H", "P1D", "P2D", "P3D", "P7D", "P14D",
    "P15D", "P18D", "P30D",
}  # fmt: skip

frequencies = st.sampled_from(ScheduleFrequency)
gaps = st.lists(
    st.integers(1, 300) | st.integers(1, 86_400) | st.integers(1, 40 * 86_400),
    min_size=1,
    max_size=60,
)


def planned(frequency: ScheduleFrequency, first: Instant) -> ReportSchedule:
    return ReportSchedule(
        report_schedule_id="68973459224",
        report_type=ReportType.REFUND,
        frequency=frequency,
        next_report_creation_time=first,
    )


def run(schedule: ReportSchedule, wakings: Iterable[Instant]) -> tuple[list[Due], ReportSchedule]:
    """What is made when somebody looks at these times, twice each."""
    made = []
    for now in wakings:
        for _ in range(2):
            owed = due(schedule, now)
            if owed is not None:
                made.append(owed)
                schedule = msgspec.structs.replace(
                    schedule, next_report_creation_time=owed.following
                )
    return made, schedule


def woken(first: Instant, seconds: Iterable[int]) -> list[Instant]:
    times = itertools.accumulate(seconds)
    return [first + TimeDelta(seconds=second) for second in times]


def test_there_are_the_seventeen_frequencies_and_one_alias() -> None:
    """R-14"""
    assert set(ScheduleFrequency) - SEED == {"PT24H"}
    assert set(ScheduleFrequency) > SEED
    assert LENGTHS[ScheduleFrequency.PT24H] == LENGTHS[ScheduleFrequency.P1D]
    assert set(LENGTHS) == set(ScheduleFrequency)


@pytest.mark.parametrize("frequency", ScheduleFrequency)
def test_a_year_without_downtime_has_a_report_for_every_point_of_the_grid(
    frequency: ScheduleFrequency,
) -> None:
    """R-14"""
    length = LENGTHS[frequency]
    first = START + TimeDelta(minutes=7)
    step = min(length, TimeDelta(hours=1))
    wakings = [first + number * step for number in range(YEAR // step)]
    made, _ = run(planned(frequency, first), wakings)
    points = [first + number * length for number in range(-(-YEAR // length))]
    assert [one.at for one in made] == points
    assert [(one.start, one.before) for one in made] == [(at - length, at) for at in points]


@settings(max_examples=300)
@given(frequencies, st.integers(0, 40 * 86_400), gaps)
def test_any_downtimes_leave_no_gap_no_overlap_and_no_second_report(
    frequency: ScheduleFrequency, until_first: int, seconds: list[int]
) -> None:
    """R-14"""
    length = LENGTHS[frequency]
    first = START + TimeDelta(seconds=until_first)
    wakings = woken(START, seconds)
    made, schedule = run(planned(frequency, first), wakings)
    # The points of the grid that had passed when somebody looked, one report for the last of each time.
    expected = {first + (now - first) // length * length for now in wakings if now >= first}
    assert [one.at for one in made] == sorted(expected)
    for one in made:
        assert one.start < one.before == one.at == one.following - length
    for before, behind in itertools.pairwise(made):
        assert before.before == behind.start
    if made:
        assert made[0].start == first - length
        assert schedule.next_report_creation_time == made[-1].at + length
    else:
        assert schedule.next_report_creation_time == first
    assert wakings[-1] < schedule.next_report_creation_time


@given(frequencies, gaps, st.lists(st.integers(0, 80 * 86_400), max_size=50))
def test_each_transaction_is_in_one_scheduled_report_whatever_was_missed(
    frequency: ScheduleFrequency, seconds: list[int], transactions: list[int]
) -> None:
    """R-9, R-14: by the seconds that the reports show, both included."""
    made, _ = run(planned(frequency, START), woken(START, seconds))
    spans = [span(shown(one)) for one in made]
    for second in transactions:
        at = START + TimeDelta(seconds=second) + TimeDelta(microseconds=999_999)
        covered = bool(made) and at < made[-1].before
        assert sum(start <= at < before for start, before in spans) == covered


def shown(one: Due) -> Report:
    return Report(
        report_id="A",
        report_type=ReportType.REFUND,
        start_time=one.start,
        end_time=one.end_time,
        created_time=one.at,
    )


def test_one_report_catches_up_after_a_downtime_and_then_the_grid_goes_on() -> None:
    """R-14"""
    at = Instant.parse_iso
    schedule = planned(ScheduleFrequency.P1D, at("2026-03-01T06:00:00Z"))
    wakings = [
        "2026-03-01T06:00:00Z",
        "2026-03-05T17:30:00Z",
        "2026-03-06T05:59:59Z",
        "2026-03-06T06:00:01Z",
    ]
    made, _ = run(schedule, map(at, wakings))
    assert [(one.start, one.end_time) for one in made] == [
        (at("2026-02-28T06:00:00Z"), at("2026-03-01T05:59:59Z")),
        (at("2026-03-01T06:00:00Z"), at("2026-03-05T05:59:59Z")),
        (at("2026-03-05T06:00:00Z"), at("2026-03-06T05:59:59Z")),
    ]


def test_future_first_time_stays_as_it_was_given() -> None:
    assert first_due(START + SECOND, ScheduleFrequency.P1D, START) == START + SECOND


def test_who_asks_for_now_gets_a_report_now_that_covers_one_frequency() -> None:
    """Contract 4.7: a first time that has passed is accepted."""
    now = START + TimeDelta(milliseconds=700)
    schedule = planned(ScheduleFrequency.P1D, first_due(START, ScheduleFrequency.P1D, now))
    made, _ = run(schedule, [now])
    assert [(one.start, one.before) for one in made] == [(START - TimeDelta(hours=24), START)]


@given(frequencies, st.integers(0, 10**10))
def test_past_first_time_makes_one_report_at_once_on_its_grid(
    frequency: ScheduleFrequency, seconds: int
) -> None:
    """Contract 4.7: before the schedule was there, nothing was missed."""
    length = LENGTHS[frequency]
    first = START - TimeDelta(seconds=seconds)
    moved = first_due(first, frequency, START)
    assert (moved - first) % length == TimeDelta()
    assert START - length < moved <= START
    made, schedule = run(planned(frequency, moved), [START])
    assert [(one.start, one.at) for one in made] == [(moved - length, moved)]
    assert START < schedule.next_report_creation_time <= START + length


def test_clock_that_is_set_back_makes_no_report_again() -> None:
    wakings = [START, START + TimeDelta(hours=48), START, START + TimeDelta(hours=47)]
    made, _ = run(planned(ScheduleFrequency.P1D, START), wakings)
    assert [one.at for one in made] == [START, START + TimeDelta(hours=48)]
