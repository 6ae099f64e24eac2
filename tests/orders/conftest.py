"""A real store of orders, on SQLite, with two sellers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.orders.lines import OTHER, SELLER, US
from torihiki.admin.model import Seller
from torihiki.bootstrap import Settings
from torihiki.bootstrap.stores import open_stores
from torihiki.kernel.instant import Instant
from torihiki.orders.store import OrderStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[OrderStore]:
    async with open_stores(Settings(data=tmp_path)) as stores:
        for seller_id in (SELLER, OTHER):
            await stores.admin.add_seller(
                Seller(
                    seller_id=seller_id,
                    name="x",
                    marketplace_ids=(US,),
                    created_at=Instant.from_utc(2026, 1, 1),
                )
            )
        yield stores.orders
