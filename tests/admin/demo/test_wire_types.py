from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torihiki.orders.v0.schemas import Order, OrderItem, OrderRegulatedInfo

Line = dict[str, Any]


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (Order, "order"),
        (list[OrderItem], "orderItems"),
        (OrderRegulatedInfo, "regulatedInfo"),
    ],
)
def test_import_loses_nothing_of_a_demo_order(kind: Any, part: str, lines: list[Line]) -> None:
    """Every member is declared in our wire types and comes back as it went in."""
    checked = 0
    for line in lines:
        if part in line:
            read = msgspec.json.decode(msgspec.json.encode(line[part]), type=kind)
            assert msgspec.json.decode(msgspec.json.encode(read)) == line[part]
            checked += 1
    assert checked > 10
