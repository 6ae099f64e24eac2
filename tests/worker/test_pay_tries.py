"""How often a report is begun before it is given up, on every backend: killed workers count, stopped ones do not."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterable
from pathlib import Path

import pytest

from tests.storage.conftest import Backend, PostgresBackend, SqliteBackend
from tests.storage.ledger_samples import opened
from tests.worker.feeding import Machine
from tests.worker.feeding import chunks as whole
from tests.worker.paying import (
    NOW,
    Breaking,
    Clock,
    Documents,
    Full,
    Office,
    Slow,
    an_office,
    rows_of,
)
from torihiki.bootstrap import Settings
from torihiki.bootstrap.reporting import PayWork
from torihiki.bootstrap.stores import open_stores
from torihiki.kernel.documents import DocumentStore, Stored
from torihiki.kernel.problem import Problem, unavailable
from torihiki.pay_reports.model import ProcessingStatus
from torihiki.storage.documents import open_documents
from torihiki.worker.loop import Chore
from torihiki.worker.reports import LEASE, TRIES, Contents

LONG = 50
"""Lines that no other document has."""
SECONDS = 60


@pytest.fixture
async def office(backend: Backend, tmp_path: Path) -> Office:
    return await an_office(await opened(backend), open_documents(None, tmp_path))


async def test_database_that_goes_away_again_and_again_is_waited_for_without_end(
    office: Office,
) -> None:
    """It is no fault of the report's, so it counts as no try."""
    await office.capture(range(5))
    report_id = await office.ask()
    maker = office.maker(rows=Breaking(unavailable()))
    for _ in range(TRIES + 2):
        with pytest.raises(Problem):
            await maker.step(NOW)
        office.machine.now += LEASE
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.IN_PROGRESS
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.COMPLETED


async def test_worker_that_is_stopped_again_and_again_counts_no_tries(office: Office) -> None:
    """Ordinary restarts, also while the disk is full: what was put off goes on waiting."""
    await office.capture(range(5))
    report_id = await office.ask()
    for number in range(TRIES + 2):
        documents = Slow(office.documents)
        maker = office.maker(f"w{number}", documents=documents)
        stopped = asyncio.create_task(maker.step(NOW))
        await documents.written.wait()
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped
        await maker.release()
    full = office.maker("full", documents=Full(office.documents))
    assert await full.step(NOW) == 1
    await full.release()
    assert await office.maker().step(NOW) == 0
    office.machine.now += LEASE
    assert await office.maker().step(NOW) == 1
    assert (await office.report(report_id)).processing_status is ProcessingStatus.COMPLETED


async def test_tries_that_fail_in_different_ways_are_counted_together(office: Office) -> None:
    """Some workers find the disk full, then others are gone: only of those there may not be too many."""
    await office.capture(range(5))
    report_id = await office.ask()
    work = office.ledger.stores.pay_work
    for number in range(TRIES):
        if number < TRIES - 2:
            assert await office.maker(documents=Full(office.documents)).step(NOW) == 1
        else:
            until = office.machine.now + LEASE
            assert await work.claim(f"gone{number}", at=office.machine.now, until=until, now=NOW)
        assert await office.maker().step(NOW) == 0
        office.machine.now += LEASE * (1 << number)
    assert await office.maker().step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.FAILED
    assert report.failure is not None
    assert "the last worker was lost" in report.failure


async def test_report_that_holds_its_workers_up_for_longer_than_a_lease_is_given_up(
    office: Office,
) -> None:
    """Each loses it to the next while it stands still, and finds that out when it goes on."""
    await office.capture(range(5))
    report_id = await office.ask()
    held_up = []
    for number in range(TRIES):
        documents = Slow(office.documents)
        maker = office.maker(f"w{number}", documents=documents)
        held_up.append((documents, asyncio.create_task(maker.step(NOW))))
        await documents.written.wait()
        office.machine.now += LEASE
    assert await office.maker("heir").step(NOW) == 1
    report = await office.report(report_id)
    assert report.processing_status is ProcessingStatus.FAILED
    assert report.failure is not None
    assert "held up" in report.failure
    for documents, making in held_up:
        documents.go_on.set()
        assert await making == 1
    assert await office.report(report_id) == report
    assert await office.names() == []


class Killing(Documents):
    """Documents that kill their worker if they are long, as those do that need too much memory.

    Args:
        documents: Where the others go.
        beside: Whether that happens while a short one is written, which then lasts for ever.
    """

    def __init__(self, documents: DocumentStore, *, beside: bool) -> None:
        super().__init__(documents)
        self._beside = beside
        self._began = asyncio.Event()

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        content = b"".join([chunk async for chunk in chunks])
        if content.count(b"\n") > LONG:
            if self._beside:
                await self._began.wait()
            os.kill(os.getpid(), signal.SIGKILL)
        if self._beside:
            self._began.set()
            await asyncio.Event().wait()
        return await super().put(name, whole(content))


def worker(settings: Settings, folder: Path, number: int) -> None:
    """A worker's process, in which nothing is left of the one before, by a clock on which all leases have run out."""
    asyncio.run(make_all(settings, folder, number))


async def make_all(settings: Settings, folder: Path, number: int) -> None:
    machine = Machine()
    machine.now += 2 * LEASE * number
    documents = Killing(open_documents(None, folder), beside=number == 0)
    async with open_stores(settings) as stores:
        work = PayWork(
            stores,
            Contents(stores.report_rows),
            documents,
            now=Clock(),
            machine_now=machine,
            owner=f"w{number}",
        )
        makers = [chore for chore in work.chores() if chore.name == "make reports"]
        await asyncio.gather(*(until_none_waits(maker) for maker in makers))


async def until_none_waits(maker: Chore) -> None:
    while await maker.step(NOW):
        pass


def settings_of(backend: Backend) -> Settings:
    """What a process of its own is given to open the database."""
    if isinstance(backend, SqliteBackend):
        return Settings(data=backend.keys, database=f"sqlite:///{backend._path}")
    assert isinstance(backend, PostgresBackend)
    return Settings(data=backend.keys, database=backend._url)


async def test_report_that_kills_its_workers_is_given_up_and_one_that_was_made_beside_it_is_not(
    office: Office, backend: Backend, tmp_path: Path
) -> None:
    """Processes that are killed with SIGKILL while they write, one after the other."""
    await office.capture(range(100))
    deadly, other = await office.ask(), await office.ask(days=1)
    settings = settings_of(backend)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    ended = []
    for number in range(TRIES + 1):
        assert (await office.report(deadly)).processing_status is ProcessingStatus.IN_PROGRESS
        process = processes.Process(target=worker, args=(settings, tmp_path, number))
        process.start()
        await asyncio.to_thread(process.join, SECONDS)
        ended.append(process.exitcode)
        process.kill()
    assert ended == [-signal.SIGKILL] * TRIES + [0]
    report = await office.report(deadly)
    assert report.processing_status is ProcessingStatus.FAILED
    assert report.failure == (
        "It was begun 6 times, and the last worker was lost: killed, out of memory, or held up too long."
    )
    report = await office.report(other)
    assert report.processing_status is ProcessingStatus.COMPLETED
    assert len(rows_of(await office.document(report))) == 24
    assert await office.names() == [report.report_document_id]
    assert await backend.rows("SELECT tries FROM pay_reports ORDER BY report_key") == [(7,), (2,)]
