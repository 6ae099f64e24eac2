"""Compares what is kept of reports with what must be: every report, every due time, every settlement, every document."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import AsyncIterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.worker.paying import total
from torihiki import clock
from torihiki.bootstrap import Settings
from torihiki.bootstrap.stores import Stores, operator_now
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant, TimeDelta, from_micros
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import Account, ProcessingStatus, Report, ReportQuery, ReportType
from torihiki.pay_reports.schedules import LENGTHS
from torihiki.pay_reports.work import Claim
from torihiki.payments.settlement import next_close
from torihiki.storage.documents import open_documents
from torihiki.worker.cleaner import cleaning_reports, sweeping
from torihiki.worker.reports import Contents

MERCHANT: Final = "A1MERCHANT0001"
LIVE: Final = Account(merchant_id=MERCHANT, environment="live")
SANDBOX: Final = Account(merchant_id=MERCHANT, environment="sandbox")
BEGIN: Final = Instant.from_utc(2026, 3, 1)
TODAY: Final = Instant.from_utc(2026, 3, 15)
"""What the operator's clock shows first: some hours before the first settlement."""
OPEN: Final = ProcessingStatus.IN_PROGRESS


class Scene(NamedTuple):
    """Where it all happens."""

    data: Path
    database: str | None

    @property
    def settings(self) -> Settings:
        return Settings(data=self.data, database=self.database)

    @property
    def documents(self) -> DocumentStore:
        return open_documents(None, self.data)

    def unfinished(self) -> set[Path]:
        """The files that are being written, and those that killed workers left."""
        return set((self.data / "documents").glob(".put-*"))


class Counts(Counter[str]):
    """What was counted; a name that begins with ! counts what must not be."""

    def is_clean(self) -> bool:
        return not any(count for name, count in self.items() if name.startswith("!"))

    def lines(self) -> Iterator[str]:
        for name, count in self.items():
            yield f"{name.removeprefix('! '):32} {count}"


async def reports_of(stores: Stores, account: Account) -> list[Report]:
    found: list[Report] = []
    after: int | None = None
    while True:
        query = ReportQuery(
            report_types=frozenset(),
            statuses=frozenset(),
            since=BEGIN,
            until=Instant.from_utc(2100, 1, 1) if after is None else None,
            page_size=100,
        )
        page = await stores.pay_reports.reports(account, query, after=after)
        found += page.reports
        if page.after is None:
            return found
        after = page.after


async def judge(stores: Stores, scene: Scene, counts: Counts) -> None:
    """Reads everything anew, after schedules that were there all the time."""
    reports = await judge_reports(stores, scene, counts)
    await judge_schedules(stores, reports[LIVE], counts)


async def judge_reports(
    stores: Stores, scene: Scene, counts: Counts
) -> dict[Account, list[Report]]:
    """Reads every report, every settlement and every document anew; returns the reports, the newest first."""
    reports = {account: await reports_of(stores, account) for account in (LIVE, SANDBOX)}
    ended = Counter(one.processing_status for found in reports.values() for one in found)
    counts["reports"] = ended.total()
    for status in ProcessingStatus:
        bad = "! " if status in {OPEN, ProcessingStatus.FAILED} else ""
        counts[f"{bad}  {status}"] = ended[status]
    counts["! wrong documents"] = 0
    for account, found in reports.items():
        for report in found:
            counts["! wrong documents"] += not await is_right(stores, scene, account, report)
    await judge_settlements(stores, scene, reports[LIVE], counts)
    await judge_documents(stores, scene, [*reports[LIVE], *reports[SANDBOX]], counts)
    return reports


async def is_right(stores: Stores, scene: Scene, account: Account, report: Report) -> bool:
    """Whether the document has the bytes that an undisturbed export gives; settlements are judged by themselves."""
    if report.report_type is ReportType.SETTLEMENT:
        return True
    name = report.report_document_id
    claim = Claim(report_key=0, report=report, account=account, region="na", settlement=None)
    content = await Contents(stores.report_rows).of(claim)
    if name is None or content is None:
        return name is None and content is None
    told = await digest(scene, name)
    if account == SANDBOX:
        # Each has an id of its own.
        return told.rows == (await digested(content)).rows
    return told == await digested(content)


class Digest(NamedTuple):
    """What a document is compared by."""

    rows: int
    sha256: str


async def digest(scene: Scene, name: str) -> Digest:
    document = await scene.documents.open(name)
    assert document is not None, f"{name} is not there"
    with contextlib.closing(document):
        return await digested(document.read())


async def digested(parts: AsyncIterable[bytes]) -> Digest:
    rows, made = 0, hashlib.sha256()
    async for part in parts:
        rows += part.count(b"\n")
        made.update(part)
    return Digest(rows, made.hexdigest())


async def judge_schedules(stores: Stores, reports: list[Report], counts: Counts) -> None:
    """The periods of each schedule must join, from a frequency before its first due time to its next one."""
    schedules = await stores.pay_reports.schedules(LIVE)
    second = TimeDelta(seconds=1)
    for schedule in schedules:
        length = LENGTHS[schedule.frequency]
        spans = {
            (one.start_time, one.end_time + second)
            for one in reports
            if one.report_type is schedule.report_type and on_grid(one, length)
        }
        begins: defaultdict[Instant, list[Instant]] = defaultdict(list)
        for start, before in spans:
            begins[start].append(before)
        at, made = TODAY - length, 0
        while len(begins[at]) == 1:
            (at,) = begins[at]
            made += 1
        counts["reports of schedules"] += made
        counts["! due times missing or twice"] += at != schedule.next_report_creation_time - length


def on_grid(report: Report, length: TimeDelta) -> bool:
    """Whether a report is a schedule's: those that were asked for end with the first second of an hour."""
    return (report.end_time + TimeDelta(seconds=1) - TODAY) % length == TimeDelta()


async def judge_settlements(
    stores: Stores, scene: Scene, reports: list[Report], counts: Counts
) -> None:
    settled = [one for one in reports if one.report_type is ReportType.SETTLEMENT]
    numbers = itertools.count(1)
    spans = []
    while (period := await stores.report_rows.period(LIVE, next(numbers))) is not None:
        spans.append((rules.whole_second(period.start), rules.whole_second(period.end)))
    told = Counter((one.start_time, one.end_time) for one in settled)
    counts["settlements"] = len(spans)
    accounting = await stores.ledger.accounting(MERCHANT)
    due = None if accounting is None else next_close(accounting)
    counts["! periods still to be closed"] = int(due is None or due <= await operator_now(stores))
    counts["! settlements without report"] = len(set(spans) - set(told))
    counts["! settlements with more than one"] = sum(count - 1 for count in told.values())
    counts["! settlements not of zero"] = 0
    for report in settled:
        if report.report_document_id is not None:
            document = await scene.documents.open(report.report_document_id)
            assert document is not None
            with contextlib.closing(document):
                content = b"".join([part async for part in document.read()])
            counts["! settlements not of zero"] += total(content) != 0


async def judge_documents(
    stores: Stores, scene: Scene, reports: list[Report], counts: Counts
) -> None:
    """Every report has its own document, and what is left over goes after a day."""
    owned = [one.report_document_id for one in reports if one.report_document_id is not None]
    counts["! documents of two reports"] = len(owned) - len(set(owned))
    names = await all_names(scene)
    counts["documents that nobody owns"] = len(names - set(owned))
    tomorrow = from_micros(clock.machine_us()) + TimeDelta(hours=25)
    for chore in (
        *cleaning_reports(stores.pay_work, scene.documents, lambda: tomorrow),
        sweeping(scene.documents, lambda: tomorrow),
    ):
        while await chore.step(TODAY):
            pass
    left = await all_names(scene)
    counts["! of them after the cleaner"] = len(left - set(owned))
    counts["! owned ones gone with the cleaner"] = len(set(owned) - left)
    counts["! unfinished files after the cleaner"] = len(scene.unfinished())


async def all_names(scene: Scene) -> set[str]:
    return {one.name for one in await scene.documents.list("", 1_000_000)}
