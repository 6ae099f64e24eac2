"""The life of an access token, on the operator's clock (issue 2, 5 and 7; contract 1.9 rows 9 to 13, 3.1)."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.orders.lines import US, small_line
from tests.server.plain import Answered, fetch
from tests.serving import Seller, Served, served

ORDERS = "/orders/v0/orders"
QUERY = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"}
EXPIRED = "The access token you provided has expired."
INVALID = "The access token you provided is revoked, malformed or invalid."
MISSING = "Access token is missing in the request header."


def details(answer: httpx2.Response | Answered) -> str:
    """Of a 403 that has the shape that Amazon gives it."""
    status = answer.status if isinstance(answer, Answered) else answer.status_code
    assert status == 403
    assert "x-amzn-ratelimit-limit" not in answer.headers
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    (error,) = answer.json()["errors"]
    assert list(error) == ["code", "message", "details"]
    assert error["code"] == "Unauthorized"
    assert error["message"] == "Access to requested resource is denied."
    found: str = error["details"]
    return found


def with_token(server: Served, token: str | bytes | None) -> Answered:
    headers = {} if token is None else {"x-amz-access-token": token}
    return fetch(server.url, ORDERS, QUERY, headers=headers)


def test_token_lives_exactly_an_hour_of_the_operators_clock(server: Served, seller: Seller) -> None:
    """Contract 3.1, 1.9 row 11: 185 bytes; older tokens stay good beside newer ones."""
    older = seller.access_token
    server.set_clock(advance="PT30M")
    seller.renew()
    server.set_clock(advance="PT29M59.999999S")
    assert with_token(server, older).status == 200
    server.set_clock(advance="PT0.000001S")
    refused = with_token(server, older)
    assert details(refused) == EXPIRED
    assert len(refused.body) == 185
    assert seller.get(ORDERS, QUERY).status_code == 200
    server.set_clock(advance="PT30M")
    assert details(seller.get(ORDERS, QUERY)) == EXPIRED
    seller.renew()
    assert seller.get(ORDERS, QUERY).status_code == 200


def test_clock_that_is_set_back_lets_a_token_live_longer(server: Served, seller: Seller) -> None:
    before = server.ask("GET", "/clock")["now"]
    server.set_clock(advance="PT2H")
    assert details(seller.get(ORDERS, QUERY)) == EXPIRED
    server.set_clock(now=before)
    assert seller.get(ORDERS, QUERY).status_code == 200


def test_revoked_authorization_ends_its_tokens_at_once(server: Served, seller: Seller) -> None:
    """Contract 1.9 row 10: the very next request is refused, and no new token is given."""
    assert seller.get(ORDERS, QUERY).status_code == 200
    server.ask("DELETE", f"/authorizations/{seller.authorization_id}")
    assert details(seller.get(ORDERS, QUERY)) == INVALID
    answer = httpx2.post(
        f"{server.url}/auth/o2/token", data={"grant_type": "refresh_token", **seller.lwa}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_roles_count_for_tokens_that_are_out(server: Served, seller: Seller) -> None:
    """Contract 1.9 row 12, 3.3: without a role that opens the operation the details are empty."""
    server.ask("PATCH", f"/applications/{seller.application_id}", {"roles": ["Brand Analytics"]})
    refused = seller.get(ORDERS, QUERY)
    assert details(refused) == ""
    assert len(refused.content) == 143
    server.ask("PATCH", f"/applications/{seller.application_id}", {"roles": ["Pricing"]})
    assert seller.get(ORDERS, QUERY).status_code == 200


def test_application_whose_secret_has_ended_is_told_so(server: Served, seller: Seller) -> None:
    """Contract 1.9 row 13."""
    now = server.ask("GET", "/clock")["now"]
    server.ask("PATCH", f"/applications/{seller.application_id}", {"secretExpiresAt": now})
    assert details(seller.get(ORDERS, QUERY)) == "The LWA secret token you provided has expired."


def test_token_that_is_missing_forged_cut_or_changed_is_refused(
    server: Served, seller: Seller
) -> None:
    """Contract 1.9 rows 9 and 10."""
    token = seller.access_token
    assert details(with_token(server, None)) == MISSING
    assert details(with_token(server, "")) == MISSING
    for bad in (
        "x",
        "Atza|",
        token[:-1],
        token[1:],
        token + "A",
        token.lower(),
        token.replace("Atza|", "Atzr|"),
        token.replace("|", "%7C"),
        f"Bearer {token}",
        f'"{token}"',
        "Atza|" + "A" * 64,
        "A" * 20_000,
        seller.lwa["refresh_token"],
        seller.lwa["client_secret"],
        server.credentials["operator_token"],
        "\u00e9".encode(),
        b"\xff\xfe",
        "' OR '1'='1",
    ):
        assert details(with_token(server, bad)) == INVALID, bad


def test_grantless_token_opens_no_order(server: Served, seller: Seller) -> None:
    """Contract 3.1: no operation of Orders is grantless."""
    form = {
        **seller.lwa,
        "grant_type": "client_credentials",
        "scope": "sellingpartnerapi::notifications",
    }
    token = httpx2.post(f"{server.url}/auth/o2/token", data=form).json()["access_token"]
    assert details(with_token(server, token)) == ""


def test_token_is_looked_at_before_everything_else(server: Served) -> None:
    """Contract 1.10: even a request that is wrong in every other way hears of its token first."""
    for target in (
        ORDERS,
        f"{ORDERS}?MarketplaceIds=&CreatedAfter=x&MaxResultsPerPage=x",
        f"{ORDERS}?NextToken=a+b",
        f"{ORDERS}/249-7000000-0000001/orderItems?NextToken=x",
    ):
        assert details(fetch(server.url, target)) == MISSING
    assert details(fetch(server.url, "/orders/v0/nothing")) == ""


def test_seller_sees_his_own_orders_only(server: Served, seller: Seller) -> None:
    """Issue 2, 5: also not by the id of a foreign order, and not with a foreign NextToken."""
    other = server.add_seller([US])
    server.load(
        *(small_line(number, seller=seller.seller_id) for number in range(3)),
        small_line(7, seller=other.seller_id),
    )
    first = seller.payload(ORDERS, {**QUERY, "MaxResultsPerPage": 1})
    assert seller.payload(f"{ORDERS}/249-7000000-0000007") == {}
    assert seller.get(f"{ORDERS}/249-7000000-0000007/orderItems").status_code == 400
    listed = other.payload(ORDERS, QUERY)["Orders"]
    assert [order["AmazonOrderId"] for order in listed] == ["249-7000000-0000007"]
    stolen = other.get(ORDERS, {"MarketplaceIds": US, "NextToken": first["NextToken"]})
    assert stolen.status_code == 400
    assert stolen.json()["errors"][0]["message"].startswith("We could not decode your NextToken.")


@pytest.mark.parametrize("advance", ["P1Y", "P1M"])
def test_two_year_rule_follows_the_clock(server: Served, seller: Seller, advance: str) -> None:
    """O-1, issue 2, 7."""
    now = server.ask("GET", "/clock")["now"]
    purchased = {"PurchaseDate": "2025-06-01T00:00:00Z", "LastUpdateDate": "2025-06-02T00:00:00Z"}
    server.load(small_line(1, seller=seller.seller_id, **purchased))
    wanted = {"MarketplaceIds": US, "CreatedAfter": "2020-01-01"}
    assert len(seller.payload(ORDERS, wanted)["Orders"]) == 1
    server.set_clock(advance=advance)
    seller.renew()
    remaining = 1 if advance == "P1M" else 0
    assert len(seller.payload(ORDERS, wanted)["Orders"]) == remaining
    assert bool(seller.payload(f"{ORDERS}/249-7000000-0000001")) is bool(remaining)
    server.set_clock(now=now)


def test_clock_tokens_and_page_sequences_survive_a_restart(data: Path) -> None:
    """O-15, issue 2, 4 and 7; also which plan a pair has."""
    with served(data) as server:
        seller = server.add_seller([US])
        server.load(*(small_line(number, seller=seller.seller_id) for number in range(3)))
        server.set_clock(now="2026-11-22T09:30:00Z", running=False)
        seller.renew()
        token = seller.access_token
        page = seller.payload(ORDERS, {**QUERY, "MaxResultsPerPage": 1})
    with served(data) as server:
        clock = server.ask("GET", "/clock")
        assert (clock["now"], clock["running"]) == ("2026-11-22T09:30:00Z", False)
        headers = {"x-amz-access-token": token}
        query = {"MarketplaceIds": US, "NextToken": page["NextToken"]}
        answer = fetch(server.url, ORDERS, query, headers=headers)
        assert answer.status == 200
        (order,) = answer.json()["payload"]["Orders"]
        assert order["AmazonOrderId"] == "249-7000000-0000001"
        server.set_clock(advance="PT1H")
        assert details(with_token(server, token)) == EXPIRED
