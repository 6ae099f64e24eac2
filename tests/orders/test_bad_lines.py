"""Lines that cannot be imported: each is refused with a reason that names the place and repeats no value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.lines import FULL, FULL_ITEM, ORDER_ID, SELLER, full_line, small_line, written
from torihiki.admin.demo import SHOWCASE_SIZE, demo_orders
from torihiki.kernel.instant import Instant
from torihiki.orders.v0.documents import BadLine, parse_line

PERSONAL = "Taro Yamada, 1-2-3 Chiyoda"
REASON_MAX = 300
SHOWCASE = list(demo_orders(SHOWCASE_SIZE, 1, Instant.from_utc(2026, 11, 22)))
Path = tuple[str | int, ...]


def reason(line: bytes | dict[str, Any]) -> str:
    """Why it is refused; anything but a BadLine fails the test."""
    with pytest.raises(BadLine) as caught:
        parse_line(line if isinstance(line, bytes) else written(line))
    assert 0 < len(str(caught.value)) <= REASON_MAX
    return str(caught.value)


def reason_if_refused(line: bytes) -> str:
    try:
        parse_line(line)
    except BadLine as error:
        return str(error)
    return ""


def changed(**changes: Any) -> dict[str, Any]:
    return full_line(**changes)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (changed(AmazonOrderId="1"), "$.order.AmazonOrderId"),
        (changed(AmazonOrderId=f"{ORDER_ID}\n"), "$.order.AmazonOrderId"),
        (changed(AmazonOrderId="\u0662\u0664\u0669-7000000-0000001"), "$.order.AmazonOrderId"),
        (full_line(without=("AmazonOrderId",)), "AmazonOrderId"),
        (full_line(without=("PurchaseDate",)), "PurchaseDate"),
        (full_line(without=("LastUpdateDate",)), "LastUpdateDate"),
        (full_line(without=("OrderStatus",)), "OrderStatus"),
        (full_line(without=("MarketplaceId",)), "MarketplaceId"),
        (changed(MarketplaceId=""), "MarketplaceId"),
        (changed(PurchaseDate=PERSONAL), "PurchaseDate"),
        (changed(PurchaseDate="2026-02-30"), "PurchaseDate"),
        (changed(LastUpdateDate=""), "LastUpdateDate"),
        (changed(EarliestDeliveryDate="soon"), "EarliestDeliveryDate"),
        (changed(LatestDeliveryDate="soon"), "LatestDeliveryDate"),
        (changed(OrderStatus="Lost"), "$.order.OrderStatus"),
        (changed(OrderStatus="shipped"), "$.order.OrderStatus"),
        (changed(OrderStatus=None), "$.order.OrderStatus"),
        (changed(FulfillmentChannel="FBA"), "$.order.FulfillmentChannel"),
        (changed(OrderTotal={"CurrencyCode": "USD", "Amount": 1}), "$.order.OrderTotal.Amount"),
        (changed(OrderTotal={"CurrencyCode": "USD", "Amount": "1e5"}), "$.order.OrderTotal.Amount"),
        (changed(BuyerInfo=None), "$.order.BuyerInfo"),
        (changed(BuyerInfo=[PERSONAL]), "$.order.BuyerInfo"),
        (changed(ShippingAddress=PERSONAL), "$.order.ShippingAddress"),
        (changed(ShippingAddress={"Name": [PERSONAL]}), "$.order.ShippingAddress.Name"),
        (changed(ShippingAddress={"Name": PERSONAL * 200}), "$.order.ShippingAddress.Name"),
        (changed(ShippingAddress={"AddressType": PERSONAL}), "$.order.ShippingAddress.AddressType"),
        (changed(SellerOrderId="a\x00b"), "SellerOrderId"),
        (changed(MarketplaceId="A\x00"), "MarketplaceId"),
        (changed(FulfillmentInstruction={"FulfillmentSupplySourceId": "a\nb"}), "FulfillmentSupplySourceId"),
        ({**full_line(), "sellerId": ""}, "sellerId"),
        ({**full_line(), "sellerId": 7}, "sellerId"),
        ({**full_line(), "sellerId": "A\x00"}, "sellerId"),
        ({**full_line(), "sellerId": "A" * 201}, "sellerId"),
        ({**full_line(), "order": []}, "$.order"),
        ({**full_line(), "orderItems": {}}, "$.orderItems"),
        ({**full_line(), "orderItems": [FULL_ITEM, FULL_ITEM]}, "OrderItemId"),
        ({**full_line(), "orderItems": [{**FULL_ITEM, "OrderItemId": ""}]}, "$.orderItems[0].OrderItemId"),
        ({**full_line(), "orderItems": [{**FULL_ITEM, "QuantityOrdered": -1}]}, "QuantityOrdered"),
        ({**full_line(), "orderItems": [{**FULL_ITEM, "QuantityOrdered": 1.5}]}, "QuantityOrdered"),
        ({**full_line(), "orderItems": [{**FULL_ITEM, "QuantityOrdered": 10**30}]}, "QuantityOrdered"),
        ({**full_line(), "orderItems": [{**FULL_ITEM, "StoreChainStoreId": "\x7f"}]}, "StoreChainStoreId"),
        ({**full_line(), "orderItem": []}, "orderItem"),
        ({**full_line(), "regulatedInfo": {}}, "regulatedInfo"),
        ({"order": FULL, "orderItems": []}, "sellerId"),
        ({"sellerId": SELLER, "orderItems": []}, "order"),
        ({"sellerId": SELLER, "order": FULL}, "orderItems"),
        ({}, "sellerId"),
    ],
)  # fmt: skip
def test_reason_names_the_place(line: dict[str, Any], place: str) -> None:
    found = reason(line)
    assert place in found
    assert PERSONAL not in found


@pytest.mark.parametrize(
    "line",
    [
        b"null",
        b"1",
        b'"text"',
        b"[]",
        b"{",
        b"}",
        b"{}{}",
        b"{'a': 1}",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"\x00",
        b'{"sellerId": "\xff"}',
        b'{"sellerId": "\\ud800"}',
        b'{"sellerId": "\\udc00\\ud800"}',
        b'{"sellerId": "a\x01b"}',
        written(full_line())[:-1],
        written(full_line())[:200],
        written(full_line()) + b",",
        written(full_line(OrderTotal="NUMBER")).replace(b'"NUMBER"', b"NaN"),
        written(full_line(NotYetKnown="NUMBER")).replace(b'"NUMBER"', b"Infinity"),
        written(full_line(NotYetKnown="NUMBER")).replace(b'"NUMBER"', b"1e999"),
        written(full_line(NotYetKnown="NUMBER")).replace(b'"NUMBER"', b"01"),
        written(full_line(NotYetKnown="NUMBER")).replace(b'"NUMBER"', b"-"),
        written(full_line(NotYetKnown="TEXT")).replace(b"TEXT", b"\\ud800"),
        written(full_line(NotYetKnown="TEXT")).replace(b"TEXT", b"\\q"),
        written(full_line(NotYetKnown="TEXT")).replace(b"TEXT", b"\xc0\x80"),
        written(full_line(NotYetKnown="TEXT")).replace(b"TEXT", b"\xed\xa0\x80"),
    ],
)
def test_what_is_no_json_object_of_an_order_is_refused(line: bytes) -> None:
    assert reason(line)


@pytest.mark.parametrize("depth", [500, 900, 950, 990, 1_000, 1_100, 5_000, 100_000, 400_000])
@pytest.mark.parametrize("place", ["order", "item", "people", "line"])
def test_deep_nesting_is_refused_or_taken_and_nothing_worse(place: str, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    line = {
        "order": full_line(NotYetKnown="NESTED"),
        "people": full_line(BuyerInfo={"NotYetKnown": "NESTED"}),
        "item": {**full_line(), "orderItems": [{**FULL_ITEM, "NotYetKnown": "NESTED"}]},
        "line": {**full_line(), "regulatedInfo": "NESTED"},
    }[place]
    found = reason_if_refused(written(line).replace(b'"NESTED"', nested))
    assert len(found) <= REASON_MAX
    assert found or depth < 2_000


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths to everything in a JSON value."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, (*path, index))


def replaced(line: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(line))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert isinstance(copy, dict)
    return copy


WRONG: list[Any] = [
    PERSONAL,
    [PERSONAL],
    {PERSONAL: PERSONAL},
    f"{PERSONAL}' - at `$.order`",
    PERSONAL * 100,
]


@pytest.mark.parametrize("part", range(4))
def test_no_wrong_value_anywhere_is_repeated_in_the_reason(part: int) -> None:
    """Every member of every showcase order, each with wrong values: personal data never reach a report or a log."""
    for number in range(part, SHOWCASE_SIZE, 4):
        line = json.loads(SHOWCASE[number])
        for path in leaves(line | {"orderItems": line["orderItems"][:1]}):
            for value in WRONG:
                found = reason_if_refused(written(replaced(line, path, value)))
                assert "Taro" not in found
                assert len(found) <= REASON_MAX


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))  # fmt: skip
def test_no_bytes_at_all_make_it_fail(line: bytes) -> None:
    with pytest.raises(BadLine):
        parse_line(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.sampled_from(sorted(FULL)), json_values)
def test_any_json_in_any_member_of_an_order_is_taken_or_refused(name: str, value: Any) -> None:
    try:
        stored = parse_line(written(full_line(**{name: value})))
    except BadLine:
        return
    assert json.loads(stored.document + stored.ending)


@given(st.sampled_from(sorted(FULL_ITEM)), json_values)
def test_any_json_in_any_member_of_an_item_is_taken_or_refused(name: str, value: Any) -> None:
    line = small_line()
    line["orderItems"] = [{**FULL_ITEM, name: value}]
    try:
        stored = parse_line(written(line))
    except BadLine:
        return
    assert json.loads(stored.items)
