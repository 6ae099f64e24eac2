"""One running server a file of tests; those that kill or restart theirs start it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orders.lines import US
from tests.server.paying import CLOCK, Paying
from tests.serving import Seller, Served, served
from torihiki.config import Settings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server as it starts by default, on an empty database; its clock is stopped, so that buckets stand still."""
    with served(tmp_path_factory.mktemp("server") / "data") as found:
        found.set_clock(now="2026-11-22T09:30:00Z", running=False)
        yield found


@pytest.fixture(scope="module")
def unlimited(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on each database that logs every request and limits none."""
    data = tmp_path_factory.mktemp("unlimited") / "data"
    flags = ("--usage-plans", "off", "--access-log", "--log-level", "debug")
    with served(data, *flags, database=database) as found:
        found.set_clock(now="2026-11-22T09:30:00Z", running=False)
        yield found


@pytest.fixture(scope="module")
def paying(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paying]:
    """A server on each database, for merchants of Amazon Pay; its clock is years away from the machine's."""
    data = tmp_path_factory.mktemp("paying") / "data"
    with served(data, database=database) as found:
        found.set_clock(now=CLOCK.format_iso(), running=False)
        yield Paying(found, Settings(data=data, database=database))


@pytest.fixture
def seller(server: Served) -> Seller:
    """A seller of this test alone, with full buckets."""
    return server.add_seller([US])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest) -> str | None:
    """A database of this test alone: it is sealed with the keys of its own data directory."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_bare_url")
    return url
