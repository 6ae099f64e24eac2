"""Health, readiness and metrics (issue 2, 7)."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orders.lines import US
from tests.server.plain import fetch
from tests.server.running import Running, running
from tests.serving import Seller, Served
from torihiki.server.shared_state import LEASE_SECONDS


@pytest.fixture
def without_database(data: Path) -> Iterator[Running]:
    """A running server whose database has lost what it needs, as by a restore of a wrong file."""
    with running(data) as server:
        yield server


@contextlib.contextmanager
def broken(data: Path, *, at_once: bool = False) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(data / "torihiki.sqlite3", timeout=10)) as database:
        database.execute("ALTER TABLE server_state RENAME TO server_state_gone")
        if not at_once:
            time.sleep(2 * LEASE_SECONDS)
        try:
            yield
        finally:
            database.execute("ALTER TABLE server_state_gone RENAME TO server_state")


def test_server_is_alive_and_ready(server: Served) -> None:
    health, ready = fetch(server.url, "/-/health"), fetch(server.url, "/-/ready")
    assert (health.status, health.json()) == (200, {"status": "ok"})
    assert (ready.status, ready.json()) == (200, {"status": "ok", "database": "ok"})


def test_server_without_its_database_is_not_ready_and_is_again_after(
    without_database: Running,
) -> None:
    """Orders and tokens are refused with a 503 meanwhile, not with a 500."""
    server = without_database
    with broken(server.data):
        assert fetch(server.url, "/-/ready").status == 503
        answer = fetch(server.url, "/orders/v0/orders", headers={"x-amz-access-token": "x"})
        assert answer.status == 503
        assert answer.json()["errors"][0]["code"] == "ServiceUnavailable"
        form = b"grant_type=refresh_token&client_id=a&client_secret=b&refresh_token=c"
        answer = fetch(server.url, "/auth/o2/token", method="POST", body=form)
        assert answer.status == 503
        answer = fetch(server.url, "/-/api/v1/sellers", headers=server.bearer)
        assert answer.status == 503
    time.sleep(2 * LEASE_SECONDS)
    assert fetch(server.url, "/-/ready").status == 200


def test_server_that_is_not_ready_says_so_in_the_documented_shape(
    without_database: Running,
) -> None:
    """From the first moment on, while the process still remembers what the clock shows."""
    with broken(without_database.data, at_once=True):
        for _ in range(20):
            answer = fetch(without_database.url, "/-/ready")
            assert answer.status == 503
            assert answer.json()["errors"][0]["code"] == "ServiceUnavailable"
            time.sleep(LEASE_SECONDS / 10)


def test_server_without_its_database_is_still_alive(without_database: Running) -> None:
    """Whoever restarts what is not alive would restart it for nothing."""
    with broken(without_database.data):
        assert fetch(without_database.url, "/-/health").status == 200


def counted(server: Served, operation: str, status: int) -> float:
    shown = fetch(server.url, "/-/metrics").body.decode()
    pattern = rf'^torihiki_requests_total{{operation="{operation}",status="{status}"}} (\S+)$'
    found = re.search(pattern, shown, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_count_every_operation_by_status(server: Served, seller: Seller) -> None:
    orders = "/orders/v0/orders"
    wanted = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"}
    before = {status: counted(server, "getOrders", status) for status in (200, 400, 403)}
    seller.get(orders, wanted)
    seller.get(orders, wanted)
    seller.get(orders)
    fetch(server.url, orders)
    after = {status: counted(server, "getOrders", status) for status in (200, 400, 403)}
    assert [after[status] - before[status] for status in (200, 400, 403)] == [2, 1, 1]


def test_metrics_tell_how_long_operations_take_and_no_more_than_that(
    server: Served, seller: Seller
) -> None:
    """Paths, sellers and tokens must not become labels: they are many, and some are secret."""
    seller.get("/orders/v0/orders/249-7000000-0000001")
    fetch(server.url, "/orders/v0/nothing/secret-path")
    fetch(server.url, "/-/nothing")
    answer = fetch(server.url, "/-/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    shown = answer.body.decode()
    assert re.search(r'^torihiki_request_seconds_bucket{le="0.005",operation="getOrder"} \d', shown, re.MULTILINE)  # fmt: skip
    assert re.search(r'^torihiki_request_seconds_count{operation="getOrder"} ', shown, re.MULTILINE)
    assert counted(server, "unknown", 403) >= 1
    assert counted(server, "unknown", 404) >= 1
    for secret in ("secret-path", seller.seller_id, "249-7000000", "Atza"):
        assert secret not in shown


def test_every_answer_has_another_request_id(server: Served) -> None:
    """Contract 1.8: a UUID, refusals and unknown paths included."""
    paths = ("/-/health", "/orders/v0/orders", "/nothing", "/-/nothing", "/-/api/v1/sellers")
    ids = [fetch(server.url, path).headers["x-amzn-requestid"] for path in paths * 4]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", one) for one in ids)
