"""What an object's states give to settle, with its fees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payments.objects import (
    AMERICAN,
    CHARGE,
    EUROPEAN,
    JAPANESE,
    ONE_TIME,
    REFUND,
    Json,
    adjustment,
    amount,
    charge,
    permission,
    refund,
)
from tests.payments.telling import SUMS, T1, T2, T3, T4, at, posted, tell, told
from torihiki.kernel.fact import ReportType
from torihiki.kernel.money import Money
from torihiki.payments.fees import FeeRate
from torihiki.payments.model import Environment, Region
from torihiki.payments.recording import Recorder


async def test_settlement_rows_are_those_of_the_real_file() -> None:
    """R-5; the sums of the capture are those of contract 5.2."""
    ledger = await told(permission(), charge(), refund())
    capture, given_back = (one.fact for _, one in ledger.postings)
    assert capture.values == {
        "posted": at(T1),
        "transaction_id": CHARGE,
        "reference_id": "own-charge-1",
        "transaction_type": "Capture",
        "order_reference_id": ONE_TIME,
        "order_id": "own-order-1",
        "store_name": "Larkfield",
        "currency": "USD",
        "transaction_amount": Money(1000, "USD"),
        "percentage_fee": Money(-29, "USD"),
        "fixed_fee": Money(-30, "USD"),
        "total_fee": Money(-59, "USD"),
        "net_amount": Money(941, "USD"),
    }
    assert given_back.values == {**capture.values} | {
        "posted": at(T4),
        "transaction_id": REFUND,
        "transaction_type": "Refund",
        "transaction_amount": Money(-1000, "USD"),
        "percentage_fee": Money(29, "USD"),
        "fixed_fee": Money(0, "USD"),
        "total_fee": Money(29, "USD"),
        "net_amount": Money(-971, "USD"),
    }


async def test_captured_state_with_another_time_is_no_second_capture() -> None:
    ledger = await told(charge("Captured", T1), charge("Captured", T2))
    assert len(ledger.events) == 2
    assert len(ledger.postings) == len(ledger.told(ReportType.CAPTURE)) == 1


async def test_refunded_state_with_another_time_is_posted_once() -> None:
    ledger = await told(charge(), refund(at=T3), refund(at=T4))
    assert [kind for (kind,) in posted(ledger, "transaction_type")] == ["Capture", "Refund"]


async def test_partial_capture_is_what_is_posted_and_refunded() -> None:
    ledger = await told(charge(captureAmount=amount("4.00")), refund(total=amount("4.00")))
    assert posted(ledger, *SUMS) == [
        ("Capture", "4.00", "-0.12", "-0.30", "3.58"),
        ("Refund", "-4.00", "0.12", "0.00", "-3.88"),
    ]
    captures = ledger.told(ReportType.CAPTURE)
    assert [fact.values["state"] for fact in captures] == ["Completed", "Closed"]
    assert {fact.values["capture_amount"] for fact in captures} == {Money(400, "USD")}


async def test_refund_of_a_charge_that_is_not_known_has_what_its_ids_say() -> None:
    ledger = await told(refund())
    assert posted(ledger, *SUMS, "order_reference_id", "reference_id", "order_id") == [
        ("Refund", "-10.00", "0.29", "0.00", "-9.71", ONE_TIME, None, None)
    ]


@pytest.mark.parametrize("state", ["Canceled", "Declined"])
async def test_refund_of_what_was_never_captured_gives_no_fee_back(state: str) -> None:
    """No fee was taken. Where the capture is known all the same, it counts."""
    ledger = await told(charge(state, T1), refund(at=T2, total=amount("5.00")))
    assert posted(ledger, *SUMS) == [("Refund", "-5.00", "0.00", "0.00", "-5.00")]
    last = refund(at=T4, refund_id=f"{ONE_TIME}-R000002", total=amount("5.00"))
    await tell(ledger, [charge("Captured", T3), last])
    assert [row[2] for row in posted(ledger, *SUMS)] == ["0.00", "-0.29", "0.29"]


async def test_yen_have_no_fixed_fee_and_no_fractions() -> None:
    ledger = await told(
        charge(total=amount("1980", "JPY")), refund(total=amount(990, "JPY")), merchant_id=JAPANESE
    )
    assert posted(ledger, *SUMS) == [
        ("Capture", "1980", "-79", "0", "1901"),
        ("Refund", "-990", "39", "0", "-951"),
    ]


async def test_operator_hands_in_his_own_rates() -> None:
    recorder = Recorder({(Region.EUROPE, "GBP"): FeeRate(basis_points=100, fixed=5)})
    ledger = await told(
        charge(total=amount("10.00", "GBP")), merchant_id=EUROPEAN, recorder=recorder
    )
    assert posted(ledger, *SUMS) == [("Capture", "10.00", "-0.10", "-0.05", "9.85")]


@pytest.mark.parametrize(
    ("kind", "names_transaction"),
    [
        ("Chargeback", True),
        ("A-to-z Guarantee Claim", True),
        ("Dispute", True),
        ("Adjustment", False),
        ("Debt", False),
    ],
)
async def test_adjustment_is_posted_as_it_comes(kind: str, *, names_transaction: bool) -> None:
    found = adjustment(
        kind,
        percentageFee=amount("0.29"),
        fixedFee=amount("-15.00"),
        description="Case 7",
    )
    ledger = await told(permission(), charge(), found)
    assert posted(ledger, *SUMS)[1] == (kind, "-10.00", "0.29", "-15.00", "-24.71")
    assert posted(ledger, "transaction_id", "reference_id", "order_id", "description")[1] == (
        CHARGE if names_transaction else None,
        "own-charge-1" if names_transaction else None,
        "own-order-1",
        "Case 7",
    )


async def test_adjustment_may_be_about_nothing_in_particular() -> None:
    ledger = await told(adjustment("Adjustment", chargeId=None, total=amount("5.00")))
    names = ("order_reference_id", "transaction_id", "net_amount")
    assert posted(ledger, *names) == [(None, None, "5.00")]


async def test_sandbox_has_its_settlement_with_authorizations_and_nothing_else() -> None:
    """R-5; contract 4.11."""
    course = [permission(), charge("Authorized", T1), charge("Captured", T2), refund()]
    ledger = await told(*course, environment="sandbox")
    assert ledger.facts == []
    assert posted(ledger, *SUMS)[:2] == [
        ("Authorization", "10.00", "0.00", "0.00", "10.00"),
        ("Capture", "10.00", "-0.29", "-0.30", "9.41"),
    ]
    live = await told(*course)
    assert [kind for (kind,) in posted(live, "transaction_type")] == ["Capture", "Refund"]


async def test_worlds_and_merchants_do_not_know_each_other() -> None:
    ledger = await told(permission(), charge())
    await tell(ledger, [charge()], environment="sandbox")
    await tell(ledger, [charge()], merchant_id=EUROPEAN)
    assert posted(ledger, "order_id") == [("own-order-1",), (None,), (None,)]


@given(
    st.integers(0, 10**7),
    st.lists(st.integers(0, 4 * 10**6), max_size=6),
    st.sampled_from([("USD", AMERICAN, 2), ("JPY", JAPANESE, 0)]),
)
async def test_refunds_never_give_back_more_than_the_percentage_fee(
    whole: int, parts: list[int], market: tuple[str, str, int]
) -> None:
    currency, merchant_id, digits = market

    def written(minor: int) -> Json:
        value = str(minor) if not digits else f"{minor // 100}.{minor % 100:02d}"
        return amount(value, currency)

    refunds = [
        refund("Refunded", T4, f"{ONE_TIME}-R{number:06d}", written(part))
        for number, part in enumerate(parts)
    ]
    ledger = await told(charge(total=written(whole)), *refunds, merchant_id=merchant_id)
    fees = []
    for _, one in ledger.postings:
        fee = one.fact.values["percentage_fee"]
        assert isinstance(fee, Money)
        fees.append(fee.minor)
    assert fees[0] <= 0
    if whole:
        assert all(fee >= 0 for fee in fees[1:])
        assert sum(fees) <= 0
        assert sum(parts) < whole or sum(fees) == 0
    closed = [fact for fact in ledger.told(ReportType.CAPTURE) if fact.values["state"] == "Closed"]
    assert len(closed) == (1 if whole and sum(parts) >= whole else 0)


async def test_known_of_the_sandbox_is_not_that_of_the_live_world() -> None:
    ledger = await told(charge("Captured", T1), environment="sandbox")
    await tell(ledger, [charge("Captured", T1)])
    assert len(ledger.postings) == 2
    assert ledger.told(ReportType.CAPTURE, Environment.SANDBOX) == []
