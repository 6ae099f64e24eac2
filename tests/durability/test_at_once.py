"""Hundreds of confirmations of one order at once, over several processes, on both databases (issue 4, point 5; O-25 to O-27)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.durability.checking import Seen, faults_of, seen
from tests.durability.confirmations import ROLES, TODAY
from tests.durability.load import Asked, Told, all_at_once, order_line
from tests.durability.processes import group
from tests.orders.lines import US
from tests.postgres import PostgresServer
from tests.serving import Seller, Served

ORDER_ID = "249-7000000-0000001"
CLIENTS = 24
PIECES = 150
OVERFULFILLED = (
    "Failed to create/update package due to overfulfillment",
    "Failed to create package due to not finding a matching package or order already fulfilled.",
)


class Several(NamedTuple):
    """Processes on one database: what the operator asks goes to the first server, and the seller asks all."""

    server: Served
    addresses: list[str]
    database: str | None

    def sellers(self, pieces: int) -> list[Seller]:
        """A new seller with an order of that many pieces, at each server."""
        first = self.server.add_seller([US], ROLES)
        self.server.load(order_line(first.seller_id, ORDER_ID, pieces))
        known = {"seller_id": first.seller_id, "marketplace_ids": [US], "lwa": first.lwa}
        others = [Seller(address, known) for address in self.addresses[1:]]
        self.server.sellers += others
        return [first, *others]

    def seen(self, sellers: list[Seller]) -> Seen:
        found = seen(self.server, sellers[0], self.database, [ORDER_ID])[ORDER_ID]
        assert list(faults_of(ORDER_ID, found)) == []
        return found


@pytest.fixture(
    scope="module",
    params=itertools.product(("sqlite", "postgresql"), ("two processes", "two servers")),
    ids=" ".join,
)
def several(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Several]:
    """One server with two processes, or two servers on one database and one data directory."""
    kind, arrangement = request.param
    data = tmp_path_factory.mktemp("several") / "data"
    database = None
    if kind == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        database = postgres.url(postgres.new_database())
    workers = {"one": 2} if arrangement == "two processes" else {"one": 1, "other": 1}
    with contextlib.ExitStack() as stack:
        servers: list[Served] = []
        for name, number in workers.items():
            running = stack.enter_context(group(data, database, workers=number, name=name))
            servers.append(stack.enter_context(contextlib.closing(running.served())))
        servers[0].set_clock(now=TODAY)
        yield Several(servers[0], [each.url for each in servers], database)


def ask(sellers: list[Seller], asked: list[Asked]) -> list[Told]:
    return asyncio.run(all_at_once(sellers, asked, CLIENTS))


def statuses(told: list[Told]) -> Counter[int | None]:
    return Counter(one.status for one in told)


@pytest.mark.parametrize("references", ["own", "assigned"])
def test_exactly_as_many_pieces_are_shipped_as_were_ordered(
    several: Several, references: str
) -> None:
    sellers = several.sellers(PIECES)
    told = ask(
        sellers,
        [
            Asked(ORDER_ID, str(number) if references == "own" else None, 1, f"1Z{number}")
            for number in range(1, 2 * PIECES + 1)
        ],
    )
    assert statuses(told) == {204: PIECES, 400: PIECES}
    assert all(one.message.startswith(OVERFULFILLED) for one in told if one.status == 400)
    found = several.seen(sellers)
    kept = {package["tracking_number"] for package in found.packages.values()}
    assert kept == {one.asked.tracking for one in told if one.status == 204}
    assert len(found.packages) == PIECES
    if references == "assigned":
        assert set(found.packages) == {str(number) for number in range(1, PIECES + 1)}
    assert found.order["OrderStatus"] == "Shipped"


def test_packages_of_several_pieces_never_exceed_the_order(several: Several) -> None:
    """What does not fit any more is refused, however much less there was a moment before."""
    sellers = several.sellers(PIECES)
    asked = [
        Asked(ORDER_ID, str(number), number % 7 + 1, f"1Z{number}") for number in range(1, 121)
    ]
    told = ask(sellers, asked)
    assert set(statuses(told)) == {204, 400}
    found = several.seen(sellers)
    assert sum(one.asked.quantity for one in told if one.status == 204) == PIECES
    assert found.item["QuantityShipped"] == PIECES


def test_edits_of_one_package_at_once_leave_one_of_them_whole(several: Several) -> None:
    sellers = several.sellers(2)
    assert statuses(ask(sellers, [Asked(ORDER_ID, "7", 1, "1Z")])) == {204: 1}
    carriers = ("UPS", "USPS", "FedEx", "DHL")
    edits = [
        Asked(ORDER_ID, "7", 1, f"1Z{number}", carriers[number % 4], f"method {number}")
        for number in range(80)
    ]
    assert statuses(ask(sellers, edits)) == {204: len(edits)}
    found = several.seen(sellers)
    (package,) = found.packages.values()
    members = (package["tracking_number"], package["carrier_code"], package["shipping_method"])
    assert members in {(one.tracking, one.carrier, one.method) for one in edits}
    assert found.item["QuantityShipped"] == 1
    told = Counter(entry["details"]["trackingNumber"] for entry in found.history)
    assert told == {"1Z": 1} | {one.tracking: 1 for one in edits}


def test_same_request_sent_many_times_at_once_makes_one_package(several: Several) -> None:
    sellers = several.sellers(3)
    told = ask(sellers, [Asked(ORDER_ID, "1", 2, "1Z")] * 80)
    assert statuses(told) == {204: 80}
    found = several.seen(sellers)
    assert list(found.packages) == ["1"]
    assert [entry["event"] for entry in found.history] == ["package_confirmed"]
    assert (found.item["QuantityShipped"], found.order["OrderStatus"]) == (2, "PartiallyShipped")
