"""What `ReportStore` promises of schedules, on every backend (R-11 to R-15)."""

from __future__ import annotations

import asyncio
import itertools
import secrets

import pytest
from tests.storage.conftest import Backend, Stores
from tests.storage.pay_samples import (
    LIVE,
    NOW,
    OTHERS,
    SANDBOX,
    add_merchants,
    answer,
    later,
    query,
    report,
    schedule,
)

from torihiki.kernel.idempotency import AnsweredBefore
from torihiki.kernel.instant import TimeDelta
from torihiki.pay_reports.model import ReportType, ScheduleFrequency
from torihiki.pay_reports.operations import run_due_schedules
from torihiki.pay_reports.store import ReportStore

REFUND = ReportType.REFUND
SCOPE = "POST /v2/report-schedules"


@pytest.fixture
async def pay(stores: Stores) -> ReportStore:
    await add_merchants(stores)
    return stores.pay_reports


async def test_schedules_are_listed_as_they_were_added_each_in_its_account(
    pay: ReportStore, peer: Stores
) -> None:
    second = schedule(1, report_type=REFUND, frequency=ScheduleFrequency.P30D)
    assert await pay.add_schedule(LIVE, schedule(2), replace=False) is None
    assert await pay.add_schedule(LIVE, second, replace=False) is None
    assert await pay.add_schedule(SANDBOX, schedule(2), replace=False) is None
    assert await peer.pay_reports.schedules(LIVE) == [schedule(2), second]
    assert await pay.schedules(OTHERS) == []
    assert await pay.schedule(LIVE, second.report_schedule_id) == second
    assert await pay.schedule(SANDBOX, second.report_schedule_id) is None
    assert await pay.schedule(OTHERS, second.report_schedule_id) is None


async def test_type_has_one_schedule_until_it_is_replaced(pay: ReportStore) -> None:
    """R-12, R-13."""
    refunds = schedule(9, report_type=REFUND)
    for one in (schedule(1), refunds):
        assert await pay.add_schedule(LIVE, one, replace=False) is None
    assert await pay.add_schedule(LIVE, schedule(2), replace=False) == schedule(1)
    assert await pay.schedules(LIVE) == [schedule(1), refunds]
    assert await pay.add_schedule(LIVE, schedule(2), replace=True) is None
    assert await pay.schedules(LIVE) == [refunds, schedule(2)]
    assert await pay.schedule(LIVE, schedule(1).report_schedule_id) is None


async def test_removed_schedule_is_gone_and_makes_room(pay: ReportStore) -> None:
    """R-15."""
    assert await pay.add_schedule(LIVE, schedule(1), replace=False) is None
    for account in (SANDBOX, OTHERS):
        assert not await pay.remove_schedule(account, schedule(1).report_schedule_id)
    assert await pay.remove_schedule(LIVE, schedule(1).report_schedule_id)
    assert not await pay.remove_schedule(LIVE, schedule(1).report_schedule_id)
    assert not await pay.run_schedule(LIVE, schedule(1), report(1), later(300))
    assert (await pay.reports(LIVE, query(), after=None)).reports == ()
    assert await pay.add_schedule(LIVE, schedule(2), replace=False) is None


async def test_of_schedules_added_at_once_one_is_first_and_the_others_see_it(
    pay: ReportStore, peer: Stores
) -> None:
    found = await asyncio.gather(
        *(
            (pay, peer.pay_reports)[number % 2].add_schedule(LIVE, schedule(number), replace=False)
            for number in range(12)
        )
    )
    [kept] = await pay.schedules(LIVE)
    assert found.count(None) == 1
    assert found.count(kept) == 11


async def test_of_schedules_replaced_at_once_one_stays(pay: ReportStore, peer: Stores) -> None:
    found = await asyncio.gather(
        *(
            (pay, peer.pay_reports)[number % 2].add_schedule(LIVE, schedule(number), replace=True)
            for number in range(12)
        )
    )
    assert found == [None] * 12
    assert len(await pay.schedules(LIVE)) == 1


async def test_answer_is_kept_with_its_schedule_or_not_at_all(pay: ReportStore) -> None:
    """Contract 3.4: the answer comes again whatever is in the way by now."""
    first = answer(scope=SCOPE)
    assert await pay.add_schedule(LIVE, schedule(1), replace=False, first=first) is None
    for replace in (False, True):
        with pytest.raises(AnsweredBefore) as caught:
            await pay.add_schedule(LIVE, schedule(2), replace=replace, first=first)
        assert caught.value.first == first
    assert await pay.schedules(LIVE) == [schedule(1)]
    other = answer("other", scope=SCOPE)
    found = await pay.add_schedule(LIVE, schedule(2), replace=False, first=other)
    assert found == schedule(1)
    # What was in the way left no answer: the same key goes on.
    assert await pay.add_schedule(LIVE, schedule(2), replace=True, first=other) is None
    assert await pay.schedules(LIVE) == [schedule(2)]


async def test_same_request_many_times_at_once_makes_one_schedule(
    pay: ReportStore, peer: Stores
) -> None:
    async def posted(store: ReportStore, number: int) -> bytes:
        one = schedule(number)
        made = answer(scope=SCOPE, body=one.report_schedule_id.encode())
        try:
            assert await store.add_schedule(LIVE, one, replace=number % 3 == 0, first=made) is None
        except AnsweredBefore as before:
            return before.first.body
        return made.body

    answers = await asyncio.gather(
        *(posted((pay, peer.pay_reports)[number % 2], number) for number in range(16))
    )
    [only] = await pay.schedules(LIVE)
    assert set(answers) == {only.report_schedule_id.encode()}


async def test_due_schedules_are_those_of_all_accounts_the_longest_due_first(
    pay: ReportStore,
) -> None:
    for number, (account, at) in enumerate(((LIVE, 3), (SANDBOX, 1), (OTHERS, 2))):
        one = schedule(number, next_report_creation_time=later(at))
        assert await pay.add_schedule(account, one, replace=False) is None
    assert [account for account, _ in await pay.due_schedules(later(9), 9)] == [
        SANDBOX, OTHERS, LIVE,
    ]  # fmt: skip
    assert [account for account, _ in await pay.due_schedules(later(9), 2)] == [SANDBOX, OTHERS]
    assert await pay.due_schedules(later(1), 9) == [
        (SANDBOX, schedule(1, next_report_creation_time=later(1)))
    ]
    assert await pay.due_schedules(NOW, 9) == []


async def test_schedule_runs_once_for_each_due_time(pay: ReportStore, peer: Stores) -> None:
    """R-14: the report and the next due time are written together or not at all."""
    assert await pay.add_schedule(LIVE, schedule(1), replace=False) is None
    ran = await asyncio.gather(
        *(
            (pay, peer.pay_reports)[number % 2].run_schedule(
                LIVE, schedule(1), report(number), later(300)
            )
            for number in range(8)
        )
    )
    assert sorted(ran) == [False] * 7 + [True]
    assert len((await pay.reports(LIVE, query(), after=None)).reports) == 1
    moved = schedule(1, next_report_creation_time=later(300))
    assert await pay.schedules(LIVE) == [moved]
    assert not await pay.run_schedule(SANDBOX, moved, report(20), later(600))
    assert not await pay.run_schedule(OTHERS, moved, report(20), later(600))
    assert await pay.run_schedule(LIVE, moved, report(20), later(600))


async def test_four_runners_make_exactly_one_report_for_each_due_time(backend: Backend) -> None:
    """R-14: two hours of PT5M in three accounts, raced, with a schedule that is replaced on the way."""
    runners = [await backend.open() for _ in range(4)]
    await add_merchants(runners[0])
    accounts = (LIVE, SANDBOX, OTHERS)
    for number, account in enumerate(accounts):
        one = schedule(number)
        assert await runners[0].pay_reports.add_schedule(account, one, replace=False) is None
    for step in range(24):
        now = NOW + TimeDelta(minutes=5 * step)
        made = await asyncio.gather(
            *(run_due_schedules(one.pay_reports, now, secrets.token_bytes, 10) for one in runners)
        )
        assert sum(made) == len(accounts), step
    for account in accounts:
        wanted = query(until=None)
        page = await runners[0].pay_reports.reports(account, wanted, after=None)
        periods = [(one.start_time, one.end_time) for one in reversed(page.reports)]
        assert len(periods) == 24
        for (_, end), (start, _) in itertools.pairwise(periods):
            assert start == end + TimeDelta(seconds=1)
