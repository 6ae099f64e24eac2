"""What a restricted data token opens of an order's people, and what is left when they are erased (contract 1.7, 3.4; O-21)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.lines import FULL, FULL_ITEM, full_line, written
from tests.orders.test_documents import ADDRESSED, OPEN_ADDRESS, STATUSES, UNPAID, cases, left_out
from torihiki.kernel.instant import Instant, TimeDelta, micros
from torihiki.orders.model import StoredOrder
from torihiki.orders.v0.documents import parse_line
from torihiki.orders.v0.schemas import Order
from torihiki.orders.v0.views import completed, erased, restricted_ending

ELEMENTS = ("shippingAddress", "buyerInfo", "buyerTaxInformation")
NOW = Instant.from_utc(2026, 3, 4)
ADDRESS, BUYER = FULL["ShippingAddress"], FULL["BuyerInfo"]
OPEN = {name: ADDRESS[name] for name in OPEN_ADDRESS}
elements = st.frozensets(st.sampled_from(ELEMENTS))


def parsed(*, without: tuple[str, ...] = (), **changes: Any) -> StoredOrder:
    return parse_line(written(full_line(without=without, **changes)))


def seen(order: StoredOrder, *opened: str, now: Instant = NOW) -> Any:
    """The order as a restricted data token shows it."""
    (whole,) = completed([(order.document, order.personal)], frozenset(opened), now)
    return json.loads(whole)


@given(cases, left_out, elements)
def test_elements_open_their_members_and_no_other(
    case: dict[str, str], gone: set[str], opened: frozenset[str]
) -> None:
    """Whatever the status, channel and marketplace; AFN's address stays closed, and no status opens a hidden one."""
    order = parsed(without=tuple(gone), **case)
    everybody = json.loads(order.document + order.ending)
    shown = seen(order, *opened)
    buyer = {} if "BuyerInfo" in gone else BUYER
    address = None
    if "ShippingAddress" not in gone and case["OrderStatus"] in ADDRESSED:
        amazon = case["FulfillmentChannel"] == "AFN" and "FulfillmentChannel" not in gone
        address = ADDRESS if "shippingAddress" in opened and not amazon else OPEN
    tax = FULL["BuyerTaxInformation"] if "buyerTaxInformation" in opened else None
    assert shown.pop("ShippingAddress", None) == address
    assert shown.pop("BuyerInfo") == (
        buyer
        if "buyerInfo" in opened
        else {name: member for name, member in buyer.items() if name == "BuyerEmail"}
    )
    assert shown.pop("BuyerTaxInformation", None) == (
        None if "BuyerTaxInformation" in gone else tax
    )
    for name in ("ShippingAddress", "BuyerInfo"):
        everybody.pop(name, None)
    assert shown == everybody


@given(cases, left_out, elements)
def test_every_view_is_a_valid_compact_order(
    case: dict[str, str], gone: set[str], opened: frozenset[str]
) -> None:
    """Contract 1.8."""
    order = parsed(without=tuple(gone), **case)
    (whole,) = completed([(order.document, order.personal)], opened, NOW)
    msgspec.json.decode(whole, type=Order)
    assert whole == json.dumps(json.loads(whole), separators=(",", ":")).encode()


@given(cases, left_out)
def test_token_that_opens_nothing_shows_the_bytes_that_everybody_sees(
    case: dict[str, str], gone: set[str]
) -> None:
    order = parsed(without=tuple(gone), **case)
    assert restricted_ending(order.personal, frozenset(), micros(NOW)) == order.ending
    assert completed([(order.document, order.ending)], None, NOW) == [order.document + order.ending]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("channel", ["AFN", "MFN"])
def test_telephone_of_a_shipped_order_is_shown_until_its_latest_delivery(
    status: str, channel: str
) -> None:
    """Contract 1.7: to the very moment, and of other orders without end; never of AFN (contract 3.4)."""
    order = parsed(OrderStatus=status, FulfillmentChannel=channel)
    last = Instant.from_utc(2026, 3, 5)
    for now in (last, last + TimeDelta(microseconds=1), last + TimeDelta(hours=9_000)):
        address = seen(order, "shippingAddress", now=now).get("ShippingAddress", {})
        ended = status == "Shipped" and now > last
        expected = status in ADDRESSED and channel == "MFN" and not ended
        assert ("Phone" in address) is expected
        if status in ADDRESSED and channel == "MFN":
            assert {**ADDRESS, **address} == ADDRESS
            assert ADDRESS.keys() - address.keys() == ({"Phone"} if ended else set())


def test_telephone_of_an_order_without_a_delivery_date_stays() -> None:
    later = Instant.from_utc(2099, 1, 1)
    order = parsed(without=("LatestDeliveryDate",))
    assert seen(order, "shippingAddress", now=later)["ShippingAddress"] == ADDRESS


@pytest.mark.parametrize(
    "address", [{"Phone": "1"}, {}, {"Phone": 'a"\u2028}'}, {"City": "x"}, {"Name": ""}]
)
def test_address_of_few_members_is_put_together_right(address: dict[str, str]) -> None:
    order = parsed(ShippingAddress=address, OrderStatus="Unshipped")
    assert seen(order, "shippingAddress")["ShippingAddress"] == address


@given(cases, left_out, elements)
def test_erased_order_shows_its_coarse_address_and_nothing_else_of_people(
    case: dict[str, str], gone: set[str], opened: frozenset[str]
) -> None:
    order = parsed(without=tuple(gone), **case)
    ending, personal = erased(order.personal)
    everybody = json.loads(order.document + order.ending)
    assert json.loads(order.document + ending) == {**everybody, "BuyerInfo": {}}
    assert restricted_ending(personal, opened, micros(NOW)) == ending
    assert erased(personal) == (ending, personal)
    assert b"secret" not in ending + personal
    assert b"example.test" not in ending + personal


@pytest.mark.parametrize("status", STATUSES)
def test_restricted_items_are_the_items_as_they_came_once_they_are_paid(status: str) -> None:
    """Contract 1.4, 3.4: until then a restricted data token shows no wish either."""
    order = parsed(OrderStatus=status)
    if status in UNPAID:
        assert order.restricted_items is None
    else:
        assert order.restricted_items is not None
        assert json.loads(order.restricted_items) == [FULL_ITEM]


def test_items_without_wishes_have_no_second_form() -> None:
    line = full_line()
    line["orderItems"][0]["BuyerInfo"] = {"GiftWrapLevel": "Paper"}
    assert parse_line(written(line)).restricted_items is None
