"""The rows of reports from PostgreSQL, as `pay_reports.rows.ReportRows` promises.

Each statement is its own transaction, so that none is open while a document is made.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from asyncpg import Record

from torihiki.kernel.instant import Instant
from torihiki.pay_reports.model import Account, ReportType
from torihiki.pay_reports.rows import Period, RowMaker
from torihiki.storage import pay_rows
from torihiki.storage.ledger_export import (
    OPENED,
    PAGE,
    Export,
    Settled,
    Stretch,
    ceiling_us,
    place_of,
)
from torihiki.storage.ledger_sealing import LedgerSealing
from torihiki.storage.ledger_walk import Part, Step, Walk
from torihiki.storage.postgres.ahead import one_ahead
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import load
from torihiki.storage.vault import Vault

_SQL: Final = load("torihiki.storage.postgres", "report_rows.sql")


class PostgresReportRows:
    """The `ReportRows` of one PostgreSQL database; see `PostgresLedger` for the arguments."""

    def __init__(self, database: Database, vault: Vault, maker: RowMaker) -> None:
        self._database = database
        self._sealing = LedgerSealing(vault)
        self._maker = maker

    async def rows(
        self,
        account: Account,
        report_type: ReportType,
        start: Instant,
        before: Instant,
        *,
        newest_first: bool = False,
        settlement_id: str = "",
    ) -> AsyncGenerator[bytes]:
        """See `ReportRows`."""
        series = await self._series(account, report_type)
        if series is None:
            return
        series_key, region, last_run = series
        place = place_of(account, report_type)
        export = Export(self._sealing, self._maker, place, region, settlement_id)
        stretch = Stretch(series_key, ceiling_us(start), ceiling_us(before), 0, last_run)
        async with aclosing(self._parts(export, stretch, newest_first=newest_first)) as parts:
            async for part in parts:
                yield part

    async def period(self, account: Account, number: int) -> Period | None:
        """See `ReportRows`."""
        settled = await self._settled(account, number)
        return None if settled is None else settled.period

    async def settlement(
        self, account: Account, number: int, *, newest_first: bool = False
    ) -> AsyncGenerator[bytes]:
        """See `ReportRows`."""
        settled = await self._settled(account, number)
        if settled is None:
            return
        place = place_of(account, ReportType.SETTLEMENT, settled.currency)
        export = Export(self._sealing, self._maker, place, settled.region, settled.settlement_id)
        above, below = export.balance(settled.balance_rows, newest_first=newest_first)
        if above:
            yield above
        (late,) = await self._database.rows(_SQL["late"], settled._asdict())
        stretches = settled.stretches(late["first_us"])
        for stretch in reversed(stretches) if newest_first else stretches:
            async with aclosing(self._parts(export, stretch, newest_first=newest_first)) as parts:
                async for part in parts:
                    yield part
        if below:
            yield below

    async def _series(
        self, account: Account, report_type: ReportType
    ) -> tuple[int, str, int] | None:
        given = {**pay_rows.account_key(account), "report_type": report_type}
        rows = await self._database.rows(_SQL["series"], given)
        return tuple(rows[0]) if rows else None

    async def _settled(self, account: Account, number: int) -> Settled | None:
        given = {**pay_rows.account_key(account), "number": number}
        rows = await self._database.rows(_SQL["settlement"], given)
        return Settled(*rows[0]) if rows else None

    async def _parts(
        self, export: Export, stretch: Stretch, *, newest_first: bool
    ) -> AsyncGenerator[bytes]:
        part: Part | None = None
        async with aclosing(one_ahead(self._runs(stretch, newest_first=newest_first))) as found:
            async for step, runs, is_last in found:
                part = part or Part(step, newest_first=newest_first)
                for run_key, layout, times, sealed in runs:
                    part.add(
                        run_key, times, await self._opened(export, run_key, layout, times, sealed)
                    )
                if is_last:
                    for rows in part.rows():
                        yield rows
                    part = None

    async def _runs(
        self, stretch: Stretch, *, newest_first: bool
    ) -> AsyncGenerator[tuple[Step, list[Record], bool]]:
        """The steps with their runs, some at a time, and whether these are the last of the step."""
        async with aclosing(self._steps(stretch, newest_first=newest_first)) as steps:
            async for step in steps:
                for low in range(0, len(step.run_keys), OPENED):
                    wanted = {"run_keys": step.run_keys[low : low + OPENED]}
                    runs = await self._database.rows(_SQL["runs"], wanted)
                    yield step, runs, low + OPENED >= len(step.run_keys)

    async def _steps(self, stretch: Stretch, *, newest_first: bool) -> AsyncGenerator[Step]:
        walk = Walk(stretch.start_us, stretch.before_us, newest_first=newest_first)
        statement = _SQL["newest_first" if newest_first else "oldest_first"]
        place_us, place_key = stretch.first_place(newest_first=newest_first)
        given = stretch._asdict() | {"page": PAGE}
        end = False
        while not end:
            given |= {"place_us": place_us, "place_key": place_key}
            runs = [tuple(run) for run in await self._database.rows(statement, given)]
            end = len(runs) < PAGE
            for step in walk.steps(runs, end=end):
                yield step
            if runs:
                place_key, first_us, last_us, *_ = runs[-1]
                place_us = last_us if newest_first else first_us

    async def _opened(
        self, export: Export, run_key: int, layout: bytes, times: bytes, sealed: bytes
    ) -> bytes:
        if export.is_good(layout):
            return export.opened(run_key, sealed)
        (made,) = await self._database.rows(_SQL["run_values"], {"run_key": run_key})
        return export.made(run_key, times, made["body"])
