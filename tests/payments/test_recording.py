"""What the reports but settlement tell of an object's states (contract 6.5)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import (
    AMERICAN,
    CHARGE,
    MERCHANTS,
    ONE_TIME,
    RECURRING,
    RECURRING_CHARGE,
    REFUND,
    SECRET,
    adjustment,
    amount,
    charge,
    line,
    permission,
    refund,
)
from tests.payments.telling import T1, T2, T3, T4, at, posted, tell, told, words
from torihiki.kernel.fact import NAMES, ReportType
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.payments.lines import parse_line
from torihiki.payments.recording import Recorder

BEGINNING = Instant.from_utc(2026, 3, 1, 10, 1)


async def test_course_of_a_charge_gives_each_report_its_rows_in_v1_words() -> None:
    """R-5, R-9: one row for each change, at the time of the change."""
    ledger = await told(
        permission(),
        charge("AuthorizationInitiated", T1),
        charge("Authorized", T2),
        charge("CaptureInitiated", T3),
        charge("Captured", T4),
    )
    assert words(ledger.told(ReportType.ORDER_REFERENCE)) == [("Open", None, "01")]
    assert words(ledger.told(ReportType.AUTHORIZATION)) == [
        ("Pending", None, "02"),
        ("Open", None, "03"),
        ("Closed", "MaxAmountCaptured", "05"),
    ]
    captures = ledger.told(ReportType.CAPTURE)
    assert words(captures) == [("Pending", None, "04"), ("Completed", None, "05")]
    assert [fact.values["created"] for fact in captures] == [at(T3), at(T3)]
    assert [one.fact.at for _, one in ledger.postings] == [at(T4)]


async def test_rows_hold_what_the_objects_say() -> None:
    ledger = await told(permission(), charge(), refund())
    (order,) = ledger.told(ReportType.ORDER_REFERENCE)
    assert order.values == {
        "order_reference_id": ONE_TIME,
        "order_id": "own-order-1",
        "store_name": "Larkfield",
        "order_amount": Money(1000, "USD"),
        "currency": "USD",
        "note": "thanks",
        "state": "Open",
        "updated": Instant.from_utc(2026, 3, 1, 10),
        "created": Instant.from_utc(2026, 3, 1, 9, 59),
        "expires": Instant.from_utc(2026, 8, 28, 9, 59),
        "buyer_name": f"{SECRET} buyer",
        "buyer_email": f"{SECRET}@example.test",
        **_address("shipping"),
    }
    (authorization,) = ledger.told(ReportType.AUTHORIZATION)
    assert authorization.values == {
        "authorization_id": f"{ONE_TIME}-A000001",
        "reference_id": "own-charge-1",
        "order_reference_id": ONE_TIME,
        "authorization_amount": Money(1000, "USD"),
        "currency": "USD",
        "state": "Closed",
        "reason_code": "MaxAmountCaptured",
        "updated": at(T1),
        "created": BEGINNING,
        "expires": Instant.from_utc(2026, 3, 31, 10, 1),
    }
    capture = ledger.told(ReportType.CAPTURE)[0]
    assert capture.values == {
        "charge_id": CHARGE,
        "reference_id": "own-charge-1",
        "authorization_id": f"{ONE_TIME}-A000001",
        "order_reference_id": ONE_TIME,
        "capture_amount": Money(1000, "USD"),
        "currency": "USD",
        "state": "Completed",
        "updated": at(T1),
        "created": at(T1),
        "buyer_name": f"{SECRET} buyer",
        "buyer_email": f"{SECRET}@example.test",
        **_address("billing"),
    }
    (given_back,) = ledger.told(ReportType.REFUND)
    assert given_back.values == {
        "refund_id": REFUND,
        "reference_id": "own-charge-1",
        "charge_id": CHARGE,
        "order_reference_id": ONE_TIME,
        "refund_amount": Money(1000, "USD"),
        "currency": "USD",
        "refund_type": "SellerInitiated",
        "state": "Completed",
        "updated": at(T4),
        "created": Instant.from_utc(2026, 3, 5, 9, 55),
    }


def _address(kind: str) -> dict[str, str]:
    parts = {
        "line1": f"{SECRET} {kind} 1",
        "city": "Springfield",
        "district": f"{SECRET} {kind} county",
        "state_or_region": "OR",
        "postal_code": "97477",
        "country_code": "US",
    }
    return {f"{kind}_address_{part}": value for part, value in parts.items()}


async def test_every_name_is_one_that_the_reports_know() -> None:
    recurring: dict[str, Any] = {"charge_id": RECURRING_CHARGE, "permission_id": RECURRING}
    ledger = await told(
        permission(),
        charge(),
        refund(),
        adjustment(),
        permission(permission_id=RECURRING),
        charge(**recurring),
    )
    facts = [fact for _, fact in ledger.facts] + [one.fact for _, one in ledger.postings]
    assert {fact.report for fact in facts} == NAMES.keys()
    for fact in facts:
        assert fact.values.keys() <= NAMES[fact.report]
        assert None not in fact.values.values()


async def test_same_state_again_adds_nothing_and_a_later_one_appends() -> None:
    """Issue 5, item 7: a ledger that is only ever appended to."""
    course = [permission(), charge("Authorized", T1), charge("Captured", T2), refund()]
    ledger = await told(*course)
    before = (list(ledger.facts), list(ledger.postings))
    assert await tell(ledger, course) == 0
    assert (ledger.facts, ledger.postings) == before
    assert await tell(ledger, [permission("Closed", T4, reason="Expired")]) == 1
    assert words(ledger.told(ReportType.ORDER_REFERENCE))[1:] == [("Closed", "Expired", "05")]


async def test_same_line_twice_in_a_batch_counts_once() -> None:
    ledger = MemoryLedger(MERCHANTS)
    event = parse_line(line(charge()))
    assert (await ledger.append([event, event], Recorder())).new == 1
    assert len(ledger.postings) == 1


async def test_batch_of_a_whole_course_is_the_same_as_one_after_the_other() -> None:
    course = [
        permission(),
        charge("Authorized", T1),
        charge("Captured", T2),
        refund("RefundInitiated", T3),
        refund("Refunded", T4),
        adjustment(),
    ]
    single, batch = await told(*course), MemoryLedger(MERCHANTS)
    assert (await batch.append([parse_line(line(one)) for one in course], Recorder())).new == 6
    assert (batch.facts, batch.postings, batch.known) == (
        single.facts,
        single.postings,
        single.known,
    )


PERMISSIONS = [
    permission("Chargeable", T1),
    permission("Chargeable", T2),
    permission("NonChargeable", T3, reason="PaymentMethodInvalid"),
    permission("NonChargeable", T4, reason="ChargeInProgress"),
    permission("Chargeable", "20260306T100000Z"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::7])
async def test_permission_tells_every_state_whatever_came_first(order: tuple[int, ...]) -> None:
    """One that comes again has another time, so it left the state in between."""
    ledger = await told(*(PERMISSIONS[place] for place in order))
    assert sorted(
        words(ledger.told(ReportType.ORDER_REFERENCE)), key=lambda word: str(word[-1])
    ) == [
        ("Open", None, "02"),
        ("Open", None, "03"),
        ("Suspended", "PaymentMethodInvalid", "04"),
        ("Suspended", "ChargeInProgress", "05"),
        ("Open", None, "06"),
    ]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("Expired", "Closed"),
        ("MerchantClosed", "Closed"),
        (None, "Closed"),
        ("BuyerCanceled", "Canceled"),
        ("AmazonCanceled", "Canceled"),
    ],
)
async def test_closed_permission_is_canceled_where_the_reason_says_so(
    reason: str | None, word: str
) -> None:
    ledger = await told(permission("Closed", T1, reason=reason))
    assert words(ledger.told(ReportType.ORDER_REFERENCE)) == [(word, reason, "02")]


async def test_older_state_of_a_permission_tells_something_even_if_it_came_back() -> None:
    ledger = await told(
        permission("Chargeable", T3), permission("NonChargeable", T2), permission("Chargeable", T1)
    )
    assert words(ledger.told(ReportType.ORDER_REFERENCE)) == [
        ("Open", None, "04"),
        ("Suspended", None, "03"),
        ("Open", None, "02"),
    ]


async def test_older_state_of_a_charge_does_not_replace_what_is_known() -> None:
    older = charge("Authorized", T1, merchantMetadata={"merchantReferenceId": "old"})
    ledger = await told(charge("Captured", T2), older, refund())
    (given_back,) = ledger.told(ReportType.REFUND)
    assert given_back.values["reference_id"] == "own-charge-1"
    newer = charge("Captured", T3, merchantMetadata={"merchantReferenceId": "new"})
    ledger = await told(charge("Captured", T2), newer, refund())
    (given_back,) = ledger.told(ReportType.REFUND)
    assert given_back.values["reference_id"] == "new"


async def test_older_state_of_a_permission_does_not_replace_what_is_known() -> None:
    older = permission("NonChargeable", T1, merchantMetadata={"merchantReferenceId": "old"})
    ledger = await told(permission("Chargeable", T2), older, charge(at=T3))
    assert words(ledger.told(ReportType.ORDER_REFERENCE)) == [
        ("Open", None, "03"),
        ("Suspended", None, "02"),
    ]
    assert posted(ledger, "order_id") == [("own-order-1",)]


async def test_charge_that_is_declined_at_once_failed_at_the_authorization() -> None:
    ledger = await told(
        charge("AuthorizationInitiated", T1), charge("Declined", T2, reason="HardDeclined")
    )
    assert words(ledger.told(ReportType.AUTHORIZATION)) == [
        ("Pending", None, "02"),
        ("Declined", "HardDeclined", "03"),
    ]
    assert ledger.told(ReportType.CAPTURE) == []
    assert ledger.postings == []


async def test_charge_that_is_declined_after_it_was_authorized_failed_at_the_capture() -> None:
    ledger = await told(charge("Authorized", T1), charge("Declined", T2, reason="AmazonRejected"))
    assert words(ledger.told(ReportType.AUTHORIZATION))[1:] == [("Closed", "AmazonRejected", "03")]
    assert words(ledger.told(ReportType.CAPTURE)) == [("Declined", "AmazonRejected", "03")]


async def test_canceled_charge_closes_its_authorization() -> None:
    ledger = await told(charge("Authorized", T1), charge("Canceled", T2, reason="ExpiredUnused"))
    assert words(ledger.told(ReportType.AUTHORIZATION))[1:] == [("Closed", "ExpiredUnused", "03")]
    assert ledger.told(ReportType.CAPTURE) == []


async def test_each_recurring_charge_is_an_order_reference_of_its_own() -> None:
    """Contract 5.6, 6.1: the base of the charge's id, and the permission is a billing agreement."""
    names: dict[str, Any] = {"charge_id": RECURRING_CHARGE, "permission_id": RECURRING}
    ledger = await told(
        permission(permission_id=RECURRING),
        charge("Authorized", T1, **names),
        charge("CaptureInitiated", T2, **names),
        charge("Captured", T3, **names),
    )
    (agreement,) = ledger.told(ReportType.BILLING_AGREEMENT)
    assert agreement.values["billing_agreement_id"] == RECURRING
    assert agreement.values["reference_id"] == "own-order-1"
    assert agreement.values["amount_limit"] == Money(1000, "USD")
    orders = ledger.told(ReportType.ORDER_REFERENCE)
    # The charge was made before it was authorized.
    assert words(orders) == [("Open", None, "01"), ("Closed", None, "04")]
    assert {fact.values["order_reference_id"] for fact in orders} == {"P01-5555555-6666666"}
    assert orders[0].values["shipping_address_city"] == "Springfield"
    assert posted(ledger, "order_reference_id", "order_id") == [
        ("P01-5555555-6666666", "own-order-1")
    ]


@pytest.mark.parametrize(("state", "word"), [("Canceled", "Canceled"), ("Declined", "Closed")])
async def test_recurring_charge_that_fails_ends_its_order_reference(state: str, word: str) -> None:
    ledger = await told(charge(state, T1, RECURRING_CHARGE, permission_id=RECURRING))
    assert words(ledger.told(ReportType.ORDER_REFERENCE)) == [(word, None, "02")]


async def test_capture_is_closed_when_refunds_reach_it() -> None:
    ledger = await told(
        charge(),
        refund("Refunded", T2, f"{ONE_TIME}-R000001", amount("4.00")),
        refund("Declined", T2, f"{ONE_TIME}-R000002", amount("6.00")),
        refund("Refunded", T3, f"{ONE_TIME}-R000003", amount("6.00")),
        refund("Refunded", T4, f"{ONE_TIME}-R000004", amount("1.00")),
    )
    captures = ledger.told(ReportType.CAPTURE)
    assert words(captures) == [("Completed", None, "02"), ("Closed", None, "04")]
    assert captures[1].values == {**captures[0].values} | {"state": "Closed", "updated": at(T3)}
    assert words(ledger.told(ReportType.REFUND)) == [
        ("Completed", None, "03"),
        ("Declined", None, "03"),
        ("Completed", None, "04"),
        ("Completed", None, "05"),
    ]


async def test_events_of_merchants_that_do_not_exist_are_left_out() -> None:
    ledger = MemoryLedger(MERCHANTS)
    events = [parse_line(line(charge(), who)) for who in ("NOBODY", AMERICAN)]
    appended = await ledger.append(events, Recorder())
    assert (appended.new, appended.unknown) == (1, frozenset({"NOBODY"}))


STATES = [
    charge("AuthorizationInitiated", T1),
    charge("Authorized", T2),
    charge("CaptureInitiated", T3),
    charge("Captured", T4),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_states_of_a_charge_in_any_order_give_the_same_rows(order: tuple[int, ...]) -> None:
    """But for the time at which the capture began, which a later row can only know of what came before it."""
    ledger = await told(*(STATES[place] for place in order))
    rows = {
        (fact.report, *word)
        for fact, word in zip(
            (f for _, f in ledger.facts), words(f for _, f in ledger.facts), strict=True
        )
    }
    assert rows == {
        (ReportType.AUTHORIZATION, "Pending", None, "02"),
        (ReportType.AUTHORIZATION, "Open", None, "03"),
        (ReportType.AUTHORIZATION, "Closed", "MaxAmountCaptured", "05"),
        (ReportType.CAPTURE, "Pending", None, "04"),
        (ReportType.CAPTURE, "Completed", None, "05"),
    }
    assert len(ledger.facts) == 5
    assert len(ledger.postings) == 1
