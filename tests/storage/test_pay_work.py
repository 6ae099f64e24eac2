"""What `ReportWork` promises, on every backend (issue 5, points 3, 4 and 7)."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from tests.storage.conftest import Stores
from tests.storage.pay_samples import (
    LIVE,
    NOW,
    OTHERS,
    SANDBOX,
    add_merchants,
    later,
    over,
    report,
)

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import ProcessingStatus, Report, ReportType
from torihiki.pay_reports.work import Claim, ReportWork

LEASE = TimeDelta(seconds=10)
MACHINE = Instant.from_utc(2031, 1, 1)
"""The machine's clock, which has nothing to do with the operator's."""


@pytest.fixture
async def pay(stores: Stores) -> Stores:
    await add_merchants(stores)
    return stores


def machine(seconds: float) -> Instant:
    return MACHINE + TimeDelta(seconds=seconds)


async def claimed(
    work: ReportWork, owner: str = "w1", at: Instant = MACHINE, now: Instant = NOW
) -> Claim | None:
    return await work.claim(owner, at=at, until=at + LEASE, now=now)


async def taken(
    work: ReportWork, owner: str = "w1", at: Instant = MACHINE, now: Instant = NOW
) -> Claim:
    claim = await claimed(work, owner, at, now)
    assert claim is not None
    return claim


async def done(work: ReportWork, claim: Claim, owner: str = "w1", document_id: str = "d") -> bool:
    ended = rules.completed(claim.report, later(5), document_id)
    return await work.finish(claim.report_key, owner, ended, document_bytes=7)


async def kept(stores: Stores, number: int = 1) -> Report:
    found = await stores.pay_reports.report(LIVE, report(number).report_id)
    assert found is not None
    return found


async def test_claim_says_all_that_a_worker_needs(pay: Stores, peer: Stores) -> None:
    await pay.pay_reports.add_report(SANDBOX, report(1))
    claim = await taken(peer.pay_work)
    begun = report(1, processing_start_time=NOW)
    assert claim == Claim(
        report_key=claim.report_key,
        report=begun,
        account=SANDBOX,
        region="jp",
        settlement=None,
        tries=1,
    )
    assert await pay.pay_reports.report(SANDBOX, begun.report_id) == begun


async def test_oldest_report_comes_first_and_one_that_is_over_never(pay: Stores) -> None:
    """In the order in which they were asked for, whatever the operator's clock did meanwhile."""
    await pay.pay_reports.add_report(LIVE, over(1, "d1"))
    await pay.pay_reports.add_report(LIVE, report(2, created_time=later(50)))
    await pay.pay_reports.add_report(OTHERS, report(3, created_time=later(9)))
    await pay.pay_reports.add_report(LIVE, report(4))
    found = [await claimed(pay.pay_work, f"w{n}") for n in range(4)]
    assert [claim and claim.report.report_id for claim in found] == [
        report(2).report_id,
        report(3).report_id,
        report(4).report_id,
        None,
    ]


async def test_completed_report_shows_its_document_and_when(pay: Stores) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    claim = await taken(pay.pay_work)
    assert await done(pay.pay_work, claim, document_id="amzn1.tortuga.3.x")
    assert await kept(pay) == report(
        1,
        processing_status=ProcessingStatus.COMPLETED,
        processing_start_time=NOW,
        processing_end_time=later(5),
        report_document_id="amzn1.tortuga.3.x",
    )
    assert await pay.pay_reports.report_of_document(LIVE, "amzn1.tortuga.3.x") is not None
    assert await claimed(pay.pay_work, "w2", machine(1000)) is None


async def test_report_ends_without_data_or_with_a_failure(pay: Stores) -> None:
    """R-4."""
    for number in (1, 2):
        await pay.pay_reports.add_report(LIVE, report(number))
    empty, broken = await taken(pay.pay_work), await taken(pay.pay_work)
    assert await pay.pay_work.finish(
        empty.report_key, "w1", rules.cancelled(empty.report, later(5))
    )
    assert await pay.pay_work.finish(
        broken.report_key, "w1", rules.failed(broken.report, later(6), "the disk is full")
    )
    assert await kept(pay, 1) == rules.cancelled(empty.report, later(5))
    assert await kept(pay, 2) == rules.failed(broken.report, later(6), "the disk is full")
    assert await claimed(pay.pay_work, "w2", machine(1000)) is None


async def test_report_of_a_dead_worker_is_taken_over_after_its_lease(
    pay: Stores, peer: Stores
) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    await taken(pay.pay_work, "dead")
    assert await claimed(peer.pay_work, "heir", machine(9.999999), later(9)) is None
    heir = await taken(peer.pay_work, "heir", machine(10), later(10))
    assert heir.report.processing_start_time == NOW
    assert await done(peer.pay_work, heir, "heir")


async def test_worker_that_lost_its_report_changes_nothing(pay: Stores, peer: Stores) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    slow = await taken(pay.pay_work, "slow")
    heir = await taken(peer.pay_work, "heir", machine(10))
    assert not await pay.pay_work.extend(slow.report_key, "slow", machine(99))
    assert not await done(pay.pay_work, slow, "slow", "wrong")
    await pay.pay_work.release("slow")
    assert await kept(pay) == heir.report
    assert await claimed(pay.pay_work, "other", machine(19)) is None
    assert await done(peer.pay_work, heir, "heir", "right")
    assert not await done(peer.pay_work, heir, "heir", "again")
    assert not await peer.pay_work.extend(heir.report_key, "heir", machine(99))
    assert (await kept(pay)).report_document_id == "right"


async def test_late_worker_ends_a_report_that_nobody_took_over(pay: Stores) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    claim = await taken(pay.pay_work)
    assert await pay.pay_work.extend(claim.report_key, "w1", machine(1))
    assert await done(pay.pay_work, claim)


async def test_extended_lease_holds_longer(pay: Stores) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    claim = await taken(pay.pay_work)
    assert await pay.pay_work.extend(claim.report_key, "w1", machine(30))
    assert not await pay.pay_work.extend(claim.report_key, "w2", machine(1))
    assert not await pay.pay_work.extend(claim.report_key + 1, "w1", machine(1))
    assert await claimed(pay.pay_work, "w2", machine(29)) is None
    assert await claimed(pay.pay_work, "w2", machine(30)) is not None


async def test_operators_clock_decides_no_lease(pay: Stores) -> None:
    """It can jump by years, either way, while a report is made."""
    await pay.pay_reports.add_report(LIVE, report(1))
    await taken(pay.pay_work)
    for now in (Instant.from_utc(2040, 1, 1), Instant.from_utc(2000, 1, 1)):
        assert await claimed(pay.pay_work, "w2", machine(5), now) is None
    assert (await taken(pay.pay_work, "w2", machine(11), later(-9))).report == report(
        1, processing_start_time=NOW
    )


async def test_what_a_worker_gives_back_is_to_be_had_at_once(pay: Stores) -> None:
    for number in (1, 2, 3):
        await pay.pay_reports.add_report(LIVE, report(number))
    first, _, third = [await taken(pay.pay_work, owner) for owner in ("w1", "w2", "w1")]
    await pay.pay_work.release("w1")
    again = [await claimed(pay.pay_work, "w3") for _ in range(3)]
    assert [claim and claim.report_key for claim in again] == [
        first.report_key,
        third.report_key,
        None,
    ]


async def test_tries_of_all_workers_are_counted_and_those_that_are_given_back_are_not(
    pay: Stores, peer: Stores
) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    first = await taken(pay.pay_work, "w1")
    await pay.pay_work.extend(first.report_key, "w1", machine(9))
    second = await taken(peer.pay_work, "w2", machine(10))
    await pay.pay_work.release("w1")
    await peer.pay_work.release("w2")
    third = await taken(pay.pay_work, "w1", machine(11))
    await pay.pay_work.take_back(third.report_key, "w1")
    assert await claimed(pay.pay_work, "w3", machine(20)) is None
    fourth = await taken(pay.pay_work, "w3", machine(21))
    assert [one.tries for one in (first, second, third, fourth)] == [1, 2, 2, 2]
    assert await done(pay.pay_work, fourth, "w3")
    await pay.pay_work.take_back(fourth.report_key, "w3")
    await pay.pay_reports.add_report(LIVE, report(2))
    assert (await taken(pay.pay_work)).tries == 1


async def test_try_is_taken_back_once_whoever_holds_the_report_by_then(
    pay: Stores, peer: Stores
) -> None:
    """Also by a worker that ends before it gets another report."""
    await pay.pay_reports.add_report(LIVE, report(1))
    claim = await taken(pay.pay_work)
    for _ in range(3):
        await pay.pay_work.take_back(claim.report_key, "w1")
    await pay.pay_work.release("w1")
    assert await claimed(pay.pay_work, "w1", machine(9)) is None
    late = await taken(pay.pay_work, "w1", machine(10))
    heir = await taken(peer.pay_work, "w2", machine(20))
    assert [late.tries, heir.tries] == [1, 2]
    await pay.pay_work.take_back(late.report_key, "w1")
    assert await peer.pay_work.extend(heir.report_key, "w2", machine(40))
    assert (await taken(pay.pay_work, "w1", machine(40))).tries == 2


async def test_report_that_was_put_off_is_nobodys_until_its_time(pay: Stores, peer: Stores) -> None:
    """Nor does its worker's end bring it back earlier, or take its try back."""
    await pay.pay_reports.add_report(LIVE, report(1))
    claim = await taken(pay.pay_work)
    await pay.pay_work.put_off(claim.report_key, "w2", machine(5), tries=0)
    assert await claimed(peer.pay_work, "w2", machine(9)) is None
    await pay.pay_work.put_off(claim.report_key, "w1", machine(40), tries=3)
    await pay.pay_work.release("w1")
    assert not await pay.pay_work.extend(claim.report_key, "w1", machine(1))
    assert not await done(pay.pay_work, claim)
    assert await claimed(pay.pay_work, "w1", machine(39)) is None
    heir = await taken(peer.pay_work, "w2", machine(40))
    assert heir.tries == 4
    assert await done(peer.pay_work, heir, "w2")
    await peer.pay_work.put_off(heir.report_key, "w2", machine(50), tries=0)
    assert await claimed(pay.pay_work, "w1", machine(1000)) is None


async def test_report_that_was_tried_before_is_left_to_those_who_ask_for_such(pay: Stores) -> None:
    for number in (1, 2):
        await pay.pay_reports.add_report(LIVE, report(number))
    await taken(pay.pay_work, "dead")
    fresh = [
        await pay.pay_work.claim("w1", at=machine(11), until=machine(21), now=NOW, again=False)
        for _ in range(2)
    ]
    assert [one and one.report.report_id for one in fresh] == [report(2).report_id, None]
    assert (await taken(pay.pay_work, "w2", machine(11))).report.report_id == report(1).report_id


async def test_two_workers_make_each_of_two_hundred_reports_once(pay: Stores, peer: Stores) -> None:
    """Issue 5, point 3: in two processes, each with several at a time."""
    for number in range(200):
        await pay.pay_reports.add_report((LIVE, SANDBOX, OTHERS)[number % 3], report(number))
    made: Counter[int] = Counter()

    async def work(stores: Stores, owner: str) -> int:
        ended = 0
        while (claim := await claimed(stores.pay_work, owner)) is not None:
            made[claim.report_key] += 1
            assert await done(stores.pay_work, claim, owner, f"d{claim.report_key}")
            ended += 1
        return ended

    shares = await asyncio.gather(
        *(work(store, f"{name}{n}") for name, store in (("a", pay), ("b", peer)) for n in range(4))
    )
    assert sum(shares) == 200
    assert len(made) == 200
    assert set(made.values()) == {1}


async def test_leases_that_run_out_at_once_are_taken_over_once_each(
    pay: Stores, peer: Stores
) -> None:
    for number in range(20):
        await pay.pay_reports.add_report(LIVE, report(number))
        await taken(pay.pay_work, "dead")
    found = await asyncio.gather(
        *(claimed((pay, peer)[n % 2].pay_work, f"w{n}", machine(11)) for n in range(30))
    )
    left = [await claimed(pay.pay_work, "last", machine(11)) for _ in range(20)]
    keys = [claim.report_key for claim in (*found, *left) if claim is not None]
    assert len(keys) == len(set(keys)) == 20


async def test_settlement_has_one_report_whoever_adds_it(pay: Stores, peer: Stores) -> None:
    """R-5, issue 5 point 7: a runner that was killed after it may add it again."""
    settled = [report(number, report_type=ReportType.SETTLEMENT) for number in range(6)]
    added = await asyncio.gather(
        *(
            (pay, peer)[number % 2].pay_work.add_settlement_report(LIVE, one, 12)
            for number, one in enumerate(settled)
        )
    )
    assert sorted(added) == [False] * 5 + [True]
    assert await pay.pay_work.add_settlement_report(OTHERS, report(9), 13)
    claims = [await claimed(pay.pay_work) for _ in range(3)]
    assert [claim and claim.settlement for claim in claims] == [12, 13, None]


async def test_old_reports_are_those_that_are_over_the_oldest_first(pay: Stores) -> None:
    """R-8: one that is still to be made is not forgotten, however far the operator's clock jumps."""
    await pay.pay_reports.add_report(LIVE, over(1, "d1", created_time=later(3)))
    await pay.pay_reports.add_report(SANDBOX, over(2, created_time=later(1)))
    await pay.pay_reports.add_report(LIVE, report(3, created_time=later(1)))
    await pay.pay_reports.add_report(OTHERS, over(4, "d4", created_time=later(2)))
    await pay.pay_reports.add_report(LIVE, over(5, "d5", created_time=later(5)))
    old = await pay.pay_work.old_reports(later(5), 9)
    assert [one.document_id for one in old] == [None, "d4", "d1"]
    assert list(await pay.pay_work.old_reports(later(5), 2)) == list(old[:2])
    assert await pay.pay_work.old_reports(later(1), 9) == []
    await pay.pay_work.forget([one.report_key for one in old[:2]])
    assert await pay.pay_work.old_reports(later(5), 9) == [old[2]]
    assert await pay.pay_reports.report(OTHERS, report(4).report_id) is None
    assert await pay.pay_reports.report_of_document(OTHERS, "d4") is None
    assert await pay.pay_reports.report(LIVE, report(1).report_id) is not None
    await pay.pay_work.forget([])
    await pay.pay_work.forget([one.report_key for one in old])


async def test_open_report_is_not_forgotten_by_mistake(pay: Stores) -> None:
    await pay.pay_reports.add_report(LIVE, report(1))
    claim = await taken(pay.pay_work)
    await pay.pay_work.forget([claim.report_key])
    assert await done(pay.pay_work, claim)
