"""Reports and schedules in SQLite, as `pay_reports.store.ReportStore` and `pay_reports.work.ReportWork` promise."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant, micros
from torihiki.pay_reports.model import Account, Report, ReportPage, ReportQuery, ReportSchedule
from torihiki.pay_reports.work import Claim, OldReport, Unreported
from torihiki.storage import pay_rows, statements
from torihiki.storage.sqlite.database import Database
from torihiki.storage.sqlite.pay_accounts import keep_first_answer

_SQL: Final = statements.load("torihiki.storage.sqlite", "pay_reports.sql")


class SqliteReportStore:
    """The `ReportStore` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reports(
        self, account: Account, query: ReportQuery, *, after: int | None
    ) -> ReportPage:
        """See `ReportStore`."""
        given = pay_rows.account_key(account)
        before = pay_rows.page_before(query)
        if after is not None:
            places = self._database.read(_SQL["place"], {**given, "after": after})
            if not places:
                return ReportPage(reports=(), after=None)
            before = places[0]
        given |= pay_rows.page_bounds(query, before)
        filters = pay_rows.page_filters(query)
        if filters is None:
            rows = self._database.read(_SQL["page"], given)
        else:
            report_types, statuses = map(_json, filters)
            rows = self._database.read(
                _SQL["filtered_page"], {**given, "report_types": report_types, "statuses": statuses}
            )
        return pay_rows.page(rows, query)

    async def report(self, account: Account, report_id: str) -> Report | None:
        """See `ReportStore`."""
        return self._report("report", account, report_id=report_id)

    async def report_of_document(self, account: Account, document_id: str) -> Report | None:
        """See `ReportStore`."""
        return self._report("report_of_document", account, document_id=document_id)

    async def add_report(
        self, account: Account, report: Report, *, first: FirstAnswer | None = None
    ) -> None:
        """See `ReportStore`."""
        row = pay_rows.report_row(account, report)

        def write(connection: sqlite3.Connection) -> None:
            if first is not None:
                keep_first_answer(connection, account.merchant_id, account.environment, first)
            connection.execute(_SQL["add_report"], row)

        await self._database.write(write)

    async def schedules(self, account: Account) -> Sequence[ReportSchedule]:
        """See `ReportStore`."""
        rows = self._database.read(_SQL["schedules"], pay_rows.account_key(account))
        return [pay_rows.schedule(row) for row in rows]

    async def schedule(self, account: Account, schedule_id: str) -> ReportSchedule | None:
        """See `ReportStore`."""
        given = {**pay_rows.account_key(account), "schedule_id": schedule_id}
        rows = self._database.read(_SQL["schedule"], given)
        return pay_rows.schedule(rows[0]) if rows else None

    async def add_schedule(
        self,
        account: Account,
        schedule: ReportSchedule,
        *,
        replace: bool,
        first: FirstAnswer | None = None,
    ) -> ReportSchedule | None:
        """See `ReportStore`."""
        row = pay_rows.schedule_row(account, schedule)

        def write(connection: sqlite3.Connection) -> None:
            if first is not None:
                keep_first_answer(connection, account.merchant_id, account.environment, first)
            found = connection.execute(_SQL["schedule_of_type"], row).fetchone()
            if found is not None:
                existing = pay_rows.schedule(found)
                if not replace:
                    raise pay_rows.InTheWay(existing)
                gone = {**row, "schedule_id": existing.report_schedule_id}
                connection.execute(_SQL["remove_schedule"], gone)
            connection.execute(_SQL["add_schedule"], row)

        try:
            await self._database.write(write)
        except pay_rows.InTheWay as found:
            return found.schedule
        return None

    async def remove_schedule(self, account: Account, schedule_id: str) -> bool:
        """See `ReportStore`."""
        row = {**pay_rows.account_key(account), "schedule_id": schedule_id}

        def write(connection: sqlite3.Connection) -> bool:
            return connection.execute(_SQL["remove_schedule"], row).rowcount > 0

        return await self._database.write(write)

    async def due_schedules(
        self, now: Instant, limit: int
    ) -> Sequence[tuple[Account, ReportSchedule]]:
        """See `ReportStore`."""
        given = {"now_us": micros(now), "page": limit}
        return [
            pay_rows.due_schedule(row) for row in self._database.read(_SQL["due_schedules"], given)
        ]

    async def run_schedule(
        self, account: Account, schedule: ReportSchedule, report: Report, following: Instant
    ) -> bool:
        """See `ReportStore`."""
        moved = {**pay_rows.schedule_row(account, schedule), "following_us": micros(following)}
        row = pay_rows.report_row(account, report)

        def write(connection: sqlite3.Connection) -> bool:
            if connection.execute(_SQL["move_schedule"], moved).rowcount == 0:
                return False
            connection.execute(_SQL["add_report"], row)
            return True

        return await self._database.write(write)

    def _report(self, statement: str, account: Account, **wanted: str) -> Report | None:
        rows = self._database.read(_SQL[statement], {**pay_rows.account_key(account), **wanted})
        return pay_rows.report(rows[0]) if rows else None


class SqliteReportWork:
    """The `ReportWork` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, owner: str, *, at: Instant, until: Instant, now: Instant, again: bool = True
    ) -> Claim | None:
        """See `ReportWork`."""
        looked = {"at_us": micros(at), "again": again}
        held = {"owner": owner, "until_us": micros(until), "now_us": micros(now)}
        if not self._database.read(_SQL["claimable"], looked):
            # Workers ask every second; they take the write lock only where there is work.
            return None

        def write(connection: sqlite3.Connection) -> Claim | None:
            found = connection.execute(_SQL["claimable"], looked).fetchone()
            if found is None:
                return None
            given = {**held, "report_key": found[0]}
            connection.execute(_SQL["hold"], given)
            return pay_rows.claim(connection.execute(_SQL["held"], given).fetchone())

        return await self._database.write(write)

    async def extend(self, report_key: int, owner: str, until: Instant) -> bool:
        """See `ReportWork`."""
        row = {"report_key": report_key, "owner": owner, "until_us": micros(until)}
        return await self._change("extend", row) > 0

    async def finish(
        self, report_key: int, owner: str, ended: Report, *, document_bytes: int | None = None
    ) -> bool:
        """See `ReportWork`."""
        held = {"report_key": report_key, "owner": owner}
        return await self._change("finish", held | pay_rows.ending(ended, document_bytes)) > 0

    async def put_off(self, report_key: int, owner: str, until: Instant, *, tries: int) -> None:
        """See `ReportWork`."""
        row = {"report_key": report_key, "owner": owner, "until_us": micros(until)}
        await self._change("put_off", row | {"tries": tries})

    async def release(self, owner: str) -> None:
        """See `ReportWork`."""
        await self._change("release", {"owner": owner})

    async def take_back(self, report_key: int, owner: str) -> None:
        """See `ReportWork`."""
        await self._change("take_back", {"report_key": report_key, "owner": owner})

    async def add_settlement_report(
        self, account: Account, report: Report, settlement: int
    ) -> bool:
        """See `ReportWork`."""
        return await self._database.write(
            lambda connection: add_settlement_report(connection, account, report, settlement)
        )

    async def unreported(
        self, after: int, limit: int, since: Instant
    ) -> tuple[int, Sequence[Unreported]]:
        """See `ReportWork`."""
        ((number,),) = self._database.read(_SQL["last_number"])
        given = pay_rows.numbers(after, limit, number, since)
        rows = self._database.read(_SQL["unreported"], given)
        return given["through"], [pay_rows.unreported(row) for row in rows]

    async def owned(self, document_ids: Sequence[str]) -> Collection[str]:
        """See `ReportWork`."""
        rows = self._database.read(_SQL["owned"], {"document_ids": _json(document_ids)})
        return {document_id for (document_id,) in rows}

    async def old_reports(self, before: Instant, limit: int) -> Sequence[OldReport]:
        """See `ReportWork`."""
        given = {"before_us": micros(before), "page": limit}
        return [pay_rows.old_report(row) for row in self._database.read(_SQL["old_reports"], given)]

    async def forget(self, report_keys: Sequence[int]) -> None:
        """See `ReportWork`."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(_SQL["forget"], [(one,) for one in report_keys])

        await self._database.write(write)

    async def _change(self, statement: str, row: dict[str, Any]) -> int:
        """How many rows the statement changed."""

        def write(connection: sqlite3.Connection) -> int:
            return connection.execute(_SQL[statement], row).rowcount

        return await self._database.write(write)


def add_settlement_report(
    connection: sqlite3.Connection, account: Account, report: Report, settlement: int
) -> bool:
    """What `ReportWork.add_settlement_report` does, in the transaction that closes the settlement."""
    row = pay_rows.report_row(account, report, settlement)
    return connection.execute(_SQL["add_report"], row).rowcount > 0


def _json(texts: Sequence[str]) -> str:
    return msgspec.json.encode(texts).decode()
