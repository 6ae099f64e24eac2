"""What no well-behaved client sends is refused with a clear error, and the server lives on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.clients.wire import (
    DENIED,
    GENERIC,
    ORDERS,
    UUID,
    add_reader,
    alive,
    as_seller,
    ask,
    body_of,
    check,
    check_refused,
    query,
    raw,
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


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_a_method_that_no_operation_has_is_refused(
    shop: Served, seller: Seller, method: str
) -> None:
    answer = as_seller(shop, seller, ORDERS, method)
    if method == "BREW":  # not HTTP, so refused before it reaches an API
        assert answer.status == 400
    else:
        check(answer, 403, body_of("Unauthorized", DENIED))


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b'{"grant_type": "refresh_token"'),
        ("application/json", b"[" * 100_000),
        ("application/json", b'"\xff"'),
        ("application/x-www-form-urlencoded", b"grant_type=%ff%fe"),
        ("application/x-www-form-urlencoded", b""),
        ("text/html", b"grant_type=refresh_token"),
    ],
    ids=["cut", "deep", "not-utf8", "form-not-utf8", "empty", "html"],
)
def test_a_broken_token_request_is_oauths_invalid_request(
    shop: Served, media: str, body: bytes
) -> None:
    answer = ask(shop, "/auth/o2/token", "POST", body, content_type=media)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    error = json.loads(answer.body)
    assert set(error) == {"error", "error_description"}
    assert error["error"] == "invalid_request"


def test_a_wrong_client_secret_is_the_recorded_body(shop: Served, seller: Seller) -> None:
    """Contract 3.1: 77 bytes."""
    wrong = {"grant_type": "refresh_token", **seller.lwa, "client_secret": "wrong"}
    form = "application/x-www-form-urlencoded"
    answer = ask(shop, "/auth/o2/token", "POST", urlencode(wrong).encode(), content_type=form)
    assert (answer.status, len(answer.body)) == (401, 77)
    assert json.loads(answer.body) == {
        "error": "invalid_client",
        "error_description": "Client authentication failed",
    }


def test_a_get_that_announces_a_body_is_refused(shop: Served, seller: Seller) -> None:
    """Contract 1.1."""
    token = seller.access_token
    target = query(CreatedAfter="2026-01-01")
    answer = ask(shop, target, "GET", b"{}", x_amz_access_token=token)
    check(answer, 400, body_of("InvalidInput", GENERIC), "0.0167")
    assert (
        ask(shop, target, x_amz_access_token=token, content_type="application/json").status == 200
    )


def test_a_post_of_a_megabyte_to_a_get_is_refused(shop: Served, seller: Seller) -> None:
    token = seller.access_token
    answer = ask(shop, ORDERS, "POST", b"x" * 1_000_000, x_amz_access_token=token)
    check(answer, 403, body_of("Unauthorized", DENIED))
    assert alive(shop)


@pytest.mark.parametrize("size", [40_000, 1_000_000])
def test_a_query_string_that_is_too_long_is_refused(
    shop: Served, seller: Seller, size: int
) -> None:
    """Forty kilobytes are a request, if a useless one; a megabyte is not even read."""
    target = query(CreatedAfter="2026-01-01", Filler="x" * size)
    token = seller.access_token
    received = raw(
        shop, f"GET {target} HTTP/1.1\r\nhost: x\r\nx-amz-access-token: {token}\r\n\r\n".encode()
    )
    if size == 1_000_000:
        check_refused(received)
    else:
        assert received.startswith(b"HTTP/1.1 400 ")
    assert alive(shop)


@pytest.mark.parametrize(
    "bomb",
    [
        b"x-filler: " + b"y" * 200_000,
        b"\r\n".join(b"x-filler-%d: z" % number for number in range(20_000)),
    ],
    ids=["one", "many"],
)
def test_a_header_bomb_is_refused_and_the_server_lives_on(shop: Served, bomb: bytes) -> None:
    check_refused(raw(shop, b"GET /-/ready HTTP/1.1\r\nhost: x\r\n" + bomb + b"\r\n\r\n"))
    assert alive(shop)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /auth/o2/token HTTP/1.1\r\nhost: x\r\ncontent-length: nine\r\n\r\n",
        b"POST /auth/o2/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["tls", "no-path", "version", "length", "chunk"],
)
def test_what_is_not_http_is_refused_and_the_server_lives_on(shop: Served, sent: bytes) -> None:
    check_refused(raw(shop, sent))
    assert alive(shop)


def test_half_a_request_harms_nobody(shop: Served) -> None:
    assert raw(shop, b"GET /orders/v0/orders HTTP/1.1\r\nhost: x\r\n") == b""
    assert alive(shop)


def test_targets_with_odd_bytes_are_refused_not_crashed_on(shop: Served, seller: Seller) -> None:
    targets: list[str] = [
        f"{ORDERS}/%00",
        f"{ORDERS}/%ff%fe/orderItems",
        f"{ORDERS}/%2e%2e%2f",
        f"{ORDERS}/{'9' * 30_000}",
        f"{ORDERS}?%ff=%ff&MarketplaceIds=%ff",
        f"{ORDERS}?&&&==&=&MarketplaceIds",
        query(CreatedAfter="2026-01-01", BuyerEmail="\0"),
        query(CreatedAfter="99999-01-01"),
        query(CreatedAfter="2026-01-01", MaxResultsPerPage="9" * 5000),
    ]
    for target in targets:
        answer = as_seller(shop, seller, target)
        assert answer.status in (200, 400, 403), (target[:60], answer.status)
        assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    assert alive(shop)
