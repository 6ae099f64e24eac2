"""A ledger for the measures of reports, and its export, each as a process of its own: `python -m bench.report_rows`."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from torihiki.admin.model import Seller
from torihiki.auth.pay.store import Merchant as RegisteredMerchant
from torihiki.kernel.fact import Fact, ReportType, Value
from torihiki.kernel.instant import Instant, from_micros
from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.money import Money
from torihiki.pay_reports.layouts import LAYOUTS
from torihiki.pay_reports.model import Account as ReportAccount
from torihiki.pay_reports.rows import ReportRows, RowMaker
from torihiki.payments.model import (
    Account,
    Adjustment,
    Entry,
    Environment,
    Event,
    Known,
    Merchant,
    ObjectKey,
    Posting,
    Recorded,
    Settlement,
    Standing,
)
from torihiki.payments.recording import Recorder
from torihiki.payments.settlement import close, settlement_id
from torihiki.payments.store import LedgerStore
from torihiki.storage.postgres.admin import PostgresAdminStore
from torihiki.storage.postgres.database import Database as Postgres
from torihiki.storage.postgres.database import migrate as migrate_postgres
from torihiki.storage.postgres.ledger import PostgresLedger
from torihiki.storage.postgres.pay_accounts import PostgresPayAccountStore
from torihiki.storage.postgres.report_rows import PostgresReportRows
from torihiki.storage.sqlite.admin import SqliteAdminStore
from torihiki.storage.sqlite.database import Database as Sqlite
from torihiki.storage.sqlite.database import migrate as migrate_sqlite
from torihiki.storage.sqlite.ledger import SqliteLedger
from torihiki.storage.sqlite.pay_accounts import SqlitePayAccountStore
from torihiki.storage.sqlite.report_rows import SqliteReportRows
from torihiki.storage.vault import Vault

MERCHANT: Final = "A1BENCHMERCHANT"
ACCOUNT: Final = Account(merchant_id=MERCHANT, environment=Environment.LIVE)
SANDBOX: Final = Account(merchant_id=MERCHANT, environment=Environment.SANDBOX)
BATCH: Final = 2_000
FIRST_US: Final = 1_780_000_000_000_000
APART_US: Final = 6_000_000
"""Microseconds between two payments: five million take a year."""
FORMATS: Final = {
    "capture": ReportType.CAPTURE,
    "refund": ReportType.REFUND,
    "settlement": ReportType.SETTLEMENT,
    "sandbox_settlement": ReportType.SANDBOX_SETTLEMENT,
    "authorization": ReportType.AUTHORIZATION,
    "order_reference": ReportType.ORDER_REFERENCE,
    "billing_agreement": ReportType.BILLING_AGREEMENT,
}
_HOUR_US: Final = 3_600_000_000
_NEVER: Final = from_micros(FIRST_US * 2)
RING: Final = KeyRing(keys=(SecretKey(key_id=1, secret=bytes(32)),), index=bytes(32))

_Values = dict[str, Value]


class Stores(NamedTuple):
    """What filling and exporting need of either database."""

    admin: SqliteAdminStore | PostgresAdminStore
    accounts: SqlitePayAccountStore | PostgresPayAccountStore
    ledger: LedgerStore
    rows: ReportRows


@asynccontextmanager
async def opened(target: str) -> AsyncIterator[Stores]:
    """The stores of a PostgreSQL URL, or of a SQLite file."""
    vault, maker = Vault(RING, lambda: None, os.urandom), RowMaker()
    if target.startswith("postgresql:"):
        await migrate_postgres(target)
        database = await Postgres.open(target)
        yield Stores(
            PostgresAdminStore(database),
            PostgresPayAccountStore(database),
            PostgresLedger(database, vault, maker),
            PostgresReportRows(database, vault, maker),
        )
        await database.close()
    else:
        migrate_sqlite(Path(target))
        local = Sqlite(Path(target))
        yield Stores(
            SqliteAdminStore(local),
            SqlitePayAccountStore(local),
            SqliteLedger(local, vault, maker),
            SqliteReportRows(local, vault, maker),
        )
        local.close()


class _Payment:
    """The values that the rows of one payment share; nothing is left out that a real one has."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.at = from_micros(FIRST_US + number * APART_US)
        self.amount = Money(1_000 + number * 7 % 90_000, "EUR")
        self.order = f"P01-{number % 10**7:07}-{number * 13 % 10**7:07}"
        self.charge = f"{self.order}-C{number % 10**6:06}"
        self.authorization = self.charge.replace("-C", "-A")

    def course(self, state: str, *, earlier_us: int) -> _Values:
        """The state, and the two times that most rows have."""
        return {
            "currency": "EUR",
            "state": state,
            "updated": self.at,
            "created": from_micros(FIRST_US + self.number * APART_US - earlier_us),
        }

    def buyer(self) -> _Values:
        return {
            "buyer_name": f"Erika Mustermann {self.number % 1000}",
            "buyer_email": f"x{self.number * 17 % 10**9:09}@marketplace.example",
        }

    def address(self, kind: str) -> _Values:
        return {
            f"{kind}_address_line1": f"Heidestraße {self.number % 200}",
            f"{kind}_address_city": "Köln",
            f"{kind}_address_state_or_region": "Nordrhein-Westfalen",
            f"{kind}_address_postal_code": f"{50000 + self.number % 999}",
            f"{kind}_address_country_code": "DE",
        }

    def expires(self) -> Instant:
        return from_micros(FIRST_US + self.number * APART_US + 30 * 24 * _HOUR_US)


def _order_reference(one: _Payment) -> _Values:
    return {
        "order_reference_id": one.order,
        "order_id": f"order-{one.number}",
        "store_name": "Larkfield",
        "order_amount": one.amount,
        "note": f"note {one.number % 100}",
        "expires": one.expires(),
        **one.course("Open", earlier_us=2 * _HOUR_US),
        **one.buyer(),
        **one.address("shipping"),
    }


def _billing_agreement(one: _Payment) -> _Values:
    return {
        "billing_agreement_id": one.order.replace("P", "B", 1),
        "reference_id": f"subscription-{one.number}",
        "store_name": "Larkfield",
        "amount_limit": one.amount,
        "balance": Money(one.amount.minor // 2, "EUR"),
        **one.course("Open", earlier_us=24 * _HOUR_US),
        **one.buyer(),
    }


def _authorization(one: _Payment) -> _Values:
    return {
        "authorization_id": one.authorization,
        "reference_id": f"invoice-{one.number}",
        "order_reference_id": one.order,
        "authorization_amount": one.amount,
        "expires": one.expires(),
        **one.course("Open", earlier_us=_HOUR_US),
    }


def _capture(one: _Payment) -> _Values:
    return {
        "charge_id": one.charge,
        "reference_id": f"invoice-{one.number}",
        "authorization_id": one.authorization,
        "order_reference_id": one.order,
        "capture_amount": one.amount,
        **one.course("Completed", earlier_us=_HOUR_US),
        **one.buyer(),
        **one.address("billing"),
    }


def _refund(one: _Payment) -> _Values:
    return {
        "refund_id": one.charge.replace("-C", "-R"),
        "reference_id": f"return-{one.number}",
        "charge_id": one.charge,
        "order_reference_id": one.order,
        "refund_amount": one.amount,
        "refund_type": "SellerInitiated",
        **one.course("Completed", earlier_us=60_000_000),
    }


def _posted(one: _Payment) -> _Values:
    percentage, fixed = Money(-(one.amount.minor * 27 // 1000), "EUR"), Money(-35, "EUR")
    fees = percentage + fixed
    return {
        "posted": one.at,
        "transaction_id": one.charge,
        "reference_id": f"invoice-{one.number}",
        "transaction_type": "Capture",
        "order_reference_id": one.order,
        "order_id": f"order-{one.number}",
        "store_name": "Larkfield",
        "currency": "EUR",
        "transaction_amount": one.amount,
        "percentage_fee": percentage,
        "fixed_fee": fixed,
        "total_fee": fees,
        "net_amount": one.amount + fees,
    }


_VALUES: Final[Mapping[str, Callable[[_Payment], _Values]]] = {
    "capture": _capture,
    "refund": _refund,
    "settlement": _posted,
    "sandbox_settlement": _posted,
    "authorization": _authorization,
    "order_reference": _order_reference,
    "billing_agreement": _billing_agreement,
}
_TIMED: Final = [name for name in FORMATS if not name.endswith("settlement")]
"""The formats whose rows are no postings."""


class Made(Recorder):
    """Records a payment for each event, made from its number: what imports decide is not measured here."""

    @staticmethod
    def wanted(events: Iterable[Event]) -> set[ObjectKey]:
        """Nothing is known."""
        del events
        return set()

    def record(
        self,
        events: Iterable[Event],
        known: Mapping[ObjectKey, Known],
        merchants: Mapping[str, Merchant],
    ) -> Recorded:
        """See `Recorder`."""
        del known, merchants
        return Recorded(entries=[_entry(event) for event in events], known={})


def _entry(event: Event) -> Entry:
    one = _Payment(int(event.key.object_id))
    values = _posted(one)
    net = values["net_amount"]
    if not isinstance(net, Money):
        raise TypeError("a net amount is money")
    posting = Posting(net=net, fact=Fact(report=ReportType.SETTLEMENT, at=one.at, values=values))
    facts: tuple[Fact, ...] = ()
    if event.key.account.environment is Environment.LIVE:
        facts = tuple(
            Fact(report=FORMATS[name], at=one.at, values=_VALUES[name](one)) for name in _TIMED
        )
    return Entry(event=event, facts=facts, posting=posting)


def _event(number: int, account: Account) -> Event:
    nothing = Money(0, "EUR")
    return Event(
        key=ObjectKey(account, str(number)),
        state="Posted",
        updated=from_micros(FIRST_US),
        body=Adjustment(
            transaction_type="Adjustment", amount=nothing, percentage_fee=nothing, fixed_fee=nothing
        ),
    )


def _closed(standing: Standing) -> Settlement | None:
    return close(standing, _NEVER)


async def fill(target: str, rows: int) -> float:
    """A database with so many rows in each of the seven reports, one settlement of all included; seconds of the appending."""
    async with opened(target) as stores:
        seller = Seller(
            seller_id="BENCH", name="B", marketplace_ids=(), created_at=Instant.from_utc(2020, 1, 1)
        )
        await stores.admin.add_seller(seller)
        merchant = RegisteredMerchant(
            merchant_id=MERCHANT, seller_id="BENCH", region="eu", created_at=seller.created_at
        )
        await stores.accounts.add_merchant(merchant)
        recorder = Made()
        started = time.perf_counter()
        for first in range(0, rows, BATCH):
            for account in (ACCOUNT, SANDBOX):
                batch = [
                    _event(number, account) for number in range(first, min(first + BATCH, rows))
                ]
                await stores.ledger.append(batch, recorder)
        spent = time.perf_counter() - started
        await stores.ledger.settle(ACCOUNT, _NEVER, _closed)
        return spent


async def export(target: str, name: str, path: Path) -> tuple[float, float]:
    """Writes the rows of a report to a file, as its layout orders them; seconds, and seconds of processor."""
    report_type = FORMATS[name]
    newest_first = LAYOUTS[report_type].newest_first
    in_sandbox = report_type is ReportType.SANDBOX_SETTLEMENT
    owner = ReportAccount(merchant_id=MERCHANT, environment="sandbox" if in_sandbox else "live")
    async with opened(target) as stores:
        started, begun = time.perf_counter(), time.process_time()
        parts = (
            stores.rows.settlement(owner, 1)
            if report_type is ReportType.SETTLEMENT
            else stores.rows.rows(
                owner,
                report_type,
                from_micros(FIRST_US),
                _NEVER,
                newest_first=newest_first,
                settlement_id=settlement_id(1) if in_sandbox else "",
            )
        )
        with path.open("wb") as file:
            async for part in parts:
                file.write(part)
        return time.perf_counter() - started, time.process_time() - begun


def plain(path: Path, rows: int) -> None:
    """The same values as tables of numbers and texts, for the floor."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("BEGIN")
    for name, report_type in FORMATS.items():
        facts = [column.fact for column in LAYOUTS[report_type].columns]
        columns = [fact or f"empty{number}" for number, fact in enumerate(facts)]
        connection.execute(f"CREATE TABLE {name} (key INTEGER PRIMARY KEY, {', '.join(columns)})")
        marks = ", ".join("?" * (len(columns) + 1))
        connection.executemany(
            f"INSERT INTO {name} VALUES ({marks})", _plain_rows(rows, name, columns)
        )
    connection.execute("COMMIT")
    connection.close()


def _plain_rows(rows: int, name: str, columns: list[str]) -> Iterator[tuple[object, ...]]:
    for number in range(rows):
        values = _VALUES[name](_Payment(number))
        yield (number, *(_plain(values.get(column)) for column in columns))


def _plain(value: object) -> object:
    match value:
        case None:
            return ""
        case Money():
            return value.minor
        case Instant():
            return value.timestamp()
        case _:
            return value


def main() -> None:
    """`fill TARGET ROWS`, `plain FILE ROWS`, or `export TARGET REPORT FILE`: prints seconds, of these of the processor, and the peak in kilobytes."""
    verb, target, *more = sys.argv[1:]
    spent, cpu = 0.0, 0.0
    if verb == "fill":
        spent = asyncio.run(fill(target, int(more[0])))
    elif verb == "plain":
        plain(Path(target), int(more[0]))
    else:
        spent, cpu = asyncio.run(export(target, more[0], Path(more[1])))
    print(spent, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
