"""Replaces the key that seals restricted data, beside running servers.

First the new key stands in the file before the old one, so that every process seals with it and opens with both. Then every
order and all of the ledger is sealed anew, a batch a transaction, until a whole pass finds nothing left. Only then the old key goes. Killed at
any point, the next run goes on: it finds two keys and makes no third.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from torihiki.bootstrap.files import KEY_BYTES, kept_ring, write_key_ring
from torihiki.bootstrap.stores import Stores, open_stores
from torihiki.config import Settings

BATCH: Final = 500
"""Orders, or parts of the ledger, in a transaction: short enough that writes of running servers get their turn."""
PAUSE_SECONDS: Final = 1.0
"""Between passes, so that a batch that was being written with the old key is there to be seen."""


async def _moved(stores: Stores) -> None:
    """Makes running servers read the keys again."""
    await stores.admin.change_clock(lambda clock: clock)


async def _pass(stores: Stores, advanced: Callable[[int], None]) -> tuple[int, int]:
    """Looks at everything once; returns how many orders it sealed anew, and how much of the ledger."""
    looked = 0
    sealed = []
    ledger = stores.ledger
    for reseal in (stores.orders.reseal, ledger.reseal_runs, ledger.reseal_objects):
        after, count = -1, 0
        while (found := await reseal(after, BATCH)) is not None:
            after, more = found
            count += more
            looked += BATCH
            advanced(looked)
        sealed.append(count)
    orders, *others = sealed
    return orders, sum(others)


async def rekey(settings: Settings, advanced: Callable[[int], None]) -> int:
    """Seals everything with a new key and forgets the old ones; returns how many orders that were.

    NextTokens that are out open until the old key goes.

    Args:
        settings: Where the database and the keys are.
        advanced: Told how many orders, and parts of the ledger, were looked at in the present pass.
    """
    async with open_stores(settings) as stores:
        ring = kept_ring(settings.data)
        if len(ring.keys) == 1:
            write_key_ring(settings.data, ring.with_new(secrets.token_bytes(KEY_BYTES)))
        await _moved(stores)
        total = 0
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            orders, others = await _pass(stores, advanced)
            total += orders
            if not orders and not others:
                break
        write_key_ring(settings.data, kept_ring(settings.data).only_current())
        await _moved(stores)
        return total
