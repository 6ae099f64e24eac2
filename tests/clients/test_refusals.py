"""Four real clients meet what a long-running program meets: an expired token and an empty usage plan."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.clients.driver import CLIENTS, Client, Refused
from tests.serving import Seller, Served, served_demo

EXPIRED = (
    403,
    "Unauthorized",
    "Access to requested resource is denied.",
    "The access token you provided has expired.",
)
THROTTLED = (429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
REFRESHES_BY_ITSELF = "amazon-sp-api"


@pytest.fixture(scope="module")
def shop(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo with Amazon's usage plans."""
    data = tmp_path_factory.mktemp("shop") / "data"
    with served_demo(data, database=database) as server:
        yield server


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, seller: Seller) -> Iterator[Client]:
    with Client(request.param, seller) as running:
        yield running


@pytest.fixture
def order_id(shop: Served, seller: Seller) -> str:
    shop.set_clock(advance="PT1H")  # fills every bucket
    seller.renew()
    query = {"MarketplaceIds": seller.marketplace_ids, "CreatedAfter": "2026-11-01"}
    orders = seller.payload("/orders/v0/orders", query)["Orders"]
    found: str = orders[0]["AmazonOrderId"]
    return found


@pytest.fixture
def one_at_once(shop: Served, seller: Seller) -> Iterator[None]:
    """For this seller getOrder takes one call, and the next half a second later."""
    (application,) = shop.ask("GET", "/applications")["applications"]
    path = f"/usage-plans/{application['applicationId']}/{seller.seller_id}/getOrder"
    shop.ask("PUT", path, {"rate": 0.5, "burst": 1})
    yield
    shop.ask("DELETE", path)


def test_a_token_that_expired_is_refused_and_a_new_one_reads_on(
    client: Client, shop: Served, order_id: str
) -> None:
    first = client.call("getOrder", order_id)
    shop.set_clock(advance="PT2H")
    if client.name != REFRESHES_BY_ITSELF:
        with pytest.raises(Refused) as raised:
            client.call("getOrder", order_id)
        assert raised.value.refusal == EXPIRED
        client.renew()
    assert client.call("getOrder", order_id) == first


@pytest.mark.usefixtures("one_at_once")
def test_an_empty_usage_plan_is_a_429_that_the_client_can_read(
    client: Client, shop: Served, order_id: str
) -> None:
    shop.set_clock(running=False)
    try:
        client.call("getOrder", order_id)
        with pytest.raises(Refused) as raised:
            client.call("getOrder", order_id)
        status, code, message, details = raised.value.refusal
        assert (status or 429, code, message, details or "") == THROTTLED
        shop.set_clock(advance="PT2S")
        client.call("getOrder", order_id)
    finally:
        shop.set_clock(running=True)


@pytest.mark.usefixtures("one_at_once")
@pytest.mark.parametrize("client", [REFRESHES_BY_ITSELF], indirect=True)
def test_a_client_that_waits_when_throttled_gets_its_answer(client: Client, order_id: str) -> None:
    client.call("waitWhenThrottled")
    client.call("getOrder", order_id)
    started = time.monotonic()
    payload = client.call("getOrder", order_id)
    assert payload["AmazonOrderId"] == order_id
    assert 1.5 < time.monotonic() - started < 30


def test_the_twenty_first_getorders_within_a_minute_is_throttled(
    shop: Served, seller: Seller, order_id: str
) -> None:
    """Contract 1.1: getOrders has a burst of 20 and gains one call in 60 seconds."""
    assert order_id  # that call was the first of the twenty
    shop.set_clock(running=False)
    try:
        query = {"MarketplaceIds": seller.marketplace_ids, "CreatedAfter": "2026-11-01"}
        statuses = [seller.get("/orders/v0/orders", query).status_code for _ in range(20)]
        assert statuses == [200] * 19 + [429]
        shop.set_clock(advance="PT60S")
        statuses = [seller.get("/orders/v0/orders", query).status_code for _ in range(2)]
        assert statuses == [200, 429]
    finally:
        shop.set_clock(running=True)
