"""What is wrong with a request before any operation runs: methods, paths, bodies (contract 1.4, 1.8; issue 2, bad input)."""

from __future__ import annotations

import pytest

from tests.orders.lines import ORDER_ID, US
from tests.server.plain import Answered, fetch
from tests.serving import Served
from torihiki.bootstrap.wiring import OPERATIONS
from torihiki.kernel.operation import Operation

# Amazon Pay has refusals of its own: test_pay_refusals.py.
PATHS = sorted(
    {
        operation.path.replace("{orderId}", ORDER_ID).replace("{", "").replace("}", "")
        for operation in OPERATIONS
        if not operation.path.startswith("/v2/")
    }
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@pytest.fixture(scope="module")
def headers(server: Served) -> dict[str, str]:
    """What opens every operation."""
    return {
        "x-amz-access-token": server.add_seller([US]).access_token,
        "authorization": f"Bearer {server.credentials['operator_token']}",
    }


def path_of(operation: Operation) -> str:
    return operation.path.replace("{orderId}", ORDER_ID).replace("{", "").replace("}", "")


def is_refused(answer: Answered, *statuses: int) -> bool:
    """A refusal in the one shape that every API but the token endpoint has."""
    assert answer.status in statuses, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-amzn-requestid"]
    (error,) = answer.json()["errors"]
    return bool(error["code"])


@pytest.mark.parametrize("path", PATHS)
def test_method_that_a_path_does_not_have_is_refused(
    server: Served, headers: dict[str, str], path: str
) -> None:
    """Contract 1.4: like an unknown path, 403; below /-/ a 404 that says so."""
    known = {operation.method for operation in OPERATIONS if path_of(operation) == path}
    for method in set(METHODS) - known:
        answer = fetch(server.url, path, method=method, headers=headers)
        assert is_refused(answer, 404 if path.startswith("/-/") else 403)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/orders",
        "/orders/v0",
        "/orders/v1/orders",
        "/Orders/v0/orders",
        "/orders/v0/orders/1/2",
        "/orders/v0/orders//orderItems",
        "/orders/v0//orders",
        "/orders/v0/orders/x/orderItems/buyerInfo/x",
        "/orders/v0/orders/../../../etc/passwd",
        "/orders/v0/orders/1%2F2%2F3",
        "/auth/o2/tokens",
        "/%00",
        "/%ff%fe",
        "/" + "a" * 30_000,
        "/" + "a/" * 15_000,
    ],
    ids=lambda path: path[:40],
)
def test_unknown_path_is_a_plain_403(server: Served, headers: dict[str, str], path: str) -> None:
    """Contract 1.4, 1.9 row 12: 143 bytes, whoever asks."""
    for sent in ({}, headers):
        answer = fetch(server.url, path, headers=sent)
        assert is_refused(answer, 403)
        assert len(answer.body) == 143


@pytest.mark.parametrize("path", ["/-", "/-/", "/-/api", "/-/api/v1/", "/-/api/v2/sellers", "/-/x"])
def test_unknown_path_of_our_own_is_a_404(
    server: Served, headers: dict[str, str], path: str
) -> None:
    answer = fetch(server.url, path, headers=headers)
    assert is_refused(answer, 403 if path == "/-" else 404)


def test_last_slash_does_not_count(server: Served, headers: dict[str, str]) -> None:
    """O-2: the seed's getOrder example ends with one."""
    for path in (f"/orders/v0/orders/{ORDER_ID}/", "/-/health/", "/-/api/v1/clock/"):
        assert fetch(server.url, path, headers=headers).status == 200
    query = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"}
    assert fetch(server.url, "/orders/v0/orders/", query, headers=headers).status == 200


WITH_BODY = [
    operation
    for operation in OPERATIONS
    if operation.request is not None and operation.path.startswith("/-/")
]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_body_that_is_not_what_is_asked_for_is_refused(
    server: Served, headers: dict[str, str], operation: Operation
) -> None:
    """Whether what the path names is there or not; nothing is changed, and no value is repeated."""
    for body in (
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"name": "\\ud800"}',
        b'{"nonsense": 1}',
        b'{"name": 1, "rate": "x", "now": 1, "redirectUri": 1, "applicationId": 1}',
        b"[" * 100_000,
        b'{"name": ' + b"[" * 5_000,
        b'{"name": NaN}',
        b'{"rate": 1e999, "burst": 1}',
    ):
        answer = fetch(
            server.url, path_of(operation), method=operation.method, headers=headers, body=body
        )
        assert is_refused(answer, 400)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_body_over_the_limit_is_refused(
    server: Served, headers: dict[str, str], operation: Operation
) -> None:
    body = b'{"name": "' + b"x" * (1024 * 1024) + b'"}'
    answer = fetch(
        server.url,
        path_of(operation),
        method=operation.method,
        headers=headers,
        body=body,
    )
    assert is_refused(answer, 413)


@pytest.mark.parametrize(
    ("length", "statuses"),
    [(30_000, {200}), (33_000, {400}), (60_000, {400}), (100_000, {400}), (1_000_000, {400})],
)
def test_query_string_has_an_end(
    server: Served, headers: dict[str, str], length: int, statuses: set[int]
) -> None:
    """Of unknown parameters, which do not count as long as there are not too many of them."""
    target = f"/orders/v0/orders?MarketplaceIds={US}&CreatedAfter=2026-01-01&x={'x' * length}"
    try:
        answer = fetch(server.url, target, headers=headers)
    except ConnectionError:
        # The server may close before it was sent the whole of what it does not read.
        assert length > 64 * 1024
    else:
        assert answer.status in statuses
    assert fetch(server.url, "/-/health").status == 200
