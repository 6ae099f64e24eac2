"""Restricted parts at rest, on every backend: nothing of them is in clear, and a sealed value is worth nothing elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.storage.conftest import Backend, Orders, Stores
from tests.storage.order_model import (
    order,
    order_id,
    read,
    regulated_anew,
    selection,
    unchanged,
    whole,
)

from torihiki.bootstrap.files import key_ring, write_key_ring
from torihiki.orders.model import StoredOrder
from torihiki.orders.store import OrderStore
from torihiki.storage.vault import CannotOpen

ADDRESS = "Hanako.Restricted@example.com"
SECRETS = {
    "ending": b"ending of Hanako \xe5\xb1\xb1\xe7\x94\xb0",
    "personal": b"\x95personal part of Hanako\xc0",
    "restricted_items": b"[engrave: for Hanako]",
    "withheld": b"telephone of Hanako",
    "regulated": b"prescription of Hanako",
}
ANOTHER_SECRET = bytes(range(64, 128))
LONG = 9_000
"""More than a page of either database holds."""


def restricted(number: int, mark: bytes = b"", *, seller_id: str = "S1") -> StoredOrder:
    """An order every sealed part of which says so."""
    parts = {name: b"<%b|%b>" % (text, mark) for name, text in SECRETS.items()}
    plain = order(number, number, is_final=True, buyer_email=ADDRESS, seller_id=seller_id)
    return msgspec.structs.replace(plain, **parts)


def in_clear(at_rest: bytes) -> list[bytes]:
    return [text for text in (*SECRETS.values(), b"Hanako", b"hanako") if text in at_rest]


async def test_nothing_restricted_is_in_clear_in_the_files_of_the_database(
    stores: Stores, store: Orders, backend: Backend
) -> None:
    """Through all that can happen to an order: put, replaced, changed, sealed anew, erased."""
    await store.put([restricted(number) for number in range(1, 6)])
    long = {name: text * (LONG // len(text)) for name, text in SECRETS.items()}
    await store.put([msgspec.structs.replace(restricted(6), **long)])
    at_rest = stores.at_rest()
    # What may be read is there to be found, so this looks in the right places.
    assert restricted(1).document in at_rest
    assert restricted(1).items in at_rest
    assert in_clear(at_rest) == []

    await store.put([restricted(number, b"again") for number in (1, 2)])
    twice = regulated_anew(restricted(3), lambda old: old + old)
    assert await store.change("S1", order_id(3), twice)
    assert in_clear(stores.at_rest()) == []

    write_key_ring(backend.keys, key_ring(backend.keys).with_new(ANOTHER_SECRET))
    assert await store.reseal(-1, 4) is not None
    await store.erase([("S1", order_id(4))], lambda *old: (b"}", *old))
    assert in_clear(stores.at_rest()) == []

    secrets = [key.secret for key in key_ring(backend.keys).keys]
    assert not any(secret in stores.at_rest() for secret in secrets)


async def test_address_of_a_buyer_can_be_asked_for_and_not_be_read(
    stores: Stores, store: Orders
) -> None:
    """O-10: the same address is another number for another seller."""
    await store.put([restricted(1), restricted(2, seller_id="S2")])
    assert await read(store, selection(buyer_email=ADDRESS.upper())) == [whole(restricted(1))]
    at_rest = stores.at_rest().lower()
    assert ADDRESS.lower().encode() not in at_rest
    assert ADDRESS.lower().encode("utf-16-le") not in at_rest


async def test_two_orders_with_the_same_address_differ_between_sellers(
    store: Orders, backend: Backend
) -> None:
    await store.put([restricted(1), restricted(2), restricted(1, seller_id="S2")])
    keys = await backend.rows(
        "SELECT s.seller_id, o.buyer_email_key FROM orders AS o"
        " JOIN sellers AS s ON s.seller_key = o.seller_key ORDER BY 1, o.order_key"
    )
    (_, first), (_, second), (_, third) = keys
    assert first == second
    assert first != third


async def test_each_part_opens_for_who_asks_for_it(store: Orders) -> None:
    put = restricted(7)
    await store.put([put])
    for with_personal, people in ((False, put.ending), (True, put.personal)):
        found = await store.order("S1", put.order_id, personal=with_personal)
        assert found is not None
        assert (found.document, found.people) == (put.document, people)
    for with_restricted, shown in ((False, put.items), (True, put.restricted_items)):
        items = await store.items("S1", put.order_id, restricted=with_restricted)
        assert items is not None
        assert items.items == shown
    regulated = await store.regulated("S1", put.order_id)
    assert regulated is not None
    assert regulated.document == put.regulated


async def test_equal_parts_are_not_seen_to_be_equal(store: Orders, backend: Backend) -> None:
    await store.put([restricted(1), restricted(2), restricted(1, seller_id="S2")])
    await store.put([restricted(2)])
    rows = await backend.rows(
        "SELECT o.ending, o.personal, d.restricted_items, d.withheld, d.regulated"
        " FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key"
    )
    values = [bytes(value) for row in rows for value in row]
    assert len(values) == 15
    assert len({value[-32:] for value in values}) == 15


Reading = Callable[[OrderStore], Awaitable[object]]


async def _reseal(store: OrderStore) -> object:
    return await store.reseal(-1, 100)


async def _change(store: OrderStore) -> object:
    put = restricted(1)
    return await store.change("S1", put.order_id, lambda kept: unchanged(put, kept))


READERS: dict[str, tuple[Reading, ...]] = {
    "ending": (
        lambda store: store.order("S1", order_id(1)),
        lambda store: read(store, selection()),
        lambda store: read(store, selection(order_statuses=("Unshipped",))),
        lambda store: read(store, selection(buyer_email=ADDRESS)),
    ),
    "personal": (
        lambda store: store.order("S1", order_id(1), personal=True),
        lambda store: read(store, selection(), with_personal=True),
        lambda store: read(store, selection(order_ids=(order_id(1),)), with_personal=True),
        lambda store: store.erase([("S1", order_id(1))], lambda *old: (b"}", *old)),
        _change,
    ),
    "restricted_items": (lambda store: store.items("S1", order_id(1), restricted=True),),
    "withheld": (
        lambda store: store.erase([("S1", order_id(1))], lambda *old: (b"}", *old)),
        _change,
    ),
    "regulated": (
        lambda store: store.regulated("S1", order_id(1)),
        _change,
    ),
}
"""For each sealed column who opens it."""

TABLES = {"ending": "orders", "personal": "orders"}


def _key(seller_id: str, number: int) -> str:
    return (
        "(SELECT o.order_key FROM orders AS o JOIN sellers AS s ON s.seller_key = o.seller_key"
        f" WHERE s.seller_id = '{seller_id}' AND o.order_number = {number})"
    )


async def _swap(backend: Backend, column: str, other: str) -> None:
    """Gives two orders each other's value."""
    table, one = TABLES.get(column, "order_details"), _key("S1", 1)
    for statement in (
        f"CREATE TABLE copied AS SELECT order_key, {column} AS value FROM {table}",
        (
            f"UPDATE {table} SET {column} = (SELECT value FROM copied WHERE copied.order_key ="
            f" CASE WHEN {table}.order_key = {one} THEN {other} ELSE {one} END)"
            f" WHERE order_key IN ({one}, {other})"
        ),
        "DROP TABLE copied",
    ):
        await backend.execute(statement)


async def _nobody_opens(store: Orders, backend: Backend, column: str) -> None:
    before = await backend.rows("SELECT * FROM orders ORDER BY order_key")
    for reading in READERS[column]:
        with pytest.raises(CannotOpen):
            await reading(store)
    write_key_ring(backend.keys, key_ring(backend.keys).with_new(ANOTHER_SECRET))
    with pytest.raises(CannotOpen):
        await _reseal(store)
    assert await backend.rows("SELECT * FROM orders ORDER BY order_key") == before


@pytest.mark.parametrize("column", list(SECRETS))
async def test_value_of_another_order_does_not_open(
    store: Orders, backend: Backend, column: str
) -> None:
    await store.put([restricted(1), restricted(2)])
    await _swap(backend, column, _key("S1", 2))
    await _nobody_opens(store, backend, column)


@pytest.mark.parametrize("column", list(SECRETS))
async def test_value_of_another_seller_does_not_open(
    store: Orders, backend: Backend, column: str
) -> None:
    """The order has the same id there."""
    await store.put([restricted(1), restricted(1, seller_id="S2")])
    await _swap(backend, column, _key("S2", 1))
    await _nobody_opens(store, backend, column)


@pytest.mark.parametrize("column", list(SECRETS))
async def test_value_of_another_column_does_not_open(
    store: Orders, backend: Backend, column: str
) -> None:
    for other in SECRETS.keys() - {column}:
        await store.put([restricted(1)])
        await backend.execute(
            f"UPDATE {TABLES.get(column, 'order_details')} SET {column} ="
            " (SELECT {0} FROM {1} WHERE order_key = {2})".format(
                other, TABLES.get(other, "order_details"), _key("S1", 1)
            )
            + f" WHERE order_key = {_key('S1', 1)}"
        )
        await _nobody_opens(store, backend, column)


async def test_orders_whose_values_were_swapped_back_open_again(
    store: Orders, backend: Backend
) -> None:
    """So what the tests above do is what makes them fail."""
    put = [restricted(1), restricted(2)]
    await store.put(put)
    for column in SECRETS:
        for _ in range(2):
            await _swap(backend, column, _key("S1", 2))
    assert await read(store, selection()) == [whole(each) for each in put]
    write_key_ring(backend.keys, key_ring(backend.keys).with_new(ANOTHER_SECRET))
    found = await store.reseal(-1, 100)
    assert found is not None
    assert found[1] == 2
