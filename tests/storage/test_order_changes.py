"""Changes of single orders, on every backend: what they reach, what they leave alone, and that none is lost."""

from __future__ import annotations

import asyncio
from random import Random

import msgspec
import pytest
from tests.storage.changing import FULL, SHIPPED, after, at, becoming, entry, kept
from tests.storage.conftest import Backend, Orders, Stores
from tests.storage.order_model import (
    MARKETPLACES,
    expected,
    facet,
    order,
    order_id,
    personal,
    random_order,
    random_selection,
    read,
    selection,
    unchanged,
    whole,
)

from torihiki.kernel.problem import invalid_input
from torihiki.orders.model import ChangedOrder, DateField, HistoryEntry, KeptOrder

CHANGES = 200
PROCESSES = 4
EVERYTHING = (
    "SELECT * FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key"
    " LEFT JOIN order_history AS h ON h.order_key = o.order_key ORDER BY o.order_key, h.sequence"
)
UNTOUCHED = (
    "SELECT order_key, seller_key, order_number, created_us, buyer_email_key, seller_order_id, supply_source_id,"
    " store_chain_store_id FROM orders ORDER BY order_key"
)


async def test_change_sees_the_order_as_it_was_put(store: Orders) -> None:
    await store.put([FULL])
    assert await kept(store) == KeptOrder(
        facet=FULL.facet,
        created=FULL.created,
        last_updated=FULL.last_updated,
        document=FULL.document,
        personal=FULL.personal,
        items=FULL.items,
        withheld=FULL.withheld,
        regulated=FULL.regulated,
        fulfillment=b"{}",
    )


async def test_change_reaches_every_read_in_every_process(
    store: Orders, peer: Stores, backend: Backend
) -> None:
    await store.put([FULL, order(2, 6)])
    untouched = await backend.rows(UNTOUCHED)
    assert await read(peer.orders, selection(order_statuses=("Shipped",))) == []

    decide = becoming(SHIPPED, fulfillment=b'{"packages":[1]}', history=(entry(1),))
    assert await store.change("S1", order_id(1), decide)

    new = after(FULL, SHIPPED)
    for each in (store, peer.orders):
        assert await read(each, selection(order_statuses=("Unshipped",))) == [whole(order(2, 6))]
        for found in (
            selection(order_statuses=("Shipped",)),
            selection(easy_ship_shipment_statuses=("PickedUp",)),
            selection(electronic_invoice_statuses=("Accepted",)),
            selection(77, by=DateField.LAST_UPDATED),
            selection(buyer_email="A@example.com"),
            selection(seller_order_id="own", supply_source_id="w", store_chain_store_id="c"),
        ):
            assert await read(each, found) == [whole(new)]
            assert await read(each, found, with_personal=True) == [personal(new)]
        items = await each.items("S1", order_id(1))
        gifts = await each.items("S1", order_id(1), restricted=True)
        regulated = await each.regulated("S1", order_id(1))
        assert items is not None
        assert gifts is not None
        assert regulated is not None
        assert (items.items, gifts.items) == (new.items, new.restricted_items)
        assert regulated.document == new.regulated
        seen = await kept(each)
        assert (seen.withheld, seen.fulfillment) == (new.withheld, b'{"packages":[1]}')
        assert await each.history("S1", order_id(1), after=0, limit=9) == [entry(1)]
    assert await backend.rows(UNTOUCHED) == untouched


async def test_what_a_change_does_not_name_stays(store: Orders) -> None:
    await store.put([FULL])
    assert await store.change("S1", order_id(1), lambda old: unchanged(FULL, old))
    assert (await kept(store)).regulated == FULL.regulated
    assert await read(store, selection(), with_personal=True) == [personal(FULL)]
    assert await store.history("S1", order_id(1), after=0, limit=9) == []


async def test_information_that_an_order_did_not_have_can_be_given_and_taken(store: Orders) -> None:
    await store.put([order(1)])
    given = becoming(order(1, restricted_items=b"[1]", regulated=b"{}", earliest_delivery=at(9)))
    await store.change("S1", order_id(1), given)
    assert (await kept(store)).regulated == b"{}"
    items = await store.items("S1", order_id(1), restricted=True)
    assert items is not None
    assert items.items == b"[1]"
    await store.change("S1", order_id(1), becoming(order(1)))
    items = await store.items("S1", order_id(1), restricted=True)
    assert items is not None
    assert items.items == order(1).items


async def test_changed_order_comes_last_of_those_that_were_updated(store: Orders) -> None:
    """O-5, O-16."""
    put = [order(number, number, updated=20 + number) for number in range(1, 6)]
    await store.put(put)
    new = order(2, 2, updated=90, mark="new")
    await store.change("S1", order_id(2), becoming(new))
    by_update = [put[0], *put[2:], new]
    assert await read(store, selection(by=DateField.LAST_UPDATED), limit=2) == [
        whole(each) for each in by_update
    ]
    by_creation = [put[0], new, *put[2:]]
    assert await read(store, selection(), limit=2) == [whole(each) for each in by_creation]


async def test_order_is_due_for_erasing_as_long_as_it_is_final(store: Orders) -> None:
    await store.put([order(1, 0, updated=5)])
    for updated, is_final in ((6, True), (7, True), (8, False), (9, True)):
        new = order(1, 0, updated=updated, is_final=is_final)
        await store.change("S1", order_id(1), becoming(new))
        due = [("S1", order_id(1))] if is_final else []
        assert await store.erasable(at(updated + 1), 9) == due
        assert await store.erasable(at(updated), 9) == []


@pytest.mark.parametrize("error", [invalid_input("No."), KeyError("x")])
async def test_change_that_raises_leaves_all_as_it_was(
    store: Orders, backend: Backend, error: Exception
) -> None:
    await store.put([FULL, order(2)])
    await store.change("S1", order_id(1), becoming(FULL, history=(entry(1),)))
    before = await backend.rows(EVERYTHING)

    def refuse(_: KeptOrder) -> ChangedOrder:
        raise error

    with pytest.raises(type(error)) as caught:
        await store.change("S1", order_id(1), refuse)
    assert caught.value is error
    assert await backend.rows(EVERYTHING) == before


async def test_change_that_cannot_be_stored_leaves_all_as_it_was(
    store: Orders, backend: Backend
) -> None:
    """The last that is written fails, after all the rest."""
    await store.put([FULL])
    before = await backend.rows(EVERYTHING)
    facets = await backend.rows("SELECT count(*) FROM facets")
    bad = msgspec.structs.replace(entry(1), details=None)
    known = becoming(order(1, 9), history=(entry(1), bad))
    with pytest.raises(Exception, match=r"(?i)null"):
        await store.change("S1", order_id(1), known)
    assert await backend.rows(EVERYTHING) == before
    assert await backend.rows("SELECT count(*) FROM facets") == facets


async def test_decision_to_change_nothing_writes_nothing(store: Orders, backend: Backend) -> None:
    await store.put([FULL, order(2)])
    before = await backend.rows(EVERYTHING)
    assert await store.change("S1", order_id(1), lambda _: None)
    assert await backend.rows(EVERYTHING) == before


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
async def test_order_that_the_seller_does_not_have_is_not_changed_and_has_no_history(
    store: Orders, backend: Backend, seller_id: str, asked: str
) -> None:
    await store.put([FULL])
    before = await backend.rows(EVERYTHING)
    assert not await store.change(seller_id, asked, becoming(SHIPPED))
    assert await store.history(seller_id, asked, after=0, limit=9) is None
    assert await backend.rows(EVERYTHING) == before


async def test_order_of_another_seller_with_the_same_id_is_left_alone(store: Orders) -> None:
    theirs = msgspec.structs.replace(FULL, seller_id="S2")
    await store.put([FULL, theirs])
    await store.change("S1", order_id(1), becoming(SHIPPED, history=(entry(1),)))
    assert await read(store, selection(), seller_id="S2", with_personal=True) == [personal(theirs)]
    assert (await kept(store, seller_id="S2")).withheld == theirs.withheld
    assert await store.history("S2", order_id(1), after=0, limit=9) == []


async def test_history_is_told_from_the_oldest_on_in_parts(store: Orders) -> None:
    await store.put([order(1), order(2)])
    told: list[HistoryEntry] = []
    for start, count in ((0, 1), (1, 3), (4, 0), (4, 2)):
        new = tuple(entry(start + number, f"event {start + number}") for number in range(count))
        await store.change("S1", order_id(1), becoming(order(1), history=new))
        await store.change("S1", order_id(2), becoming(order(2), history=new[:1]))
        told += new
    for skipped in range(8):
        for limit in (0, 1, 2, 6, 100):
            found = await store.history("S1", order_id(1), after=skipped, limit=limit)
            assert found == told[skipped : skipped + limit]
    assert await store.history("S1", order_id(2), after=0, limit=9) == [told[0], told[1], told[4]]


async def test_text_that_cannot_be_a_request_is_kept_in_a_history(store: Orders) -> None:
    await store.put([order(1)])
    odd = HistoryEntry(at=at(1), event="é", by="a'b\0c", order_status="", details=b"\0")
    await store.change("S1", order_id(1), becoming(order(1), history=(odd,)))
    found = await store.history("S1", order_id(1), after=0, limit=9)
    assert found is not None
    assert [(one.event, one.by[:3], one.details) for one in found] == [("é", "a'b", b"\0")]


async def test_no_change_of_one_order_is_lost_among_many_processes(
    store: Orders, backend: Backend
) -> None:
    """Each sees what the one before it made, or one of them would be missing; each goes to another status."""
    await store.put([order(1, document=b'{"n":"0"'), order(2)])
    processes = [(await backend.open()).orders for _ in range(PROCESSES)]

    def count(old: KeptOrder) -> ChangedOrder:
        number = int(old.fulfillment.removeprefix(b"{}") or 0)
        return unchanged(
            order(1),
            old,
            facet=facet(status=("Unshipped", "Shipped", "Canceled")[number % 3]),
            fulfillment=b"{}%d" % (number + 1),
            withheld=old.withheld + b"x",
            history=(entry(number),),
        )

    done = await asyncio.gather(
        *(each.change("S1", order_id(1), count) for each in processes * (CHANGES // PROCESSES))
    )

    assert all(done)
    last = await kept(store)
    assert last.fulfillment == b"{}%d" % CHANGES
    assert last.withheld == b"{}" + b"x" * CHANGES
    told = await store.history("S1", order_id(1), after=0, limit=2 * CHANGES)
    assert told == [entry(number) for number in range(CHANGES)]


async def test_changes_of_many_orders_beside_imports_of_them_end_in_one_of_their_states(
    store: Orders, peer: Stores
) -> None:
    """Of combinations that nobody has had, and the ones that fail fail alone: nobody waits in a circle."""
    random = Random(5)
    put = [random_order(random, number, 50, "put") for number in range(40)]
    await store.put(put)

    def refuse(_: KeptOrder) -> ChangedOrder:
        raise invalid_input()

    def imported(each: Orders, mark: str) -> list[asyncio.Future[object]]:
        orders = [msgspec.structs.replace(one, items=mark.encode()) for one in put]
        random.shuffle(orders)
        return [asyncio.ensure_future(each.put(orders))]

    def changes(each: Orders, status: str) -> list[asyncio.Future[object]]:
        return [
            asyncio.ensure_future(
                each.change(
                    "S1",
                    one.order_id,
                    refuse
                    if status == "refused"
                    else becoming(
                        msgspec.structs.replace(
                            one, items=status.encode(), facet=facet(MARKETPLACES[2], status)
                        )
                    ),
                )
            )
            for one in random.sample(put, 40)
        ]

    jobs: list[asyncio.Future[object]] = []
    for number, each in enumerate((store, peer.orders) * 3):
        jobs += changes(each, f"status {number}") + imported(each, f"import {number}")
        jobs += changes(each, "refused")
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)

    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert [str(one) for one in refused] == [str(invalid_input())] * 240
    for one in put:
        found = await kept(store, int(one.order_id.replace("-", "")))
        last = found.items.decode()
        changed = facet(MARKETPLACES[2], last)
        assert found.facet == (changed if last.startswith("status") else one.facet)


@pytest.mark.parametrize("seed", range(4))
async def test_any_selection_finds_changed_orders_where_they_belong(
    store: Orders, seed: int
) -> None:
    random = Random(seed)
    orders = [random_order(random, number, 60) for number in range(120)]
    for one in orders:
        # In this order, because it parts equal dates.
        await store.put([one])
    for step in range(150):
        number = random.randrange(len(orders))
        new = random_order(random, number, 60, f"s{step}")
        assert await store.change("S1", order_id(number), becoming(new))
        orders[number] = after(orders[number], new)
    for _ in range(60):
        wanted = random_selection(random, len(orders), 60, 0.3)
        assert await read(store, wanted, limit=7) == [
            whole(each) for each in expected(orders, wanted)
        ]
