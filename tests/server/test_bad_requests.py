"""What is wrong with a request before any operation runs: methods, paths, bodies (contract 1.4, 1.8; issue 2, bad input)."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from tests.orders.lines import ORDER_ID, US
from tests.server.paying import refused
from tests.server.plain import Answered, fetch
from tests.server.signed import members
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


LONG = b"x" * 65_536
"""What stands beside it is too much for a head; it is little, so that the server reads all before it closes."""
BROKEN = {
    "a header that is none": b"GET %b HTTP/1.1\r\nhost: x\r\nno header\r\n\r\n",
    "a version that is none": b"GET %b HTTP/9.9\r\n\r\n",
    "a blank in the target": b"GET %b and more HTTP/1.1\r\n\r\n",
    "two lengths": b"GET %b HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "a long header": b"GET %b HTTP/1.1\r\nx-long: " + LONG + b"\r\n\r\n",
    "a head without an end": b"GET %b HTTP/1.1\r\nx-long: " + LONG,
    "a long query": b"GET %b?x=" + LONG + b" HTTP/1.1\r\n\r\n",
    "a query without an end": b"GET %b?x=" + LONG,
    "a chunk that is none": b"POST %b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
}


def spoken(server: Served, *sent: bytes) -> Answered:
    """The answer to the last of these, on one connection."""
    place = urlsplit(server.url)
    answers = []
    with socket.create_connection((place.hostname, place.port), timeout=20) as peer:
        for one in sent:
            peer.sendall(one)
            answer = http.client.HTTPResponse(peer)
            answer.begin()
            named = {name.lower(): value for name, value in answer.getheaders()}
            answers.append(Answered(answer.status, named, answer.read()))
    return answers[-1]


def is_broken_off(answer: Answered) -> bool:
    return answer.status == 400 and answer.headers["connection"] == "close"


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize(
    "path",
    [
        b"/v2/reports",
        b"//sandbox/v2/report-schedules/1/",
        b"/live/v2/report-documents/amzn1.tortuga.3",
        b"/v3/x",
    ],
)
def test_what_is_no_http_is_refused_in_amazon_pays_form_on_its_paths(
    server: Served, path: bytes, broken: str
) -> None:
    """R-16, contract 1.7: SDKs read nothing else, and one fails without the request id."""
    answer = spoken(server, BROKEN[broken] % path)
    assert is_broken_off(answer)
    assert refused(answer) == (400, "InvalidRequest")
    assert "x-amzn-requestid" not in answer.headers


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("path", [b"/orders/v0/orders", b"/", b"/live", b"/x/v2/reports"])
def test_what_is_no_http_is_refused_in_the_form_of_most_apis_elsewhere(
    server: Served, path: bytes, broken: str
) -> None:
    answer = spoken(server, BROKEN[broken] % path)
    assert is_broken_off(answer)
    assert is_refused(answer, 400)


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_http_is_refused_in_s3s_form_on_the_paths_of_documents(
    server: Served, broken: str
) -> None:
    answer = spoken(server, BROKEN[broken] % b"/documents/amzn1.tortuga.3?X-Amz-Expires=30")
    assert is_broken_off(answer)
    assert answer.headers["content-type"] == "application/xml"
    assert members(answer)["Code"] == "InvalidRequest"


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x00\xa5\x01\x00\r\n", b"NONSENSE /v2/reports HTTP/1.1\r\n\r\n", b"GET v2 HTTP/1.1\r\n"]
)  # fmt: skip
def test_what_was_asked_before_does_not_form_the_refusal(server: Served, sent: bytes) -> None:
    """Of a request whose target was not read nothing is known, also behind one to Amazon Pay."""
    asked = b"GET /v2/reports HTTP/1.1\r\nhost: x\r\n\r\n"
    for before in ((), (asked,)):
        answer = spoken(server, *before, sent)
        assert is_broken_off(answer)
        assert is_refused(answer, 400)
