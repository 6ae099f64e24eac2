from __future__ import annotations

import itertools
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from torihiki.payments.fees import (
    DEFAULT_RATES,
    FeeRate,
    fixed_fee,
    given_back,
    percentage_fee,
    rate,
)
from torihiki.payments.model import Region

AMOUNTS = st.integers(0, 10**15)


@given(AMOUNTS, st.integers(0, 10_000))
def test_percentage_is_rounded_half_up_to_the_minor_unit(amount: int, basis_points: int) -> None:
    exact = Decimal(amount) * basis_points / 10_000
    expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert percentage_fee(amount, FeeRate(basis_points=basis_points)) == expected


def test_half_a_unit_counts_as_one() -> None:
    assert percentage_fee(50, FeeRate(basis_points=100)) == 1
    assert percentage_fee(49, FeeRate(basis_points=100)) == 0


@given(AMOUNTS, st.integers(1, 10**12), st.lists(st.integers(0, 10**11), max_size=20))
def test_every_refund_gives_something_back_and_the_whole_no_more_than_the_fee(
    fee: int, captured: int, parts: list[int]
) -> None:
    totals = [given_back(fee, captured, refunded) for refunded in itertools.accumulate([0, *parts])]
    assert totals[0] == 0
    assert totals == sorted(totals)
    assert totals[-1] <= fee
    assert sum(parts) < captured or totals[-1] == fee


def test_capture_of_nothing_gives_nothing_back() -> None:
    assert given_back(0, 0, 100) == 0


def test_capture_of_nothing_costs_nothing() -> None:
    found = FeeRate(basis_points=290, fixed=30)
    assert (percentage_fee(0, found), fixed_fee(0, found)) == (0, 0)
    assert fixed_fee(1, found) == 30


def test_default_rates_are_by_region_and_currency() -> None:
    assert rate(DEFAULT_RATES, Region.NORTH_AMERICA, "USD") == FeeRate(basis_points=290, fixed=30)
    assert rate(DEFAULT_RATES, Region.JAPAN, "JPY") == FeeRate(basis_points=400)
    assert rate(DEFAULT_RATES, Region.EUROPE, "SEK") == FeeRate(basis_points=370)
    assert rate({}, Region.EUROPE, "SEK") == FeeRate(basis_points=0)
