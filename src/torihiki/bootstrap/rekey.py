"""Replaces the key that seals restricted data, beside running servers.

First the new key stands in the file before the old one, so that every process seals with it and opens with both. Then every
order is sealed anew, a batch a transaction, until a whole pass finds nothing left. Only then the old key goes. Killed at
any point, the next run goes on: it finds two keys and makes no third.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from torihiki.bootstrap.files import KEY_BYTES, key_ring, write_key_ring
from torihiki.bootstrap.stores import Stores, open_stores
from torihiki.config import Settings

BATCH: Final = 500
"""Orders in a transaction: short enough that writes of running servers get their turn."""
PAUSE_SECONDS: Final = 1.0
"""Between passes, so that a batch that was being written with the old key is there to be seen."""


async def _moved(stores: Stores) -> None:
    """Makes running servers read the keys again."""
    await stores.admin.change_clock(lambda clock: clock)


async def _pass(stores: Stores, advanced: Callable[[int], None]) -> int:
    """Looks at every order once; returns how many it sealed anew."""
    after, looked, sealed = -1, 0, 0
    while (found := await stores.orders.reseal(after, BATCH)) is not None:
        after, count = found
        sealed += count
        looked += BATCH
        advanced(looked)
    return sealed


async def rekey(settings: Settings, advanced: Callable[[int], None]) -> int:
    """Seals everything with a new key and forgets the old ones; returns how many orders that were.

    NextTokens that are out open until the old key goes.

    Args:
        settings: Where the database and the keys are.
        advanced: Told how many orders were looked at in the present pass.
    """
    async with open_stores(settings) as stores:
        ring = key_ring(settings.data)
        if len(ring.keys) == 1:
            write_key_ring(settings.data, ring.with_new(secrets.token_bytes(KEY_BYTES)))
        await _moved(stores)
        total = 0
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            sealed = await _pass(stores, advanced)
            total += sealed
            if sealed == 0:
                break
        write_key_ring(settings.data, key_ring(settings.data).only_current())
        await _moved(stores)
        return total
