"""A year of schedules on a clock that jumps, on every backend: each due time has its report, whatever happens (R-12, R-14)."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from random import Random

import pytest

from tests.storage.conftest import Backend
from tests.storage.ledger_samples import add_merchant, opened
from tests.worker.paying import LIVE, NAMES, NOW, SANDBOX, SECOND, Office, an_office
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports import operations
from torihiki.pay_reports.model import (
    Account,
    NewSchedule,
    Policy,
    Report,
    ReportType,
    ScheduleFrequency,
)
from torihiki.pay_reports.schedules import LENGTHS
from torihiki.storage.documents import open_documents
from torihiki.worker.loop import Chore
from torihiki.worker.schedules import scheduling

OTHERS = Account(merchant_id="A2MERCHANT0002", environment="live")
TYPES = [one for one in ReportType if one is not ReportType.SETTLEMENT]
PLACES = list(itertools.product((LIVE, SANDBOX, OTHERS), TYPES))
DAY = TimeDelta(hours=24)
RESTART_EVERY = 90
KILL_EVERY = 7


@pytest.fixture
async def office(backend: Backend, tmp_path: Path) -> Office:
    office = await an_office(await opened(backend), open_documents(None, tmp_path))
    await add_merchant(office.ledger, OTHERS.merchant_id)
    return office


def chore(office: Office) -> Chore:
    return scheduling(office.ledger.stores.pay_reports, NAMES)


async def plan(
    office: Office,
    frequency: ScheduleFrequency,
    first: Instant,
    account: Account = LIVE,
    report_type: ReportType = ReportType.CAPTURE,
) -> str:
    made = await operations.create_report_schedule(
        office.ledger.stores.pay_reports,
        account,
        NewSchedule(report_type=report_type, frequency=frequency, first=first, replace=True),
        policy=Policy(),
        now=office.clock.now,
        random_bytes=NAMES,
    )
    assert isinstance(made, str)
    return made


async def finish(one: Chore, now: Instant) -> int:
    count = 0
    while made := await one.step(now):
        count += made
    return count


def jumps(random: Random) -> list[Instant]:
    """Moments of a year: three days of minutes, then anything from a second to three weeks."""
    found = [NOW]
    while found[-1] < NOW + 3 * DAY:
        found.append(found[-1] + TimeDelta(seconds=random.randint(1, 900)))
    while found[-1] < NOW + 366 * DAY:
        longest = random.choice((1, 300, 3600, 6 * 3600, 86_400, 3 * 86_400, 21 * 86_400))
        found.append(found[-1] + TimeDelta(seconds=random.randint(1, longest)))
    return found


def owed(first: Instant, length: TimeDelta, moments: list[Instant]) -> list[tuple[Instant, Instant, Instant]]:  # fmt: skip
    """Start, end and creation of every report that comes of looking at these moments, counted on the grid itself."""
    found = []
    told = first - length
    due = first
    for now in moments:
        last = None
        while due <= now:
            last, due = due, due + length
        if last is not None:
            found.append((told, last - SECOND, now))
            told = last
    return found


@pytest.mark.parametrize("seed", [1])
async def test_year_of_every_frequency_with_two_workers_that_are_killed_and_started_again(
    office: Office, backend: Backend, seed: int
) -> None:
    """Issue 5, point 6: the exact number, none twice, none missing, and the periods join."""
    random = Random(seed)
    moments = jumps(random)
    firsts: dict[tuple[Account, ReportType], tuple[Instant, TimeDelta]] = {}
    assert len(PLACES) == len(ScheduleFrequency)
    for (account, report_type), frequency in zip(PLACES, ScheduleFrequency, strict=True):
        first = NOW + TimeDelta(seconds=random.randint(0, 86_400))
        await plan(office, frequency, first, account, report_type)
        firsts[account, report_type] = (first, LENGTHS[frequency])
    workers = [chore(office), chore(office._replace(ledger=await opened(backend)))]
    for number, now in enumerate(moments):
        if number % RESTART_EVERY == RESTART_EVERY - 1:
            again = number // RESTART_EVERY % 2
            workers[again] = chore(office._replace(ledger=await opened(backend)))
        if number % KILL_EVERY == 0:
            killed = asyncio.ensure_future(workers[0].step(now))
            await asyncio.sleep(random.random() / 200)
            killed.cancel()
            await asyncio.wait([killed])
        await asyncio.gather(*(finish(one, now) for one in workers))
    total = 0
    for account in (LIVE, SANDBOX, OTHERS):
        reports = await office.reports(account)
        for report_type in TYPES:
            told = sorted(
                (one.start_time, one.end_time, one.created_time)
                for one in reports
                if one.report_type is report_type
            )
            assert told == owed(*firsts[account, report_type], moments)
            for one, following in itertools.pairwise(told):
                assert following[0] == one[1] + SECOND
            total += len(told)
    assert total > 2_000
    assert [await one.step(moments[-1]) for one in workers] == [0, 0]


async def test_one_report_catches_up_after_a_downtime_and_the_grid_goes_on(office: Office) -> None:
    """R-14."""
    await plan(office, ScheduleFrequency.PT1H, NOW)
    one = chore(office)
    assert await finish(one, NOW) == 1
    assert await finish(one, NOW + TimeDelta(minutes=59)) == 0
    assert await finish(one, NOW + TimeDelta(hours=30, minutes=20)) == 1
    assert await finish(one, NOW + TimeDelta(hours=31) - SECOND) == 0
    assert await finish(one, NOW + TimeDelta(hours=31)) == 1
    spans = [(one.start_time, one.end_time + SECOND) for one in await office.reports()]
    assert spans == [
        (NOW + TimeDelta(hours=30), NOW + TimeDelta(hours=31)),
        (NOW, NOW + TimeDelta(hours=30)),
        (NOW - TimeDelta(hours=1), NOW),
    ]


async def test_cancelled_schedule_makes_no_report_any_more(office: Office) -> None:
    """R-15."""
    schedule_id = await plan(office, ScheduleFrequency.PT5M, NOW)
    one = chore(office)
    assert await finish(one, NOW) == 1
    store = office.ledger.stores.pay_reports
    await operations.cancel_report_schedule(store, LIVE, schedule_id)
    assert await finish(one, NOW + DAY) == 0
    assert len(await office.reports()) == 1


async def test_schedule_that_is_replaced_under_the_runner_makes_no_report_of_the_old_one(
    office: Office,
) -> None:
    """R-13: what the runner read is no longer so when it writes."""
    await plan(office, ScheduleFrequency.PT5M, NOW)
    store = office.ledger.stores.pay_reports
    ((account, read),) = await store.due_schedules(NOW, 9)
    await plan(office, ScheduleFrequency.P1D, NOW + DAY)
    late = Report(
        report_id="A1",
        report_type=read.report_type,
        start_time=NOW,
        end_time=NOW,
        created_time=NOW,
    )
    assert not await store.run_schedule(account, read, late, NOW + DAY)
    assert await finish(chore(office), NOW) == 0
    assert await office.reports() == []


async def test_schedules_of_many_accounts_are_run_in_bounded_steps(office: Office) -> None:
    for number in range(40):
        merchant_id = f"A3MERCHANT{number:04}"
        await add_merchant(office.ledger, merchant_id)
        for report_type in TYPES[:3]:
            account = Account(merchant_id=merchant_id, environment="live")
            await plan(office, ScheduleFrequency.P1D, NOW, account, report_type)
    one = chore(office)
    assert [await one.step(NOW) for _ in range(3)] == [100, 20, 0]


def test_grid_of_the_tests_is_that_of_the_schedules() -> None:
    """The model above counts on its own; here are its own hand-made examples."""
    hour = TimeDelta(hours=1)
    assert owed(NOW, hour, [NOW - SECOND]) == []
    assert owed(NOW, hour, [NOW, NOW + hour - SECOND]) == [(NOW - hour, NOW - SECOND, NOW)]
    assert owed(NOW, hour, [NOW + 3 * hour]) == [
        (NOW - hour, NOW + 3 * hour - SECOND, NOW + 3 * hour)
    ]
