"""Servers that are killed and started again: each is a group of processes, all of which are ours."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

from tests.postgres import PostgresServer
from tests.serving import TORIHIKI, Served, environment

START_SECONDS = 60.0


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
        self._log = data.parent / f"{data.name}-{name}.log"
        self._begin = self._log.stat().st_size if self._log.exists() else 0
        flags = ("--usage-plans", "off", "--log-level", "warning", "--workers", str(workers))
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [TORIHIKI, "serve", "--data", data, "--port", "0", *stored, *flags],
                stdout=output,
                stderr=output,
                env=environment(),
                start_new_session=True,
            )

    def said(self) -> str:
        return self._log.read_bytes()[self._begin :].decode()

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

    def kill(self) -> None:
        """Ends every process of the group at once, as a machine that goes off does; may be called again."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


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
