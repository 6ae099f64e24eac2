"""Feeds from upload to report with real processes, some of which are killed (issue 4, point 4; O-30)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.feeds.documents import envelope, fulfillment, item, order_id, row, table
from tests.orders.lines import US
from tests.server.feeding import (
    FLAT,
    FLAT_MEDIA,
    OPEN,
    Feeder,
    counts,
    item_id,
    results,
    statuses,
    unshipped,
)
from tests.server.running import running
from tests.serving import Served, read_credentials
from tests.worker.test_process import PROCESSES, until, until_gone, workers

MANY = 1500
KILLS = 3

pytestmark = pytest.mark.skipif(
    not (PROCESSES / "self" / "stat").is_file(), reason="the system has no /proc to find processes in"
)  # fmt: skip


@contextmanager
def serving(data: Path, database: str | None) -> Iterator[tuple[Served, int]]:
    """A server without limits, and its process id."""
    flags = ("--database", database) if database else ()
    with running(data, "--usage-plans", "off", *flags) as server:
        served = Served(server.url, data, read_credentials(data, flags))
        yield served, server.process.pid
        served.close()


def pieces(server: Served, feeder: Feeder, number: int) -> tuple[list[int], int]:
    """The shipped pieces of each item, and how often something was confirmed of the order."""
    items = feeder.seller.payload(f"/orders/v0/orders/{order_id(number)}/orderItems")["OrderItems"]
    answer = server.operator.get(
        f"/orders/{order_id(number)}/history", params={"sellerId": feeder.seller.seller_id}
    )
    assert answer.status_code == 200, answer.text
    return [one["QuantityShipped"] for one in items], answer.text.count("package_confirmed")


def test_fifty_orders_are_confirmed_by_an_xml_feed_and_fifty_by_a_flat_file(
    unlimited_server: Served,
) -> None:
    feeder = Feeder(unlimited_server.add_seller([US]))
    seller_id = feeder.seller.seller_id
    unlimited_server.load(*(unshipped(seller_id, n, order_id(n)) for n in range(100)))
    bad = [fulfillment(51, "000-0000000-0000000"), fulfillment(52, order_id(1), date="soon")]
    xml = feeder.create(
        feeder.upload(envelope([*(fulfillment(n, order_id(n)) for n in range(50)), *bad]))
    )
    rows = [row(order_id(n)) for n in range(50, 100)]
    flat = feeder.create(feeder.upload(table(*rows, row("nobody's")), FLAT_MEDIA), FLAT)
    report = feeder.report(xml)
    assert counts(report) == [52, 50, 2, 0]
    assert [number for number, _ in results(report)] == ["51", "52"]
    assert feeder.report(flat).split("\n")[1:3] == [
        "\tNumber of records processed\t\t51",
        "\tNumber of records successful\t\t50",
    ]
    assert set(statuses(unlimited_server, feeder.seller).values()) == {"Shipped"}
    feeder.close()


@pytest.fixture
def unlimited_server(own_database: str | None, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "data", own_database) as (server, _):
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_bare_url")
    return url


def test_feed_whose_worker_is_killed_again_and_again_is_applied_exactly_once(
    own_database: str | None, tmp_path: Path
) -> None:
    """Each kill comes in the middle of the feed; the next worker goes on where the last one recorded."""
    with serving(tmp_path / "data", own_database) as (server, pid):
        feeder = Feeder(server.add_seller([US]))
        seller_id = feeder.seller.seller_id
        server.load(*(unshipped(seller_id, n, order_id(n)) for n in range(MANY)))
        messages = [
            fulfillment(n, order_id(n), items=[item(item_id(n), 1)]) for n in range(MANY)
        ] + [fulfillment(n, "000-0000000-0000000") for n in range(MANY, MANY + 100)]
        messages[::3] = [text.replace("<OrderF", "<Odd/><OrderF") for text in messages[::3]]
        feed_id = feeder.create(feeder.upload(envelope(messages)))
        for kill in range(KILLS):
            until(lambda: bool(workers(pid)))
            (worker,) = workers(pid)
            before = progress(server, feeder)
            while progress(server, feeder) <= before:
                assert feeder.feed(feed_id)["processingStatus"] in OPEN, f"ended before kill {kill}"
                time.sleep(0.01)
            os.kill(worker, signal.SIGKILL)
            # Else a slow machine still shows the one that is dying as the next one.
            until_gone(worker)
        feeder.finished(feed_id, 120)
        report = feeder.report(feed_id)
        odd = len(range(0, MANY, 3))
        assert counts(report) == [MANY + 100, MANY, 100, odd]
        told = [number for number, _ in results(report)]
        assert len(told) == 100 + len(range(0, MANY + 100, 3))
        for number in range(0, MANY, 7):
            assert pieces(server, feeder, number) == ([1, 0], 1)
        assert set(statuses(server, feeder.seller).values()) == {"PartiallyShipped"}
        feeder.close()


def progress(server: Served, feeder: Feeder) -> int:
    """How many orders have been shipped in part."""
    query = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01", "OrderStatuses": "PartiallyShipped"}  # fmt: skip
    assert server.url == feeder.seller.url
    return len(feeder.seller.orders(query))
