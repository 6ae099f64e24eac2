"""Whatever is imported, nobody without the right token gets a restricted text of it in any byte (issue 3; O-21, O-31).

Every restricted text holds a marker of its own. What is searched is whole: status line to last byte, every answer that
a stranger or a careless client can get, the log at its most talkative, the metrics, and the operator's audit trail.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orders.lines import FULL_ITEM, US, full_line
from tests.orders.reviewing import CHECK, PRESCRIPTION, regulated_info
from tests.server.plain import Answered, fetch
from tests.server.restricted import (
    GENERIC,
    INVOICING,
    JSON,
    MINT,
    OPERATIONS,
    QUERY,
    REPORT,
    SHIPPING,
    call,
    mint,
    mint_for,
    resource,
)
from tests.serving import READER, Seller, Served

NUMBERS = itertools.count(1)
RUN = secrets.token_hex(4)
MARKER = re.compile(rb"mk[0-9a-f]{8}[0-9]{7}x")
READS = [name for name, (method, _) in OPERATIONS.items() if method == "GET"]
ADDRESSED = {"Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed"}
PAID = ADDRESSED | {"Canceled", "Unfulfillable"}
ELEMENTS = ("shippingAddress", "buyerInfo", "buyerTaxInformation")

around = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=4)
"""What stands before and behind a marker: quotes, backslashes, controls, whatever JSON must escape."""


class Marked(NamedTuple):
    """An order with a marker in each restricted text, and the markers by what opens them."""

    line: dict[str, Any]
    order_id: str
    opened_by: dict[str, set[bytes]]
    """`email` is shown to the seller's own applications, `never` to nobody."""


class Marking:
    """Puts markers in the place of texts, and keeps account of them."""

    def __init__(self, before: str, behind: str) -> None:
        self._around = (before, behind)
        self.made: dict[str, set[bytes]] = {
            name: set() for name in (*ELEMENTS, "wishes", "regulated", "email", "never")
        }

    def text(self, opened_by: str) -> str:
        marker = f"mk{RUN}{next(NUMBERS):07}x"
        self.made[opened_by].add(marker.encode())
        return marker.join(self._around)

    def every(self, value: Any, opened_by: str) -> Any:
        """The value, with every text in it replaced."""
        if isinstance(value, dict):
            return {name: self.every(member, opened_by) for name, member in value.items()}
        if isinstance(value, list):
            return [self.every(member, opened_by) for member in value]
        return self.text(opened_by) if isinstance(value, str) else value


def address_of(marking: Marking, address: dict[str, Any], opened_by: str) -> dict[str, Any]:
    closed = {
        name: member
        for name, member in address.items()
        if name not in {"City", "StateOrRegion", "PostalCode", "CountryCode", "AddressType"}
    }
    return {**address, **marking.every(closed, opened_by)}


@st.composite
def orders(draw: st.DrawFn) -> Marked:
    marking = Marking(draw(around), draw(around))
    status = draw(st.sampled_from(sorted(PAID | {"Pending", "PendingAvailability"})))
    channel = draw(st.sampled_from(["AFN", "MFN", "SellerFulfilled"]))
    until = draw(st.sampled_from(["2026-03-05T00:00:00Z", "2026-12-05T00:00:00Z"]))
    order_id = f"249-8000000-{next(NUMBERS):07}"
    line = full_line(
        AmazonOrderId=order_id,
        OrderStatus=status,
        FulfillmentChannel=channel,
        LatestDeliveryDate=until,
    )
    order = line["order"]
    shown = "shippingAddress" if status in ADDRESSED and channel != "AFN" else "never"
    order["ShippingAddress"] = address_of(marking, order["ShippingAddress"], shown)
    if "shippingAddress" in shown and status == "Shipped" and until < "2026-11-22":
        order["ShippingAddress"]["Phone"] = marking.text("never")
        phones = MARKER.findall(json.dumps(order["ShippingAddress"]).encode())
        marking.made[shown] &= set(phones) - marking.made["never"]
    buyer = marking.every(order["BuyerInfo"], "buyerInfo")
    order["BuyerInfo"] = {**buyer, "BuyerEmail": marking.text("email")}
    marking.made["buyerInfo"] &= set(MARKER.findall(json.dumps(order["BuyerInfo"]).encode()))
    order["BuyerTaxInformation"] = marking.every(order["BuyerTaxInformation"], ELEMENTS[2])
    wishes = {
        "BuyerCustomizedInfo": {"CustomizedURL": "url"},
        "GiftMessageText": "text",
    }
    wishes = marking.every(wishes, "wishes" if status in PAID else "never")
    line["orderItems"] = [{**FULL_ITEM, "BuyerInfo": {**FULL_ITEM["BuyerInfo"], **wishes}}]
    info = regulated_info()
    info["AmazonOrderId"] = order_id
    for field in info["RegulatedInformation"]["Fields"]:
        field.update(marking.every({"FieldLabel": "x", "FieldValue": "x"}, "regulated"))
    line["regulatedInfo"] = info
    for name in draw(
        st.sets(st.sampled_from(["ShippingAddress", "BuyerTaxInformation", "IsISPU"]))
    ):
        del order[name]
    here = set(MARKER.findall(json.dumps(line).encode()))
    opened = {name: markers & here for name, markers in marking.made.items()}
    return Marked(line, order_id, opened)


class World(NamedTuple):
    server: Served
    owner: Seller
    stranger: Seller
    outsider: Seller

    def log(self) -> bytes:
        data = self.server.data
        return (data.parent / f"{data.name}.log").read_bytes()


@pytest.fixture(scope="module")
def world(unlimited: Served) -> World:
    every_role = [READER, SHIPPING, INVOICING]
    return World(
        unlimited,
        unlimited.add_seller([US], every_role),
        unlimited.add_seller([US], every_role),
        unlimited.add_seller([US], ["Brand Analytics"]),
    )


def markers(answer: Answered) -> set[bytes]:
    """The markers in an answer, wherever they stand."""
    return set(MARKER.findall(answer.body + b"\n" + json.dumps(answer.headers).encode()))


def expected(order: Marked, operation: str, elements: frozenset[str]) -> set[bytes]:
    """What a restricted data token of the owner shows on an operation."""
    by = order.opened_by
    if operation == "getOrderRegulatedInfo":
        return by["regulated"]
    if operation == "getOrderAddress":
        return by["shippingAddress"]
    if operation == "getOrderBuyerInfo":
        return by["buyerInfo"] | by["email"]
    if operation == "getOrderItemsBuyerInfo":
        return by["wishes"]
    if operation == "getOrderItems":
        return by["wishes"] if "buyerInfo" in elements else set()
    return by["email"].union(*(by[name] for name in elements))


def ask(world: World, operation: str, token: str | None, order: Marked) -> Answered:
    """One call, of getOrders for this order alone."""
    if operation != "getOrders":
        return call(world.server, operation, token, order.order_id)
    target = f"/orders/v0/orders{QUERY}&AmazonOrderIds={order.order_id}"
    headers = {} if token is None else {"x-amz-access-token": token}
    return fetch(world.server.url, target, headers=headers)


def operators_answer(world: World, path: str) -> Answered:
    bearer = f"Bearer {world.server.credentials['operator_token']}"
    return fetch(world.server.url, f"/-/api/v1{path}", headers={"authorization": bearer})


def careless(world: World, order: Marked) -> list[Answered]:
    """Requests that fail and carry personal data: no answer repeats what is stored."""
    owner = world.owner.access_token
    path = f"/orders/v0/orders/{order.order_id}"
    report = {**REPORT["regulatedOrderVerificationStatus"], "status": "Rejected"}
    details = {"verificationDetails": {"prescriptionDetail": PRESCRIPTION}}
    bodies = [
        {"regulatedOrderVerificationStatus": report},
        {"regulatedOrderVerificationStatus": {**report, "rejectionReasonId": "none"}},
        {"regulatedOrderVerificationStatus": {**report, **details}},
        {"regulatedOrderVerificationStatus": []},
    ]
    headers = {"x-amz-access-token": owner, "content-type": JSON}
    url = world.server.url
    return [
        *(
            fetch(
                url,
                f"{path}/regulatedInfo",
                method="PATCH",
                headers=headers,
                body=json.dumps(body).encode(),
            )
            for body in bodies
        ),
        fetch(url, f"{path}/nothing", headers=headers),
        fetch(url, f"{path}/orderItems?NextToken=x", headers=headers),
        fetch(url, f"{path}/orderItems/buyerInfo?NextToken=+", headers=headers),
        fetch(url, f"/orders/v0/orders{QUERY}&NextToken=x", headers=headers),
        fetch(url, path, method="DELETE", headers=headers),
        fetch(url, path, method="HEAD", headers=headers),
        fetch(url, MINT, method="POST", headers=headers, body=b"{"),
    ]


@given(order=orders(), elements=st.frozensets(st.sampled_from(ELEMENTS)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
def test_without_the_right_token_nothing_and_with_it_exactly_its_part(
    world: World, order: Marked, elements: frozenset[str]
) -> None:
    server, owner = world.server, world.owner
    order.line["sellerId"] = owner.seller_id
    server.load(order.line)
    elsewhere = mint(
        server, owner, [resource(f"{GENERIC}/x", *ELEMENTS), resource(f"{GENERIC}/", *ELEMENTS)]
    )
    # Before the writes: the owner's confirmShipment may ship the order, and so end the time of its telephone.
    for operation in READS:
        right = ask(world, operation, mint_for(server, owner, operation, *elements), order)
        assert right.status == 200
        assert markers(right) == expected(order, operation, elements), operation
        foreign = mint_for(server, world.stranger, operation, *ELEMENTS)
        assert markers(ask(world, operation, foreign, order)) == set()
    for operation in OPERATIONS:
        for token in (None, "Atza|garbled", elsewhere, world.outsider.access_token, world.stranger.access_token):  # fmt: skip
            assert markers(ask(world, operation, token, order)) == set()
        ordinary = ask(world, operation, owner.access_token, order)
        assert markers(ordinary) <= order.opened_by["email"]
    for answer in careless(world, order):
        assert markers(answer) == set()
    for path in ("/audit", f"/audit?orderId={order.order_id}", "/sellers", "/clock", "/nothing"):
        assert markers(operators_answer(world, path)) == set()
    assert markers(fetch(server.url, "/-/metrics")) == set()
    assert MARKER.search(world.log()) is None


def test_log_was_at_its_most_talkative(world: World) -> None:
    """Else the search of it would prove nothing."""
    call(world.server, "getOrder", world.owner.access_token)
    assert b'"operation":"getOrder"' in world.log().replace(b'": ', b'":')


def test_refused_import_repeats_no_text_of_the_order(world: World) -> None:
    """Neither in its report nor in the log, whatever member is wrong."""
    marking = Marking("", "")
    wrongs: tuple[Any, ...] = (7, None, [], {})
    for wrong in wrongs:
        for name in ("ShippingAddress", "BuyerInfo", "BuyerTaxInformation", "OrderStatus", "PurchaseDate", "NotYetKnown"):  # fmt: skip
            line = full_line()
            line["sellerId"] = world.owner.seller_id
            line["order"] = {**marking.every(line["order"], "never"), name: wrong}
            line["orderItems"] = marking.every(line["orderItems"], "never")
            line["regulatedInfo"] = marking.every({"AmazonOrderId": "x", **CHECK}, "never")
            body = json.dumps(line).encode()
            assert MARKER.search(body)
            report = world.server.operator.post("/orders", content=body)
            assert (report.status_code, report.json()["imported"]) == (200, 0)
            assert MARKER.search(report.content) is None
    assert MARKER.search(world.log()) is None
