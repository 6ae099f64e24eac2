"""What the operations on reports need from storage. Every method takes the account from the caller; no rule lives behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant
from torihiki.pay_reports.model import (
    Account,
    DisbursementPage,
    DisbursementQuery,
    Report,
    ReportPage,
    ReportQuery,
    ReportSchedule,
)


class ReportStore(Protocol):
    """Reports and schedules. Every method raises `Problem` (unavailable) when the database is."""

    async def reports(
        self, account: Account, query: ReportQuery, *, after: int | None
    ) -> ReportPage:
        """Up to a page of matching reports, the newest first: by creation time, then by key, both descending.

        `after` is the key of a report: the page goes on behind it, and `until` is None. If that report is gone, so are
        those behind it, and the page is empty. A key is given when a report is added, is below 2**39, and never used
        again. Going from page to page yields every report that matched throughout exactly once.
        """
        ...

    async def report(self, account: Account, report_id: str) -> Report | None:
        """The report; None: the account has none of that id."""
        ...

    async def report_of_document(self, account: Account, document_id: str) -> Report | None:
        """The report that the document belongs to; None: the account has no such document."""
        ...

    async def add_report(
        self, account: Account, report: Report, *, first: FirstAnswer | None = None
    ) -> None:
        """Adds a report, whose id is new, and keeps the first answer with it, both or neither; durable when it returns.

        Raises:
            AnsweredBefore: The answer's key has one. Of calls at the same time one adds its report, the others see this.
        """
        ...

    async def schedules(self, account: Account) -> Sequence[ReportSchedule]:
        """All schedules of the account, in the order in which they were added."""
        ...

    async def schedule(self, account: Account, schedule_id: str) -> ReportSchedule | None:
        """The schedule; None: the account has none of that id."""
        ...

    async def add_schedule(
        self,
        account: Account,
        schedule: ReportSchedule,
        *,
        replace: bool,
        first: FirstAnswer | None = None,
    ) -> ReportSchedule | None:
        """Adds a schedule, with `replace` in the place of the one of its type, and keeps the first answer with it.

        Durable when it returns. Returns the one that is in the way, and then nothing was changed and no answer kept;
        None: it was added. Of calls at the same time one adds its schedule first, and the others see it.

        Raises:
            AnsweredBefore: The answer's key has one, whatever is in the way now.
        """
        ...

    async def remove_schedule(self, account: Account, schedule_id: str) -> bool:
        """Removes the schedule for good; durable when it returns. False: the account has none of that id."""
        ...

    async def due_schedules(
        self, now: Instant, limit: int
    ) -> Sequence[tuple[Account, ReportSchedule]]:
        """Up to `limit` schedules of all accounts whose next creation time has come, the longest due first."""
        ...

    async def run_schedule(
        self, account: Account, schedule: ReportSchedule, report: Report, following: Instant
    ) -> bool:
        """Adds the report and moves the schedule to its next creation time, both or neither; durable when it returns.

        False: the schedule is gone or its next creation time is not `schedule`'s any more, and nothing was changed.
        """
        ...


class PayoutStore(Protocol):
    """The payouts that settlements made."""

    async def disbursements(
        self, account: Account, query: DisbursementQuery, *, after: int | None
    ) -> DisbursementPage:
        """Up to a page of payouts, the newest first; bounds, keys and `after` as for `ReportStore.reports`.

        Payouts have milliseconds: `until` is a whole second, and all of that second is included.
        """
        ...
