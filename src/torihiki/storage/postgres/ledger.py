"""The ledger in PostgreSQL, as `payments.store.LedgerStore` promises.

Locks are taken in one order: that of sealing, then accounts by their keys, then that of settlement numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import asyncpg

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
from torihiki.storage import ledger_settling
from torihiki.storage.ledger_export import NO_KEY
from torihiki.storage.ledger_runs import SPAN_US, Appending, Sum, appending
from torihiki.storage.ledger_sealing import LedgerSealing, Place, Sealed, check_sealed
from torihiki.storage.ledger_settling import EVER_US, Close, Closing, Last, Open
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import load, plain
from torihiki.storage.postgres.order_writes import SEAL_LOCK
from torihiki.storage.postgres.pool import Connection
from torihiki.storage.vault import Vault

NUMBER_LOCK: Final = 0x6C656467
"""Any number that no other program takes for its advisory locks in this database."""
PAGE: Final = 1_000
"""Runs that are added up at once."""

_SQL: Final = load("torihiki.storage.postgres", "ledger.sql")


class PostgresLedger:
    """The `LedgerStore` of one PostgreSQL database.

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

    async def _append(
        self, connection: Connection, events: Sequence[Event], recorder: Recorder
    ) -> Appended:
        await self._keys(connection, "seal_lock")
        asked = {event.key.account.merchant_id for event in events}
        merchants = await _merchants(connection, asked)
        locked = await _locked(connection, merchants, {event.key.account for event in events})
        accounts = {account: account_key for account, (account_key, _) in locked.items()}
        kept = [event for event in events if event.key.account in accounts]
        there = await _SQL["events"].on(connection, **_identities(accounts, kept))
        places = {row["place"] for row in there}
        new = [event for place, event in enumerate(kept, 1) if place not in places]
        known = await self._known(connection, accounts, recorder.wanted(new))
        known |= await self._known(connection, accounts, recorder.linked(known))
        found = {merchant_id: merchant for merchant_id, (_, merchant) in merchants.items()}
        recorded = recorder.record(new, known, found)
        regions = {merchant_id: merchant.region for merchant_id, merchant in found.items()}
        added = [entry.event for entry in recorded.entries]
        await _SQL["add_events"].on(connection, **_identities(accounts, added))
        await self._put_known(connection, accounts, recorded.known)
        for runs in appending(recorded, self._maker, regions):
            await self._add_runs(connection, accounts[runs.series.account], runs)
        unknown = frozenset(asked - merchants.keys())
        return Appended(new=len(added), unknown=unknown, refused=recorded.refused)

    async def _keys(self, connection: Connection, lock: str) -> None:
        """Takes the lock and then the newest keys: whoever reseals later sees everything that older ones sealed."""
        await _SQL[lock].on(connection, lock=SEAL_LOCK)
        self._sealing.vault.refresh()

    async def _known(
        self,
        connection: Connection,
        accounts: Mapping[Account, int],
        wanted: Iterable[ObjectKey],
    ) -> dict[ObjectKey, Known]:
        keys = list(wanted)
        rows = await _SQL["known"].on(
            connection,
            account_keys=[accounts[key.account] for key in keys],
            object_ids=[key.object_id for key in keys],
        )
        found: dict[ObjectKey, Known] = {}
        for place, sealed in rows:
            key = keys[place - 1]
            account = key.account
            found[key] = unpack(
                self._sealing.open_known(
                    account.merchant_id, account.environment, key.object_id, sealed
                )
            )
        return found

    async def _put_known(
        self,
        connection: Connection,
        accounts: Mapping[Account, int],
        known: Mapping[ObjectKey, Known],
    ) -> None:
        seal = self._sealing.seal_known
        await _SQL["put_known"].on(
            connection,
            account_keys=[accounts[key.account] for key in known],
            object_ids=[key.object_id for key in known],
            known=[
                seal(key.account.merchant_id, key.account.environment, key.object_id, pack(one))
                for key, one in known.items()
            ],
        )

    async def _add_runs(self, connection: Connection, account_key: int, added: Appending) -> None:
        series_key = await _series(connection, account_key, added)
        place, seal, runs = added.series.place, self._sealing.seal, added.runs
        rows = await _SQL["run_keys"].on(connection, count=len(runs))
        keys = [row["run_key"] for row in rows]
        numbered = list(zip(keys, runs, strict=True))
        await _SQL["add_runs"].on(
            connection,
            series_key=series_key,
            layout=added.layout,
            run_keys=keys,
            first_us=[run.first_us for run in runs],
            last_us=[run.last_us for run in runs],
            lines=[run.lines for run in runs],
            times=[run.times for run in runs],
            nets=[run.nets if added.series.currency else None for run in runs],
            bodies=[seal(Sealed.ROWS, place, key, run.rows) for key, run in numbered],
        )
        await _SQL["add_values"].on(
            connection,
            run_keys=keys,
            values=[seal(Sealed.VALUES, place, key, run.values) for key, run in numbered],
        )

    async def settle(self, account: Account, until: Instant, close: Close) -> list[Settlement]:
        """See `LedgerStore`."""
        return await self._database.write(
            lambda connection: _settle(connection, account, until, close)
        )

    async def accountings(self) -> list[Accounting]:
        """See `LedgerStore`."""
        return [one for one in await self._accountings(None) if one.open_since is not None]

    async def accounting(self, merchant_id: str) -> Accounting | None:
        """See `LedgerStore`."""
        return next(iter(await self._accountings(merchant_id)), None)

    async def _accountings(self, merchant_id: str | None) -> list[Accounting]:
        given = {
            "merchant_id": merchant_id,
            "environment": Environment.LIVE,
            "report_type": ReportType.SETTLEMENT,
            "ever_us": EVER_US,
        }
        rows = [tuple(row) for row in await self._database.rows(_SQL["open"], given)]
        found = []
        for key, group in groupby(rows, key=lambda row: row[:4]):
            *merchant, closed_us = key
            currencies = [await self._open(*row[4:]) for row in group]
            found.append(ledger_settling.accounting(merchant, closed_us, currencies))
        return found

    async def _open(self, series_key: int, *row: Any) -> Open:  # noqa: ANN401 - columns of `open`
        *last, first_us, late_us, next_us = row
        around: list[bytes] = []
        before = None if last[0] is None else ledger_settling.last_settlement(last)
        if before is not None:
            given = {
                "series_key": series_key,
                "end_us": before.end_us,
                "reach_us": before.end_us - SPAN_US,
            }
            rows = await self._database.rows(_SQL["around"], given)
            around = [found["times"] for found in rows]
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
            "before_number": NO_KEY if after is None else after,
            "page": limit,
        }
        rows = await self._database.rows(_SQL["disbursements"], given)
        found = [ledger_settling.paid_out(account, row) for row in rows]
        return [one for one in found if one is not None]

    async def check_keys(self) -> None:
        """Refuses the keys of another database, as `PostgresOrders.check_keys` does."""
        given = {"after": -1, "page": 1}
        runs = await self._database.rows(_SQL["sealed_runs"], given)
        check_sealed(self._sealing, runs, await self._database.rows(_SQL["sealed_objects"], given))

    async def reseal_runs(self, after: int, limit: int) -> tuple[int, int] | None:
        """Seals up to `limit` runs behind the run `after` with the current key, as `OrderStore.reseal` does orders."""
        return await self._database.write(
            lambda connection: self._reseal_runs(connection, after, limit)
        )

    async def _reseal_runs(
        self, connection: Connection, after: int, limit: int
    ) -> tuple[int, int] | None:
        await self._keys(connection, "reseal_lock")
        sealing = self._sealing
        rows = await _SQL["sealed_runs"].on(connection, after=after, page=limit)
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
                await _SQL[statement].on(connection, sealed=again, run_key=run_key)
            count += 1
        return (rows[-1]["run_key"], count) if rows else None

    async def reseal_objects(self, after: int, limit: int) -> tuple[int, int] | None:
        """The same with what is known of objects."""
        return await self._database.write(
            lambda connection: self._reseal_objects(connection, after, limit)
        )

    async def _reseal_objects(
        self, connection: Connection, after: int, limit: int
    ) -> tuple[int, int] | None:
        await self._keys(connection, "reseal_lock")
        sealing = self._sealing
        rows = await _SQL["sealed_objects"].on(connection, after=after, page=limit)
        stale = [row for row in rows if not sealing.is_current(row["known"])]
        for object_key, merchant_id, environment, object_id, sealed in stale:
            text = sealing.open_known(merchant_id, environment, object_id, sealed)
            again = sealing.seal_known(merchant_id, environment, object_id, text)
            await _SQL["reseal_object"].on(connection, sealed=again, object_key=object_key)
        return (rows[-1]["object_key"], len(stale)) if rows else None


async def _merchants(
    connection: Connection, asked: Iterable[str]
) -> dict[str, tuple[int, Merchant]]:
    """The merchants that exist, with their keys."""
    rows = await _SQL["merchants"].on(
        connection, merchants=[plain(merchant_id) for merchant_id in asked]
    )
    return {
        row["merchant_id"]: (row["merchant_key"], ledger_settling.merchant(tuple(row)[1:]))
        for row in rows
    }


async def _locked(
    connection: Connection,
    merchants: Mapping[str, tuple[int, Merchant]],
    accounts: Iterable[Account],
) -> dict[Account, tuple[int, int | None]]:
    """The keys of the merchants' accounts, made if need be, and until when they are closed; nobody else changes them."""
    found = {
        (merchants[account.merchant_id][0], str(account.environment)): account
        for account in accounts
        if account.merchant_id in merchants
    }
    places = sorted(found)
    given = {
        "merchant_keys": [merchant_key for merchant_key, _ in places],
        "environments": [environment for _, environment in places],
    }
    await _SQL["add_accounts"].on(connection, **given)
    rows = await _SQL["lock_accounts"].on(connection, **given)
    return {
        found[row["merchant_key"], row["environment"]]: (row["account_key"], row["closed_us"])
        for row in rows
    }


def _identities(accounts: Mapping[Account, int], events: Sequence[Event]) -> dict[str, Any]:
    return {
        "account_keys": [accounts[event.key.account] for event in events],
        "object_ids": [event.key.object_id for event in events],
        "states": [event.state for event in events],
        "updated_us": [micros(event.updated) for event in events],
    }


async def _series(connection: Connection, account_key: int, added: Appending) -> int:
    """The key of a series, made if need be."""
    given = {
        "account_key": account_key,
        "report_type": added.series.report_type,
        "currency": added.series.currency,
    }
    rows = await _SQL["series"].on(connection, **given)
    if not rows:
        rows = await _SQL["add_series"].on(connection, **given)
    return int(rows[0]["series_key"])


def _first(rows: Sequence[asyncpg.Record]) -> tuple[Any, ...] | None:
    return tuple(rows[0]) if rows else None


async def _settle(
    connection: Connection, account: Account, until: Instant, close: Close
) -> list[Settlement]:
    until_us = micros(until)
    merchants = await _merchants(connection, [account.merchant_id])
    locked = await _locked(connection, merchants, [account])
    if not locked:
        return []
    account_key, closed_us = locked[account]
    closing = Closing(merchants[account.merchant_id][1], closed_us, until, close)
    if closed_us is not None and closed_us >= until_us:
        return []
    await _SQL["number_lock"].on(connection, lock=NUMBER_LOCK)
    currencies = await _SQL["currencies"].on(
        connection, account_key=account_key, report_type=ReportType.SETTLEMENT
    )
    settlements = []
    for series_key, currency in currencies:
        rows = await _SQL["last_settlement"].on(connection, series_key=series_key)
        last = ledger_settling.last_settlement(_first(rows))
        waiting = Sum(closing.since_us(last))
        await _add_waiting(waiting, connection, series_key, last, until_us)
        (number,) = await _SQL["next_number"].on(connection)
        settlement = closing.settlement(currency, number["number"], last, waiting)
        if settlement is not None:
            (last_run,) = await _SQL["last_run"].on(connection, series_key=series_key)
            row = ledger_settling.settlement_row(
                settlement, account_key, series_key, last, last_run["run_key"]
            )
            await _SQL["add_settlement"].on(connection, **row)
            settlements.append(settlement)
    if settlements:
        await _SQL["close_account"].on(connection, account_key=account_key, until_us=until_us)
    return settlements


async def _add_waiting(
    waiting: Sum, connection: Connection, series_key: int, last: Last | None, before_us: int
) -> None:
    """Adds what a series has that was posted before then and is in no settlement."""
    start_us = EVER_US if last is None else last.end_us
    after_run = 0 if last is None else last.last_run
    given: dict[str, Any] = {"series_key": series_key, "start_us": start_us, "page": PAGE}
    place = {"place_us": start_us - SPAN_US, "place_key": NO_KEY}
    rows: Sequence[asyncpg.Record] = ()
    while True:
        rows = await _SQL["runs_between"].on(connection, before_us=before_us, **given, **place)
        for first_us, run_key, times, nets in rows:
            # Of a run that is new, what lies before came late and waits too.
            start = None if run_key > after_run else start_us
            waiting.add(times, nets, start_us=start, before_us=before_us)
            place = {"place_us": first_us, "place_key": run_key}
        if len(rows) < PAGE:
            break
    while last is not None:
        rows = await _SQL["late_runs"].on(connection, place_key=after_run, **given)
        for run_key, times, nets in rows:
            waiting.add(times, nets, start_us=None, before_us=before_us)
            after_run = run_key
        if len(rows) < PAGE:
            break
