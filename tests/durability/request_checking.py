"""Compares the reports that are there with those that were asked for over HTTP, by the ledger of what was answered."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.durability.report_checking import LIVE, Scene, digest
from tests.durability.report_load import Ledger, Listed, Post
from tests.durability.schedule_checking import Schedules
from torihiki.pay_reports.model import Account, NewReport, NewSchedule, Report, ReportType
from torihiki.pay_reports.v2.wire import render_report

Period = tuple[Account, NewReport]
"""What a report was asked for with; no two requests have the same."""


class Verdict(NamedTuple):
    """What became of everything that was asked for.

    Args:
        acknowledged: How many reports were promised.
        kept: Of those, how many are there exactly once.
        uncertain: Without an answer, and there once.
        lost: Promised, and not there.
        doubled: There more than once, or told under two ids.
        scheduled: Of schedules.
        faults: What schedules did that they must not.
    """

    acknowledged: int
    kept: int
    uncertain: int
    lost: list[str]
    doubled: list[str]
    scheduled: int
    faults: list[str]


def judged(
    ledger: Ledger, reports: Mapping[Account, Sequence[Report]], final: Sequence[Listed]
) -> Verdict:
    """Holds the ledger against what is there.

    Args:
        ledger: What was asked and told.
        reports: All there are, the newest first.
        final: The schedules that there are.
    """
    there: defaultdict[Period, list[Report]] = defaultdict(list)
    for account, found in reports.items():
        for report in found:
            there[account, _asked(report)].append(report)
    posts = [(post, post.wanted) for post in ledger.posts if isinstance(post.wanted, NewReport)]
    found_of = {post: there.pop((post.account, wanted), []) for post, wanted in posts}
    promised = [post for post in found_of if post.made() is not None]
    once = [post for post in promised if [post.made()] == [one.report_id for one in found_of[post]]]
    rest = {id(report) for several in there.values() for report in several}
    unasked = {
        account: [
            one
            for one in reversed(found)
            if id(one) in rest and one.report_type is not ReportType.SETTLEMENT
        ]
        for account, found in reports.items()
    }
    live = unasked.pop(LIVE)
    schedules = Schedules(
        [(post, post.wanted) for post in ledger.posts if isinstance(post.wanted, NewSchedule)],
        ledger.removals,
        ledger.listed,
        final,
        live,
    )
    strange = [f"nobody asked for {one}" for found in unasked.values() for one in found]
    return Verdict(
        acknowledged=len(promised),
        kept=len(once),
        uncertain=sum(bool(found) for post, found in found_of.items() if post.made() is None),
        lost=[str(post.made()) for post in promised if not found_of[post]],
        doubled=list(_doubled(found_of, ledger.posts)),
        scheduled=len(live),
        faults=[*strange, *schedules.faults()],
    )


def _asked(report: Report) -> NewReport:
    return NewReport(
        report_type=report.report_type, start_time=report.start_time, end_time=report.end_time
    )


def _doubled(found_of: Mapping[Post, Sequence[Report]], posts: Sequence[Post]) -> Iterator[str]:
    for post, found in found_of.items():
        ids = {one.report_id for one in found} | ({post.made()} - {None} if found else set())
        if len(found) > 1 or len(ids) > 1:
            yield f"{post.wanted} is {sorted(map(str, ids))}"
    for post in posts:
        if len(post.kept()) > 1:
            yield f"{post.key} was answered {sorted(post.kept())}"


def shown_otherwise(ledger: Ledger, reports: Mapping[Account, Sequence[Report]]) -> Iterator[str]:
    """The reports that are not kept as they were seen when they were over."""
    kept = {one.report_id: one for found in reports.values() for one in found}
    for report_id in ledger.ended.keys() | kept.keys():
        told, one = ledger.ended.get(report_id), kept.get(report_id)
        if one is None or json.loads(render_report(one)) != told:
            yield f"{told} is kept as {one}"


async def wrong_downloads(scene: Scene, ledger: Ledger) -> list[str]:
    """The documents of which something else was served than what they are."""
    return [
        name
        for name, told in ledger.downloads.items()
        if (await digest(scene, name)).sha256 != told
    ]
