"""Orders that are imported again after something happened to them, on every backend: what goes, what stays, what is told."""

from __future__ import annotations

import msgspec
import pytest
from tests.storage.conftest import Orders, Stores
from tests.storage.order_model import facet, order, order_id, read, selection, unchanged, whole

from torihiki.kernel.instant import from_micros
from torihiki.orders.model import HistoryEntry, KeptOrder, StoredOrder

PUT = order(1, 5, updated=9, withheld=b'{"a":1}', buyer_email="a@example.com")
SHIPPED = HistoryEntry(
    at=from_micros(1), event="shipped", by="operator", order_status="Shipped", details=b"{}"
)


def imported(each: StoredOrder) -> HistoryEntry:
    return HistoryEntry(
        at=each.last_updated,
        event="imported",
        by="import",
        order_status=each.facet.order_status,
        details=b"{}",
    )


async def told(store: Orders, number: int = 1, seller_id: str = "S1") -> list[HistoryEntry]:
    found = await store.history(seller_id, order_id(number), after=0, limit=99)
    assert found is not None
    return found


async def fulfillment(store: Orders, number: int = 1) -> bytes:
    seen: list[KeptOrder] = []
    await store.change("S1", order_id(number), seen.append)
    return seen[-1].fulfillment


async def ship(store: Orders, each: StoredOrder = PUT) -> None:
    await store.change(
        each.seller_id,
        each.order_id,
        lambda kept: unchanged(
            each,
            kept,
            facet=facet(status="Shipped"),
            document=kept.document + b',"shipped":1',
            fulfillment=b'{"packages":[1]}',
            history=(SHIPPED,),
        ),
    )


async def test_import_puts_an_order_back_and_its_history_says_so(store: Orders) -> None:
    await store.put([PUT])
    await ship(store)
    await store.put([PUT])
    assert await read(store, selection(order_statuses=("Unshipped",))) == [whole(PUT)]
    assert await fulfillment(store) == b"{}"
    assert await told(store) == [SHIPPED, imported(PUT)]
    await ship(store)
    assert await told(store) == [SHIPPED, imported(PUT), SHIPPED]


@pytest.mark.parametrize(
    "other",
    [
        {"document": b'{"order":"other"'},
        {"items": b'["other"]'},
        {"last_updated": from_micros(77)},
        {
            "document": b"{",
            "facet": facet(status="Canceled"),
            "last_updated": from_micros(0),
        },
    ],
    ids=str,
)
async def test_replacement_that_differs_is_told(store: Orders, other: dict[str, object]) -> None:
    new = msgspec.structs.replace(PUT, **other)
    await store.put([PUT])
    await store.put([new])
    assert await told(store) == [imported(new)]


async def test_same_order_again_and_a_first_import_leave_no_trace(store: Orders) -> None:
    await store.put([PUT])
    assert await told(store) == []
    for same in (PUT, msgspec.structs.replace(PUT, ending=b"}", personal=b"p", withheld=b"{}")):
        await store.put([same])
        assert await told(store) == []


async def test_same_order_again_forgets_no_package(store: Orders) -> None:
    """A confirmation that is sent again after a repeated import must still be known (O-25)."""
    await store.put([PUT])
    await store.change(
        "S1", order_id(1), lambda kept: unchanged(PUT, kept, fulfillment=b'{"packages":[1]}')
    )
    await store.put([PUT])
    assert await fulfillment(store) == b'{"packages":[1]}'
    assert await told(store) == []


async def test_one_import_of_new_same_and_other_orders_tells_each_its_own(
    store: Orders, peer: Stores
) -> None:
    """More than one statement takes, of two sellers, half of them there."""

    def each_of(numbers: range, mark: str = "") -> list[StoredOrder]:
        return [
            order(number, number % 7, mark=mark, seller_id=("S1", "S2")[number % 2])
            for number in numbers
        ]

    same, other, new = range(1_500), range(1_500, 2_600), range(2_600, 4_000)
    await store.put(each_of(range(2_600)))
    for one in each_of(range(0, 2_600, 500)):
        await ship(store, one)
    await peer.orders.put(each_of(new)[::-1] + each_of(other, "other") + each_of(same))

    changed = {number: one for number, one in enumerate(each_of(range(2_600))) if number % 500 == 0}
    for number, one in enumerate(each_of(range(4_000))):
        if number % 25 and number not in {1_499, 1_501, 2_599, 2_601}:
            continue
        expected = [SHIPPED] if number in changed else []
        expected += [imported(one)] if number in other or number in changed else []
        assert await told(store, number, one.seller_id) == expected
    for seller_id in ("S1", "S2"):
        found = await read(store, selection(), seller_id=seller_id)
        wanted = [*each_of(same), *each_of(other, "other"), *each_of(new)]
        assert sorted(found) == sorted(whole(one) for one in wanted if one.seller_id == seller_id)
