"""What of reports is forgotten, and when, on every backend: after ninety days all, after a day what nobody owns (R-8)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.storage.conftest import Backend
from tests.storage.ledger_samples import opened
from tests.worker.feeding import chunks
from tests.worker.paying import LIVE, NAMES, NOW, SANDBOX, SECOND, Office, Slow, an_office, finish
from torihiki.feeds.rules import new_document_id
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import ProcessingStatus, ReportType
from torihiki.storage.documents import open_documents
from torihiki.worker import cleaner
from torihiki.worker.cleaner import REPORT_DOCUMENTS, cleaning_reports
from torihiki.worker.loop import Chore

DAY = TimeDelta(hours=24)


@pytest.fixture
async def office(backend: Backend, tmp_path: Path) -> Office:
    office = await an_office(await opened(backend), open_documents(None, tmp_path))
    # Files have the machine's time, and so has the test.
    office.machine.now = Instant.now()
    return office


def chores(office: Office) -> dict[str, Chore]:
    made = cleaning_reports(office.ledger.stores.pay_work, office.documents, office.machine)
    return {chore.name: chore for chore in made}


async def run(chore: Chore, now: Instant = NOW) -> list[int]:
    """What each step did until nothing was left."""
    steps: list[int] = []
    while count := await chore.step(now):
        steps.append(count)
    return steps


def aged(folder: Path, name: str, age: TimeDelta) -> None:
    """Makes a document look as old as that."""
    path = folder / "documents" / name
    at = (Instant.now() - age).timestamp(unit="nanosecond")
    os.utime(path, ns=(at, at))


async def test_report_and_its_document_go_after_ninety_days(office: Office) -> None:
    await office.capture(range(5))
    await office.capture(range(5), "sandbox")
    old = await office.ask()
    empty = await office.ask(ReportType.REFUND)
    office.clock.now = NOW + SECOND
    young = await office.ask(ReportType.SANDBOX_SETTLEMENT, SANDBOX)
    assert await finish(office.maker()) == 3
    purge = chores(office)["purge reports"]
    assert await run(purge, NOW + 90 * DAY) == []
    assert len(await office.names()) == 2
    assert await run(purge, NOW + 90 * DAY + SECOND) == [2]
    store = office.ledger.stores.pay_reports
    assert [await store.report(LIVE, one) for one in (old, empty)] == [None, None]
    kept = await office.report(young, SANDBOX)
    assert await office.names() == [kept.report_document_id]
    assert await run(purge, NOW + 91 * DAY) == [1]
    assert await office.names() == []


async def test_report_that_nobody_has_made_yet_stays_however_old_it_is(office: Office) -> None:
    await office.capture(range(5))
    report_id = await office.ask()
    assert await run(chores(office)["purge reports"], NOW + 1000 * DAY) == []
    assert await office.maker().step(NOW + 1000 * DAY) == 1
    assert (await office.report(report_id)).processing_status is ProcessingStatus.COMPLETED


async def test_old_reports_go_in_bounded_steps(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaner, "REPORTS", 3)
    await office.capture(range(5))
    for _ in range(7):
        await office.ask()
    assert await finish(office.maker()) == 7
    assert await run(chores(office)["purge reports"], NOW + 91 * DAY) == [3, 3, 1]
    assert await office.names() == []


async def test_worker_that_is_killed_while_it_forgets_leaves_what_the_next_one_forgets(
    office: Office,
) -> None:
    """The document is gone and the report is still there: no other order would leave a document without a report."""
    await office.capture(range(5))
    report_id = await office.ask()
    await finish(office.maker())
    report = await office.report(report_id)
    assert report.report_document_id is not None
    await office.documents.delete([report.report_document_id])
    assert await run(chores(office)["purge reports"], NOW + 91 * DAY) == [1]
    assert await office.ledger.stores.pay_reports.report(LIVE, report_id) is None


async def test_document_that_no_report_has_goes_after_a_day_by_the_machines_clock(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a feed nothing is touched, and of a report nothing that it has, in whichever world."""
    monkeypatch.setattr(cleaner, "DOCUMENTS", 2)
    await office.capture(range(5))
    await office.capture(range(5), "sandbox")
    await office.ask()
    await office.ask(ReportType.SANDBOX_SETTLEMENT, SANDBOX)
    assert await finish(office.maker()) == 2
    owned = await office.names()
    strays = [rules.document_id(NAMES(rules.DOCUMENT_ID_BYTES)) for _ in range(5)]
    feed = new_document_id(NAMES)
    for name in (*strays, feed):
        await office.documents.put(name, chunks(b"x"))
    look = chores(office)["look for stray documents"]
    old, young = strays[:3], strays[3:]
    for name in (*old, *owned, feed):
        aged(tmp_path, name, DAY + TimeDelta(minutes=1))
    # What the operator's clock shows is no matter.
    assert sum(await run(look, Instant.from_utc(2090, 1, 1))) == 7
    assert sorted(await office.names()) == sorted((*owned, *young, feed))
    office.machine.now += 2 * DAY
    assert sum(await run(look)) == 4
    assert sorted(await office.names()) == sorted((*owned, feed))


async def test_document_is_asked_after_once_and_a_later_one_still_found(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def owned(_: object, names: list[str]) -> list[str]:
        asked.extend(names)
        return names

    monkeypatch.setattr(type(office.ledger.stores.pay_work), "owned", owned)
    look = chores(office)["look for stray documents"]
    names = [rules.document_id(NAMES(rules.DOCUMENT_ID_BYTES)) for _ in range(3)]
    for name in names[:2]:
        await office.documents.put(name, chunks(b"x"))
        aged(tmp_path, name, 2 * DAY)
    for _ in range(2):
        await run(look)
    assert sorted(asked) == sorted(names[:2])
    await office.documents.put(names[2], chunks(b"x"))
    await run(look)
    office.machine.now += DAY + TimeDelta(minutes=1)
    await run(look)
    assert sorted(asked) == sorted(names)


async def test_document_that_is_being_reported_is_nobodys_stray(
    office: Office, backend: Backend
) -> None:
    """Between the moment that it is on disk and the moment that its report is completed."""
    await office.capture(range(5))
    report_id = await office.ask()
    documents = Slow(office.documents)
    making = asyncio.create_task(office.maker(documents=documents).step(NOW))
    await documents.written.wait()
    other = office._replace(ledger=await opened(backend))
    assert sum(await run(chores(other)["look for stray documents"])) == 1
    documents.go_on.set()
    assert await making == 1
    assert await office.names() == [(await office.report(report_id)).report_document_id]


def test_names_of_documents_of_reports_are_told_from_those_of_feeds() -> None:
    assert rules.document_id(bytes(rules.DOCUMENT_ID_BYTES)).startswith(REPORT_DOCUMENTS)
    assert not new_document_id(bytes).startswith(REPORT_DOCUMENTS)
