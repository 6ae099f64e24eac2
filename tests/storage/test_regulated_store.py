"""What `OrderStore` promises of regulated documents, on every backend (O-31)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.storage.conftest import Stores
from tests.storage.order_model import (
    MARKETPLACES,
    facet,
    order,
    order_id,
    read,
    regulated_anew,
    selection,
)

from torihiki.kernel.problem import Problem, invalid_input
from torihiki.orders.model import DateField
from torihiki.orders.store import OrderStore

CHANGES = 20


async def change(
    store: OrderStore, by: Callable[[bytes], bytes], number: int = 7, seller_id: str = "S1"
) -> bool:
    return await store.change(seller_id, order_id(number), regulated_anew(order(number), by))


async def document(store: OrderStore, number: int = 7) -> bytes | None:
    found = await store.regulated("S1", order_id(number))
    assert found is not None
    return found.document


async def test_regulated_document_comes_back_as_it_was_put(store: OrderStore) -> None:
    put = order(7, 5, regulated=b'{"a": "\xc3\xa9\\u0000"}', facet=facet(MARKETPLACES[1]))
    await store.put([put])

    found = await store.regulated("S1", put.order_id)

    assert found is not None
    assert (found.marketplace_id, found.created) == (MARKETPLACES[1], put.created)
    assert found.document == put.regulated


async def test_order_that_is_not_regulated_has_no_document(store: OrderStore) -> None:
    await store.put([order(7)])
    assert await document(store) is None
    await change(store, lambda _: b"{}")
    assert await document(store) is None


@pytest.mark.parametrize(
    ("seller_id", "asked"),
    [
        ("S1", order_id(8)),
        ("S2", order_id(7)),
        ("nobody", order_id(7)),
        ("S\x001", order_id(7)),
        ("S1", ""),
        ("S1", "x\0y"),
        ("S1", order_id(7)[:-1]),
    ],
)
async def test_order_that_the_seller_does_not_have_is_neither_found_nor_changed(
    store: OrderStore, seller_id: str, asked: str
) -> None:
    await store.put([order(7, regulated=b"{}")])
    assert await store.regulated(seller_id, asked) is None
    assert not await store.change(seller_id, asked, regulated_anew(order(7), lambda _: b"[]"))
    assert await document(store) == b"{}"


async def test_change_is_seen_by_every_process_and_leaves_the_rest_alone(
    store: OrderStore, peer: Stores
) -> None:
    put = [order(number, number, regulated=b'{"n":%d}' % number) for number in (6, 7, 8)]
    await store.put(put)
    before = await read(store, selection(by=DateField.LAST_UPDATED))

    assert await change(store, lambda old: old + b" changed")

    assert await document(peer.orders) == b'{"n":7} changed'
    assert await document(store, 6) == b'{"n":6}'
    assert await document(store, 8) == b'{"n":8}'
    assert await read(store, selection(by=DateField.LAST_UPDATED)) == before
    items = await store.items("S1", order_id(7))
    assert items is not None
    assert items.items == put[1].items


@pytest.mark.parametrize("error", [invalid_input("No."), KeyError("x")])
async def test_change_that_raises_leaves_all_as_it_was(store: OrderStore, error: Exception) -> None:
    await store.put([order(7, regulated=b"{}")])

    def refuse(_: bytes) -> bytes:
        raise error

    with pytest.raises(type(error)) as caught:
        await change(store, refuse)
    if isinstance(error, Problem):
        assert caught.value is error
    assert await document(store) == b"{}"
    assert await change(store, lambda _: b"[]")
    assert await document(store) == b"[]"


async def test_no_change_is_lost_when_many_processes_change_at_once(
    store: OrderStore, peer: Stores
) -> None:
    await store.put([order(7, regulated=b"")])
    done = await asyncio.gather(
        *(change(each, lambda old: old + b"x") for each in (store, peer.orders) * CHANGES)
    )
    assert all(done)
    assert await document(store) == b"x" * (2 * CHANGES)


async def test_change_that_fails_beside_others_fails_alone(store: OrderStore) -> None:
    await store.put([order(7, regulated=b""), order(8, regulated=b"")])

    def refuse(_: bytes) -> bytes:
        raise invalid_input()

    outcomes = await asyncio.gather(
        *(
            change(store, by, number)
            for number, by in ((7, lambda old: old + b"x"), (8, refuse)) * 5
        ),
        return_exceptions=True,
    )
    assert [outcome is True for outcome in outcomes] == [True, False] * 5
    assert (await document(store), await document(store, 8)) == (b"x" * 5, b"")


async def test_import_puts_a_new_document_in_the_place_of_a_changed_one(store: OrderStore) -> None:
    await store.put([order(7, regulated=b"{}")])
    await change(store, lambda _: b"[]")
    await store.put([order(7, regulated=b'{"new":1}')])
    assert await document(store) == b'{"new":1}'
    await store.put([order(7)])
    assert await document(store) is None
