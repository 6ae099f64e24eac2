"""The rows of reports from SQLite, as `pay_reports.rows.ReportRows` promises.

Runs are read on the calling thread, a few of them by each statement, and who reads gives way to others of the event loop
before that takes long: a step that sorts may have thousands. So a document is made in a process of its own, not beside
requests. Each export has a connection of its own, because what is read once needs no cache, and through a mapped file it
would count as memory of the process.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, closing, contextmanager
from typing import Final

from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import unavailable
from torihiki.pay_reports.model import Account, ReportType
from torihiki.pay_reports.rows import Period, RowMaker
from torihiki.storage import pay_rows, statements
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
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.sqlite.database import Database, connect
from torihiki.storage.vault import Vault

CACHE_KIB: Final = 2 * 1024
TURN_SECONDS: Final = 0.005
"""After so long others get their turn: at the next run that is made anew, or the next few that are opened."""

_SQL: Final = statements.load("torihiki.storage.sqlite", "report_rows.sql")


class SqliteReportRows:
    """The `ReportRows` of one SQLite database; see `SqliteLedger` for the arguments."""

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
        series = self._series(account, report_type)
        if series is None:
            return
        series_key, region, last_run = series
        place = place_of(account, report_type)
        export = Export(self._sealing, self._maker, place, region, settlement_id)
        stretch = Stretch(series_key, ceiling_us(start), ceiling_us(before), 0, last_run)
        async with aclosing(self._parts(export, [stretch], newest_first=newest_first)) as parts:
            async for part in parts:
                yield part

    async def period(self, account: Account, number: int) -> Period | None:
        """See `ReportRows`."""
        settled = self._settled(account, number)
        return None if settled is None else settled.period

    async def settlement(
        self, account: Account, number: int, *, newest_first: bool = False
    ) -> AsyncGenerator[bytes]:
        """See `ReportRows`."""
        settled = self._settled(account, number)
        if settled is None:
            return
        place = place_of(account, ReportType.SETTLEMENT, settled.currency)
        export = Export(self._sealing, self._maker, place, settled.region, settled.settlement_id)
        above, below = export.balance(settled.balance_rows, newest_first=newest_first)
        if above:
            yield above
        ((late_us,),) = self._database.read(_SQL["late"], settled._asdict())
        stretches = settled.stretches(late_us)
        if newest_first:
            stretches.reverse()
        async with aclosing(self._parts(export, stretches, newest_first=newest_first)) as parts:
            async for part in parts:
                yield part
        if below:
            yield below

    def _series(self, account: Account, report_type: ReportType) -> tuple[int, str, int] | None:
        given = {**pay_rows.account_key(account), "report_type": report_type}
        rows = self._database.read(_SQL["series"], given)
        return rows[0] if rows else None

    def _settled(self, account: Account, number: int) -> Settled | None:
        given = {**pay_rows.account_key(account), "number": number}
        rows = self._database.read(_SQL["settlement"], given)
        return Settled(*rows[0]) if rows else None

    async def _parts(
        self, export: Export, stretches: Sequence[Stretch], *, newest_first: bool
    ) -> AsyncGenerator[bytes]:
        with self._reading() as connection:
            reader = _Reader(connection, export, newest_first=newest_first)
            for stretch in stretches:
                for step in reader.steps(stretch):
                    part = await reader.part(step)
                    for rows in part.rows():
                        yield rows

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one export."""
        try:
            with closing(connect(self._database.path, CACHE_KIB)) as reader:
                reader.execute("PRAGMA mmap_size = 0")
                yield reader
        except (sqlite3.DatabaseError, UnsuitableDatabase) as error:
            raise unavailable() from error


class _Reader:
    """What one export reads with.

    Args:
        connection: Its own.
        export: Opens runs, or makes them anew.
        newest_first: Which way it goes.
    """

    def __init__(
        self, connection: sqlite3.Connection, export: Export, *, newest_first: bool
    ) -> None:
        self._connection = connection
        self._export = export
        self._backwards = newest_first
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()

    def steps(self, stretch: Stretch) -> Iterator[Step]:
        """The steps of a stretch, planned page by page."""
        walk = Walk(stretch.start_us, stretch.before_us, newest_first=self._backwards)
        statement = _SQL["newest_first" if self._backwards else "oldest_first"]
        place_us, place_key = stretch.first_place(newest_first=self._backwards)
        given = stretch._asdict() | {"page": PAGE}
        end = False
        while not end:
            given |= {"place_us": place_us, "place_key": place_key}
            runs = self._connection.execute(statement, given).fetchall()
            end = len(runs) < PAGE
            yield from walk.steps(runs, end=end)
            if runs:
                place_key, first_us, last_us, *_ = runs[-1]
                place_us = last_us if self._backwards else first_us

    async def part(self, step: Step) -> Part:
        """The rows of a step."""
        part = Part(step, newest_first=self._backwards)
        for low in range(0, len(step.run_keys), OPENED):
            wanted = {"run_keys": json.dumps(step.run_keys[low : low + OPENED])}
            runs = self._connection.execute(_SQL["runs"], wanted).fetchall()
            for run_key, layout, times, sealed in runs:
                if self._export.is_good(layout):
                    rows = self._export.opened(run_key, sealed)
                else:
                    rows = self._made(run_key, times)
                    await self._give_way()
                part.add(run_key, times, rows)
            await self._give_way()
        return part

    def _made(self, run_key: int, times: bytes) -> bytes:
        given = {"run_key": run_key}
        ((values,),) = self._connection.execute(_SQL["run_values"], given).fetchall()
        return self._export.made(run_key, times, values)

    async def _give_way(self) -> None:
        """Lets others of the event loop have their turn, if it is time."""
        if self._loop.time() - self._since >= TURN_SECONDS:
            await asyncio.sleep(0)
            self._since = self._loop.time()
