"""Usage plans over HTTP (issue 2, 6; contract 2, 1.9 row 15)."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.orders.lines import US
from tests.server.plain import fetch
from tests.serving import Seller, Served, served

ORDER = "/orders/v0/orders/249-7000000-0000001"
ORDERS = "/orders/v0/orders"
QUERY = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01"}


def used_up(seller: Seller, path: str, burst: int) -> httpx2.Response:
    """The first refusal, after exactly `burst` answers."""
    answers = [seller.get(path, QUERY) for _ in range(burst)]
    assert [answer.status_code for answer in answers] == [200] * burst
    return seller.get(path, QUERY)


@pytest.mark.parametrize(
    ("path", "rate", "burst", "interval"),
    [(ORDERS, "0.0167", 20, "PT59.89S"), (ORDER, "0.5", 30, "PT2S")],
    ids=["getOrders", "getOrder"],
)
def test_burst_is_answered_and_then_one_call_an_interval(
    server: Served, seller: Seller, path: str, rate: str, burst: int, interval: str
) -> None:
    """Contract 1.1: rates and bursts of the operations; 2: the header is the rate, and a 429 has none."""
    assert seller.get(path, QUERY).headers["x-amzn-ratelimit-limit"] == rate
    refused = used_up(seller, path, burst - 1)
    assert refused.status_code == 429
    assert len(refused.content) == 156
    assert "x-amzn-ratelimit-limit" not in refused.headers
    assert refused.json()["errors"] == [
        {
            "code": "QuotaExceeded",
            "message": "You exceeded your quota for the requested resource.",
            "details": "",
        }
    ]
    server.set_clock(advance=interval)
    assert [seller.get(path, QUERY).status_code for _ in range(2)] == [200, 429]
    server.set_clock(advance="PT30M")
    assert used_up(seller, path, burst).status_code == 429


def test_buckets_are_apart_by_operation_seller_and_application(
    server: Served, seller: Seller
) -> None:
    """Contract 2: one bucket for each operation and pair."""
    assert used_up(seller, ORDERS, 20).status_code == 429
    assert seller.get(ORDER).status_code == 200
    assert server.add_seller([US]).get(ORDERS, QUERY).status_code == 200


def test_calls_that_are_wrong_count_and_calls_that_do_not_get_in_do_not(
    server: Served, seller: Seller
) -> None:
    """Contract 1.10: quota comes after the token and before the parameters."""
    for _ in range(5):
        assert fetch(server.url, ORDERS, QUERY).status == 403
    for _ in range(20):
        answer = seller.get(ORDERS)
        assert answer.status_code == 400
        assert answer.headers["x-amzn-ratelimit-limit"] == "0.0167"
    assert seller.get(ORDERS).status_code == 429


def test_plan_of_a_pair_counts_from_the_next_call_on(server: Served, seller: Seller) -> None:
    """Issue 2, 6: overrides through the operator's API, up, down and away."""
    plan = f"/usage-plans/{seller.application_id}/{seller.seller_id}/getOrder"
    server.ask("PUT", plan, {"rate": 2, "burst": 3})
    assert seller.get(ORDER).headers["x-amzn-ratelimit-limit"] == "2.0"
    assert [seller.get(ORDER).status_code for _ in range(3)] == [200, 200, 429]
    server.set_clock(advance="PT0.5S")
    assert [seller.get(ORDER).status_code for _ in range(2)] == [200, 429]
    other = server.add_seller([US])
    assert other.get(ORDER).headers["x-amzn-ratelimit-limit"] == "0.5"
    server.ask("DELETE", plan)
    server.set_clock(advance="PT2S")
    answer = seller.get(ORDER)
    assert (answer.status_code, answer.headers["x-amzn-ratelimit-limit"]) == (200, "0.5")
    assert seller.get(ORDER).status_code == 429


def test_token_endpoint_and_operators_api_have_no_plan(server: Served) -> None:
    for _ in range(40):
        answer = server.operator.get("/clock")
        assert answer.status_code == 200
        assert "x-amzn-ratelimit-limit" not in answer.headers


def test_plans_can_be_lifted_and_the_header_stays(data: Path) -> None:
    """Issue 2, 6: `--usage-plans off`."""
    with served(data, "--usage-plans", "off") as server:
        seller = server.add_seller([US])
        answers = [seller.get(ORDERS, QUERY) for _ in range(60)]
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.headers["x-amzn-ratelimit-limit"] for answer in answers} == {"0.0167"}
