"""What reading a report costs others, on every backend: their turn, memory, and what is left open."""

from __future__ import annotations

import asyncio
import sqlite3
import tracemalloc
from collections.abc import Sequence
from contextlib import aclosing
from random import Random
from typing import Any

import msgspec
import pytest
from tests.payments.objects import address, permission
from tests.storage.conftest import Backend
from tests.storage.ledger_samples import (
    ALWAYS,
    Ledger,
    add_merchant,
    capture,
    event,
    opened,
    reporting,
    small_steps,
)

from torihiki.kernel.instant import Instant
from torihiki.pay_reports.layouts import LAYOUTS
from torihiki.pay_reports.model import ReportType
from torihiki.payments.model import Account, Environment, Event, Region
from torihiki.payments.recording import Recorder
from torihiki.payments.settlement import close
from torihiki.storage import ledger_walk
from torihiki.storage.postgres import report_rows as postgres_rows
from torihiki.storage.sqlite import report_rows as sqlite_rows
from torihiki.storage.sqlite.database import connect

__all__ = ["small_steps"]

RECORDER = Recorder()
MERCHANT = "A1MERCHANT0001"
ACCOUNT = Account(merchant_id=MERCHANT, environment=Environment.LIVE)
OWNER = reporting(ACCOUNT)


@pytest.fixture
async def ledger(backend: Backend) -> Ledger:
    ledger = await opened(backend)
    await add_merchant(ledger, MERCHANT, Region.NORTH_AMERICA)
    return ledger


async def append(ledger: Ledger, events: Sequence[Event], together: int) -> None:
    """In batches."""
    for first in range(0, len(events), together):
        await ledger.store.append(events[first : first + together], RECORDER)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("anew", [False, True])
async def test_others_have_their_turn_while_many_runs_become_one_part(
    backend: Backend, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    """Else a worker would lose its lease: on SQLite nothing else waits. Runs of three, read in pairs, all in one step."""
    monkeypatch.setattr(ledger_walk, "SORTED_LINES", 50_000)
    for module in (sqlite_rows, postgres_rows):
        monkeypatch.setattr(module, "PAGE", 2_000)
    random = Random(7)
    hours = [random.randrange(20) for _ in range(540)]
    await append(ledger, [event(capture(*one), MERCHANT) for one in enumerate(hours)], 9)
    ((runs,),) = await backend.rows(
        "SELECT count(*) FROM ledger_runs JOIN ledger_series USING (series_key)"
        f" WHERE report_type = '{ReportType.CAPTURE}'"
    )
    assert runs == 180
    reader = ledger
    if anew:
        layout = LAYOUTS[ReportType.CAPTURE]
        fewer = msgspec.structs.replace(layout, columns=layout.columns[1:])
        reader = await opened(backend, {**LAYOUTS, ReportType.CAPTURE: fewer})
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    taking = asyncio.create_task(take_turns())
    async with aclosing(reader.rows.rows(OWNER, ReportType.CAPTURE, *ALWAYS)) as rows:
        assert (await anext(rows)).count(b"\n") == 3
    taking.cancel()
    assert turns >= (runs if anew else runs / 2)


def long_permission(number: int, second: int) -> Event:
    """A charge permission with texts as long as Amazon allows, so that its row has 40 kB."""
    texts = dict.fromkeys(address("shipping"), "配" * 1700)
    found = permission(
        "Chargeable",
        Instant.from_utc(2026, 3, 1).add(seconds=second).format_iso(),
        f"P01-1111111-{number:07}",
        buyer={"name": texts["name"], "email": "x"},
        shippingAddress=texts,
    )
    return event(found, MERCHANT)


@pytest.mark.parametrize("in_order", [True, False])
async def test_memory_does_not_grow_with_the_length_of_rows(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *, in_order: bool
) -> None:
    """Rows of 40 kB, 16 MB together, either way in which they can come."""
    monkeypatch.setattr(ledger_walk, "SORTED_BYTES", 2_000_000)
    seconds = list(range(400))
    if not in_order:
        Random(7).shuffle(seconds)
    events = [long_permission(*one) for one in enumerate(seconds)]
    await append(ledger, events, 50)
    length, lines = 0, 0
    tracemalloc.start()
    try:
        async for part in ledger.rows.rows(
            OWNER, ReportType.ORDER_REFERENCE, *ALWAYS, newest_first=True
        ):
            length += len(part)
            lines += part.count(b"\n")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lines == 400
    assert length > 16_000_000
    assert peak < 12_000_000


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Those that exports from SQLite open, which nothing but the export closes."""
    found: list[sqlite3.Connection] = []

    def noted(*given: Any) -> sqlite3.Connection:
        found.append(connect(*given))
        return found[-1]

    monkeypatch.setattr(sqlite_rows, "connect", noted)
    return found


@pytest.mark.usefixtures("small_steps")
async def test_rows_that_are_closed_before_their_end_leave_no_connection_open(
    ledger: Ledger, connections: list[sqlite3.Connection]
) -> None:
    await append(ledger, [event(capture(number, number), MERCHANT) for number in range(30)], 30)
    until = Instant.from_utc(2026, 4, 1)
    (one,) = await ledger.store.settle(ACCOUNT, until, lambda standing: close(standing, until))
    for rows in (
        ledger.rows.rows(OWNER, ReportType.CAPTURE, *ALWAYS),
        ledger.rows.settlement(OWNER, one.number),
    ):
        assert await anext(rows)
        assert await anext(rows)
        await rows.aclose()
        for connection in connections:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")
    assert len(connections) in {0, 2}
