"""Servers that are killed and started again: each is a group of processes, all of which are ours."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx2

from tests.postgres import PostgresServer
from tests.serving import TORIHIKI, Served, environment

START_SECONDS = 60.0
PROCESSES = Path("/proc")
WORKER = b"torihiki.bootstrap.working"
SERVING = b"multiprocessing.spawn"
"""What is on the command lines of a server's children."""


class Group:
    """`torihiki serve` with everything that it starts, in a process group of its own.

    Args:
        data: The data directory.
        database: The URL for --database; None: SQLite in the data directory.
        name: What the log is called; two servers on one directory need two.
    """

    def __init__(
        self, data: Path, database: str | None, *, workers: int = 1, name: str = "server"
    ) -> None:
        stored = ("--database", database) if database else ()
        self._data = data
        self._is_killed = False
        self.log = data.parent / f"{data.name}-{name}.log"
        self._begin = self.log.stat().st_size if self.log.exists() else 0
        flags = ("--usage-plans", "off", "--log-level", "warning", "--workers", str(workers))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [TORIHIKI, "serve", "--data", data, "--port", "0", *stored, *flags],
                stdout=output,
                stderr=output,
                env=environment(),
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_bytes()[self._begin :].decode()

    def served(self) -> Served:
        """The API, once it is ready."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()[-4000:]
            if found := re.search(r"serves on (http://\S+)", self.said()):
                with contextlib.suppress(httpx2.TransportError):
                    if httpx2.get(f"{found[1]}/-/ready", timeout=5).status_code == 200:
                        credentials = (self._data / "credentials.json").read_text("utf-8")
                        return Served(found[1], self._data, json.loads(credentials))
            time.sleep(0.02)
        raise AssertionError(self.said()[-4000:])

    def children(self, mark: bytes) -> list[int]:
        """The living processes of the group that have this on their command line; needs a system with /proc."""
        return [pid for pid in self._living() if mark in _read(pid, "cmdline")]

    def is_gone(self) -> bool:
        return not any(self._living())

    def _living(self) -> Iterator[int]:
        for pid in (int(one.name) for one in PROCESSES.iterdir() if one.name.isdigit()):
            # Behind the name: the state, the parent, the group.
            told = _read(pid, "stat").rpartition(b")")[2].split()
            if told and told[0] != b"Z" and int(told[2]) == self.process.pid:
                yield pid

    def kill_only(self, pids: Iterable[int]) -> None:
        """Ends these processes of the group, and leaves the others to themselves."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            if pid == self.process.pid:
                self.process.wait()

    def kill(self) -> None:
        """Ends every process of the group at once, as a machine that goes off does; may be called again."""
        # Later the number may be somebody else's.
        if not self._is_killed:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._is_killed = True


def _read(pid: int, name: str) -> bytes:
    try:
        return (PROCESSES / str(pid) / name).read_bytes()
    except OSError:
        return b""


@contextlib.contextmanager
def group(
    data: Path, database: str | None, *, workers: int = 1, name: str = "server"
) -> Iterator[Group]:
    """The server until the end of the block."""
    server = Group(data, database, workers=workers, name=name)
    try:
        yield server
    finally:
        server.kill()


def crash(postgres: PostgresServer) -> None:
    """Kills the first process of a PostgreSQL server and starts it again as soon as the others have noticed."""
    postgres.stop(signal.SIGKILL)
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            postgres.start()
        except RuntimeError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


@contextlib.contextmanager
def database(kind: str) -> Iterator[tuple[PostgresServer | None, str | None]]:
    """A PostgreSQL server whose commits reach the disk, and the URL of a database; nothing of both for SQLite."""
    if kind == "sqlite":
        yield None, None
        return
    server = PostgresServer(durable=True)
    try:
        server.start()
        yield server, server.url(server.new_database())
    finally:
        server.remove()
