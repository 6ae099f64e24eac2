"""A database of the version before restricted data tokens keeps its access tokens, which stay ordinary ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from torihiki.auth.model import Grant
from torihiki.auth.store import AuthStore
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import from_micros
from torihiki.storage.postgres import database as postgres
from torihiki.storage.postgres.auth import PostgresAuthStore
from torihiki.storage.sqlite import database as sqlite
from torihiki.storage.sqlite.auth import SqliteAuthStore

BEFORE = 2
HASH = bytes(range(32))


def accounts(blob: str) -> Iterator[str]:
    """One application, seller, authorisation and access token; `blob` writes bytes as a literal."""
    key = blob.format(HASH.hex())
    yield (
        "INSERT INTO sellers (seller_id, name, marketplace_ids, created_us) "
        "VALUES ('A1', 'S', '[]', 0)"
    )
    yield (
        "INSERT INTO applications (application_id, name, client_id, secret_hash, roles, created_us) "
        f"""VALUES ('app', 'R', 'client', {key}, '["Pricing"]', 0)"""
    )
    yield (
        "INSERT INTO authorizations (authorization_id, application_id, seller_id, created_us) "
        "VALUES ('auth', 'app', 'A1', 0)"
    )
    yield (
        "INSERT INTO access_tokens "
        "(token_hash, application_id, authorization_id, issued_us, expires_us) "
        f"VALUES ({key}, 'app', 'auth', 0, 7)"
    )


async def check(store: AuthStore) -> None:
    assert await store.grant(HASH) == Grant(
        caller=Caller(
            seller_id="A1",
            application_id="app",
            roles=frozenset({"Pricing"}),
            token_id="0001020304050607",
        ),
        authorization_id="auth",
        expires_at=from_micros(7),
        revoked=False,
        secret_expires_at=None,
        resources=None,
    )


async def test_sqlite_keeps_its_tokens(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    sqlite.migrate(path, up_to=BEFORE)
    connection = sqlite3.connect(path)
    for statement in accounts("x'{}'"):
        connection.execute(statement)
    connection.commit()
    connection.close()
    assert sqlite.migrate(path) == BEFORE
    database = sqlite.Database(path)
    try:
        await check(SqliteAuthStore(database))
    finally:
        database.close()


async def test_postgres_keeps_its_tokens(postgres_bare_url: str) -> None:
    await postgres.migrate(postgres_bare_url, up_to=BEFORE)
    connection = await asyncpg.connect(postgres_bare_url)
    for statement in accounts(r"'\x{}'"):
        await connection.execute(statement)
    await connection.close()
    assert await postgres.migrate(postgres_bare_url) == BEFORE
    database = await postgres.Database.open(postgres_bare_url)
    try:
        await check(PostgresAuthStore(database))
    finally:
        await database.close()
