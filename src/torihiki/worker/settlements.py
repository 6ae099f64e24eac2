"""Closes settlement periods by what the operator's clock shows (contract 4.12), and sees that each has its report (R-5).

Report and settlement are written one after the other: the queue takes one report for each number, and every settlement
is looked at again, so that none is lost or doubled wherever a worker is killed, and whoever it was that closed it. One
that ended longer ago than reports are kept (R-8) gets none: made in time, its report would be gone by now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torihiki.kernel.instant import Instant
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import Account, Report, ReportType
from torihiki.pay_reports.work import ReportWork
from torihiki.payments.operations import close_due
from torihiki.payments.store import LedgerStore
from torihiki.worker.loop import Chore

POLL_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 10.0
"""How soon a settlement has its report that somebody else closed."""
NUMBERS: Final = 1_000
"""Settlements that one step looks at: some milliseconds."""


class SettlementWork:
    """The work of one worker; any number of them may do it.

    Args:
        ledger: Where the settlements are.
        work: Where the reports go.
        random_bytes: Gives the reports their ids.
    """

    def __init__(
        self,
        ledger: LedgerStore,
        work: ReportWork,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._ledger = ledger
        self._work = work
        self._random_bytes = random_bytes
        self._reported = 0
        """Settlements up to this number need not be looked at again."""
        self._looked = Instant.MIN

    def chores(self) -> tuple[Chore, ...]:
        """Closing periods, and adding the reports that are missing."""
        return (
            Chore(name="close settlement periods", every_s=POLL_SECONDS, step=self.close),
            Chore(name="report settlements", every_s=CHECK_SECONDS, step=self.report_missing),
        )

    async def close(self, now: Instant) -> int:
        """Closes the periods that have ended, and returns how many settlements that made."""
        settlements = await close_due(self._ledger, now)
        for one in settlements:
            account = Account(merchant_id=one.account.merchant_id, environment="live")
            await self._report(account, one.number, (one.start, one.end), now)
        return len(settlements)

    async def report_missing(self, now: Instant) -> int:
        """Looks at the next settlements, and returns at how many; 0: each has its report."""
        if now < self._looked:
            # The clock was set back: what was too old for a report may be so no longer.
            self._reported = 0
        self._looked = now
        before = self._reported
        through, missing = await self._work.unreported(before, NUMBERS, rules.oldest_kept(now))
        for one in missing:
            await self._report(one.account, one.number, (one.start, one.end), now)
        self._reported = through
        return through - before

    async def _report(
        self, account: Account, number: int, period: tuple[Instant, Instant], now: Instant
    ) -> None:
        start, end = map(rules.whole_second, period)
        if end < rules.oldest_kept(now):
            return
        report = Report(
            report_id=rules.report_id(self._random_bytes(rules.REPORT_ID_BYTES)),
            report_type=ReportType.SETTLEMENT,
            start_time=start,
            end_time=end,
            created_time=rules.whole_second(now),
        )
        await self._work.add_settlement_report(account, report, number)
