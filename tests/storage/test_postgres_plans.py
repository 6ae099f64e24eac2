"""Plans of PostgreSQL that are made before there are orders, and hold when there are many."""

from __future__ import annotations

import asyncpg
import pytest

from torihiki.storage.postgres.database import SETTINGS
from torihiki.storage.postgres.named import load

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
    text = load("torihiki.storage.postgres", "orders.sql")[name].text
    connection = await asyncpg.connect(postgres_url, server_settings=SETTINGS)
    try:
        prepared = await connection.prepare(text)
        values = ", ".join("NULL" for _ in prepared.get_parameters())
        await connection.execute(f"PREPARE looked_up AS {text}")
        plan = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE looked_up ({values})")]
    finally:
        await connection.close()
    at = next(number for number, line in enumerate(plan) if " on orders" in line)
    assert "orders_seller_key_order_number_key" in plan[at]
    assert "Index Cond: ((seller_key = " in plan[at + 1]
    assert "AND (order_number >= " in plan[at + 1]
