"""How reports are made, on every backend: what becomes of them, by whom, and what is left behind (issue 5, points 3 and 7)."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.storage.conftest import Backend
from tests.storage.ledger_samples import expected, opened, small_steps
from tests.worker.feeding import Machine
from tests.worker.paying import (
    LIVE,
    MARCH,
    MERCHANT,
    NOW,
    SANDBOX,
    SECOND,
    Breaking,
    Endless,
    Full,
    Office,
    Slow,
    an_office,
    finish,
    payments_account,
    rows_of,
    top,
)
from torihiki.kernel.instant import Instant, TimeDelta, micros
from torihiki.kernel.problem import Problem, unavailable
from torihiki.pay_reports.model import Account, ProcessingStatus, Report, ReportType
from torihiki.payments.settlement import settlement_id
from torihiki.storage.documents import open_documents
from torihiki.worker.reports import LEASE, TRIES

__all__ = ["small_steps"]

DAYS_5 = (MARCH, MARCH.add(hours=24 * 5))


@pytest.fixture
async def office(backend: Backend, tmp_path: Path) -> Office:
    return await an_office(await opened(backend), open_documents(None, tmp_path))


@pytest.fixture
async def branch(backend: Backend, office: Office) -> Office:
    """The same in another process."""
    return office._replace(ledger=await opened(backend))


async def test_document_is_the_rows_of_the_period_under_their_header(office: Office) -> None:
    """R-9: its bytes, the newest first, are those of the ledger in memory."""
    await office.capture(range(1, 150))
    report_id = await office.ask()
    office.clock.now = NOW + SECOND
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED
    assert report.processing_start_time == NOW
    assert report.processing_end_time == NOW + SECOND
    rows = expected(office.model, payments_account(LIVE), ReportType.CAPTURE, DAYS_5)
    assert len(rows) == 119
    assert await office.document(report) == top(ReportType.CAPTURE) + b"".join(reversed(rows))
    assert await office.names() == [report.report_document_id]
    assert await office.maker().step(NOW) == 0


async def test_report_without_data_is_cancelled_and_has_no_document(office: Office) -> None:
    """R-4."""
    await office.capture(range(200, 210))
    report_id = await office.ask()
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.CANCELLED
    assert report.processing_end_time == NOW
    assert report.report_document_id is None
    assert await office.names() == []


@pytest.mark.parametrize(
    ("report_type", "account"),
    [(ReportType.SANDBOX_SETTLEMENT, LIVE), (ReportType.CAPTURE, SANDBOX)],
)
async def test_report_of_the_other_world_is_cancelled_for_lack_of_data(
    office: Office, report_type: ReportType, account: Account
) -> None:
    """Contract 4.11."""
    for environment in ("live", "sandbox"):
        await office.capture(range(5), environment)
    report_id = await office.ask(report_type, account)
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id, account)
    assert report.processing_status is ProcessingStatus.CANCELLED


async def test_sandbox_settlement_has_the_period_that_was_asked_for_and_an_id_of_its_own(
    office: Office,
) -> None:
    await office.capture(range(5), "sandbox")
    ids = [await office.ask(ReportType.SANDBOX_SETTLEMENT, SANDBOX) for _ in range(2)]
    assert await finish(office.maker()) == 2
    found = [await office.document(await office.report(one, SANDBOX)) for one in ids]
    above = top(
        ReportType.SANDBOX_SETTLEMENT,
        seller_id=MERCHANT,
        start=MARCH,
        end=DAYS_5[1] - SECOND,
    )
    names = [{row["SettlementId"] for row in rows_of(one)} for one in found]
    assert [one.startswith(above) for one in found] == [True, True]
    assert [len(rows_of(one)) for one in found] == [5, 5]
    assert names == [{settlement_id(1)}, {settlement_id(2)}]


async def test_settlement_that_the_ledger_does_not_have_fails_with_a_reason(office: Office) -> None:
    report = Report(
        report_id="A1",
        report_type=ReportType.SETTLEMENT,
        start_time=MARCH,
        end_time=NOW,
        created_time=NOW,
    )
    assert await office.ledger.stores.pay_work.add_settlement_report(LIVE, report, 17)
    assert await office.maker().step(NOW) == 1
    ended = await office.report("A1")
    assert ended.processing_status is ProcessingStatus.FAILED
    assert ended.failure == "The ledger has no settlement of the number 17."


async def test_document_that_cannot_be_written_is_tried_for_as_long_as_it_takes(
    office: Office, branch: Office
) -> None:
    """A bucket that is away for a night costs nobody a settlement report, which nobody can ask for again."""
    await office.capture(range(5))
    report_id = await office.ask()
    documents = Full(office.documents)
    makers = [office.maker(name, documents=documents) for name in "ab"]
    for number in range(3 * TRIES):
        # Workers count together.
        assert await makers[number % 2].step(NOW) == 1
        assert await branch.maker("w2").step(NOW) == 0
        office.machine.now += LEASE * (1 << min(number, 4)) - TimeDelta(microseconds=1)
        assert await branch.maker("w2").step(NOW) == 0
        office.machine.now += TimeDelta(microseconds=1)
    assert (await office.report(report_id)).processing_status is ProcessingStatus.IN_PROGRESS
    assert len(set(documents.put_names)) == 3 * TRIES
    # A worker that is killed then is still no reason to give the report up.
    assert await office.ledger.stores.pay_work.claim(
        "gone", at=office.machine.now, until=office.machine.now + LEASE, now=NOW
    )
    office.machine.now += LEASE
    documents.room = True
    assert await makers[1].step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED


async def test_report_is_made_when_there_is_room_again(office: Office) -> None:
    await office.capture(range(5))
    report_id = await office.ask()
    documents = Full(office.documents)
    maker = office.maker(documents=documents)
    assert await maker.step(NOW) == 1
    assert await maker.step(NOW) == 0
    documents.room = True
    office.machine.now += LEASE
    assert await maker.step(NOW) == 1
    report = await office.report(report_id)
    assert report.report_document_id == documents.put_names[1] != documents.put_names[0]
    assert len(rows_of(await office.document(report))) == 5


async def test_database_that_goes_away_leaves_the_report_to_whoever_comes_after_the_lease(
    office: Office,
) -> None:
    await office.capture(range(5))
    report_id = await office.ask()
    with pytest.raises(Problem):
        await office.maker(rows=Breaking(unavailable())).step(NOW)
    assert (await office.report(report_id)).processing_status is ProcessingStatus.IN_PROGRESS
    assert await office.maker().step(NOW) == 0
    office.machine.now += LEASE
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED
    assert await office.names() == [report.report_document_id]


async def test_failure_that_no_other_try_would_heal_is_final_and_tells_nothing_of_the_rows(
    office: Office,
) -> None:
    report_id = await office.ask()
    assert await office.maker(rows=Breaking(TypeError("Hanako"))).step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.FAILED
    assert report.failure == (
        "Making the document failed with TypeError; the worker's log says where."
    )
    assert await office.names() == []


async def test_worker_that_stands_still_loses_its_report_and_its_document(
    office: Office, branch: Office
) -> None:
    """It notices at the next beat, or where it would complete the report."""
    await office.capture(range(5))
    for beat_s, go_on in ((0.01, False), (3600, True)):
        report_id = await office.ask()
        documents = Slow(office.documents)
        slow = asyncio.create_task(
            office.maker("slow", documents=documents, beat_s=beat_s).step(NOW)
        )
        await documents.written.wait()
        before = await office.names()
        # By its own clock, for the slow one makes its lease longer at any moment.
        later = Machine()
        later.now = office.machine.now + 2 * LEASE
        assert await branch._replace(machine=later).maker("heir").step(NOW) == 1
        if go_on:
            documents.go_on.set()
        assert await slow == 1
        report = await office.report(report_id)
        assert documents.put_names[0] in before
        assert documents.put_names[0] not in await office.names()
        assert report.report_document_id in await office.names()
        assert len(rows_of(await office.document(report))) == 5


async def test_lease_is_made_longer_while_a_document_is_written(
    office: Office, branch: Office, backend: Backend
) -> None:
    await office.capture(range(5))
    report_id = await office.ask()
    documents = Slow(office.documents)
    slow = asyncio.create_task(office.maker("slow", documents=documents, beat_s=0.01).step(NOW))
    await documents.written.wait()
    for _ in range(5):
        office.machine.now += LEASE - SECOND
        async with asyncio.timeout(20):
            await lease_until(backend, office.machine.now + LEASE)
        assert await branch.maker("w2").step(NOW) == 0
    documents.go_on.set()
    assert await slow == 1
    assert (await office.report(report_id)).report_document_id == documents.put_names[0]


async def lease_until(backend: Backend, until: Instant) -> None:
    """Returns when the one report is held so long."""
    held_us = 0
    while held_us < micros(until):
        await asyncio.sleep(0.01)
        ((held_us,),) = await backend.rows("SELECT lease_us FROM pay_reports")


async def test_worker_that_is_stopped_leaves_nothing_and_its_report_is_taken_at_once(
    office: Office, branch: Office
) -> None:
    await office.capture(range(5))
    report_id = await office.ask()
    documents = Slow(office.documents)
    maker = office.maker("stopped", documents=documents)
    stopped = asyncio.create_task(maker.step(NOW))
    await documents.written.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert await office.names() == []
    await maker.release()
    assert await branch.maker("w2").step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED
    assert await office.names() == [report.report_document_id]


async def test_two_workers_make_each_report_once(office: Office, branch: Office) -> None:
    await office.capture(range(30))
    ids = [
        await office.ask(days=number % 6) if number % 6 else await office.ask(ReportType.REFUND)
        for number in range(60)
    ]
    made = await asyncio.gather(
        *(
            finish(one.maker(f"{name}{number}"))
            for number in range(2)
            for name, one in (("a", office), ("b", branch))
        )
    )
    assert sum(made) == 60
    reports = [await office.report(one) for one in ids]
    counted = Counter(one.processing_status for one in reports)
    assert counted == {ProcessingStatus.COMPLETED: 50, ProcessingStatus.CANCELLED: 10}
    for number, report in enumerate(reports):
        if report.report_document_id is not None:
            assert len(rows_of(await office.document(report))) == min(24 * (number % 6), 30)
    assert len(await office.names()) == 50


@pytest.mark.usefixtures("small_steps")
async def test_other_chores_go_on_while_a_long_report_is_made(office: Office) -> None:
    """Also on SQLite, whose rows are read without waiting."""
    await office.capture(range(100))
    report_id = await office.ask()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    assert await office.maker().step(NOW) == 1
    ticking.cancel()
    assert len(rows_of(await office.document(await office.report(report_id)))) == 100
    assert ticks >= 20


async def test_clock_that_was_set_back_shows_no_report_that_ended_before_it_began(
    office: Office,
) -> None:
    report_id = await office.ask()
    office.clock.now = Instant.from_utc(2020, 1, 1)
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_end_time == report.processing_start_time == NOW


@pytest.mark.parametrize("committed", [True, False])
async def test_report_of_which_nobody_knows_whether_it_ended_keeps_its_document(
    office: Office, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    """The connection breaks while the report is completed, behind the commit or before it."""
    await office.capture(range(5))
    report_id = await office.ask()
    kind = type(office.ledger.stores.pay_work)
    finish_really = kind.finish

    async def broken(*given: Any, **more: Any) -> bool:
        if committed:
            assert await finish_really(*given, **more)
        raise unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(kind, "finish", broken)
        with pytest.raises(Problem):
            await office.maker().step(NOW)
    (first,) = await office.names()
    office.machine.now += LEASE
    assert await office.maker().step(NOW) == (not committed)
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED
    assert (report.report_document_id == first) == committed
    assert len(rows_of(await office.document(report))) == 5


async def test_memory_does_not_grow_with_the_report(office: Office) -> None:
    report_id = await office.ask()
    tracemalloc.start()
    try:
        assert await office.maker(rows=Endless(64)).step(NOW) == 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    report = await office.report(report_id)
    assert report.report_document_id is not None
    document = await office.documents.open(report.report_document_id)
    assert document is not None
    assert document.size == 64_000_000 + len(top(ReportType.CAPTURE))
    document.close()
    assert peak < 8_000_000
