"""Reports and schedules in PostgreSQL, as `pay_reports.store.ReportStore` and `pay_reports.work.ReportWork` promise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant, micros
from torihiki.pay_reports.model import Account, Report, ReportPage, ReportQuery, ReportSchedule
from torihiki.pay_reports.work import Claim, OldReport, Unreported
from torihiki.storage import pay_rows
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import load
from torihiki.storage.postgres.pay_accounts import keep_first_answer
from torihiki.storage.postgres.pool import Connection

_SQL: Final = load(__package__, "pay_reports.sql")


class PostgresReportStore:
    """The `ReportStore` of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reports(
        self, account: Account, query: ReportQuery, *, after: int | None
    ) -> ReportPage:
        """See `ReportStore`."""
        given = pay_rows.account_key(account)
        before = pay_rows.page_before(query)
        if after is not None:
            places = await self._rows("place", **given, after=after)
            if not places:
                return ReportPage(reports=(), after=None)
            before = (places[0]["created_us"], places[0]["report_key"])
        given |= pay_rows.page_bounds(query, before)
        filters = pay_rows.page_filters(query)
        if filters is None:
            rows = await self._rows("page", **given)
        else:
            report_types, statuses = filters
            rows = await self._rows(
                "filtered_page", **given, report_types=report_types, statuses=statuses
            )
        return pay_rows.page([tuple(row) for row in rows], query)

    async def report(self, account: Account, report_id: str) -> Report | None:
        """See `ReportStore`."""
        rows = await self._rows("report", **pay_rows.account_key(account), report_id=report_id)
        return pay_rows.report(rows[0]) if rows else None

    async def report_of_document(self, account: Account, document_id: str) -> Report | None:
        """See `ReportStore`."""
        rows = await self._rows(
            "report_of_document", **pay_rows.account_key(account), document_id=document_id
        )
        return pay_rows.report(rows[0]) if rows else None

    async def add_report(
        self, account: Account, report: Report, *, first: FirstAnswer | None = None
    ) -> None:
        """See `ReportStore`."""
        row = pay_rows.report_row(account, report)

        async def write(connection: Connection) -> None:
            if first is not None:
                await keep_first_answer(connection, account.merchant_id, account.environment, first)
            await _SQL["add_report"].on(connection, **row)

        await self._database.write(write)

    async def schedules(self, account: Account) -> Sequence[ReportSchedule]:
        """See `ReportStore`."""
        rows = await self._rows("schedules", **pay_rows.account_key(account))
        return [pay_rows.schedule(row) for row in rows]

    async def schedule(self, account: Account, schedule_id: str) -> ReportSchedule | None:
        """See `ReportStore`."""
        rows = await self._rows(
            "schedule", **pay_rows.account_key(account), schedule_id=schedule_id
        )
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

        async def write(connection: Connection) -> None:
            if first is not None:
                await keep_first_answer(connection, account.merchant_id, account.environment, first)
            await _SQL["hold_merchant"].on(connection, **row)
            found = await _SQL["schedule_of_type"].on(connection, **row)
            if found:
                existing = pay_rows.schedule(found[0])
                if not replace:
                    raise pay_rows.InTheWay(existing)
                gone = {**row, "schedule_id": existing.report_schedule_id}
                await _SQL["remove_schedule"].on(connection, **gone)
            await _SQL["add_schedule"].on(connection, **row)

        try:
            await self._database.write(write)
        except pay_rows.InTheWay as found:
            return found.schedule
        return None

    async def remove_schedule(self, account: Account, schedule_id: str) -> bool:
        """See `ReportStore`."""
        key = pay_rows.account_key(account)
        return bool(await self._rows("remove_schedule", **key, schedule_id=schedule_id))

    async def due_schedules(
        self, now: Instant, limit: int
    ) -> Sequence[tuple[Account, ReportSchedule]]:
        """See `ReportStore`."""
        rows = await self._rows("due_schedules", now_us=micros(now), page=limit)
        return [pay_rows.due_schedule(row) for row in rows]

    async def run_schedule(
        self, account: Account, schedule: ReportSchedule, report: Report, following: Instant
    ) -> bool:
        """See `ReportStore`."""
        moved = {**pay_rows.schedule_row(account, schedule), "following_us": micros(following)}
        row = pay_rows.report_row(account, report)

        async def write(connection: Connection) -> bool:
            if not await _SQL["move_schedule"].on(connection, **moved):
                return False
            await _SQL["add_report"].on(connection, **row)
            return True

        return await self._database.write(write)

    async def _rows(self, statement: str, **parameters: object) -> list[asyncpg.Record]:
        return await self._database.rows(_SQL[statement], parameters)


class PostgresReportWork:
    """The `ReportWork` of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, owner: str, *, at: Instant, until: Instant, now: Instant, again: bool = True
    ) -> Claim | None:
        """See `ReportWork`."""
        rows = await self._rows(
            "claim",
            owner=owner,
            at_us=micros(at),
            until_us=micros(until),
            now_us=micros(now),
            again=again,
        )
        return pay_rows.claim(rows[0]) if rows else None

    async def extend(self, report_key: int, owner: str, until: Instant) -> bool:
        """See `ReportWork`."""
        return bool(
            await self._rows("extend", report_key=report_key, owner=owner, until_us=micros(until))
        )

    async def finish(
        self, report_key: int, owner: str, ended: Report, *, document_bytes: int | None = None
    ) -> bool:
        """See `ReportWork`."""
        row = pay_rows.ending(ended, document_bytes)
        return bool(await self._rows("finish", report_key=report_key, owner=owner, **row))

    async def put_off(self, report_key: int, owner: str, until: Instant, *, tries: int) -> None:
        """See `ReportWork`."""
        row = {"until_us": micros(until), "tries": tries}
        await self._rows("put_off", report_key=report_key, owner=owner, **row)

    async def release(self, owner: str) -> None:
        """See `ReportWork`."""
        await self._rows("release", owner=owner)

    async def take_back(self, report_key: int, owner: str) -> None:
        """See `ReportWork`."""
        await self._rows("take_back", report_key=report_key, owner=owner)

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
        # Numbers are given under a lock: whoever sees one sees all that are lower.
        (last,) = await self._rows("last_number")
        given = pay_rows.numbers(after, limit, last["number"], since)
        rows = await self._rows("unreported", **given)
        return given["through"], [pay_rows.unreported(row) for row in rows]

    async def owned(self, document_ids: Sequence[str]) -> Collection[str]:
        """See `ReportWork`."""
        rows = await self._rows("owned", document_ids=document_ids)
        return {row["document_id"] for row in rows}

    async def old_reports(self, before: Instant, limit: int) -> Sequence[OldReport]:
        """See `ReportWork`."""
        rows = await self._rows("old_reports", before_us=micros(before), page=limit)
        return [pay_rows.old_report(row) for row in rows]

    async def forget(self, report_keys: Sequence[int]) -> None:
        """See `ReportWork`."""
        await self._rows("forget", report_keys=report_keys)

    async def _rows(self, statement: str, **parameters: object) -> list[asyncpg.Record]:
        return await self._database.rows(_SQL[statement], parameters)


async def add_settlement_report(
    connection: Connection, account: Account, report: Report, settlement: int
) -> bool:
    """What `ReportWork.add_settlement_report` does, in the transaction that closes the settlement."""
    row = pay_rows.report_row(account, report, settlement)
    return bool(await _SQL["add_report"].on(connection, **row))
