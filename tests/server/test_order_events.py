"""What the operator lets happen to an order, and its history (issue 4; O-5): recordOrderEvent, getOrderHistory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.orders.lines import BRAZIL, US
from tests.orders.reviewing import regulated_info, report
from tests.server.confirming import (
    ITEM,
    ITEM_ID,
    ORDER_ID,
    body,
    confirmed,
    events,
    history,
    load,
    message,
    post,
    record,
    shipped,
    standing,
)
from tests.server.confirming import ORDER as ORDER_MEMBERS
from tests.server.plain import fetch
from tests.serving import Seller, Served, served
from torihiki.admin.v1 import schemas
from torihiki.orders.events import OPERATOR_EVENTS
from torihiki.orders.v0.schemas import EasyShipShipmentStatus, ElectronicInvoiceStatus

NOW = "2026-11-22T09:30:00Z"
ORDER = f"/orders/v0/orders/{ORDER_ID}"


@pytest.fixture
def seller(unlimited: Served) -> Seller:
    """A seller of this test alone, with an order that is paid for."""
    added = unlimited.add_seller([US])
    load(unlimited, added)
    return added


@pytest.fixture(scope="module")
def untouched(unlimited: Served) -> Seller:
    """A seller whose order stays as it is, for requests that are refused."""
    added = unlimited.add_seller([US])
    load(unlimited, added)
    return added


@pytest.fixture
def unpaid(unlimited: Served) -> Seller:
    added = unlimited.add_seller([US])
    load(unlimited, added, OrderStatus="PendingAvailability", OrderType="Preorder")
    return added


def happened(server: Served, seller: Seller, event: str, **members: Any) -> str:
    """The order's status after the event, which must be taken."""
    answer = record(server, seller, event, **members)
    assert answer.status == 200, answer
    found = answer.json()
    assert list(found) == ["orderId", "orderStatus", "lastUpdateDate"]
    assert found["orderId"] == ORDER_ID
    return str(found["orderStatus"])


def refusal(server: Served, seller: Seller, event: str, **members: Any) -> tuple[int, str]:
    answer = record(server, seller, event, **members)
    (error,) = answer.json()["errors"]
    return answer.status, error["message"]


def test_api_has_the_words_of_the_rules() -> None:
    """The families do not import each other, so each has its own list."""
    tags = [kind.__struct_config__.tag for kind in get_args(schemas.AnyOrderEvent)]
    assert sorted(map(str, tags)) == sorted(OPERATOR_EVENTS)
    assert set(get_args(schemas.InvoiceStatus)) == set(ElectronicInvoiceStatus)
    assert set(get_args(schemas.ParcelStatus)) == set(EasyShipShipmentStatus)


def test_preorder_is_released_paid_shipped_and_delivered(unlimited: Served, unpaid: Seller) -> None:
    """O-5: every step moves LastUpdateDate and is found by it; payment reveals prices and address (contract 1.4)."""
    before = unpaid.payload(ORDER)
    assert not {"OrderTotal", "ShippingAddress"} & before.keys()
    steps = [
        ("preorder_released", "Pending"),
        ("payment_authorized", "Unshipped"),
        ("shipped", "Shipped"),
        ("delivered", "Shipped"),
    ]
    for minute, (event, status) in enumerate(steps, 1):
        unlimited.set_clock(advance="PT1M")
        assert happened(unlimited, unpaid, event) == status
        assert standing(unpaid)[0] == status
        assert standing(unpaid)[3] == f"2026-11-22T09:3{minute}:00Z"
        query = {"MarketplaceIds": US, "LastUpdatedAfter": f"2026-11-22T09:3{minute}:00Z"}
        assert [order["OrderStatus"] for order in unpaid.orders(query)] == [status]
    unlimited.set_clock(now=NOW, running=False)
    after = unpaid.payload(ORDER)
    assert after["OrderTotal"] == {"CurrencyCode": "USD", "Amount": "30.00"}
    assert after["ShippingAddress"] == {"City": "Springfield", "CountryCode": "US"}
    (item,) = unpaid.payload(f"{ORDER}/orderItems")["OrderItems"]
    assert (item["QuantityShipped"], item["ItemPrice"]["Amount"]) == (3, "30.00")
    assert events(unlimited, unpaid) == steps
    assert {entry["by"] for entry in history(unlimited, unpaid)["entries"]} == {"operator"}


def test_buyer_wishes_to_cancel_and_the_seller_cancels(unlimited: Served, seller: Seller) -> None:
    wish = {"reason": "changed my mind", "orderItemIds": [ITEM_ID]}
    assert happened(unlimited, seller, "cancel_requested", **wish) == "Unshipped"
    (item,) = seller.payload(f"{ORDER}/orderItems")["OrderItems"]
    assert item["BuyerRequestedCancel"] == {
        "IsBuyerRequestedCancel": "true",
        "BuyerCancelReason": "changed my mind",
    }
    assert happened(unlimited, seller, "canceled", canceledBy="seller") == "Canceled"
    assert standing(seller)[:3] == ("Canceled", 0, 0)
    details = [entry["details"] for entry in history(unlimited, seller)["entries"]]
    assert details == [wish, {"canceledBy": "seller"}]
    answer = post(unlimited, seller, body(1))
    assert message(answer).startswith("ErrorCode: NonexistentOrderItem")


def test_shipped_in_parts(unlimited: Served, seller: Seller) -> None:
    part = [{"orderItemId": ITEM_ID, "quantity": 1}]
    assert happened(unlimited, seller, "shipped", items=part) == "PartiallyShipped"
    confirmed(unlimited, seller, body(1))
    assert happened(unlimited, seller, "shipped") == "Shipped"
    assert shipped(seller) == [3]


def test_invoice_of_a_brazilian_order(unlimited: Served, seller: Seller) -> None:
    load(unlimited, seller, MarketplaceId=BRAZIL, ElectronicInvoiceStatus="NotFound")
    assert happened(unlimited, seller, "shipped") == "InvoiceUnconfirmed"
    moved = {"electronicInvoiceStatus": "Processing"}
    assert happened(unlimited, seller, "invoice_status", **moved) == "InvoiceUnconfirmed"
    assert happened(unlimited, seller, "invoice_confirmed") == "Shipped"
    assert seller.payload(ORDER)["ElectronicInvoiceStatus"] == "Accepted"
    query = {"MarketplaceIds": BRAZIL, "CreatedAfter": "2026-01-01", "ElectronicInvoiceStatuses": "Accepted"}  # fmt: skip
    assert len(seller.orders(query)) == 1


def test_easy_ship_parcel_takes_its_steps(unlimited: Served, seller: Seller) -> None:
    """O-13: found by the filter after each step."""
    load(unlimited, seller, EasyShipShipmentStatus="PendingSchedule")
    for step, status in (
        ("PendingPickUp", "Unshipped"),
        ("PickedUp", "Shipped"),
        ("OutForDelivery", "Shipped"),
    ):
        moved = {"easyShipShipmentStatus": step}
        assert happened(unlimited, seller, "easy_ship_status", **moved) == status
        query = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01", "EasyShipShipmentStatuses": step}  # fmt: skip
        assert len(seller.orders(query)) == 1
    assert happened(unlimited, seller, "delivered") == "Shipped"
    assert seller.payload(ORDER)["EasyShipShipmentStatus"] == "Delivered"


def test_amazon_cannot_fulfil_an_order(unlimited: Served, seller: Seller) -> None:
    load(unlimited, seller, FulfillmentChannel="AFN")
    assert happened(unlimited, seller, "unfulfillable") == "Unfulfillable"


@pytest.mark.parametrize(
    ("event", "members"),
    [
        ("payment_authorized", {}),
        ("preorder_released", {}),
        ("delivered", {}),
        ("invoice_confirmed", {}),
        ("unfulfillable", {}),
        ("easy_ship_status", {"easyShipShipmentStatus": "PickedUp"}),
        ("shipped", {"items": [{"orderItemId": ITEM_ID, "quantity": 4}]}),
        ("shipped", {"items": [{"orderItemId": "1", "quantity": 1}]}),
        ("cancel_requested", {"orderItemIds": ["1"]}),
    ],
)
def test_event_that_cannot_happen_is_a_conflict_that_names_status_and_event(
    unlimited: Served, untouched: Seller, event: str, members: dict[str, Any]
) -> None:
    status, said = refusal(unlimited, untouched, event, **members)
    assert status == 409
    assert "Unshipped" in said
    assert event in said
    assert events(unlimited, untouched) == []
    assert standing(untouched)[3] == "2026-11-20T10:30:00Z"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"event": "shipped"},
        {"sellerId": "S"},
        {"sellerId": "S", "event": "exploded"},
        {"sellerId": "S", "event": 1},
        {"sellerId": "", "event": "shipped"},
        {"sellerId": "S", "event": "package_confirmed"},
        {"sellerId": "S", "event": "verification_rejected"},
        {"sellerId": "S", "event": "shipped", "reason": "none"},
        {"sellerId": "S", "event": "shipped", "items": []},
        {"sellerId": "S", "event": "shipped", "items": [{"orderItemId": "1", "quantity": 0}]},
        {"sellerId": "S", "event": "shipped", "items": [{"orderItemId": "1", "quantity": 1}] * 2},
        {"sellerId": "S", "event": "invoice_status"},
        {"sellerId": "S", "event": "invoice_status", "electronicInvoiceStatus": "Lost"},
        {"sellerId": "S", "event": "easy_ship_status", "easyShipShipmentStatus": "Accepted"},
        {"sellerId": "S", "event": "canceled", "canceledBy": "nobody"},
        {"sellerId": "S", "event": "canceled", "reason": "two\nlines"},
        {"sellerId": "S", "event": "canceled", "reason": "x" * 501},
        [],
        None,
    ],
    ids=range(20),
)
def test_bad_event_is_refused(unlimited: Served, sent: Any) -> None:
    answer = unlimited.operator.post(f"/orders/{ORDER_ID}/events", json=sent)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


@pytest.mark.parametrize("order_id", ["249-0000000-0000000", "1", "%00", "a%20b"])
def test_order_that_is_not_there_has_neither_events_nor_history(
    unlimited: Served, untouched: Seller, order_id: str
) -> None:
    sent = {"sellerId": untouched.seller_id, "event": "canceled"}
    answers = [
        unlimited.operator.post(f"/orders/{order_id}/events", json=sent),
        unlimited.operator.get(
            f"/orders/{order_id}/history", params={"sellerId": untouched.seller_id}
        ),
        unlimited.operator.get(f"/orders/{ORDER_ID}/history", params={"sellerId": "NOBODY"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3


def test_history_comes_in_pages(unlimited: Served, seller: Seller) -> None:
    for number in range(1, 6):
        wish = {"reason": f"wish {number}"}
        happened(unlimited, seller, "cancel_requested", **wish)
    query: dict[str, str] = {"pageSize": "2"}
    found: list[list[str]] = []
    while True:
        page = history(unlimited, seller, **query)
        found.append([entry["details"]["reason"] for entry in page["entries"]])
        if "nextToken" not in page:
            break
        query["nextToken"] = page["nextToken"]
    assert found == [["wish 1", "wish 2"], ["wish 3", "wish 4"], ["wish 5"]]


@pytest.mark.parametrize(
    "query",
    ["", "sellerId=", "sellerId=%00", "sellerId=S&pageSize=0", "sellerId=S&nextToken=x", "sellerId=S&sellerId=S",
     "sellerId=S&nextToken=WyJhIl0=", "sellerId=S&nextToken=WyIxMjM0NTY3ODkwMTIzNDU2Nzg5MCJd", "sellerId=%FF"],
)  # fmt: skip
def test_bad_question_for_a_history_is_refused(unlimited: Served, query: str) -> None:
    answer = unlimited.operator.get(f"/orders/{ORDER_ID}/history?{query}")
    assert answer.status_code == 400, answer.text


def test_events_are_the_operators_alone(unlimited: Served, untouched: Seller) -> None:
    for method, suffix in (("POST", "events"), ("GET", "history")):
        path = f"/-/api/v1/orders/{ORDER_ID}/{suffix}"
        headers = {"x-amz-access-token": untouched.access_token}
        assert fetch(unlimited.url, path, method=method, headers=headers).status == 403


def test_same_order_id_of_two_sellers_are_two_orders(unlimited: Served, seller: Seller) -> None:
    other = unlimited.add_seller([US])
    load(unlimited, other)
    happened(unlimited, other, "canceled")
    assert (standing(seller)[0], standing(other)[0]) == ("Unshipped", "Canceled")
    assert events(unlimited, seller) == []


def test_operator_moves_an_order_that_nobody_sees_any_more(
    unlimited: Served, seller: Seller
) -> None:
    old = "2020-01-01T00:00:00Z"
    load(unlimited, seller, PurchaseDate=old, LastUpdateDate=old)
    assert happened(unlimited, seller, "canceled") == "Canceled"


def test_erased_order_goes_on_without_its_people(unlimited: Served, unpaid: Seller) -> None:
    """O-21: what was withheld until payment and is not restricted comes; people do not."""
    unlimited.ask("POST", f"/orders/{unpaid.seller_id}/{ORDER_ID}/erase")
    for event in ("preorder_released", "payment_authorized", "shipped"):
        happened(unlimited, unpaid, event)
    after = unpaid.payload(ORDER)
    assert after["OrderTotal"] == {"CurrencyCode": "USD", "Amount": "30.00"}
    assert after["ShippingAddress"] == {"City": "Springfield", "CountryCode": "US"}
    assert after["BuyerInfo"] == {}


def test_strict_server_refuses_what_amazon_sometimes_refuses(tmp_path: Path) -> None:
    """O-27, contract 4.1: `--strict`."""
    with served(tmp_path / "data", "--strict", "--usage-plans", "off") as server:
        server.set_clock(now=NOW, running=False)
        seller = server.add_seller([US])
        load(server, seller)
        expected = "PackageReferenceId: is invalid, must be a positive numeric value."
        assert message(post(server, seller, body(packageReferenceId=None))) == expected
        for date in ("2026-11-20T09:59:59Z", "2026-11-23T09:30:01Z"):
            assert "ShipDate" in message(post(server, seller, body(shipDate=date)))
        assert events(server, seller) == []
        confirmed(server, seller, body())


def test_rejected_check_cancels_the_order(unlimited: Served) -> None:
    """O-31, O-5, decision 11."""
    seller = unlimited.add_seller([US])
    order = {**ORDER_MEMBERS, "HasRegulatedItems": True}
    info = {**regulated_info(), "AmazonOrderId": ORDER_ID}
    unlimited.load(
        {
            "sellerId": seller.seller_id,
            "order": order,
            "orderItems": [dict(ITEM)],
            "regulatedInfo": info,
        }
    )
    sent = json.dumps(report("Rejected", rejectionReasonId="too-young")).encode()
    answer = fetch(
        unlimited.url,
        f"{ORDER}/regulatedInfo",
        method="PATCH",
        headers={"x-amz-access-token": seller.access_token, "content-type": "application/json"},
        body=sent,
    )
    assert answer.status == 204
    assert standing(seller) == ("Canceled", 0, 0, NOW)
    (entry,) = history(unlimited, seller)["entries"]
    assert (entry["event"], entry["by"]) == ("verification_rejected", seller.application_id)
