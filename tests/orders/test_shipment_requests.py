"""How the bodies of confirmShipment and updateShipmentStatus are read (O-24; contract 1.7, 1.9 row 5, 4.1, 4.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import Kind, Problem
from torihiki.orders.model import Confirmation, PackageItem
from torihiki.orders.pickups import PickupItem, PickupReport
from torihiki.orders.v0.shipments import parse_confirmation, parse_pickup_report

PACKAGE: dict[str, Any] = {
    "packageReferenceId": "101",
    "carrierCode": "UPS",
    "carrierName": "",
    "shippingMethod": "",
    "trackingNumber": "1Z",
    "shipDate": "2026-11-21T18:15:30+02:00",
    "shipFromSupplySourceId": "",
    "orderItems": [{"orderItemId": "1", "quantity": 2, "transparencyCodes": ["AZ1", "AZ2"]}],
}
BODY: dict[str, Any] = {"marketplaceId": "M", "codCollectionMethod": "", "packageDetail": PACKAGE}
PICKUP: dict[str, Any] = {
    "marketplaceId": "M",
    "shipmentStatus": "PickedUp",
    "orderItems": [{"orderItemId": "1", "quantity": 2}, {}],
}


def written(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_empty_texts_count_as_left_out() -> None:
    """O-24: the seed sends codCollectionMethod so."""
    assert parse_confirmation(written(BODY)) == Confirmation(
        marketplace_id="M",
        reference="101",
        carrier_code="UPS",
        carrier_name=None,
        shipping_method=None,
        tracking_number="1Z",
        ship_date=Instant.from_utc(2026, 11, 21, 16, 15, 30),
        ship_from_supply_source_id=None,
        cod_collection_method=None,
        items=(PackageItem(order_item_id="1", quantity=2, transparency_codes=("AZ1", "AZ2")),),
    )


def test_members_that_may_be_left_out_may_also_be_null() -> None:
    optional = (
        "packageReferenceId",
        "carrierName",
        "shippingMethod",
        "shipFromSupplySourceId",
    )
    without = {name: value for name, value in PACKAGE.items() if name not in optional}
    as_null = {**PACKAGE, **dict.fromkeys(optional)}
    read = [
        parse_confirmation(written({"marketplaceId": "M", "packageDetail": package}))
        for package in (without, as_null)
    ]
    assert read[0] == read[1]
    assert read[0].reference is None


@pytest.mark.parametrize("member", ["carrierCode", "trackingNumber", "shipDate", "orderItems"])
def test_member_that_must_be_there_is_named(member: str) -> None:
    for package in (
        {**PACKAGE, member: None},
        {name: value for name, value in PACKAGE.items() if name != member},
    ):
        with pytest.raises(Problem) as caught:
            parse_confirmation(written({**BODY, "packageDetail": package}))
        assert caught.value.message == (
            f"1 validation error detected: Value null at 'packageDetail.{member}' failed to satisfy constraint: "
            "Member must not be null"
        )


def test_pickup_report_need_not_say_of_what() -> None:
    assert parse_pickup_report(written(PICKUP)) == PickupReport(
        marketplace_id="M",
        status="PickedUp",
        items=(
            PickupItem(order_item_id="1", quantity=2),
            PickupItem(order_item_id=None, quantity=None),
        ),
    )
    whole = {name: value for name, value in PICKUP.items() if name != "orderItems"}
    assert parse_pickup_report(written(whole)).items is None


_VALUES = [
    "",
    "1",
    "PickedUp",
    "DirectPayment",
    "2026-11-21",
    "x" * 300,
    "\x00",
    "\u2028",
    0,
    1,
    -1,
    10**12,
    1.5,
    True,
]
_JSON = st.recursive(
    st.none() | st.sampled_from(_VALUES) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*PACKAGE, *BODY, *PICKUP, "quantity"]), inner, max_size=4)
    ),
    max_leaves=8,
)  # fmt: skip


def spoilt(good: Any) -> st.SearchStrategy[Any]:
    """The value with any part of it replaced by something else, or as it is."""
    if isinstance(good, dict):
        members = {name: spoilt(value) for name, value in good.items()}
        return st.fixed_dictionaries({}, optional=members) | st.just(good) | _JSON
    if isinstance(good, list):
        return st.lists(spoilt(good[0]), max_size=2) | _JSON
    return st.just(good) | _JSON


def refusal(parse: Callable[[bytes], object], body: Any) -> Problem | None:
    try:
        parse(written(body))
    except Problem as problem:
        return problem
    return None


@given(spoilt(BODY) | spoilt(PICKUP), st.sampled_from([parse_confirmation, parse_pickup_report]))
def test_any_body_is_read_or_refused_as_bad_input(body: Any, parse: Any) -> None:
    """Never a failure of ours."""
    refused = refusal(parse, body)
    assert refused is None or (refused.kind is Kind.INVALID_INPUT and refused.message)


@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused_as_bad_input(body: bytes) -> None:
    for parse in (parse_confirmation, parse_pickup_report):
        with pytest.raises(Problem) as caught:
            parse(body)
        assert caught.value.kind is Kind.INVALID_INPUT
