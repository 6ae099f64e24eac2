"""Every step of the schema on every backend: what was stored stays readable, and all ways lead to one schema."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pytest
from tests.postgres import PostgresServer

from torihiki.storage import statements
from torihiki.storage.postgres.database import Database as PostgresDatabase
from torihiki.storage.postgres.database import migrate as migrate_postgres
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.sqlite import database as sqlite_database
from torihiki.storage.sqlite.database import connect
from torihiki.storage.sqlite.database import migrate as migrate_sqlite

Table = list[dict[str, Any]]

ROWS: Mapping[int, str] = {
    1: """
        UPDATE server_state SET clock_offset_us = -5, revision = 7;
        INSERT INTO sellers (seller_id, name, marketplace_ids, created_us) VALUES ('S1', 'N', '["M"]', 1);
        INSERT INTO applications (application_id, name, client_id, secret_hash, secret_expires_us, roles, created_us)
        VALUES ('app', 'N', 'client', {bytes}, 5, '[]', 1);
        INSERT INTO authorizations (authorization_id, application_id, seller_id, created_us)
        VALUES ('auth', 'app', 'S1', 1);
        INSERT INTO refresh_tokens (token_hash, authorization_id, created_us) VALUES ({bytes}, 'auth', 1);
        INSERT INTO authorization_codes (code_hash, authorization_id, redirect_uri, expires_us)
        VALUES ({bytes}, 'auth', 'https://a.example/', 9);
        INSERT INTO access_tokens (token_hash, application_id, authorization_id, issued_us, expires_us)
        VALUES ({bytes}, 'app', 'auth', 1, 2);
        INSERT INTO usage_plans (application_id, seller_id, operation, rate, burst)
        VALUES ('app', 'S1', 'getOrders', 0.5, 20)
    """,
    2: """
        INSERT INTO facets (seller_key, facet, marketplace_id, order_status, fulfillment_channel, payment_method,
                            easy_ship_shipment_status, electronic_invoice_status, is_ispu)
        SELECT seller_key, 1, 'M', 'Shipped', 'MFN', '', '', '', {false} FROM sellers;
        INSERT INTO orders (seller_key, order_number, facet, created_us, updated_us, buyer_email_key, erasable_us,
                            document, ending, personal)
        SELECT seller_key, 12345678901234567, 1, 5, 6, -9, 6, {bytes}, {other_bytes}, {bytes} FROM sellers;
        INSERT INTO order_details (order_key, items, restricted_items, withheld, regulated)
        SELECT order_key, {bytes}, {other_bytes}, {bytes}, {other_bytes} FROM orders
    """,
    3: """
        INSERT INTO access_tokens (token_hash, application_id, authorization_id, issued_us, expires_us, resources)
        VALUES ({other_bytes}, 'app', 'auth', 1, 2, '[]')
    """,
    4: """
        INSERT INTO audit (at_us, seller_id, application_id, token_id, request_id, operation, elements, order_numbers)
        VALUES (1, 'S1', 'app', 'token', 'request', 'getOrder', '[]', {numbers})
    """,
    5: """
        UPDATE order_details SET fulfillment = {bytes};
        INSERT INTO order_history (order_key, sequence, at_us, event, caused_by, order_status, details)
        SELECT order_key, 1, 5, 'shipped', 'app', 'Shipped', {bytes} FROM orders
    """,
    6: """
        INSERT INTO feed_documents (document_id, seller_id, content_type, created_us)
        VALUES ('document', 'S1', 'text/xml', 1);
        INSERT INTO feeds (seller_id, feed_type, marketplace_ids, created_us, status, input_document_id,
                           result_document_id, lease_us, progress)
        VALUES ('S1', 'T', {texts}, 1, 'IN_QUEUE', 'document', 'report', 0, '{{}}');
        INSERT INTO feed_findings (feed_key, messages, findings) SELECT feed_key, 1, {bytes} FROM feeds
    """,
    7: """
        INSERT INTO pay_merchants (merchant_id, seller_key, region, created_us)
        SELECT 'A1MERCHANT0001', seller_key, 'jp', 1 FROM sellers;
        INSERT INTO pay_keys (public_key_id, merchant_key, environment, public_key_pem, created_us)
        SELECT 'SANDBOX-A', merchant_key, 'sandbox', 'PEM', 1 FROM pay_merchants;
        INSERT INTO pay_reports (merchant_key, environment, report_id, report_type, start_us, end_us, created_us, status,
                                 failure, lease_us)
        SELECT merchant_key, 'live', 'A1T1', 'T', 1, 2, 3, 'IN_PROGRESS', '', 0 FROM pay_merchants;
        INSERT INTO pay_schedules (merchant_key, environment, schedule_id, report_type, frequency, next_us)
        SELECT merchant_key, 'live', '1', 'T', 'PT5M', 1 FROM pay_merchants;
        INSERT INTO pay_idempotency (merchant_key, environment, scope, idempotency_key, request_hash, status, body,
                                     answered_us)
        SELECT merchant_key, 'live', 'POST /v2/reports', 'key', {bytes}, 201, {other_bytes}, 1 FROM pay_merchants
    """,
    8: """
        INSERT INTO ledger_accounts (merchant_key, environment, closed_us)
        SELECT merchant_key, 'live', 6 FROM pay_merchants;
        INSERT INTO ledger_events (account_key, object_id, state, updated_us)
        SELECT account_key, 'C1', 'Captured', 5 FROM ledger_accounts;
        INSERT INTO ledger_objects (account_key, object_id, known)
        SELECT account_key, 'C1', {bytes} FROM ledger_accounts;
        INSERT INTO ledger_series (account_key, report_type, currency)
        SELECT account_key, 'settlement', 'JPY' FROM ledger_accounts;
        INSERT INTO ledger_runs (run_key, series_key, first_us, last_us, lines, layout, times, nets, body)
        SELECT 1, series_key, 5, 5, 1, {bytes}, {bytes}, NULL, {other_bytes} FROM ledger_series;
        INSERT INTO ledger_values (run_key, body) VALUES (1, {bytes});
        INSERT INTO settlements (number, account_key, series_key, settlement_id, start_us, end_us, after_run, last_run,
                                 postings, opening, net, paid, reserved, carried_over, balance_rows)
        SELECT 1, account_key, series_key, '5336315815', 5, 6, 0, 1, 1, '0', '7', '7', '0', '0', {bytes}
        FROM ledger_series;
    """,
    9: """
        UPDATE pay_reports SET tries = 2
    """,
}
"""Rows of each version's tables, in the words that both databases understand but for bytes and booleans."""


class Target(Protocol):
    """A database that can be brought to any version."""

    package: str

    async def migrate(self, up_to: int | None = None) -> int: ...
    async def execute(self, statement: str) -> None: ...
    async def schema(self) -> dict[str, Table]: ...
    async def tables(self) -> dict[str, Table]: ...
    async def set_version(self, version: int) -> None: ...


class SqliteTarget:
    package = "torihiki.storage.sqlite.migrations"

    def __init__(self, path: Path) -> None:
        self.path = path

    async def migrate(self, up_to: int | None = None) -> int:
        return await asyncio.to_thread(migrate_sqlite, self.path, up_to=up_to)

    def _rows(self, query: str) -> Table:
        connection = sqlite3.connect(self.path)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()

    async def execute(self, statement: str) -> None:
        written = statement.format(
            bytes="X'0102'",
            other_bytes="X'03'",
            false="0",
            numbers="X'0000000000000001'",
            texts="'[\"M\"]'",
        )
        self._rows(written)

    async def schema(self) -> dict[str, Table]:
        found = {
            "indexes": self._rows(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY 1"
            )
        }
        for name in await self.tables():
            found[name] = self._rows(f"PRAGMA table_xinfo('{name}')")
            found[f"{name} refers"] = self._rows(f"PRAGMA foreign_key_list('{name}')")
        return found

    async def tables(self) -> dict[str, Table]:
        names = self._rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        return {row["name"]: self._rows(f"SELECT * FROM {row['name']}") for row in names}

    async def set_version(self, version: int) -> None:
        self._rows(f"PRAGMA user_version = {version}")


class PostgresTarget:
    package = "torihiki.storage.postgres.migrations"

    def __init__(self, url: str) -> None:
        self.url = url

    async def migrate(self, up_to: int | None = None) -> int:
        return await migrate_postgres(self.url, up_to=up_to)

    async def _rows(self, query: str) -> Table:
        connection = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def execute(self, statement: str) -> None:
        written = statement.format(
            bytes=r"'\x0102'",
            other_bytes=r"'\x03'",
            false="false",
            numbers="'{1}'",
            texts="'{M}'",
        )
        await self._rows(written)

    async def schema(self) -> dict[str, Table]:
        columns = (
            "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name, is_identity"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        )
        constraints = (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        )
        return {
            "columns": await self._rows(columns),
            "indexes": await self._rows(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
            ),
            "constraints": await self._rows(constraints),
        }

    async def tables(self) -> dict[str, Table]:
        names = await self._rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'schema_versions' ORDER BY 1"
        )
        return {
            row["tablename"]: await self._rows(f"SELECT * FROM {row['tablename']}") for row in names
        }

    async def set_version(self, version: int) -> None:
        await self._rows(f"INSERT INTO schema_versions VALUES ({version})")


@pytest.fixture(params=["sqlite", "postgres"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Target]:
    """A database without a schema."""
    if request.param == "sqlite":
        yield SqliteTarget(tmp_path / "torihiki.db")
    else:
        yield PostgresTarget(request.getfixturevalue("postgres_bare_url"))


@pytest.fixture
async def fresh(request: pytest.FixtureRequest, target: Target, tmp_path: Path) -> Target:
    """A second database of the same kind, brought to the newest schema in one go."""
    other: Target
    if isinstance(target, SqliteTarget):
        other = SqliteTarget(tmp_path / "fresh.db")
        await other.migrate()
    else:
        other = PostgresTarget(request.getfixturevalue("postgres_url"))
    return other


def newest(target: Target) -> int:
    return len(statements.migrations(target.package))


async def test_every_version_has_rows_to_be_tried_with(target: Target) -> None:
    assert sorted(ROWS) == list(range(1, newest(target) + 1))


@pytest.mark.parametrize("version", sorted(ROWS))
async def test_rows_of_every_version_outlive_the_way_to_the_newest(
    target: Target, fresh: Target, version: int
) -> None:
    assert await target.migrate(up_to=version) == 0
    for number in range(1, version + 1):
        for statement in ROWS[number].split(";"):
            await target.execute(statement)
    before = await target.tables()
    assert all(before.values())

    assert await target.migrate() == version

    after = await target.tables()
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert all(row in kept for row in rows)
    assert await target.schema() == await fresh.schema()


async def test_second_migration_finds_nothing_to_do(target: Target) -> None:
    assert await target.migrate() == 0
    assert await target.migrate() == newest(target)


async def test_migrations_that_start_at_once_make_one_schema(target: Target, fresh: Target) -> None:
    found = await asyncio.gather(*(target.migrate() for _ in range(4)))
    assert min(found) == 0
    assert await target.schema() == await fresh.schema()


def test_connections_to_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """One in twenty did not: SQLite does not wait where two switch a file to write-ahead logging."""
    together = threading.Barrier(4)

    def open_one(path: Path) -> None:
        together.wait()
        connect(path).close()

    with ThreadPoolExecutor(4) as processes:
        for number in range(400):
            list(processes.map(open_one, [tmp_path / f"{number}.db"] * 4))


def test_file_that_another_process_keeps_locked_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_database, "BUSY_SECONDS", 0.1)
    path = tmp_path / "x.sqlite3"
    migrate_sqlite(path, up_to=1)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(UnsuitableDatabase, match=f"{path} cannot be used: database is locked"):
            migrate_sqlite(path)
    finally:
        other.close()
    assert migrate_sqlite(path) == 1


@pytest.mark.parametrize("pages", range(2, 14, 3))
def test_disk_that_is_full_before_the_newest_schema_is_named_and_leaves_whole_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    path = tmp_path / "x.sqlite3"
    with monkeypatch.context() as full:
        limit = f"PRAGMA max_page_count = {pages}"
        full.setattr(sqlite_database, "PRAGMAS", (*sqlite_database.PRAGMAS, limit))
        with pytest.raises(UnsuitableDatabase, match="database or disk is full"):
            migrate_sqlite(path)
    assert migrate_sqlite(path) < len(statements.migrations("torihiki.storage.sqlite.migrations"))


async def test_database_of_a_newer_release_is_refused_and_left_alone(target: Target) -> None:
    await target.migrate()
    await target.set_version(newest(target) + 1)
    before = await target.schema()
    with pytest.raises(UnsuitableDatabase, match=f"schema version {newest(target) + 1}"):
        await target.migrate()
    assert await target.schema() == before


async def test_database_that_cannot_keep_every_text_is_refused(
    postgres_server: PostgresServer,
) -> None:
    postgres_server.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    try:
        with pytest.raises(UnsuitableDatabase, match="LATIN1"):
            await migrate_postgres(postgres_server.url("latin"))
    finally:
        postgres_server.drop_database("latin")


async def test_server_that_cannot_be_entered_is_named_in_the_refusal(
    postgres_server: PostgresServer,
) -> None:
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    for url in (postgres_server.url("there_is_none"), nowhere, "postgresql://[half"):
        with pytest.raises(UnsuitableDatabase, match="cannot be used"):
            await migrate_postgres(url)
        with pytest.raises(UnsuitableDatabase, match="cannot be used"):
            await PostgresDatabase.open(url)
