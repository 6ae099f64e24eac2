"""Four real clients fetch restricted data, each its own way, and get what plain HTTP gives (issue 3; O-21, O-31)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.driver import CLIENTS, Client, Refused, Restricted, folded
from tests.orders.lines import FULL_ITEM, ORDER_ID, SECRET, US, full_line
from tests.orders.reviewing import regulated_info
from tests.server.plain import fetch
from tests.serving import READER, Seller, Served

ROLES = (READER, "Direct-to-Consumer Shipping (Restricted)", "Tax Invoicing (Restricted)")
ORDERS = "/orders/v0/orders"
QUERY = {"MarketplaceIds": [US], "CreatedAfter": "2026-01-01"}
ALL = ["buyerInfo", "shippingAddress", "buyerTaxInformation"]
ADDRESS, BUYER, TAX, WISHES, CHECK = 13, 6, 4, 2, 1
"""How many restricted texts each part of the order has."""
READS: dict[str, tuple[str, list[str], int]] = {
    # operation: what is behind the order's path, the elements that it takes, and how many texts they open.
    "getOrders": ("", ALL, ADDRESS + BUYER + TAX),
    "getOrder": ("", ALL, ADDRESS + BUYER + TAX),
    "getOrderItems": ("/orderItems", ["buyerInfo"], WISHES),
    "getOrderBuyerInfo": ("/buyerInfo", [], BUYER),
    "getOrderAddress": ("/address", [], ADDRESS),
    "getOrderItemsBuyerInfo": ("/orderItems/buyerInfo", [], WISHES),
    "getOrderRegulatedInfo": ("/regulatedInfo", [], CHECK),
}


def without_news(value: Any) -> Any:
    """The document without the members that no client knows."""
    if isinstance(value, dict):
        return {
            name: without_news(member)
            for name, member in value.items()
            if name not in {"NotYetKnown", "AddedLater"}
        }
    return [without_news(member) for member in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def owner(shop: Served) -> Seller:
    """A seller with one order that says all that an order can say."""
    owner = shop.add_seller([US], ROLES)
    line = full_line(LatestDeliveryDate="2026-12-05T00:00:00Z")
    info = regulated_info(Status="Pending")
    shop.load(
        without_news(
            {**line, "sellerId": owner.seller_id, "orderItems": [FULL_ITEM], "regulatedInfo": info}
        )
    )
    return owner


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest, owner: Seller) -> Iterator[Client]:
    with Client(request.param, owner) as running:
        yield running


def path_of(operation: str) -> str:
    return ORDERS if operation == "getOrders" else f"{ORDERS}/{ORDER_ID}{READS[operation][0]}"


def plain(owner: Seller, operation: str, elements: list[str]) -> Any:
    """The payload with a restricted data token, by plain HTTP."""
    resource = {"method": "GET", "path": path_of(operation), "dataElements": elements}
    minted = fetch(
        owner.url,
        "/tokens/2021-03-01/restrictedDataToken",
        method="POST",
        headers={"x-amz-access-token": owner.access_token, "content-type": "application/json"},
        body=json.dumps({"restrictedResources": [resource]}).encode(),
    )
    token = minted.json()["restrictedDataToken"]
    query = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"}
    answer = fetch(
        owner.url,
        path_of(operation),
        query if operation == "getOrders" else None,
        headers={"x-amz-access-token": token},
    )
    assert answer.status == 200, answer.body
    return answer.json()["payload"]


def fetched(client: Client, operation: str, elements: list[str]) -> Any:
    """What the client gets with a restricted data token that it has fetched itself."""
    listed = operation == "getOrders"
    return client.call(
        operation,
        None if listed else ORDER_ID,
        QUERY if listed else None,
        Restricted(path_of(operation), elements),
    )


def secrets(payload: Any) -> int:
    return json.dumps(payload).count(SECRET)


@pytest.mark.parametrize("operation", READS)
def test_client_gets_all_that_a_restricted_data_token_opens(
    client: Client, owner: Seller, operation: str
) -> None:
    """getOrders to getOrderRegulatedInfo, as each client's documentation says."""
    _, elements, count = READS[operation]
    payload = fetched(client, operation, elements)
    assert secrets(payload) == count
    expected = folded(plain(owner, operation, elements))
    found = folded(payload)
    # The echo moves with the clock.
    for page in (found, expected):
        page.pop("createdbefore", None)
    assert found == expected


@pytest.mark.parametrize("operation", ["getOrders", "getOrder"])
@pytest.mark.parametrize(
    ("elements", "count"), [(["shippingAddress"], ADDRESS), (["buyerInfo"], BUYER)]
)
def test_client_gets_the_elements_that_it_names(
    client: Client, operation: str, elements: list[str], count: int
) -> None:
    assert secrets(fetched(client, operation, elements)) == count


def test_client_without_such_a_token_gets_none_of_it(client: Client) -> None:
    """Also right after one was used: no client goes on with it."""
    assert secrets(fetched(client, "getOrder", ALL)) > 0
    for operation in READS:
        if operation == "getOrderRegulatedInfo":
            with pytest.raises(Refused) as raised:
                client.call(operation, ORDER_ID)
            assert raised.value.refusal._replace(status=403) == (
                403,
                "Unauthorized",
                "Access to requested resource is denied.",
                raised.value.refusal.details,
            )
            assert not raised.value.refusal.details
        elif operation == "getOrders":
            assert secrets(client.call(operation, query=QUERY)) == 0
        else:
            assert secrets(client.call(operation, ORDER_ID)) == 0


@pytest.mark.parametrize(
    "client", [name for name in CLIENTS if "release" not in name], indirect=True
)
def test_client_reads_why_it_gets_no_token(client: Client, shop: Served, owner: Seller) -> None:
    """Contract 3.4; amz-tools' own tests look for this text. Amazon's JavaScript SDK has no such error of its own."""
    path = f"/applications/{owner.application_id}"
    shop.ask("PATCH", path, {"roles": [READER]})
    try:
        with pytest.raises(Refused) as raised:
            fetched(client, "getOrder", ["buyerInfo", "shippingAddress"])
    finally:
        shop.ask("PATCH", path, {"roles": list(ROLES)})
    assert raised.value.refusal.code == "InvalidInput"
    assert raised.value.refusal.message == (
        "Application does not have access to one or more requested data elements: [buyerInfo, shippingAddress]"
    )
