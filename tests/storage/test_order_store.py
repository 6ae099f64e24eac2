"""What `OrderStore` promises, on every backend: single orders, writes, and pages that are written to meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.storage.conftest import Stores, add_seller
from tests.storage.order_model import (
    EVERYTHING_VISIBLE,
    MARKETPLACES,
    TEXTS,
    expected,
    facet,
    order,
    order_id,
    personal,
    random_order,
    read,
    selection,
    shown,
    whole,
)

from torihiki.kernel.instant import Instant, from_micros
from torihiki.orders.model import Cursor, DateField, StoredOrder
from torihiki.orders.store import OrderStore

NEVER_STORED = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)


def of(seller_id: str, each: StoredOrder) -> StoredOrder:
    return msgspec.structs.replace(each, seller_id=seller_id)


def bodies(orders: list[StoredOrder]) -> list[bytes]:
    return [whole(each) for each in orders]


async def test_order_and_its_items_come_back_as_they_were_put(store: OrderStore) -> None:
    """O-21, O-24."""
    put = order(
        7,
        5,
        document=b'{"a": "\xc3\xa9"',
        ending=b',"\xc3\xa9":1 }',
        personal=bytes(range(256)),
        items=b"[ ]",
        restricted_items=b"[ 1]",
        facet=facet(MARKETPLACES[1]),
    )
    assert await store.put([put]) == set()

    for with_personal in (False, True):
        found = await store.order("S1", put.order_id, personal=with_personal)
        items = await store.items("S1", put.order_id, restricted=with_personal)

        assert found is not None
        assert items is not None
        assert (found.marketplace_id, found.created) == (MARKETPLACES[1], put.created)
        assert (items.marketplace_id, items.created) == (MARKETPLACES[1], put.created)
        assert found.document == put.document
        assert found.people == (put.personal if with_personal else put.ending)
        assert items.items == (put.restricted_items if with_personal else put.items)


async def test_items_without_restricted_members_are_the_same_for_everybody(
    store: OrderStore,
) -> None:
    await store.put([order(7)])
    found = await store.items("S1", order_id(7), restricted=True)
    assert found is not None
    assert found.items == order(7).items


@pytest.mark.parametrize(
    "asked", [order_id(8), "", "7", order_id(7)[:-1], "\N{FULLWIDTH DIGIT SEVEN}", "x\0y"]
)
async def test_order_that_the_seller_does_not_have_is_not_found(
    store: OrderStore, asked: str
) -> None:
    await store.put([order(7)])
    for with_personal in (False, True):
        assert await store.order("S1", asked, personal=with_personal) is None
        assert await store.items("S1", asked, restricted=with_personal) is None


async def test_one_seller_never_sees_another_ones_order(store: OrderStore) -> None:
    mine, theirs = order(7, 5, mark="mine"), of("S2", order(7, 5, mark="theirs"))
    await store.put([mine, theirs, of("S2", order(8, 6))])

    for wanted in (
        selection(),
        selection(order_ids=(order_id(7), order_id(8))),
        selection(order_statuses=("Unshipped",), is_ispu=False),
    ):
        assert await read(store, wanted) == [whole(mine)]
    found = await store.order("S2", order_id(7))
    assert found is not None
    assert found.document + found.people == whole(theirs)
    assert await store.order("S1", order_id(8)) is None
    assert await store.items("S1", order_id(8)) is None


@pytest.mark.parametrize(
    "filters", [{}, {"buyer_email": "b@example.com"}, {"supply_source_id": "w"}]
)
async def test_other_sellers_order_is_not_found_by_what_both_have(
    store: OrderStore, filters: dict[str, Any]
) -> None:
    mine = order(1, buyer_email="b@example.com", supply_source_id="w")
    await store.put([mine, of("S2", msgspec.structs.replace(mine, document=b"{}"))])
    assert await read(store, selection(**filters)) == [whole(mine)]


async def test_orders_of_unknown_sellers_are_left_out_and_their_sellers_told(
    store: OrderStore,
) -> None:
    known = order(1)
    put = [of("nobody", order(2)), known, of("no\0body", order(3))]
    assert await store.put(put) == {"nobody", "no\0body"}
    assert await read(store, selection()) == [whole(known)]
    assert await read(store, selection(), seller_id="nobody") == []
    assert await store.order("nobody", order_id(2)) is None


async def test_seller_that_was_unknown_is_known_once_it_is_added(
    store: OrderStore, stores: Stores
) -> None:
    late = of("S3", order(1))
    assert await store.put([late]) == {"S3"}
    assert await read(store, selection(), seller_id="S3") == []
    await add_seller(stores, "S3")
    assert await store.put([late]) == set()
    assert await read(store, selection(), seller_id="S3") == [whole(late)]


async def test_put_is_all_or_nothing(store: OrderStore) -> None:
    there = order(1, mark="old")
    await store.put([there])
    bad = order(2, document=None)
    with pytest.raises(NEVER_STORED):
        await store.put([order(1, mark="new"), bad, order(3, facet=facet(status="Shipped"))])
    assert await read(store, selection()) == [whole(there)]
    assert await store.order("S1", order_id(3)) is None
    # What the failed one began does not stand in the way of the next.
    await store.put([order(3, 9, facet=facet(status="Shipped"))])
    assert len(await read(store, selection())) == 2


async def test_order_that_is_put_again_is_replaced_in_every_part(store: OrderStore) -> None:
    old = order(
        1,
        5,
        mark="old",
        buyer_email="old@example.com",
        seller_order_id="old",
        restricted_items=b"[]",
    )
    new = order(
        1,
        8,
        mark="new",
        facet=facet(status="Shipped"),
        seller_order_id="new",
        supply_source_id="w",
        store_chain_store_id="c",
        earliest_delivery=from_micros(1),
        latest_delivery=from_micros(2),
        regulated=b"{}",
    )
    await store.put([old])
    await store.put([new])

    assert await read(store, selection()) == [whole(new)]
    assert await read(store, selection(order_statuses=("Unshipped",))) == []
    assert await read(store, selection(buyer_email="old@example.com")) == []
    assert await read(store, selection(seller_order_id="old")) == []
    assert await read(store, selection(until=7)) == []
    assert await read(store, selection(seller_order_id="new", supply_source_id="w"))
    for restricted in (False, True):
        items = await store.items("S1", order_id(1), restricted=restricted)
        assert items is not None
        assert items.items == new.items
    assert await read(store, selection(), with_personal=True) == [personal(new)]


async def test_replaced_order_keeps_its_place_among_equal_dates(store: OrderStore) -> None:
    for number in (5, 3, 4):
        await store.put([order(number)])
    await store.put([order(5, mark="again"), order(3)])
    assert await read(store, selection(), limit=1) == bodies(
        [order(5, mark="again"), order(3), order(4)]
    )


async def test_orders_of_one_date_come_in_the_order_in_which_they_were_added(
    store: OrderStore,
) -> None:
    put = [order(number, 3, updated=9) for number in (9, 2, 5, 1)]
    for each in put:
        await store.put([each])
    for by in DateField:
        assert await read(store, selection(by=by), limit=3) == bodies(put)


async def test_many_orders_are_put_at_once(store: OrderStore) -> None:
    random = Random(1)
    put = [random_order(random, number, 1_000_000) for number in range(2_500)]
    await store.put(put)
    await store.put(put)
    assert sorted(await read(store, selection())) == sorted(bodies(put))


async def test_text_that_no_request_can_hold_is_stored_all_the_same(store: OrderStore) -> None:
    odd = order(
        1,
        seller_order_id="a\0b",
        supply_source_id="\0",
        facet=facet(MARKETPLACES[0], channel="AFN"),
    )
    await store.put([odd])
    assert await read(store, selection()) == [whole(odd)]
    assert await read(store, selection(seller_order_id=odd.order_id)) == []


async def test_puts_of_the_same_orders_at_once_leave_each_as_one_of_them_wrote_it(
    store: OrderStore, peer: Stores
) -> None:
    random = Random(2)
    versions = []
    for version in range(8):
        orders = [random_order(random, number, 50, mark=f"v{version}") for number in range(120)]
        random.shuffle(orders)
        versions.append(orders)

    await asyncio.gather(
        *(
            (store if number % 2 else peer.orders).put(version)
            for number, version in enumerate(versions)
        )
    )

    written = {whole(each): each for version in versions for each in version}
    kept = await read(store, selection())
    assert len(kept) == 120
    for document in kept:
        items = await store.items("S1", written[document].order_id)
        assert items is not None
        assert items.items == written[document].items
        people = await store.order("S1", written[document].order_id, personal=True)
        assert people is not None
        assert people.people == written[document].personal
    # Each also stands where its filters and dates put it.
    winners = [written[document] for document in kept]
    for status in ("Shipped", "Pending"):
        wanted = selection(10, 40, by=DateField.LAST_UPDATED, order_statuses=(status,))
        assert sorted(await read(store, wanted)) == sorted(bodies(expected(winners, wanted)))


@pytest.mark.parametrize("by", list(DateField))
@pytest.mark.parametrize("filters", [{}, {"order_statuses": ("Shipped", "Unshipped")}])
async def test_orders_that_stay_as_they_are_come_exactly_once_whatever_is_written(
    store: OrderStore, peer: Stores, by: DateField, filters: dict[str, Any]
) -> None:
    """O-16: a sequence of pages, written to between every two of them."""
    random = Random(3)

    def some_order(number: int, mark: str = "") -> StoredOrder:
        status = random.choice(("Shipped", "Unshipped", "Pending"))
        created = random.randrange(40)
        return order(
            number,
            created,
            updated=created + random.randrange(20),
            mark=mark,
            facet=facet(status=status),
        )

    orders = {number: some_order(number) for number in range(200)}
    await store.put(list(orders.values()))
    wanted = selection(by=by, **filters)
    steady = {whole(each) for each in expected(list(orders.values())[:150], wanted)}

    documents: list[bytes] = []
    after: Cursor | None = None
    for step in range(1_000):
        page = await store.page("S1", wanted, visible_from=EVERYTHING_VISIBLE, after=after, limit=7)
        documents += shown(page)
        after = page.after
        if after is None:
            break
        written = random.sample(range(150, 200 + step), 5)
        await peer.orders.put([some_order(number, mark=f"w{step}") for number in written])

    assert after is None
    seen = [document for document in documents if document in steady]
    assert set(seen) == steady
    assert len(seen) == len(steady)


async def test_order_of_a_new_kind_is_found_however_it_came_into_the_database(
    store: OrderStore, peer: Stores
) -> None:
    """Another process adds a combination of statuses that this one has never seen."""
    first = [order(number, number) for number in range(4)]
    await store.put(first)
    unshipped = selection(order_statuses=("Unshipped", "Shipped"))
    page = await store.page("S1", unshipped, visible_from=EVERYTHING_VISIBLE, after=None, limit=2)
    assert await read(store, selection(order_statuses=("Shipped",))) == []

    shipped = order(9, 9, facet=facet(status="Shipped"))
    foreign = order(10, 10, facet=facet(MARKETPLACES[2]))
    await peer.orders.put([shipped, foreign])

    following = await store.page(
        "S1", unshipped, visible_from=EVERYTHING_VISIBLE, after=page.after, limit=9
    )
    assert shown(following) == bodies([*first[2:], shipped, foreign])
    assert await read(store, selection(order_statuses=("Shipped",))) == [whole(shipped)]
    assert await read(store, selection(marketplace_ids=MARKETPLACES[:1])) == bodies(
        [*first, shipped]
    )


async def test_order_of_a_marketplace_that_is_not_asked_for_stays_out_when_it_is_the_first(
    store: OrderStore, peer: Stores
) -> None:
    mine = order(1, 1)
    await store.put([mine])
    only = selection(marketplace_ids=MARKETPLACES[:1])
    visible = {MARKETPLACES[0]: Instant.from_utc(1990, 1, 1)}
    assert await read(store, only, visible_from=visible) == [whole(mine)]
    await peer.orders.put([order(2, 2, facet=facet(MARKETPLACES[1]))])
    assert await read(store, only, visible_from=visible) == [whole(mine)]


@pytest.mark.parametrize("text", [*TEXTS, "it's", "%", "\\", "a\0b"])
async def test_texts_are_compared_as_they_are(store: OrderStore, text: str) -> None:
    named = order(1, seller_order_id=text, supply_source_id=text, store_chain_store_id=text)
    await store.put([named, order(2, seller_order_id="other")])
    found = await read(store, selection(seller_order_id=text))
    assert found == [whole(named)]
    assert await read(store, selection(supply_source_id=text)) == found
    assert await read(store, selection(store_chain_store_id=text)) == found
    assert await read(store, selection(supply_source_id=text + "\0")) == []
