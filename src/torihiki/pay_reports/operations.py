"""The operations of Amazon Pay Reports, one function each, and the run of the schedules that are due."""

from __future__ import annotations

from collections.abc import Callable

from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant
from torihiki.kernel.seal import NotSealed
from torihiki.pay_reports import rules
from torihiki.pay_reports.cursors import Bookmark, PageTokens
from torihiki.pay_reports.model import (
    Account,
    DisbursementQuery,
    DisbursementsResult,
    NewReport,
    NewSchedule,
    Policy,
    Report,
    ReportDocument,
    ReportQuery,
    ReportSchedule,
    ReportsResult,
    ReportType,
)
from torihiki.pay_reports.refusals import invalid_value, not_found, schedule_exists
from torihiki.pay_reports.schedules import due, first_due
from torihiki.pay_reports.store import PayoutStore, ReportStore

RandomBytes = Callable[[int], bytes]
"""A cryptographic source: gives that many bytes."""

Answering = Callable[[str], FirstAnswer | None]
"""Makes the answer that is kept with what is added, from its id; None: none is kept."""

_REPORTS = "getReports"
_DISBURSEMENTS = "getDisbursements"


def _unkept(_: str) -> None:
    """The `Answering` of requests that have no idempotency key."""


async def get_reports(
    store: ReportStore,
    tokens: PageTokens,
    account: Account,
    wanted: ReportQuery | str,
    now: Instant,
) -> ReportsResult:
    """A page of the account's reports: the first of a query, or the one that a nextToken stands for (R-6, R-7).

    Raises:
        Problem: The token was not made for this account and operation.
    """
    context = rules.context(_REPORTS, account)
    after = None
    if isinstance(wanted, str):
        bookmark = _opened(tokens, wanted, context)
        after = bookmark.after
        wanted = ReportQuery(
            report_types=bookmark.report_types,
            statuses=bookmark.statuses,
            since=max(bookmark.since, rules.oldest_kept(now)),
            until=None,
            page_size=bookmark.page_size,
        )
    page = await store.reports(account, wanted, after=after)
    token = None
    if page.after is not None:
        bookmark = Bookmark(
            report_types=wanted.report_types,
            statuses=wanted.statuses,
            page_size=wanted.page_size,
            since=wanted.since,
            after=page.after,
        )
        token = tokens.seal(bookmark, context)
    return ReportsResult(reports=page.reports, next_token=token)


async def get_report_by_id(
    store: ReportStore, account: Account, report_id: str, now: Instant
) -> Report:
    """The report.

    Raises:
        Problem: The account has none of that id, or it is too old (R-8).
    """
    found = await store.report(account, report_id) if rules.is_id(report_id) else None
    return _kept(found, now)


async def create_report(
    store: ReportStore,
    account: Account,
    new: NewReport,
    *,
    policy: Policy,
    now: Instant,
    random_bytes: RandomBytes,
    answering: Answering = _unkept,
) -> str:
    """The id of a report that is now to be made (R-9).

    Raises:
        Problem: Such a report cannot be asked for, or not of that range.
        AnsweredBefore: The request has its answer.
    """
    refusal = rules.refused_type(
        new.report_type, account.environment, policy
    ) or rules.refused_range(new, policy)
    if refusal is not None:
        raise refusal
    report = Report(
        report_id=rules.report_id(random_bytes(rules.REPORT_ID_BYTES)),
        report_type=new.report_type,
        start_time=new.start_time,
        end_time=new.end_time,
        created_time=rules.whole_second(now),
    )
    await store.add_report(account, report, first=answering(report.report_id))
    return report.report_id


async def get_report_document(
    store: ReportStore,
    account: Account,
    document_id: str,
    *,
    now: Instant,
    signed_url: Callable[[str, Instant], str],
) -> ReportDocument:
    """Where the document can be fetched from now on; each call gives a new URL (R-3, R-10).

    Args:
        store: Where reports are.
        account: Whose document it is.
        document_id: Which.
        now: When the URL begins to be good.
        signed_url: Makes the URL of a document that is good from an instant on.

    Raises:
        Problem: The account has no such document, or its report is too old.
    """
    found = (
        await store.report_of_document(account, document_id) if rules.is_id(document_id) else None
    )
    _kept(found, now)
    return ReportDocument(report_document_id=document_id, url=signed_url(document_id, now))


async def get_report_schedules(
    store: ReportStore, account: Account, report_types: frozenset[ReportType]
) -> tuple[ReportSchedule, ...]:
    """The account's schedules of these types; of all where none is named (R-11)."""
    found = await store.schedules(account)
    return tuple(one for one in found if not report_types or one.report_type in report_types)


async def get_report_schedule_by_id(
    store: ReportStore, account: Account, schedule_id: str
) -> ReportSchedule:
    """The schedule.

    Raises:
        Problem: The account has none of that id.
    """
    found = await store.schedule(account, schedule_id) if rules.is_id(schedule_id) else None
    if found is None:
        raise not_found()
    return found


async def create_report_schedule(
    store: ReportStore,
    account: Account,
    new: NewSchedule,
    *,
    policy: Policy,
    now: Instant,
    random_bytes: RandomBytes,
    answering: Answering = _unkept,
) -> str | tuple[ReportSchedule, ...]:
    """The new schedule's id; or, where the type has a schedule that is not to be replaced, what it has (R-12, R-13).

    Raises:
        Problem: Such a report cannot be scheduled; or the type has a schedule, and the policy takes that for an error.
        AnsweredBefore: The request has its answer.
    """
    refusal = rules.refused_type(new.report_type, account.environment, policy)
    if refusal is not None:
        raise refusal
    schedule = ReportSchedule(
        report_schedule_id=rules.schedule_id(random_bytes(rules.SCHEDULE_ID_BYTES)),
        report_type=new.report_type,
        frequency=new.frequency,
        next_report_creation_time=first_due(new.first, new.frequency, now),
    )
    first = answering(schedule.report_schedule_id)
    existing = await store.add_schedule(account, schedule, replace=new.replace, first=first)
    if existing is None:
        return schedule.report_schedule_id
    if policy.conflict_is_error:
        raise schedule_exists(existing.report_schedule_id)
    return (existing,)


async def cancel_report_schedule(store: ReportStore, account: Account, schedule_id: str) -> None:
    """Ends the schedule: no report comes of it any more (R-15).

    Raises:
        Problem: The account has none of that id.
    """
    if not rules.is_id(schedule_id) or not await store.remove_schedule(account, schedule_id):
        raise not_found()


async def get_disbursements(
    store: PayoutStore,
    tokens: PageTokens,
    account: Account,
    wanted: DisbursementQuery | str,
) -> DisbursementsResult:
    """A page of the account's payouts: the first of a query, or the one that a nextToken stands for (contract 4.13).

    Raises:
        Problem: The token was not made for this account and operation.
    """
    context = rules.context(_DISBURSEMENTS, account)
    after = None
    if isinstance(wanted, str):
        bookmark = _opened(tokens, wanted, context)
        after = bookmark.after
        wanted = DisbursementQuery(since=bookmark.since, until=None, page_size=bookmark.page_size)
    page = await store.disbursements(account, wanted, after=after)
    token = None
    if page.after is not None:
        bookmark = Bookmark(page_size=wanted.page_size, since=wanted.since, after=page.after)
        token = tokens.seal(bookmark, context)
    return DisbursementsResult(disbursements=page.disbursements, next_token=token)


async def run_due_schedules(
    store: ReportStore, now: Instant, random_bytes: RandomBytes, limit: int
) -> int:
    """Makes the reports that up to `limit` schedules owe; returns how many, 0: nothing is owed (R-14).

    Whoever else does the same at the same time, and wherever it is killed: each due time has one report.
    """
    made = 0
    for account, schedule in await store.due_schedules(now, limit):
        owed = due(schedule, now)
        if owed is None:
            continue
        report = Report(
            report_id=rules.report_id(random_bytes(rules.REPORT_ID_BYTES)),
            report_type=schedule.report_type,
            start_time=owed.start,
            end_time=owed.end_time,
            created_time=rules.whole_second(now),
        )
        made += await store.run_schedule(account, schedule, report, owed.following)
    return made


def _kept(found: Report | None, now: Instant) -> Report:
    if found is None or found.created_time < rules.oldest_kept(now):
        raise not_found()
    return found


def _opened(tokens: PageTokens, token: str, context: bytes) -> Bookmark:
    try:
        return tokens.open(token, context)
    except NotSealed as error:
        raise invalid_value("nextToken") from error
