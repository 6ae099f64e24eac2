"""Asks for the next thing while the one before is worked on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

Item = TypeVar("Item")


async def one_ahead(items: AsyncGenerator[Item]) -> AsyncGenerator[Item]:
    """The same items; each is asked for before the one in front of it is handed out.

    An error comes in the place of the item that it kept from coming. Where the caller closes early, what was asked for
    is cancelled, and `items` is closed.
    """
    asked = asyncio.create_task(_next(items))
    try:
        while found := await asked:
            asked = asyncio.create_task(_next(items))
            # The question leaves before the caller, who may not wait for anything, has the loop again.
            await asyncio.sleep(0)
            yield found[0]
    finally:
        asked.cancel()
        await asyncio.wait({asked})
        if not asked.cancelled():
            # Else an error that nobody waits for any more would be told to the log.
            asked.exception()
        await items.aclose()


async def _next(items: AsyncGenerator[Item]) -> tuple[Item] | None:
    async for item in items:
        return (item,)
    return None
