"""The operator's importOrders over HTTP: what it reports, and that it streams (issue 2, 3)."""

from __future__ import annotations

import gc
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.orders.lines import SELLER, US, full_line, small_line, written
from tests.server.plain import fetch
from tests.server.running import running
from tests.serving import Seller, Served

IMPORT = "/-/api/v1/orders"


def post(server: Served, body: bytes, **headers: str) -> tuple[int, object]:
    bearer = {"authorization": f"Bearer {server.credentials['operator_token']}"}
    answer = fetch(server.url, IMPORT, method="POST", headers=bearer | headers, body=body)
    return answer.status, answer.json()


def test_report_names_bad_lines_and_the_good_ones_are_served(
    server: Served, seller: Seller
) -> None:
    """Also whatever media type the client says it is."""
    mine = full_line() | {"sellerId": seller.seller_id}
    body = b"\n".join(
        [b"{", written(small_line(1, seller="NOBODY")), written(mine), b"", b"\xff", b"null"]
    )
    for media in ("application/x-ndjson", "application/json", "text/plain", ""):
        status, report = post(server, body, **{"content-type": media})
        assert status == 200
        assert report == {
            "imported": 1,
            "failed": 4,
            "errors": [
                {"line": 1, "reason": "Input data was truncated"},
                {"line": 2, "reason": "there is no seller 'NOBODY'"},
                {"line": 5, "reason": "JSON is malformed: invalid character (byte 0)"},
                {"line": 6, "reason": "Expected `object`, got `null`"},
            ],
        }
    order = seller.payload(f"/orders/v0/orders/{mine['order']['AmazonOrderId']}")
    assert order["SalesChannel" if "SalesChannel" in order else "OrderStatus"] == "Shipped"


def test_import_without_a_body_imports_nothing(server: Served) -> None:
    assert post(server, b"") == (200, {"imported": 0, "failed": 0, "errors": []})


def test_import_needs_the_operators_token(server: Served, seller: Seller) -> None:
    """And a seller's access token is none."""
    line = written(small_line(1, seller=seller.seller_id))
    for headers in (
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": server.credentials["operator_token"]},
        {"authorization": f"bearer {server.credentials['operator_token']}x"},
        {"authorization": f"Bearer {seller.access_token}"},
        {"x-amz-access-token": seller.access_token},
        {"authorization": b"Bearer \xff"},
    ):
        answer = fetch(server.url, IMPORT, method="POST", headers=headers, body=line)
        assert answer.status == 403
    assert seller.payload("/orders/v0/orders/249-7000000-0000001") == {}


def test_update_moves_an_order_to_its_new_place(server: Served, seller: Seller) -> None:
    """O-5: an order that is imported again has changed, and LastUpdatedAfter finds it."""
    line = small_line(1, seller=seller.seller_id)
    server.load(line)
    recent = {"MarketplaceIds": US, "LastUpdatedAfter": "2026-05-01"}
    assert seller.payload("/orders/v0/orders", recent)["Orders"] == []
    changes = {"OrderStatus": "Shipped", "LastUpdateDate": "2026-05-02T00:00:00Z"}
    server.load(small_line(1, seller=seller.seller_id, **changes))
    (order,) = seller.payload("/orders/v0/orders", recent)["Orders"]
    assert (order["OrderStatus"], order["LastUpdateDate"]) == ("Shipped", "2026-05-02T00:00:00Z")
    created = seller.payload("/orders/v0/orders", {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"})  # fmt: skip
    assert len(created["Orders"]) == 1


def peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def test_large_import_streams_in_flat_memory(data: Path) -> None:
    """Forty megabytes of lines that are refused, many of them too long: nothing of that may be kept."""
    megabyte = b"x" * (1024 * 1024 + 10) + b"\n" + b"{}\n" * 10

    def body() -> Iterator[bytes]:
        for _ in range(40):
            yield megabyte

    with running(data) as server:
        server.ask("POST", "/sellers", {"sellerId": SELLER, "name": "x", "marketplaceIds": [US]})
        fetch(server.url, IMPORT, method="POST", headers=server.bearer, body=megabyte)
        before = peak_kib(server.process.pid)
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        connection.request("POST", IMPORT, body=body(), headers=server.bearer, encode_chunked=True)
        answer = connection.getresponse()
        report = json.loads(answer.read())
        connection.close()
        assert (report["imported"], report["failed"]) == (0, 440)
        assert peak_kib(server.process.pid) - before < 12 * 1024
    gc.collect()
