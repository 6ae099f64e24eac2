"""The SQLite database of one process: shared commits, failures that stay alone, full disks, locks, and sudden ends."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from torihiki.kernel.problem import Kind, Problem
from torihiki.storage.failing import SAME_SECONDS, Failures
from torihiki.storage.sqlite.database import Database, connect

KILLS = 3
ACKNOWLEDGED = 150

HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(0.5)
connection.execute("COMMIT")
"""

WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from torihiki.storage.sqlite.database import Database

async def main():
    database = Database(Path(sys.argv[1]))
    numbers = itertools.count(int(sys.argv[2]))

    async def forever():
        for number in numbers:
            await database.write(lambda c, n=number: c.execute("INSERT INTO t VALUES (?, ?)", (n, b"x" * 500)))
            print(number, flush=True)

    await asyncio.gather(*(forever() for _ in range(16)))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "torihiki.db"
    connection = connect(path)
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")
    connection.close()
    return path


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = Database(path)
    yield database
    database.close()


def insert(connection: sqlite3.Connection, number: int, size: int = 0) -> int:
    connection.execute("INSERT INTO t VALUES (?, zeroblob(?))", (number, size))
    return number


async def put(database: Database, number: int, size: int = 0) -> int:
    return await database.write(lambda connection: insert(connection, number, size))


def numbers(database: Database) -> list[int]:
    return [row[0] for row in database.read("SELECT n FROM t ORDER BY n")]


class Gate:
    """Keeps the writer busy, so that what is written meanwhile waits and shares a commit."""

    def __init__(self, database: Database) -> None:
        self._open = threading.Event()
        self._entered = threading.Event()
        self._write = asyncio.ensure_future(database.write(self._wait))

    def _wait(self, _: sqlite3.Connection) -> None:
        self._entered.set()
        self._open.wait(10)

    async def closed(self) -> None:
        await asyncio.to_thread(self._entered.wait, 10)

    async def open(self) -> None:
        self._open.set()
        await self._write


async def test_writes_that_wait_together_share_few_commits(database: Database) -> None:
    statements: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(statements.append))
    gate = Gate(database)
    await gate.closed()
    writes = [asyncio.ensure_future(put(database, number)) for number in range(200)]
    await asyncio.sleep(0)
    await gate.open()
    assert await asyncio.gather(*writes) == list(range(200))
    assert numbers(database) == list(range(200))
    assert 1 <= statements.count("COMMIT") <= 20


async def test_write_is_seen_by_the_next_read(database: Database) -> None:
    for number in range(20):
        await put(database, number)
        assert numbers(database)[-1] == number


async def test_write_that_fails_among_others_fails_alone_and_leaves_nothing(
    database: Database,
) -> None:
    def fails_late(connection: sqlite3.Connection) -> None:
        insert(connection, 100)
        insert(connection, 0)

    gate = Gate(database)
    await gate.closed()
    writes = [put(database, 0), database.write(fails_late), put(database, 1), put(database, 1)]
    waiting = [asyncio.ensure_future(write) for write in writes]
    await asyncio.sleep(0)
    await gate.open()
    first, failed, second, double = await asyncio.gather(*waiting, return_exceptions=True)
    assert (first, second) == (0, 1)
    assert isinstance(failed, sqlite3.IntegrityError)
    assert isinstance(double, sqlite3.IntegrityError)
    assert numbers(database) == [0, 1]


async def test_write_that_fails_by_itself_leaves_nothing(database: Database) -> None:
    def fails_late(connection: sqlite3.Connection) -> None:
        insert(connection, 1)
        raise KeyError("after the insert")

    with pytest.raises(KeyError):
        await database.write(fails_late)
    assert numbers(database) == []
    assert await put(database, 1) == 1


async def test_caller_that_gives_up_holds_nobody_up(database: Database) -> None:
    gate = Gate(database)
    await gate.closed()
    given_up = asyncio.ensure_future(put(database, 1))
    patient = asyncio.ensure_future(put(database, 2))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    await gate.open()
    assert await patient == 2
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await put(database, 3) == 3
    # It had not begun, so it did not happen.
    assert numbers(database) == [2, 3]


async def test_full_disk_is_unavailable_until_there_is_room(database: Database) -> None:
    await put(database, 1)
    (count,) = database.read("PRAGMA page_count")[0]
    await database.write(lambda connection: _set_pages(connection, count + 4))

    for number, size in ((2, 1_000_000), (3, 500_000)):
        with pytest.raises(Problem) as refused:
            await put(database, number, size)
        assert refused.value.kind is Kind.UNAVAILABLE
    assert numbers(database) == [1]

    await database.write(lambda connection: _set_pages(connection, 1_000_000))
    assert await put(database, 2, 1_000_000) == 2
    assert numbers(database) == [1, 2]


def _set_pages(connection: sqlite3.Connection, pages: int) -> None:
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()


async def test_full_disk_fails_every_write_of_a_batch_that_it_broke_or_none(
    database: Database,
) -> None:
    (count,) = database.read("PRAGMA page_count")[0]
    await database.write(lambda connection: _set_pages(connection, count + 10))
    gate = Gate(database)
    await gate.closed()
    sizes = {1: 100, 2: 1_000_000, 3: 100}
    writes = [asyncio.ensure_future(put(database, n, size)) for n, size in sizes.items()]
    await asyncio.sleep(0)
    await gate.open()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(outcomes[1], Problem)
    # What was acknowledged is there, and nothing else.
    assert numbers(database) == [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert all(isinstance(outcome, (int, Problem)) for outcome in outcomes)


async def test_write_waits_for_another_process_that_holds_the_lock(
    database: Database, path: Path
) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(path), stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    before = time.monotonic()
    assert await put(database, 1) == 1
    assert time.monotonic() - before > 0.2
    assert await holder.wait() == 0


async def test_log_says_why_a_write_or_read_failed_once_for_many(database: Database) -> None:
    """The caller hears of a 503 only, and an outage fails every request."""
    (count,) = database.read("PRAGMA page_count")[0]
    await database.write(lambda connection: _set_pages(connection, count + 4))
    with capture_logs() as logged:
        for number in range(5):
            with pytest.raises(Problem) as refused:
                await put(database, number, 1_000_000)
            assert isinstance(refused.value.__cause__, sqlite3.OperationalError)
        for _ in range(3):
            with pytest.raises(Problem):
                database.read("SELECT n FROM absent WHERE n = ?", ("personal",))
    assert logged == [
        {"event": "database failed", "error": text, "log_level": "warning"}
        for text in ("database or disk is full", "no such table: absent")
    ]


def test_same_failure_is_logged_again_after_a_while_and_another_at_once() -> None:
    moments = (100.0, 101.0, 100.0 + SAME_SECONDS, 101.0 + SAME_SECONDS)
    clock = iter([moment for moment in moments for _ in range(2)])
    failures = Failures(lambda: next(clock))
    with capture_logs() as logged:
        for _ in moments:
            for error in (OSError("first\nDETAIL: a value"), TimeoutError()):
                told = failures.unavailable(error)
                assert (told.kind, told.__cause__) == (Kind.UNAVAILABLE, error)
    assert [entry["error"] for entry in logged] == ["first", "TimeoutError"] * 2


@pytest.mark.parametrize("attempt", range(KILLS))
def test_killed_process_loses_no_acknowledged_write(path: Path, attempt: int) -> None:
    command = [sys.executable, "-c", WRITER, str(path), str(attempt * 1_000_000)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    with writer, writer.stdout:
        acknowledged = [int(writer.stdout.readline()) for _ in range(ACKNOWLEDGED)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith(b"\n")]
    connection = connect(path)
    try:
        kept = {row[0] for row in connection.execute("SELECT n FROM t WHERE length(body) = 500")}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
    assert set(acknowledged) <= kept
