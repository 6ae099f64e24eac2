"""The operations over a store (R-3, R-6 to R-15): what one merchant sees, page by page, and what schedules make."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pay_reports.remembering import RememberedReports
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.money import parse
from torihiki.kernel.problem import Kind, Problem
from torihiki.pay_reports import operations, rules
from torihiki.pay_reports.cursors import PageTokens
from torihiki.pay_reports.model import (
    Account,
    Disbursement,
    DisbursementQuery,
    NewReport,
    NewSchedule,
    Policy,
    ProcessingStatus,
    Report,
    ReportQuery,
    ReportsResult,
    ReportType,
    ScheduleFrequency,
)

NOW = Instant.parse_iso("2026-11-22T09:30:00.25Z")
DAY = TimeDelta(hours=24)
LIVE = Account(merchant_id="A1", environment="live")
SANDBOX = Account(merchant_id="A1", environment="sandbox")
OTHER = Account(merchant_id="A2", environment="live")
TOKENS = PageTokens(KeyRing(keys=(SecretKey(key_id=1, secret=b"1" * 32),), index=b""))
EVERYTHING = ReportQuery(
    report_types=frozenset(),
    statuses=frozenset(),
    since=rules.oldest_kept(NOW),
    until=rules.whole_second(NOW),
    page_size=10,
)
ASKED = NewReport(report_type=ReportType.REFUND, start_time=NOW - DAY, end_time=NOW)
DAILY = NewSchedule(
    report_type=ReportType.REFUND, frequency=ScheduleFrequency.P1D, first=NOW + DAY, replace=False
)
RANDOM = random.Random(5).randbytes


def store_with(count: int, *, account: Account = LIVE) -> RememberedReports:
    """Reports that were asked for one an hour, three at a time."""
    store = RememberedReports()
    for number in range(count):
        report = Report(
            report_id=f"A{number}",
            report_type=list(ReportType)[number % 7],
            start_time=NOW,
            end_time=NOW,
            created_time=rules.whole_second(NOW) - TimeDelta(hours=count - number // 3 * 3),
        )
        store.kept.append((account, report))
    return store


async def pages(
    store: RememberedReports, query: ReportQuery, account: Account = LIVE
) -> list[ReportsResult]:
    found = [await operations.get_reports(store, TOKENS, account, query, NOW)]
    while token := found[-1].next_token:
        found.append(await operations.get_reports(store, TOKENS, account, token, NOW))
    return found


def ids(found: list[ReportsResult]) -> list[str]:
    return [report.report_id for page in found for report in page.reports]


async def refusal(call: Awaitable[object]) -> Problem:
    with pytest.raises(Problem) as caught:
        await call
    return caught.value


async def create(store: RememberedReports, new: NewReport = ASKED, **given: Any) -> str:
    arguments = {"policy": Policy(), "now": NOW, "random_bytes": RANDOM, **given}
    return await operations.create_report(store, arguments.pop("account", LIVE), new, **arguments)


async def plan(store: RememberedReports, new: NewSchedule = DAILY, **given: Any) -> Any:
    arguments = {"policy": Policy(), "now": NOW, "random_bytes": RANDOM, **given}
    return await operations.create_report_schedule(
        store, arguments.pop("account", LIVE), new, **arguments
    )


@pytest.mark.parametrize(
    ("count", "size"), [(0, 10), (1, 1), (10, 10), (11, 10), (100, 7), (25, 100)]
)
async def test_pages_hold_every_report_once_and_the_newest_first(count: int, size: int) -> None:
    """R-6, R-7"""
    found = await pages(store_with(count), msgspec.structs.replace(EVERYTHING, page_size=size))
    assert ids(found) == [f"A{number}" for number in reversed(range(count))]
    assert all(len(page.reports) == size for page in found[:-1])
    assert len(found) == max(-(-count // size), 1)


@given(
    st.frozensets(st.sampled_from(ReportType)),
    st.frozensets(st.sampled_from(ProcessingStatus)),
    st.integers(1, 20),
    st.integers(0, 60),
)
async def test_next_token_carries_the_filters_of_the_first_page(
    types: frozenset[ReportType], statuses: frozenset[ProcessingStatus], size: int, hours: int
) -> None:
    """R-6, R-7"""
    store = store_with(60)
    store.kept = [
        (account, msgspec.structs.replace(one, processing_status=list(ProcessingStatus)[place % 4]))
        for place, (account, one) in enumerate(store.kept)
    ]
    query = msgspec.structs.replace(
        EVERYTHING,
        report_types=types,
        statuses=statuses,
        since=rules.whole_second(NOW) - TimeDelta(hours=hours),
        page_size=size,
    )
    expected = [
        one.report_id
        for _, one in reversed(store.kept)
        if one.created_time >= query.since
        and (not types or one.report_type in types)
        and (not statuses or one.processing_status in statuses)
    ]
    assert ids(await pages(store, query)) == expected


async def test_report_that_comes_between_two_pages_disturbs_neither() -> None:
    """R-7"""
    store = store_with(20)
    first = await operations.get_reports(store, TOKENS, LIVE, EVERYTHING, NOW)
    await create(store)
    assert first.next_token is not None
    second = await operations.get_reports(store, TOKENS, LIVE, first.next_token, NOW)
    assert ids([first, second]) == [f"A{number}" for number in reversed(range(20))]


async def test_next_token_belongs_to_one_merchant_environment_and_operation() -> None:
    """R-7, R-16"""
    store = store_with(20)
    token = (await operations.get_reports(store, TOKENS, LIVE, EVERYTHING, NOW)).next_token
    assert token is not None
    for call in (
        operations.get_reports(store, TOKENS, SANDBOX, token, NOW),
        operations.get_reports(store, TOKENS, OTHER, token, NOW),
        operations.get_disbursements(store, TOKENS, LIVE, token),
        operations.get_reports(store, TOKENS, LIVE, "nt-50c2d472-2c4f-2d48-3b38-1116b37e0404", NOW),
    ):
        problem = await refusal(call)
        assert problem.code == "InvalidParameterValue"
        assert problem.message == "The value provided for nextToken is invalid."


async def test_report_is_seen_by_its_own_merchant_in_its_own_world_only() -> None:
    """R-16"""
    store = RememberedReports()
    report_id = await create(store)
    schedule_id = await plan(store)
    report = await operations.get_report_by_id(store, LIVE, report_id, NOW)
    store.change(LIVE, rules.completed(rules.begun(report, NOW), NOW, "document"))
    for account in (SANDBOX, OTHER):
        for call in (
            operations.get_report_by_id(store, account, report_id, NOW),
            operations.get_report_document(
                store, account, "document", now=NOW, signed_url=lambda one, _: one
            ),
            operations.get_report_schedule_by_id(store, account, schedule_id),
            operations.cancel_report_schedule(store, account, schedule_id),
        ):
            problem = await refusal(call)
            assert (problem.kind, problem.code) == (Kind.NOT_FOUND, "ResourceNotFound")
        assert await pages(store, EVERYTHING, account) == [
            ReportsResult(reports=(), next_token=None)
        ]
        assert await operations.get_report_schedules(store, account, frozenset()) == ()
    own = await operations.get_report_schedule_by_id(store, LIVE, schedule_id)
    assert own.report_schedule_id == schedule_id


async def test_report_is_gone_after_ninety_days() -> None:
    """R-8"""
    store = RememberedReports()
    report_id = await create(store)
    begun = rules.begun(await operations.get_report_by_id(store, LIVE, report_id, NOW), NOW)
    store.change(LIVE, rules.completed(begun, NOW, "document"))
    last = rules.whole_second(NOW) + rules.KEPT
    assert (await operations.get_report_by_id(store, LIVE, report_id, last)).report_id == report_id
    later = last + TimeDelta(seconds=1)
    assert (await refusal(operations.get_report_by_id(store, LIVE, report_id, later))).code
    call = operations.get_report_document(
        store, LIVE, "document", now=later, signed_url=lambda one, _: one
    )
    assert (await refusal(call)).code == "ResourceNotFound"


async def test_report_that_is_asked_for_is_in_progress_at_once() -> None:
    """R-9"""
    store = RememberedReports()
    report_id = await create(store)
    report = await operations.get_report_by_id(store, LIVE, report_id, NOW)
    assert (report.start_time, report.end_time) == (ASKED.start_time, ASKED.end_time)
    assert report.created_time == Instant.parse_iso("2026-11-22T09:30:00Z")
    assert report.processing_status is ProcessingStatus.IN_PROGRESS
    assert ids(await pages(store, EVERYTHING)) == [report_id]


async def test_nothing_is_added_where_a_report_is_refused() -> None:
    """R-5, R-16"""
    store = RememberedReports()
    settlement = msgspec.structs.replace(ASKED, report_type=ReportType.SETTLEMENT)
    backwards = msgspec.structs.replace(ASKED, end_time=ASKED.start_time - DAY)
    for new in (settlement, backwards):
        assert (await refusal(create(store, new))).code == "InvalidParameterValue"
    scheduled = msgspec.structs.replace(DAILY, report_type=ReportType.SETTLEMENT)
    assert (await refusal(plan(store, scheduled))).code == "InvalidParameterValue"
    assert (store.kept, store.planned) == ([], [])


async def test_document_has_a_new_url_each_time() -> None:
    """R-3, R-10"""
    store = RememberedReports()
    report = await operations.get_report_by_id(store, LIVE, await create(store), NOW)
    store.change(LIVE, rules.completed(rules.begun(report, NOW), NOW, "document"))
    for now in (NOW, NOW + DAY):
        document = await operations.get_report_document(
            store, LIVE, "document", now=now, signed_url=lambda one, at: f"{one}@{at}"
        )
        assert document.url == f"document@{now}"


@pytest.mark.parametrize("name", ["", "\0", "nobody", "x" * 200])
async def test_what_is_not_there_is_not_found(name: str) -> None:
    """R-16"""
    store = RememberedReports()
    for call in (
        operations.get_report_by_id(store, LIVE, name, NOW),
        operations.get_report_document(store, LIVE, name, now=NOW, signed_url=lambda one, _: one),
        operations.get_report_schedule_by_id(store, LIVE, name),
        operations.cancel_report_schedule(store, LIVE, name),
    ):
        assert (await refusal(call)).kind is Kind.NOT_FOUND


async def test_type_has_one_schedule_and_a_second_is_answered_with_the_first() -> None:
    """R-12, R-13"""
    store = RememberedReports()
    first = await plan(store)
    conflict = await plan(store)
    assert [one.report_schedule_id for one in conflict] == [first]
    assert await operations.get_report_schedules(store, LIVE, frozenset()) == conflict
    assert isinstance(await plan(store, account=SANDBOX), str)
    other = msgspec.structs.replace(DAILY, report_type=ReportType.CAPTURE)
    assert isinstance(await plan(store, other), str)


async def test_second_schedule_is_an_error_where_the_operator_says_so() -> None:
    """R-13"""
    store = RememberedReports()
    first = await plan(store)
    problem = await refusal(plan(store, policy=Policy(conflict_is_error=True)))
    assert problem.code == "InvalidParameterValue"
    assert problem.message is not None
    assert first in problem.message


async def test_schedule_is_replaced_where_that_is_wanted() -> None:
    """R-13"""
    store = RememberedReports()
    first = await plan(store)
    second = await plan(store, msgspec.structs.replace(DAILY, replace=True))
    (left,) = await operations.get_report_schedules(store, LIVE, frozenset())
    assert left.report_schedule_id == second != first


async def test_schedules_are_listed_by_type() -> None:
    """R-11"""
    store = RememberedReports()
    await plan(store)
    await plan(store, msgspec.structs.replace(DAILY, report_type=ReportType.CAPTURE))
    captures = frozenset({ReportType.CAPTURE})
    (found,) = await operations.get_report_schedules(store, LIVE, captures)
    assert found.report_type is ReportType.CAPTURE
    everything = await operations.get_report_schedules(store, LIVE, frozenset())
    assert len(everything) == 2


async def test_due_schedules_make_one_report_each_and_go_on() -> None:
    """R-14"""
    store = RememberedReports()
    await plan(store)
    await plan(store, account=SANDBOX)
    due = NOW + DAY
    assert await operations.run_due_schedules(store, due - TimeDelta(seconds=1), RANDOM, 10) == 0
    assert await operations.run_due_schedules(store, due, RANDOM, 1) == 1
    assert await operations.run_due_schedules(store, due, RANDOM, 10) == 1
    assert await operations.run_due_schedules(store, due, RANDOM, 10) == 0
    (report,) = [one for account, one in store.kept if account == LIVE]
    assert (report.start_time, report.end_time) == (NOW, due - TimeDelta(seconds=1))
    (schedule,) = await operations.get_report_schedules(store, LIVE, frozenset())
    assert schedule.next_report_creation_time == due + DAY


class LateReports(RememberedReports):
    """A store that tells of due schedules what they were, as a process sees them that another one has overtaken."""

    async def due_schedules(self, now: Instant, limit: int) -> Any:
        found = await super().due_schedules(now, limit)
        for account, schedule in found:
            report = Report(
                report_id="by another", report_type=schedule.report_type, start_time=now, end_time=now, created_time=now
            )  # fmt: skip
            await self.run_schedule(account, schedule, report, now + DAY)
        return found


async def test_two_who_run_schedules_at_once_make_one_report() -> None:
    """R-14"""
    store = LateReports()
    await plan(store)
    assert await operations.run_due_schedules(store, NOW + DAY, RANDOM, 10) == 0
    assert [one.report_id for _, one in store.kept] == ["by another"]


async def test_cancelled_schedule_makes_no_report() -> None:
    """R-15"""
    store = RememberedReports()
    await operations.cancel_report_schedule(store, LIVE, await plan(store))
    assert await operations.run_due_schedules(store, NOW + 10 * DAY, RANDOM, 10) == 0
    assert store.kept == []


def payouts() -> Iterator[Disbursement]:
    for number in range(25):
        yield Disbursement(
            seller_id="A1",
            settlement_id=str(number),
            reference_id=f"TRACE{number}",
            amount=parse(number, "JPY"),
            at=NOW - (25 - number) * DAY,
        )


async def test_disbursements_come_page_by_page() -> None:
    """Contract 4.13"""
    store = RememberedReports()
    store.paid = [(LIVE, one) for one in payouts()]
    query = DisbursementQuery(since=NOW - 20 * DAY, until=NOW - 2 * DAY, page_size=7)
    found: list[str] = []
    result = await operations.get_disbursements(store, TOKENS, LIVE, query)
    while True:
        found += [one.settlement_id for one in result.disbursements]
        if result.next_token is None:
            break
        result = await operations.get_disbursements(store, TOKENS, LIVE, result.next_token)
    assert found == [str(number) for number in range(23, 4, -1)]
    assert not (await operations.get_disbursements(store, TOKENS, OTHER, query)).disbursements
