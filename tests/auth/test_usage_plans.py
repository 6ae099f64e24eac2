"""How often a caller may call (contract 2, 1.9 row 15)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.auth.rules import PlanKey, UsagePlans, rate_text
from torihiki.kernel.caller import Caller
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import Kind, Problem
from torihiki.kernel.quota import UsagePlan

SECOND = 1_000_000
START = 1_800_000_000 * SECOND

plans_drawn = st.builds(
    UsagePlan,
    rate=st.sampled_from([0.0055, 0.0167, 0.5, 1.0, 2.0, 5.0, 1 / 3, 1000.0]),
    burst=st.integers(1, 30),
)
gaps = st.lists(st.integers(0, 3) | st.integers(0, 120 * SECOND), min_size=1, max_size=60)


def operation(plan: UsagePlan | None, name: str = "getOrders") -> Operation:
    return Operation(name=name, method="GET", path="/", plan=plan, summary="")


def caller(seller_id: str = "A1", application_id: str = "app") -> Caller:
    return Caller(seller_id=seller_id, application_id=application_id, roles=frozenset())


def passes(plans: UsagePlans, called: Operation, now_us: int, by: Caller | None = None) -> bool:
    try:
        plans.take(called, by or caller(), now_us)
    except Problem:
        return False
    return True


def passed_of(plans: UsagePlans, called: Operation, now_us: int, calls: int) -> int:
    return sum(passes(plans, called, now_us) for _ in range(calls))


def test_refusal_says_what_amazon_says() -> None:
    plans, called = UsagePlans("amazon", {}), operation(UsagePlan(rate=0.5, burst=1))
    plans.take(called, caller(), START)
    with pytest.raises(Problem) as caught:
        plans.take(called, caller(), START)
    assert caught.value.kind is Kind.QUOTA_EXCEEDED
    assert caught.value.message == "You exceeded your quota for the requested resource."
    assert caught.value.details == ""


@given(plan=plans_drawn, waits=gaps)
def test_no_window_lets_more_through_than_burst_and_rate(plan: UsagePlan, waits: list[int]) -> None:
    plans, called, now = UsagePlans("amazon", {}), operation(plan), START
    passed: list[int] = []
    for wait in waits:
        now += wait
        passed += [now] * passed_of(plans, called, now, 3)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            allowed = plan.burst + plan.rate * (passed[last] - passed[first]) / SECOND
            assert last - first + 1 <= allowed + 1e-6


@given(plan=plans_drawn, tokens=st.integers(1, 40))
def test_idle_bucket_gains_exactly_what_its_rate_says(plan: UsagePlan, tokens: int) -> None:
    plans, called = UsagePlans("amazon", {}), operation(plan)
    assert passed_of(plans, called, START, plan.burst + 5) == plan.burst
    later = START + math.ceil(tokens * SECOND / plan.rate)
    assert passed_of(plans, called, later, 80) == min(tokens, plan.burst)


@given(plan=plans_drawn, tokens=st.integers(1, 20))
def test_call_just_before_its_token_is_there_is_refused(plan: UsagePlan, tokens: int) -> None:
    plans, called = UsagePlans("amazon", {}), operation(plan)
    passed_of(plans, called, START, plan.burst)
    early = START + math.floor(tokens * SECOND / plan.rate) - 2
    assert passed_of(plans, called, early, 80) == min(tokens - 1, plan.burst)


@given(plan=plans_drawn, back=st.integers(1, 10**15))
def test_clock_that_is_set_back_gives_nothing(plan: UsagePlan, back: int) -> None:
    plans, called = UsagePlans("amazon", {}), operation(plan)
    passed_of(plans, called, START, plan.burst)
    assert not passes(plans, called, START - back)
    # From there on it fills as ever.
    assert passes(plans, called, START - back + math.ceil(SECOND / plan.rate))


def test_each_operation_seller_and_application_has_its_own_bucket() -> None:
    plans, plan = UsagePlans("amazon", {}), UsagePlan(rate=0.5, burst=1)
    for called in (operation(plan), operation(plan, "getOrder")):
        for by in (caller(), caller("A2"), caller("A1", "other")):
            assert passes(plans, called, START, by)
            assert not passes(plans, called, START, by)


def test_override_counts_for_its_pair_only() -> None:
    overrides: dict[PlanKey, UsagePlan] = {("getOrders", "A1", "app"): UsagePlan(rate=3.0, burst=2)}
    plans, called = UsagePlans("amazon", overrides), operation(UsagePlan(rate=0.0167, burst=5))
    assert passed_of(plans, called, START, 9) == 2
    assert plans.rate_header(called, caller()) == b"3.0"
    assert sum(passes(plans, called, START, caller("A2")) for _ in range(9)) == 5
    assert plans.rate_header(called, caller("A2")) == b"0.0167"


def test_new_override_cuts_a_bucket_that_is_in_use() -> None:
    plans, called = UsagePlans("amazon", {}), operation(UsagePlan(rate=0.0167, burst=20))
    assert passes(plans, called, START)
    plans.replace_overrides({("getOrders", "A1", "app"): UsagePlan(rate=1.0, burst=3)})
    assert passed_of(plans, called, START, 9) == 3
    plans.replace_overrides({})
    assert not passes(plans, called, START)
    assert passes(plans, called, START + 60 * SECOND)


def test_mode_off_refuses_nobody_and_still_sends_the_rate() -> None:
    plans, called = UsagePlans("off", {}), operation(UsagePlan(rate=2.0, burst=1))
    assert passed_of(plans, called, START, 100) == 100
    assert plans.rate_header(called, caller()) == b"2.0"
    assert len(plans) == 0


def test_operation_without_a_plan_is_not_limited_and_has_no_rate() -> None:
    plans, called = UsagePlans("amazon", {}), operation(None)
    assert passed_of(plans, called, START, 100) == 100
    assert plans.rate_header(called, caller()) == b""


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.0167, b"0.0167"),
        (0.5, b"0.5"),
        (2.0, b"2.0"),
        (5, b"5.0"),
        (10.0, b"10.0"),
        (0.00001, b"0.00001"),
        (1e22, b"10000000000000000000000.0"),
        (1 / 3, b"0.3333333333333333"),
    ],
)
def test_rate_is_written_as_amazon_writes_it(rate: float, text: bytes) -> None:
    assert rate_text(rate) == text


def test_full_buckets_are_forgotten_however_many_callers_come() -> None:
    plans, called = UsagePlans("amazon", {}), operation(UsagePlan(rate=1.0, burst=1))
    for n in range(20_000):
        assert passes(plans, called, START + n * SECOND // 100, caller(f"A{n}"))
    # A bucket owes its token for a second, and a hundred callers come in that time.
    assert len(plans) <= 250


def test_bucket_that_owes_a_token_is_never_forgotten() -> None:
    plans, called = UsagePlans("amazon", {}), operation(UsagePlan(rate=1.0, burst=1))
    for n in range(2000):
        assert passes(plans, called, START, caller(f"A{n}"))
    assert not any(passes(plans, called, START, caller(f"A{n}")) for n in range(2000))
    assert len(plans) == 2000
