"""The programs that the README shows are run beside a server, as a newcomer runs them."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.clients.driven import NODE
from tests.clients.pay import PACKAGE
from tests.serving import TORIHIKI, Served, environment, served_demo

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"
NOTHING: Mapping[str, str] = MappingProxyType({})
SETTLEMENT = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_demo(
        tmp_path_factory.mktemp("examples") / "data", "--usage-plans", "off", "--tls-port", "0"
    ) as server:
        yield server


def started(
    *command: str | Path, settings: Mapping[str, str] = NOTHING
) -> subprocess.CompletedProcess[str]:
    """A program that was run to its end."""
    extra = {"TORIHIKI": str(TORIHIKI), "PYTHON": sys.executable, **settings}
    return subprocess.run(
        command,
        env={**environment(), **extra},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def run(*command: str | Path, settings: Mapping[str, str] = NOTHING) -> str:
    """What a program prints, which must succeed."""
    done = started(*command, settings=settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def node_example(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """What runs the Node example where its SDK is installed."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / PACKAGE).is_dir():
        pytest.skip(f"{PACKAGE} is not here: it needs Node and `npm ci` in tests/clients/node")
    place = tmp_path_factory.mktemp("node")
    (place / "node_modules").symlink_to(NODE / "node_modules")
    return [node, shutil.copy(EXAMPLES / "pay_reports.mjs", place)]


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
        r"  paid out 77277 JPY by settlement \d{10}\n"
        r"4 rows of refunds in the same time\n",
        run(sys.executable, EXAMPLES / "first_reports.py", shop.data),
    )


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_report_without_a_document_ends_the_program_with_a_line(
    shop: Served, status: str
) -> None:
    with closing(sqlite3.connect(shop.data / "torihiki.sqlite3", timeout=30)) as connection:

        def change(statement: str, *values: object) -> None:
            with connection:
                connection.execute(statement, values)

        documents = connection.execute(
            "SELECT document_id, report_key FROM pay_reports WHERE report_type = ?", [SETTLEMENT]
        ).fetchall()
        change(
            "UPDATE pay_reports SET status = ?, document_id = NULL WHERE report_type = ?",
            status,
            SETTLEMENT,
        )
        try:
            done = started(sys.executable, EXAMPLES / "first_reports.py", shop.data)
        finally:
            for found in documents:
                change(
                    "UPDATE pay_reports SET status = 'COMPLETED', document_id = ? WHERE report_key = ?",
                    *found,
                )
    assert done.returncode == 1
    assert re.fullmatch(rf"Report \S+ is {status}: it has no document\.\n", done.stderr)


@pytest.mark.parametrize("name", ["first_orders.py", "first_reports.py", "ship_an_order.py"])
def test_without_a_server_an_example_says_what_to_do(tmp_path: Path, name: str) -> None:
    done = started(sys.executable, EXAMPLES / name, tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"There is no server's directory at .*\n", done.stderr)


def test_amazon_pays_own_sdk_asks_for_a_report_and_schedules_one(
    shop: Served, node_example: list[str | Path]
) -> None:
    trusted = {"NODE_EXTRA_CA_CERTS": str(shop.data / "ca.pem")}
    first, *rest = run(*node_example, shop.data, settings=trusted).splitlines()
    *rows, scheduled = rest
    found = re.fullmatch(
        r"(\d+) rows of refunds of A1TORIHIKIJP8K, from \w+ to 20261120T150000Z:", first
    )
    assert found is not None, first
    assert rows[0].startswith('  "AmazonRefundId",')
    assert len(rows) - 1 == int(found[1]) > 0
    assert re.fullmatch(r"schedule \d+: every P1D from \d{8}T\d{6}Z", scheduled)
    again = run(*node_example, shop.data, settings=trusted).splitlines()
    assert again[:-1] == [first, *rows]


def test_the_node_example_trusts_no_other_server_with_its_document(
    shop: Served, node_example: list[str | Path]
) -> None:
    done = started(*node_example, shop.data)
    assert done.returncode == 1
    assert "UNABLE_TO_VERIFY_LEAF_SIGNATURE" in done.stderr


def test_without_a_server_the_node_example_says_what_to_do(
    tmp_path: Path, node_example: list[str | Path]
) -> None:
    done = started(*node_example, tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"There is no server's directory at .*\n", done.stderr)


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
