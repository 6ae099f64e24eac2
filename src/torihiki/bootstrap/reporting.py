"""Gives the worker everything of Amazon Pay that it works on: reports, schedules, settlements, and what is forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

from torihiki.bootstrap.stores import Stores
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant
from torihiki.worker.cleaner import cleaning_reports
from torihiki.worker.loop import Chore
from torihiki.worker.reports import MAKERS, Contents, ReportMaker
from torihiki.worker.schedules import scheduling
from torihiki.worker.settlements import SettlementWork


class PayWork:
    """The work of one worker.

    Args:
        stores: Where everything is.
        contents: What stands in the documents of reports.
        documents: Where they are written.
        now: Reads the operator's clock.
        machine_now: The machine's time, which leases are counted by.
        owner: The worker's name; no other has it.
    """

    def __init__(
        self,
        stores: Stores,
        contents: Contents,
        documents: DocumentStore,
        *,
        now: Callable[[], Awaitable[Instant]],
        machine_now: Callable[[], Instant],
        owner: str,
    ) -> None:
        self._makers = [
            ReportMaker(
                stores.pay_work,
                contents,
                documents,
                now=now,
                machine_now=machine_now,
                random_bytes=secrets.token_bytes,
                owner=f"{owner}-{number}",
            )
            for number in range(MAKERS)
        ]
        settlements = SettlementWork(stores.ledger, stores.pay_work, secrets.token_bytes)
        # Where a report kills the worker, those that are made beside it count a try too. So what was tried before is made
        # by one maker alone, and no report is given up for the sake of another.
        self._chores = (
            *(maker.chore(again=maker is self._makers[0]) for maker in self._makers),
            scheduling(stores.pay_reports, secrets.token_bytes),
            *settlements.chores(),
            *cleaning_reports(stores.pay_work, documents, machine_now),
        )

    def chores(self) -> Sequence[Chore]:
        """All that is to be done."""
        return self._chores

    async def release(self) -> None:
        """Lets other workers take what this one holds."""
        for maker in self._makers:
            await maker.release()
