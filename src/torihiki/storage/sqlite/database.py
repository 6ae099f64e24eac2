"""One SQLite database: a connection for reads on the event loop, one writer thread that shares commits.

An acknowledged write is on disk (full synchronisation). Writes that arrive together share one transaction, each in a
savepoint of its own, so that durability costs one synchronisation a batch and a failing write fails alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, cast

from torihiki.storage.failing import Failures
from torihiki.storage.schema import UnsuitableDatabase, pending

Result = TypeVar("Result")
Write = Callable[[sqlite3.Connection], Any]

BUSY_SECONDS: Final = 30.0
"""How long a write waits for other processes that hold the database's one write lock."""
BUSY_PAUSE_SECONDS: Final = 0.01
BATCH_MAX: Final = 256
"""Writes that share a commit at the most."""
PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is erased or replaced leaves no copy in the file.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 268435456",
    # A backstop only: the checkpointer below keeps the log short, off the path of the writes.
    "PRAGMA wal_autocheckpoint = 20000",
)
PAGE_SIZE: Final = 8192
READ_CACHE_KIB: Final = 32 * 1024
WRITE_CACHE_KIB: Final = 256 * 1024
CHECKPOINT_SECONDS: Final = 1.0


def connect(path: Path, cache_kib: int = READ_CACHE_KIB) -> sqlite3.Connection:
    """A connection in autocommit mode with the settings that every connection needs.

    Raises:
        UnsuitableDatabase: The file cannot be opened, or is no database.
    """
    with contextlib.ExitStack() as undoing:
        try:
            connection = sqlite3.connect(
                path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
            undoing.callback(connection.close)
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            _keep_a_log(connection)
            for pragma in PRAGMAS:
                connection.execute(pragma)
            connection.execute(f"PRAGMA cache_size = {-cache_kib}")
        except sqlite3.DatabaseError as error:
            raise _unsuitable(path, error) from error
        undoing.pop_all()
    return connection


def _unsuitable(path: Path, error: sqlite3.DatabaseError) -> UnsuitableDatabase:
    return UnsuitableDatabase(f"The database {path} cannot be used: {error}.")


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switches to write-ahead logging, for which SQLite does not wait where another process is about to do the same."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(BUSY_PAUSE_SECONDS)
        else:
            return


def migrate(path: Path, *, up_to: int | None = None) -> int:
    """Brings the database to the newest schema (or to version `up_to`) and returns the version it had.

    Several processes may start at once: each step runs in an exclusive transaction and looks again first.

    Raises:
        UnsuitableDatabase: A newer release has been there, or it cannot be written now (locked too long, disk full).
    """
    connection = connect(path)
    try:
        return _migrate(connection, up_to)
    except sqlite3.DatabaseError as error:
        raise _unsuitable(path, error) from error
    finally:
        connection.close()


def _migrate(connection: sqlite3.Connection, up_to: int | None) -> int:
    before = _version(connection)
    for number, script in pending(f"{__package__}.migrations", before, up_to):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) < number:
                for statement in _split(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            # A full disk has ended the transaction already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return before


def _version(connection: sqlite3.Connection) -> int:
    return cast("int", connection.execute("PRAGMA user_version").fetchone()[0])


def _split(script: str) -> list[str]:
    """The statements of a script; `executescript` would commit the transaction that they must share."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found


def _in_savepoint(connection: sqlite3.Connection, change: Write) -> tuple[Any, Exception | None]:
    """What `change` returns or raises; where it raises, nothing of it stays."""
    connection.execute("SAVEPOINT one")
    result, failure = None, None
    try:
        result = change(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO one")
        failure = error
    connection.execute("RELEASE one")
    return result, failure


class _Wanted(NamedTuple):
    """A write that somebody waits for."""

    change: Write
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


def _tell(outcomes: list[tuple[asyncio.Future[Any], Any, Exception | None]]) -> None:
    """Hands out results and failures on the loop of those who wait: one wake-up for a whole batch."""
    for future, result, failure in outcomes:
        if future.done():
            continue
        if failure is None:
            future.set_result(result)
        else:
            future.set_exception(failure)


class Database:
    """The open database of one process. `open` it inside the event loop that will read from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reader = connect(path)
        self._failures = Failures()
        self._queue: queue.SimpleQueue[_Wanted | None] = queue.SimpleQueue()
        self._written = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._write_forever, name="sqlite-writer", daemon=True),
            threading.Thread(
                target=self._checkpoint_forever, name="sqlite-checkpointer", daemon=True
            ),
        ]
        for thread in self._threads:
            thread.start()

    async def write(self, change: Callable[[sqlite3.Connection], Result]) -> Result:
        """Runs `change` in a transaction and returns its result once that is on disk.

        `change` runs on the writer's thread, all or nothing, and what it raises is raised here.

        Raises:
            Problem: The database cannot be written now (locked too long, disk full, I/O error); the log says why.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._queue.put(_Wanted(change, loop, future))
        try:
            return await future
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            # A mistake of ours, which no other try heals.
            raise
        except sqlite3.DatabaseError as error:
            raise self._failures.unavailable(error) from error

    def read(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[Any]:
        """The rows of a short query, on the calling thread.

        Raises:
            Problem: The database cannot be read now; the log says why.
        """
        try:
            return self.reader.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._failures.unavailable(error) from error

    def close(self) -> None:
        """Finishes the writes that are under way and closes every connection."""
        self._stopping.set()
        self._queue.put(None)
        self._written.set()
        for thread in self._threads:
            thread.join()
        self.reader.close()

    def _write_forever(self) -> None:
        connection = connect(self.path, WRITE_CACHE_KIB)
        # In memory, the journal of a savepoint is walked from its start by every statement of a large write.
        connection.execute("PRAGMA temp_store = FILE")
        try:
            while (first := self._queue.get()) is not None:
                batch = [first]
                stop = False
                while len(batch) < BATCH_MAX:
                    try:
                        following = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if following is None:
                        stop = True
                        break
                    batch.append(following)
                self._commit(connection, batch)
                self._written.set()
                if stop:
                    return
        finally:
            connection.close()

    def _commit(self, connection: sqlite3.Connection, batch: list[_Wanted]) -> None:
        """Runs a batch in one transaction; who waits hears of it only after the commit."""
        # A caller that has given up is left out; later it can no longer cancel: the write happens or fails as a whole.
        batch = [one for one in batch if not one.future.cancelled()]
        outcomes: list[tuple[Any, Exception | None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                # Alone it is all or nothing by the transaction itself.
                outcomes.append((batch[0].change(connection), None))
            else:
                outcomes += [_in_savepoint(connection, one.change) for one in batch]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the whole batch failed, and each write learns why
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            outcomes = [(None, error)] * len(batch)
        for loop in {one.loop for one in batch}:
            told = [
                (one.future, *outcome)
                for one, outcome in zip(batch, outcomes, strict=True)
                if one.loop is loop
            ]
            with contextlib.suppress(RuntimeError):
                # The loop is closed when its process is stopping: then nobody waits any more.
                loop.call_soon_threadsafe(_tell, told)

    def _checkpoint_forever(self) -> None:
        """Moves the log into the database file in the background, so that no commit has to wait for it."""
        connection = connect(self.path)
        try:
            while not self._stopping.is_set():
                self._written.wait()
                self._written.clear()
                if self._stopping.wait(CHECKPOINT_SECONDS):
                    return
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                except sqlite3.OperationalError:
                    # Another process is at it, or the disk is full: the log just stays longer.
                    self._stopping.wait(CHECKPOINT_SECONDS)
        finally:
            connection.close()
