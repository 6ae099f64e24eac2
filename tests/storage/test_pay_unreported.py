"""What `ReportWork` finds for those who look after reports, on every backend: settlements without, and documents with one."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from tests.storage.conftest import Backend, Stores
from tests.storage.pay_samples import LIVE, OTHERS, SANDBOX, add_merchants, later, over, report
from tests.storage.planning import planned

from torihiki.kernel.instant import Instant, TimeDelta, micros
from torihiki.pay_reports.model import Account
from torihiki.pay_reports.work import Unreported
from torihiki.storage import statements
from torihiki.storage.postgres.named import Statement
from torihiki.storage.sqlite.database import migrate


@pytest.fixture
async def pay(stores: Stores) -> Stores:
    await add_merchants(stores)
    return stores


SETTLED = """
    INSERT INTO settlements (number, account_key, series_key, settlement_id, start_us, end_us, after_run, last_run,
                             postings, opening, net, paid, reserved, carried_over, balance_rows)
    SELECT {number}, account_key, series_key, '1', {start_us}, {end_us}, 0, 1, 1, '0', '7', '7', '0', '0', ''
    FROM ledger_series JOIN ledger_accounts USING (account_key) JOIN pay_merchants USING (merchant_key)
    WHERE merchant_id = '{merchant_id}'
"""


async def settle(backend: Backend, number: int, owner: Account, end: Instant) -> None:
    """A settlement of a second."""
    start = end - TimeDelta(seconds=1)
    await backend.execute(
        SETTLED.format(
            number=number,
            start_us=micros(start),
            end_us=micros(end),
            merchant_id=owner.merchant_id,
        )
    )


async def test_settlements_without_report_are_found_by_their_numbers_whoever_they_are_of(
    backend: Backend, pay: Stores
) -> None:
    """R-5: those that ended long ago are looked at and not told."""
    assert await pay.pay_work.unreported(0, 9, later(0)) == (0, [])
    await backend.execute(
        "INSERT INTO ledger_accounts (merchant_key, environment) SELECT merchant_key, 'live' FROM pay_merchants"
    )
    await backend.execute(
        "INSERT INTO ledger_series (account_key, report_type, currency)"
        " SELECT account_key, 'settlement', 'JPY' FROM ledger_accounts"
    )
    for number in range(1, 9):
        await settle(backend, number, (LIVE, OTHERS)[number % 2], later(number))
    for number in (2, 5, 8):
        assert await pay.pay_work.add_settlement_report(LIVE, report(number), number)
    await pay.pay_reports.add_report(LIVE, report(20))
    through, found = await pay.pay_work.unreported(0, 100, later(3))
    assert through == 8
    assert [one.number for one in found] == [3, 4, 6, 7]
    assert found[:2] == [
        Unreported(number=3, account=OTHERS, start=later(2), end=later(3)),
        Unreported(number=4, account=LIVE, start=later(3), end=later(4)),
    ]
    steps = [await pay.pay_work.unreported(after, 3, later(0)) for after in (0, 3, 6, 8, 99)]
    assert [(through, [one.number for one in found]) for through, found in steps] == [
        (3, [1, 3]),
        (6, [4, 6]),
        (8, [7]),
        (8, []),
        (99, []),
    ]


async def test_documents_that_reports_have_are_told_from_all_others(pay: Stores) -> None:
    """Of every merchant, in both worlds."""
    await pay.pay_reports.add_report(LIVE, over(1, "d1"))
    await pay.pay_reports.add_report(SANDBOX, over(2, "d2"))
    await pay.pay_reports.add_report(OTHERS, over(3, "d'3"))
    await pay.pay_reports.add_report(OTHERS, over(4))
    asked = ["d4", "d2", "d'3", "", 'd"', "d1", "D1"]
    assert sorted(await pay.pay_work.owned(asked)) == ["d'3", "d1", "d2"]
    assert sorted(await pay.pay_work.owned(["d2"])) == ["d2"]
    assert not await pay.pay_work.owned([])


LOOKED_UP = {
    "unreported": {
        "settlements": ("INTEGER PRIMARY KEY", "settlements_pkey"),
        "report": ("pay_reports_settlement", "pay_reports_settlement"),
        "ledger_accounts": ("INTEGER PRIMARY KEY", "ledger_accounts_pkey"),
        "pay_merchants": ("INTEGER PRIMARY KEY", "pay_merchants_pkey"),
    },
    "owned": {"pay_reports": ("pay_reports_document", "pay_reports_document")},
    "put_off": {"pay_reports": ("INTEGER PRIMARY KEY", "pay_reports_open")},
    "take_back": {"pay_reports": ("INTEGER PRIMARY KEY", "pay_reports_open")},
}
"""The index by which each table of a statement is found in SQLite and PostgreSQL: never by reading all of it."""


@pytest.mark.parametrize("name", LOOKED_UP)
def test_sqlite_finds_settlements_and_documents_by_index(tmp_path: Path, name: str) -> None:
    """However many there are that have their reports: workers look every ten seconds."""
    migrate(tmp_path / "torihiki.db")
    text = statements.load("torihiki.storage.sqlite", "pay_reports.sql")[name]
    connection = sqlite3.connect(tmp_path / "torihiki.db")
    try:
        given = dict.fromkeys(Statement(text).names)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", given)]
    finally:
        connection.close()
    found = [line for line in plan if not line.endswith(("SUBQUERY 1", "VIRTUAL TABLE INDEX 1:"))]
    assert len(found) == len(LOOKED_UP[name])
    for table, (index, _) in LOOKED_UP[name].items():
        assert any(
            re.match(f"SEARCH {table} USING (COVERING INDEX )?{index} ", line) for line in found
        )


@pytest.mark.parametrize("name", LOOKED_UP)
async def test_postgres_finds_settlements_and_documents_by_index(
    postgres_url: str, name: str
) -> None:
    """Even if the plan was made without any."""
    plan = await planned(postgres_url, "pay_reports.sql", name)
    at = [number for number, line in enumerate(plan) if " Scan " in line]
    assert len(at) == len(LOOKED_UP[name])
    assert all("Index Cond: " in plan[number + 1] for number in at)
    for _, index in LOOKED_UP[name].values():
        assert any(f"using {index} on " in plan[number] for number in at)
