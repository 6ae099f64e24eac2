"""getOrders over a real store: pages and their tokens."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.orders.lines import JAPAN, OTHER, SELLER, US, small_line
from tests.orders.reading import (
    EVERYTHING,
    NOW,
    OTHER_RING,
    RING,
    ids,
    keep,
    orders,
    rendered,
    undecodable,
)
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.seal import Seal
from torihiki.orders.model import DateField
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.api import GetOrdersResponse
from torihiki.orders.v0.query import parse_get_orders
from torihiki.server.dispatch import QUERY_MAX_BYTES


def at(number: int, **changes: Any) -> dict[str, Any]:
    """An order that was placed `number` seconds after another."""
    moment = Instant.from_utc(2026, 3, 1) + TimeDelta(seconds=number)
    dates = {"PurchaseDate": str(moment), "LastUpdateDate": str(moment)}
    return small_line(number, **dates | changes)


async def test_pages_are_a_hundred_orders_unless_another_size_is_asked_for(
    store: OrderStore,
) -> None:
    """O-12, O-15."""
    await keep(store, *(at(number) for number in range(250)))
    first = await orders(store)
    assert ids(first) == list(range(100))
    assert first.next_token is not None
    second = await orders(store, first.next_token)
    assert ids(second) == list(range(100, 200))
    assert second.next_token is not None
    third = await orders(store, second.next_token)
    assert (ids(third), third.next_token) == (list(range(200, 250)), None)


async def test_page_that_ends_exactly_at_the_last_order_has_no_token(store: OrderStore) -> None:
    """O-15: no empty last page."""
    await keep(store, *(at(number) for number in range(6)))
    first = await orders(store, size=3)
    assert first.next_token is not None
    assert (await orders(store, first.next_token)).next_token is None


async def test_size_beside_a_token_counts_from_then_on(store: OrderStore) -> None:
    """O-12, O-15: without one the token's own size goes on."""
    await keep(store, *(at(number) for number in range(20)))
    first = await orders(store, size=3)
    assert first.next_token is not None
    assert ids(await orders(store, first.next_token)) == [3, 4, 5]
    wider = await orders(store, first.next_token, size=5)
    assert ids(wider) == [3, 4, 5, 6, 7]
    assert wider.next_token is not None
    assert ids(await orders(store, wider.next_token)) == [8, 9, 10, 11, 12]


async def test_filters_of_the_token_win(store: OrderStore) -> None:
    """O-15: whatever else is sent beside the token."""
    await keep(store, *(at(number, OrderStatus=("Shipped", "Unshipped")[number % 2]) for number in range(10)))  # fmt: skip
    shipped = msgspec.structs.replace(EVERYTHING, order_statuses=("Shipped",))
    first = await orders(store, shipped, size=2)
    assert first.next_token is not None
    query = (
        f"MarketplaceIds={JAPAN}&OrderStatuses=Unshipped&CreatedAfter=2026-11-01"
        f"&NextToken={quote(first.next_token, safe='')}"
    )
    wanted, size = parse_get_orders(query.encode(), NOW, TimeDelta())
    assert ids(await orders(store, wanted, size)) == [4, 6]


async def test_token_works_again_and_again(store: OrderStore) -> None:
    """O-15: a page that got lost on the way is asked for again."""
    await keep(store, *(at(number) for number in range(5)))
    first = await orders(store, size=2)
    assert first.next_token is not None
    assert ids(await orders(store, first.next_token)) == [2, 3]
    assert ids(await orders(store, first.next_token)) == [2, 3]


async def test_echo_and_upper_bound_stay_those_of_the_first_page(store: OrderStore) -> None:
    """Contract 1.4, O-15: a sequence of pages is one answer, also when time goes on between them."""
    await keep(store, *(at(number) for number in range(5)))
    first = await orders(store, size=2)
    await keep(store, at(100, PurchaseDate="2026-11-22T00:00:01Z"))
    assert first.next_token is not None
    later = NOW + TimeDelta(hours=1)
    second = await orders(store, first.next_token, size=100, now=later)
    assert ids(second) == [2, 3, 4]
    echoes = [json.loads(rendered(page, later))["payload"]["CreatedBefore"] for page in (first, second)]  # fmt: skip
    assert echoes == ["2026-11-22T00:00:00Z"] * 2


@pytest.mark.parametrize("by", DateField)
async def test_pages_neither_repeat_nor_lose_what_did_not_change(
    store: OrderStore, by: DateField
) -> None:
    """O-15: while orders are added in front, behind and on the same instant, and others are updated."""
    await keep(store, *(at(number) for number in range(0, 300, 3)))
    wanted = msgspec.structs.replace(EVERYTHING, by=by)
    seen: list[int] = []
    page = await orders(store, wanted, size=7)
    for step in range(1, 300):
        seen += ids(page)
        if page.next_token is None:
            break
        await keep(
            store,
            at(301 - 3 * step),
            at(400 + step),
            at(600 + step, PurchaseDate="2026-03-01T00:01:00Z"),
            at(0, OrderStatus="Shipped", LastUpdateDate=f"2026-04-01T00:00:{step % 60:02}Z"),
        )
        page = await orders(store, page.next_token)
    assert len(set(seen)) == len(seen) or by is DateField.LAST_UPDATED
    untouched = [number for number in seen if number % 3 == 0 and 0 < number < 300]
    assert untouched == list(range(3, 300, 3))


async def test_token_of_another_seller_is_refused(store: OrderStore) -> None:
    """O-15."""
    for seller_id in (SELLER, OTHER):
        await keep(store, *(small_line(number, seller=seller_id) for number in range(3)))
    first = await orders(store, size=1)
    assert first.next_token is not None
    assert await undecodable(orders(store, first.next_token, seller_id=OTHER))
    assert ids(await orders(store, first.next_token)) == [1]


async def test_token_that_was_changed_cut_or_invented_is_refused(store: OrderStore) -> None:
    """O-15, contract 1.9 row 7; a doubly encoded one is one that was changed."""
    await keep(store, *(small_line(number) for number in range(3)))
    token = (await orders(store, size=1)).next_token
    assert token is not None
    changed = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(0, len(token) - 2, 7)]  # fmt: skip
    for bad in (
        *changed,
        token[:-4],
        token[4:],
        f"{token}AAAA",
        token.replace("=", "%3D") + "%3D",
        "x",
        "\u00e9",
        "null",
        base64.b64encode(b"x" * 100).decode(),
        Seal(OTHER_RING, "NextToken").seal(b"x", b""),
        Seal(RING, "NextToken").seal(b"\xc1 no bookmark", b"getOrders\0" + SELLER.encode()),
    ):
        assert await undecodable(orders(store, bad)), bad


async def test_token_says_nothing_of_what_it_holds(store: OrderStore) -> None:
    """O-15: a filter may be personal, and a token goes through logs."""
    await keep(store, *(small_line(number, BuyerInfo={"BuyerEmail": "taro@example.test"}) for number in range(3)))  # fmt: skip
    wanted = msgspec.structs.replace(EVERYTHING, buyer_email="taro@example.test")
    token = (await orders(store, wanted, size=1)).next_token
    assert token is not None
    assert b"taro" not in base64.b64decode(token)
    assert b"ATV" not in base64.b64decode(token)


LONGEST = "&".join(
    (
        "CreatedAfter=2026-01-01",
        f"MarketplaceIds={US},{','.join(f'{number:0>100}' for number in range(49))}",
        f"AmazonOrderIds={','.join(f'249-7000000-{number:07}' for number in range(50))}",
        f"ActualFulfillmentSupplySourceId={'s' * 2_000}",
        f"StoreChainStoreId={'t' * 2_000}",
        f"BuyerEmail={'u' * 2_000}",
        "OrderStatuses=PendingAvailability,Pending,Unshipped,PartiallyShipped,Shipped,Canceled",
    )
)


async def test_token_of_the_longest_request_can_be_sent_back(store: OrderStore) -> None:
    """O-7, O-15, O-16: a token carries every filter, and a query string has an end."""
    for number in range(3):
        line = small_line(
            number,
            BuyerInfo={"BuyerEmail": "u" * 2_000},
            FulfillmentInstruction={"FulfillmentSupplySourceId": "s" * 2_000},
        )
        line["orderItems"][0]["StoreChainStoreId"] = "t" * 2_000
        await keep(store, line)
    wanted, _ = parse_get_orders(LONGEST.encode(), NOW, TimeDelta())
    first = await orders(store, wanted, size=1)
    assert ids(first) == [0]
    assert first.next_token is not None
    msgspec.json.decode(rendered(first), type=GetOrdersResponse)
    query = f"MarketplaceIds={US}&NextToken={quote(first.next_token, safe='')}"
    assert len(query) < QUERY_MAX_BYTES
    again, _ = parse_get_orders(query.encode(), NOW, TimeDelta())
    assert ids(await orders(store, again, size=1)) == [1]
