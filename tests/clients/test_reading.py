"""Four real clients read a shop, and make of every answer what plain HTTP says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.driver import CLIENTS, Client, Refused, folded
from tests.serving import Seller

ORDERS = "/orders/v0/orders"
SUFFIXES = {
    "getOrder": "",
    "getOrderBuyerInfo": "/buyerInfo",
    "getOrderAddress": "/address",
    "getOrderItems": "/orderItems",
    "getOrderItemsBuyerInfo": "/orderItems/buyerInfo",
}


def spelt(client: Client, query: dict[str, Any]) -> dict[str, Any]:
    """The query as the client wants it."""
    if client.name == "python-amazon-sp-api":
        # It puts commas into five lists only (contract 7.1); the others it would send as repeated keys.
        return {
            name: ",".join(value)
            if name.endswith("Statuses") and isinstance(value, list)
            else value
            for name, value in query.items()
        }
    return query


def client_pages(client: Client, query: dict[str, Any]) -> Iterator[list[Any]]:
    payload = folded(client.call("getOrders", query=spelt(client, query)))
    yield payload["orders"]
    while token := payload.get("nexttoken"):
        asked = {"MarketplaceIds": query["MarketplaceIds"], "NextToken": token}
        payload = folded(client.call("getOrders", query=asked))
        yield payload["orders"]


@pytest.fixture(scope="module")
def everything(seller: Seller) -> list[Any]:
    """Every order of the seller that is shown, by plain HTTP."""
    return seller.orders({"MarketplaceIds": seller.marketplace_ids, "CreatedAfter": "2016-01-01"})


def test_pages_to_the_end_are_the_orders_of_plain_http(
    client: Client, seller: Seller, everything: list[Any]
) -> None:
    """O-2, O-4, O-12, O-15, O-19: getOrders."""
    query = {
        "MarketplaceIds": seller.marketplace_ids,
        "CreatedAfter": "2016-01-01",
        "MaxResultsPerPage": 90,
    }
    pages = list(client_pages(client, query))
    assert [len(page) for page in pages[:-1]] == [90] * (len(pages) - 1)
    assert len(pages) > 3
    assert [order for page in pages for order in page] == folded(everything)


@pytest.mark.parametrize(
    "filters",
    [
        {"OrderStatuses": ["Unshipped", "PartiallyShipped"]},
        {"FulfillmentChannels": ["MFN"], "PaymentMethods": ["Other"], "MaxResultsPerPage": 50},
        {"IsISPU": True},
    ],
    ids=["statuses", "channel-and-payment", "pick-up"],
)
def test_filters_select_what_plain_http_selects(
    client: Client, seller: Seller, everything: list[Any], filters: dict[str, Any]
) -> None:
    """O-6, O-7, O-8, O-9, O-17: lists go with commas and the flag as `true` or, from the official Python, `True`."""
    query = {"MarketplaceIds": seller.marketplace_ids[:2], "CreatedAfter": "2024-01-01", **filters}
    found = [order for page in client_pages(client, query) for order in page]
    wanted = seller.orders(query)
    assert found == folded(wanted)
    assert 0 < len(found) < len(everything)


def test_updated_orders_are_found_by_their_last_update(client: Client, seller: Seller) -> None:
    """O-4, O-5, O-19: a range of last updates, and its echo."""
    query = {
        "MarketplaceIds": seller.marketplace_ids,
        "LastUpdatedAfter": "2026-01-01T00:00:00Z",
        "LastUpdatedBefore": "2026-03-01T00:00:00+00:00",
    }
    payload = folded(client.call("getOrders", query=query))
    assert payload["lastupdatedbefore"] == "2026-03-01T00:00:00Z"
    assert payload["orders"]
    assert payload == folded(seller.payload(ORDERS, query))


def chosen(everything: list[Any]) -> list[str]:
    """One order of every status and channel."""
    kinds = {(each["OrderStatus"], each["FulfillmentChannel"]): each for each in everything}
    assert len({status for status, _ in kinds}) >= 7
    return [each["AmazonOrderId"] for each in kinds.values()]


@pytest.mark.parametrize("operation", SUFFIXES)
def test_reads_of_an_order_are_those_of_plain_http(
    client: Client, seller: Seller, everything: list[Any], operation: str
) -> None:
    """O-2, O-22, O-23: getOrder, getOrderBuyerInfo, getOrderAddress, getOrderItems, getOrderItemsBuyerInfo."""
    for order_id in chosen(everything):
        plain = seller.payload(f"{ORDERS}/{order_id}{SUFFIXES[operation]}")
        assert folded(client.call(operation, order_id)) == folded(plain)


@pytest.mark.parametrize(
    "client", [name for name in CLIENTS if name != "amzn-sp-api"], indirect=True
)
def test_an_order_that_is_not_there_is_an_empty_payload(client: Client) -> None:
    """Contract 1.4. Amazon's Python SDK is left out: its model refuses what Amazon itself answers here."""
    assert folded(client.call("getOrder", "000-0000000-0000000")) == {}


def test_a_wrong_channel_is_a_400_that_the_client_can_read(client: Client, seller: Seller) -> None:
    """O-8: the filter takes AFN and MFN only."""
    query = {
        "MarketplaceIds": seller.marketplace_ids[:1],
        "CreatedAfter": "2024-01-01",
        "FulfillmentChannels": ["SellerFulfilled"],
    }
    with pytest.raises(Refused) as raised:
        client.call("getOrders", query=query)
    status, code, message, details = raised.value.refusal
    assert status in (400, None)
    assert code == "InvalidInput"
    assert message == (
        "1 validation error detected: Value '[SellerFulfilled]' at 'fulfillmentChannel' failed to satisfy constraint:"
        " Member must satisfy constraint: [Member must satisfy enum value set: [AFN, MFN]]"
    )
    assert not details


def test_a_bad_date_is_a_400_whose_details_name_the_field(client: Client, seller: Seller) -> None:
    """O-4."""
    query = {"MarketplaceIds": seller.marketplace_ids[:1], "CreatedAfter": "yesterday"}
    with pytest.raises(Refused) as raised:
        client.call("getOrders", query=query)
    assert raised.value.refusal._replace(status=400) == (
        400,
        "InvalidInput",
        "This is an invalid input",
        "Invalid Date-Time field(s) [createdAfter].",
    )


@pytest.mark.parametrize("client", ["python-amazon-sp-api"], indirect=True)
def test_its_own_paging_helper_ends_with_every_order(client: Client, seller: Seller) -> None:
    """O-15: load_all_pages sends the first page's parameters again beside each NextToken."""
    query = {
        "MarketplaceIds": seller.marketplace_ids[:1],
        "CreatedAfter": "2026-01-01",
        "MaxResultsPerPage": 60,
    }
    found = client.call("everyPageOfGetOrders", query=query)
    assert len(found) > 60
    assert found == seller.orders(query)
