"""Makes reports: claims them from the queue, streams their rows into documents, and ends them.

A report is completed only when its document is on disk, and every try writes a document of another name. So no report
shows a document that is not whole, and a worker that is killed leaves one at the most that belongs to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from torihiki.kernel.documents import DocumentStore, Stored
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.pay_reports import rules
from torihiki.pay_reports.layouts import LAYOUTS, Layout
from torihiki.pay_reports.lines import ZONES, head
from torihiki.pay_reports.model import Report, ReportType
from torihiki.pay_reports.rows import ReportRows
from torihiki.pay_reports.work import Claim, ReportWork
from torihiki.payments.settlement import settlement_id
from torihiki.worker.loop import Chore

POLL_SECONDS: Final = 1.0
LEASE: Final = TimeDelta(seconds=10)
"""How long a report waits for a worker that was killed."""
BEAT_SECONDS: Final = 3.0
"""How often a lease is made longer while a document is written."""
MAKERS: Final = 2
"""Reports that a worker makes at once, so that a long one does not keep short ones waiting."""
TRIES: Final = 6
"""How often workers begin a report before it is given up, because it kills them."""
UNWRITTEN_TRIES: Final = TRIES - 2
"""As many tries at the most count of those whose document could not be written: the place of the documents is tried for
as long as it takes, every 160 s in the end (see `_pause`), and a report that kills its worker after that has tries left."""

NOT_SETTLED: Final = "The ledger has no settlement of the number {number}."
LOST: Final = "It was begun {tries} times, and the last worker was lost: killed, out of memory, or held up too long."
UNEXPECTED: Final = "Making the document failed with {error}; the worker's log says where."

T = TypeVar("T")


class _Fatal(Exception):
    """No other try would make this report."""


class _NotWritten(Exception):
    """The rows were there, and the document could not be kept."""


class Content:
    """The bytes of a document, in parts, to be read once and closed.

    Args:
        first: Begins it.
        rows: The rest.
    """

    def __init__(self, first: bytes, rows: AsyncGenerator[bytes]) -> None:
        self._first = first
        self._rows = rows
        self._reading = asyncio.Lock()
        self.failure: Exception | None = None
        """What the rows failed with; not every store of documents hands that on."""

    def __aiter__(self) -> Content:
        """See `__anext__`."""
        return self

    async def __anext__(self) -> bytes:
        """The next part."""
        if self._first:
            first, self._first = self._first, b""
            return first
        async with self._reading:
            try:
                return await anext(self._rows)
            except StopAsyncIteration:
                raise
            except Exception as error:
                self.failure = error
                raise

    async def aclose(self) -> None:
        """Gives back what the rows hold."""
        # A store of documents that has failed may not have stopped reading yet.
        async with self._reading:
            await self._rows.aclose()


class Contents:
    """What stands in the documents of reports.

    Args:
        rows: Where their rows are.
        layouts: One for each report type.
    """

    def __init__(self, rows: ReportRows, layouts: Mapping[ReportType, Layout] = LAYOUTS) -> None:
        self._rows = rows
        self._layouts = layouts

    async def of(self, claim: Claim) -> Content | None:
        """The document of a report; None: there is nothing to tell (R-4, contract 4.11).

        Raises:
            Problem: The rows cannot be reached now.
        """
        report, account = claim.report, claim.account
        layout, zone = self._layouts[report.report_type], ZONES[claim.region]
        start, end = report.start_time, report.end_time
        if claim.settlement is not None:
            period = await self._rows.period(account, claim.settlement)
            if period is None:
                raise _Fatal(NOT_SETTLED.format(number=claim.settlement))
            start, end = period.start, period.end
            rows = self._rows.settlement(
                account, claim.settlement, newest_first=layout.newest_first
            )
        elif rules.has_rows(report.report_type, account.environment):
            rows = self._rows.rows(
                account,
                report.report_type,
                *rules.span(report),
                newest_first=layout.newest_first,
                # Of the sandbox, where each report is a settlement of its own; another try says the same.
                settlement_id=settlement_id(claim.report_key),
            )
        else:
            return None
        top = head(layout, seller_id=account.merchant_id, start=start, end=end, zone=zone)
        first = await anext(rows, b"")
        return Content(top + first, rows) if first else None


class ReportMaker:
    """Makes one report after the other.

    Args:
        work: The queue.
        contents: What stands in the documents.
        documents: Where they are written.
        now: Reads the operator's clock.
        machine_now: The machine's time, which leases are counted by.
        random_bytes: Gives the documents their names.
        owner: The maker's name; no other has it.
        beat_s: Seconds between two extensions of a lease.
    """

    def __init__(
        self,
        work: ReportWork,
        contents: Contents,
        documents: DocumentStore,
        *,
        now: Callable[[], Awaitable[Instant]],
        machine_now: Callable[[], Instant],
        random_bytes: Callable[[int], bytes],
        owner: str,
        beat_s: float = BEAT_SECONDS,
    ) -> None:
        self._work = work
        self._contents = contents
        self._documents = documents
        self._now = now
        self._machine_now = machine_now
        self._random_bytes = random_bytes
        self._owner = owner
        self._beat_s = beat_s
        self._cut_short: int | None = None
        """The report whose last try failed because the database was away."""
        self._log = structlog.get_logger("torihiki.worker")

    def chore(self, *, again: bool = True) -> Chore:
        """Making reports; `again`: also those that were tried before."""
        step = partial(self.step, again=again)
        return Chore(name="make reports", every_s=POLL_SECONDS, step=step)

    async def step(self, now: Instant, *, again: bool = True) -> int:
        """Makes the report that waits longest, however long that takes; 0: none waits.

        Args:
            now: The operator's time.
            again: Whether it may be one that was tried before.

        Raises:
            Problem: The database cannot be reached now. The report is open, and taken again after its lease.
        """
        if self._cut_short is not None:
            await self._work.take_back(self._cut_short, self._owner)
            self._cut_short = None
        claim = await self._work.claim(
            self._owner,
            at=self._machine_now(),
            until=self._machine_now() + LEASE,
            now=rules.whole_second(now),
            again=again,
        )
        if claim is None:
            return 0
        try:
            await self._end(claim)
        except Problem:
            self._cut_short = claim.report_key
            raise
        return 1

    async def release(self) -> None:
        """Lets other workers take what this one holds."""
        await self._work.release(self._owner)

    async def _end(self, claim: Claim) -> None:
        """Makes a report, puts it off or gives it up.

        Raises:
            Problem: The database cannot be reached now.
        """
        if claim.tries > 1:
            self._log.warning(
                "report begun again", report=claim.report.report_id, tries=claim.tries
            )
        if claim.tries > TRIES:
            await self._fail(claim, LOST.format(tries=TRIES))
            return
        try:
            await self._make(claim)
        except _NotWritten:
            await self._put_off(claim)
        except _Fatal as error:
            await self._fail(claim, str(error))
        except Problem as problem:
            if problem.kind is Kind.UNAVAILABLE:
                raise
            await self._fail_unexpectedly(claim, problem)
        except Exception as error:  # noqa: BLE001 - whatever it was, the report has to end
            await self._fail_unexpectedly(claim, error)

    async def _make(self, claim: Claim) -> None:
        document_id = rules.document_id(self._random_bytes(rules.DOCUMENT_ID_BYTES))
        held, stored = await self._while_held(claim, self._written(claim, document_id))
        if not held:
            return
        if stored is None:
            await self._finish(claim, rules.cancelled(claim.report, await self._now()))
            return
        ended = rules.completed(claim.report, await self._now(), document_id)
        # Where this fails nobody knows whether the report has the document, so it is left to the cleaner.
        if not await self._finish(claim, ended, stored.size):
            await self._discard(document_id)

    async def _written(self, claim: Claim, document_id: str) -> Stored | None:
        """Writes the document; None: there is nothing to tell."""
        content = await self._contents.of(claim)
        if content is None:
            return None
        async with aclosing(content):
            return await self._put(document_id, content)

    async def _put(self, document_id: str, content: Content) -> Stored:
        stored = None
        try:
            stored = await self._documents.put(document_id, content)
        except Exception as error:
            if content.failure is not None:
                raise content.failure from None
            if isinstance(error, Problem):
                raise _NotWritten from error
            raise
        finally:
            if stored is None:
                # A writer that is stopped may have written the whole document.
                await self._discard(document_id)
        return stored

    async def _while_held(
        self, claim: Claim, work: Coroutine[Any, Any, T]
    ) -> tuple[bool, T | None]:
        """What `work` gives, during which the lease is made longer; (False, None): somebody else has the report now."""
        working = asyncio.ensure_future(work)
        beating = asyncio.ensure_future(self._beat(claim.report_key))
        try:
            await asyncio.wait([working, beating], return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            beating.cancel()
            await asyncio.wait([working, beating])
        if not beating.cancelled():
            beating.result()
        if working.cancelled():
            self._log.warning("report lost to another worker", report=claim.report.report_id)
            return False, None
        return True, working.result()

    async def _beat(self, report_key: int) -> None:
        """Makes the lease longer again and again; ends when it is somebody else's."""
        held = True
        while held:
            await asyncio.sleep(self._beat_s)
            # While the database is away, nobody else can take the report either.
            with suppress(Problem):
                held = await self._work.extend(report_key, self._owner, self._machine_now() + LEASE)

    async def _put_off(self, claim: Claim) -> None:
        """Leaves the report for a while, until the place of the documents may be there again."""
        self._log.warning("report put off", report=claim.report.report_id, tries=claim.tries)
        until = self._machine_now() + _pause(claim.tries)
        tries = min(claim.tries, UNWRITTEN_TRIES)
        await self._work.put_off(claim.report_key, self._owner, until, tries=tries)

    async def _fail_unexpectedly(self, claim: Claim, error: Exception) -> None:
        self._log.error("report failed", report=claim.report.report_id, exc_info=error)
        await self._fail(claim, UNEXPECTED.format(error=type(error).__name__))

    async def _fail(self, claim: Claim, reason: str) -> None:
        self._log.warning("report given up", report=claim.report.report_id, reason=reason)
        await self._finish(claim, rules.failed(claim.report, await self._now(), reason))

    async def _finish(self, claim: Claim, ended: Report, document_bytes: int | None = None) -> bool:
        """Ends the report; False: somebody else has it."""
        return await self._work.finish(
            claim.report_key, self._owner, ended, document_bytes=document_bytes
        )

    async def _discard(self, document_id: str) -> None:
        """Deletes a document that belongs to nobody, or leaves it to the cleaner."""
        with suppress(Problem):
            await self._documents.delete([document_id])


def _pause(tries: int) -> TimeDelta:
    """How long a report waits after so many tries: 10 s, 20 s, 40 s and so on."""
    return LEASE * (1 << (tries - 1))
