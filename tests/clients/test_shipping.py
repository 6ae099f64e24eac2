"""Four real clients confirm shipments and report pickups, and each understands the refusals (issue 4; O-24, O-29)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.driver import CLIENTS, Client, Refused
from tests.orders.lines import US
from tests.server.confirming import ITEM_ID, ORDER_ID, body, load, shipped, standing
from tests.serving import READER, Seller, Served

ROLES = (READER, "Direct-to-Consumer Shipping (Restricted)")
PICKUP: dict[str, Any] = {
    "marketplaceId": US,
    "shipmentStatus": "ReadyForPickup",
    "orderItems": [{"orderItemId": ITEM_ID, "quantity": 3}],
}


@pytest.fixture
def seller(shop: Served) -> Seller:
    """A seller of this test alone, with the order of the seed's examples."""
    added = shop.add_seller([US], ROLES)
    load(shop, added)
    return added


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, seller: Seller) -> Iterator[Client]:
    with Client(request.param, seller) as running:
        yield running


def test_client_ships_an_order_in_two_packages(client: Client, seller: Seller) -> None:
    """O-24, O-26: several calls with different references; an edit is the same call again (O-25)."""
    first = body(1, packageReferenceId="101")
    assert client.call("confirmShipment", ORDER_ID, body=first) is None
    assert standing(seller)[:3] == ("PartiallyShipped", 1, 2)
    edited = body(1, packageReferenceId="101", trackingNumber="1Z86V8030385598958")
    assert client.call("confirmShipment", ORDER_ID, body=edited) is None
    second = body(2, packageReferenceId="102")
    assert client.call("confirmShipment", ORDER_ID, body=second) is None
    assert standing(seller)[:3] == ("Shipped", 3, 0)
    assert shipped(seller) == [3]


def test_client_tells_that_too_much_was_shipped(client: Client, seller: Seller) -> None:
    with pytest.raises(Refused) as caught:
        client.call("confirmShipment", ORDER_ID, body=body(4))
    assert caught.value.refusal.code == "InvalidInput"
    message = caught.value.refusal.message
    assert message is not None
    assert message.startswith("Failed to create/update package due to overfulfillment")
    assert standing(seller)[:3] == ("Unshipped", 0, 3)


def test_client_reports_a_pickup(shop: Served, client: Client, seller: Seller) -> None:
    """Contract 4.2."""
    load(shop, seller, IsISPU=True)
    assert client.call("updateShipmentStatus", ORDER_ID, body=PICKUP) is None
    assert standing(seller)[:3] == ("Unshipped", 0, 3)
    taken = {**PICKUP, "shipmentStatus": "PickedUp"}
    assert client.call("updateShipmentStatus", ORDER_ID, body=taken) is None
    assert standing(seller)[:3] == ("Shipped", 3, 0)
