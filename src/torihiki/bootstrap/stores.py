"""Opens the database that the settings name, and the stores of every family on it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from torihiki import clock
from torihiki.admin.rules import now_of
from torihiki.admin.store import AdminStore, AuditStore, RestrictedOrders
from torihiki.auth.pay.store import PayAccountStore
from torihiki.auth.store import AuthStore
from torihiki.bootstrap.files import CREDENTIALS_FILE, KEY_FILE, KeyFile, key_ring, new_ring
from torihiki.bootstrap.layouts import report_layouts
from torihiki.config import Settings
from torihiki.feeds.store import FeedStore
from torihiki.kernel.instant import Instant, from_micros
from torihiki.kernel.key_ring import KeyRing
from torihiki.orders import operations
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.states import erased
from torihiki.pay_reports.rows import ReportRows, RowMaker
from torihiki.pay_reports.store import ReportStore
from torihiki.pay_reports.work import ReportWork
from torihiki.payments.store import LedgerStore
from torihiki.storage.order_keys import EmailKeys
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.vault import CannotOpen, Vault


class Ledger(LedgerStore, Protocol):
    """The ledger as the process that opens the database has it."""

    async def reseal_runs(self, after: int, limit: int) -> tuple[int, int] | None:
        """Seals up to `limit` runs behind the run `after` with the current key, as `OrderStore.reseal` does orders."""
        ...

    async def reseal_objects(self, after: int, limit: int) -> tuple[int, int] | None:
        """The same with what is known of objects."""
        ...


class Stores(NamedTuple):
    """The stores of every family, on one database."""

    orders: OrderStore
    auth: AuthStore
    admin: AdminStore
    audit: AuditStore
    feeds: FeedStore
    pay_accounts: PayAccountStore
    pay_reports: ReportStore
    pay_work: ReportWork
    ledger: Ledger
    report_rows: ReportRows

    @property
    def restricted(self) -> RestrictedOrders:
        """The restricted fields of the orders."""
        return RestrictedFields(self.orders)


class RestrictedFields:
    """`admin.store.RestrictedOrders`, filled with what the orders family knows of erasing."""

    def __init__(self, orders: OrderStore) -> None:
        self._orders = orders

    async def erase_order(self, seller_id: str, order_id: str) -> bool:
        """See `RestrictedOrders.erase_order`."""
        return await operations.erase_order(self._orders, seller_id, order_id, erased)

    async def erase_restricted(self, before: Instant, limit: int) -> int:
        """See `RestrictedOrders.erase_restricted`."""
        return await operations.erase_restricted(self._orders, before, limit, erased)


def require_store(settings: Settings) -> None:
    """Refuses a data directory or a SQLite file that nobody has made, so that a misspelt one is not made a store.

    Raises:
        UnsuitableDatabase: There is none.
    """
    data, path = settings.data, settings.sqlite_path
    if path is not None and path.parent == data:
        there = path.exists()
    else:
        # Whose database lies elsewhere, has at least the key in the data directory, such as a machine for workers.
        there = any((data / name).exists() for name in (KEY_FILE, CREDENTIALS_FILE))
    if not there:
        elsewhere = (
            "" if path is not None else ", or copy the secret.key of the other machines there"
        )
        raise UnsuitableDatabase(
            f"There is no server's directory at {data}: start `torihiki serve` on it first{elsewhere}."
        )
    if path is not None and not path.exists():
        raise UnsuitableDatabase(
            f"There is no database at {path}: start `torihiki serve` on it first."
        )


async def operator_now(stores: Stores) -> Instant:
    """What the operator's clock shows."""
    return from_micros(now_of((await stores.admin.read_state()).clock, clock.machine_us()))


async def migrate(settings: Settings) -> int:
    """Brings the database to the newest schema; returns the version that it had before.

    Raises:
        UnsuitableDatabase: The database cannot be reached, or not be used.
        OSError: Its directory cannot be made.
    """
    path = settings.sqlite_path
    if path is None:
        from torihiki.storage.postgres import database as postgres  # noqa: PLC0415 - not loaded for SQLite

        return await postgres.migrate(str(settings.database))
    from torihiki.storage.sqlite import database as sqlite  # noqa: PLC0415 - not loaded for PostgreSQL

    path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite.migrate(path)


class _Making(NamedTuple):
    """What stores are made with."""

    emails: EmailKeys
    vault: Vault
    maker: RowMaker


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores, on the newest schema; closed when the context is left.

    Where there are no keys yet, they are made.

    Raises:
        UnsuitableDatabase: The database cannot be used, or what is in it was sealed with keys that are not here.
        OSError: The keys cannot be read or written.
    """
    await migrate(settings)
    await _ensure_keys(settings)
    keys = KeyFile(settings.data)
    async with _opened(settings, keys.ring, keys.changed) as stores:
        yield stores


async def _ensure_keys(settings: Settings) -> None:
    """Makes the keys of a database in which nothing is sealed yet; keys that were lost are not replaced."""
    file = settings.data / KEY_FILE
    if file.exists():
        return
    try:
        async with _opened(settings, new_ring(), lambda: None):
            pass
    except UnsuitableDatabase as error:
        # Another process that started at the same time may have made them, and sealed something.
        if file.exists():
            return
        if not isinstance(error.__cause__, CannotOpen):
            raise
        raise UnsuitableDatabase(
            f"there is no {KEY_FILE} in {settings.data}, and the database was sealed with one: put it back there"
        ) from error
    key_ring(settings.data)


def _opened(
    settings: Settings, ring: KeyRing, changed: Callable[[], KeyRing | None]
) -> AbstractAsyncContextManager[Stores]:
    making = _Making(
        EmailKeys(ring.index),
        Vault(ring, changed, secrets.token_bytes),
        RowMaker(report_layouts(settings)),
    )
    path = settings.sqlite_path
    return _postgres(str(settings.database), making) if path is None else _sqlite(path, making)


@asynccontextmanager
async def _postgres(url: str, making: _Making) -> AsyncIterator[Stores]:
    from torihiki.storage.postgres.admin import PostgresAdminStore  # noqa: PLC0415 - as above
    from torihiki.storage.postgres.audit import PostgresAuditStore  # noqa: PLC0415
    from torihiki.storage.postgres.auth import PostgresAuthStore  # noqa: PLC0415
    from torihiki.storage.postgres.database import Database as Postgres  # noqa: PLC0415
    from torihiki.storage.postgres.feeds import PostgresFeedStore  # noqa: PLC0415
    from torihiki.storage.postgres.ledger import PostgresLedger  # noqa: PLC0415
    from torihiki.storage.postgres.orders import PostgresOrders  # noqa: PLC0415
    from torihiki.storage.postgres.pay_accounts import PostgresPayAccountStore  # noqa: PLC0415
    from torihiki.storage.postgres.pay_reports import (  # noqa: PLC0415 - as above
        PostgresReportStore,
        PostgresReportWork,
    )
    from torihiki.storage.postgres.report_rows import PostgresReportRows  # noqa: PLC0415 - as above

    emails, vault, maker = making
    server = await Postgres.open(url)
    try:
        orders = PostgresOrders(server, emails, vault)
        ledger = PostgresLedger(server, vault, maker)
        await orders.check_keys()
        await ledger.check_keys()
        yield Stores(
            orders,
            PostgresAuthStore(server),
            PostgresAdminStore(server),
            PostgresAuditStore(server),
            PostgresFeedStore(server),
            PostgresPayAccountStore(server),
            PostgresReportStore(server),
            PostgresReportWork(server),
            ledger,
            PostgresReportRows(server, vault, maker),
        )
    finally:
        await server.close()


@asynccontextmanager
async def _sqlite(path: Path, making: _Making) -> AsyncIterator[Stores]:
    from torihiki.storage.sqlite.admin import SqliteAdminStore  # noqa: PLC0415 - as above
    from torihiki.storage.sqlite.audit import SqliteAuditStore  # noqa: PLC0415
    from torihiki.storage.sqlite.auth import SqliteAuthStore  # noqa: PLC0415
    from torihiki.storage.sqlite.database import Database  # noqa: PLC0415
    from torihiki.storage.sqlite.feeds import SqliteFeedStore  # noqa: PLC0415
    from torihiki.storage.sqlite.ledger import SqliteLedger  # noqa: PLC0415
    from torihiki.storage.sqlite.orders import SqliteOrders  # noqa: PLC0415
    from torihiki.storage.sqlite.pay_accounts import SqlitePayAccountStore  # noqa: PLC0415
    from torihiki.storage.sqlite.pay_reports import (  # noqa: PLC0415 - as above
        SqliteReportStore,
        SqliteReportWork,
    )
    from torihiki.storage.sqlite.report_rows import SqliteReportRows  # noqa: PLC0415 - as above

    emails, vault, maker = making
    database = Database(path)
    try:
        local = SqliteOrders(database, emails, vault)
        payments = SqliteLedger(database, vault, maker)
        await local.check_keys()
        await payments.check_keys()
        yield Stores(
            local,
            SqliteAuthStore(database),
            SqliteAdminStore(database),
            SqliteAuditStore(database),
            SqliteFeedStore(database),
            SqlitePayAccountStore(database),
            SqliteReportStore(database),
            SqliteReportWork(database),
            payments,
            SqliteReportRows(database, vault, maker),
        )
    finally:
        database.close()
