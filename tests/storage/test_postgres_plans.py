"""Plans of PostgreSQL that are made before there are orders, and hold when there are many."""

from __future__ import annotations

import pytest
from tests.storage.planning import planned

ONE_ORDER = (
    "order_ending",
    "order_personal",
    "items",
    "regulated",
    "history",
    "kept",
    "kept_locked",
    "lock_orders",
    "people",
)


@pytest.mark.parametrize("name", ONE_ORDER)
async def test_order_is_looked_up_by_its_number_even_if_the_plan_was_made_without_orders(
    postgres_url: str, name: str
) -> None:
    """Else every look-up of a connection reads all orders of the seller until the tables are analysed."""
    plan = await planned(postgres_url, "orders.sql", name)
    at = next(number for number, line in enumerate(plan) if " on orders" in line)
    assert "orders_seller_key_order_number_key" in plan[at]
    assert "Index Cond: ((seller_key = " in plan[at + 1]
    assert "AND (order_number >= " in plan[at + 1]
