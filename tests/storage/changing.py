"""Changes of single orders, and the orders that they are tried on."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from tests.storage.conftest import Orders
from tests.storage.order_model import EPOCH, facet, order, order_id, unchanged

from torihiki.kernel.instant import Instant, from_micros
from torihiki.orders.model import ChangedOrder, HistoryEntry, KeptOrder, StoredOrder


def at(moment: int) -> Instant:
    return from_micros(EPOCH + moment)


def entry(number: int, event: str = "shipped") -> HistoryEntry:
    return HistoryEntry(
        at=at(number), event=event, by="app", order_status="Shipped", details=b'{"n":%d}' % number
    )


def becoming(new: StoredOrder, **members: object) -> Callable[[KeptOrder], ChangedOrder]:
    """A change that makes of an order what it can of another."""

    def decide(kept: KeptOrder) -> ChangedOrder:
        return unchanged(
            new,
            kept,
            facet=new.facet,
            last_updated=new.last_updated,
            document=new.document,
            personal=new.personal,
            items=new.items,
            withheld=new.withheld,
            regulated=new.regulated,
            **members,
        )

    return decide


def after(old: StoredOrder, new: StoredOrder) -> StoredOrder:
    """What `becoming` makes of the old order."""
    return msgspec.structs.replace(
        new,
        created=old.created,
        buyer_email=old.buyer_email,
        seller_order_id=old.seller_order_id,
        supply_source_id=old.supply_source_id,
        store_chain_store_id=old.store_chain_store_id,
        regulated=new.regulated or old.regulated,
    )


async def kept(store: Orders, number: int = 1, seller_id: str = "S1") -> KeptOrder:
    seen: list[KeptOrder] = []
    assert await store.change(seller_id, order_id(number), seen.append)
    return seen[-1]


FULL = order(
    1,
    5,
    mark="old",
    buyer_email="a@example.com",
    seller_order_id="own",
    supply_source_id="w",
    store_chain_store_id="c",
    earliest_delivery=at(1),
    latest_delivery=at(2),
    restricted_items=b'["old gift"]',
    withheld=b'{"old":1}',
    regulated=b'{"old":2}',
)
SHIPPED = order(
    1,
    5,
    updated=77,
    mark="new",
    facet=facet(status="Shipped", easy_ship="PickedUp", invoice="Accepted"),
    earliest_delivery=at(3),
    latest_delivery=at(4),
    is_final=True,
    restricted_items=b'["new gift"]',
    withheld=b'{"new":1}',
    regulated=b'{"new":2}',
)
