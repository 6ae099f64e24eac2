"""Closes settlement periods by what the operator's clock shows (contract 4.12), and sees that each has its report (R-5).

Report and settlement are written one after the other: the queue takes one report for each number, and every settlement
is looked at again, so that none is lost or doubled wherever a worker is killed, and whoever it was that closed it. One
that ended longer ago than reports are kept (R-8) gets none: made in time, its report would be gone by now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from torihiki.kernel.instant import Instant
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import Account, Report, ReportType
from torihiki.pay_reports.rows import ReportRows
from torihiki.pay_reports.work import ReportWork
from torihiki.payments.operations import close_due
from torihiki.payments.store import LedgerStore
from torihiki.worker.loop import Chore

POLL_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 10.0
"""How soon a settlement has its report that somebody else closed."""
NUMBERS: Final = 20
"""Settlements that one step looks at."""


class SettlementWork:
    """The work of one worker; any number of them may do it.

    Args:
        ledger: Where the settlements are.
        rows: Tells of each by its number.
        work: Where the reports go.
        merchants: The ids of all merchants.
        random_bytes: Gives the reports their ids.
    """

    def __init__(
        self,
        ledger: LedgerStore,
        rows: ReportRows,
        work: ReportWork,
        merchants: Callable[[], Awaitable[Sequence[str]]],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._ledger = ledger
        self._rows = rows
        self._work = work
        self._merchants = merchants
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
            await self._report(one.account.merchant_id, one.number, (one.start, one.end), now)
        return len(settlements)

    async def report_missing(self, now: Instant) -> int:
        """Looks at the next settlements, and returns at how many; 0: each has its report."""
        if now < self._looked:
            # The clock was set back: what was too old for a report may be so no longer.
            self._reported = 0
        self._looked = now
        merchants = await self._merchants()
        looked = 0
        while looked < NUMBERS and await self._look(self._reported + 1, merchants, now):
            self._reported += 1
            looked += 1
        return looked

    async def _look(self, number: int, merchants: Sequence[str], now: Instant) -> bool:
        """Sees that a settlement has its report; False: there is no such settlement yet."""
        for merchant_id in merchants:
            period = await self._rows.period(_live(merchant_id), number)
            if period is not None:
                await self._report(merchant_id, number, (period.start, period.end), now)
                return True
        return False

    async def _report(
        self, merchant_id: str, number: int, period: tuple[Instant, Instant], now: Instant
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
        await self._work.add_settlement_report(_live(merchant_id), report, number)


def _live(merchant_id: str) -> Account:
    return Account(merchant_id=merchant_id, environment="live")
