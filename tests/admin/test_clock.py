"""What the operator's clock shows after any change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import ItemizedDelta

from torihiki.admin.model import ClockChange, ClockState
from torihiki.admin.rules import changed_clock, now_of, reading, step_us
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.problem import Kind, Problem

MACHINE = micros(Instant.parse_iso("2026-11-22T09:30:00.000001Z"))
HOUR = 3_600_000_000
YEAR = 366 * 24 * HOUR
RUNS = ClockState(offset_us=0, stopped_at_us=None)

machines = st.integers(MACHINE, MACHINE + YEAR)
states = st.builds(
    ClockState,
    offset_us=st.integers(-20 * YEAR, 20 * YEAR),
    stopped_at_us=st.none() | st.integers(40 * YEAR, 80 * YEAR),
)
steps_us = st.integers(-10 * YEAR, 10 * YEAR)


def duration(step_in_us: int) -> ItemizedDelta:
    seconds, rest = divmod(abs(step_in_us), 1_000_000)
    sign = "-" if step_in_us < 0 else ""
    return ItemizedDelta.parse_iso(f"{sign}PT{seconds}.{rest:06}S")


def advance(step_in_us: int) -> ClockChange:
    return ClockChange(advance=duration(step_in_us))


def at(text: str) -> ClockState:
    return ClockState(offset_us=0, stopped_at_us=micros(Instant.parse_iso(text)))


def shown(state: ClockState) -> str:
    return from_micros(now_of(state, MACHINE)).format_iso()


@given(state=states, steps=st.lists(steps_us, max_size=5), machine=machines)
def test_steps_add_up_exactly_whether_it_runs_or_not(
    state: ClockState, steps: list[int], machine: int
) -> None:
    before = now_of(state, machine)
    after = state
    for step in steps:
        after = changed_clock(after, advance(step), machine)
    assert now_of(after, machine) == before + sum(steps)
    assert (after.stopped_at_us is None) == (state.stopped_at_us is None)


@given(state=states, step=steps_us, machine=machines, later=machines)
def test_step_of_a_running_clock_does_not_depend_on_when_it_is_made(
    state: ClockState, step: int, machine: int, later: int
) -> None:
    runs = ClockState(offset_us=state.offset_us, stopped_at_us=None)
    assert changed_clock(runs, advance(step), machine) == changed_clock(runs, advance(step), later)


@given(state=states, machine=machines, passed=st.integers(0, YEAR))
def test_stopped_clock_shows_the_same_until_it_runs_on_from_there(
    state: ClockState, machine: int, passed: int
) -> None:
    before = now_of(state, machine)
    stopped = changed_clock(state, ClockChange(running=False), machine)
    assert now_of(stopped, machine + passed) == before
    assert (
        changed_clock(stopped, ClockChange(running=False), machine + passed).stopped_at_us == before
    )
    runs = changed_clock(stopped, ClockChange(running=True), machine + passed)
    assert now_of(runs, machine + passed) == before
    assert now_of(runs, machine + passed + HOUR) == before + HOUR


@given(state=states, machine=machines)
def test_running_a_clock_that_runs_changes_nothing(state: ClockState, machine: int) -> None:
    runs = ClockState(offset_us=state.offset_us, stopped_at_us=None)
    assert changed_clock(runs, ClockChange(running=True), machine) == runs


@given(
    state=states,
    machine=machines,
    now=st.integers(0, 100 * YEAR),
    running=st.none() | st.booleans(),
)
def test_set_clock_shows_what_it_was_set_to(
    state: ClockState, machine: int, now: int, *, running: bool | None
) -> None:
    after = changed_clock(state, ClockChange(now=from_micros(now), running=running), machine)
    assert now_of(after, machine) == now
    runs = state.stopped_at_us is None if running is None else running
    assert now_of(after, machine + 7) == now + (7 if runs else 0)


def test_advance_and_running_go_together() -> None:
    stopped = changed_clock(
        RUNS, ClockChange(advance=ItemizedDelta.parse_iso("PT1H"), running=False), MACHINE
    )
    assert now_of(stopped, MACHINE + 5) == MACHINE + HOUR


@pytest.mark.parametrize(
    ("start", "step", "end"),
    [
        ("2024-01-31T10:00:00Z", "P1M", "2024-02-29T10:00:00Z"),
        ("2023-01-31T10:00:00Z", "P1M", "2023-02-28T10:00:00Z"),
        ("2024-02-29T23:59:59.000001Z", "P1Y", "2025-02-28T23:59:59.000001Z"),
        ("2024-03-31T00:00:00Z", "-P1M", "2024-02-29T00:00:00Z"),
        ("2024-01-31T00:00:00Z", "P1M1DT1S", "2024-03-01T00:00:01Z"),
        ("2024-01-01T00:00:00Z", "P2W", "2024-01-15T00:00:00Z"),
        ("2024-01-01T00:00:00Z", "-P1DT0.000001S", "2023-12-30T23:59:59.999999Z"),
        ("2024-01-01T00:00:00Z", "P1Y2M3W4DT5H6M7.5S", "2025-03-26T05:06:07.5Z"),
        ("2024-01-01T00:00:00Z", "PT0S", "2024-01-01T00:00:00Z"),
    ],
)
def test_months_and_years_go_by_the_calendar(start: str, step: str, end: str) -> None:
    change = ClockChange(advance=ItemizedDelta.parse_iso(step))
    assert shown(changed_clock(at(start), change, MACHINE)) == end


@pytest.mark.parametrize(
    ("start", "change"),
    [
        ("1970-01-01T00:00:00Z", advance(-1)),
        ("9000-12-31T23:59:59Z", advance(1_000_000)),
        ("2024-01-01T00:00:00Z", ClockChange(now=Instant.from_utc(9001, 1, 1))),
        ("2024-01-01T00:00:00Z", ClockChange(now=Instant.from_utc(1969, 12, 31, hour=23))),
        ("2024-01-01T00:00:00Z", ClockChange(now=Instant.from_utc(1, 1, 1))),
        ("2024-01-01T00:00:00Z", ClockChange(advance=ItemizedDelta(years=9999))),
        ("2024-01-01T00:00:00Z", ClockChange(advance=ItemizedDelta(years=-9999))),
        ("2024-01-01T00:00:00Z", ClockChange(advance=ItemizedDelta(years=7000, days=1000))),
        ("2024-01-01T00:00:00Z", ClockChange(advance=ItemizedDelta(weeks=500_000))),
    ],
)
def test_clock_does_not_leave_its_years(start: str, change: ClockChange) -> None:
    with pytest.raises(Problem) as caught:
        changed_clock(at(start), change, MACHINE)
    assert caught.value.kind is Kind.INVALID_INPUT
    assert caught.value.message == "The clock shows the years 1970 to 9000 only."


def test_clock_reaches_the_ends_of_its_years() -> None:
    first = changed_clock(at("1970-01-01T00:00:01Z"), advance(-1_000_000), MACHINE)
    assert shown(first) == "1970-01-01T00:00:00Z"
    last = changed_clock(at("9000-12-31T23:59:59Z"), advance(999_999), MACHINE)
    assert shown(last) == "9000-12-31T23:59:59.999999Z"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ClockChange(), "at least one"),
        (ClockChange(now=Instant.from_utc(2026, 1, 1), advance=duration(1)), "not both"),
        (ClockChange(advance=ItemizedDelta(nanoseconds=1)), "finer than a microsecond"),
        (ClockChange(advance=ItemizedDelta(nanoseconds=-1500)), "finer than a microsecond"),
    ],
)
def test_change_that_makes_no_sense_is_refused(change: ClockChange, words: str) -> None:
    with pytest.raises(Problem, match=words):
        changed_clock(RUNS, change, MACHINE)


def test_reading_says_how_far_the_clock_is_from_the_machine() -> None:
    found = reading(ClockState(offset_us=0, stopped_at_us=MACHINE - HOUR), MACHINE + 5)
    assert (found.running, found.offset_us) == (False, -HOUR - 5)
    assert micros(found.now) == MACHINE - HOUR


def test_step_of_days_is_a_number_of_whole_days() -> None:
    assert step_us(MACHINE, ItemizedDelta(days=3)) == 3 * 24 * HOUR
