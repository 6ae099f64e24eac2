"""The queue of reports, as workers see it. No rule lives behind it.

A worker holds a report for as long as its lease says, counted on the machine's clock: the operator's can jump. A worker
whose lease has run out goes on until somebody else takes the report over; then it finds that it can end it no more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from torihiki.kernel.instant import Instant
from torihiki.pay_reports.model import Account, Report


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a worker holds.

    Args:
        report_key: What the queue knows it by.
        report: As it is now, begun.
        account: Whose it is.
        region: Where the merchant is: na, eu or jp; decides the times in its files.
        settlement: The number of the settlement that it tells; None: it tells the period of the report.
        tries: How often it was begun by anybody, with this time and without those that were taken back.
    """

    report_key: int
    report: Report
    account: Account
    region: str
    settlement: int | None
    tries: int = 1


class Unreported(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement that has no report."""

    number: int
    account: Account
    start: Instant
    end: Instant


class OldReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that is to be forgotten; its document, if it has one, goes first."""

    report_key: int
    document_id: str | None


class ReportWork(Protocol):
    """Reports that are to be made, and those that have had their time. Every method raises `Problem` (unavailable)."""

    async def claim(
        self, owner: str, *, at: Instant, until: Instant, now: Instant, again: bool = True
    ) -> Claim | None:
        """The open report that waits longest and that nobody holds, for `owner` until then; None: there is none.

        It counts as a try until `release` or `take_back` say otherwise.

        Args:
            owner: The worker; no other has that name.
            at: The machine's time.
            until: Likewise.
            now: The operator's time in whole seconds: when processing began, if it begins now. A report that is taken
                over keeps its first.
            again: Whether it may be one that was tried before.
        """
        ...

    async def extend(self, report_key: int, owner: str, until: Instant) -> bool:
        """Holds the report until then, by the machine's clock. False: `owner` does not hold it."""
        ...

    async def finish(
        self, report_key: int, owner: str, ended: Report, *, document_bytes: int | None = None
    ) -> bool:
        """Ends the report as `rules.completed`, `rules.cancelled` or `rules.failed` made it; durable when it returns.

        False: `owner` does not hold it, and nothing was changed; the document that it made belongs to nobody.

        Args:
            report_key: Of the claim.
            owner: Who claimed it.
            ended: Status, end and document or failure are kept; the rest stands already.
            document_bytes: How long its document is, if it has one.
        """
        ...

    async def put_off(self, report_key: int, owner: str, until: Instant, *, tries: int) -> None:
        """Gives the report back, which nobody gets until then; nothing happens if `owner` does not hold it.

        Args:
            report_key: Of the claim.
            owner: Who claimed it.
            until: By the machine's clock.
            tries: As many count from now on.
        """
        ...

    async def release(self, owner: str) -> None:
        """Gives back whatever `owner` holds, so that others need not wait for its leases; takes the tries back."""
        ...

    async def take_back(self, report_key: int, owner: str) -> None:
        """Takes a try of `owner` back, which failed through no fault of the report's, and which nobody else repeats.

        If `owner` still holds the report, it is nobody's until the lease is over.
        """
        ...

    async def add_settlement_report(
        self, account: Account, report: Report, settlement: int
    ) -> bool:
        """Adds the report of a settlement, whose number is unique in the database; durable when it returns.

        False: it has its report already, and nothing was changed.
        """
        ...

    async def unreported(
        self, after: int, limit: int, since: Instant
    ) -> tuple[int, Sequence[Unreported]]:
        """Looks at up to `limit` settlements of all accounts, those with the lowest numbers above `after`.

        Returns the number up to which it looked, `after` if there are no more, and those without a report that ended
        at `since` or later, in order.
        """
        ...

    async def owned(self, document_ids: Sequence[str]) -> Collection[str]:
        """Those of the documents that a report of anybody has."""
        ...

    async def old_reports(self, before: Instant, limit: int) -> Sequence[OldReport]:
        """Up to `limit` reports that are over and were created before that instant, the oldest first.

        One of a settlement is as old as that at the most: the clock may have been set back since it was closed.
        """
        ...

    async def forget(self, report_keys: Sequence[int]) -> None:
        """Forgets reports whose documents are gone; durable when it returns. One that is open stays."""
        ...
