"""The operations that move an order on, on a real store: what a feed and the API call (issue 4, O-25, O-27, O-30)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.orders.lines import OTHER, SELLER, US, small_line
from tests.orders.reading import NOW, keep
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Problem
from torihiki.orders.fulfillment import Fulfillment, Moved
from torihiki.orders.model import Confirmation, PackageItem
from torihiki.orders.pickups import PickupReport
from torihiki.orders.rules import Event, NotPossible
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.states import opened

ORDER_ID = "249-7000000-0000001"
MESSAGE = Confirmation(
    marketplace_id=None,
    reference=None,
    carrier_code="UPS",
    carrier_name=None,
    shipping_method=None,
    tracking_number="1Z",
    ship_date=Instant.from_utc(2026, 11, 20),
    ship_from_supply_source_id=None,
    cod_collection_method=None,
    items=None,
    source="feed 7, message 1",
)


@pytest.fixture
async def fulfillment(store: OrderStore) -> Fulfillment:
    line = small_line(FulfillmentChannel="MFN")
    line["orderItems"][0]["QuantityOrdered"] = 5
    await keep(store, line)
    return Fulfillment(store, opened, strict=False)


async def read(store: OrderStore) -> tuple[Any, Any]:
    found, items = await store.order(SELLER, ORDER_ID), await store.items(SELLER, ORDER_ID)
    assert found is not None
    assert items is not None
    return json.loads(found.document + found.people), json.loads(items.items)


async def happened(store: OrderStore) -> list[tuple[str, str]]:
    entries = await store.history(SELLER, ORDER_ID, after=0, limit=100)
    assert entries is not None
    return [(entry.event, entry.by) for entry in entries]


async def test_message_of_a_feed_ships_what_is_left_and_a_second_time_nothing(
    store: OrderStore, fulfillment: Fulfillment
) -> None:
    """O-30: a worker that was killed sends a message again."""
    for _ in range(2):
        await fulfillment.confirm(SELLER, ORDER_ID, MESSAGE, "feed 7", NOW)
    order, items = await read(store)
    assert (order["OrderStatus"], items[0]["QuantityShipped"]) == ("Shipped", 5)
    assert await happened(store) == [("package_confirmed", "feed 7")]


async def test_confirmations_at_once_get_references_of_their_own(
    store: OrderStore, fulfillment: Fulfillment
) -> None:
    """O-27: of nine packages of one piece each five fit, and none takes the place of another."""

    async def confirm(number: int) -> str | None:
        one = replace(
            MESSAGE,
            items=(PackageItem(order_item_id="1", quantity=1),),
            source=None,
            tracking_number=f"1Z{number}",
        )
        try:
            await fulfillment.confirm(SELLER, ORDER_ID, one, "application", NOW)
        except Problem as problem:
            return problem.message
        return None

    said = await asyncio.gather(*(confirm(number) for number in range(9)))
    assert said.count(None) == 5
    order, items = await read(store)
    assert (order["OrderStatus"], items[0]["QuantityShipped"]) == ("Shipped", 5)
    assert len(await happened(store)) == 5


async def test_refused_confirmation_leaves_the_order_as_it_was(
    store: OrderStore, fulfillment: Fulfillment
) -> None:
    before = await read(store)
    bad = replace(MESSAGE, items=(PackageItem(order_item_id="1", quantity=6),))
    with pytest.raises(Problem):
        await fulfillment.confirm(SELLER, ORDER_ID, bad, "application", NOW)
    assert await read(store) == before
    assert await happened(store) == []


@pytest.mark.parametrize(
    ("seller_id", "order_id", "years"),
    [(OTHER, ORDER_ID, 0), (SELLER, "249-7000000-0000002", 0), (SELLER, "TEST_CASE_200", 0), (SELLER, ORDER_ID, 2)],
)  # fmt: skip
async def test_order_that_nobody_sees_is_not_there(
    store: OrderStore, fulfillment: Fulfillment, seller_id: str, order_id: str, years: int
) -> None:
    """O-1: foreign, unknown, malformed, too old."""
    now = NOW + TimeDelta(hours=years * 366 * 24)
    with pytest.raises(Problem) as caught:
        await fulfillment.confirm(seller_id, order_id, MESSAGE, "application", now)
    assert str(caught.value.message).endswith(f"order ID: {order_id}")
    report = PickupReport(marketplace_id=US, status="ReadyForPickup", items=None)
    with pytest.raises(Problem) as caught:
        await fulfillment.report_pickup(seller_id, order_id, report, "application", now)
    assert caught.value.message == "Invalid Request Parameters"
    assert await happened(store) == []


async def test_event_tells_how_the_order_stands(
    store: OrderStore, fulfillment: Fulfillment
) -> None:
    moved = await fulfillment.record_event(SELLER, ORDER_ID, Event(name="canceled"), NOW)
    assert moved == Moved(order_status="Canceled", last_updated=NOW)
    assert await fulfillment.record_event(OTHER, ORDER_ID, Event(name="canceled"), NOW) is None
    with pytest.raises(NotPossible, match=r"Canceled.*shipped"):
        await fulfillment.record_event(SELLER, ORDER_ID, Event(name="shipped"), NOW)
    assert await happened(store) == [("canceled", "operator")]
    assert await fulfillment.history(OTHER, ORDER_ID, after=0, limit=1) is None
