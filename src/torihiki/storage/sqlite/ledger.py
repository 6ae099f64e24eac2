"""The ledger in SQLite, as `payments.store.LedgerStore` promises."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from torihiki.kernel.fact import ReportType
from torihiki.kernel.instant import Instant, micros
from torihiki.pay_reports.rows import RowMaker
from torihiki.payments.model import (
    Account,
    Accounting,
    Disbursement,
    Environment,
    Event,
    Known,
    Merchant,
    ObjectKey,
    Settlement,
    pack,
    unpack,
)
from torihiki.payments.recording import Recorder
from torihiki.payments.store import Appended
from torihiki.storage import ledger_settling, statements
from torihiki.storage.ledger_runs import SPAN_US, Appending, Sum, appending
from torihiki.storage.ledger_sealing import LedgerSealing, Place, Sealed, check_sealed
from torihiki.storage.ledger_settling import EVER_US, Close, Closing, Last, Open
from torihiki.storage.sqlite.database import Database
from torihiki.storage.vault import Vault

_SQL: Final = statements.load("torihiki.storage.sqlite", "ledger.sql")
_NO_NUMBER: Final = 2**62
"""More than any settlement's."""


class SqliteLedger:
    """The `LedgerStore` of one SQLite database.

    Args:
        database: Where it is.
        vault: Seals what speaks of people.
        maker: Makes the rows of reports.
    """

    def __init__(self, database: Database, vault: Vault, maker: RowMaker) -> None:
        self._database = database
        self._sealing = LedgerSealing(vault)
        self._maker = maker

    async def append(self, events: Sequence[Event], recorder: Recorder) -> Appended:
        """See `LedgerStore`."""
        return await self._database.write(
            lambda connection: self._append(connection, events, recorder)
        )

    def _append(
        self, connection: sqlite3.Connection, events: Sequence[Event], recorder: Recorder
    ) -> Appended:
        self._sealing.vault.refresh()
        asked = {event.key.account.merchant_id for event in events}
        merchants = _merchants(connection, asked)
        accounts = {
            account: _account(connection, merchants[account.merchant_id][0], account)[0]
            for account in {event.key.account for event in events}
            if account.merchant_id in merchants
        }
        new = [
            event
            for event in events
            if event.key.account in accounts
            and not connection.execute(_SQL["has_event"], _identity(accounts, event)).fetchone()
        ]
        known = self._known(connection, accounts, recorder.wanted(new))
        known |= self._known(connection, accounts, recorder.linked(known))
        found = {merchant_id: merchant for merchant_id, (_, merchant) in merchants.items()}
        recorded = recorder.record(new, known, found)
        regions = {merchant_id: merchant.region for merchant_id, merchant in found.items()}
        connection.executemany(
            _SQL["add_event"], [_identity(accounts, entry.event) for entry in recorded.entries]
        )
        self._put_known(connection, accounts, recorded.known)
        for added in appending(recorded, self._maker, regions):
            self._add_runs(connection, accounts[added.series.account], added)
        unknown = frozenset(asked - merchants.keys())
        return Appended(new=len(recorded.entries), unknown=unknown, refused=recorded.refused)

    def _known(
        self,
        connection: sqlite3.Connection,
        accounts: Mapping[Account, int],
        wanted: Iterable[ObjectKey],
    ) -> dict[ObjectKey, Known]:
        found: dict[ObjectKey, Known] = {}
        for key in wanted:
            given = (accounts[key.account], key.object_id)
            for (sealed,) in connection.execute(_SQL["known"], given):
                account = key.account
                found[key] = unpack(
                    self._sealing.open_known(
                        account.merchant_id, account.environment, key.object_id, sealed
                    )
                )
        return found

    def _put_known(
        self,
        connection: sqlite3.Connection,
        accounts: Mapping[Account, int],
        known: Mapping[ObjectKey, Known],
    ) -> None:
        seal = self._sealing.seal_known
        rows = [
            (
                accounts[key.account],
                key.object_id,
                seal(key.account.merchant_id, key.account.environment, key.object_id, pack(one)),
            )
            for key, one in known.items()
        ]
        connection.executemany(_SQL["put_known"], rows)

    def _add_runs(self, connection: sqlite3.Connection, account_key: int, added: Appending) -> None:
        series_key = _series(connection, account_key, added)
        place, seal = added.series.place, self._sealing.seal
        (run_key,) = connection.execute(_SQL["next_run"]).fetchone()
        for number, run in enumerate(added.runs, run_key):
            connection.execute(
                _SQL["add_run"],
                (
                    number,
                    series_key,
                    run.first_us,
                    run.last_us,
                    run.lines,
                    added.layout,
                    run.times,
                    run.nets if added.series.currency else None,
                    seal(Sealed.ROWS, place, number, run.rows),
                ),
            )
            values = seal(Sealed.VALUES, place, number, run.values)
            connection.execute(_SQL["add_values"], (number, values))

    async def settle(self, account: Account, until: Instant, close: Close) -> list[Settlement]:
        """See `LedgerStore`."""
        return await self._database.write(
            lambda connection: _settle(connection, account, until, close)
        )

    async def accountings(self) -> list[Accounting]:
        """See `LedgerStore`."""
        return [one for one in self._accountings(None) if one.open_since is not None]

    async def accounting(self, merchant_id: str) -> Accounting | None:
        """See `LedgerStore`."""
        return next(iter(self._accountings(merchant_id)), None)

    def _accountings(self, merchant_id: str | None) -> list[Accounting]:
        given = {
            "merchant_id": merchant_id,
            "environment": Environment.LIVE,
            "report_type": ReportType.SETTLEMENT,
            "ever_us": EVER_US,
        }
        rows = self._database.read(_SQL["open"], given)
        found = []
        for key, group in groupby(rows, key=lambda row: row[:4]):
            *merchant, closed_us = key
            currencies = [self._open(*row[4:]) for row in group]
            found.append(ledger_settling.accounting(merchant, closed_us, currencies))
        return found

    def _open(self, series_key: int, *row: Any) -> Open:  # noqa: ANN401 - columns of `open`
        *last, first_us, late_us, next_us = row
        around: list[bytes] = []
        before = None if last[0] is None else ledger_settling.last_settlement(last)
        if before is not None:
            given = {
                "series_key": series_key,
                "end_us": before.end_us,
                "reach_us": before.end_us - SPAN_US,
            }
            around = [times for (times,) in self._database.read(_SQL["around"], given)]
        return Open(first_us, late_us, next_us, around, before)

    async def disbursements(
        self, account: Account, start: Instant, end: Instant, after: int | None, limit: int
    ) -> list[tuple[int, Disbursement]]:
        """See `LedgerStore`."""
        given = {
            "merchant_id": account.merchant_id,
            "environment": account.environment,
            "start_us": micros(start),
            "before_us": micros(end),
            "before_number": _NO_NUMBER if after is None else after,
            "page": limit,
        }
        rows = self._database.read(_SQL["disbursements"], given)
        found = [ledger_settling.paid_out(account, row) for row in rows]
        return [one for one in found if one is not None]

    async def check_keys(self) -> None:
        """Refuses the keys of another database, as `SqliteOrders.check_keys` does."""
        given = {"after": -1, "page": 1}
        runs = self._database.read(_SQL["sealed_runs"], given)
        check_sealed(self._sealing, runs, self._database.read(_SQL["sealed_objects"], given))

    async def reseal_runs(self, after: int, limit: int) -> tuple[int, int] | None:
        """Seals up to `limit` runs behind the run `after` with the current key, as `OrderStore.reseal` does orders."""
        return await self._database.write(
            lambda connection: self._reseal_runs(connection, after, limit)
        )

    def _reseal_runs(
        self, connection: sqlite3.Connection, after: int, limit: int
    ) -> tuple[int, int] | None:
        sealing = self._sealing
        sealing.vault.refresh()
        given = {"after": after, "page": limit}
        rows = connection.execute(_SQL["sealed_runs"], given).fetchall()
        count = 0
        for run_key, *place, lines, values in rows:
            if sealing.is_current(lines) and sealing.is_current(values):
                continue
            for column, statement, sealed in (
                (Sealed.ROWS, "reseal_run", lines),
                (Sealed.VALUES, "reseal_values", values),
            ):
                text = sealing.open(column, Place(*place), run_key, sealed)
                again = sealing.seal(column, Place(*place), run_key, text)
                connection.execute(_SQL[statement], (again, run_key))
            count += 1
        return (rows[-1][0], count) if rows else None

    async def reseal_objects(self, after: int, limit: int) -> tuple[int, int] | None:
        """The same with what is known of objects."""
        return await self._database.write(
            lambda connection: self._reseal_objects(connection, after, limit)
        )

    def _reseal_objects(
        self, connection: sqlite3.Connection, after: int, limit: int
    ) -> tuple[int, int] | None:
        sealing = self._sealing
        sealing.vault.refresh()
        given = {"after": after, "page": limit}
        rows = connection.execute(_SQL["sealed_objects"], given).fetchall()
        stale = [row for row in rows if not sealing.is_current(row[-1])]
        for object_key, merchant_id, environment, object_id, sealed in stale:
            text = sealing.open_known(merchant_id, environment, object_id, sealed)
            again = sealing.seal_known(merchant_id, environment, object_id, text)
            connection.execute(_SQL["reseal_object"], (again, object_key))
        return (rows[-1][0], len(stale)) if rows else None


def _merchants(
    connection: sqlite3.Connection, asked: Iterable[str]
) -> dict[str, tuple[int, Merchant]]:
    """The merchants that exist, with their keys."""
    rows = connection.execute(_SQL["merchants"], {"merchants": json.dumps(list(asked))})
    return {row[1]: (row[0], ledger_settling.merchant(row[1:])) for row in rows}


def _account(
    connection: sqlite3.Connection, merchant_key: int, account: Account
) -> tuple[int, int | None]:
    """The key of an account, made if need be, and until when it is closed."""
    given = {"merchant_key": merchant_key, "environment": account.environment}
    connection.execute(_SQL["add_account"], given)
    account_key, closed_us = connection.execute(_SQL["account"], given).fetchone()
    return account_key, closed_us


def _identity(accounts: Mapping[Account, int], event: Event) -> tuple[int, str, str, int]:
    key = event.key
    return accounts[key.account], key.object_id, event.state, micros(event.updated)


def _series(connection: sqlite3.Connection, account_key: int, added: Appending) -> int:
    """The key of a series, made if need be."""
    given = {
        "account_key": account_key,
        "report_type": added.series.report_type,
        "currency": added.series.currency,
    }
    row = connection.execute(_SQL["series"], given).fetchone()
    if row is None:
        row = connection.execute(_SQL["add_series"], given).fetchone()
    return int(row[0])


def _settle(
    connection: sqlite3.Connection, account: Account, until: Instant, close: Close
) -> list[Settlement]:
    until_us = micros(until)
    found = _merchants(connection, [account.merchant_id])
    if not found:
        return []
    ((merchant_key, merchant),) = found.values()
    account_key, closed_us = _account(connection, merchant_key, account)
    closing = Closing(merchant, closed_us, until, close)
    if closed_us is not None and closed_us >= until_us:
        return []
    given = {"account_key": account_key, "report_type": ReportType.SETTLEMENT}
    settlements = []
    for series_key, currency in connection.execute(_SQL["currencies"], given).fetchall():
        series = {"series_key": series_key}
        last = ledger_settling.last_settlement(
            connection.execute(_SQL["last_settlement"], series).fetchone()
        )
        waiting = Sum(closing.since_us(last))
        _add_waiting(waiting, connection, series_key, last, until_us)
        (number,) = connection.execute(_SQL["next_number"]).fetchone()
        settlement = closing.settlement(currency, number, last, waiting)
        if settlement is not None:
            (last_run,) = connection.execute(_SQL["last_run"], series).fetchone()
            row = ledger_settling.settlement_row(
                settlement, account_key, series_key, last, last_run
            )
            connection.execute(_SQL["add_settlement"], row)
            settlements.append(settlement)
    if settlements:
        closed = {"account_key": account_key, "until_us": until_us}
        connection.execute(_SQL["close_account"], closed)
    return settlements


def _add_waiting(
    waiting: Sum,
    connection: sqlite3.Connection,
    series_key: int,
    last: Last | None,
    before_us: int,
) -> None:
    """Adds what a series has that was posted before then and is in no settlement."""
    start_us = EVER_US if last is None else last.end_us
    after_run = 0 if last is None else last.last_run
    given = {
        "series_key": series_key,
        "start_us": start_us,
        "reach_us": start_us - SPAN_US,
        "before_us": before_us,
        "after_run": after_run,
    }
    for run_key, times, nets in connection.execute(_SQL["runs_between"], given):
        # Of a run that is new, what lies before came late and waits too.
        waiting.add(
            times, nets, start_us=None if run_key > after_run else start_us, before_us=before_us
        )
    if last is not None:
        for times, nets in connection.execute(_SQL["late_runs"], given):
            waiting.add(times, nets, start_us=None, before_us=before_us)
