"""Any sequence of imports, events, confirmations, pickups, verdicts, moved clocks and crashes leaves what a model says.

Issue 4, "Proof"; O-5, O-25 to O-27.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.orders.life_doors import store_door
from tests.orders.life_machine import check
from tests.server.life_door import http_door

EXAMPLES = {"sqlite": 30, "postgresql": 6}
HTTP_EXAMPLES = {"sqlite": 2, "postgresql": 1}
STEPS = 30
HTTP_STEPS = 15


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest) -> str | None:
    if kind == "sqlite":
        return None
    found: str = request.getfixturevalue("postgres_url")
    return found


def test_no_sequence_of_changes_leaves_what_the_model_does_not_say(
    kind: str, url: str | None, tmp_path: Path
) -> None:
    with store_door(tmp_path, url) as door:
        check(door, EXAMPLES[kind], STEPS)


def test_neither_does_one_over_http_with_servers_that_are_killed(
    kind: str, url: str | None, tmp_path: Path
) -> None:
    with http_door(tmp_path / "data", url) as door:
        check(door, HTTP_EXAMPLES[kind], HTTP_STEPS)
