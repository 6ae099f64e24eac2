"""Two server processes on one database and one port act as one (issue 2, 7; O-15)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.orders.lines import US, small_line
from tests.server.plain import Answered, fetch
from tests.server.sharing import AT_ONCE, share_requests
from tests.serving import Seller, Served, served

ORDERS = "/orders/v0/orders"
QUERY = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"}
ASKED = 24


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    flags = ("--workers", "2", "--usage-plans", "off")
    with served(tmp_path_factory.mktemp("workers") / "data", *flags) as found:
        found.set_clock(now="2026-11-22T09:30:00Z", running=False)
        yield found


def everywhere(seller: Seller, path: str = ORDERS, **query: str) -> list[Answered]:
    """Answers over many connections, some at the same time, so that both processes give some."""
    headers = {"x-amz-access-token": seller.access_token}
    with ThreadPoolExecutor(AT_ONCE) as clients:
        return list(
            clients.map(
                lambda _: fetch(seller.url, path, QUERY | query, headers=headers), range(ASKED)
            )
        )


def statuses(seller: Seller) -> set[int]:
    return {answer.status for answer in everywhere(seller)}


def test_both_processes_answer(server: Served) -> None:
    assert share_requests(lambda: fetch(server.url, "/-/metrics"))


@pytest.mark.parametrize("attempt", range(2))
def test_moved_clock_counts_everywhere_as_soon_as_the_call_returns(
    server: Served, attempt: int
) -> None:
    """Nobody is let in on an hour that has passed, and nobody is kept out on one that has not."""
    del attempt
    before = server.ask("GET", "/clock")["now"]
    seller = server.add_seller([US])
    assert statuses(seller) == {200}
    server.set_clock(advance="PT1H")
    assert statuses(seller) == {403}
    server.set_clock(now=before)
    assert statuses(seller) == {200}


def test_clock_is_one_for_all_processes(server: Served) -> None:
    seller = server.add_seller([US])
    server.set_clock(now="2026-11-22T10:00:00Z")
    seller.renew()
    echoes = {answer.json()["payload"]["CreatedBefore"] for answer in everywhere(seller)}
    assert echoes == {"2026-11-22T10:00:00Z"}
    server.set_clock(now="2026-11-22T09:30:00Z")


@pytest.mark.parametrize("attempt", range(2))
def test_revocation_counts_everywhere_as_soon_as_the_call_returns(
    server: Served, attempt: int
) -> None:
    """Contract 1.9 row 10."""
    del attempt
    seller = server.add_seller([US])
    assert statuses(seller) == {200}
    server.ask("DELETE", f"/authorizations/{seller.authorization_id}")
    assert statuses(seller) == {403}


def test_roles_and_plans_count_everywhere_as_soon_as_the_call_returns(server: Served) -> None:
    seller = server.add_seller([US])
    assert statuses(seller) == {200}
    server.ask("PATCH", f"/applications/{seller.application_id}", {"roles": []})
    assert statuses(seller) == {403}
    server.ask("PATCH", f"/applications/{seller.application_id}", {"roles": ["Pricing"]})
    plan = f"/usage-plans/{seller.application_id}/{seller.seller_id}/getOrders"
    server.ask("PUT", plan, {"rate": 7, "burst": 1000})
    answers = everywhere(seller)
    assert {answer.headers["x-amzn-ratelimit-limit"] for answer in answers} == {"7.0"}


def test_imported_order_is_seen_everywhere_as_soon_as_the_call_returns(server: Served) -> None:
    """Also one that brings a combination of statuses that no process has met."""
    seller = server.add_seller([US])
    for number, status in enumerate(("Unshipped", "Shipped", "Canceled"), start=1):
        server.load(small_line(number, seller=seller.seller_id, OrderStatus=status))
        counts = {len(answer.json()["payload"]["Orders"]) for answer in everywhere(seller)}
        assert counts == {number}
        found = everywhere(seller, OrderStatuses=status)
        assert {len(answer.json()["payload"]["Orders"]) for answer in found} == {1}


def test_next_token_of_one_process_opens_in_the_other(server: Served) -> None:
    """O-15."""
    seller = server.add_seller([US])
    server.load(*(small_line(number, seller=seller.seller_id) for number in range(3)))
    token = seller.payload(ORDERS, {**QUERY, "MaxResultsPerPage": 1})["NextToken"]
    for answer in everywhere(seller, NextToken=token):
        (order,) = answer.json()["payload"]["Orders"]
        assert order["AmazonOrderId"] == "249-7000000-0000001"
