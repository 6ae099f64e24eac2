"""A few kills of `tests.durability.report_requests` (R-2, R-9, R-14): what was promised ends, once, and stays as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.durability.processes import PROCESSES, database
from tests.durability.report_checking import BEGIN, LIVE, SANDBOX, TODAY, Scene
from tests.durability.report_load import Ledger, Listed, Post, Removal
from tests.durability.report_requests import DATABASE, FIRST, SERVER, run
from tests.durability.request_checking import judged, shown_otherwise
from tests.server.plain import Answered
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import (
    NewReport,
    NewSchedule,
    ProcessingStatus,
    Report,
    ReportType,
    ScheduleFrequency,
)
from torihiki.pay_reports.v2.wire import render_report, wire_time

ROWS = 4_000
HOUR = TimeDelta(hours=1)
SECOND = TimeDelta(seconds=1)


@pytest.mark.skipif(
    not (PROCESSES / "self" / "stat").is_file(), reason="the system has no /proc to find processes in"
)  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "victims"), [("sqlite", (FIRST, SERVER)), ("postgresql", (DATABASE, SERVER))]
)
def test_killed_server_ends_every_report_that_it_accepted_once(
    kind: str, victims: Sequence[str], tmp_path: Path
) -> None:
    """R-2, R-9: `python -m tests.durability.report_requests` does the same as long as one likes."""
    with database(kind) as (postgres, url):
        outcome = run(Scene(tmp_path / "data", url), postgres, victims, seed=3, rows=ROWS)
    assert outcome.is_clean(), "\n".join(outcome.lines())
    assert outcome.counts["reports accepted (201)"] > 0 < outcome.counts["  COMPLETED"]


WANTED = NewReport(report_type=ReportType.CAPTURE, start_time=BEGIN, end_time=TODAY)
SCHEDULED = NewSchedule(
    report_type=ReportType.REFUND,
    frequency=ScheduleFrequency.PT1H,
    first=TODAY.add(seconds=7),
    replace=False,
)


def post(wanted: NewReport | NewSchedule, *answers: str | None) -> Post:
    """Sent as often as there are answers, of which each is an id, nothing, or the refusal `there`."""
    made = Post(LIVE, wanted, "key", TODAY)
    for one in answers:
        body = json.dumps([one] if one == "there" else {"id": one}).encode()
        status = 200 if one == "there" else 201
        made.note(None if one is None else Answered(status, {}, body), TODAY + SECOND)
    return made


def ledger(*posts: Post) -> Ledger:
    made = Ledger()
    made.posts += posts
    return made


def report(report_id: str = "A", wanted: NewReport = WANTED) -> Report:
    return Report(
        report_id=report_id,
        report_type=wanted.report_type,
        start_time=wanted.start_time,
        end_time=wanted.end_time,
        created_time=TODAY,
    )


@pytest.mark.parametrize(
    ("answers", "reports"),
    [((None,), []), ((None,), [report()]), (("A", "A"), [report()]), ((None, "A"), [report()])],
)
def test_a_report_nobody_answered_for_may_be_there_once(
    answers: tuple[str | None, ...], reports: list[Report]
) -> None:
    """R-9."""
    verdict = judged(ledger(post(WANTED, *answers)), {LIVE: reports, SANDBOX: []}, [])
    assert not [*verdict.lost, *verdict.doubled, *verdict.faults]
    assert (
        verdict.kept
        == verdict.acknowledged
        == answers.count("A") // len(answers) | ("A" in answers)
    )


@pytest.mark.parametrize(
    ("answers", "reports", "blamed"),
    [
        (("A",), [], "lost"),
        (("A",), [report("A"), report("B")], "doubled"),
        (("A",), [report("B")], "doubled"),
        ((None, None), [report("A"), report("B")], "doubled"),
        (("A", "B"), [report("A")], "doubled"),
        ((None,), [report("A", msgspec.structs.replace(WANTED, end_time=TODAY + HOUR))], "faults"),
    ],
)
def test_no_report_that_is_wrong_is_overlooked(
    answers: tuple[str | None, ...], reports: list[Report], blamed: str
) -> None:
    """R-9."""
    verdict = judged(ledger(post(WANTED, *answers)), {LIVE: reports, SANDBOX: []}, [])
    assert getattr(verdict, blamed)
    assert judged(ledger(), {LIVE: [], SANDBOX: [report()]}, []).faults


def test_a_report_that_changes_after_its_end_is_not_overlooked() -> None:
    """R-2."""
    told, open_again = json.loads(render_report(report())), json.loads(render_report(report()))
    told["processingStatus"] = ProcessingStatus.COMPLETED
    seen = Ledger()
    for one in (told, dict(told), told | {"processingEndTime": wire_time(TODAY)}, open_again):
        seen.see(LIVE, one)
    assert len(seen.changed) == 2
    assert list(shown_otherwise(seen, {LIVE: [report()]}))
    assert list(shown_otherwise(seen, {LIVE: []}))
    assert list(shown_otherwise(Ledger(), {LIVE: [report()]}))
    seen.see_document("D", "1")
    seen.see_document("D", "2")
    assert len(seen.changed) == 3


def scheduled(number: int, *, hours: int = 1, late: TimeDelta = SECOND, off: int = 7) -> Report:
    """The report of the hours that end with that hour of the schedule's."""
    due = TODAY.add(hours=number, seconds=off)
    return Report(
        report_id=f"S{number}",
        report_type=ReportType.REFUND,
        start_time=due - HOUR * hours,
        end_time=due - SECOND,
        created_time=due + late,
    )


def listed(number: int, schedule_id: str = "7", off: int = 7) -> Listed:
    due = TODAY.add(hours=number, seconds=off)
    return Listed(schedule_id, ReportType.REFUND, ScheduleFrequency.PT1H, wire_time(due))


CHAIN = [scheduled(0), scheduled(3, hours=3, late=HOUR - SECOND), scheduled(4)]


def verdict_of(
    reports: list[Report],
    *posts: Post,
    shown: Sequence[Listed] = (),
    final: Sequence[Listed] = (),
    removed: Sequence[Instant] = (),
) -> list[str]:
    made = ledger(*posts)
    made.listed.update(shown)
    made.removals += [Removal("7", 200, until) for until in removed]
    return judged(made, {LIVE: reports[::-1], SANDBOX: []}, final).faults


def test_schedules_that_did_what_they_must_are_not_blamed() -> None:
    """R-14, R-15: one report for all that was missed, and none after the end."""
    mine, later = post(SCHEDULED, "7"), post(msgspec.structs.replace(SCHEDULED, replace=True, first=TODAY.add(seconds=8)), "8")  # fmt: skip
    there = [listed(5)]
    assert not verdict_of(CHAIN, mine, shown=[listed(0), listed(1), *there], final=there)
    assert not verdict_of(CHAIN, mine, removed=[TODAY.add(hours=5)])
    assert not verdict_of([], mine, shown=[listed(0)], final=[listed(0)])
    assert not verdict_of([], post(SCHEDULED, None))
    assert not verdict_of(CHAIN, post(SCHEDULED, None), shown=there, final=there)
    assert not verdict_of([], post(SCHEDULED, "there"))
    assert not verdict_of([CHAIN[0], scheduled(0, off=8)], mine, later, final=[listed(1, "8", 8)])


@pytest.mark.parametrize(
    ("reports", "answer", "seen"),
    [
        (CHAIN, "7", listed(4)),
        (CHAIN[:2], "7", listed(5)),
        (CHAIN, "7", listed(5, "6")),
        (CHAIN, "there", listed(5)),
        ([*CHAIN, CHAIN[-1]], "7", listed(5)),
        ([CHAIN[0], CHAIN[2]], "7", listed(5)),
        (CHAIN[1:], "7", listed(5)),
        ([CHAIN[0], scheduled(2, hours=2, late=HOUR), *CHAIN[2:]], "7", listed(5)),
        ([*CHAIN[:2], scheduled(4, late=-SECOND)], "7", listed(5)),
        ([], "7", listed(1)),
    ],
)
def test_no_due_time_that_is_missing_or_twice_is_overlooked(
    reports: list[Report], answer: str, seen: Listed
) -> None:
    """R-14: `seen` is what the schedule was shown as, once it had made these reports."""
    assert verdict_of(reports, post(SCHEDULED, answer), shown=[seen], final=[seen])


def test_no_schedule_that_is_lost_or_too_many_is_overlooked() -> None:
    """R-12, R-15."""
    mine = post(SCHEDULED, "7")
    other = post(msgspec.structs.replace(SCHEDULED, first=TODAY.add(seconds=8)), "8")
    assert verdict_of(CHAIN)
    assert verdict_of(CHAIN, mine)
    assert verdict_of(CHAIN, mine, removed=[TODAY.add(hours=3)])
    assert verdict_of(CHAIN, mine, removed=[TODAY.add(hours=5)] * 2)
    assert verdict_of(CHAIN, mine, removed=[TODAY.add(hours=5)], final=[listed(5)])
    assert verdict_of([], mine, other, final=[listed(0), listed(0, "8", 8)])
    assert verdict_of([], mine, post(SCHEDULED, "7"), final=[listed(0)])
    mixed = [CHAIN[0], scheduled(0, off=8), scheduled(1), scheduled(1, off=8)]
    assert verdict_of(mixed, mine, other, final=[listed(2)])
