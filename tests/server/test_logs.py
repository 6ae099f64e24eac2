"""Structured logs: one JSON object a line, with the request id and nothing secret or personal (issue 2, 7)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.orders.lines import ORDER_ID, full_line
from tests.server.plain import fetch
from tests.server.running import Running, running
from tests.server.signed import Documents
from torihiki.kernel.instant import Instant

EMAIL = "taro.yamada@example.test"


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("logs") / "data", "--demo", "--access-log") as server:
        yield server


def credentials(server: Running) -> dict[str, str]:
    kept = json.loads((server.data / "credentials.json").read_text("utf-8"))
    lwa: dict[str, str] = kept["sellers"][0]["lwa"]
    return {**lwa, "operator_token": kept["operator_token"], "seller": kept["sellers"][0]["seller_id"]}  # fmt: skip


def token(server: Running) -> str:
    known = credentials(server)
    form = "&".join(
        [
            "grant_type=refresh_token",
            *(f"{name}={known[name]}" for name in ("client_id", "client_secret", "refresh_token")),
        ]
    )
    answer = fetch(server.url, "/auth/o2/token", method="POST", body=form.encode())
    found: str = answer.json()["access_token"]
    return found


def test_every_request_is_logged_with_the_id_that_its_answer_has(talkative: Running) -> None:
    access = {"x-amz-access-token": token(talkative)}
    answers = [
        fetch(talkative.url, "/orders/v0/orders", headers=access),
        fetch(talkative.url, f"/orders/v0/orders/{ORDER_ID}", headers=access),
        fetch(talkative.url, "/orders/v0/orders"),
        fetch(talkative.url, "/nothing"),
        fetch(talkative.url, "/-/health"),
    ]
    logged = {line["request_id"]: line for line in talkative.logged() if "request_id" in line}
    found = [logged[answer.headers["x-amzn-requestid"]] for answer in answers]
    assert [line["status"] for line in found] == [400, 200, 403, 403, 200]
    assert [line["operation"] for line in found] == ["getOrders", "getOrder", "getOrders", "unknown", "health"]  # fmt: skip
    assert [line.get("seller") for line in found[:3]] == [credentials(talkative)["seller"]] * 2 + [None]  # fmt: skip
    for line in found:
        assert line["ms"] >= 0
        assert line["timestamp"].endswith("Z")
        assert line["level"] == "info"


def test_nothing_secret_and_nothing_personal_is_logged(talkative: Running) -> None:
    """Whatever is refused, by whomever: neither values of parameters nor of orders, nor tokens of any sort."""
    access_token = token(talkative)
    access = {"x-amz-access-token": access_token}
    known = credentials(talkative)
    order = full_line(BuyerInfo={"BuyerEmail": EMAIL, "BuyerName": "Taro Yamada"})
    lines = [
        {**order, "sellerId": known["seller"]},
        {**order, "sellerId": known["seller"], "orderItems": "Taro Yamada"},
        full_line(OrderStatus="Taro Yamada"),
    ]
    body = b"\n".join(json.dumps(line).encode() for line in lines) + b"\nTaro Yamada"
    for bearer in (talkative.bearer, {"authorization": "Bearer forged-bearer"}):
        fetch(talkative.url, "/-/api/v1/orders", method="POST", headers=bearer, body=body)
    for query in (
        {"BuyerEmail": EMAIL, "MarketplaceIds": "A1VC38T7YXB528", "CreatedAfter": "2026-01-01"},
        {"BuyerEmail": EMAIL, "MarketplaceIds": "A1VC38T7YXB528", "CreatedAfter": "Taro Yamada"},
        {"OrderStatuses": "Taro Yamada", "MarketplaceIds": "A1VC38T7YXB528", "CreatedAfter": "2026-01-01"},
        {"NextToken": EMAIL, "MarketplaceIds": "A1VC38T7YXB528"},
    ):  # fmt: skip
        fetch(talkative.url, "/orders/v0/orders", query, headers=access)
    fetch(talkative.url, "/orders/v0/orders", headers={"x-amz-access-token": "forged-token"})
    for form in (
        b"grant_type=refresh_token&client_id=forged-client&client_secret=forged-secret&refresh_token=forged-refresh",
        b'{"grant_type":"forged-grant","client_secret":"forged-secret"',
    ):
        fetch(talkative.url, "/auth/o2/token", method="POST", body=form)
    said = talkative.said()
    assert len(talkative.logged()) > 8
    for secret in (
        EMAIL,
        EMAIL.replace("@", "%40"),
        "Yamada",
        access_token,
        access_token[5:25],
        "forged-",
        *(known[name] for name in ("client_secret", "refresh_token", "operator_token")),
    ):
        assert secret not in said, secret


def test_what_is_no_http_leaves_lines_of_json_only(talkative: Running) -> None:
    """Also what the libraries have to say goes to the log as an object a line."""
    address = urlsplit(talkative.url)
    for sent in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"nonsense\r\n\r\n"):
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert fetch(talkative.url, "/-/health").status == 200
    talkative.logged()


def test_quiet_server_logs_refusals_only(data: Path) -> None:
    with running(data) as server:
        fetch(server.url, "/-/health")
        refused = fetch(server.url, "/orders/v0/orders")
        (line,) = server.logged()
        assert line["request_id"] == refused.headers["x-amzn-requestid"]
        assert line["problem"] == "UNAUTHORIZED"


def test_refusals_of_every_api_are_logged_with_their_words(data: Path) -> None:
    """Also those that an API answers in a form of its own; none of them says what was asked for."""
    with running(data) as server:
        documents = Documents(server.url, data, Instant.now())
        documents.put("kept", b"x")
        signed = documents.sign("GET", "kept")
        form = b"grant_type=refresh_token&client_id=forged&client_secret=x&refresh_token=x"
        asked = {
            "AccessDenied": fetch(server.url, "/documents/kept"),
            "SignatureDoesNotMatch": fetch(server.url, signed + "&forged=1"),
            "InvalidRange": documents.get("kept", range="bytes=5-"),
            "PreconditionFailed": documents.get("kept", if_match='"x"'),
            "MethodNotAllowed": fetch(server.url, signed, method="DELETE"),
            "invalid_client": fetch(server.url, "/auth/o2/token", method="POST", body=form),
            "UNSUPPORTED": fetch(server.url, "/v2/reports", method="PUT"),
        }
        documents.get("kept")
        documents.get("kept", if_none_match="*")
        logged = server.logged()
        assert [line["problem"] for line in logged] == list(asked)
        assert [line["status"] for line in logged] == [one.status for one in asked.values()]
        assert [line["level"] for line in logged] == ["info"] * len(asked)
        assert "forged" not in server.said()


def test_document_that_should_be_there_and_is_not_is_a_warning(data: Path) -> None:
    with running(data) as server:
        answer = Documents(server.url, data, Instant.now()).get("lost")
        assert answer.status == 404
        warning, line = server.logged()
        assert (warning["level"], warning["event"]) == ("warning", "document missing")
        assert warning["document"] == "lost"
        assert warning["request_id"] == line["request_id"] == answer.headers["x-amzn-requestid"]
        assert (line["operation"], line["problem"]) == ("getDocument", "NoSuchKey")
