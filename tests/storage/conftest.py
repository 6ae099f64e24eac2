"""The backends that every store is proven on: a test takes `stores` (or `peer` beside it) and knows no database."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import asyncpg
import pytest
from tests.postgres import PostgresServer
from tests.storage.order_model import MARKETPLACES

from torihiki.admin.model import Seller
from torihiki.admin.store import AdminStore, AuditStore
from torihiki.auth.pay.store import PayAccountStore
from torihiki.auth.store import AuthStore
from torihiki.bootstrap.files import KeyFile
from torihiki.feeds.store import FeedStore
from torihiki.kernel.instant import from_micros
from torihiki.orders.store import OrderStore
from torihiki.pay_reports.store import ReportStore
from torihiki.pay_reports.work import ReportWork
from torihiki.storage.order_keys import EmailKeys
from torihiki.storage.postgres.admin import PostgresAdminStore
from torihiki.storage.postgres.audit import PostgresAuditStore
from torihiki.storage.postgres.auth import PostgresAuthStore
from torihiki.storage.postgres.database import Database as PostgresDatabase
from torihiki.storage.postgres.feeds import PostgresFeedStore
from torihiki.storage.postgres.orders import PostgresOrders
from torihiki.storage.postgres.pay_accounts import PostgresPayAccountStore
from torihiki.storage.postgres.pay_reports import PostgresReportStore, PostgresReportWork
from torihiki.storage.sqlite.admin import SqliteAdminStore
from torihiki.storage.sqlite.audit import SqliteAuditStore
from torihiki.storage.sqlite.auth import SqliteAuthStore
from torihiki.storage.sqlite.database import Database, migrate
from torihiki.storage.sqlite.feeds import SqliteFeedStore
from torihiki.storage.sqlite.orders import SqliteOrders
from torihiki.storage.sqlite.pay_accounts import SqlitePayAccountStore
from torihiki.storage.sqlite.pay_reports import SqliteReportStore, SqliteReportWork
from torihiki.storage.vault import Vault

Row = tuple[Any, ...]


class Orders(OrderStore, Protocol):
    """The orders as the process that opens the database has them."""

    async def check_keys(self) -> None: ...


def sealing(keys: Path) -> tuple[EmailKeys, Vault]:
    """What a process makes of the key file in that folder."""
    file = KeyFile(keys)
    return EmailKeys(file.ring.index), Vault(file.ring, file.changed, secrets.token_bytes)


class Stores(NamedTuple):
    """What one server process has of a database."""

    admin: AdminStore
    auth: AuthStore
    orders: Orders
    pay_accounts: PayAccountStore
    pay_reports: ReportStore
    pay_work: ReportWork
    at_rest: Callable[[], bytes]
    """Every byte that the database keeps on disk; for tests that look for what must not be there."""
    audit: AuditStore
    feeds: FeedStore


class Backend(Protocol):
    """One empty, migrated database that several server processes can open.

    `keys` is the folder of the key file. Statements are written in the words of both databases and commit by themselves.
    """

    keys: Path

    async def open(self, keys: Path | None = None) -> Stores: ...

    async def execute(self, statement: str) -> None: ...

    async def rows(self, query: str) -> list[Row]: ...

    def no_writes(self) -> AbstractAsyncContextManager[None]:
        """While this is held, whoever puts orders waits."""
        ...

    async def close(self) -> None: ...


class SqliteBackend:
    def __init__(self, folder: Path) -> None:
        self.keys = folder / "keys"
        self._folder = folder / "database"
        self._folder.mkdir()
        self._path = self._folder / "torihiki.db"
        self._open: list[Database] = []
        migrate(self._path)

    async def open(self, keys: Path | None = None) -> Stores:
        database = Database(self._path)
        self._open.append(database)
        return Stores(
            SqliteAdminStore(database),
            SqliteAuthStore(database),
            SqliteOrders(database, *sealing(keys or self.keys)),
            SqlitePayAccountStore(database),
            SqliteReportStore(database),
            SqliteReportWork(database),
            self._at_rest,
            SqliteAuditStore(database),
            SqliteFeedStore(database),
        )

    async def execute(self, statement: str) -> None:
        await self.rows(statement)

    async def rows(self, query: str) -> list[Row]:
        connection = sqlite3.connect(self._path)
        try:
            with connection:
                return connection.execute(query).fetchall()
        finally:
            connection.close()

    @asynccontextmanager
    async def no_writes(self) -> AsyncIterator[None]:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    async def close(self) -> None:
        for database in self._open:
            database.close()

    def _at_rest(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self._folder.iterdir()))


class PostgresBackend:
    def __init__(self, server: PostgresServer, url: str, folder: Path) -> None:
        self.keys = folder / "keys"
        self._server = server
        self._url = url
        self._open: list[PostgresDatabase] = []

    async def open(self, keys: Path | None = None) -> Stores:
        database = await PostgresDatabase.open(self._url)
        self._open.append(database)
        return Stores(
            PostgresAdminStore(database),
            PostgresAuthStore(database),
            PostgresOrders(database, *sealing(keys or self.keys)),
            PostgresPayAccountStore(database),
            PostgresReportStore(database),
            PostgresReportWork(database),
            lambda: self._server.at_rest(self._url),
            PostgresAuditStore(database),
            PostgresFeedStore(database),
        )

    async def execute(self, statement: str) -> None:
        await self.rows(statement)

    async def rows(self, query: str) -> list[Row]:
        connection = await asyncpg.connect(self._url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    @asynccontextmanager
    async def no_writes(self) -> AsyncIterator[None]:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute("BEGIN; LOCK TABLE orders IN SHARE MODE")
            yield
            await connection.execute("ROLLBACK")
        finally:
            await connection.close()

    async def close(self) -> None:
        for database in self._open:
            await database.close()


def _sqlite(request: pytest.FixtureRequest) -> Backend:
    return SqliteBackend(request.getfixturevalue("tmp_path"))


def _postgres(request: pytest.FixtureRequest) -> Backend:
    server = request.getfixturevalue("postgres_server")
    folder = request.getfixturevalue("tmp_path")
    return PostgresBackend(server, request.getfixturevalue("postgres_url"), folder)


@pytest.fixture(params=[_sqlite, _postgres], ids=["sqlite", "postgres"])
def unopened(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param(request)
    return backend


@pytest.fixture
async def backend(unopened: Backend) -> AsyncIterator[Backend]:
    yield unopened
    await unopened.close()


@pytest.fixture
async def stores(backend: Backend) -> Stores:
    """The stores of one server process on an empty database."""
    return await backend.open()


@pytest.fixture
async def peer(backend: Backend) -> Stores:
    """The stores of another server process on the same database."""
    return await backend.open()


async def add_seller(stores: Stores, seller_id: str) -> None:
    seller = Seller(
        seller_id=seller_id, name="S", marketplace_ids=MARKETPLACES, created_at=from_micros(0)
    )
    assert await stores.admin.add_seller(seller)


@pytest.fixture
async def store(stores: Stores) -> Orders:
    """The orders of a database that knows the sellers S1 and S2, in an order that is not that of their ids."""
    await add_seller(stores, "S2")
    await add_seller(stores, "S1")
    return stores.orders
