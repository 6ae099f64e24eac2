"""Settlements as workers close and report them, on every backend (R-5, issue 5 point 7)."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.payments.objects import adjustment, amount
from tests.storage.conftest import Backend
from tests.storage.ledger_samples import (
    Ledger,
    add_merchant,
    capture,
    event,
    opened,
)
from tests.worker.paying import (
    LIVE,
    MARCH,
    MERCHANT,
    NAMES,
    SECOND,
    Office,
    an_office,
    finish,
    payments_account,
    rows_of,
    total,
)
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Problem, unavailable
from torihiki.pay_reports.model import Account, ProcessingStatus, Report, ReportType
from torihiki.payments.model import Region
from torihiki.payments.operations import close_at_will
from torihiki.payments.recording import Recorder
from torihiki.payments.settlement import CARRYOVER, PREVIOUS_CARRYOVER
from torihiki.storage.documents import open_documents
from torihiki.worker.settlements import SettlementWork

DAY = TimeDelta(hours=24)
FIRST = Instant.from_utc(2026, 3, 15, 7)
"""Midnight in Los Angeles, fourteen days after the first posting at the second hour of March."""


@pytest.fixture
async def office(backend: Backend, tmp_path: Path) -> Office:
    documents = open_documents(None, tmp_path)
    return await an_office(await opened(backend), documents, Region.NORTH_AMERICA)


def runner(ledger: Ledger, work: Any = None) -> SettlementWork:
    return SettlementWork(ledger.store, work or ledger.stores.pay_work, NAMES)


async def settled(office: Office) -> list[Report]:
    """The reports, the oldest first, each of a settlement."""
    reports = (await office.reports())[::-1]
    assert {one.report_type for one in reports} <= {ReportType.SETTLEMENT}
    return reports


async def test_closed_period_has_its_report_with_rows_that_sum_to_zero(office: Office) -> None:
    await office.capture(range(2, 400))
    one = runner(office.ledger)
    assert await one.close(FIRST - SECOND) == 0
    assert await one.close(FIRST) == 1
    assert await one.close(FIRST + DAY - SECOND) == 0
    assert await one.close(FIRST + DAY + SECOND) == 1
    assert [await one.report_missing(FIRST + 2 * DAY) for _ in range(2)] == [2, 0]
    assert await finish(office.maker(), FIRST) == 2
    first, second = await settled(office)
    assert (first.start_time, first.end_time) == (MARCH.add(hours=2), FIRST)
    assert (second.start_time, second.end_time) == (FIRST, FIRST + DAY)
    assert (first.created_time, second.created_time) == (FIRST, FIRST + DAY + SECOND)
    for report in (first, second):
        assert report.processing_status is ProcessingStatus.COMPLETED
        document = await office.document(report)
        assert total(document) == 0
        assert rows_of(document)[-1]["TransactionType"] == "Transfer"
    lines = (await office.document(second)).decode("utf-8-sig").splitlines()
    assert lines[2:5] == [
        f'"SellerId","{MERCHANT}"',
        '"SettlementStartDate","2026-03-15T00:00:00 -0700"',
        '"SettlementEndDate","2026-03-16T00:00:00 -0700"',
    ]


class Killed(Exception):
    """What a worker ends with that is killed."""


class Dying:
    """A queue whose worker is killed before or after it adds a report."""

    def __init__(self, work: Any, random: Random) -> None:
        self._work = work
        self._random = random

    async def unreported(self, *given: Any) -> Any:
        return await self._work.unreported(*given)

    async def add_settlement_report(self, *given: Any) -> bool:
        if self._random.random() < 0.3:
            raise Killed
        added: bool = await self._work.add_settlement_report(*given)
        if self._random.random() < 0.3:
            raise Killed
        return added


async def sold(office: Office, random: Random, hours: int, numbers: Iterator[int]) -> int:
    """What happens in a while, which may cost the merchant more than it brings; how many postings."""
    objects = [capture(next(numbers), hours + step) for step in range(random.randint(0, 6))]
    if random.random() < 0.15:
        minus = amount(f"-{random.randint(1, 300)}.00")
        at = MARCH.add(hours=hours).format_iso()
        objects.append(adjustment("Adjustment", at, f"ADJ-{hours}", minus))
    found = [event(one, MERCHANT) for one in objects]
    assert (await office.ledger.store.append(found, Recorder())).new == len(found)
    await office.model.append(found, Recorder())
    return len(found)


async def test_months_of_settlements_by_two_workers_that_are_killed_lose_and_double_nothing(
    office: Office, backend: Backend
) -> None:
    """The rows of all settlements together are the ledger; a balance that is negative is carried over."""
    random = Random(5)
    peer = await opened(backend)
    numbers = itertools.count(2)
    hours, postings, now = 2, 0, MARCH
    while now < MARCH + 75 * DAY:
        postings += await sold(office, random, hours, numbers)
        hours += random.randint(7, 90)
        now = MARCH.add(hours=hours)
        workers = [runner(one, Dying(one.stores.pay_work, random)) for one in (office.ledger, peer)]
        ended = await asyncio.gather(
            *(worker.close(now) for worker in workers),
            *(worker.report_missing(now) for worker in workers),
            return_exceptions=True,
        )
        assert all(isinstance(one, int | Killed) for one in ended), ended
    last = runner(peer)
    await last.close(now)
    while await last.report_missing(now):
        pass
    count = await finish(office.maker(), now)
    reports = sorted(await settled(office), key=lambda one: one.end_time)
    assert len(reports) == count > 20
    assert {one.processing_status for one in reports} == {ProcessingStatus.COMPLETED}
    assert [one.start_time for one in reports[1:]] == [one.end_time for one in reports[:-1]]
    documents = [await office.document(one) for one in reports]
    assert {total(one) for one in documents} == {0}
    files = [rows_of(one) for one in documents]
    carried = [-summed(rows, is_ending) for rows in files]
    assert [summed(rows, is_opening) for rows in files] == [0, *carried[:-1]]
    assert min(carried) < 0
    told = Counter(identity(row) for rows in files for row in rows if is_posting(row))
    assert len(office.model.postings) == postings
    before = reports[-1].end_time
    assert set(told.values()) == {1}
    assert len(told) == sum(one.fact.at < before for _, one in office.model.postings)


def summed(rows: list[dict[str, str]], wanted: Callable[[dict[str, str]], bool]) -> Decimal:
    return sum((Decimal(row["NetTransactionAmount"]) for row in rows if wanted(row)), Decimal())


def is_posting(row: dict[str, str]) -> bool:
    return row["TransactionType"] in {"Capture", "Adjustment"}


def is_opening(row: dict[str, str]) -> bool:
    return row["TransactionDescription"] == PREVIOUS_CARRYOVER


def is_ending(row: dict[str, str]) -> bool:
    return row["TransactionDescription"] == CARRYOVER


def identity(row: dict[str, str]) -> str:
    return row["AmazonTransactionId"] or row["TransactionPostedDate"]


async def test_worker_that_is_killed_between_settlement_and_report_leaves_it_to_the_next(
    office: Office, backend: Backend
) -> None:
    await office.capture(range(2, 500))

    class Away:
        async def add_settlement_report(self, *_: Any) -> bool:
            raise unavailable()

    with pytest.raises(Problem):
        await runner(office.ledger, Away()).close(FIRST)
    assert await office.reports() == []
    peer = runner(await opened(backend))
    assert await peer.report_missing(FIRST + SECOND) == 1
    (report,) = await settled(office)
    assert report.created_time == FIRST + SECOND
    assert (report.start_time, report.end_time) == (MARCH.add(hours=2), FIRST)
    assert await runner(office.ledger).report_missing(FIRST + DAY) == 1
    assert await settled(office) == [report]


async def test_settlements_of_all_merchants_are_looked_through_in_bounded_steps(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that comes new to a ledger with settlements adds exactly those reports that are missing."""
    monkeypatch.setattr("torihiki.worker.settlements.NUMBERS", 4)
    other = "A2MERCHANT0002"
    await add_merchant(office.ledger, other, Region.EUROPE)
    await office.capture(range(2, 200, 24))
    found = [event(capture(number, number), other) for number in range(2, 200, 24)]
    await office.ledger.store.append(found, Recorder())
    for day in range(2, 8):
        for merchant_id in (MERCHANT, other):
            assert await close_at_will(
                office.ledger.store, merchant_id, MARCH.add(hours=24 * day + 3)
            )
    one = runner(office.ledger)
    assert [await one.report_missing(FIRST) for _ in range(4)] == [4, 4, 4, 0]
    theirs = Account(merchant_id=other, environment="live")
    for account in (LIVE, theirs):
        reports = await office.reports(account)
        ends = [report.end_time for report in reports[::-1]]
        assert ends == [MARCH.add(hours=24 * day + 3) for day in range(2, 8)]
    assert await finish(office.maker(), FIRST) == 12
    again = runner(office.ledger)
    assert [await again.report_missing(FIRST + DAY) for _ in range(4)] == [4, 4, 4, 0]
    assert len(await office.reports(theirs)) == len(await office.reports()) == 6


async def test_settlement_that_somebody_else_closed_gets_its_report(office: Office) -> None:
    """The operator does so at will, in the server's process."""
    one = runner(office.ledger)
    await office.capture(range(2, 40))
    assert await one.report_missing(MARCH) == 0
    made = await close_at_will(office.ledger.store, MERCHANT, MARCH.add(hours=30, minutes=30))
    assert [settlement.account for settlement in made] == [payments_account(LIVE)]
    assert await one.report_missing(MARCH.add(hours=31)) == 1
    (report,) = await settled(office)
    assert report.end_time == MARCH.add(hours=30, minutes=30)
    assert await finish(office.maker(), FIRST) == 1
    (report,) = await settled(office)
    assert total(await office.document(report)) == 0


async def test_settlement_of_long_ago_has_its_report_once_the_clock_is_set_back(
    office: Office,
) -> None:
    """Who looks at the year after next and comes back finds the settlements that were closed meanwhile."""
    one = runner(office.ledger)
    await office.capture(range(2, 40))
    late = FIRST + 700 * DAY
    assert await one.close(late) == 1
    assert await one.report_missing(late) == 1
    assert await settled(office) == []
    assert await one.report_missing(FIRST + DAY) == 1
    (report,) = await settled(office)
    assert report.end_time == FIRST
    assert await one.report_missing(FIRST + 2 * DAY) == 0


async def test_settlement_of_long_ago_gets_no_report_and_a_forgotten_one_none_again(
    office: Office, backend: Backend
) -> None:
    """R-8: after an import of a year only those are reported that would not have been forgotten yet."""
    await office.capture(range(2, 24 * 200, 24))
    now = FIRST + 150 * DAY
    assert await runner(office.ledger).close(now) == 151
    reports = await settled(office)
    assert [one.end_time for one in reports] == [now - DAY * days for days in range(90, -1, -1)]
    work = office.ledger.stores.pay_work
    assert await finish(office.maker(), now) == 91
    later = now + 90 * DAY + SECOND
    old = await work.old_reports(later - 90 * DAY, 1000)
    await work.forget([one.report_key for one in old])
    assert await settled(office) == []
    peer = runner(await opened(backend))
    while await peer.report_missing(later):
        pass
    assert await settled(office) == []


async def test_report_from_before_its_settlement_goes_no_earlier_than_that(
    office: Office, backend: Backend
) -> None:
    """Closed while the clock was ahead, reported when it was back; else the next worker would report it again."""
    await office.capture(range(2, 40))
    ahead = FIRST + 10 * DAY
    assert await close_at_will(office.ledger.store, MERCHANT, ahead)
    one = runner(office.ledger)
    while await one.report_missing(FIRST):
        pass
    (report,) = await settled(office)
    assert report.created_time == FIRST < report.end_time == ahead
    await finish(office.maker(), FIRST)
    work = office.ledger.stores.pay_work
    assert await work.old_reports(ahead, 10) == []
    old = await work.old_reports(ahead + SECOND, 10)
    await work.forget([one.report_key for one in old])
    peer = runner(await opened(backend))
    while await peer.report_missing(ahead + 90 * DAY + SECOND):
        pass
    assert await settled(office) == []


async def test_report_is_not_begun_before_it_was_made(office: Office) -> None:
    """Whoever sets the clock back in between."""
    await office.capture(range(2, 5))
    report_id = await office.ask()
    await finish(office.maker(), MARCH)
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED
    assert report.created_time == report.processing_start_time == report.processing_end_time
