"""Restricted data tokens over HTTP: minted leniently, refused at use (issue 3, 1 and 3; contract 3.3, 3.4, O-21)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.orders.lines import US, small_line
from tests.server.restricted import (
    ALL,
    DENIED,
    EXPIRED,
    GENERIC,
    INVALID,
    INVOICING,
    MINT,
    ORDER,
    ORDERS,
    QUERY,
    SHIPPING,
    SUFFIXES,
    ask,
    error,
    mint,
    resource,
    use,
)
from tests.serving import Seller, Served


@pytest.fixture
def owner(server: Served) -> Seller:
    """A seller with an order, whose application has every role that restricted data asks for."""
    seller = server.add_seller([US], [SHIPPING, INVOICING])
    server.load(small_line(1, seller=seller.seller_id))
    return seller


def test_token_opens_each_operation_by_its_path_and_no_other(server: Served, owner: Seller) -> None:
    """Specific and generic, each with one token; amazon-php#410: one for getOrder does not open getOrders."""
    reads = [ORDERS + QUERY, *(ORDER + suffix for suffix in SUFFIXES)]
    listed = [ORDERS, *(ORDER + suffix for suffix in SUFFIXES)]
    any_order = [GENERIC + suffix for suffix in SUFFIXES]
    for paths, opens in [(listed[:1], reads[:1]), (listed[1:4], reads[1:4]), (any_order[2:], reads[3:])]:  # fmt: skip
        token = mint(server, owner, [resource(path, *ALL) for path in paths])
        for target in reads:
            answer = use(server, token, target)
            if target in opens:
                assert answer.status == 200, (target, answer.body)
            else:
                assert error(answer) == DENIED, target
                assert len(answer.body) == 143


def test_token_may_list_fifty_paths(server: Served, owner: Seller) -> None:
    paths = [f"{ORDERS}/249-7000000-{number:07}" for number in range(1, 51)]
    token = mint(server, owner, [resource(path, "buyerInfo") for path in paths])
    assert use(server, token, paths[0]).status == 200
    assert use(server, token, paths[49]).json() == {"payload": {}}
    assert error(use(server, token, f"{ORDERS}/249-7000000-0000051")) == DENIED


@pytest.mark.parametrize(
    "resources",
    [
        [resource(f"{ORDER}/", *ALL), resource(f"{GENERIC}/", *ALL)],
        [resource("getOrders", *ALL), resource("getOrder", *ALL)],
        resource(ORDER, *ALL),
        {},
        [resource(ORDER, *ALL, method=method) for method in ("POST", "PUT", "DELETE", "x")],
        [resource(f"{ORDERS}/249-7000000-0000002", *ALL)],
        [resource(ORDER[1:], *ALL), resource(ORDER + QUERY, *ALL), resource(GENERIC + QUERY, *ALL)],
        [resource(MINT, method="POST")],
    ],
    ids=[
        "trailing slash (docs#2553, docs#3579)",
        "operation's name (docs#1396)",
        "an object (docs#2011)",
        "an empty object",
        "another method",
        "another order",
        "no first slash, a query string",
        "the mint itself",
    ],
)
def test_what_fits_nothing_is_minted_and_refused_at_use(
    server: Served, owner: Seller, resources: Any
) -> None:
    token = mint(server, owner, resources)
    for target in (ORDER, ORDERS + QUERY, f"{ORDER}/orderItems"):
        assert error(use(server, token, target)) == DENIED
    wanted = json.dumps({"restrictedResources": [resource(ORDER)]}).encode()
    assert error(ask(server, token, wanted)) == DENIED


def test_method_fits_in_any_case(server: Served, owner: Seller) -> None:
    """docs#3265 saw it minted."""
    token = mint(server, owner, [resource(ORDER, "buyerInfo", method="Get")])
    assert use(server, token, ORDER).status == 200


def test_last_slash_counts_on_both_sides(server: Served, owner: Seller) -> None:
    """O-2: with an ordinary token it does not."""
    assert use(server, owner.access_token, f"{ORDER}/").status == 200
    with_slash = mint(server, owner, [resource(f"{ORDER}/", "buyerInfo")])
    without = mint(server, owner, [resource(ORDER, "buyerInfo")])
    assert use(server, with_slash, f"{ORDER}/").status == 200
    assert use(server, without, ORDER).status == 200
    assert error(use(server, with_slash, ORDER)) == DENIED
    assert error(use(server, without, f"{ORDER}/")) == DENIED


def test_path_of_the_request_is_compared_decoded(server: Served, owner: Seller) -> None:
    token = mint(server, owner, [resource(ORDER, "buyerInfo")])
    assert use(server, token, ORDER.replace("-", "%2D")).status == 200
    assert error(use(server, token, f"{ORDER}%2Faddress")) == DENIED
    assert error(use(server, token, f"{ORDER}%3Fx")) == DENIED


def test_foreign_order_is_not_there_for_whatever_token(server: Served, owner: Seller) -> None:
    """Neither by its id nor by the generic path: a token is its seller's."""
    other = server.add_seller([US], [SHIPPING, INVOICING])
    for path in (ORDER, GENERIC):
        token = mint(server, other, [resource(path, *ALL), resource(f"{path}/address")])
        assert use(server, token, ORDER).json() == {"payload": {}}
        assert use(server, token, f"{ORDER}/address").status == 400
    assert use(server, mint(server, owner, [resource(GENERIC, *ALL)]), ORDER).json()["payload"]


def test_token_lives_an_hour_of_the_operators_clock(server: Served, owner: Seller) -> None:
    """Contract 1.9 rows 10 and 11; it may outlive the token that it was minted with."""
    server.set_clock(advance="PT59M")
    token = mint(server, owner, [resource(GENERIC, "buyerInfo")])
    server.set_clock(advance="PT59M59.999999S")
    assert error(use(server, owner.access_token, ORDER)) == EXPIRED
    assert use(server, token, ORDER).status == 200
    server.set_clock(advance="PT0.000001S")
    assert error(use(server, token, ORDER)) == EXPIRED
    assert error(use(server, token, f"{ORDER}/address")) == EXPIRED
    for garbled in (token[:-1], token.replace("sprdt", "x"), token.rpartition("|")[2]):
        assert error(use(server, garbled, ORDER)) == INVALID


def test_token_dies_with_the_authorization(server: Served, owner: Seller) -> None:
    token = mint(server, owner, [resource(GENERIC, "buyerInfo")])
    assert use(server, token, ORDER).status == 200
    server.ask("DELETE", f"/authorizations/{owner.authorization_id}")
    assert error(use(server, token, ORDER)) == INVALID


def give(server: Served, seller: Seller, roles: Iterable[str]) -> None:
    server.ask("PATCH", f"/applications/{seller.application_id}", {"roles": list(roles)})


def test_roles_count_as_they_are_at_use(server: Served, owner: Seller) -> None:
    """Contract 3.3: an element without its role is not shown, a path that has no other is refused."""
    token = mint(server, owner, [resource(GENERIC, *ALL), resource(f"{GENERIC}/address")])
    for roles, order, address in [
        ([INVOICING], 200, 403),
        (["Pricing"], 200, 403),
        ([SHIPPING], 200, 200),
        (["Brand Analytics"], 403, 403),
        ([], 403, 403),
    ]:
        give(server, owner, roles)
        answers = [use(server, token, ORDER), use(server, token, f"{ORDER}/address")]
        assert [answer.status for answer in answers] == [order, address], roles
        for answer in answers:
            assert answer.status == 200 or error(answer) == DENIED


def test_roles_decide_what_is_minted(server: Served, seller: Seller) -> None:
    """Contract 3.4's two refusals; any role at all may ask, none may not."""

    def refused(*resources: Any) -> str:
        body = json.dumps({"restrictedResources": resources}).encode()
        answer = ask(server, seller.access_token, body)
        assert answer.headers.get("x-amzn-ratelimit-limit") == "1.0"
        status, code, message, details = error(answer)
        assert (status, code, details) == (400, "InvalidInput", "")
        return message

    no_element = "Application does not have access to one or more requested data elements: "
    no_resource = "Application do not have access to some or all requested resource"
    assert (
        refused(resource(ORDERS, "buyerInfo", "shippingAddress"))
        == f"{no_element}[buyerInfo, shippingAddress]"
    )
    assert refused(resource(ORDERS, "BuyerInfo")) == f"{no_element}[BuyerInfo]"
    assert refused(resource(f"{GENERIC}/address")) == no_resource
    give(server, seller, ["Brand Analytics"])
    assert refused(resource(ORDERS)) == no_resource
    mint(server, seller, [resource("/mfn/v0/shipments/{shipmentId}")])
    give(server, seller, [])
    body = json.dumps({"restrictedResources": [resource(ORDERS)]}).encode()
    assert error(ask(server, seller.access_token, body)) == DENIED


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"", "Resource not provided."),
        (b'{"restrictedResources": []}', "Resource not provided."),
        (b"{", "The request body is not valid JSON."),
        (b'{"restrictedResources": 1}', "restrictedResources is not a list."),
        (b"[" * 65_537, "The request body is larger than 65536 bytes."),
    ],
    ids=["empty", "no resource", "broken", "wrong type", "too long"],
)
def test_request_that_cannot_be_read_is_refused_in_the_apis_shape(
    server: Served, seller: Seller, body: bytes, details: str
) -> None:
    """Contract 3.4: code and message are those of Amazon's sandbox."""
    answer = ask(server, seller.access_token, body)
    assert error(answer) == (
        400,
        "InvalidRequest",
        "Request is missing or has invalid parameters",
        details,
    )
    assert answer.headers["x-amzn-errortype"] == "BadRequestException"
    assert answer.headers["x-amzn-ratelimit-limit"] == "1.0"


def test_body_must_be_json_and_the_method_post(server: Served, seller: Seller) -> None:
    answer = ask(server, seller.access_token, b"{}", "text/plain")
    assert error(answer)[3] == "The content type is not application/json."
    assert error(use(server, seller.access_token, MINT)) == DENIED


def test_mint_takes_ordinary_tokens_only_and_looks_at_them_first(
    server: Served, owner: Seller
) -> None:
    for token, details in [
        ("", "Access token is missing in the request header."),
        ("Atza|x", INVALID[3]),
        (owner.lwa["refresh_token"], INVALID[3]),
        (mint(server, owner, [resource(GENERIC, *ALL)], targetApplication="x"), ""),
    ]:
        assert error(ask(server, token, b"{")) == (*DENIED[:3], details)


def test_mint_has_a_usage_plan_that_the_operator_may_change(server: Served, owner: Seller) -> None:
    """Contract 2: one a second, ten at once."""
    for _ in range(10):
        mint(server, owner, [resource(ORDERS)])
    body = json.dumps({"restrictedResources": [resource(ORDERS)]}).encode()
    assert error(ask(server, owner.access_token, body))[:2] == (429, "QuotaExceeded")
    path = f"/usage-plans/{owner.application_id}/{owner.seller_id}/createRestrictedDataToken"
    server.ask("PUT", path, {"rate": 5.0, "burst": 12})
    server.set_clock(advance="PT1S")
    answer = ask(server, owner.access_token, body)
    assert (answer.status, answer.headers["x-amzn-ratelimit-limit"]) == (200, "5.0")
