"""What the server answers, checked against the model that Amazon publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tests.requiring import amazon_model
from tests.serving import Seller, Served

ORDERS = "/orders/v0/orders"
READS = {
    "": "GetOrderResponse",
    "/buyerInfo": "GetOrderBuyerInfoResponse",
    "/address": "GetOrderAddressResponse",
    "/orderItems": "GetOrderItemsResponse",
    "/orderItems/buyerInfo": "GetOrderItemsBuyerInfoResponse",
}

Validate = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def validate() -> Validate:
    """Checks a body against the named definition; a member that Amazon does not know is refused too."""
    definitions = amazon_model()["definitions"]
    for definition in definitions.values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    validators = {
        name: Draft4Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})
        for name in ("GetOrdersResponse", *READS.values())
    }

    def check(name: str, body: Any) -> None:
        validators[name].validate(body)

    return check


@pytest.fixture(params=[0, 1], ids=["first-seller", "second-seller"])
def either_seller(request: pytest.FixtureRequest, shop: Served) -> Seller:
    index: int = request.param
    return shop.sellers[index]


def bodies(seller: Seller) -> Iterator[Any]:
    """Every page of getOrders as it comes."""
    asked: dict[str, Any] = {
        "MarketplaceIds": seller.marketplace_ids,
        "CreatedAfter": "2016-01-01",
    }
    while True:
        body = seller.get(ORDERS, asked).json()
        yield body
        if "NextToken" not in body["payload"]:
            return
        asked["NextToken"] = body["payload"]["NextToken"]


def test_every_page_of_orders_is_valid(either_seller: Seller, validate: Validate) -> None:
    """O-19: getOrders."""
    pages = list(bodies(either_seller))
    assert len(pages) > 1
    for page in pages:
        validate("GetOrdersResponse", page)


def test_every_read_of_an_order_is_valid(either_seller: Seller, validate: Validate) -> None:
    """O-22, O-23, for an order of every status, channel, payment, marketplace and programme."""
    kinds: dict[Any, str] = {}
    for page in bodies(either_seller):
        for order in page["payload"]["Orders"]:
            kind = tuple(
                str(order.get(name))
                for name in ("OrderStatus", "FulfillmentChannel", "PaymentMethod", "MarketplaceId")
            ) + tuple(sorted(order))
            kinds[kind] = order["AmazonOrderId"]
    assert len(kinds) > 20
    for order_id in kinds.values():
        for suffix, name in READS.items():
            answer = either_seller.get(f"{ORDERS}/{order_id}{suffix}")
            assert answer.status_code == 200
            validate(name, answer.json())


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (ORDERS, {"MarketplaceIds": "ATVPDKIKX0DER"}, 400),
        (ORDERS, {"MarketplaceIds": "ATVPDKIKX0DER", "CreatedAfter": "x"}, 400),
        (f"{ORDERS}/000-0000000-0000000/address", {}, 400),
        ("/orders/v0/nothing", {}, 403),
    ],
    ids=["no-date", "bad-date", "no-such-order", "no-such-path"],
)
def test_refusals_are_valid(
    seller: Seller, validate: Validate, path: str, query: dict[str, str], status: int
) -> None:
    answer = seller.get(path, query)
    assert answer.status_code == status
    validate("GetOrdersResponse", answer.json())
