"""The PostgreSQL database of one process: what fails is said in one way, and is over when its cause is."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs
from tests.postgres import PostgresServer
from tests.storage.conftest import sealing
from tests.storage.order_model import order, read, selection, whole

from torihiki.kernel.problem import Kind, Problem
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import Statement
from torihiki.storage.postgres.orders import PostgresOrders
from torihiki.storage.postgres.pool import Connection

ONE = Statement("SELECT 1 AS one")
ADD_SELLER = Statement(
    "INSERT INTO sellers (seller_id, name, marketplace_ids, created_us) VALUES (:seller, '', '[]', 0)"
)


@asynccontextmanager
async def opened(url: str, connections: int = 10) -> AsyncIterator[Database]:
    database = await Database.open(url, connections=connections)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with opened(postgres_url) as database:
        await database.rows(ADD_SELLER, {"seller": "S1"})
        yield database


@asynccontextmanager
async def unavailable() -> AsyncIterator[None]:
    with pytest.raises(Problem) as refused:
        yield
    assert refused.value.kind is Kind.UNAVAILABLE


async def eventually(work: Callable[[], Awaitable[object]]) -> None:
    """Tries until it works, for some seconds."""
    until = time.monotonic() + 10
    while True:
        try:
            await work()
        except Problem:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_server_that_went_away_is_unavailable_until_it_is_back(
    postgres_server: PostgresServer, database: Database, tmp_path: Path, how: signal.Signals
) -> None:
    store = PostgresOrders(database, *sealing(tmp_path))
    await store.put([order(1)])
    postgres_server.stop(how)
    try:
        with capture_logs() as logged:
            for _ in range(3):
                async with unavailable():
                    await store.order("S1", order(1).order_id)
                async with unavailable():
                    await read(store, selection())
                async with unavailable():
                    await store.put([order(2)])
    finally:
        postgres_server.start()
    said = [entry["error"] for entry in logged if entry["event"] == "database failed"]
    assert said
    assert len(set(said)) == len(said) < 9, "one line for each cause"
    assert not any("\n" in one for one in said)
    await eventually(lambda: store.put([order(3, 1)]))
    assert await read(store, selection()) == [whole(order(1)), whole(order(3))]


async def test_server_that_goes_away_during_a_write_leaves_nothing_of_it(
    postgres_server: PostgresServer, database: Database
) -> None:
    async def crashes(connection: Connection) -> None:
        await connection.execute(ADD_SELLER.text, "half")
        await asyncio.to_thread(postgres_server.stop, signal.SIGQUIT)
        try:
            await connection.execute(ADD_SELLER.text, "never")
        finally:
            await asyncio.to_thread(postgres_server.start)

    async with unavailable():
        await database.write(crashes)
    rows = await database.rows(Statement("SELECT seller_id FROM sellers"), {})
    assert [row["seller_id"] for row in rows] == ["S1"]


async def test_too_many_connections_are_unavailable_until_one_is_free(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    postgres_server.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
    url = postgres_url.replace("postgres@", "crowded@")
    try:
        async with opened(url) as database:

            async def while_one_is_lent(_: Connection) -> None:
                async with unavailable():
                    await database.rows(ONE, {})

            await database.write(while_one_is_lent)
            assert len(await database.rows(ONE, {})) == 1
    finally:
        postgres_server.execute("DROP ROLE crowded")


async def test_full_disk_is_unavailable_and_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    store = PostgresOrders(database, *sealing(tmp_path))
    await store.put([order(1)])

    async def fill(connection: Connection) -> None:
        await connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$;"
            "CREATE TRIGGER full_disk AFTER INSERT ON order_details EXECUTE FUNCTION full_disk()"
        )

    await database.write(fill)
    async with unavailable():
        await store.put([order(2)])
    assert await read(store, selection()) == [whole(order(1))]
    await database.rows(Statement("DROP TRIGGER full_disk ON order_details"), {})
    await store.put([order(2, 1)])
    assert len(await read(store, selection())) == 2


async def test_statement_that_takes_too_long_is_unavailable(database: Database) -> None:
    async def sleep(connection: Connection) -> None:
        await connection.execute("SET LOCAL statement_timeout = '50ms'")
        await connection.execute("SELECT pg_sleep(20)")

    async with unavailable():
        await database.write(sleep)
    assert len(await database.rows(ONE, {})) == 1


async def test_mistake_in_a_statement_is_no_unavailability(database: Database) -> None:
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await database.rows(Statement("SELEC 1"), {})
    with pytest.raises(asyncpg.DataError):
        await database.rows(Statement("SELECT :number::bigint"), {"number": "one"})
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.rows(ADD_SELLER, {"seller": "S1"})


async def test_more_requests_than_connections_all_get_their_turn(postgres_url: str) -> None:
    async with opened(postgres_url, connections=2) as database:
        rows = await asyncio.gather(*(database.rows(ONE, {}) for _ in range(100)))
        used = await database.rows(
            Statement(
                "SELECT count(*) AS number FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'torihiki'"
            ),
            {},
        )
    assert len(rows) == 100
    assert used[0]["number"] <= 2


async def test_requests_that_are_given_up_hold_no_connection(postgres_url: str) -> None:
    async with opened(postgres_url, connections=2) as database:
        sleeping = [
            asyncio.ensure_future(database.rows(Statement("SELECT pg_sleep(20)"), {}))
            for _ in range(5)
        ]

        async def half(connection: Connection) -> None:
            await connection.execute(ADD_SELLER.text, "half")
            await asyncio.sleep(20)

        await asyncio.sleep(0.1)
        for each in sleeping:
            each.cancel()
        await asyncio.gather(*sleeping, return_exceptions=True)
        writing = asyncio.ensure_future(database.write(half))
        await asyncio.sleep(0.1)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        async with asyncio.timeout(5):
            await asyncio.gather(*(database.rows(ONE, {}) for _ in range(10)))
            assert await database.rows(Statement("SELECT FROM sellers"), {}) == []


async def test_connection_that_the_server_closed_is_replaced(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(Problem):
            await database.rows(Statement("SELECT pg_terminate_backend(pg_backend_pid())"), {})
        assert len(await database.rows(ONE, {})) == 1


async def test_acknowledged_write_is_durable_by_the_settings_of_every_connection(
    database: Database,
) -> None:
    async def settings(connection: Connection) -> dict[str, str]:
        names = ("synchronous_commit", "TimeZone", "jit", "statement_timeout", "application_name")
        return {name: await connection.fetchval(f"SHOW {name}") for name in names}

    assert await database.write(settings) == {
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "jit": "off",
        "statement_timeout": "30s",
        "application_name": "torihiki",
    }


async def test_closed_database_waits_for_nobody(postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    under_way = asyncio.ensure_future(database.rows(Statement("SELECT pg_sleep(0.2)"), {}))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        await database.close()
        assert len(await under_way) == 1


def test_parameter_has_one_number_wherever_it_stands() -> None:
    statement = Statement("SELECT :a::text, :b, x::int, ':c d', :a -- done: all")
    assert statement.text.startswith("SELECT $1::text, $2, x::int, ")
    assert statement.arguments({"b": 2, "a": "x\0", "c": None})[:2] == [
        "x\N{REPLACEMENT CHARACTER}",
        2,
    ]
