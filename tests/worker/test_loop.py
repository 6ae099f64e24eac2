"""When chores run, and what stops them: nothing but being told."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Protocol

import pytest
from structlog.testing import capture_logs

from tests.postgres import TEMPLATE, PostgresServer, run
from torihiki.admin.model import AuditEntry, AuditFilter, ClockState, PageRequest
from torihiki.admin.rules import now_of
from torihiki.admin.store import AdminStore, AuditStore
from torihiki.auth.store import AuthStore
from torihiki.kernel.instant import Instant, TimeDelta, from_micros, micros
from torihiki.kernel.problem import invalid_input, unavailable
from torihiki.storage.postgres.admin import PostgresAdminStore
from torihiki.storage.postgres.audit import PostgresAuditStore
from torihiki.storage.postgres.database import Database, migrate
from torihiki.worker.loop import Chore, run_chores

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
SOON = 0.01
YEAR_US = 366 * 24 * 3_600_000_000


class Stores(Protocol):
    @property
    def admin(self) -> AdminStore: ...
    @property
    def auth(self) -> AuthStore: ...
    @property
    def audit(self) -> AuditStore: ...


async def fixed() -> Instant:
    return NOW


def chore(step: Callable[[Instant], Awaitable[int]], name: str = "one", every_s: float = SOON) -> Chore:  # fmt: skip
    return Chore(name=name, every_s=every_s, step=step)


@contextlib.asynccontextmanager
async def working(
    chores: Sequence[Chore], now: Callable[[], Awaitable[Instant]] = fixed
) -> AsyncIterator[None]:
    """The loop, until the end of the block; it must not end by itself."""
    task = asyncio.create_task(run_chores(chores, now=now, monotonic=time.monotonic, retry_s=SOON))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(SOON)


async def test_step_is_repeated_until_nothing_is_left_and_then_waits_for_its_time() -> None:
    left = [3, 2, 0, 9]

    async def step(now: Instant) -> int:
        assert now == NOW
        return left.pop(0)

    async with working([chore(step, every_s=3600)]):
        await asyncio.sleep(0.1)
    assert left == [9]


async def test_chore_comes_again_and_each_keeps_its_own_time() -> None:
    runs = {"often": 0, "rarely": 0}

    def counted(name: str) -> Callable[[Instant], Awaitable[int]]:
        async def step(_: Instant) -> int:
            runs[name] += 1
            return 0

        return step

    async def often_enough() -> bool:
        return runs["often"] > 5

    chores = [chore(counted("often"), "often"), chore(counted("rarely"), "rarely", every_s=3600)]
    async with working(chores):
        await until(often_enough)
    assert runs["rarely"] == 1


async def test_chore_that_always_has_something_to_do_keeps_no_other_from_its_work() -> None:
    ran: list[str] = []

    async def endless(_: Instant) -> int:
        await asyncio.sleep(SOON / 10)
        return 1

    async def short(_: Instant) -> int:
        ran.append("short")
        return 0

    async def several_times() -> bool:
        return len(ran) > 5

    async with working([chore(endless, "endless"), chore(short, "short")]):
        await until(several_times)


async def test_each_step_sees_the_clock_as_it_is_then() -> None:
    """What a long chore does at its end happens later than what it did at its beginning."""
    shown = iter([NOW, NOW + TimeDelta(seconds=1), NOW + TimeDelta(seconds=2)])
    seen: list[Instant] = []

    async def now() -> Instant:
        return next(shown)

    async def step(moment: Instant) -> int:
        seen.append(moment)
        return 3 - len(seen)

    async def ran() -> bool:
        return len(seen) == 3

    async with working([chore(step, every_s=3600)], now):
        await until(ran)
    assert seen == [NOW, NOW + TimeDelta(seconds=1), NOW + TimeDelta(seconds=2)]


@pytest.mark.parametrize("failure", [unavailable(), RuntimeError("nobody expected it")])
async def test_failure_of_one_chore_stops_neither_it_nor_the_others(failure: Exception) -> None:
    tried: list[str] = []

    async def fails(_: Instant) -> int:
        tried.append("fails")
        raise failure

    async def works(_: Instant) -> int:
        tried.append("works")
        return 0

    async def both_again() -> bool:
        return tried.count("fails") > 2 and tried.count("works") > 2

    async with working([chore(fails, "fails"), chore(works, "works")]):
        await until(both_again)


async def test_log_says_why_a_chore_is_put_off_but_not_what_a_caller_sent() -> None:
    refusals = iter([(unavailable(), "disk full\nat row 7"), (invalid_input(), "a name"), (unavailable(), None)])  # fmt: skip

    async def fails(_: Instant) -> int:
        problem, cause = next(refusals, (None, None))
        if problem is None:
            return 0
        raise problem from (OSError(cause) if cause else None)

    with capture_logs() as logged:
        async with working([chore(fails)]):
            await until(lambda: told(logged, 3))
    put_off = {"event": "chore put off", "chore": "one", "log_level": "warning"}
    assert logged == [
        put_off | {"problem": "UNAVAILABLE", "cause": "disk full"},
        put_off | {"problem": "INVALID_INPUT"},
        put_off | {"problem": "UNAVAILABLE"},
    ]


async def told(logged: Sequence[object], count: int) -> bool:
    return len(logged) >= count


async def test_clock_that_cannot_be_read_puts_everything_off() -> None:
    readings: Iterator[Exception | Instant] = iter([unavailable(), unavailable(), NOW])
    seen: list[Instant] = []

    async def now() -> Instant:
        reading = next(readings)
        if isinstance(reading, Exception):
            raise reading
        return reading

    async def step(shown: Instant) -> int:
        seen.append(shown)
        return 0

    async def ran() -> bool:
        return seen == [NOW]

    one = Chore(name="one", every_s=3600, step=step)
    async with working([one], now):
        await until(ran)


async def test_loop_that_is_told_to_stop_stops_in_the_middle_of_a_step() -> None:
    begun = asyncio.Event()

    async def step(_: Instant) -> int:
        begun.set()
        await asyncio.sleep(3600)
        return 0

    async with working([chore(step)]):
        await begun.wait()


def entry(at: Instant) -> AuditEntry:
    return AuditEntry(
        at=at,
        request_id="r",
        seller_id="A1",
        application_id="a",
        token_id="0123456789abcdef",
        operation="getOrder",
        elements=(),
        order_ids=(),
    )


def purging(audit: AuditStore) -> Chore:
    """Forgets what is older than a year, much more often than the real one."""

    async def step(now: Instant) -> int:
        return await audit.purge(now - TimeDelta(microseconds=YEAR_US), 10)

    return chore(step)


async def entries(audit: AuditStore) -> int:
    return len((await audit.entries(AuditFilter(), PageRequest(after=("", ""), size=9))).items)


async def test_ages_count_by_the_operators_clock_at_every_run(stores: Stores) -> None:
    """A clock that is moved a year on makes entries old that were new."""
    machine_us = micros(NOW)

    async def now() -> Instant:
        return from_micros(now_of((await stores.admin.read_state()).clock, machine_us))

    async def all_gone() -> bool:
        return await entries(stores.audit) == 0

    await stores.audit.append(entry(NOW))
    async with working([purging(stores.audit)], now):
        await asyncio.sleep(0.2)
        assert await entries(stores.audit) == 1
        await stores.admin.change_clock(lambda state: ClockState(offset_us=state.offset_us + YEAR_US + 1, stopped_at_us=None))  # fmt: skip
        await until(all_gone)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that the test may stop."""
    server = PostgresServer()
    try:
        server.start()
        server.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        run(_migrated(server.url(TEMPLATE)))
        yield server
    finally:
        server.remove()


async def _migrated(url: str) -> None:
    await migrate(url)


async def test_worker_outlives_a_database_that_goes_away_and_comes_back(
    own_server: PostgresServer,
) -> None:
    database = await Database.open(own_server.url(TEMPLATE))
    audit, admin = PostgresAuditStore(database), PostgresAdminStore(database)

    async def now() -> Instant:
        return from_micros(now_of((await admin.read_state()).clock, micros(NOW)))

    async def all_gone() -> bool:
        return await entries(audit) == 0

    await audit.append(entry(NOW))
    async with working([purging(audit)], now):
        own_server.stop()
        await asyncio.sleep(0.3)
        own_server.start()
        old = NOW - TimeDelta(microseconds=YEAR_US + 1)
        await audit.append(entry(old))
        await admin.change_clock(lambda _: ClockState(offset_us=YEAR_US + 1, stopped_at_us=None))
        await until(all_gone)
    await database.close()
