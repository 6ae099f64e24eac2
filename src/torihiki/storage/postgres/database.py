"""One PostgreSQL database: pooled connections, one form of failure, numbered migrations.

An acknowledged write is on the server's disk (`synchronous_commit`). Every error that another try at another time can
heal is `unavailable`; connections are made anew when the server is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from torihiki.storage.failing import Failures
from torihiki.storage.postgres.named import Statement
from torihiki.storage.postgres.pool import Connection, Pool
from torihiki.storage.schema import UnsuitableDatabase, pending

Result = TypeVar("Result")

OLDEST_SERVER: Final = 15
CONNECTIONS: Final = 10
CONNECT_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 30
ANSWER_SECONDS: Final = 40.0
"""How long an answer may take before the connection counts as dead: longer than the server lets a statement run."""

SETTINGS: Final = {
    "application_name": "torihiki",
    "timezone": "UTC",
    "synchronous_commit": "on",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
    # The plans of our statements are known: index ranges in order, and look-ups from them. So they are made once for
    # a connection and hold whatever the statistics say, which after a large import is that the tables are empty.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_MIGRATION_SETTINGS: Final = {"application_name": "torihiki migrate", "timezone": "UTC"}
_MIGRATION_LOCK: Final = 0x746F7269
"""Any number that no other program takes for its advisory locks in this database."""

_PASSING: Final = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
)
"""Failures of the server, of the way to it, or of its set-up; not of the statement."""


class Database:
    """The open database of one process, used on the event loop that opened it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._failures = Failures()

    @classmethod
    async def open(cls, url: str, *, connections: int = CONNECTIONS) -> Database:
        """Opens the database with one connection; up to `connections` are made when they are needed.

        Raises:
            UnsuitableDatabase: It cannot be reached or entered, or the URL is none.
        """

        async def connect() -> Connection:
            return await asyncpg.connect(
                url,
                timeout=CONNECT_SECONDS,
                command_timeout=ANSWER_SECONDS,
                max_cached_statement_lifetime=0,
                server_settings=SETTINGS,
            )

        pool = Pool(connect, connections)
        with _reasons():
            pool.give_back(await pool.borrow())
        return cls(pool)

    async def rows(
        self, statement: Statement, parameters: Mapping[str, Any]
    ) -> list[asyncpg.Record]:
        """The rows of one statement, which is its own transaction.

        Raises:
            Problem: The database cannot be reached or does not answer in time; the log says why.
        """
        with self._failing():
            connection = await self._pool.borrow()
        try:
            return await connection.fetch(statement.text, *statement.arguments(parameters))
        except Exception:
            with self._failing(connection):
                raise
        finally:
            self._pool.give_back(connection)

    async def write(self, change: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Runs `change` in a transaction and returns its result once that is on disk; what it raises undoes all.

        Raises:
            Problem: The database cannot be reached or written now. Where the connection broke during the commit,
                the write may have happened.
        """
        with self._failing():
            connection = await self._pool.borrow()
        try:
            with self._failing(connection):
                async with connection.transaction():
                    return await change(connection)
        finally:
            self._pool.give_back(connection)

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.close()

    @contextmanager
    def _failing(self, connection: Connection | None = None) -> Iterator[None]:
        try:
            yield
        except _PASSING as error:
            if connection is not None and isinstance(error, TimeoutError):
                connection.terminate()
            raise self._failures.unavailable(error) from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            # The classes of misuse, and of a connection that went away between two statements.
            if connection is not None and not connection.is_closed():
                raise
            raise self._failures.unavailable(error) from error


@contextmanager
def _reasons() -> Iterator[None]:
    """Turns what happens on the way into a database into a text for its operator."""
    try:
        yield
    except TimeoutError as error:
        raise UnsuitableDatabase(
            f"The PostgreSQL server did not answer within {CONNECT_SECONDS:.0f} s."
        ) from error
    except (
        OSError,
        ValueError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    ) as error:
        raise UnsuitableDatabase(f"The PostgreSQL database cannot be used: {error}") from error


async def migrate(url: str, *, up_to: int | None = None) -> int:
    """Brings the database to the newest schema (or to version `up_to`) and returns the version it had.

    Several processes may start at once: one migrates, the others wait and find nothing to do.

    Raises:
        UnsuitableDatabase: It cannot be reached, is too old, does not keep UTF-8, or a newer release has been there.
    """
    with _reasons():
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, server_settings=_MIGRATION_SETTINGS
        )
        try:
            _check_server(connection)
            await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
            version = await _version(connection)
            for number, script in pending(f"{__package__}.migrations", version, up_to):
                async with connection.transaction():
                    await connection.execute(script)
                    await connection.execute(
                        "INSERT INTO schema_versions (version) VALUES ($1)", number
                    )
            return version
        finally:
            await asyncio.shield(connection.close(timeout=CONNECT_SECONDS))


def _check_server(connection: Connection) -> None:
    major = connection.get_server_version().major
    if major < OLDEST_SERVER:
        raise UnsuitableDatabase(
            f"The server is PostgreSQL {major}; {OLDEST_SERVER} is the oldest that is supported."
        )
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise UnsuitableDatabase(f"The database keeps {encoding}: create it with ENCODING 'UTF8'.")


async def _version(connection: Connection) -> int:
    if await connection.fetchval("SELECT to_regclass('schema_versions') IS NULL"):
        await connection.execute("CREATE TABLE schema_versions (version INTEGER PRIMARY KEY)")
    return int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_versions"))
