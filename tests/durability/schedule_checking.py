"""Compares the reports that schedules made with what was asked of schedules, by each schedule's own grid (R-12 to R-15).

No two schedules of a type have a grid in common, so each report tells which of them made it.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from tests.durability.report_checking import TODAY
from tests.durability.report_load import Listed, Post, Removal
from tests.durability.report_programs import GRID_SECONDS
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import NewSchedule, Report
from torihiki.pay_reports.schedules import LENGTHS, first_due

SECOND: Final = TimeDelta(seconds=1)
Grid = tuple[str, int]
"""A report type, and the seconds by which the schedule's times are off."""


def grid(report_type: str, due: Instant) -> Grid:
    return report_type, round((due - TODAY).total("seconds")) % GRID_SECONDS


class Schedules(NamedTuple):
    """All that is known of the schedules of one account.

    Args:
        posts: Asked for them.
        removals: Ended them.
        listed: How they were shown, at any time.
        final: How they were shown last.
        reports: What they made, in the order in which it was added.
    """

    posts: Sequence[tuple[Post, NewSchedule]]
    removals: Sequence[Removal]
    listed: Iterable[Listed]
    final: Sequence[Listed]
    reports: Sequence[Report]

    def faults(self) -> Iterator[str]:
        """What cannot be, whatever was killed when."""
        made, shown = self._made(), self._shown()
        asked = {grid(wanted.report_type, wanted.first): post for post, wanted in self.posts}
        for one in sorted((made.keys() | shown.keys()) - asked.keys()):
            yield f"nobody asked for a schedule of {one}: {made[one][:2]}, {shown[one][:2]}"
        for post, wanted in self.posts:
            mine = grid(wanted.report_type, wanted.first)
            last = [one for one in self.final if grid(one.report_type, one.next_time) == mine]
            yield from _chain_faults(post, wanted, made[mine], shown[mine], last)
        yield from self._order_faults()
        yield from self._removal_faults(made, shown)
        yield from self._final_faults()

    def _made(self) -> defaultdict[Grid, list[Report]]:
        found: defaultdict[Grid, list[Report]] = defaultdict(list)
        for one in self.reports:
            found[grid(one.report_type, one.end_time + SECOND)].append(one)
        return found

    def _shown(self) -> defaultdict[Grid, list[Listed]]:
        found: defaultdict[Grid, list[Listed]] = defaultdict(list)
        for one in self.listed:
            found[grid(one.report_type, one.next_time)].append(one)
        return found

    def _order_faults(self) -> Iterator[str]:
        """A type has one schedule at a time, so their reports do not mix."""
        grids = [grid(one.report_type, one.end_time + SECOND) for one in self.reports]
        for report_type in sorted({one for one, _ in grids}):
            runs = [
                one
                for one, _ in itertools.groupby(each for each in grids if each[0] == report_type)
            ]
            yield from (
                f"two schedules at once: {one}" for one, n in Counter(runs).items() if n > 1
            )

    def _removal_faults(
        self, made: dict[Grid, list[Report]], shown: dict[Grid, list[Listed]]
    ) -> Iterator[str]:
        grids = {one.schedule_id: found for found, several in shown.items() for one in several}
        grids |= {
            told: grid(wanted.report_type, wanted.first)
            for post, wanted in self.posts
            if (told := post.made()) is not None and not post.is_refused()
        }
        ended = [one for one in self.removals if one.status == 200]
        for schedule_id, count in Counter(one.schedule_id for one in ended).items():
            if count > 1:
                yield f"schedule {schedule_id} was removed {count} times"
        final = {one.schedule_id for one in self.final}
        for one in ended:
            if one.schedule_id in final:
                yield f"schedule {one.schedule_id} was removed and is there"
            late = [
                report
                for report in made.get(grids[one.schedule_id], ())
                if report.created_time > one.until
            ]
            yield from (f"{each} is of {one}, which was removed" for each in late)

    def _final_faults(self) -> Iterator[str]:
        types = Counter(one.report_type for one in self.final)
        yield from (f"{count} schedules of {one}" for one, count in types.items() if count > 1)
        told = Counter(made for post, _ in self.posts if (made := post.made()) is not None)
        yield from (f"schedule {one} was made {n} times" for one, n in told.items() if n > 1)
        there = {one.schedule_id for one in self.final}
        removed = {one.schedule_id for one in self.removals if one.status != 404}
        for post, wanted in self.posts:
            made = post.made()
            replaced = any(
                other.wanted != wanted
                and replacing.replace
                and replacing.report_type is wanted.report_type
                and other.until >= post.since
                for other, replacing in self.posts
            )
            if made is not None and made not in there | removed and not replaced:
                yield f"schedule {made} is lost"


def _chain_faults(
    post: Post,
    wanted: NewSchedule,
    reports: Sequence[Report],
    shown: Sequence[Listed],
    last: Sequence[Listed],
) -> Iterator[str]:
    """The periods of a schedule join, and each is of one due time or of all that were missed (R-14)."""
    name = f"schedule {post.made()} of {wanted}"
    if post.is_refused() and (reports or shown):
        yield f"{name} was refused and is there"
    ids = {one.schedule_id for one in shown} | ({post.made()} - {None})
    if len(ids) > 1:
        yield f"{name} has the ids {sorted(map(str, ids))}"
    length = LENGTHS[wanted.frequency]
    earliest, latest = (
        first_due(wanted.first, wanted.frequency, now) - length for now in (post.since, post.until)
    )
    bounds: set[Instant] = set()
    at: Instant | None = None
    for report in sorted(reports, key=lambda one: (one.start_time, one.end_time)):
        before = report.end_time + SECOND
        if at is None and not earliest <= report.start_time <= latest:
            yield f"{name} begins with {report}"
        if at is not None and report.start_time != at:
            yield f"{name} made nothing since {at}, and {report}"
        if (before - report.start_time) % length or before <= report.start_time:
            yield f"{name} is not of {report}"
        if not before <= report.created_time < before + length:
            yield f"{name} was late or early with {report}"
        bounds |= {report.start_time, before}
        at = before
    if at is not None and any(one.next_time - length != at for one in last):
        yield f"{name} ended as {last} after {at}"
    for one in {*shown, *last}:
        reached = one.next_time - length
        if reached not in bounds if bounds else not earliest <= reached <= latest:
            yield f"{name} was shown as {one}"
        if one.frequency != wanted.frequency:
            yield f"{name} is {one}"
