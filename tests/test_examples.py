"""The programs that the README shows are run beside a server, as a newcomer runs them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import TORIHIKI, Served, environment, served_demo

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_demo(
        tmp_path_factory.mktemp("examples") / "data", "--usage-plans", "off"
    ) as server:
        yield server


def run(*command: str | Path) -> str:
    extra = {"TORIHIKI": str(TORIHIKI), "PYTHON": sys.executable}
    done = subprocess.run(
        command,
        env={**environment(), **extra},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_amazons_own_sdk_pages_through_the_demo_sellers_orders(shop: Served) -> None:
    printed = run(sys.executable, EXAMPLES / "first_orders.py", shop.data)
    seller = shop.sellers[0]
    query = {"MarketplaceIds": seller.marketplace_ids, "CreatedAfter": "2024-01-01"}
    orders = seller.orders(query)
    assert len(orders) > 100
    assert printed.startswith(f"{len(orders)} orders of {seller.seller_id}; the newest is ")
    assert orders[-1]["AmazonOrderId"] in printed
    assert re.search(r"^  \d+ x \S", printed, re.MULTILINE)


def test_settlement_reports_are_listed_and_the_newest_is_read(shop: Served) -> None:
    """Also while the worker is still busy with them."""
    assert re.fullmatch(
        r"7 settlement reports of A1TORIHIKIJP8K; the newest tells of 19 transactions until 20261120T150000Z:\n"
        r"  paid out 77277 JPY by settlement \d{10}\n",
        run(sys.executable, EXAMPLES / "first_reports.py", shop.data),
    )


def test_curl_lists_a_page_of_orders(shop: Served) -> None:
    payload = json.loads(run(EXAMPLES / "first_orders.sh", shop.data))["payload"]
    assert len(payload["Orders"]) == 2
    assert payload["NextToken"]


def test_amazons_own_sdk_ships_an_order_of_the_demo_seller(shop: Served) -> None:
    seller = shop.sellers[0]
    printed = run(sys.executable, EXAMPLES / "ship_an_order.py", shop.data)
    found = re.fullmatch(
        r"(\d{3}-\d{7}-\d{7}) was Unshipped and is Shipped: (\d+) of \2 pieces\n", printed
    )
    assert found is not None, printed
    order = seller.payload(f"/orders/v0/orders/{found[1]}")
    assert order["OrderStatus"] == "Shipped"
    assert (order["NumberOfItemsShipped"], order["NumberOfItemsUnshipped"]) == (int(found[2]), 0)
