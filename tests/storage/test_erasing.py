"""Erasing of restricted members, on every backend: what goes, what stays, and which orders are due (issue 3, point 7)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import msgspec
import pytest
from tests.storage.conftest import Backend, Orders, Stores, sealing
from tests.storage.order_model import (
    EPOCH,
    facet,
    order,
    order_id,
    personal,
    read,
    selection,
    unchanged,
    whole,
)

from torihiki.kernel.instant import Instant, from_micros
from torihiki.kernel.problem import invalid_input
from torihiki.orders.model import ChangedOrder, DateField, HistoryEntry, KeptOrder, StoredOrder
from torihiki.storage.order_sealing import Column, OrderSealing

ENDING, PERSONAL, WITHHELD = b',"nobody":1}', b"nobody", b'{"left":1}'
ADDRESS = "reader@example.com"
LATER = from_micros(EPOCH + 1_000_000)


def erased(_: bytes, __: bytes) -> tuple[bytes, bytes, bytes]:
    return ENDING, PERSONAL, WITHHELD


def final(
    number: int,
    created: int = 0,
    *,
    updated: int | None = None,
    mark: str = "",
    seller_id: str = "S1",
) -> StoredOrder:
    """A final order with all that can be erased."""
    return order(
        number,
        created,
        updated=updated,
        mark=mark,
        seller_id=seller_id,
        is_final=True,
        buyer_email=ADDRESS,
        restricted_items=b'["gift message"]',
        withheld=b'{"address":1}',
        regulated=b'{"field":1}',
    )


def at(moment: int) -> Instant:
    return from_micros(EPOCH + moment)


def without_people(each: StoredOrder) -> StoredOrder:
    return msgspec.structs.replace(each, ending=ENDING, personal=PERSONAL)


async def is_erased(store: Orders, backend: Backend, each: StoredOrder) -> None:
    """That nothing restricted of the order is left, anywhere."""
    for with_personal, people in ((False, ENDING), (True, PERSONAL)):
        found = await store.order(each.seller_id, each.order_id, personal=with_personal)
        items = await store.items(each.seller_id, each.order_id, restricted=with_personal)
        assert found is not None
        assert items is not None
        assert (found.created, found.document) == (each.created, each.document)
        assert found.people == people
        assert items.items == each.items
    regulated = await store.regulated(each.seller_id, each.order_id)
    assert regulated is not None
    assert regulated.document is None
    rows = await backend.rows(
        "SELECT o.buyer_email_key, o.erasable_us, d.restricted_items, d.regulated, o.order_number, d.withheld"
        " FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key"
        " JOIN sellers AS s ON s.seller_key = o.seller_key"
        f" WHERE s.seller_id = '{each.seller_id}' AND o.order_number = {each.order_id.replace('-', '')}"
    )
    ((*gone, number, withheld),) = rows
    assert gone == [None] * 4
    opening = OrderSealing(sealing(backend.keys)[1])
    assert opening.open(Column.WITHHELD, each.seller_id, number, withheld) == WITHHELD


async def test_erased_order_stays_without_its_people(store: Orders, backend: Backend) -> None:
    put = [final(number, number) for number in (1, 2, 3)]
    await store.put(put)

    assert await store.erase([("S1", order_id(2))], erased) == 1

    await is_erased(store, backend, put[1])
    left = [put[0], without_people(put[1]), put[2]]
    for by in DateField:
        assert await read(store, selection(by=by)) == list(map(whole, left))
        assert await read(store, selection(by=by), with_personal=True) == list(map(personal, left))
    for number in (1, 3):
        items = await store.items("S1", order_id(number), restricted=True)
        regulated = await store.regulated("S1", order_id(number))
        assert items is not None
        assert regulated is not None
        assert (items.items, regulated.document) == (b'["gift message"]', b'{"field":1}')


async def test_erased_order_is_not_found_by_its_address_any_more(store: Orders) -> None:
    put = [final(number, number) for number in (1, 2)]
    await store.put(put)
    await store.erase([("S1", order_id(1))], erased)
    assert await read(store, selection(buyer_email=ADDRESS)) == [whole(put[1])]
    assert await read(store, selection(seller_order_id=order_id(1))) == [
        whole(without_people(put[0]))
    ]


async def test_many_orders_of_several_sellers_are_erased_at_once(
    store: Orders, backend: Backend
) -> None:
    put = [final(number, seller_id=seller) for number in range(1, 40) for seller in ("S1", "S2")]
    await store.put(put)
    asked = [(one.seller_id, one.order_id) for one in put[:-2]]
    assert await store.erase(asked, erased) == len(asked)
    for one in put[:-2]:
        await is_erased(store, backend, one)
    assert sorted(await store.erasable(LATER, 100)) == [
        (one.seller_id, one.order_id) for one in put[-2:]
    ]


async def test_what_erases_sees_what_it_decides_upon_as_it_was_put(store: Orders) -> None:
    put = [
        msgspec.structs.replace(final(number), withheld=b'{"%d":1}' % number) for number in (1, 2)
    ]
    await store.put(put)
    seen: list[tuple[bytes, bytes]] = []

    def look(packed: bytes, withheld: bytes) -> tuple[bytes, bytes, bytes]:
        seen.append((packed, withheld))
        return b"}" + packed, packed + b" is gone", b"{}"

    assert await store.erase([("S1", one.order_id) for one in put], look) == 2
    assert sorted(seen) == [(one.personal, one.withheld) for one in put]
    assert await read(store, selection()) == [one.document + b"}" + one.personal for one in put]


async def test_order_is_erased_a_second_time_as_it_was_the_first(
    store: Orders, backend: Backend
) -> None:
    await store.put([final(1)])
    for _ in range(3):
        assert await store.erase([("S1", order_id(1))], erased) == 1
        await is_erased(store, backend, final(1))
    assert await store.erasable(LATER, 9) == []


async def test_order_that_is_not_final_is_erased_on_request(
    store: Orders, backend: Backend
) -> None:
    plain = order(1)
    await store.put([plain])
    assert await store.erase([("S1", order_id(1))], erased) == 1
    await is_erased(store, backend, plain)


@pytest.mark.parametrize(
    ("seller_id", "asked"),
    [
        ("S1", order_id(8)),
        ("S2", order_id(1)),
        ("nobody", order_id(1)),
        ("S\x001", order_id(1)),
        ("S1", ""),
        ("S1", "x\0y"),
        ("S1", order_id(1)[:-1]),
    ],
)
async def test_order_that_the_seller_does_not_have_is_not_erased(
    store: Orders, seller_id: str, asked: str
) -> None:
    await store.put([final(1), final(2)])
    assert await store.erase([(seller_id, asked)], erased) == 0
    assert await read(store, selection()) == [whole(final(1)), whole(final(2))]
    # Beside one that he has, it does not matter.
    assert await store.erase([(seller_id, asked), ("S1", order_id(2))], erased) == 1
    assert await store.erasable(LATER, 9) == [("S1", order_id(1))]


async def test_nothing_is_erased_of_no_orders(store: Orders) -> None:
    await store.put([final(1)])
    assert await store.erase([], erased) == 0
    assert await read(store, selection()) == [whole(final(1))]


async def test_erasing_that_fails_leaves_all_as_it_was(store: Orders) -> None:
    put = [final(number, number) for number in (1, 2, 3)]
    await store.put(put)

    def fails(packed: bytes, withheld: bytes) -> tuple[bytes, bytes, bytes]:
        if packed == put[1].personal:
            raise invalid_input()
        return erased(packed, withheld)

    with pytest.raises(type(invalid_input())):
        await store.erase([("S1", one.order_id) for one in put], fails)
    assert await read(store, selection(), with_personal=True) == list(map(personal, put))
    assert len(await store.erasable(LATER, 9)) == 3


async def test_order_that_is_imported_again_has_its_people_and_is_due_again(
    store: Orders, backend: Backend
) -> None:
    await store.put([final(1, 5)])
    await store.erase([("S1", order_id(1))], erased)
    again = final(1, 6, mark="again")
    await store.put([again])
    assert await read(store, selection(buyer_email=ADDRESS)) == [whole(again)]
    items = await store.items("S1", order_id(1), restricted=True)
    assert items is not None
    assert items.items == again.restricted_items
    assert await store.erasable(at(7), 9) == [("S1", order_id(1))]
    assert await store.erase([("S1", order_id(1))], erased) == 1
    await is_erased(store, backend, again)
    assert await store.erasable(at(7), 9) == []


async def test_change_of_an_erased_order_sees_what_the_erasing_left(store: Orders) -> None:
    await store.put([final(1)])
    await store.erase([("S1", order_id(1))], erased)
    seen: list[tuple[bytes, bytes, bytes | None]] = []

    def look(kept: KeptOrder) -> None:
        seen.append((kept.personal, kept.withheld, kept.regulated))

    assert await store.change("S1", order_id(1), look)
    assert seen == [(PERSONAL, WITHHELD, None)]


async def test_packages_and_history_outlive_the_erasing(store: Orders) -> None:
    put = final(1)
    await store.put([put])
    entry = HistoryEntry(
        at=at(3), event="package_confirmed", by="app", order_status="Shipped", details=b"{}"
    )
    await store.change(
        "S1",
        put.order_id,
        lambda kept: unchanged(put, kept, fulfillment=b'{"packages":[]}', history=(entry,)),
    )
    assert await store.erase([("S1", put.order_id)], erased) == 1
    seen: list[bytes] = []
    await store.change("S1", put.order_id, lambda kept: seen.append(kept.fulfillment))
    assert seen == [b'{"packages":[]}']
    assert await store.history("S1", put.order_id, after=0, limit=9) == [entry]


async def test_orders_are_due_by_their_last_update_the_oldest_first(store: Orders) -> None:
    """Final ones only, strictly before the moment, of whatever seller."""
    await store.put(
        [
            final(1, 0, updated=30),
            final(2, 9, updated=10),
            final(3, 5, updated=20, seller_id="S2"),
            final(4, 40),
            order(5, 0, buyer_email=ADDRESS),
        ]
    )
    due = [("S1", order_id(2)), ("S2", order_id(3)), ("S1", order_id(1)), ("S1", order_id(4))]
    assert await store.erasable(LATER, 9) == due
    for moment, count in ((10, 0), (11, 1), (20, 1), (21, 2), (30, 2), (31, 3), (40, 3), (41, 4)):
        assert await store.erasable(at(moment), 9) == due[:count]
    for limit in range(5):
        assert await store.erasable(LATER, limit) == due[:limit]
    assert await store.erasable(Instant.MIN, 9) == []


async def test_order_is_due_as_soon_as_it_is_final_and_no_longer_when_it_is_not(
    store: Orders,
) -> None:
    open_order = order(1, 0, updated=5)
    await store.put([open_order])
    assert await store.erasable(LATER, 9) == []
    await store.put([final(1, 0, updated=6)])
    assert await store.erasable(at(7), 9) == [("S1", order_id(1))]
    await store.put([open_order])
    assert await store.erasable(LATER, 9) == []


async def test_orders_that_are_put_and_erased_at_once_are_one_or_the_other(
    store: Orders, peer: Stores
) -> None:
    """Of two sellers, in every order, by two processes: nobody waits for another in a circle."""
    put = [final(number, seller_id=seller) for seller in ("S1", "S2") for number in range(30)]
    keys = [(one.seller_id, one.order_id) for one in put]
    await store.put(put)
    statuses = itertools.cycle(("Shipped", "Unshipped", "Canceled"))

    def another_status(kept: KeptOrder) -> ChangedOrder:
        people = ENDING if kept.personal == PERSONAL else put[33].ending
        return unchanged(put[33], kept, ending=people, facet=facet(status=next(statuses)))

    ways: list[Callable[[Orders], asyncio.Future[object]]] = [
        lambda each: asyncio.ensure_future(each.put(put)),
        lambda each: asyncio.ensure_future(each.erase(keys, erased)),
        lambda each: asyncio.ensure_future(each.erase(keys[::-1], erased)),
        lambda each: asyncio.ensure_future(each.put(put[::-1])),
        lambda each: asyncio.ensure_future(each.reseal(-1, 1_000)),
        lambda each: asyncio.ensure_future(each.change("S2", order_id(3), another_status)),
    ]
    for _ in range(8):
        await asyncio.gather(*(way(each) for way in ways for each in (store, peer.orders)))
    for seller_id in ("S1", "S2"):
        found = await read(store, selection(), seller_id=seller_id, with_personal=True)
        mine = [one for one in put if one.seller_id == seller_id]
        either = {personal(one) for one in mine} | {personal(without_people(one)) for one in mine}
        assert len(found) == len(mine)
        assert either.issuperset(found)
