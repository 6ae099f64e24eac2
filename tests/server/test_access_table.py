"""Who is shown what: every operation under every kind of token, on both databases (issue 3; contract 1.9, 3.3, 3.4).

O-21 and O-31. Every restricted text of the order says which member it is, so an answer tells what it shows.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any, NamedTuple

import pytest

from tests.orders.lines import FULL, FULL_ITEM, SECRET, US, full_line
from tests.orders.reviewing import regulated_info
from tests.server.plain import Answered
from tests.server.restricted import (
    DENIED,
    EXPIRED,
    ID,
    INVALID,
    INVOICING,
    OPERATIONS,
    SHIPPING,
    WRITES,
    call,
    error,
    mint,
    mint_for,
    resource,
)
from tests.serving import READER, Seller, Served

MISSING = (*DENIED[:3], "Access token is missing in the request header.")
GENERIC_400 = (
    400,
    "InvalidInput",
    "The input you have submitted is not valid. Please check your input and try again.",
    "",
)


def marked(value: Any, path: str) -> Any:
    """The value, with each of its restricted texts replaced by its place."""
    if isinstance(value, dict):
        return {name: marked(member, f"{path}.{name}") for name, member in value.items()}
    if isinstance(value, list):
        return [marked(member, path) for member in value]
    return f"<{path}>" if isinstance(value, str) and SECRET in value else value


def the_order(seller: Seller) -> dict[str, Any]:
    """An order that hides nothing, whose restricted texts are their own places."""
    line = full_line(LatestDeliveryDate="2026-12-05T00:00:00Z")
    line["order"]["ShippingAddress"]["AddressType"] = "Commercial"
    order = {name: marked(member, name) for name, member in line["order"].items()}
    item = marked(copy.deepcopy(FULL_ITEM), "Item")
    info = marked(regulated_info(), "Regulated")
    return {
        "sellerId": seller.seller_id,
        "order": order,
        "orderItems": [item],
        "regulatedInfo": info,
    }


def places(value: Any, path: str) -> frozenset[str]:
    return frozenset(re.findall(r"<([^<>]+)>", json.dumps(marked(value, path))))


ADDRESS = places(FULL["ShippingAddress"], "ShippingAddress") | {"AddressType"}
BUYER = places(FULL["BuyerInfo"], "BuyerInfo")
TAX = places(FULL["BuyerTaxInformation"], "BuyerTaxInformation")
WISHES = places(FULL_ITEM, "Item")
CHECK = places(regulated_info(), "Regulated")
NOTHING: frozenset[str] = frozenset()


def shown(answer: Answered) -> frozenset[str]:
    """The restricted members that an answer holds, wherever they stand in it."""
    whole = answer.body.decode() + json.dumps(answer.headers)
    found = frozenset(re.findall(r"<([^<>]+)>", whole))
    return found | {"AddressType"} if "Commercial" in whole else found


class Actors(NamedTuple):
    """Three sellers' applications: the order's and another's with every role, and one with the wrong role."""

    owner: Seller
    stranger: Seller
    outsider: Seller
    expired: dict[str, str]
    """A token of the owner for each operation, the right one, that has had its hour."""


@pytest.fixture(scope="module")
def actors(unlimited: Served) -> Actors:
    every_role = [READER, SHIPPING, INVOICING]
    owner = unlimited.add_seller([US], every_role)
    unlimited.load(the_order(owner))
    expired = {name: right_token(unlimited, owner, name) for name in OPERATIONS}
    unlimited.set_clock(advance="PT1H")
    owner.renew()
    return Actors(
        owner,
        unlimited.add_seller([US], every_role),
        unlimited.add_seller([US], ["Brand Analytics"]),
        expired,
    )


def right_token(server: Served, seller: Seller, operation: str) -> str:
    """The token that opens most of an operation."""
    if operation in {*WRITES, "createRestrictedDataToken"}:
        return seller.access_token
    return mint_for(
        server, seller, operation, "buyerInfo", "shippingAddress", "buyerTaxInformation"
    )


def test_everything_that_is_restricted_is_looked_for() -> None:
    assert (len(ADDRESS), len(BUYER), len(TAX), len(WISHES), len(CHECK)) == (15, 7, 4, 2, 1)


@pytest.mark.parametrize("operation", OPERATIONS)
class TestRefused:
    """Contract 1.9 rows 9 to 12: status, code, message and details; nothing of the order."""

    @pytest.mark.usefixtures("actors")
    def test_no_token(self, unlimited: Served, operation: str) -> None:
        answer = call(unlimited, operation, None)
        assert (error(answer), shown(answer)) == (MISSING, NOTHING)

    def test_expired(self, unlimited: Served, actors: Actors, operation: str) -> None:
        answer = call(unlimited, operation, actors.expired[operation])
        assert (error(answer), shown(answer)) == (EXPIRED, NOTHING)

    def test_garbled(self, unlimited: Served, actors: Actors, operation: str) -> None:
        token = right_token(unlimited, actors.owner, operation)
        for garbled in (token[:-1], f"{token}x", token.swapcase(), token[::-1]):
            answer = call(unlimited, operation, garbled)
            assert (error(answer), shown(answer)) == (INVALID, NOTHING)

    def test_missing_role(self, unlimited: Served, actors: Actors, operation: str) -> None:
        """No role at all where any role will do: who asks for a token."""
        outsider = actors.outsider
        roles = [] if operation == "createRestrictedDataToken" else ["Brand Analytics"]
        path = f"/applications/{outsider.application_id}"
        unlimited.ask("PATCH", path, {"roles": roles})
        answer = call(unlimited, operation, outsider.access_token)
        assert (error(answer), shown(answer)) == (DENIED, NOTHING)

    def test_restricted_token_for_another_path(
        self, unlimited: Served, actors: Actors, operation: str
    ) -> None:
        """One that lists every other operation, and this one's path for another method and another order."""
        method, path = OPERATIONS[operation]
        other = "POST" if method == "GET" else "GET"
        listed = [
            resource(a_path, "buyerInfo", "shippingAddress", "buyerTaxInformation", method=a_method)
            for name, (a_method, a_path) in OPERATIONS.items()
            if name != operation
        ]
        if (other, path) not in OPERATIONS.values():
            listed.append(resource(path, method=other))
        listed.append(resource(path.replace("{orderId}", f"{ID[:-1]}9") + "/x", method=method))
        answer = call(unlimited, operation, mint(unlimited, actors.owner, listed))
        assert (error(answer), shown(answer)) == (DENIED, NOTHING)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_foreign_seller(unlimited: Served, actors: Actors, operation: str) -> None:
    """With the best token that he can have: to him the order is not there (contract 1.4, decision 10)."""
    token = right_token(unlimited, actors.stranger, operation)
    answer = call(unlimited, operation, token)
    assert shown(answer) == NOTHING
    if operation == "confirmShipment":
        # It repeats the id that it was sent (contract 4.1).
        assert error(answer)[2].endswith(f"Failed to find order item list by order ID: {ID}")
        return
    assert ID.encode() not in answer.body
    if operation == "updateShipmentStatus":
        assert error(answer)[2] == "Invalid Request Parameters"
    elif operation == "createRestrictedDataToken":
        assert answer.status == 200
    elif operation == "getOrders":
        assert (answer.status, answer.json()["payload"]["Orders"]) == (200, [])
    elif operation == "getOrder":
        assert (answer.status, answer.body) == (200, b'{"payload":{}}')
    else:
        assert error(answer) == GENERIC_400


OPENED: dict[str, dict[tuple[str, ...] | None, frozenset[str]]] = {
    # operation: elements of the token -> what it shows; None stands for the ordinary access token.
    "getOrders": {
        None: NOTHING,
        (): NOTHING,
        ("shippingAddress",): ADDRESS,
        ("buyerInfo",): BUYER,
        ("buyerTaxInformation",): TAX,
        ("buyerInfo", "shippingAddress"): BUYER | ADDRESS,
        ("buyerInfo", "shippingAddress", "buyerTaxInformation"): BUYER | ADDRESS | TAX,
    },
    "getOrder": {
        None: NOTHING,
        (): NOTHING,
        ("shippingAddress",): ADDRESS,
        ("buyerInfo",): BUYER,
        ("buyerTaxInformation",): TAX,
        ("shippingAddress", "buyerTaxInformation"): ADDRESS | TAX,
        ("buyerInfo", "shippingAddress", "buyerTaxInformation"): BUYER | ADDRESS | TAX,
    },
    "getOrderItems": {
        None: NOTHING,
        (): NOTHING,
        ("shippingAddress", "buyerTaxInformation"): NOTHING,
        ("buyerInfo",): WISHES,
    },
    # Of the others the path alone opens all that there is.
    "getOrderBuyerInfo": {None: NOTHING, (): BUYER, ("shippingAddress",): BUYER},
    "getOrderAddress": {None: NOTHING, (): ADDRESS, ("buyerInfo",): ADDRESS},
    "getOrderItemsBuyerInfo": {None: NOTHING, (): WISHES, ("shippingAddress",): WISHES},
    "getOrderRegulatedInfo": {(): CHECK, ("buyerInfo",): CHECK},
}  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "elements", "expected"),
    [
        pytest.param(name, elements, expected, id=f"{name}-{elements}")
        for name, cases in OPENED.items()
        for elements, expected in cases.items()
    ],
)
def test_right_token_shows_its_elements_and_nothing_else(
    unlimited: Served,
    actors: Actors,
    operation: str,
    elements: tuple[str, ...] | None,
    expected: frozenset[str],
) -> None:
    """Contract 3.4: the right token, one with fewer elements, and the ordinary one."""
    owner = actors.owner
    token = (
        owner.access_token if elements is None else mint_for(unlimited, owner, operation, *elements)
    )
    answer = call(unlimited, operation, token)
    assert (answer.status, shown(answer)) == (200, expected)
    assert ID.encode() in answer.body


@pytest.mark.parametrize(
    ("role", "expected"),
    [(SHIPPING, BUYER | ADDRESS), (INVOICING, BUYER | TAX), (READER, NOTHING)],
)
def test_element_whose_role_went_is_not_shown(
    unlimited: Served, actors: Actors, role: str, expected: frozenset[str]
) -> None:
    """Contract 3.3: which role opens which element; a token minted with all roles is used with one."""
    owner = actors.owner
    path = f"/applications/{owner.application_id}"
    token = right_token(unlimited, owner, "getOrder")
    unlimited.ask("PATCH", path, {"roles": [role]})
    answer = call(unlimited, "getOrder", token)
    unlimited.ask("PATCH", path, {"roles": [READER, SHIPPING, INVOICING]})
    assert (answer.status, shown(answer)) == (200, expected)


def test_regulated_information_is_not_for_an_ordinary_token(
    unlimited: Served, actors: Actors
) -> None:
    """O-31, contract 3.4: 403 row 12 without a restricted data token."""
    answer = call(unlimited, "getOrderRegulatedInfo", actors.owner.access_token)
    assert (error(answer), shown(answer)) == (DENIED, NOTHING)


def test_report_on_a_check_takes_the_ordinary_token(unlimited: Served, actors: Actors) -> None:
    """O-31, contract 4.3."""
    answer = call(unlimited, "updateVerificationStatus", actors.owner.access_token)
    assert (answer.status, answer.body, shown(answer)) == (204, b"", NOTHING)


@pytest.mark.parametrize("operation", [*WRITES, "createRestrictedDataToken"])
def test_restricted_token_neither_writes_nor_mints(
    unlimited: Served, actors: Actors, operation: str
) -> None:
    """Contract 3.4: also one that lists the very path."""
    token = mint_for(unlimited, actors.owner, operation)
    answer = call(unlimited, operation, token)
    assert (error(answer), shown(answer)) == (DENIED, NOTHING)


def test_mint_with_the_ordinary_token(unlimited: Served, actors: Actors) -> None:
    answer = call(unlimited, "createRestrictedDataToken", actors.owner.access_token)
    assert (answer.status, answer.json()["expiresIn"], shown(answer)) == (200, 3600, NOTHING)


def test_open_members_are_the_same_whatever_the_token(unlimited: Served, actors: Actors) -> None:
    """A restricted data token adds members and changes none."""
    owner = actors.owner
    ordinary = call(unlimited, "getOrder", owner.access_token).json()["payload"]
    opened = call(unlimited, "getOrder", right_token(unlimited, owner, "getOrder")).json()[
        "payload"
    ]
    for name, member in ordinary.items():
        if isinstance(member, dict) and name in {"ShippingAddress", "BuyerInfo"}:
            assert member.items() <= opened[name].items()
        else:
            assert opened[name] == member
    assert opened.keys() - ordinary.keys() == {"BuyerTaxInformation"}
    assert ordinary["ShippingAddress"].keys() == {
        "City", "StateOrRegion", "PostalCode", "CountryCode"
    }  # fmt: skip
    assert ordinary["BuyerInfo"] == {"BuyerEmail": "open@example.test"}
