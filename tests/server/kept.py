"""What a data directory keeps, read as a server would read it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path
from typing import NamedTuple

from torihiki.bootstrap import Settings
from torihiki.bootstrap.stores import open_stores
from torihiki.kernel.instant import Instant
from torihiki.orders.model import DateField, Selection
from torihiki.orders.store import OrderStore

ALWAYS = Instant.from_utc(1990, 1, 1)


class Kept(NamedTuple):
    """An order as everybody sees it, and all that restricted data tokens can open."""

    seller_id: str
    order_id: str
    document: bytes
    items: bytes
    personal: bytes
    restricted_items: bytes


async def _order(store: OrderStore, seller_id: str, order_id: str) -> Kept:
    whole = await store.order(seller_id, order_id)
    restricted = await store.order(seller_id, order_id, personal=True)
    items = await store.items(seller_id, order_id)
    restricted_items = await store.items(seller_id, order_id, restricted=True)
    assert whole is not None
    assert restricted is not None
    assert items is not None
    assert restricted_items is not None
    assert restricted.document == whole.document
    assert json.loads(items.items)
    assert json.loads(restricted_items.items)
    return Kept(
        seller_id,
        order_id,
        whole.document + whole.people,
        items.items,
        restricted.people,
        restricted_items.items,
    )


async def _kept(data: Path) -> list[Kept]:
    found: list[Kept] = []
    async with open_stores(Settings(data=data)) as stores:
        for seller in await stores.admin.sellers("", 100):
            page = await stores.orders.page(
                seller.seller_id,
                Selection(
                    by=DateField.CREATED,
                    since=ALWAYS,
                    until=Instant.from_utc(2100, 1, 1),
                    marketplace_ids=seller.marketplace_ids,
                ),
                visible_from=dict.fromkeys(seller.marketplace_ids, ALWAYS),
                after=None,
                limit=100_000,
            )
            for document, ending in page.documents:
                order_id = json.loads(document + ending)["AmazonOrderId"]
                found.append(await _order(stores.orders, seller.seller_id, order_id))
                assert found[-1].document == document + ending
    return sorted(found)


def kept_orders(data: Path) -> list[Kept]:
    """Every order of every seller, each of which must be there whole with its items."""
    return asyncio.run(_kept(data))


def is_sound(data: Path) -> bool:
    """Whether the SQLite file is as it should be."""
    with contextlib.closing(sqlite3.connect(data / "torihiki.sqlite3")) as database:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
