"""The token bucket of usage plans (contract 2)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.quota import TokenBucket, UsagePlan

SECOND = 1_000_000
AMAZON = (
    UsagePlan(rate=0.0167, burst=20),
    UsagePlan(rate=0.5, burst=30),
    UsagePlan(rate=2, burst=10),
    UsagePlan(rate=5, burst=15),
)

plans = st.one_of(
    st.sampled_from(AMAZON),
    st.builds(
        UsagePlan,
        rate=st.floats(min_value=0.0001, max_value=1000),
        burst=st.integers(min_value=1, max_value=50),
    ),
)
steps = st.lists(st.integers(min_value=-5 * SECOND, max_value=120 * SECOND), max_size=60)


def drained(plan: UsagePlan, now: int = 0) -> TokenBucket:
    bucket = TokenBucket(plan, now)
    for _ in range(plan.burst):
        assert bucket.take(plan, now)
    return bucket


@given(plans)
def test_bucket_starts_full_and_gives_exactly_its_burst_at_once(plan: UsagePlan) -> None:
    assert not drained(plan).take(plan, 0)


@given(plans, st.integers(min_value=1, max_value=1000))
def test_refused_calls_take_nothing(plan: UsagePlan, refusals: int) -> None:
    """A client that hammers an empty bucket gets its next token as early as one that waits."""
    bucket = drained(plan)
    one_token = -int(-SECOND // Fraction(plan.rate))
    for attempt in range(refusals):
        bucket.take(plan, (one_token - 2) * attempt // refusals)
    assert bucket.take(plan, one_token + 1)


@given(st.sampled_from(AMAZON), st.integers(min_value=0, max_value=10**15))
def test_one_token_comes_back_after_exactly_one_interval(plan: UsagePlan, start: int) -> None:
    bucket = drained(plan, start)
    interval = int(SECOND / plan.rate) + 1
    assert not bucket.take(plan, start + interval - 100)
    assert bucket.take(plan, start + interval)
    assert not bucket.take(plan, start + interval)


@given(plans, st.integers(min_value=0, max_value=10**15))
def test_bucket_never_holds_more_than_its_burst(plan: UsagePlan, waited: int) -> None:
    bucket = TokenBucket(plan, 0)
    assert sum(bucket.take(plan, waited) for _ in range(plan.burst + 5)) == plan.burst


@given(plans, steps)
def test_calls_in_any_rhythm_never_exceed_burst_plus_what_time_gave(
    plan: UsagePlan, rhythm: list[int]
) -> None:
    """Also when the clock is set back now and then, which gives nothing."""
    bucket = TokenBucket(plan, 0)
    now = forward = taken = 0
    for step in rhythm:
        now += step
        forward += max(step, 0)
        taken += bucket.take(plan, now)
    assert taken <= plan.burst + forward * plan.rate / SECOND + 1e-6


@given(plans, st.integers(min_value=1, max_value=10**15))
def test_clock_that_is_set_back_neither_gives_nor_takes(plan: UsagePlan, back: int) -> None:
    bucket = TokenBucket(plan, back)
    assert bucket.take(plan, back)
    assert sum(bucket.take(plan, 0) for _ in range(plan.burst)) == plan.burst - 1


def test_smaller_plan_cuts_what_the_bucket_holds() -> None:
    large, small = UsagePlan(rate=1, burst=30), UsagePlan(rate=1, burst=2)
    bucket = TokenBucket(large, 0)
    assert [bucket.take(small, 0) for _ in range(3)] == [True, True, False]


@given(plans, st.integers(min_value=0, max_value=50), st.integers(min_value=0, max_value=10**10))
def test_full_bucket_answers_like_a_new_one(plan: UsagePlan, used: int, waited: int) -> None:
    """What `is_full` promises: forgetting a full bucket changes nothing."""
    bucket = TokenBucket(plan, 0)
    for _ in range(used):
        bucket.take(plan, 0)
    if bucket.is_full(plan, waited):
        assert sum(bucket.take(plan, waited) for _ in range(plan.burst + 1)) == plan.burst


def test_bucket_is_not_full_before_it_has_waited_for_every_token() -> None:
    plan = UsagePlan(rate=0.5, burst=30)
    bucket = drained(plan)
    assert not bucket.is_full(plan, 59 * SECOND)
    assert bucket.is_full(plan, 60 * SECOND)
