"""What a stranger tried on confirmShipment and updateShipmentStatus; each held, or holds since."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.orders.lines import US
from tests.server.confirming import (
    ORDER_ID,
    body,
    events,
    load,
    message,
    post,
    shipped,
    standing,
)
from tests.server.signed import connected
from tests.serving import Seller, Served

ANSWER_MAX_BYTES = 64 * 1024
BAD: tuple[Any, ...] = (
    True,
    1,
    -1,
    1.0,
    10**30,
    [],
    {},
    [[]],
    " ",
    "\0",
    "a\nb",
    "x" * 1_000_000,
)  # fmt: skip


@pytest.fixture
def shipper(unlimited: Served) -> Seller:
    seller = unlimited.add_seller([US])
    load(unlimited, seller)
    return seller


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a body, its own being empty."""
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value)
    elif isinstance(value, list):
        inner = list(range(len(value)))
    return [at, *(path for one in inner for path in _places(value[one], (*at, one)))]


def _with(value: Any, path: tuple[Any, ...], other: object) -> Any:
    if not path:
        return other
    changed = list(value) if isinstance(value, list) else dict(value)
    changed[path[0]] = _with(value[path[0]], path[1:], other)
    return changed


@pytest.mark.parametrize("path", _places(body()), ids=str)
def test_bad_value_anywhere_is_refused_and_changes_nothing(
    unlimited: Served, shipper: Seller, path: tuple[Any, ...]
) -> None:
    """O-24, O-29. A 1 for a 1 is the one that is none."""
    before = standing(shipper)
    for bad in BAD:
        if path[-1:] == ("quantity",) and type(bad) is int and bad == 1:
            continue
        answer = post(unlimited, shipper, _with(body(), path, bad))
        assert message(answer), bad
        assert len(answer.body) < ANSWER_MAX_BYTES
    assert standing(shipper) == before
    assert shipped(shipper) == [0]
    assert events(unlimited, shipper) == []


@pytest.mark.parametrize(
    ("code", "item_id", "quantity"),
    [("", "", 0), (0, 0, ""), (None, None, None)],
    ids=["values", "types", "missing"],
)
def test_body_full_of_faults_is_answered_briefly(
    unlimited: Served, shipper: Seller, code: object, item_id: object, quantity: object
) -> None:
    """A megabyte of faults once was answered with fifty, and took the server for seconds."""
    item = {"orderItemId": item_id, "quantity": quantity, "transparencyCodes": [code] * 500}
    faulty = body(orderItems=[item] * 350)
    answer = post(unlimited, shipper, json.dumps(faulty, separators=(",", ":")).encode())
    assert message(answer)
    assert len(answer.body) < ANSWER_MAX_BYTES


def test_change_is_not_dated_before_a_read_that_did_not_see_it(
    unlimited: Served, shipper: Seller
) -> None:
    """O-5: who asks on from the last answer finds it, however slowly its body was sent."""
    sent = json.dumps(body(3)).encode()
    head = (
        f"POST /orders/v0/orders/{ORDER_ID}/shipmentConfirmation HTTP/1.1\r\n"
        f"host: {urlsplit(unlimited.url).netloc}\r\nx-amz-access-token: {shipper.access_token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n"
    )
    query = {"MarketplaceIds": US, "LastUpdatedAfter": "2026-11-22T00:00:00Z"}
    try:
        with connected(unlimited.url) as connection:
            connection.sendall(head.encode() + sent[:10])
            # A request on another connection is answered behind the head, which is under way by then.
            unlimited.set_clock(advance="PT5M")
            found = shipper.payload("/orders/v0/orders", query)
            assert found["Orders"] == []
            connection.sendall(sent[10:])
            assert connection.recv(1000).startswith(b"HTTP/1.1 204 ")
        query["LastUpdatedAfter"] = found["LastUpdatedBefore"]
        (seen,) = shipper.payload("/orders/v0/orders", query)["Orders"]
    finally:
        unlimited.set_clock(now="2026-11-22T09:30:00Z", running=False)
    assert (seen["OrderStatus"], seen["LastUpdateDate"]) == ("Shipped", "2026-11-22T09:35:00Z")
