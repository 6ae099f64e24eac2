"""What an order's documents show and what is withheld (contract 1.4, 3.4; O-20, O-21); `test_views` has restricted tokens."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.lines import BRAZIL, FULL, FULL_ITEM, JAPAN, SECRET, US, full_line, written
from torihiki.admin.demo import demo_orders
from torihiki.kernel.instant import Instant
from torihiki.orders.v0.documents import parse_line
from torihiki.orders.v0.schemas import Order, OrderItem, OrderStatus

OPEN_ADDRESS = {"City", "StateOrRegion", "PostalCode", "CountryCode"}
ADDRESSED = {"Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed"}
UNPAID = {"PendingAvailability", "Pending"}
SHIP_DATES = {"EarliestShipDate", "LatestShipDate"}
DELIVERY_DATES = {"EarliestDeliveryDate", "LatestDeliveryDate"}
PRICES = {
    name
    for name in FULL_ITEM
    if name.endswith(("Price", "Tax", "Discount", "Fee")) or name in {"PromotionIds", "IsGift"}
}

DEMO = list(demo_orders(400, 7, Instant.from_utc(2026, 11, 22)))
STATUSES = [status.value for status in OrderStatus]

cases = st.fixed_dictionaries(
    {
        "OrderStatus": st.sampled_from(STATUSES),
        "FulfillmentChannel": st.sampled_from(["AFN", "MFN", "SellerFulfilled"]),
        "MarketplaceId": st.sampled_from([US, JAPAN, BRAZIL]),
    }
)
left_out = st.sets(
    st.sampled_from(
        sorted(FULL.keys() - {"AmazonOrderId", "PurchaseDate", "LastUpdateDate", "OrderStatus", "MarketplaceId"})
    ),
    max_size=6,
)  # fmt: skip


class Parsed:
    """A line, and what it became for everybody, and what is kept back."""

    def __init__(self, line: bytes) -> None:
        stored = parse_line(line)
        self.given = json.loads(line)
        self.whole = stored.document + stored.ending
        self.order = json.loads(self.whole)
        self.items = json.loads(stored.items)
        self.withheld = json.loads(stored.withheld)
        self.open_bytes = self.whole + stored.items


def shown(*, without: tuple[str, ...] = (), **changes: Any) -> Parsed:
    return Parsed(written(full_line(without=without, **changes)))


def joined(shown: Any, withheld: Any) -> Any:
    """Both together; where both have a member it must be an object in both."""
    if shown is None:
        return withheld
    if withheld is None or shown == withheld:
        return shown
    assert isinstance(shown, dict)
    assert isinstance(withheld, dict)
    return {
        name: joined(shown.get(name), withheld.get(name)) for name in {**shown, **withheld}
    }  # fmt: skip


def assert_nothing_is_lost(parsed: Parsed) -> None:
    withheld = dict(parsed.withheld)
    items = withheld.pop("OrderItems")
    assert joined(parsed.order, withheld) == {"BuyerInfo": {}} | parsed.given["order"]
    given = parsed.given["orderItems"]
    assert [joined(*pair) for pair in zip(parsed.items, items, strict=True)] == given


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(texts(member) for member in value.values())
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(texts(member) for member in value)


@given(cases, left_out)
def test_no_restricted_text_is_in_the_open_documents(case: dict[str, str], gone: set[str]) -> None:
    """O-21: whatever the status, channel and marketplace, and whatever members there are."""
    parsed = shown(without=tuple(gone), **case)
    assert SECRET.encode() not in parsed.open_bytes
    assert b"Residential" not in parsed.open_bytes


@given(cases, left_out)
def test_open_and_withheld_together_are_the_whole_order(
    case: dict[str, str], gone: set[str]
) -> None:
    """Nothing is lost, so a later status or a restricted token can show it."""
    assert_nothing_is_lost(shown(without=tuple(gone), **case))


@given(cases, left_out)
def test_open_documents_are_valid_orders_and_items(case: dict[str, str], gone: set[str]) -> None:
    parsed = parse_line(written(full_line(without=tuple(gone), **case)))
    msgspec.json.decode(parsed.document + parsed.ending, type=Order)
    msgspec.json.decode(parsed.items, type=list[OrderItem])


@pytest.mark.parametrize("part", range(4))
def test_demo_shows_no_restricted_text_and_loses_nothing(part: int) -> None:
    """O-21, over believable orders: a restricted text may only be there if an open member has the same."""
    for line in DEMO[part::4]:
        parsed = Parsed(line)
        assert_nothing_is_lost(parsed)
        open_texts = set(texts([parsed.order, parsed.items]))
        order = parsed.given["order"]
        address = {
            name: value
            for name, value in order.get("ShippingAddress", {}).items()
            if name not in OPEN_ADDRESS
        }
        buyer = {n: v for n, v in order.get("BuyerInfo", {}).items() if n != "BuyerEmail"}
        wishes = [
            {name: item.get("BuyerInfo", {}).get(name) for name in ("BuyerCustomizedInfo", "GiftMessageText")}
            for item in parsed.given["orderItems"]
        ]  # fmt: skip
        allowed = open_texts_of(order)
        hidden = set(texts([address, buyer, wishes, order.get("BuyerTaxInformation")]))
        assert not (hidden & open_texts) - allowed


def open_texts_of(order: dict[str, Any]) -> set[str]:
    """The texts of an order outside of what is restricted."""
    rest = {
        name: value
        for name, value in order.items()
        if name not in {"ShippingAddress", "BuyerInfo", "BuyerTaxInformation"}
    }
    address = order.get("ShippingAddress", {})
    return set(texts([rest, [address.get(name) for name in OPEN_ADDRESS]]))


def test_address_shows_four_members_and_the_buyer_his_address_for_mail() -> None:
    """Contract 3.4: what comes back without a restricted data token."""
    order = shown().order
    assert order["ShippingAddress"] == {
        "City": "Springfield",
        "StateOrRegion": "OR",
        "PostalCode": "97477",
        "CountryCode": "US",
    }
    assert order["BuyerInfo"] == {"BuyerEmail": "open@example.test"}


def test_order_without_a_buyer_shows_an_empty_one() -> None:
    """O-22: `BuyerInfo: {}` of the seed."""
    assert shown(without=("BuyerInfo",)).order["BuyerInfo"] == {}
    assert shown(BuyerInfo={}).order["BuyerInfo"] == {}


@pytest.mark.parametrize("status", STATUSES)
def test_only_orders_on_their_way_show_where_they_go(status: str) -> None:
    """Contract 1.4."""
    assert ("ShippingAddress" in shown(OrderStatus=status).order) is (status in ADDRESSED)


@pytest.mark.parametrize("status", STATUSES)
def test_unpaid_orders_show_no_money(status: str) -> None:
    """Contract 1.4: neither a total nor prices, promotions, gift status of the items."""
    parsed = shown(OrderStatus=status)
    (item,) = parsed.items
    assert ("OrderTotal" in parsed.order) is (status not in UNPAID)
    if status in UNPAID:
        assert not PRICES & item.keys()
        assert item["BuyerInfo"] == {}
    else:
        assert item.keys() >= PRICES
        assert item["BuyerInfo"].keys() == {"GiftWrapPrice", "GiftWrapTax", "GiftWrapLevel"}
    assert item["NotYetKnown"] == "kept too"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("channel", ["AFN", "MFN", "SellerFulfilled"])
def test_dates_are_shown_for_what_the_seller_ships_only(status: str, channel: str) -> None:
    """Contract 1.4 and 1.7: none of AFN; no delivery dates before payment and after a cancellation."""
    order = shown(OrderStatus=status, FulfillmentChannel=channel).order
    expected: set[str] = set()
    if channel != "AFN":
        expected |= SHIP_DATES
        if status not in UNPAID | {"Canceled"}:
            expected |= DELIVERY_DATES
    assert order.keys() & (SHIP_DATES | DELIVERY_DATES) == expected


@pytest.mark.parametrize(
    ("marketplace_id", "status", "visible"),
    [
        (BRAZIL, "Pending", True),
        (BRAZIL, "Unshipped", True),
        (BRAZIL, "Shipped", False),
        (US, "Unshipped", False),
        (JAPAN, "Pending", False),
    ],
)
def test_marketplace_taxes_are_shown_in_brazil_before_shipping(
    marketplace_id: str,
    status: str,
    visible: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    """Contract 1.7."""
    order = shown(MarketplaceId=marketplace_id, OrderStatus=status).order
    assert ("MarketplaceTaxInfo" in order) is visible
    assert ("SellerDisplayName" in order) is visible


@given(cases, st.permutations(sorted(FULL)))
def test_members_keep_their_order_and_people_come_last(
    case: dict[str, Any], names: list[str]
) -> None:
    line = full_line(**case)
    line["order"] = {name: line["order"][name] for name in names}
    shown_names = list(Parsed(written(line)).order)
    people = [name for name in shown_names if name in {"ShippingAddress", "BuyerInfo"}]
    rest = [name for name in names if name in shown_names and name not in people]
    assert shown_names == rest + people
    assert people in (["ShippingAddress", "BuyerInfo"], ["BuyerInfo"])


def test_members_that_amazon_may_add_are_kept_as_they_are() -> None:
    parsed = shown()
    assert parsed.order["NotYetKnown"] == {"Deep": [1, 2.5, True, None, "kept"]}


@pytest.mark.parametrize("number", ["0", "-1", "123456789012345678901234567890", "2.5", "0.1"])
def test_numbers_of_unknown_members_keep_their_value(number: str) -> None:
    line = written(full_line(NotYetKnown="NUMBER")).replace(b'"NUMBER"', number.encode())
    assert b'"NotYetKnown":%b,' % number.encode() in parse_line(line).document + b","


@pytest.mark.parametrize("text", ["\u6ce8\u6587 \U0001f363", 'a\\"/b', "\u2028", "tab\tnew\nline"])  # fmt: skip
def test_texts_survive_whatever_is_in_them(text: str) -> None:
    assert shown(SalesChannel=text).order["SalesChannel"] == text


def test_documents_are_compact_json() -> None:
    """Contract 1.8."""
    line = json.dumps(full_line(), indent=1).replace("\n", " ").encode()
    parsed = parse_line(line)
    for document in (parsed.document + parsed.ending, parsed.items, parsed.withheld):
        assert document == json.dumps(json.loads(document), separators=(",", ":")).encode()


def test_of_a_member_that_stands_twice_the_last_counts_and_the_first_is_gone() -> None:
    line = written(full_line()).replace(
        b'"BuyerInfo":{"BuyerName"', b'"BuyerInfo":{"BuyerName":"secret first"},"BuyerInfo":{"BuyerName"'
    )  # fmt: skip
    assert line.count(b'"BuyerName"') == 3 - 1
    parsed = parse_line(line)
    kept = (parsed.document, parsed.ending, parsed.personal, parsed.items, parsed.withheld)
    assert b"secret first" not in b"".join(kept)


FACTS = [
    ({}, "buyer_email", "open@example.test"),
    ({"BuyerInfo": {}}, "buyer_email", None),
    ({"BuyerInfo": {"BuyerEmail": ""}}, "buyer_email", None),
    ({}, "seller_order_id", "own-1"),
    ({"SellerOrderId": ""}, "seller_order_id", None),
    ({"FulfillmentInstruction": {"FulfillmentSupplySourceId": "s"}}, "supply_source_id", "s"),
    ({"FulfillmentInstruction": {}}, "supply_source_id", None),
    ({}, "created", Instant.from_utc(2026, 3, 1, 10)),
    ({}, "last_updated", Instant.from_utc(2026, 3, 2, 10)),
    ({"LastUpdateDate": "2025-01-01"}, "last_updated", Instant.from_utc(2026, 3, 1, 10)),
    ({"PurchaseDate": "2026-02-28T19:00:00-09:00"}, "created", Instant.from_utc(2026, 3, 1, 4)),
    ({}, "earliest_delivery", Instant.from_utc(2026, 3, 4)),
    ({}, "latest_delivery", Instant.from_utc(2026, 3, 5)),
    ({"FulfillmentChannel": "AFN"}, "latest_delivery", None),
    ({"OrderStatus": "Canceled"}, "latest_delivery", None),
    ({"OrderStatus": "Pending"}, "earliest_delivery", None),
]


@pytest.mark.parametrize(("changes", "member", "expected"), FACTS)
def test_what_filters_look_at_is_what_the_document_shows(
    changes: dict[str, Any], member: str, expected: Any
) -> None:
    """O-4, O-5, O-10, O-11, O-17: a date that an order hides does not select it either."""
    assert getattr(parse_line(written(full_line(**changes))), member) == expected


def test_facet_says_what_the_order_says() -> None:
    """O-6, O-8, O-9, O-13, O-14, O-17."""
    facet = parse_line(
        written(
            full_line(
                PaymentMethod="COD",
                EasyShipShipmentStatus="Delivered",
                ElectronicInvoiceStatus="Accepted",
                IsISPU=True,
                FulfillmentChannel="SellerFulfilled",
            )
        )
    ).facet
    assert msgspec.to_builtins(facet) == {
        "marketplace_id": US,
        "order_status": "Shipped",
        "fulfillment_channel": "SellerFulfilled",
        "payment_method": "COD",
        "easy_ship_shipment_status": "Delivered",
        "electronic_invoice_status": "Accepted",
        "is_ispu": True,
    }


def test_facet_of_an_order_that_says_little_is_empty() -> None:
    """O-17: an order that does not say counts as not picked up."""
    facet = parse_line(written(full_line(without=("FulfillmentChannel", "IsISPU")))).facet
    assert (facet.fulfillment_channel, facet.payment_method, facet.is_ispu) == ("", "", False)


def test_first_store_of_the_items_is_the_orders_store() -> None:
    """O-17."""
    line = full_line()
    line["orderItems"] = [
        {"ASIN": "B0", "OrderItemId": str(number), "QuantityOrdered": 1, **extra}
        for number, extra in enumerate(({}, {"StoreChainStoreId": "store-7"}))
    ]
    assert parse_line(written(line)).store_chain_store_id == "store-7"


def test_regulated_information_is_kept_as_it_came() -> None:
    found = 0
    for line in DEMO:
        given = json.loads(line).get("regulatedInfo")
        stored = parse_line(line).regulated
        assert (None if stored is None else json.loads(stored)) == given
        found += given is not None
    assert found
