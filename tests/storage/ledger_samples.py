"""Ledgers of a backend, events for them, and what the ledger in memory says that they must tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import strategies as st
from tests.payments.ledger import MemoryLedger
from tests.payments.objects import (
    CREATED,
    adjustment,
    amount,
    charge,
    line,
    permission,
    refund,
)
from tests.storage.conftest import Backend, Stores, add_seller, sealing

from torihiki.auth.pay.store import Merchant as RegisteredMerchant
from torihiki.kernel.fact import Fact, ReportType
from torihiki.kernel.instant import Instant
from torihiki.pay_reports.layouts import LAYOUTS, Layout
from torihiki.pay_reports.model import Account as ReportAccount
from torihiki.pay_reports.rows import ID_MARK, ReportRows, RowMaker
from torihiki.payments.lines import parse_line
from torihiki.payments.model import (
    Account,
    Disbursement,
    Environment,
    Event,
    Merchant,
    Region,
    Settlement,
)
from torihiki.payments.store import LedgerStore
from torihiki.storage import ledger_runs, ledger_walk
from torihiki.storage.postgres import ledger as postgres_ledger
from torihiki.storage.postgres import report_rows as postgres_rows
from torihiki.storage.postgres.ledger import PostgresLedger
from torihiki.storage.postgres.report_rows import PostgresReportRows
from torihiki.storage.sqlite import report_rows as sqlite_rows
from torihiki.storage.sqlite.database import Database as SqliteDatabase
from torihiki.storage.sqlite.ledger import SqliteLedger
from torihiki.storage.sqlite.report_rows import SqliteReportRows

ALWAYS: Final = (Instant.MIN, Instant.MAX)
MAKER: Final = RowMaker()


class Ledger(NamedTuple):
    """What one process has of a ledger."""

    store: LedgerStore
    rows: ReportRows
    resealing: SqliteLedger | PostgresLedger
    stores: Stores


async def opened(
    backend: Backend, layouts: Mapping[ReportType, Layout] = LAYOUTS, keys: Path | None = None
) -> Ledger:
    """The ledger of a new process, which has the backend's keys unless it is given others."""
    stores = await backend.open(keys)
    database = backend._open[-1]  # type: ignore[attr-defined] # both backends keep what they opened
    _, vault = sealing(keys or backend.keys)
    maker = RowMaker(layouts)
    if isinstance(database, SqliteDatabase):
        one = SqliteLedger(database, vault, maker)
        return Ledger(one, SqliteReportRows(database, vault, maker), one, stores)
    other = PostgresLedger(database, vault, maker)
    return Ledger(other, PostgresReportRows(database, vault, maker), other, stores)


async def add_merchant(ledger: Ledger, merchant_id: str, region: Region = Region.JAPAN) -> Merchant:
    """A merchant of a seller of his own."""
    await add_seller(ledger.stores, f"S-{merchant_id}")
    registered = RegisteredMerchant(
        merchant_id=merchant_id,
        seller_id=f"S-{merchant_id}",
        region=region.value,
        created_at=CREATED,
    )
    assert await ledger.stores.pay_accounts.add_merchant(registered)
    return Merchant(merchant_id=merchant_id, region=region, created=CREATED)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bound on what is read or written at once is so low that a few rows pass it."""
    monkeypatch.setattr(ledger_runs, "LINES_MAX", 3)
    monkeypatch.setattr(ledger_walk, "STEP_LINES", 4)
    monkeypatch.setattr(ledger_walk, "SORTED_LINES", 5)
    monkeypatch.setattr(ledger_walk, "PART_LINES", 3)
    monkeypatch.setattr(postgres_ledger, "PAGE", 2)
    monkeypatch.setattr(sqlite_rows, "TURN_SECONDS", 0)
    for module in (sqlite_rows, postgres_rows):
        monkeypatch.setattr(module, "PAGE", 3)
        monkeypatch.setattr(module, "OPENED", 2)


def time(hour: int) -> str:
    """The hour so many hours after the beginning of March, as an import has it."""
    return Instant.from_utc(2026, 3, 1).add(hours=hour).format_iso()


def moment(hour: int) -> Instant:
    return Instant.parse_iso(time(hour))


def event(found: dict[str, Any], merchant_id: str, environment: str = "live") -> Event:
    return parse_line(line(found, merchant_id, environment))


def _charge_id(number: int) -> str:
    return f"P01-1111111-2222222-C{number:06}"


def capture(number: int, hour: int, minor: int = 1000, currency: str = "USD") -> dict[str, Any]:
    text = str(minor) if currency == "JPY" else f"{minor // 100}.{minor % 100:02}"
    return charge(
        "Captured", time(hour), charge_id=_charge_id(number), total=amount(text, currency)
    )


HOURS: Final = st.integers(0, 100)
NUMBERS: Final = st.integers(1, 4)
_CURRENCIES: Final = st.sampled_from(["USD", "JPY"])
OBJECTS: Final = st.one_of(
    st.builds(
        lambda state, hour: permission(state, time(hour)),
        st.sampled_from(["Chargeable", "NonChargeable", "Closed"]),
        HOURS,
    ),
    st.builds(
        lambda state, hour, number: charge(state, time(hour), charge_id=_charge_id(number)),
        st.sampled_from(["Authorized", "CaptureInitiated", "Captured", "Canceled"]),
        HOURS,
        NUMBERS,
    ),
    st.builds(
        lambda state, hour, number: refund(
            state,
            time(hour),
            refund_id=f"P01-1111111-2222222-R{number:06}",
            charge_id=_charge_id(number),
            total=amount("4.00"),
        ),
        st.sampled_from(["RefundInitiated", "Refunded"]),
        HOURS,
        NUMBERS,
    ),
    st.builds(
        lambda hour, number, total, currency: adjustment(
            "Adjustment", time(hour), f"ADJ-{number}-{hour}", amount(total, currency)
        ),
        HOURS,
        NUMBERS,
        st.integers(-3000, 3000),
        _CURRENCIES,
    ),
)


def expected(
    model: MemoryLedger,
    account: Account,
    report_type: ReportType,
    stretch: tuple[Instant, Instant] = ALWAYS,
    maker: RowMaker = MAKER,
) -> list[bytes]:
    """The rows of a report, the oldest first; of a settlement in the sandbox without their id."""
    if report_type is ReportType.SANDBOX_SETTLEMENT:
        facts = [one.fact for owner, one in model.postings if owner == account]
        if account.environment is Environment.LIVE:
            facts = []
    else:
        facts = [
            fact for owner, fact in model.facts if owner == account and fact.report is report_type
        ]
    start, before = stretch
    facts = [fact for fact in sorted(facts, key=lambda fact: fact.at) if start <= fact.at < before]
    return made(model, account, facts, maker=maker)


def made(
    model: MemoryLedger,
    account: Account,
    facts: Iterable[Fact],
    settlement_id: str = "",
    maker: RowMaker = MAKER,
) -> list[bytes]:
    region = model.merchants[account.merchant_id].region
    return [maker.row(fact, region).replace(ID_MARK, settlement_id.encode()) for fact in facts]


async def all_of(parts: AsyncIterator[bytes]) -> list[bytes]:
    """The rows of the parts, none of which is empty."""
    found = b""
    async for part in parts:
        assert part.endswith(b"\n")
        found += part
    return found.splitlines(keepends=True)


def reporting(account: Account) -> ReportAccount:
    return ReportAccount(merchant_id=account.merchant_id, environment=account.environment.value)


async def told(
    ledger: Ledger,
    account: Account,
    report_type: ReportType,
    stretch: tuple[Instant, Instant] = ALWAYS,
    *,
    newest_first: bool = False,
) -> list[bytes]:
    """The rows of a report as the database has them."""
    owner = reporting(account)
    parts = ledger.rows.rows(owner, report_type, *stretch, newest_first=newest_first)
    return await all_of(parts)


async def settled(
    ledger: Ledger, settlement: Settlement, *, newest_first: bool = False
) -> list[bytes]:
    """The rows of a settlement; also that its period is what it should be."""
    owner = reporting(settlement.account)
    period = await ledger.rows.period(owner, settlement.number)
    assert period is not None
    assert (period.settlement_id, period.currency) == (
        settlement.settlement_id,
        settlement.currency,
    )
    assert (period.start, period.end) == (settlement.start, settlement.end)
    parts = ledger.rows.settlement(owner, settlement.number, newest_first=newest_first)
    return await all_of(parts)


async def paid_out(
    store: LedgerStore, account: Account, start: Instant, end: Instant, page: int
) -> list[tuple[int, Disbursement]]:
    """Every disbursement, page by page."""
    found: list[tuple[int, Disbursement]] = []
    while True:
        after = found[-1][0] if found else None
        more = await store.disbursements(account, start, end, after, page)
        found += more
        if len(more) < page:
            return found
