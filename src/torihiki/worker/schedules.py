"""Runs the report schedules: makes each report that is owed by what the operator's clock shows (R-14)."""

from __future__ import annotations

from typing import Final

from torihiki.kernel.instant import Instant
from torihiki.pay_reports.operations import RandomBytes, run_due_schedules
from torihiki.pay_reports.store import ReportStore
from torihiki.worker.loop import Chore

POLL_SECONDS: Final = 1.0
"""Also how soon a clock that was moved is noticed."""
SCHEDULES: Final = 100
"""Schedules that one step runs, each in a transaction of its own."""


def scheduling(store: ReportStore, random_bytes: RandomBytes) -> Chore:
    """The chore that runs the schedules; any number of workers may do it."""

    async def run_schedules(now: Instant) -> int:
        return await run_due_schedules(store, now, random_bytes, SCHEDULES)

    return Chore(name="run report schedules", every_s=POLL_SECONDS, step=run_schedules)
