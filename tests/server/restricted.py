"""Restricted data tokens as a plain HTTP client mints and uses them."""

from __future__ import annotations

import json
from typing import Any

from tests.orders.lines import FULL_ITEM, US
from tests.server.plain import Answered, fetch
from tests.serving import Seller, Served

MINT = "/tokens/2021-03-01/restrictedDataToken"
ORDERS = "/orders/v0/orders"
QUERY = f"?MarketplaceIds={US}&CreatedAfter=2026-01-01"
ID = "249-7000000-0000001"
ORDER = f"{ORDERS}/{ID}"
GENERIC = ORDERS + "/{orderId}"
JSON = "application/json"

SHIPPING = "Direct-to-Consumer Shipping (Restricted)"
INVOICING = "Tax Invoicing (Restricted)"
ALL = ["buyerInfo", "shippingAddress", "buyerTaxInformation"]
SUFFIXES = ["", "/address", "/buyerInfo", "/orderItems", "/orderItems/buyerInfo"]

DENIED = (403, "Unauthorized", "Access to requested resource is denied.", "")
EXPIRED = (*DENIED[:3], "The access token you provided has expired.")
INVALID = (*DENIED[:3], "The access token you provided is revoked, malformed or invalid.")


def resource(path: str, *elements: str, method: str = "GET") -> dict[str, Any]:
    return {"method": method, "path": path} | ({"dataElements": elements} if elements else {})


def ask(
    server: Served, token: str, body: bytes, content_type: str = JSON, target: str = MINT
) -> Answered:
    headers = {"x-amz-access-token": token, "content-type": content_type}
    return fetch(server.url, target, method="POST", headers=headers, body=body)


def mint(server: Served, seller: Seller, resources: Any, **members: Any) -> str:
    """A restricted data token, which must be given."""
    body = json.dumps({"restrictedResources": resources, **members}).encode()
    answer = ask(server, seller.access_token, body)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == JSON
    assert answer.headers["x-amzn-ratelimit-limit"] == "1.0"
    found = answer.json()
    assert list(found) == ["restrictedDataToken", "expiresIn"]
    assert found["expiresIn"] == 3600
    token: str = found["restrictedDataToken"]
    assert token.startswith("Atz.sprdt|")
    return token


def use(server: Served, token: str, target: str) -> Answered:
    return fetch(server.url, target, headers={"x-amz-access-token": token})


def error(answer: Answered) -> tuple[int, str, str, str]:
    (found,) = answer.json()["errors"]
    assert list(found) == ["code", "message", "details"]
    return answer.status, found["code"], found["message"], found["details"]


INTERIM = {
    "statusCode": "clinic-asked",
    "statusDateTime": "2026-11-20T08:00:00Z",
}
REPORT = {
    "regulatedOrderVerificationStatus": {
        "status": "Pending",
        "externalReviewerId": "reviewer-7",
        "verificationDetails": {"interimStatusDetail": INTERIM},
    }
}
"""A report that a regulated order takes as often as it comes."""

CONFIRMATION = {
    "marketplaceId": US,
    "packageDetail": {
        "carrierCode": "UPS",
        "trackingNumber": "1Z",
        "shipDate": "2026-11-20T08:00:00Z",
        "orderItems": [{"orderItemId": FULL_ITEM["OrderItemId"], "quantity": 1}],
    },
}

OPERATIONS = {
    "getOrders": ("GET", ORDERS),
    "getOrder": ("GET", GENERIC),
    "getOrderBuyerInfo": ("GET", f"{GENERIC}/buyerInfo"),
    "getOrderAddress": ("GET", f"{GENERIC}/address"),
    "getOrderItems": ("GET", f"{GENERIC}/orderItems"),
    "getOrderItemsBuyerInfo": ("GET", f"{GENERIC}/orderItems/buyerInfo"),
    "getOrderRegulatedInfo": ("GET", f"{GENERIC}/regulatedInfo"),
    "updateVerificationStatus": ("PATCH", f"{GENERIC}/regulatedInfo"),
    "confirmShipment": ("POST", f"{GENERIC}/shipmentConfirmation"),
    "updateShipmentStatus": ("POST", f"{GENERIC}/shipment"),
    "createRestrictedDataToken": ("POST", MINT),
}
"""Every operation that takes a token, with its method and path."""
WRITES = ("updateVerificationStatus", "confirmShipment", "updateShipmentStatus")
"""Those that a restricted data token does not open."""


def call(server: Served, operation: str, token: str | None, order_id: str = ID) -> Answered:
    """One call as it should be, whatever the token."""
    method, path = OPERATIONS[operation]
    target = path.replace("{orderId}", order_id) + (QUERY if operation == "getOrders" else "")
    body = {
        "updateVerificationStatus": REPORT,
        "confirmShipment": CONFIRMATION,
        "updateShipmentStatus": {"marketplaceId": US, "shipmentStatus": "ReadyForPickup"},
        "createRestrictedDataToken": {"restrictedResources": [resource(GENERIC)]},
    }.get(operation)
    headers = {} if token is None else {"x-amz-access-token": token}
    if body is not None:
        headers["content-type"] = JSON
    sent = None if body is None else json.dumps(body).encode()
    return fetch(server.url, target, method=method, headers=headers, body=sent)


def mint_for(server: Served, seller: Seller, operation: str, *elements: str) -> str:
    """A restricted data token for that operation alone."""
    method, path = OPERATIONS[operation]
    return mint(server, seller, [resource(path, *elements, method=method)])
