"""How the worker's process lives and ends: beside a server, with it, after it, and alone (issue 3, point 7)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.plain import fetch
from tests.server.running import Running, running
from tests.serving import TORIHIKI, environment
from torihiki.admin.model import AuditEntry, AuditFilter, PageRequest
from torihiki.bootstrap.files import key_ring
from torihiki.kernel.instant import Instant
from torihiki.storage.documents.directory import UNFINISHED
from torihiki.storage.sqlite.audit import SqliteAuditStore
from torihiki.storage.sqlite.database import Database, migrate

PROCESSES = Path("/proc")
SECONDS = 20

pytestmark = pytest.mark.skipif(
    not (PROCESSES / "self" / "stat").is_file(), reason="the system has no /proc to find processes in"
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def state(pid: int) -> tuple[str, int] | None:
    """The state letter and the parent of a process; None: it is gone."""
    try:
        told = (PROCESSES / str(pid) / "stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return told[0], int(told[1])


def lives(pid: int) -> bool:
    found = state(pid)
    return found is not None and found[0] != "Z"


def children(parent: int) -> list[int]:
    numbers = [int(entry.name) for entry in PROCESSES.iterdir() if entry.name.isdigit()]
    return [pid for pid in numbers if (told := state(pid)) and told[1] == parent]


def is_worker(pid: int) -> bool:
    try:
        return b"torihiki.bootstrap.working" in (PROCESSES / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def workers(parent: int) -> list[int]:
    """The worker processes of a server."""
    return [pid for pid in children(parent) if is_worker(pid)]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def until_gone(pid: int) -> None:
    until(lambda: not lives(pid))


def worker_of(server: Running) -> int:
    """Its one worker, once that is there."""
    until(lambda: bool(workers(server.process.pid)))
    (found,) = workers(server.process.pid)
    return found


def ignores_interrupts(pid: int) -> bool:
    told = (PROCESSES / str(pid) / "status").read_text("utf-8")
    mask = next(line for line in told.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask.split()[1], 16) >> (signal.SIGINT - 1) & 1)


def fill(data: Path, *at: str) -> None:
    """Entries of the audit trail in a database that nobody has opened yet."""
    data.mkdir()
    path = data / "torihiki.sqlite3"
    migrate(path)

    async def work() -> None:
        database = Database(path)
        for one in at:
            entry = AuditEntry(
                at=Instant.parse_iso(one),
                request_id="r",
                seller_id="A1",
                application_id="a",
                token_id="0123456789abcdef",
                operation="getOrder",
                elements=(),
                order_ids=(),
            )
            await SqliteAuditStore(database).append(entry)
        database.close()

    asyncio.run(work())


def entries(data: Path) -> int:
    async def work() -> int:
        database = Database(data / "torihiki.sqlite3")
        page = PageRequest(after=("", ""), size=100)
        found = await SqliteAuditStore(database).entries(AuditFilter(), page)
        database.close()
        return len(found.items)

    return asyncio.run(work())


@pytest.mark.parametrize("flags", [(), ("--workers", "2")], ids=["one process", "two processes"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_has_one_worker_and_both_end_when_it_is_told_to(
    data: Path, flags: tuple[str, ...], number: signal.Signals
) -> None:
    with running(data, *flags) as server:
        worker = worker_of(server)
        server.process.send_signal(number)
        assert server.process.wait(SECONDS) == 0
        assert not lives(worker)
        assert workers(server.process.pid) == []
        assert "Traceback" not in server.said()
        assert "worker ended" not in server.said()


def test_worker_removes_what_killed_uploads_left(data: Path) -> None:
    left, fresh = (data / "documents" / f"{UNFINISHED}{name}" for name in ("old", "new"))
    left.parent.mkdir(parents=True)
    for path in (left, fresh):
        path.write_bytes(b"x")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(left, (two_days_ago, two_days_ago))
    with running(data):
        until(lambda: not left.exists())
        assert fresh.exists()


def test_worker_that_was_killed_is_started_again_and_the_server_serves_on(data: Path) -> None:
    with running(data) as server:
        seen = set()
        for _ in range(2):
            worker = worker_of(server)
            seen.add(worker)
            os.kill(worker, signal.SIGKILL)
            until_gone(worker)
            assert fetch(server.url, "/-/ready").status == 200
        seen.add(worker_of(server))
        assert len(seen) == 3
        ended = [line for line in server.logged() if line["event"] == "worker ended"]
        assert [(line["exit_status"], line["again_in_s"]) for line in ended] == [(-9, 1), (-9, 2)]


@pytest.mark.parametrize("flags", [(), ("--workers", "2")], ids=["one process", "two processes"])
def test_server_that_was_killed_leaves_no_process(data: Path, flags: tuple[str, ...]) -> None:
    """Neither its worker nor, of several, the other server processes."""
    with running(data, *flags) as server:
        worker = worker_of(server)
        left = children(server.process.pid)
        assert worker in left
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        for pid in left:
            until_gone(pid)


def test_interrupt_of_a_terminal_is_left_to_the_server(data: Path) -> None:
    """Ctrl+C reaches both; a worker that ended by itself would be started again while the server still drains."""
    with running(data) as server:
        worker = worker_of(server)
        until(lambda: ignores_interrupts(worker))
        os.kill(worker, signal.SIGINT)
        time.sleep(0.3)
        assert lives(worker)


def test_worker_of_a_server_does_its_chores(data: Path) -> None:
    """With the settings of the server: the flag reaches the worker."""
    fill(data, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z")
    with running(data, "--audit-retention", "P1D"):
        until(lambda: entries(data) == 0)
    assert entries(data) == 0


@pytest.fixture
def alone(data: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `torihiki worker`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*flags: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [TORIHIKI, "worker", "--data", data, *flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_alone_does_its_chores_and_ends_with_0(
    data: Path, alone: Callable[..., subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    fill(data, "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z")
    one, other = alone(), alone()
    until(lambda: entries(data) == 1)
    # Both may have begun after that; what they handle is installed before they open the database.
    time.sleep(1)
    for process in (one, other):
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
        assert time.monotonic() - started < 3
    assert entries(data) == 1


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--audit-retention", "30 days"), "duration"),
        (("--audit-retention", "-P1D"), "negative"),
        (("--erase-restricted-after", "P"), "duration"),
        (("--log-level", "loud"), "loud"),
        (("--database", "mysql://x"), "--database"),
    ],
)
@pytest.mark.parametrize("verb", ["worker", "serve"])
def test_setting_that_cannot_be_taken_is_refused_before_anything_starts(
    data: Path, verb: str, flags: tuple[str, str], word: str
) -> None:
    status, said = refused(verb, data, *flags)
    assert status == 2
    assert word in said
    assert not data.exists()


def test_worker_alone_says_that_its_database_cannot_be_reached(data: Path) -> None:
    key_ring(data)
    status, said = refused("worker", data, "--database", "postgresql://127.0.0.1:1/x")
    assert status == 1
    assert said.startswith("Cannot go on: The PostgreSQL database cannot be used")


def refused(verb: str, data: Path, *flags: str) -> tuple[int, str]:
    done = subprocess.run(
        [TORIHIKI, verb, "--data", data, *flags],
        capture_output=True,
        env=environment() | {"COLUMNS": "200"},
        timeout=SECONDS,
        check=False,
    )
    said = done.stderr.decode()
    assert "Traceback" not in said
    return done.returncode, said
