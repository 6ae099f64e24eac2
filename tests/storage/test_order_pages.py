"""Pages against a model that searches a list from end to end, on every backend: each filter, all filters, rare matches."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage.conftest import Stores, add_seller
from tests.storage.order_model import (
    ADDRESSES,
    CHANNELS,
    EASY_SHIPS,
    EPOCH,
    INVOICES,
    MARKETPLACES,
    PAYMENTS,
    STATUSES,
    TEXTS,
    expected,
    facet,
    order,
    order_id,
    personal,
    random_order,
    random_selection,
    random_visibility,
    read,
    selection,
    whole,
)

from torihiki.kernel.instant import Instant, from_micros
from torihiki.orders.model import DateField, DeliveryWindow, Facet, Selection, StoredOrder
from torihiki.orders.store import OrderStore
from torihiki.storage.postgres import order_pages as postgres_pages
from torihiki.storage.sqlite import order_pages as sqlite_pages

SPAN = 400
CROWD = 700
NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True, params=[0, 1_000], ids=["every window is wide", "windows are narrow"])
def _windows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivery windows go one of two ways, by how many orders they hold; both are tried with the same orders."""
    monkeypatch.setattr(sqlite_pages, "WINDOW_MAX", request.param)
    monkeypatch.setattr(postgres_pages, "WINDOW_MAX", request.param)


async def check(
    store: OrderStore,
    orders: list[StoredOrder],
    wanted: Selection,
    *,
    limit: int = 100,
    visible_from: dict[str, Instant] | None = None,
    seller_id: str = "S1",
    with_personal: bool = False,
) -> int:
    """That the pages hold the model's orders in its order, nothing else and nothing twice; returns how many."""
    visible = visible_from or dict.fromkeys(MARKETPLACES, Instant.from_utc(1990, 1, 1))
    found = await read(
        store,
        wanted,
        limit=limit,
        visible_from=visible,
        seller_id=seller_id,
        with_personal=with_personal,
    )
    seen = personal if with_personal else whole
    dates = {
        seen(each): each.created if wanted.by is DateField.CREATED else each.last_updated
        for each in expected(orders, wanted, visible)
    }
    assert sorted(found) == sorted(dates)
    assert [dates[document] for document in found] == sorted(dates.values())
    return len(found)


def at(micros: int) -> Instant:
    return from_micros(EPOCH + micros)


FILTERS: dict[str, Selection] = {
    "none": selection(),
    "since": selection(100),
    "until": selection(None, 100),
    "one microsecond": selection(100, 100),
    "marketplace": selection(marketplace_ids=MARKETPLACES[:1]),
    "marketplaces": selection(marketplace_ids=MARKETPLACES[:2]),
    "common status": selection(order_statuses=STATUSES[:1]),
    "rare status": selection(order_statuses=STATUSES[3:]),
    "rare statuses": selection(order_statuses=STATUSES[2:]),
    "no such status": selection(order_statuses=("Unfulfillable",)),
    "channel": selection(fulfillment_channels=CHANNELS[:1]),
    "payment": selection(payment_methods=PAYMENTS[1:2]),
    "easy ship": selection(easy_ship_shipment_statuses=EASY_SHIPS[1:]),
    "invoice": selection(electronic_invoice_statuses=INVOICES[1:]),
    "picked up": selection(is_ispu=True),
    "not picked up": selection(is_ispu=False),
    "ids": selection(order_ids=tuple(order_id(number) for number in range(0, 2 * CROWD, 31))),
    "an id twice": selection(order_ids=(order_id(3), order_id(3))),
    "ids and status": selection(
        order_ids=tuple(order_id(number) for number in range(50)), order_statuses=STATUSES[:1]
    ),
    "address": selection(buyer_email=ADDRESSES[0]),
    "address in another case": selection(buyer_email=ADDRESSES[1].swapcase()),
    "unknown address": selection(buyer_email="nobody@example.com"),
    "own id": selection(seller_order_id=TEXTS[0]),
    "own id that is Amazon's": selection(seller_order_id=order_id(3)),
    "source": selection(supply_source_id=TEXTS[1]),
    "store": selection(store_chain_store_id=TEXTS[2]),
    "source and store": selection(supply_source_id=TEXTS[1], store_chain_store_id=TEXTS[2]),
    "source and rare status": selection(supply_source_id=TEXTS[1], order_statuses=STATUSES[2:]),
    "delivered from": selection(delivery=DeliveryWindow(earliest_from=at(300))),
    "delivered until": selection(delivery=DeliveryWindow(latest_to=at(50))),
    "delivered between": selection(
        delivery=DeliveryWindow(
            earliest_from=at(100), earliest_to=at(300), latest_from=at(200), latest_to=at(700)
        )
    ),
    "source and delivery": selection(
        supply_source_id=TEXTS[0], delivery=DeliveryWindow(latest_from=at(100))
    ),
    "ids and delivery": selection(
        order_ids=tuple(order_id(number) for number in range(50)),
        delivery=DeliveryWindow(latest_from=at(100)),
    ),
}


@pytest.fixture
async def crowd(store: OrderStore) -> list[StoredOrder]:
    """Orders of every kind, several on each date; some were put twice."""
    random = Random(11)
    await store.put(
        [random_order(random, number, SPAN, mark="old") for number in range(CROWD // 3)]
    )
    orders = [random_order(random, number, SPAN) for number in range(CROWD)]
    await store.put(orders)
    return orders


async def test_each_filter_selects_what_the_model_selects(
    store: OrderStore, crowd: list[StoredOrder]
) -> None:
    """O-4 to O-11, every filter alone and some together, by both dates and with pages of several sizes."""
    selected = {}
    for (name, plain), by, limit in itertools.product(FILTERS.items(), DateField, (3, 100)):
        wanted = msgspec.structs.replace(plain, by=by)
        selected[name] = await check(store, crowd, wanted, limit=limit)
        again = await check(store, crowd, wanted, limit=limit, with_personal=True)
        assert again == selected[name]
    nothing = {name for name, number in selected.items() if not number}
    assert nothing <= {"no such status", "unknown address", "one microsecond"}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 60),
    span=st.sampled_from((1, 3, 30)),
    chance=st.sampled_from((0.1, 0.3, 0.7)),
    limit=st.integers(1, 8),
)
async def test_any_combination_of_filters_selects_what_the_model_selects(
    stores: Stores, seed: int, count: int, span: int, chance: float, limit: int
) -> None:
    """Each example has a seller of its own in the one database, beside all others."""
    random = Random(seed)
    seller_id = f"seller {next(NUMBERS)}"
    await add_seller(stores, seller_id)
    orders: dict[str, StoredOrder] = {}
    for mark in ("old", ""):
        some = random.sample(range(count), random.randint(0, count))
        batch = [
            msgspec.structs.replace(random_order(random, number, span, mark), seller_id=seller_id)
            for number in some
        ]
        assert await stores.orders.put(batch) == set()
        orders |= {each.order_id: each for each in batch}
    for _ in range(12):
        await check(
            stores.orders,
            list(orders.values()),
            random_selection(random, count, span, chance),
            limit=limit,
            visible_from=random_visibility(random, span),
            seller_id=seller_id,
            with_personal=random.random() < 0.5,
        )


@pytest.mark.parametrize("limit", [7, 30, 100])
async def test_combinations_of_filters_hold_among_many_orders(
    store: OrderStore, crowd: list[StoredOrder], limit: int
) -> None:
    """More orders than a search walks before it merges ranges, and more kinds than it merges without sampling."""
    random = Random(limit)
    for _ in range(50):
        await check(
            store,
            crowd,
            random_selection(random, CROWD, SPAN, random.choice((0.1, 0.3))),
            limit=limit,
            visible_from=random_visibility(random, SPAN),
        )


def kinds(status: str) -> list[Facet]:
    """Thirteen or more combinations with one status."""
    return [
        facet(marketplace_id, status, channel=channel, payment=payment)
        for marketplace_id in MARKETPLACES
        for channel in CHANNELS
        for payment in PAYMENTS
    ]


@pytest.mark.parametrize("by", list(DateField))
async def test_rare_orders_of_many_kinds_are_merged_in_order(
    store: OrderStore, by: DateField
) -> None:
    """Far more orders lie between two that match than a search walks."""
    rare = kinds("Canceled")
    common = kinds("Shipped")
    orders = [
        order(number, number // 5, facet=common[number % len(common)]) for number in range(3_000)
    ]
    for position in range(60):
        number = position * 50 + 49
        orders[number] = order(number, number // 5, facet=rare[position % 13])
    await store.put(orders)
    wanted = selection(by=by, order_statuses=("Canceled",))
    for limit in (1, 7, 59, 60, 100):
        assert await check(store, orders, wanted, limit=limit) == 60
    late = msgspec.structs.replace(wanted, since=at(300), until=at(500))
    assert await check(store, orders, late, limit=5) == 20


async def test_rare_orders_of_one_dense_and_many_thin_kinds_are_merged_in_order(
    store: OrderStore,
) -> None:
    """A sample of each range misjudges them all: the dense one ends early, the thin ones reach far."""
    rare = kinds("Canceled")
    orders = [order(number, number, facet=facet(status="Shipped")) for number in range(2_500)]
    for number in range(1_500, 1_700):
        orders[number] = order(number, number, facet=rare[0])
    for position, number in enumerate(range(1_510, 2_500, 60)):
        orders[number] = order(number, number, facet=rare[1 + position])
    await store.put(orders)
    wanted = selection(order_statuses=("Canceled",))
    for limit in (50, 100, 120, 300):
        await check(store, orders, wanted, limit=limit)


@pytest.mark.parametrize("by", list(DateField))
@pytest.mark.parametrize("filters", [{}, {"order_statuses": ("Shipped",)}, {"is_ispu": False}])
async def test_orders_from_before_their_marketplaces_date_are_left_out(
    store: OrderStore, by: DateField, filters: dict[str, Any]
) -> None:
    """O-1: also by last update, where an old order may have changed yesterday."""
    orders = [
        order(
            number,
            number,
            updated=number + random,
            facet=facet(MARKETPLACES[number % 3], STATUSES[number % 2]),
        )
        for number, random in enumerate(Random(5).choices(range(300), k=300))
    ]
    await store.put(orders)
    floors = {MARKETPLACES[0]: at(50), MARKETPLACES[1]: at(200), MARKETPLACES[2]: at(50)}
    same = dict.fromkeys(MARKETPLACES, at(120))
    for visible, since, limit in itertools.product((floors, same), (None, 150), (4, 100)):
        wanted = selection(since, by=by, **filters)
        assert await check(store, orders, wanted, limit=limit, visible_from=visible)


async def test_delivery_window_is_found_behind_many_orders_that_are_outside(
    store: OrderStore,
) -> None:
    orders = [
        order(
            number,
            number,
            latest_delivery=at(number % 997),
            facet=facet(status=STATUSES[number % 2]),
        )
        for number in range(3_000)
    ]
    await store.put(orders)
    window = DeliveryWindow(latest_from=at(990), latest_to=at(991))
    for limit in (1, 2, 100):
        for statuses in ((), ("Unshipped",)):
            wanted = selection(delivery=window, order_statuses=statuses)
            assert await check(store, orders, wanted, limit=limit)


async def test_seller_without_orders_has_an_empty_page(store: OrderStore) -> None:
    assert await read(store, selection()) == []
    assert await read(store, selection(order_statuses=("Shipped",))) == []
    assert await read(store, selection(order_ids=(order_id(1),))) == []
