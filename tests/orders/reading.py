"""Reads orders from a store, as an operation of the API does."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any

from tests.orders.lines import JAPAN, SELLER, US, written
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant
from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.problem import Problem, undecodable_token
from torihiki.kernel.seal import Seal
from torihiki.orders import operations
from torihiki.orders.model import DateField, OrdersResult, Selection
from torihiki.orders.store import OrderStore
from torihiki.orders.v0 import wire
from torihiki.orders.v0.documents import parse_line

NOW = Instant.from_utc(2026, 11, 22)
RING = KeyRing(keys=(SecretKey(key_id=1, secret=bytes(range(64))),), index=bytes(64))
"""The keys of the server."""
OTHER_RING = KeyRing(keys=(SecretKey(key_id=1, secret=bytes(64)),), index=bytes(64))
"""Those of another."""


def caller(seller_id: str = SELLER) -> Caller:
    return Caller(seller_id=seller_id, application_id="application", roles=frozenset())


def seal() -> Seal:
    """As after a restart: made anew from the same secret."""
    return Seal(RING, "NextToken")


async def keep(store: OrderStore, *lines: dict[str, Any]) -> None:
    assert await store.put([parse_line(written(line)) for line in lines]) == set()


EVERYTHING = Selection(
    by=DateField.CREATED, since=Instant.from_utc(2000, 1, 1), until=NOW, marketplace_ids=(US, JAPAN)
)


async def orders(
    store: OrderStore,
    wanted: Selection | str = EVERYTHING,
    size: int | None = None,
    seller_id: str = SELLER,
    now: Instant = NOW,
) -> OrdersResult:
    return await operations.get_orders(store, seal(), caller(seller_id), wanted, size, now)


def rendered(result: OrdersResult, now: Instant = NOW) -> bytes:
    """The answer of getOrders to an ordinary token."""
    return wire.render_orders(result, None, now)


def ids(result: OrdersResult) -> list[int]:
    orders = json.loads(rendered(result))["payload"]["Orders"]
    return [int(order["AmazonOrderId"][-7:]) for order in orders]


async def undecodable(call: Coroutine[Any, Any, object]) -> bool:
    try:
        await call
    except Problem as problem:
        return (problem.message, problem.details) == (undecodable_token().message, "")
    return False
