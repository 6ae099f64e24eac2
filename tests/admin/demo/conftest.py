from __future__ import annotations

from typing import Any

import pytest
from msgspec import json
from whenever import Instant

from torihiki.admin.demo import demo_orders

Line = dict[str, Any]

UNTIL = Instant.from_utc(2026, 11, 22, 9, 30)


@pytest.fixture(scope="session")
def until() -> Instant:
    return UNTIL


@pytest.fixture(scope="session")
def lines() -> list[Line]:
    """Three thousand orders: the showcase and a mix over the whole time."""
    return [json.decode(line, type=Line) for line in demo_orders(3000, 7, UNTIL)]


@pytest.fixture(scope="session")
def showcase(lines: list[Line]) -> list[Line]:
    return lines[:63]
