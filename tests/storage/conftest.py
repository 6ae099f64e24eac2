"""The backends that every store is proven on: a test takes `stores` (or `peer` beside it) and knows no database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from torihiki.admin.store import AdminStore
from torihiki.auth.store import AuthStore
from torihiki.storage.sqlite.admin import SqliteAdminStore
from torihiki.storage.sqlite.auth import SqliteAuthStore
from torihiki.storage.sqlite.database import Database, migrate


class Stores(NamedTuple):
    """What one server process has of a database."""

    admin: AdminStore
    auth: AuthStore
    at_rest: Callable[[], bytes]
    """Every byte that the database keeps on disk; for tests that look for what must not be there."""


class Backend(Protocol):
    """One empty, migrated database that several server processes can open."""

    async def open(self) -> Stores: ...

    async def close(self) -> None: ...


class SqliteBackend:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "torihiki.db"
        self._open: list[Database] = []
        migrate(self._path)

    async def open(self) -> Stores:
        database = Database(self._path)
        self._open.append(database)
        return Stores(SqliteAdminStore(database), SqliteAuthStore(database), self._at_rest)

    async def close(self) -> None:
        for database in self._open:
            database.close()

    def _at_rest(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self._folder.iterdir()))


# The second backend joins here, under its own name.
BACKENDS: dict[str, Callable[[Path], Backend]] = {"sqlite": SqliteBackend}


@pytest.fixture(params=sorted(BACKENDS))
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    opened = BACKENDS[request.param](tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def stores(backend: Backend) -> Stores:
    """The stores of one server process on an empty database."""
    return await backend.open()


@pytest.fixture
async def peer(backend: Backend) -> Stores:
    """The stores of another server process on the same database."""
    return await backend.open()
