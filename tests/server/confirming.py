"""Orders to be shipped, and the writes that ship them, as a plain HTTP client sends them."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.orders.lines import US
from tests.server.plain import Answered, fetch
from tests.serving import Seller, Served

ORDER_ID = "205-1725759-9209952"
ITEM_ID = "60696125413094"
"""Those of the seed's examples."""

ORDER: dict[str, Any] = {
    "AmazonOrderId": ORDER_ID,
    "PurchaseDate": "2026-11-20T10:00:00Z",
    "LastUpdateDate": "2026-11-20T10:30:00Z",
    "OrderStatus": "Unshipped",
    "FulfillmentChannel": "MFN",
    "MarketplaceId": US,
    "NumberOfItemsShipped": 0,
    "NumberOfItemsUnshipped": 3,
    "OrderTotal": {"CurrencyCode": "USD", "Amount": "30.00"},
    "ShippingAddress": {"Name": "secret name", "City": "Springfield", "CountryCode": "US"},
    "BuyerInfo": {"BuyerEmail": "open@example.test", "BuyerName": "secret buyer"},
}
ITEM: dict[str, Any] = {
    "ASIN": "B00EXAMPLE",
    "OrderItemId": ITEM_ID,
    "QuantityOrdered": 3,
    "QuantityShipped": 0,
    "ItemPrice": {"CurrencyCode": "USD", "Amount": "30.00"},
}
BODY: dict[str, Any] = {
    "marketplaceId": US,
    "packageDetail": {
        "packageReferenceId": "101",
        "carrierCode": "UPS",
        "trackingNumber": "1Z86V8030385598957",
        "shipDate": "2026-11-21T16:15:30Z",
        "orderItems": [{"orderItemId": ITEM_ID, "quantity": 1}],
    },
}


def load(
    server: Served, seller: Seller, *, items: list[dict[str, Any]] | None = None, **changes: Any
) -> None:
    """The order, with some members changed; None takes one away."""
    order = {name: value for name, value in {**ORDER, **changes}.items() if value is not None}
    server.load({"sellerId": seller.seller_id, "order": order, "orderItems": items or [dict(ITEM)]})


def body(quantity: object = 1, **members: Any) -> dict[str, Any]:
    """A confirmation whose package has these members; None takes one away."""
    made = copy.deepcopy(BODY)
    package = {
        **made["packageDetail"],
        "orderItems": [{"orderItemId": ITEM_ID, "quantity": quantity}],
    }
    package.update(members)
    made["packageDetail"] = {name: value for name, value in package.items() if value is not None}
    return made


def post(
    server: Served,
    seller: Seller,
    sent: Any,
    *,
    order_id: str = ORDER_ID,
    suffix: str = "/shipmentConfirmation",
    content_type: str | None = "application/json",
) -> Answered:
    headers = {"x-amz-access-token": seller.access_token}
    if content_type is not None:
        headers["content-type"] = content_type
    raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    path = f"/orders/v0/orders/{order_id}{suffix}"
    return fetch(server.url, path, method="POST", headers=headers, body=raw)


def confirmed(server: Served, seller: Seller, sent: Any, **how: Any) -> None:
    answer = post(server, seller, sent, **how)
    assert (answer.status, answer.body) == (204, b""), answer


def message(answer: Answered) -> str:
    """The message of a 400 of this family."""
    assert answer.status == 400, answer
    (error,) = answer.json()["errors"]
    assert (list(error), error["code"]) == (["code", "message", "details"], "InvalidInput")
    text: str = error["message"]
    return text


def standing(seller: Seller) -> tuple[str, int, int, str]:
    """OrderStatus, NumberOfItemsShipped and -Unshipped, LastUpdateDate."""
    order = seller.payload(f"/orders/v0/orders/{ORDER_ID}")
    return (
        order["OrderStatus"],
        order["NumberOfItemsShipped"],
        order["NumberOfItemsUnshipped"],
        order["LastUpdateDate"],
    )


def shipped(seller: Seller) -> list[int]:
    """QuantityShipped of the items."""
    payload = seller.payload(f"/orders/v0/orders/{ORDER_ID}/orderItems")
    return [item["QuantityShipped"] for item in payload["OrderItems"]]


def record(server: Served, seller: Seller, event: str, **members: Any) -> Answered:
    """An event, told by the operator."""
    answer = server.operator.post(
        f"/orders/{ORDER_ID}/events",
        json={"sellerId": seller.seller_id, "event": event, **members},
    )
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answered(answer.status_code, headers, answer.content)


def history(server: Served, seller: Seller, **query: str) -> Any:
    answer = server.operator.get(
        f"/orders/{ORDER_ID}/history", params={"sellerId": seller.seller_id, **query}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def events(server: Served, seller: Seller) -> list[tuple[str, str]]:
    """Event and status of every entry of the order's history."""
    entries = history(server, seller)["entries"]
    return [(entry["event"], entry["orderStatus"]) for entry in entries]
