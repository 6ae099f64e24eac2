"""Lines that cannot be imported: each is refused with a reason that names the place and repeats no value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payments.objects import (
    SECRET,
    Json,
    adjustment,
    amount,
    charge,
    line,
    permission,
    refund,
)
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.payments.lines import BadLine, parse_line
from torihiki.payments.model import Charge, Environment, Permission

REASON_MAX = 300
Path = tuple[str | int, ...]


def reason(found: bytes) -> str:
    with pytest.raises(BadLine) as caught:
        parse_line(found)
    assert 0 < len(str(caught.value)) <= REASON_MAX
    return str(caught.value)


def reason_if_refused(found: bytes) -> str:
    try:
        parse_line(found)
    except BadLine as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"merchantId": "\xff"}', "UTF-8"),
        (b"[" * 100_000, ""),
        (line(permission(), merchant_id=""), "merchantId"),
        (line(permission(), merchant_id="A\x00"), "merchantId"),
        (line(permission(), merchant_id="A B"), "merchantId"),
        (line(permission(), merchant_id="A" * 101), "merchantId"),
        (line(permission(), environment="Live"), "environment"),
        (line(permission(), charge=charge()), "one of `chargePermission`"),
        (b'{"merchantId": "A", "environment": "live"}', "one of `chargePermission`"),
        (line(permission(), more=1), "unknown field `more`"),
        (line(permission(permission_id="P01-1-1")), "chargePermissionId"),
        (line(permission(permission_id="P01-1111111-2222222\n")), "chargePermissionId"),
        (line(charge(charge_id="P01-1111111-2222222-A000001")), "chargeId"),
        (line(refund(refund_id="P01-1111111-2222222-C000001")), "refundId"),
        (line(refund(charge_id="P01-1111111-2222222")), "chargeId"),
        (line(permission(state="Open")), "$.chargePermission.statusDetails.state"),
        (line(charge(state="captured")), "$.charge.statusDetails.state"),
        (line(refund(state="Completed")), "$.refund.statusDetails.state"),
        (line(adjustment(kind="Transfer")), "$.adjustment.transactionType"),
        (line(adjustment(kind="Capture")), "$.adjustment.transactionType"),
        (line(permission(at=SECRET)), "lastUpdatedTimestamp"),
        (line(permission(at="1999-12-31T23:59:59Z")), "2000 and 2200"),
        (line(permission(at="9999-12-31T23:59:59Z")), "2000 and 2200"),
        (line(permission(at="2026-03-01")), "lastUpdatedTimestamp"),
        (line(permission(at="2026-03-01T10:00:00")), "lastUpdatedTimestamp"),
        (line(permission(creationTimestamp=None)), "creationTimestamp"),
        (line(permission(expirationTimestamp="soon")), "expirationTimestamp"),
        (line(permission(releaseEnvironment="Sandbox")), "releaseEnvironment"),
        (line(charge(releaseEnvironment="Live"), environment="sandbox"), "releaseEnvironment"),
        (line(refund(releaseEnvironment="Sandbox")), "releaseEnvironment"),
        (line(charge(total=amount("1e5"))), "chargeAmount"),
        (line(charge(total=amount("-1.00"))), "`chargeAmount` is negative"),
        (line(refund(total=amount("-1.00"))), "`refundAmount` is negative"),
        (line(charge(total=amount("100.00", "JPY"))), "JPY has 0 digits"),
        (line(charge(total=amount("1.001"))), "USD has 2 digits"),
        (line(charge(total=amount("1", "usd"))), "three capital letters"),
        (line(charge(total=amount("1,000.00"))), "chargeAmount"),
        (line(charge(total=amount(10**16))), "chargeAmount"),
        (line(charge(total=amount(value=True))), "chargeAmount"),
        (line(charge(captureAmount=amount("10", "JPY"))), "another currency"),
        (line(adjustment(percentageFee=amount("1", "JPY"))), "`percentageFee` is in another"),
        (line(adjustment(fixedFee=amount("1", "JPY"))), "`fixedFee` is in another"),
        (
            line(permission(limits={"amountLimit": amount(1), "amountBalance": amount(1, "JPY")})),
            "amountBalance",
        ),
        (line(permission(buyer={"name": [SECRET]})), "buyer.name"),
        (line(permission(buyer={"name": SECRET * 400})), "buyer.name"),
    ],
)  # fmt: skip
def test_bad_line_is_refused_with_its_place(bad: bytes, place: str) -> None:
    found = reason(bad)
    assert place in found
    assert SECRET not in found


def paths(value: Any, before: Path = ()) -> list[Path]:
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    else:
        below = []
    return [before, *(path for key, one in below for path in paths(one, (*before, key)))]


WHOLES: list[Json] = [
    json.loads(line(one, **how))
    for one in (permission(reason="Expired"), charge(), refund(), adjustment(fixedFee=amount("-1")))
    for how in ({}, {"environment": "sandbox"})
]
PLACES = [(number, path) for number, whole in enumerate(WHOLES) for path in paths(whole)]
WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30).map(lambda text: f"{SECRET}{text}"),
    st.just([SECRET]),
    st.just({SECRET: SECRET}),
    st.just(SECRET * 1000),
)


@given(st.sampled_from(PLACES), WRONG)
def test_anything_anywhere_is_taken_or_refused_without_a_word_of_it(
    place: tuple[int, Path], wrong: object
) -> None:
    whole = json.loads(json.dumps(WHOLES[place[0]]))
    target = whole
    *way, last = place[1] or ("chargePermission",)
    for step in way:
        target = target[step]
    target[last] = wrong
    assert SECRET not in reason_if_refused(json.dumps(whole).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(found: bytes) -> None:
    assert reason_if_refused(found)


def body(found: Json) -> Any:
    return parse_line(line(found)).body


def test_times_compact_and_extended_with_fraction_and_offset_are_the_same() -> None:
    for text in (
        "20260301T100000Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.000Z",
        "2026-03-01T19:00:00+09:00",
    ):
        assert parse_line(line(permission(at=text))).updated == Instant.from_utc(2026, 3, 1, 10)


def test_time_is_kept_to_the_microsecond() -> None:
    found = parse_line(line(permission(at="2026-03-01T10:00:00.1234567Z"))).updated
    assert found == Instant.from_utc(2026, 3, 1, 10, nanosecond=123_456_000)


def test_amount_may_be_a_string_or_a_number() -> None:
    for value in ("14.10", "14.1", 14.1, 14.10):
        assert body(charge(total=amount(value))).amount == Money(1410, "USD")
    assert body(charge(total=amount(150_000.99))).amount == Money(15_000_099, "USD")
    for whole in (1400, "1400"):
        assert body(charge(total=amount(whole, "JPY"))).amount == Money(1400, "JPY")


def test_zero_is_no_amount_until_something_is_captured() -> None:
    for state in ("Authorized", "CaptureInitiated", "Canceled"):
        assert body(charge(state, captureAmount=amount("0.00"))).captured is None
    assert body(charge(captureAmount=amount("0.00"))).captured == Money(0, "USD")
    assert body(charge()).captured is None
    assert body(charge(captureAmount=amount("4.00"))).captured == Money(400, "USD")


def test_everything_that_may_be_absent_may_be_null_or_left_out() -> None:
    whole = permission()
    kept = ("chargePermissionId", "statusDetails", "creationTimestamp")
    bare = {name: whole[name] for name in kept}
    nulls = {name: whole[name] if name in kept else None for name in whole}
    assert parse_line(line(bare)) == parse_line(line(nulls))
    assert body(bare) == Permission(recurring=False, created=Instant.from_utc(2026, 3, 1, 9, 59))


def test_type_of_a_permission_is_said_or_told_by_its_id() -> None:
    assert not body(permission()).recurring
    assert body(permission(permission_id="B01-1111111-2222222")).recurring
    assert body(permission(permission_id="C01-1111111-2222222")).recurring
    assert body(permission(chargePermissionType="Recurring")).recurring
    assert body(permission(chargePermissionType="PaymentMethodOnFile")).recurring
    one_time = permission(permission_id="B01-1111111-2222222", chargePermissionType="OneTime")
    assert not body(one_time).recurring


def test_unknown_members_are_passed_over() -> None:
    assert body(charge(notYetKnown={"deep": [1, None]})) == body(charge())


def test_first_reason_of_a_permission_counts() -> None:
    status = {
        "state": "Closed",
        "lastUpdatedTimestamp": "20260301T100000Z",
        "reasons": [{"reasonCode": None}, {"reasonCode": "Expired"}, {"reasonCode": "Other"}],
    }
    assert parse_line(line(permission(statusDetails=status))).reason == "Expired"


def test_world_that_the_object_names_must_be_the_lines() -> None:
    found = parse_line(line(charge(releaseEnvironment="Sandbox"), environment="sandbox"))
    assert found.key.account.environment is Environment.SANDBOX
    assert isinstance(found.body, Charge)
