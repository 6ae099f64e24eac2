"""A throw-away PostgreSQL server: made when the first test of a process asks for it, gone when the last is over."""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from torihiki.storage.postgres.database import migrate

START_SECONDS = 60.0
TEMPLATE = "migrated"
NUMBERS = itertools.count(1)


def binaries() -> Path:
    """The folder of `initdb` and `postgres`, or a skip that says that there is none."""
    asked = shutil.which("pg_config")
    folders = [Path(found).parent for found in [shutil.which("initdb")] if found]
    if asked:
        told = subprocess.run([asked, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(told.stdout.strip()))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    pytest.skip("PostgreSQL is not installed: initdb and postgres were not found")


def _user() -> dict[str, Any]:
    """How a child process is run as somebody else: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine to its end, whatever loop this thread has."""
    failures: list[BaseException] = []

    def inside() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            failures.append(error)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


class PostgresServer:
    """One server on a loopback port, in a folder of its own.

    Args:
        durable: Whether what it commits reaches the disk; most tests only lose time by it.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._bin = binaries()
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="torihiki-postgres-"))
        if self._user:
            os.chown(self._folder, self._user["user"], self._user["group"])
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        initdb = [str(self._bin / "initdb"), "-D", str(self._folder / "data"), "-U", "postgres"]
        initdb += ["-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self._folder, **self._user)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        command = [str(self._bin / "postgres"), "-D", str(self._folder / "data")]
        command += ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        command += ["-c", "unix_socket_directories=", "-c", "max_connections=60"]
        if not self._durable:
            command += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                **self._user,
            )
        run(self._answers())

    async def _answers(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                connection = await asyncpg.connect(self.url("postgres"))
            except (OSError, asyncpg.PostgresError):
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends the server: SIGINT closes in good order, SIGQUIT is a crash."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            process.wait(timeout=START_SECONDS)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def execute(self, statement: str, database: str = "postgres") -> None:
        async def work() -> None:
            connection = await asyncpg.connect(self.url(database))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        run(work())

    def at_rest(self, url: str) -> bytes:
        """Every byte on disk of a database, and of the log of all."""
        data = self._folder / "data"
        self.execute("CHECKPOINT")
        number: list[int] = []

        async def find() -> None:
            connection = await asyncpg.connect(url)
            query = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
            number.append(await connection.fetchval(query))
            await connection.close()

        run(find())
        folders = [data / "base" / str(number[0]), data / "pg_wal"]
        files = [file for folder in folders for file in folder.iterdir() if file.is_file()]
        return b"".join(file.read_bytes() for file in files)

    def new_database(self, template: str = "template0") -> str:
        """The name of a new database."""
        name = f"test{next(NUMBERS)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server of this test process; skips where PostgreSQL is missing."""
    server = PostgresServer()
    try:
        server.start()
        server.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        run(_migrated(server.url(TEMPLATE)))
        yield server
    finally:
        server.remove()


async def _migrated(url: str) -> None:
    await migrate(url)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database with the newest schema and nothing in it, this test's alone."""
    name = postgres_server.new_database(TEMPLATE)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def postgres_bare_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database without any schema, this test's alone."""
    name = postgres_server.new_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL for --database; None: the default, SQLite in the data directory."""
    if request.param == "sqlite":
        yield None
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)
