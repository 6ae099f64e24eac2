"""Amazon Pay with a ledger, a queue and documents, and the workers that make its reports."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tests.payments.ledger import MemoryLedger
from tests.storage.ledger_samples import Ledger, add_merchant, capture, event
from tests.worker.feeding import Machine
from torihiki.kernel.documents import DocumentStore, Listed, Stored
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import unavailable
from torihiki.pay_reports import operations
from torihiki.pay_reports.layouts import LAYOUTS
from torihiki.pay_reports.lines import ZONES, head
from torihiki.pay_reports.model import Account, NewReport, Policy, Report, ReportQuery, ReportType
from torihiki.pay_reports.rows import Period, ReportRows
from torihiki.payments.model import Account as PaymentAccount
from torihiki.payments.model import Environment, Region
from torihiki.payments.recording import Recorder
from torihiki.worker.reports import Contents, ReportMaker

NOW: Final = Instant.parse_iso("2026-03-06T09:30:00Z")
MERCHANT: Final = "A1MERCHANT0001"
LIVE: Final = Account(merchant_id=MERCHANT, environment="live")
SANDBOX: Final = Account(merchant_id=MERCHANT, environment="sandbox")
SECOND: Final = TimeDelta(seconds=1)
MARCH: Final = Instant.from_utc(2026, 3, 1)
"""When the hours of `tests.storage.ledger_samples` begin."""


class Clock:
    """The operator's clock, which moves when a test says so."""

    def __init__(self) -> None:
        self.now = NOW

    async def __call__(self) -> Instant:
        return self.now


class Names:
    """Random bytes that can be told apart."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size // 2, "big") * 2


NAMES: Final = Names()


class Office(NamedTuple):
    """Everything that workers work with, as one process has it."""

    ledger: Ledger
    documents: DocumentStore
    machine: Machine
    clock: Clock
    model: MemoryLedger

    def maker(
        self,
        owner: str = "w1",
        *,
        documents: DocumentStore | None = None,
        rows: ReportRows | None = None,
        beat_s: float = 3600,
    ) -> ReportMaker:
        return ReportMaker(
            self.ledger.stores.pay_work,
            Contents(rows or self.ledger.rows),
            documents or self.documents,
            now=self.clock,
            machine_now=self.machine,
            random_bytes=NAMES,
            owner=owner,
            beat_s=beat_s,
        )

    async def capture(self, numbers: Sequence[int], environment: str = "live") -> None:
        """Captures of ten dollars, one an hour from `MARCH` on; the model gets them too."""
        events = [event(capture(number, number), MERCHANT, environment) for number in numbers]
        assert (await self.ledger.store.append(events, Recorder())).new == len(events)
        await self.model.append(events, Recorder())

    async def ask(
        self, report_type: ReportType = ReportType.CAPTURE, account: Account = LIVE, days: int = 5
    ) -> str:
        """The id of a report of the first days of March."""
        wanted = NewReport(
            report_type=report_type,
            start_time=MARCH,
            end_time=MARCH.add(hours=24 * days) - SECOND,
        )
        return await operations.create_report(
            self.ledger.stores.pay_reports,
            account,
            wanted,
            policy=Policy(),
            now=self.clock.now,
            random_bytes=NAMES,
        )

    async def report(self, report_id: str, account: Account = LIVE) -> Report:
        found = await self.ledger.stores.pay_reports.report(account, report_id)
        assert found is not None
        return found

    async def reports(self, account: Account = LIVE) -> list[Report]:
        """All of them, the newest first, through every page."""
        found: list[Report] = []
        after: int | None = None
        while True:
            query = ReportQuery(
                report_types=frozenset(),
                statuses=frozenset(),
                since=Instant.from_utc(2000, 1, 1),
                until=Instant.from_utc(2100, 1, 1) if after is None else None,
                page_size=100,
            )
            page = await self.ledger.stores.pay_reports.reports(account, query, after=after)
            found += page.reports
            if page.after is None:
                return found
            after = page.after

    async def document(self, report: Report) -> bytes:
        assert report.report_document_id is not None
        document = await self.documents.open(report.report_document_id)
        assert document is not None
        content = b"".join([part async for part in document.read()])
        document.close()
        return content

    async def names(self) -> list[str]:
        return [one.name for one in await self.documents.list("", 10_000)]


async def an_office(ledger: Ledger, documents: DocumentStore, region: Region = Region.JAPAN) -> Office:  # fmt: skip
    """With one merchant, who has not sold anything yet."""
    merchant = await add_merchant(ledger, MERCHANT, region)
    model = MemoryLedger({merchant.merchant_id: merchant})
    return Office(ledger, documents, Machine(), Clock(), model)


def payments_account(account: Account) -> PaymentAccount:
    return PaymentAccount(
        merchant_id=account.merchant_id, environment=Environment(account.environment)
    )


def top(report_type: ReportType, **of_settlement: Any) -> bytes:
    """What stands above the rows of a Japanese merchant's file."""
    return head(LAYOUTS[report_type], zone=ZONES["jp"], **of_settlement)


def rows_of(document: bytes) -> list[dict[str, str]]:
    """The rows of a file as a reader sees them that skips the preamble."""
    lines = document.decode("utf-8-sig").splitlines()
    if lines[0].startswith('"Amazon Payments'):
        lines = lines[5:]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def total(document: bytes) -> Decimal:
    """What a settlement file sums to."""
    return sum((Decimal(row["NetTransactionAmount"]) for row in rows_of(document)), Decimal())


async def finish(maker: ReportMaker, now: Instant = NOW) -> int:
    """How many reports there were until none waited."""
    count = 0
    while await maker.step(now):
        count += 1
    return count


class Documents:
    """A store of documents that a test stands in front of."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self.put_names: list[str] = []

    async def before(self) -> None:
        """Before a document is written."""

    async def after(self) -> None:
        """When it was written."""

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        self.put_names.append(name)
        await self.before()
        stored = await self._documents.put(name, chunks)
        await self.after()
        return stored

    async def open(self, name: str) -> Any:
        return await self._documents.open(name)

    async def delete(self, names: Sequence[str]) -> None:
        await self._documents.delete(names)

    async def list(self, after: str, limit: int) -> Sequence[Listed]:
        return await self._documents.list(after, limit)

    async def remove_leftovers(self, before: Instant) -> int:
        return await self._documents.remove_leftovers(before)


class Full(Documents):
    """A disk that is full until somebody makes room."""

    room = False

    async def before(self) -> None:
        if not self.room:
            raise unavailable()


class Torn(Documents):
    """Documents of which two parts can be written."""

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        self.put_names.append(name)
        parts = aiter(chunks)
        for _ in range(2):
            await anext(parts)
        raise unavailable()


class Slow(Documents):
    """Documents that are written and not reported to be, until a test says so."""

    def __init__(self, documents: DocumentStore) -> None:
        super().__init__(documents)
        self.written = asyncio.Event()
        self.go_on = asyncio.Event()

    async def after(self) -> None:
        self.written.set()
        await self.go_on.wait()


class Breaking:
    """Rows that break after the first part."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def rows(self, *_: Any, **__: Any) -> AsyncGenerator[bytes]:
        yield b'"row"\n'
        raise self._failure

    async def period(self, *_: Any) -> Period | None:
        return None

    async def settlement(self, *_: Any, **__: Any) -> AsyncGenerator[bytes]:
        yield b'"row"\n'


class Endless(Breaking):
    """Many more rows than the tests have."""

    def __init__(self, parts: int) -> None:
        super().__init__(TypeError())
        self._parts = parts

    async def rows(self, *_: Any, **__: Any) -> AsyncGenerator[bytes]:
        for number in range(self._parts):
            yield number.to_bytes(4, "big") * 250_000
