"""Speaks HTTP byte by byte, and knows how Amazon's error bodies are written (contract 1.8)."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from typing import NamedTuple
from urllib.parse import urlencode

from tests.serving import Seller, Served

US = "ATVPDKIKX0DER"
ORDERS = "/orders/v0/orders"
ORDER = f"{ORDERS}/902-0000000-0000001"
GENERIC = "The input you have submitted is not valid. Please check your input and try again."
DENIED = "Access to requested resource is denied."
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    shop: Served, target: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> Answer:
    connection = http.client.HTTPConnection(shop.url.removeprefix("http://"), timeout=30)
    try:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, target, body=body, headers=named)
        response = connection.getresponse()
        names = {name.lower(): text for name, text in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


def as_seller(shop: Served, seller: Seller, target: str, method: str = "GET") -> Answer:
    return ask(shop, target, method, x_amz_access_token=seller.access_token)


def body_of(code: str, message: str, details: str = "") -> bytes:
    """Two blanks of indent, code first, and the HTML-safe escapes that Amazon's servers write (contract 1.8)."""
    error = {"code": code, "message": message, "details": details}
    text = json.dumps({"errors": [error]}, indent=2)
    for character in "'=<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def check(answer: Answer, status: int, body: bytes, rate: str | None = None) -> None:
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(body))
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    assert answer.headers.get("x-amzn-ratelimit-limit") == rate


def query(**parameters: str) -> str:
    return f"{ORDERS}?{urlencode({'MarketplaceIds': US, **parameters})}"


def alive(shop: Served) -> bool:
    return ask(shop, "/-/ready").status == 200


def raw(shop: Served, sent: bytes) -> bytes:
    """Sends bytes as they are and reads until the server closes, or says nothing for a second."""
    host, port = shop.url.removeprefix("http://").split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        with contextlib.suppress(ConnectionError):  # it may close before it has read everything
            connection.sendall(sent)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while read := connection.recv(65536):
                received += read
    return received


def check_refused(received: bytes) -> None:
    """A 400 in Amazon's form, after which the server closes.

    Closing while more is on its way may destroy the answer before it is read: then nothing was received.
    """
    if received:
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 "), received[:200]
        assert UUID.search(head.decode())
        assert b"connection: close" in head
        assert json.loads(body)["errors"][0]["code"] == "InvalidInput"


def add_reader(shop: Served) -> Seller:
    """A new seller, whose usage plans are full, with one order."""
    added = shop.add_seller([US])
    order = {
        "AmazonOrderId": "902-0000000-0000001",
        "PurchaseDate": "2026-10-10T10:00:00Z",
        "LastUpdateDate": "2026-10-10T10:00:00Z",
        "OrderStatus": "Shipped",
        "MarketplaceId": US,
    }
    item = {"ASIN": "B004RKQM8I", "OrderItemId": "1", "QuantityOrdered": 1}
    shop.load({"sellerId": added.seller_id, "order": order, "orderItems": [item]})
    return added
