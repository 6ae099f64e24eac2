"""What the server answers, byte for byte: the rows of contract 1.9, and the headers of 1.8."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest

from tests.clients.wire import (
    DENIED,
    GENERIC,
    ORDER,
    ORDERS,
    US,
    UUID,
    add_reader,
    as_seller,
    ask,
    body_of,
    check,
    query,
)
from tests.serving import TODAY, Seller, Served, served


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("wire") / "data") as server:
        server.set_clock(now=TODAY)
        yield server


@pytest.fixture
def seller(shop: Served) -> Seller:
    """A new one for each test, so that its usage plan is full."""
    return add_reader(shop)


def test_row_1_without_marketplaces(shop: Served, seller: Seller) -> None:
    """O-7: the gateway's older body, message first, five blanks, no details."""
    expected = (
        b'{\n  "errors": [\n    {\n     "message": "Missing or invalid request parameters: [MarketplaceIds]",\n'
        b'     "code": "InvalidInput"\n    }\n  ]\n}'
    )
    for target in (ORDERS, f"{ORDERS}?MarketplaceIds%5B0%5D={US}&CreatedAfter=2026-01-01"):
        answer = as_seller(shop, seller, target)
        check(answer, 400, expected, "0.0167")
        assert answer.headers["x-amzn-errortype"] == "BadRequestException"


def test_row_2_a_date_that_cannot_be_read(shop: Served, seller: Seller) -> None:
    """O-4: getOrders names the field; a raw plus sign is a blank and so no date."""
    expected = body_of(
        "InvalidInput", "This is an invalid input", "Invalid Date-Time field(s) [createdAfter]."
    )
    for date in ("", "yesterday", "2026-13-01", "2026-01-01T00:00:00+09:00"):
        target = f"{ORDERS}?MarketplaceIds={US}&CreatedAfter={date}"
        check(as_seller(shop, seller, target), 400, expected, "0.0167")
    encoded = query(CreatedAfter="2026-01-01T00:00:00+09:00")
    assert as_seller(shop, seller, encoded).status == 200


def test_row_2b_neither_date(shop: Served, seller: Seller) -> None:
    """O-3."""
    details = "Invalid Date-Time field(s) [lastUpdatedAfter, createdAfter]."
    expected = body_of("InvalidInput", "This is an invalid input", details)
    check(as_seller(shop, seller, query()), 400, expected, "0.0167")


def test_row_3_an_upper_bound_of_now(shop: Served, seller: Seller) -> None:
    """O-18: 185 bytes, as recorded."""
    now = shop.ask("GET", "/clock")["now"]
    expected = body_of("InvalidInput", GENERIC)
    assert len(expected) == 185
    target = query(CreatedAfter="2026-01-01", CreatedBefore=now)
    check(as_seller(shop, seller, target), 400, expected, "0.0167")


def test_row_4_a_value_outside_an_enumeration(shop: Served, seller: Seller) -> None:
    """O-8: apostrophes are escaped."""
    target = query(CreatedAfter="2026-01-01", FulfillmentChannels="SellerFulfilled")
    expected = body_of(
        "InvalidInput",
        "1 validation error detected: Value '[SellerFulfilled]' at 'fulfillmentChannel' failed to satisfy constraint:"
        " Member must satisfy constraint: [Member must satisfy enum value set: [AFN, MFN]]",
    )
    assert b"\\u0027[SellerFulfilled]\\u0027" in expected
    check(as_seller(shop, seller, target), 400, expected, "0.0167")


def test_row_5b_a_page_size_out_of_range(shop: Served, seller: Seller) -> None:
    """O-12."""
    target = query(CreatedAfter="2026-01-01", MaxResultsPerPage="101")
    expected = body_of(
        "InvalidInput",
        "1 validation error detected: Value '101' at 'maxResultsPerPage' failed to satisfy constraint:"
        " Member must have value less than or equal to 100",
    )
    check(as_seller(shop, seller, target), 400, expected, "0.0167")


def test_row_6_a_next_token_that_was_not_encoded(shop: Served, seller: Seller) -> None:
    """O-15: the message is null."""
    expected = b'{\n  "errors": [\n    {\n     "message": null,\n     "code": "InvalidInput"\n    }\n  ]\n}'
    answer = as_seller(shop, seller, f"{ORDERS}?MarketplaceIds={US}&NextToken=ab+c/d==")
    check(answer, 400, expected, "0.0167")
    assert answer.headers["x-amzn-errortype"] == "InvalidQueryStringException"


def test_row_7_a_next_token_that_was_garbled(shop: Served, seller: Seller) -> None:
    """O-15, in getOrders, getOrderItems and getOrderItemsBuyerInfo."""
    expected = body_of(
        "InvalidInput",
        "We could not decode your NextToken. Possible reasons include: a transmission error, improper quoting or a"
        " truncation problem.",
    )
    check(as_seller(shop, seller, query(NextToken="YWJj")), 400, expected, "0.0167")
    for suffix in ("orderItems", "orderItems/buyerInfo"):
        target = f"{ORDER}/{suffix}?NextToken=YWJj"
        check(as_seller(shop, seller, target), 400, expected, "0.5")


def test_row_9_no_access_token(shop: Served) -> None:
    expected = body_of("Unauthorized", DENIED, "Access token is missing in the request header.")
    check(ask(shop, query(CreatedAfter="2026-01-01")), 403, expected)


def test_row_10_an_unknown_or_revoked_access_token(shop: Served, seller: Seller) -> None:
    details = "The access token you provided is revoked, malformed or invalid."
    expected = body_of("Unauthorized", DENIED, details)
    check(ask(shop, ORDERS, x_amz_access_token="Atza|nothing"), 403, expected)
    assert as_seller(shop, seller, query(CreatedAfter="2026-01-01")).status == 200
    shop.ask("DELETE", f"/authorizations/{seller.authorization_id}")
    check(as_seller(shop, seller, ORDERS), 403, expected)


def test_row_11_an_expired_access_token(shop: Served, seller: Seller) -> None:
    """185 bytes, as recorded."""
    shop.set_clock(advance="PT61M")
    expected = body_of("Unauthorized", DENIED, "The access token you provided has expired.")
    assert len(expected) == 185
    check(as_seller(shop, seller, ORDERS), 403, expected)


def test_row_12_an_unknown_path_and_a_missing_role(shop: Served, seller: Seller) -> None:
    """143 bytes, as recorded; an unknown path is refused without looking at the token (contract 1.10)."""
    expected = body_of("Unauthorized", DENIED)
    assert len(expected) == 143
    for target in ("/orders/v0/nothing", "/", "/orders/v0/orders/a/b/c/d", f"{ORDERS}//"):
        answer = as_seller(shop, seller, target)
        check(answer, 403, expected)
        assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
        check(ask(shop, target), 403, expected)
    other = shop.add_seller([US], ["Brand Analytics"])
    check(as_seller(shop, other, query(CreatedAfter="2026-01-01")), 403, expected)


def test_row_15_an_empty_usage_plan(shop: Served, seller: Seller) -> None:
    shop.ask(
        "PUT",
        f"/usage-plans/{seller.application_id}/{seller.seller_id}/getOrder",
        {"rate": 0.001, "burst": 1},
    )
    target = ORDER
    first = as_seller(shop, seller, target)
    assert (first.status, first.headers["x-amzn-ratelimit-limit"]) == (200, "0.001")
    expected = body_of("QuotaExceeded", "You exceeded your quota for the requested resource.")
    assert len(expected) == 156
    answer = as_seller(shop, seller, target)
    check(answer, 429, expected)
    assert "retry-after" not in answer.headers


def test_success_bodies_are_compact_and_say_the_rate(shop: Served, seller: Seller) -> None:
    """O-2, contract 1.8: getOrders, getOrder, getOrderItems and the others."""
    order = ORDER
    for target, rate in [
        (query(CreatedAfter="2026-01-01"), "0.0167"),
        (order, "0.5"),
        (f"{order}/", "0.5"),
        (f"{order}/buyerInfo", "0.5"),
        (f"{order}/address", "0.5"),
        (f"{order}/orderItems", "0.5"),
        (f"{order}/orderItems/buyerInfo", "0.5"),
    ]:
        answer = as_seller(shop, seller, target)
        compact = json.dumps(json.loads(answer.body), separators=(",", ":"), ensure_ascii=False)
        check(answer, 200, compact.encode(), rate)


def test_an_unknown_order_is_an_empty_payload(shop: Served, seller: Seller) -> None:
    """Contract 1.4: getOrder says it with 200, what lies below the order with the generic 400."""
    unknown = f"{ORDERS}/902-9999999-9999999"
    check(as_seller(shop, seller, unknown), 200, b'{"payload":{}}', "0.5")
    for suffix in ("address", "buyerInfo", "orderItems", "orderItems/buyerInfo"):
        answer = as_seller(shop, seller, f"{unknown}/{suffix}")
        check(answer, 400, body_of("InvalidInput", GENERIC), "0.5")


def test_head_has_no_body_and_leaves_the_connection_usable(shop: Served, seller: Seller) -> None:
    connection = http.client.HTTPConnection(shop.url.removeprefix("http://"), timeout=30)
    headers = {"x-amz-access-token": seller.access_token}
    connection.request("HEAD", ORDER, headers=headers)
    response = connection.getresponse()
    assert response.read() == b""
    assert UUID.fullmatch(response.headers["x-amzn-RequestId"])
    connection.request("GET", ORDER, headers=headers)
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["payload"]["OrderStatus"]) == (
        200,
        "Shipped",
    )
    connection.close()


@pytest.mark.parametrize(
    ("target", "status", "media"),
    [
        ("/-/health", 200, "application/json"),
        ("/-/ready", 200, "application/json"),
        ("/-/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/-/nothing", 404, "application/json"),
        ("/-/api/v1/clock", 403, "application/json"),
        ("/-/api/v1/nothing", 404, "application/json"),
        ("/auth/o2/token", 403, "application/json"),
    ],
)
def test_every_answer_has_a_request_id_and_a_type(
    shop: Served, target: str, status: int, media: str
) -> None:
    answer = ask(shop, target)
    assert (answer.status, answer.headers["content-type"]) == (status, media)
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    assert "x-amzn-ratelimit-limit" not in answer.headers


def test_a_204_has_no_body_and_no_type(shop: Served, seller: Seller) -> None:
    token = f"Bearer {shop.credentials['operator_token']}"
    target = f"/-/api/v1/authorizations/{seller.authorization_id}"
    answer = ask(shop, target, "DELETE", authorization=token)
    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
