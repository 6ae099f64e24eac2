"""Tutorials 1 to 3 of the seed, request for request, with their sample orders as the seller's orders.

The requests are the seed's to the letter: the misspelt MaxResultPerPage, the date without a time, the slash after the
order's id, and the Amazon host in the Host header. (The blanks in its first URL are line breaks of the page.)
The answers are compared member by member. What differs is written here, each with its reason; nothing else may.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Seller, Served, served
from torihiki.orders.v0.documents import parse_line

US = "ATVPDKIKX0DER"
UK = "A1F83G8C2ARO7P"
BRAZIL = "A2Q3Y263D00KWC"
SAMPLES = Path(__file__).parents[1] / "orders" / "samples"

# A restricted data token opens these; nothing does yet, so they are never shown (contract 3.4).
RESTRICTED_BUYER = ("BuyerName", "BuyerTaxInfo", "PurchaseOrderNumber")
RESTRICTED_ADDRESS = ("Name", "AddressLine1", "AddressLine2", "ExtendedFields")


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def least_order(order_id: str, day: str, marketplace_id: str = US, **members: Any) -> Any:
    return {
        "AmazonOrderId": order_id,
        "PurchaseDate": f"{day}T10:00:00Z",
        "LastUpdateDate": f"{day}T10:00:00Z",
        "OrderStatus": "Shipped",
        "MarketplaceId": marketplace_id,
        **members,
    }


@pytest.fixture(scope="module")
def shop(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("seed") / "data"
    with served(data, "--usage-plans", "off", database=database) as server:
        yield server


@pytest.fixture(scope="module")
def seller(shop: Served) -> Seller:
    return shop.add_seller([US, UK, BRAZIL])


def load(shop: Served, seller: Seller, order: Any, items: list[Any] | None = None) -> None:
    shop.load({"sellerId": seller.seller_id, "order": order, "orderItems": items or []})


def at(shop: Served, seller: Seller, now: str) -> None:
    """Moves the operator's clock; the seller then takes a token of that time."""
    shop.set_clock(now=now)
    seller.renew()


def get(seller: Seller, host: str, target: str) -> Any:
    """Sends the seed's request and gives the payload."""
    answer = seller.exchange("GET", target, host=f"sellingpartnerapi-{host}.amazon.com")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert list(body) == ["payload"]
    return body["payload"]


def test_tutorial_1_request_lists_the_orders_since_that_day(shop: Served, seller: Seller) -> None:
    """O-2, O-4, O-12: getOrders; the misspelt page size is ignored, so three orders come on one page."""
    at(shop, seller, "2021-01-15T00:00:00Z")
    load(shop, seller, sample("get_orders")["payload"]["Orders"][0])
    load(shop, seller, least_order("902-0000000-0000000", "2020-10-09"))
    since = [f"902-0000000-000000{n}" for n in (1, 2, 3)]
    load(shop, seller, least_order(since[0], "2020-10-10"))
    load(shop, seller, least_order(since[1], "2020-10-10"))
    load(shop, seller, least_order(since[2], "2020-12-31"))
    payload = get(
        seller,
        "eu",
        f"/orders/v0/orders?MarketplaceIds={US}&CreatedAfter=2020-10-10&MaxResultPerPage=2",
    )
    assert [order["AmazonOrderId"] for order in payload["Orders"]] == since
    assert payload["CreatedBefore"].startswith("2021-01-15T00:00:")
    assert set(payload) == {"Orders", "CreatedBefore"}


def test_tutorial_1_response(shop: Served, seller: Seller) -> None:
    """O-8, O-19: getOrders gives the sample order as the sample says.

    The sample's order is older than its request asks for, so the request of this test starts at its creation, and
    the operator's clock stands in the year after it: orders of the US are shown for two years (O-1).
    """
    at(shop, seller, "2018-01-15T00:00:00Z")
    expected = sample("get_orders")["payload"]
    load(shop, seller, expected["Orders"][0])
    load(shop, seller, least_order("902-0000000-0000009", "2017-06-01"))
    payload = get(
        seller,
        "eu",
        f"/orders/v0/orders?MarketplaceIds={US}&CreatedAfter=2017-01-20T19:49:35Z&MaxResultsPerPage=1",
    )
    # The token is ours: it comes because there is another order, and nobody can say what it reads.
    assert payload.pop("NextToken")
    del expected["NextToken"]
    # The echo of the upper bound: the sample has none, and real answers do (contract 1.4, O-19).
    assert payload.pop("CreatedBefore").startswith("2018-01-15T00:00:")
    order = expected["Orders"][0]
    # Only Unshipped, PartiallyShipped, Shipped and InvoiceUnconfirmed orders show an address (contract 1.4).
    assert order["OrderStatus"] == "Pending"
    del order["ShippingAddress"]
    for name in RESTRICTED_BUYER:
        del order["BuyerInfo"][name]
    assert payload == expected
    # As a filter, the channel of this very order is refused (O-8).
    refused = seller.exchange(
        "GET",
        f"/orders/v0/orders?MarketplaceIds={US}&CreatedAfter=2017-01-20&FulfillmentChannels=SellerFulfilled",
    )
    assert refused.status_code == 400


def test_tutorial_1_address_shows_once_the_order_is_paid(shop: Served, seller: Seller) -> None:
    """The same sample as an unshipped order: of its address everything but name and lines is shown."""
    at(shop, seller, "2018-01-15T00:00:00Z")
    order = sample("get_orders")["payload"]["Orders"][0]
    order |= {"AmazonOrderId": "902-0000000-0000010", "OrderStatus": "Unshipped"}
    load(shop, seller, copy.deepcopy(order))
    for name in RESTRICTED_ADDRESS:
        order["ShippingAddress"].pop(name, None)
    for name in RESTRICTED_BUYER:
        del order["BuyerInfo"][name]
    assert get(seller, "eu", "/orders/v0/orders/902-0000000-0000010") == order
    assert get(seller, "eu", "/orders/v0/orders/902-0000000-0000010/address") == {
        "AmazonOrderId": order["AmazonOrderId"],
        "ShippingAddress": order["ShippingAddress"],
    }


def test_tutorial_1_address_in_brazil_is_kept_whole_and_shown_in_part(
    shop: Served, seller: Seller
) -> None:
    """O-20: ExtendedFields are kept; without a restricted data token the coarse part is shown."""
    at(shop, seller, "2018-01-15T00:00:00Z")
    address = sample("brazil_address")["ShippingAddress"]
    order = least_order("902-0000000-0000020", "2018-01-10", BRAZIL, ShippingAddress=address)
    load(shop, seller, order)
    shown = {name: text for name, text in address.items() if name not in RESTRICTED_ADDRESS}
    assert set(shown) == {"City", "StateOrRegion", "PostalCode", "CountryCode"}
    listed = get(seller, "na", f"/orders/v0/orders?MarketplaceIds={BRAZIL}&CreatedAfter=2018-01-10")
    assert listed["Orders"][0]["ShippingAddress"] == shown
    line = json.dumps({"sellerId": seller.seller_id, "order": order, "orderItems": []})
    assert json.loads(parse_line(line.encode()).withheld)["ShippingAddress"] == address


def test_tutorial_2(shop: Served, seller: Seller) -> None:
    """O-2, O-22: getOrder with the slash after the id gives every member of the sample.

    The sample's request and response name two orders: the sample is asked for under both ids.
    """
    at(shop, seller, "2022-04-01T00:00:00Z")
    expected = sample("get_order")["payload"]
    load(shop, seller, expected)
    asked_for = expected | {"AmazonOrderId": "205-1725759-9209952"}
    load(shop, seller, asked_for)
    assert get(seller, "eu", "/orders/v0/orders/205-1725759-9209952/") == asked_for
    assert get(seller, "eu", "/orders/v0/orders/205-1725759-9209952") == asked_for
    assert get(seller, "eu", "/orders/v0/orders/026-1520163-6049104/") == expected


def test_tutorial_3(shop: Served, seller: Seller) -> None:
    """O-2, O-23: getOrderItems gives every member of the sample.

    Here too request and response name two orders.
    """
    at(shop, seller, "2022-04-01T00:00:00Z")
    expected = sample("get_order_items")["payload"]
    for order_id in ("902-9855239-8990202", expected["AmazonOrderId"]):
        load(shop, seller, least_order(order_id, "2022-03-01"), expected["OrderItems"])
    asked_for = get(seller, "na", "/orders/v0/orders/902-9855239-8990202/orderItems")
    assert asked_for == expected | {"AmazonOrderId": "902-9855239-8990202"}
    assert get(seller, "na", "/orders/v0/orders/902-0300094-5705429/orderItems") == expected


def test_tutorial_3_next_token_gives_the_items_that_follow(shop: Served, seller: Seller) -> None:
    """O-23: getOrderItems and getOrderItemsBuyerInfo page through an order of many items, none lost or twice."""
    at(shop, seller, "2022-04-01T00:00:00Z")
    order_id = "902-0000000-0000030"
    item = sample("get_order_items")["payload"]["OrderItems"][0]
    items = [item | {"OrderItemId": str(number)} for number in range(230)]
    load(shop, seller, least_order(order_id, "2022-03-01"), items)
    for suffix in ("orderItems", "orderItems/buyerInfo"):
        found: list[str] = []
        query: dict[str, str] = {}
        pages = 0
        while pages == 0 or query:
            payload = seller.payload(f"/orders/v0/orders/{order_id}/{suffix}", query)
            assert payload["AmazonOrderId"] == order_id
            found += [each["OrderItemId"] for each in payload["OrderItems"]]
            query = {"NextToken": payload["NextToken"]} if "NextToken" in payload else {}
            pages += 1
        assert pages > 1
        assert found == [str(number) for number in range(230)]
