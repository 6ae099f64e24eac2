"""Restricted fields go for good, by the operator's word for one order and by the worker for old ones (issue 3, point 7)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.orders.lines import FULL_ITEM, SECRET, US, full_line
from tests.orders.reviewing import regulated_info
from tests.server.plain import Answered
from tests.server.restricted import (
    INVOICING,
    JSON,
    ORDERS,
    QUERY,
    SHIPPING,
    call,
    mint_for,
    use,
)
from tests.serving import READER, Seller, Served, served

ELEMENTS = ("buyerInfo", "shippingAddress", "buyerTaxInformation")
READS = [
    "getOrders",
    "getOrder",
    "getOrderBuyerInfo",
    "getOrderAddress",
    "getOrderItems",
    "getOrderItemsBuyerInfo",
]
EMAIL = "open@example.test"
SECONDS = 30
NOW = "2026-11-22T09:30:00Z"


def order_id(number: int) -> str:
    return f"249-7000000-{number:07}"


def line(seller: Seller, number: int, **changes: Any) -> dict[str, Any]:
    whole = full_line(AmazonOrderId=order_id(number), **changes)
    info = {**regulated_info(), "AmazonOrderId": order_id(number)}
    return {**whole, "sellerId": seller.seller_id, "orderItems": [FULL_ITEM], "regulatedInfo": info}


def add_owner(server: Served) -> Seller:
    return server.add_seller([US], [READER, SHIPPING, INVOICING])


def opened(server: Served, owner: Seller, operation: str, number: int) -> Answered:
    """With all that a restricted data token can open."""
    return call(server, operation, mint_for(server, owner, operation, *ELEMENTS), order_id(number))


def has_secrets(server: Served, owner: Seller, number: int) -> bool:
    return SECRET.encode() in opened(server, owner, "getOrder", number).body


def is_erased(server: Served, owner: Seller, number: int) -> None:
    """Nothing of the buyer is left, whatever the token; the order is as it was."""
    for operation in READS[1:]:
        for answer in (
            opened(server, owner, operation, number),
            call(server, operation, owner.access_token, order_id(number)),
        ):
            assert answer.status == 200
            assert SECRET.encode() not in answer.body
            assert EMAIL.encode() not in answer.body
    assert opened(server, owner, "getOrderRegulatedInfo", number).status == 400
    order = opened(server, owner, "getOrder", number).json()["payload"]
    assert order["ShippingAddress"].keys() == {
        "City", "StateOrRegion", "PostalCode", "CountryCode"
    }  # fmt: skip
    assert order["BuyerInfo"] == {}
    assert "BuyerTaxInformation" not in order
    assert order["OrderTotal"]
    (item,) = opened(server, owner, "getOrderItems", number).json()["payload"]["OrderItems"]
    assert item["BuyerInfo"].keys() == {"GiftWrapPrice", "GiftWrapTax", "GiftWrapLevel"}
    assert item["ItemPrice"]
    token = mint_for(server, owner, "getOrders", *ELEMENTS)
    query = f"&AmazonOrderIds={order_id(number)}"
    assert use(server, token, ORDERS + QUERY + query).json()["payload"]["Orders"] == [order]
    by_email = f"&BuyerEmail={EMAIL}"
    found = use(server, token, ORDERS + QUERY + query + by_email).json()["payload"]["Orders"]
    assert found == []


def erase(server: Served, owner: Seller, number: int) -> int:
    return server.operator.post(f"/orders/{owner.seller_id}/{order_id(number)}/erase").status_code


def test_operator_erases_one_order(unlimited: Served) -> None:
    """eraseOrder, whatever the order's status; again it changes nothing, and other orders keep everything."""
    owner, other = add_owner(unlimited), add_owner(unlimited)
    for number, status in enumerate(("Shipped", "Unshipped", "Shipped")):
        unlimited.load(line(owner, number, OrderStatus=status))
    unlimited.load(line(other, 0))
    ordinary = call(unlimited, "getOrder", owner.access_token, order_id(0)).json()["payload"]
    for number in (0, 1):
        assert has_secrets(unlimited, owner, number)
        assert [erase(unlimited, owner, number) for _ in range(2)] == [204, 204]
        is_erased(unlimited, owner, number)
    after = call(unlimited, "getOrder", owner.access_token, order_id(0)).json()["payload"]
    assert after == {**ordinary, "BuyerInfo": {}}
    assert has_secrets(unlimited, owner, 2)
    assert has_secrets(unlimited, other, 0)
    assert opened(unlimited, owner, "getOrderRegulatedInfo", 2).status == 200


def test_nothing_but_the_import_brings_it_back(unlimited: Served) -> None:
    owner = add_owner(unlimited)
    unlimited.load(line(owner, 0))
    before = [opened(unlimited, owner, operation, 0).body for operation in READS[1:]]
    assert erase(unlimited, owner, 0) == 204
    report = call(unlimited, "updateVerificationStatus", owner.access_token, order_id(0))
    assert report.status == 400
    is_erased(unlimited, owner, 0)
    unlimited.load(line(owner, 0))
    assert [opened(unlimited, owner, operation, 0).body for operation in READS[1:]] == before


@pytest.mark.parametrize("how", ["unknown order", "unknown seller", "no order's id", "foreign"])
def test_order_that_is_not_there_is_a_404(unlimited: Served, how: str) -> None:
    owner, other = add_owner(unlimited), add_owner(unlimited)
    unlimited.load(line(owner, 0))
    path = {
        "unknown order": f"{owner.seller_id}/{order_id(9)}",
        "unknown seller": f"NOBODY/{order_id(0)}",
        "no order's id": f"{owner.seller_id}/x",
        "foreign": f"{other.seller_id}/{order_id(0)}",
    }[how]
    answer = unlimited.operator.post(f"/orders/{path}/erase")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "ResourceNotFound")
    assert has_secrets(unlimited, owner, 0)


def test_only_the_operator_erases(unlimited: Served) -> None:
    owner = add_owner(unlimited)
    unlimited.load(line(owner, 0))
    path = f"/-/api/v1/orders/{owner.seller_id}/{order_id(0)}/erase"
    for headers in ({}, {"authorization": f"Bearer {owner.access_token}"}):
        sent = owner.exchange("POST", path, **headers, **{"content-type": JSON})
        assert sent.status_code == 403
    assert has_secrets(unlimited, owner, 0)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_worker_erases_what_has_had_its_time_by_the_operators_clock(
    data: Path, own_database: str | None
) -> None:
    """`--erase-restricted-after`: thirty days after an order was shipped or cancelled, and of no other order ever."""
    flags = ("--usage-plans", "off", "--erase-restricted-after", "P30D")
    made = [
        # 30 days before the clock, a second less, long ago but not sent, cancelled long ago.
        {"OrderStatus": "Shipped", "LastUpdateDate": "2026-10-23T09:29:59Z"},
        {"OrderStatus": "Shipped", "LastUpdateDate": "2026-11-22T09:00:00Z"},
        {"OrderStatus": "Unshipped", "LastUpdateDate": "2026-03-02T10:00:00Z"},
        {"OrderStatus": "Canceled", "LastUpdateDate": "2026-03-02T10:00:00Z"},
    ]
    with served(data, "--usage-plans", "off", database=own_database) as server:
        server.set_clock(now=NOW, running=False)
        owner = add_owner(server)
        server.load(*(line(owner, number, **dates) for number, dates in enumerate(made)))
        # Without the setting nothing is ever erased; the worker looks as soon as it has started.
        time.sleep(3)
        assert [has_secrets(server, owner, number) for number in range(4)] == [True] * 4
    with served(data, *flags, database=own_database) as server:
        owner = again(server, owner)
        until(lambda: not has_secrets(server, owner, 0) and not has_secrets(server, owner, 3))
        is_erased(server, owner, 0)
        assert has_secrets(server, owner, 1)
        assert has_secrets(server, owner, 2)
        # The worker goes on until nothing is left, and asks for the time before each step.
        until(lambda: erased(data) == [2])
        server.set_clock(advance="P30D")
        owner.renew()
        assert has_secrets(server, owner, 1)
    with served(data, *flags, database=own_database) as server:
        owner = again(server, owner)
        until(lambda: not has_secrets(server, owner, 1))
        is_erased(server, owner, 1)
        assert has_secrets(server, owner, 2)
        until(lambda: erased(data) == [1])


def erased(data: Path) -> list[int]:
    """How many orders the worker says that it erased, since the last start."""
    said = (data.parent / f"{data.name}.log").read_text("utf-8")
    done = [json.loads(one) for one in said.splitlines() if "chore done" in one]
    return [one["count"] for one in done if one["chore"] == "erase restricted fields"]


def again(server: Served, owner: Seller) -> Seller:
    """The same seller after a restart."""
    seller = Seller(
        server.url,
        {"seller_id": owner.seller_id, "marketplace_ids": [US], "lwa": owner.lwa},
    )
    server.sellers.append(seller)
    return seller
