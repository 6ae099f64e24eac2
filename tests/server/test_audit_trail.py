"""Every answer that shows restricted data is one entry of the audit trail, and no other answer is (issue 3, point 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.orders.lines import US, full_line, small_line
from tests.orders.reviewing import regulated_info
from tests.server.plain import Answered
from tests.server.restricted import (
    ID,
    INVOICING,
    ORDERS,
    SHIPPING,
    call,
    mint,
    mint_for,
    resource,
    use,
)
from tests.serving import READER, Seller, Served

ELEMENTS = ("buyerInfo", "shippingAddress", "buyerTaxInformation")
EVERY = sorted(ELEMENTS)
SHOWN = {
    "getOrders": EVERY,
    "getOrder": EVERY,
    "getOrderBuyerInfo": ["buyerInfo"],
    "getOrderAddress": ["shippingAddress"],
    "getOrderItems": ["buyerInfo"],
    "getOrderItemsBuyerInfo": ["buyerInfo"],
    "getOrderRegulatedInfo": ["regulatedInformation"],
}


@pytest.fixture
def owner(unlimited: Served) -> Seller:
    owner = unlimited.add_seller([US], [READER, SHIPPING, INVOICING])
    line = {**full_line(), "sellerId": owner.seller_id, "regulatedInfo": regulated_info()}
    unlimited.load(line, small_line(2, seller=owner.seller_id))
    return owner


def entries(server: Served, seller: Seller) -> list[dict[str, Any]]:
    """The seller's, the newest first."""
    found: list[dict[str, Any]] = server.ask("GET", f"/audit?sellerId={seller.seller_id}")[
        "entries"
    ]
    return found


def entry(
    owner: Seller, operation: str, token: str, elements: list[str], orders: list[str], how: Answered
) -> dict[str, Any]:
    return {
        "at": "2026-11-22T09:30:00Z",
        "requestId": how.headers["x-amzn-requestid"],
        "sellerId": owner.seller_id,
        "applicationId": owner.application_id,
        "tokenId": hashlib.sha256(token.encode()).hexdigest()[:16],
        "operation": operation,
        "elements": elements,
        "orderIds": orders,
    }


@pytest.mark.parametrize("operation", SHOWN)
def test_restricted_answer_is_one_entry_that_says_all(
    unlimited: Served, owner: Seller, operation: str
) -> None:
    token = mint_for(unlimited, owner, operation, *ELEMENTS)
    assert entries(unlimited, owner) == []
    answers = [call(unlimited, operation, token) for _ in range(2)]
    orders = [ID, "249-7000000-0000002"] if operation == "getOrders" else [ID]
    found = entries(unlimited, owner)
    for one in found:
        one["orderIds"].sort()
    wanted = [
        entry(owner, operation, token, SHOWN[operation], orders, answer) for answer in answers
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize(
    ("operation", "elements"),
    [("getOrders", ("buyerInfo",)), ("getOrder", ("shippingAddress", "buyerTaxInformation"))],
)
def test_entry_names_the_elements_that_were_opened_only(
    unlimited: Served, owner: Seller, operation: str, elements: tuple[str, ...]
) -> None:
    call(unlimited, operation, mint_for(unlimited, owner, operation, *elements))
    (found,) = entries(unlimited, owner)
    assert found["elements"] == sorted(elements)


def test_page_of_orders_names_its_own_orders(unlimited: Served, owner: Seller) -> None:
    """And an answer that shows no order is none of a person."""
    token = mint_for(unlimited, owner, "getOrders", "buyerInfo")
    for number, query in enumerate(("&MaxResultsPerPage=1", "&AmazonOrderIds=249-7000000-0000002", "&OrderStatuses=Canceled")):  # fmt: skip
        answer = use(
            unlimited, token, f"{ORDERS}?MarketplaceIds={US}&CreatedAfter=2026-01-01{query}"
        )
        shown = [order["AmazonOrderId"] for order in answer.json()["payload"]["Orders"]]
        found = [one["orderIds"] for one in entries(unlimited, owner)]
        assert len(found) == min(number + 1, 2)
        assert len(shown) == (number < 2)
        assert not shown or shown in found


UNSHOWN: dict[str, Callable[[Served, Seller], Answered]] = {
    "ordinary token": lambda server, owner: call(server, "getOrder", owner.access_token),
    "ordinary list": lambda server, owner: call(server, "getOrders", owner.access_token),
    "ordinary items": lambda server, owner: call(server, "getOrderItems", owner.access_token),
    "ordinary address": lambda server, owner: call(server, "getOrderAddress", owner.access_token),
    "token that opens nothing": lambda server, owner: call(
        server, "getOrder", mint_for(server, owner, "getOrder")
    ),
    "unknown order": lambda server, owner: call(
        server, "getOrder", mint_for(server, owner, "getOrder", *ELEMENTS), "249-7000000-0000009"
    ),
    "unknown order's address": lambda server, owner: call(
        server, "getOrderAddress", mint_for(server, owner, "getOrderAddress"), "x"
    ),
    "unregulated order": lambda server, owner: call(
        server,
        "getOrderRegulatedInfo",
        mint_for(server, owner, "getOrderRegulatedInfo"),
        "249-7000000-0000002",
    ),
    "refused query": lambda server, owner: use(
        server, mint_for(server, owner, "getOrders", *ELEMENTS), ORDERS
    ),
    "refused page": lambda server, owner: use(
        server,
        mint_for(server, owner, "getOrderItems", *ELEMENTS),
        f"{ORDERS}/{ID}/orderItems?NextToken=x",
    ),
    "another path": lambda server, owner: call(
        server, "getOrder", mint(server, owner, [resource(ORDERS, *ELEMENTS)])
    ),
    "report of a reviewer": lambda server, owner: call(
        server, "updateVerificationStatus", owner.access_token
    ),
}


@pytest.mark.parametrize("how", UNSHOWN)
def test_answer_that_shows_nothing_restricted_or_fails_is_no_entry(
    unlimited: Served, owner: Seller, how: str
) -> None:
    assert UNSHOWN[how](unlimited, owner).status in {200, 204, 400, 403}
    assert entries(unlimited, owner) == []


def test_entry_stays_when_the_order_is_erased(unlimited: Served, owner: Seller) -> None:
    """An erased order's entries say who saw it while it was there."""
    call(unlimited, "getOrder", mint_for(unlimited, owner, "getOrder", *ELEMENTS))
    before = entries(unlimited, owner)
    assert unlimited.ask("POST", f"/orders/{owner.seller_id}/{ID}/erase") is None
    assert entries(unlimited, owner) == before
    assert len(before) == 1
