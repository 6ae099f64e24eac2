"""A few kills of `tests.durability.confirmations` (issue 4; O-25, O-27): what a client was promised is there afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.durability.checking import Seen, judged
from tests.durability.confirmations import Scene, one_round
from tests.durability.load import Asked, Ledger, Told
from tests.postgres import PostgresServer

ORDER_ID = "249-7000000-0000001"


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_server_on_sqlite_has_kept_every_confirmation(workers: int, tmp_path: Path) -> None:
    scene = Scene(tmp_path / "data", None, None, workers, kills_database=False)
    outcome = one_round(scene, Random(workers), workers)
    assert outcome.is_clean(), outcome
    assert outcome.first.acknowledged


@pytest.fixture
def durable_postgres() -> Iterator[PostgresServer]:
    server = PostgresServer(durable=True)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def test_killed_server_or_killed_postgresql_has_kept_every_confirmation(
    durable_postgres: PostgresServer, tmp_path: Path
) -> None:
    """Where PostgreSQL is killed the server goes on as soon as it is there again."""
    database = durable_postgres.url(durable_postgres.new_database())
    for workers, kills_database in ((2, False), (1, True)):
        scene = Scene(tmp_path / "data", durable_postgres, database, workers, kills_database)
        outcome = one_round(scene, Random(workers), workers)
        assert outcome.is_clean(), outcome
        assert outcome.first.acknowledged


def order(*trackings: str, shipped: int | None = None, status: str = "PartiallyShipped") -> Seen:
    """An order of nine pieces of which one is in each of these packages."""
    count = len(trackings) if shipped is None else shipped
    counts = {"NumberOfItemsShipped": count, "NumberOfItemsUnshipped": 9 - count}
    return Seen(
        {"OrderStatus": status, "LastUpdateDate": "2026-11-22T09:30:00Z", **counts},
        {"QuantityOrdered": 9, "QuantityShipped": count},
        ["PartiallyShipped"],
        [
            {
                "event": "package_confirmed",
                "at": "2026-11-22T09:30:00Z",
                "details": {
                    "packageReferenceId": str(number),
                    "carrierCode": "UPS",
                    "trackingNumber": tracking,
                    "items": [{"orderItemId": "1", "quantity": 1}],
                },
            }
            for number, tracking in enumerate(trackings)
        ],
        {
            str(number): {
                "tracking_number": tracking,
                "carrier_code": "UPS",
                "items": [{"quantity": 1}],
            }
            for number, tracking in enumerate(trackings)
        },
    )


LEDGER = Ledger()
LEDGER.told = [
    Told(Asked(ORDER_ID, "1", 1, tracking), status)
    for tracking, status in (("A", 204), ("B", 204), ("C", 400), ("D", None), ("E", 503))
]


@pytest.mark.parametrize("found", [order("A", "B"), order("A", "B", "D"), order("B", "E", "A")])
def test_what_nobody_answered_may_have_happened(found: Seen) -> None:
    assert judged({ORDER_ID: found}, LEDGER).is_clean()


@pytest.mark.parametrize(
    ("found", "blamed"),
    [
        (order("A"), "lost"),
        (order("A", "B", "A"), "doubled"),
        (order("A", "B", "D", "D"), "doubled"),
        (order("A", "B", "C"), "unasked"),
        (order("A", "B", "Z"), "unasked"),
        (order("A", "B", shipped=3), "faults"),
        (order("A", "B", status="Shipped"), "faults"),
        (order("A", "B")._replace(packages=order("A").packages), "faults"),
        (order("A", "B")._replace(listed=["PartiallyShipped", "Unshipped"]), "faults"),
        (order("A", "B")._replace(listed=[]), "faults"),
    ],
)
def test_nothing_that_is_wrong_is_overlooked(found: Seen, blamed: str) -> None:
    verdict = judged({ORDER_ID: found}, LEDGER)
    assert getattr(verdict, blamed)
