"""updateShipmentStatus over HTTP, on both databases (issue 4; contract 4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.orders.lines import US
from tests.server.confirming import ITEM_ID, events, load, message, post, standing
from tests.server.plain import Answered
from tests.serving import Seller, Served


@pytest.fixture
def seller(unlimited: Served) -> Seller:
    """A seller of this test alone, with an order that is to be picked up."""
    added = unlimited.add_seller([US])
    load(unlimited, added, IsISPU=True)
    return added


@pytest.fixture(scope="module")
def untouched(unlimited: Served) -> Seller:
    """A seller whose order stays as it is, for requests that are refused."""
    added = unlimited.add_seller([US])
    load(unlimited, added, IsISPU=True)
    return added


def send(server: Served, seller: Seller, status: Any, **members: Any) -> Answered:
    sent = {"marketplaceId": US, "shipmentStatus": status, **members}
    return post(server, seller, sent, suffix="/shipment")


def test_pickup_ships_what_the_buyer_took(unlimited: Served, seller: Seller) -> None:
    answer = send(unlimited, seller, "ReadyForPickup")
    assert (answer.status, answer.body) == (204, b"")
    assert standing(seller)[0] == "Unshipped"
    taken = [{"orderItemId": ITEM_ID, "quantity": 3}]
    assert send(unlimited, seller, "PickedUp", orderItems=taken).status == 204
    assert standing(seller)[:3] == ("Shipped", 3, 0)
    assert [event for event, _ in events(unlimited, seller)] == ["pickup_status"] * 2


def test_normal_order_takes_no_status(unlimited: Served) -> None:
    seller = unlimited.add_seller([US])
    load(unlimited, seller)
    found = message(send(unlimited, seller, "RefusedPickup"))
    assert found == "Unsupported ShipmentStatus passed"
    for status in ("ReadyForPickup", "PickedUp"):
        found = message(send(unlimited, seller, status))
        assert found == "Invalid Request Parameters"


def test_empty_items_are_refused(unlimited: Served, untouched: Seller) -> None:
    answer = send(unlimited, untouched, "ReadyForPickup", orderItems=[])
    assert message(answer) == "Invalid Request Parameters"


def test_empty_texts_are_refused_as_amazon_does(unlimited: Served, untouched: Seller) -> None:
    """Contract 1.9 row 5, to the letter."""
    answer = send(unlimited, untouched, "", marketplaceId="")
    assert message(answer) == (
        "2 validation errors detected: Value '' at 'marketplaceId' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1; Value '' at 'shipmentStatus' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ReadyForPickup, RefusedPickup, PickedUp]"
    )


def test_marketplace_that_is_none_is_refused(unlimited: Served, untouched: Seller) -> None:
    answer = send(unlimited, untouched, "ReadyForPickup", marketplaceId="1")
    assert message(answer) == "Marketplace ID is not defined"
    assert answer.json()["errors"][0]["details"] == "1001"


@pytest.mark.parametrize(
    "members",
    [
        {"orderItems": {}},
        {"orderItems": [1]},
        {"orderItems": [{"orderItemId": 1}]},
        {"orderItems": [{"quantity": -1}]},
        {"orderItems": [{}]},
        {"orderItems": [{"orderItemId": "unknown", "quantity": 1}]},
        {"shipmentStatus": None},
        {"marketplaceId": 7},
    ],
)
def test_bad_body_is_refused(unlimited: Served, untouched: Seller, members: dict[str, Any]) -> None:
    status = members.get("shipmentStatus", "ReadyForPickup")
    rest = {name: value for name, value in members.items() if name != "shipmentStatus"}
    assert message(send(unlimited, untouched, status, **rest))
    assert events(unlimited, untouched) == []
