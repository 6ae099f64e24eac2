"""Opens the database that the settings name, and the stores of every family on it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from torihiki import clock
from torihiki.admin.rules import now_of
from torihiki.admin.store import AdminStore, AuditStore, RestrictedOrders
from torihiki.auth.store import AuthStore
from torihiki.bootstrap.files import KeyFile
from torihiki.config import Settings
from torihiki.feeds.store import FeedStore
from torihiki.kernel.instant import Instant, from_micros
from torihiki.orders import operations
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.states import erased
from torihiki.storage.order_keys import EmailKeys
from torihiki.storage.vault import Vault


class Stores(NamedTuple):
    """The stores of every family, on one database."""

    orders: OrderStore
    auth: AuthStore
    admin: AdminStore
    audit: AuditStore
    feeds: FeedStore

    @property
    def restricted(self) -> RestrictedOrders:
        """The restricted fields of the orders."""
        return _RestrictedOrders(self.orders)


class _RestrictedOrders:
    """`admin.store.RestrictedOrders`, filled with what the orders family knows of erasing."""

    def __init__(self, orders: OrderStore) -> None:
        self._orders = orders

    async def erase_order(self, seller_id: str, order_id: str) -> bool:
        """See `RestrictedOrders.erase_order`."""
        return await operations.erase_order(self._orders, seller_id, order_id, erased)

    async def erase_restricted(self, before: Instant, limit: int) -> int:
        """See `RestrictedOrders.erase_restricted`."""
        return await operations.erase_restricted(self._orders, before, limit, erased)


async def operator_now(stores: Stores) -> Instant:
    """What the operator's clock shows."""
    return from_micros(now_of((await stores.admin.read_state()).clock, clock.machine_us()))


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
    keys = KeyFile(settings.data)
    emails = EmailKeys(keys.ring.index)
    vault = Vault(keys.ring, keys.changed, secrets.token_bytes)
    path = settings.sqlite_path
    if path is None:
        from torihiki.storage.postgres.admin import PostgresAdminStore  # noqa: PLC0415 - as above
        from torihiki.storage.postgres.audit import PostgresAuditStore  # noqa: PLC0415
        from torihiki.storage.postgres.auth import PostgresAuthStore  # noqa: PLC0415
        from torihiki.storage.postgres.database import Database as Postgres  # noqa: PLC0415
        from torihiki.storage.postgres.feeds import PostgresFeedStore  # noqa: PLC0415
        from torihiki.storage.postgres.orders import PostgresOrders  # noqa: PLC0415

        server = await Postgres.open(str(settings.database))
        try:
            orders = PostgresOrders(server, emails, vault)
            await orders.check_keys()
            yield Stores(
                orders,
                PostgresAuthStore(server),
                PostgresAdminStore(server),
                PostgresAuditStore(server),
                PostgresFeedStore(server),
            )
        finally:
            await server.close()
    else:
        from torihiki.storage.sqlite.admin import SqliteAdminStore  # noqa: PLC0415 - as above
        from torihiki.storage.sqlite.audit import SqliteAuditStore  # noqa: PLC0415
        from torihiki.storage.sqlite.auth import SqliteAuthStore  # noqa: PLC0415
        from torihiki.storage.sqlite.database import Database  # noqa: PLC0415
        from torihiki.storage.sqlite.feeds import SqliteFeedStore  # noqa: PLC0415
        from torihiki.storage.sqlite.orders import SqliteOrders  # noqa: PLC0415

        database = Database(path)
        try:
            local = SqliteOrders(database, emails, vault)
            await local.check_keys()
            yield Stores(
                local,
                SqliteAuthStore(database),
                SqliteAdminStore(database),
                SqliteAuditStore(database),
                SqliteFeedStore(database),
            )
        finally:
            database.close()
