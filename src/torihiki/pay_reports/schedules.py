"""When a schedule makes a report, and of which time (R-14, contract 4.7).

A schedule is a grid: its first due time and every frequency after it. One value keeps the whole state, because the
report of each due time covers everything since a frequency before the due time that was the next one: the first report
covers one frequency, and the one report after a downtime all that was missed. So the periods join whatever happens.
"""

from __future__ import annotations

from typing import Final

import msgspec

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import ReportSchedule, ScheduleFrequency

_DAYS: Final = {1, 2, 3, 7, 14, 15, 18, 30}

LENGTHS: Final = {
    ScheduleFrequency.PT5M: TimeDelta(minutes=5),
    ScheduleFrequency.PT15M: TimeDelta(minutes=15),
    ScheduleFrequency.PT30M: TimeDelta(minutes=30),
    ScheduleFrequency.PT1H: TimeDelta(hours=1),
    ScheduleFrequency.PT2H: TimeDelta(hours=2),
    ScheduleFrequency.PT4H: TimeDelta(hours=4),
    ScheduleFrequency.PT8H: TimeDelta(hours=8),
    ScheduleFrequency.PT12H: TimeDelta(hours=12),
    ScheduleFrequency.PT24H: TimeDelta(hours=24),
    ScheduleFrequency.PT84H: TimeDelta(hours=84),
    **{ScheduleFrequency(f"P{days}D"): TimeDelta(hours=24 * days) for days in sorted(_DAYS)},
}
"""A day is 24 hours: all times are UTC."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A report that has to be made now.

    Args:
        at: The due time on the grid that it is made for, the last one that has passed.
        start: Where its period begins, included.
        before: Where its period ends, not included; the same as `at`.
        following: The schedule's next due time once it is made.
    """

    at: Instant
    start: Instant
    before: Instant
    following: Instant

    @property
    def end_time(self) -> Instant:
        """The last second of the period, which is what a report shows as its end."""
        return self.before - TimeDelta(seconds=1)


def first_due(first: Instant, frequency: ScheduleFrequency, now: Instant) -> Instant:
    """The first due time of a new schedule whose caller asks for `first`.

    A past one is accepted (contract 4.7) and moved along the grid to the last due time that has passed, so that a report
    comes at once and covers one frequency: before the schedule was there, nothing was missed. Who asks for "now" gets
    it now, not after a frequency.
    """
    if first > now:
        return first
    return first + _passed(first, frequency, now) * LENGTHS[frequency]


def due(schedule: ReportSchedule, now: Instant) -> Due | None:
    """The one report that the schedule owes; None: its next due time has not come.

    Storage must take the answer only if `next_report_creation_time` is still what it was, and set it to `following` in
    the same step: then no due time has two reports.
    """
    planned = schedule.next_report_creation_time
    if planned > now:
        return None
    length = LENGTHS[schedule.frequency]
    at = planned + _passed(planned, schedule.frequency, now) * length
    return Due(at=at, start=planned - length, before=at, following=at + length)


def _passed(planned: Instant, frequency: ScheduleFrequency, now: Instant) -> int:
    """How many whole frequencies lie between."""
    return (now - planned) // LENGTHS[frequency]
