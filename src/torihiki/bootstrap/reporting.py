"""Gives the worker everything of Amazon Pay that it works on: reports, schedules, settlements, and what is forgotten."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from torihiki.auth.pay.store import PayAccountStore
from torihiki.bootstrap.stores import Stores
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant
from torihiki.kernel.pay_caller import Environment
from torihiki.pay_reports.model import Account
from torihiki.pay_reports.store import ReportStore
from torihiki.worker.cleaner import cleaning_reports
from torihiki.worker.loop import Chore
from torihiki.worker.reports import MAKERS, Contents, ReportMaker
from torihiki.worker.schedules import scheduling
from torihiki.worker.settlements import SettlementWork

MERCHANTS: Final = 1_000
"""Merchants that are read at once."""
_ENVIRONMENTS: Final[tuple[Environment, ...]] = ("live", "sandbox")


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
        merchants = Merchants(stores.pay_accounts, stores.pay_reports)
        settlements = SettlementWork(
            stores.ledger,
            stores.report_rows,
            stores.pay_work,
            merchants.ids,
            secrets.token_bytes,
        )
        self._chores = (
            *(maker.chore() for maker in self._makers),
            scheduling(stores.pay_reports, secrets.token_bytes),
            *settlements.chores(),
            *cleaning_reports(stores.pay_work, documents, merchants.owned, machine_now),
        )

    def chores(self) -> Sequence[Chore]:
        """All that is to be done."""
        return self._chores

    async def release(self) -> None:
        """Lets other workers take what this one holds."""
        for maker in self._makers:
            await maker.release()


class Merchants:
    """All merchants, for what is not asked by one of them."""

    def __init__(self, accounts: PayAccountStore, reports: ReportStore) -> None:
        self._accounts = accounts
        self._reports = reports

    async def ids(self) -> Sequence[str]:
        """The ids of all merchants."""
        found: list[str] = []
        while True:
            page = await self._accounts.merchants(found[-1] if found else "", MERCHANTS)
            found += [one.merchant_id for one in page]
            if len(page) < MERCHANTS:
                return found

    async def owned(self, document_ids: Sequence[str]) -> Collection[str]:
        """Which of the documents belong to a report of anybody."""
        accounts = [
            Account(merchant_id=merchant_id, environment=environment)
            for merchant_id, environment in itertools.product(await self.ids(), _ENVIRONMENTS)
        ]
        return [one for one in document_ids if await self._is_owned(one, accounts)]

    async def _is_owned(self, document_id: str, accounts: Sequence[Account]) -> bool:
        # SQLite answers without waiting; other chores want their turn.
        await asyncio.sleep(0)
        for account in accounts:
            if await self._reports.report_of_document(account, document_id) is not None:
                return True
        return False
