"""Keys of what is sealed, on every backend: another server's are refused, and those of orders are replaced beside all writes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.payments.objects import adjustment, amount, permission
from tests.storage import ledger_samples
from tests.storage.conftest import Backend, Orders, Row, Stores
from tests.storage.order_model import (
    order,
    order_id,
    personal,
    random_order,
    read,
    regulated_anew,
    selection,
    whole,
)

from torihiki.bootstrap.files import KEY_BYTES, key_ring, write_key_ring
from torihiki.orders.model import DateField, StoredOrder
from torihiki.payments.recording import Recorder
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.vault import CannotOpen

ALL_SEALED = (
    "SELECT o.order_key, o.ending, o.personal, d.restricted_items, d.withheld, d.regulated"
    " FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key ORDER BY 1"
)
COUNT = 40


def of_every_kind(mark: str = "") -> list[StoredOrder]:
    random = Random(mark)
    orders = [random_order(random, number, 50, mark) for number in range(COUNT)]
    return [
        msgspec.structs.replace(
            one,
            withheld=b'{"w":%d}' % number,
            regulated=b'{"r":%d}' % number if number % 3 else None,
            seller_id=("S1", "S2")[number % 2],
        )
        for number, one in enumerate(orders)
    ]


def new_key(backend: Backend) -> bytes:
    """Puts another key before the present ones; returns what it seals begins with."""
    ring = key_ring(backend.keys).with_new(bytes(range(KEY_BYTES)))
    write_key_ring(backend.keys, ring)
    return ring.current.key_id.to_bytes(2)


def drop_old_keys(backend: Backend) -> None:
    write_key_ring(backend.keys, key_ring(backend.keys).only_current())


async def reseal_all(store: Orders, *, after: int = -1, limit: int = 7) -> int:
    """How many orders were sealed anew behind `after`."""
    count = 0
    while (found := await store.reseal(after, limit)) is not None:
        assert found[0] > after
        assert 0 <= found[1] <= limit
        after = found[0]
        count += found[1]
    return count


def under(key: bytes, rows: list[Row]) -> bool:
    """Whether that key sealed everything that is sealed."""
    return all(one is None or one.startswith(key) for row in rows for one in row[1:])


async def check(store: Orders, orders: list[StoredOrder]) -> None:
    """That every part of the orders reads as it was put."""
    for seller_id in ("S1", "S2"):
        mine = [one for one in orders if one.seller_id == seller_id]
        for by in DateField:
            found = await read(store, selection(by=by), seller_id=seller_id)
            assert sorted(found) == sorted(map(whole, mine))
        found = await read(store, selection(), seller_id=seller_id, with_personal=True)
        assert sorted(found) == sorted(map(personal, mine))
    for one in orders:
        items = await store.items(one.seller_id, one.order_id, restricted=True)
        assert items is not None
        assert items.items == (one.restricted_items or one.items)
        regulated = await store.regulated(one.seller_id, one.order_id)
        assert regulated is not None
        assert regulated.document == one.regulated


async def test_orders_are_sealed_anew_and_read_as_before(store: Orders, backend: Backend) -> None:
    orders = of_every_kind()
    await store.put(orders)
    before = await backend.rows(ALL_SEALED)
    key = new_key(backend)
    assert not under(key, before)

    assert await reseal_all(store) == COUNT

    after = await backend.rows(ALL_SEALED)
    assert under(key, after)
    assert [[one is None for one in row] for row in after] == [
        [one is None for one in row] for row in before
    ]
    await check(store, orders)
    assert await reseal_all(store) == 0
    assert await backend.rows(ALL_SEALED) == after


async def test_old_key_can_be_dropped_once_nothing_is_under_it(
    store: Orders, backend: Backend, peer: Stores
) -> None:
    orders = of_every_kind()
    await store.put(orders)
    new_key(backend)
    await reseal_all(store)
    drop_old_keys(backend)

    later = await backend.open()
    await later.orders.check_keys()
    for each in (later.orders, peer.orders, store):
        await check(each, orders)


async def test_nothing_of_the_order_but_its_seals_changes(store: Orders, backend: Backend) -> None:
    columns = (
        "SELECT order_key, order_number, facet, created_us, updated_us, buyer_email_key, seller_order_id,"
        " supply_source_id, store_chain_store_id, earliest_delivery_us, latest_delivery_us, erasable_us, document"
        " FROM orders ORDER BY 1"
    )
    await store.put(of_every_kind())
    before = await backend.rows(columns), await backend.rows("SELECT items FROM order_details")
    new_key(backend)
    await reseal_all(store)
    after = await backend.rows(columns), await backend.rows("SELECT items FROM order_details")
    assert after[0] == before[0]
    assert sorted(after[1]) == sorted(before[1])


@pytest.mark.parametrize("limit", [1, 6, COUNT, 1_000])
async def test_resealing_goes_on_from_wherever_it_was_left(
    store: Orders, backend: Backend, limit: int
) -> None:
    await store.put(of_every_kind())
    keys = [row[0] for row in await backend.rows(ALL_SEALED)]
    key = new_key(backend)
    done = 0
    for start in (keys[30], keys[10], keys[10] + 1, keys[20] - 1, keys[-1]):
        done += await reseal_all(store, after=start, limit=limit)
    assert done == COUNT - 11
    rows = await backend.rows(ALL_SEALED)
    assert under(key, rows[11:])
    assert not any(under(key, [row]) for row in rows[:11])
    assert await reseal_all(store, limit=limit) == 11
    assert await store.reseal(keys[-1], limit) is None
    assert await store.reseal(keys[-2], limit) == (keys[-1], 0)


async def test_resealing_of_no_orders_ends_at_once(store: Orders) -> None:
    assert await store.reseal(-1, 100) is None


async def test_two_resealings_at_once_seal_every_order_once(
    store: Orders, backend: Backend, peer: Stores
) -> None:
    orders = of_every_kind()
    await store.put(orders)
    key = new_key(backend)
    counts = await asyncio.gather(
        reseal_all(store, limit=3), reseal_all(peer.orders, limit=4), reseal_all(store, limit=9)
    )
    assert sum(counts) == COUNT
    assert under(key, await backend.rows(ALL_SEALED))
    await check(store, orders)


async def test_orders_that_are_written_and_read_meanwhile_lose_nothing(
    store: Orders, backend: Backend, peer: Stores
) -> None:
    """Writers of two processes replace and change orders while the key is replaced, and then the old one goes."""
    await store.put(of_every_kind())
    newest = of_every_kind("newest")
    key = new_key(backend)

    async def write(each: Orders, orders: list[StoredOrder]) -> None:
        for start in range(0, len(orders), 3):
            await each.put(orders[start : start + 3])
            for one in orders[start : start + 3]:
                if one.regulated:
                    assert await each.change(
                        one.seller_id,
                        one.order_id,
                        regulated_anew(one, lambda old: old + b" changed"),
                    )

    async def look() -> None:
        for _ in range(10):
            assert len(await read(peer.orders, selection(), limit=9, with_personal=True)) >= 1
            await asyncio.sleep(0)

    await asyncio.gather(
        reseal_all(store, limit=2),
        write(store, newest[: COUNT // 2]),
        write(peer.orders, newest[COUNT // 2 :]),
        reseal_all(peer.orders, limit=3),
        look(),
    )

    assert under(key, await backend.rows(ALL_SEALED))
    drop_old_keys(backend)
    changed = [
        msgspec.structs.replace(one, regulated=one.regulated and one.regulated + b" changed")
        for one in newest
    ]
    for each in (store, peer.orders):
        await check(each, changed)


@pytest.mark.parametrize("there", [False, True])
async def test_write_that_began_before_the_key_was_replaced_is_not_passed_over(
    store: Orders, backend: Backend, peer: Stores, *, there: bool
) -> None:
    """It took the old key and is held up until the resealing has come by: afterwards nothing may be under that key."""
    if there:
        await store.put([order(1, mark="old")])
    written = [order(1, mark="new"), order(2)]
    async with backend.no_writes():
        putting = asyncio.ensure_future(store.put(written))
        await asyncio.sleep(0.3)
        key = new_key(backend)
        resealing = asyncio.ensure_future(reseal_all(peer.orders))
        await asyncio.sleep(0.3)
        assert not putting.done()
    await asyncio.gather(putting, resealing)
    assert under(key, await backend.rows(ALL_SEALED))
    drop_old_keys(backend)
    await check(store, written)


async def test_process_that_has_not_seen_the_new_key_reads_and_writes_with_it(
    store: Orders, backend: Backend, peer: Stores
) -> None:
    await store.put([order(1), order(2, regulated=b"{}")])
    key = new_key(backend)
    await peer.orders.put([order(1, mark="new")])
    assert (await store.order("S1", order_id(1))) is not None
    assert await read(store, selection(), with_personal=True) == [
        personal(order(1, mark="new")),
        personal(order(2)),
    ]
    late = await backend.open()
    next_key = new_key(backend)
    assert next_key != key
    await late.orders.change("S1", order_id(2), regulated_anew(order(2), lambda old: old))
    assert [row[-1][:2] for row in await backend.rows(ALL_SEALED) if row[-1]] == [next_key]
    await late.orders.erase([("S1", order_id(1))], lambda *old: (b"}", *old))
    assert (await backend.rows(ALL_SEALED))[0][1][:2] == next_key


async def test_keys_of_another_server_are_refused(
    store: Orders, backend: Backend, tmp_path: Path
) -> None:
    foreign = await backend.open(tmp_path / "other keys")
    await foreign.orders.check_keys()
    await store.put([order(1), order(2)])
    for _ in range(2):
        with pytest.raises(UnsuitableDatabase, match=r"secret\.key"):
            await foreign.orders.check_keys()
    with pytest.raises(CannotOpen):
        await foreign.orders.order("S1", order_id(1))
    with pytest.raises(CannotOpen):
        await read(foreign.orders, selection())
    await store.check_keys()


async def test_ring_whose_old_key_was_dropped_too_early_is_refused(
    store: Orders, backend: Backend
) -> None:
    await store.put([order(1)])
    new_key(backend)
    await store.check_keys()
    drop_old_keys(backend)
    later = await backend.open()
    with pytest.raises(UnsuitableDatabase, match=r"secret\.key"):
        await later.orders.check_keys()


@pytest.mark.parametrize(
    "sold",
    [permission(), adjustment("Debt", ledger_samples.time(1), "ADJ-1", amount("-1.00"))],
    ids=["what is known and rows", "rows alone"],
)
async def test_keys_of_another_server_are_refused_where_there_are_payments_alone(
    backend: Backend, tmp_path: Path, sold: dict[str, Any]
) -> None:
    """Issue 5: a merchant of Amazon Pay need not have an order."""
    ledger = await ledger_samples.opened(backend)
    foreign = await ledger_samples.opened(backend, keys=tmp_path / "other keys")
    await foreign.resealing.check_keys()
    merchant = await ledger_samples.add_merchant(ledger, "A1MERCHANT0001")
    event = ledger_samples.event(sold, merchant.merchant_id)
    assert (await ledger.store.append([event], Recorder())).new == 1
    await foreign.stores.orders.check_keys()
    with pytest.raises(UnsuitableDatabase, match=r"payments .* secret\.key"):
        await foreign.resealing.check_keys()
    await ledger.resealing.check_keys()


async def test_keys_of_another_server_are_refused_by_what_is_known_alone(
    backend: Backend, tmp_path: Path
) -> None:
    """An object may be known before it has made a row."""
    ledger = await ledger_samples.opened(backend)
    merchant = await ledger_samples.add_merchant(ledger, "A1MERCHANT0001")
    await ledger.store.append(
        [ledger_samples.event(permission(), merchant.merchant_id)], Recorder()
    )
    for table in ("ledger_values", "ledger_runs"):
        await backend.execute(f"DELETE FROM {table}")
    await ledger.resealing.check_keys()
    foreign = await ledger_samples.opened(backend, keys=tmp_path / "other keys")
    with pytest.raises(UnsuitableDatabase, match=r"payments .* secret\.key"):
        await foreign.resealing.check_keys()
