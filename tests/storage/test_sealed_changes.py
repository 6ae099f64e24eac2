"""Changes of single orders while the keys that seal them are replaced, on every backend."""

from __future__ import annotations

import asyncio

from tests.storage.changing import FULL, SHIPPED, becoming, entry, kept
from tests.storage.conftest import Backend, Orders, Row, Stores
from tests.storage.order_model import order_id, read, selection, whole

from torihiki.bootstrap.files import key_ring, write_key_ring


def seals(rows: list[Row]) -> set[bytes]:
    return {bytes(one[:2]) for row in rows for one in row if one is not None}


SEALED = (
    "SELECT o.ending, o.personal, d.restricted_items, d.withheld, d.regulated"
    " FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key"
)


async def test_changed_orders_are_sealed_anew_and_read_as_before(
    store: Orders, backend: Backend, peer: Stores
) -> None:
    await store.put([FULL])
    decide = becoming(SHIPPED, fulfillment=b"{}1", history=(entry(1),))
    await store.change("S1", order_id(1), decide)
    before = await kept(store)
    ring = key_ring(backend.keys).with_new(bytes(range(64, 128)))
    write_key_ring(backend.keys, ring)
    assert await store.reseal(-1, 9) is not None
    write_key_ring(backend.keys, ring.only_current())
    assert seals(await backend.rows(SEALED)) == {ring.current.key_id.to_bytes(2)}
    for each in (peer.orders, (await backend.open()).orders):
        assert await kept(each) == before
        assert await each.history("S1", order_id(1), after=0, limit=9) == [entry(1)]


async def test_change_by_a_process_that_has_not_seen_the_new_key_seals_with_it(
    store: Orders, backend: Backend
) -> None:
    await store.put([FULL])
    ring = key_ring(backend.keys).with_new(bytes(range(64, 128)))
    write_key_ring(backend.keys, ring)
    await store.change("S1", order_id(1), becoming(SHIPPED))
    assert seals(await backend.rows(SEALED)) == {ring.current.key_id.to_bytes(2)}


async def test_change_that_began_before_the_key_was_replaced_is_not_passed_over(
    store: Orders, backend: Backend, peer: Stores
) -> None:
    """It sealed with the old key and is held up until the resealing comes by: afterwards nothing is under that key."""
    await store.put([FULL])
    async with backend.no_writes():
        changing = asyncio.ensure_future(store.change("S1", order_id(1), becoming(SHIPPED)))
        await asyncio.sleep(0.3)
        ring = key_ring(backend.keys).with_new(bytes(range(64, 128)))
        write_key_ring(backend.keys, ring)
        resealing = asyncio.ensure_future(peer.orders.reseal(-1, 9))
        await asyncio.sleep(0.3)
        assert not changing.done()
    await asyncio.gather(changing, resealing)
    assert seals(await backend.rows(SEALED)) == {ring.current.key_id.to_bytes(2)}
    assert await read(store, selection()) == [whole(SHIPPED)]
