"""Opens the database that the settings name, and the stores of every family on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from torihiki.admin.store import AdminStore
from torihiki.auth.store import AuthStore
from torihiki.bootstrap.files import secret_key
from torihiki.config import Settings
from torihiki.orders.store import OrderStore
from torihiki.storage.order_keys import EmailKeys


class Stores(NamedTuple):
    """The stores of every family, on one database."""

    orders: OrderStore
    auth: AuthStore
    admin: AdminStore


async def migrate(settings: Settings) -> int:
    """Brings the database to the newest schema; returns the version that it had before.

    Raises:
        OSError, Problem: The database cannot be reached.
    """
    path = settings.sqlite_path
    if path is None:
        from torihiki.storage.postgres import database as postgres  # noqa: PLC0415 - not loaded for SQLite

        return await postgres.migrate(str(settings.database))
    from torihiki.storage.sqlite import database as sqlite  # noqa: PLC0415 - not loaded for PostgreSQL

    path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite.migrate(path)


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores, on the newest schema; closed when the context is left."""
    await migrate(settings)
    emails = EmailKeys(secret_key(settings.data))
    path = settings.sqlite_path
    if path is None:
        from torihiki.storage.postgres.admin import PostgresAdminStore  # noqa: PLC0415 - as above
        from torihiki.storage.postgres.auth import PostgresAuthStore  # noqa: PLC0415
        from torihiki.storage.postgres.database import Database as Postgres  # noqa: PLC0415
        from torihiki.storage.postgres.orders import PostgresOrders  # noqa: PLC0415

        server = await Postgres.open(str(settings.database))
        try:
            yield Stores(
                PostgresOrders(server, emails),
                PostgresAuthStore(server),
                PostgresAdminStore(server),
            )
        finally:
            await server.close()
    else:
        from torihiki.storage.sqlite.admin import SqliteAdminStore  # noqa: PLC0415 - as above
        from torihiki.storage.sqlite.auth import SqliteAuthStore  # noqa: PLC0415
        from torihiki.storage.sqlite.database import Database  # noqa: PLC0415
        from torihiki.storage.sqlite.orders import SqliteOrders  # noqa: PLC0415

        database = Database(path)
        try:
            yield Stores(
                SqliteOrders(database, emails),
                SqliteAuthStore(database),
                SqliteAdminStore(database),
            )
        finally:
            database.close()
