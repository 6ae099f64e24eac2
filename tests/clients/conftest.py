"""A demo shop on each database, and one real client after the other that reads from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.driver import CLIENTS, Client
from tests.serving import Seller, Served, served_demo


@pytest.fixture(scope="module")
def shop(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo, without limits, so that a test reads as much as it wants."""
    data = tmp_path_factory.mktemp("shop") / "data"
    with served_demo(data, "--usage-plans", "off", database=database) as server:
        yield server


@pytest.fixture(scope="module")
def seller(shop: Served) -> Seller:
    """The demo's seller with marketplaces in the Americas and Europe."""
    return shop.sellers[1]


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest, seller: Seller) -> Iterator[Client]:
    with Client(request.param, seller) as running:
        yield running
