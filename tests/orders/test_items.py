"""The reads below one order, over a real store."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.orders.lines import JAPAN, ORDER_ID, OTHER, SELLER, US, full_line, small_line, written
from tests.orders.reading import NOW, OTHER_RING, caller, keep, orders, seal, undecodable
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.seal import Seal
from torihiki.orders import operations
from torihiki.orders.model import ItemsResult
from torihiki.orders.store import OrderStore
from torihiki.orders.v0 import api, wire

FIRST = "249-7000000-0000001"
SECOND = "249-7000000-0000002"


def many_items(number: int, count: int) -> dict[str, Any]:
    line = small_line(number)
    line["orderItems"] = [
        {"ASIN": "B0", "OrderItemId": str(index), "QuantityOrdered": 1} for index in range(count)
    ]
    return line


async def items(
    store: OrderStore,
    order_id: str = FIRST,
    token: str | None = None,
    *,
    seller_id: str = SELLER,
    now: Instant = NOW,
) -> ItemsResult:
    found = await operations.get_order_items(
        store, seal(), caller(seller_id), order_id, token, now
    )  # fmt: skip
    assert found is not None
    return found


async def whole(store: OrderStore, order_id: str) -> bytes:
    """The order's document, as an ordinary token shows it."""
    found = await operations.get_order(store, caller(), order_id, NOW)
    document = wire.whole_order(found, None, NOW)
    assert document is not None
    return document


def ids(result: ItemsResult) -> list[int]:
    return [int(item["OrderItemId"]) for item in json.loads(result.items)]


@pytest.mark.parametrize("count", [0, 1, 100])
async def test_up_to_a_hundred_items_are_one_page(store: OrderStore, count: int) -> None:
    """O-23."""
    await keep(store, many_items(1, count))
    page = await items(store)
    assert (ids(page), page.next_token) == (list(range(count)), None)


@pytest.mark.parametrize("count", [101, 200, 250])
async def test_more_items_come_in_pages(store: OrderStore, count: int) -> None:
    """O-23: with NextToken, in order, none twice and none lost."""
    await keep(store, many_items(1, count))
    page = await items(store)
    seen = ids(page)
    while page.next_token is not None:
        page = await items(store, token=page.next_token)
        assert 1 <= len(ids(page)) <= 100
        seen += ids(page)
    assert seen == list(range(count))


async def test_token_of_items_opens_only_its_own_order_seller_and_operation(
    store: OrderStore,
) -> None:
    """O-15, O-23."""
    await keep(store, many_items(1, 101), many_items(2, 101))
    await keep(store, {**many_items(1, 101), "sellerId": OTHER})
    token = (await items(store)).next_token
    assert token is not None
    assert ids(await items(store, token=token)) == [100]
    assert await undecodable(items(store, SECOND, token))
    assert await undecodable(items(store, FIRST, token, seller_id=OTHER))
    assert await undecodable(orders(store, token))
    page = await orders(store, size=1)
    assert page.next_token is not None
    assert await undecodable(items(store, token=page.next_token))
    other_secret = Seal(OTHER_RING, "NextToken")
    context = b"getOrderItems\0" + SELLER.encode() + b"\0" + FIRST.encode()
    assert await undecodable(items(store, token=other_secret.seal(b"100", context)))


async def test_items_that_went_meanwhile_leave_an_empty_last_page(store: OrderStore) -> None:
    await keep(store, many_items(1, 101))
    token = (await items(store)).next_token
    await keep(store, many_items(1, 3))
    page = await items(store, token=token)
    assert (ids(page), page.next_token) == ([], None)


@pytest.mark.parametrize("order_id", ["249-7000000-9999999", "", "x", "249", "\u0662", "'", "%00"])
async def test_order_that_is_not_there_has_no_documents(store: OrderStore, order_id: str) -> None:
    """O-22, contract 1.4: 200 with an empty payload for the order itself."""
    await keep(store, small_line(1))
    assert await operations.get_order(store, caller(), order_id, NOW) is None
    assert (
        await operations.get_order_items(store, seal(), caller(), order_id, None, NOW) is None
    )  # fmt: skip
    assert wire.render_order(None) == b'{"payload":{}}'


async def test_order_of_another_seller_is_not_there(store: OrderStore) -> None:
    """Issue 2, 5: every store method takes the seller from the caller."""
    await keep(store, small_line(1))
    assert await operations.get_order(store, caller(), FIRST, NOW) is not None
    assert await operations.get_order(store, caller(OTHER), FIRST, NOW) is None
    assert await operations.get_order_items(store, seal(), caller(OTHER), FIRST, None, NOW) is None
    assert (await orders(store, seller_id=OTHER)).documents == []


@pytest.mark.parametrize(
    ("marketplace_id", "purchased", "visible"),
    [
        (US, "2024-11-22T00:00:00Z", True),
        (US, "2024-11-21T23:59:59Z", False),
        (JAPAN, "2016-01-01T00:00:00Z", True),
        (JAPAN, "2015-12-31T23:59:59Z", False),
    ],
)
async def test_order_beyond_its_age_is_in_no_response(
    store: OrderStore,
    marketplace_id: str,
    purchased: str,
    visible: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    """O-1: neither listed nor read, also when it was updated yesterday, and gone the moment it is too old."""
    dates = {"PurchaseDate": purchased, "LastUpdateDate": "2026-11-21T00:00:00Z"}
    await keep(store, small_line(1, MarketplaceId=marketplace_id, **dates))
    document = await operations.get_order(store, caller(), FIRST, NOW)
    found = await operations.get_order_items(store, seal(), caller(), FIRST, None, NOW)
    listed = (await orders(store)).documents
    assert (document is not None, found is not None, bool(listed)) == (visible, visible, visible)
    if visible and marketplace_id == US:
        later = NOW + TimeDelta(microseconds=1)
        assert await operations.get_order(store, caller(), FIRST, later) is None
        assert (await orders(store, now=later)).documents == []


async def test_parts_of_an_order_are_told_apart_and_say_no_more_than_it(store: OrderStore) -> None:
    """O-21, contract 3.4: what the three operations below an order show without a restricted token."""
    await keep(store, full_line())
    document = await whole(store, ORDER_ID)
    address = wire.render_address(ORDER_ID, document)
    assert json.loads(address) == {
        "payload": {
            "AmazonOrderId": ORDER_ID,
            "ShippingAddress": {
                "City": "Springfield",
                "StateOrRegion": "OR",
                "PostalCode": "97477",
                "CountryCode": "US",
            },
        }
    }
    buyer = wire.render_buyer_info(ORDER_ID, document)
    assert json.loads(buyer) == {
        "payload": {"AmazonOrderId": ORDER_ID, "BuyerEmail": "open@example.test"}
    }
    wishes = wire.render_items_buyer_info(ORDER_ID, await items(store, ORDER_ID))
    assert json.loads(wishes) == {
        "payload": {
            "OrderItems": [
                {
                    "OrderItemId": "10000000000001",
                    "GiftWrapPrice": {"CurrencyCode": "USD", "Amount": "2.00"},
                    "GiftWrapTax": {"CurrencyCode": "USD", "Amount": "0.20"},
                    "GiftWrapLevel": "Paper",
                }
            ],
            "AmazonOrderId": ORDER_ID,
        }
    }
    msgspec.json.decode(address, type=api.GetOrderAddressResponse)
    msgspec.json.decode(buyer, type=api.GetOrderBuyerInfoResponse)
    msgspec.json.decode(wishes, type=api.GetOrderItemsBuyerInfoResponse)


async def test_parts_of_an_order_that_has_none_are_its_id(store: OrderStore) -> None:
    """O-22: an order that is still pending shows no address; nobody is known to have bought it."""
    await keep(store, small_line(1, OrderStatus="Pending"))
    document = await whole(store, FIRST)
    only_id = b'{"payload":{"AmazonOrderId":"249-7000000-0000001"}}'
    assert wire.render_address(FIRST, document) == only_id
    assert wire.render_buyer_info(FIRST, document) == only_id
    assert wire.render_items_buyer_info(FIRST, await items(store)) == (
        b'{"payload":{"OrderItems":[{"OrderItemId":"1"}],"AmazonOrderId":"249-7000000-0000001"}}'
    )


async def test_pages_of_wishes_carry_the_token_of_the_items(store: OrderStore) -> None:
    """O-23: getOrderItemsBuyerInfo pages like getOrderItems."""
    line = many_items(1, 101)
    for item in line["orderItems"]:
        item["BuyerInfo"] = {"GiftMessageText": "secret", "GiftWrapLevel": written({"a": 1}).decode()}  # fmt: skip
    await keep(store, line)
    page = await items(store)
    rendered = json.loads(wire.render_items_buyer_info(FIRST, page))["payload"]
    assert rendered["NextToken"] == page.next_token
    assert len(rendered["OrderItems"]) == 100
    assert rendered["OrderItems"][7] == {"OrderItemId": "7", "GiftWrapLevel": '{"a":1}'}
