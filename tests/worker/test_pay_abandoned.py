"""Exports that do not come to their end, on every backend: nothing of them stays open."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.conftest import Backend
from tests.storage.ledger_samples import opened, small_steps
from tests.worker.feeding import Machine
from tests.worker.paying import NOW, Documents, Full, Office, Torn, an_office
from torihiki.kernel.documents import DocumentStore, Stored
from torihiki.pay_reports.model import ProcessingStatus
from torihiki.storage.documents import open_documents
from torihiki.storage.sqlite import report_rows as sqlite_rows
from torihiki.storage.sqlite.database import connect
from torihiki.worker.reports import LEASE, Content

__all__ = ["small_steps"]


@pytest.fixture
async def office(backend: Backend, tmp_path: Path) -> Office:
    office = await an_office(await opened(backend), open_documents(None, tmp_path))
    await office.capture(range(30))
    return office


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """What is closed is closed by whoever opened it."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Those that exports from SQLite open."""
    found: list[sqlite3.Connection] = []

    def noted(*given: Any) -> sqlite3.Connection:
        found.append(connect(*given))
        return found[-1]

    monkeypatch.setattr(sqlite_rows, "connect", noted)
    return found


def still_open(connections: list[sqlite3.Connection]) -> int:
    count = 0
    for connection in connections:
        try:
            connection.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            continue
        count += 1
    return count


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("kind", [Full, Torn])
async def test_document_that_cannot_be_written_leaves_no_connection_open(
    office: Office, connections: list[sqlite3.Connection], kind: type[Documents]
) -> None:
    report_id = await office.ask()
    assert await office.maker(documents=kind(office.documents)).step(NOW) == 1
    assert still_open(connections) == 0
    assert len(connections) in {0, 1}
    assert (await office.report(report_id)).processing_status is ProcessingStatus.IN_PROGRESS


class Halting(Documents):
    """Documents that take the first part, and then nothing."""

    def __init__(self, documents: DocumentStore) -> None:
        super().__init__(documents)
        self.halted = asyncio.Event()

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        self.put_names.append(name)
        assert await anext(aiter(chunks))
        self.halted.set()
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.usefixtures("small_steps")
async def test_worker_that_is_stopped_or_loses_its_report_leaves_no_connection_open(
    office: Office, backend: Backend, connections: list[sqlite3.Connection]
) -> None:
    for stopped in (True, False):
        await office.ask()
        documents = Halting(office.documents)
        maker = office.maker(f"w{stopped}", documents=documents, beat_s=0.01)
        making = asyncio.create_task(maker.step(NOW))
        await documents.halted.wait()
        if stopped:
            making.cancel()
            with pytest.raises(asyncio.CancelledError):
                await making
            await maker.release()
        else:
            later = Machine()
            later.now = office.machine.now + 2 * LEASE
            heir = office._replace(ledger=await opened(backend), machine=later)
            assert await heir.maker("heir").step(NOW) == 1
            assert await making == 1
        assert still_open(connections) == 0


async def test_document_that_is_still_being_read_is_closed_after_the_part() -> None:
    """A store of documents may have failed while it reads ahead."""
    go_on = asyncio.Event()

    async def rows() -> AsyncGenerator[bytes]:
        await go_on.wait()
        yield b"2"
        yield b"3"

    content = Content(b"1", rows())
    assert await anext(content) == b"1"
    reading = asyncio.ensure_future(anext(content))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(content.aclose())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert await reading == b"2"
    with pytest.raises(StopAsyncIteration):
        await anext(content)
