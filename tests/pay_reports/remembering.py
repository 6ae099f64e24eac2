"""A report store in memory: what the protocol says, in the plainest way, for comparison and for tests of the operations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from torihiki.kernel.idempotency import AnsweredBefore, FirstAnswer
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import (
    Account,
    Disbursement,
    DisbursementPage,
    DisbursementQuery,
    Report,
    ReportPage,
    ReportQuery,
    ReportSchedule,
)

SECOND = TimeDelta(seconds=1)


class RememberedReports:
    """See `ReportStore`."""

    def __init__(self) -> None:
        self.kept: list[tuple[Account, Report]] = []
        self.planned: list[tuple[Account, ReportSchedule]] = []
        self.paid: list[tuple[Account, Disbursement]] = []
        self.answers: dict[tuple[Account, str, str], FirstAnswer] = {}

    def change(self, account: Account, report: Report) -> None:
        """Puts the report in the place of the one with its id, as a worker does."""
        place = next(
            place
            for place, (owner, one) in enumerate(self.kept)
            if owner == account and one.report_id == report.report_id
        )
        self.kept[place] = (account, report)

    def keep(self, account: Account, first: FirstAnswer | None) -> None:
        """Keeps the answer that a change is added with."""
        if first is not None:
            before = self.answers.setdefault((account, first.scope, first.key), first)
            if before is not first:
                raise AnsweredBefore(before)

    def forget(self, account: Account, first: FirstAnswer | None) -> None:
        """Undoes `keep` where nothing was changed."""
        if first is not None:
            del self.answers[account, first.scope, first.key]

    async def reports(
        self, account: Account, query: ReportQuery, *, after: int | None
    ) -> ReportPage:
        found = sorted(
            (report.created_time, key)
            for key, (owner, report) in enumerate(self.kept)
            if owner == account
            and (not query.report_types or report.report_type in query.report_types)
            and (not query.statuses or report.processing_status in query.statuses)
            and query.since <= report.created_time
            and (query.until is None or report.created_time <= query.until)
        )
        if after is not None:
            found = [one for one in found if one < (self.kept[after][1].created_time, after)]
        found.reverse()
        keys = [key for _, key in found[: query.page_size]]
        return ReportPage(
            reports=tuple(self.kept[key][1] for key in keys),
            after=keys[-1] if len(found) > query.page_size else None,
        )

    async def report(self, account: Account, report_id: str) -> Report | None:
        return next(
            (one for owner, one in self.kept if owner == account and one.report_id == report_id),
            None,
        )

    async def report_of_document(self, account: Account, document_id: str) -> Report | None:
        return next(
            (
                one
                for owner, one in self.kept
                if owner == account and one.report_document_id == document_id
            ),
            None,
        )

    async def add_report(
        self, account: Account, report: Report, *, first: FirstAnswer | None = None
    ) -> None:
        self.keep(account, first)
        self.kept.append((account, report))

    async def schedules(self, account: Account) -> Sequence[ReportSchedule]:
        return [one for owner, one in self.planned if owner == account]

    async def schedule(self, account: Account, schedule_id: str) -> ReportSchedule | None:
        found = await self.schedules(account)
        return next((one for one in found if one.report_schedule_id == schedule_id), None)

    async def add_schedule(
        self,
        account: Account,
        schedule: ReportSchedule,
        *,
        replace: bool,
        first: FirstAnswer | None = None,
    ) -> ReportSchedule | None:
        self.keep(account, first)
        for one in await self.schedules(account):
            if one.report_type is schedule.report_type:
                if not replace:
                    self.forget(account, first)
                    return one
                self.planned.remove((account, one))
        self.planned.append((account, schedule))
        return None

    async def remove_schedule(self, account: Account, schedule_id: str) -> bool:
        found = await self.schedule(account, schedule_id)
        if found is None:
            return False
        self.planned.remove((account, found))
        return True

    async def due_schedules(
        self, now: Instant, limit: int
    ) -> Sequence[tuple[Account, ReportSchedule]]:
        due = [one for one in self.planned if one[1].next_report_creation_time <= now]
        return sorted(due, key=lambda one: one[1].next_report_creation_time)[:limit]

    async def run_schedule(
        self, account: Account, schedule: ReportSchedule, report: Report, following: Instant
    ) -> bool:
        if (account, schedule) not in self.planned:
            return False
        place = self.planned.index((account, schedule))
        moved = msgspec.structs.replace(schedule, next_report_creation_time=following)
        self.planned[place] = (account, moved)
        self.kept.append((account, report))
        return True

    async def disbursements(
        self, account: Account, query: DisbursementQuery, *, after: int | None
    ) -> DisbursementPage:
        found = sorted(
            (one.at, key)
            for key, (owner, one) in enumerate(self.paid)
            if owner == account
            and query.since <= one.at
            and (query.until is None or one.at < query.until + SECOND)
        )
        if after is not None:
            found = [one for one in found if one < (self.paid[after][1].at, after)]
        found.reverse()
        keys = [key for _, key in found[: query.page_size]]
        return DisbursementPage(
            disbursements=tuple(self.paid[key][1] for key in keys),
            after=keys[-1] if len(found) > query.page_size else None,
        )
