"""Asking one ahead: order, errors in their place, and nothing left open."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.storage.postgres.ahead import one_ahead


class Broken(Exception):
    """Of these tests alone."""


class Source:
    """Counts up; tells what it was asked for, and whether it was closed."""

    def __init__(self, count: int, *, breaks: bool = False) -> None:
        self._count = count
        self._breaks = breaks
        self.asked = 0
        self.closed = False

    async def items(self) -> AsyncGenerator[int]:
        try:
            for number in range(self._count):
                self.asked += 1
                await asyncio.sleep(0)
                yield number
            if self._breaks:
                raise Broken
        finally:
            self.closed = True


@given(count=st.integers(0, 20), breaks=st.booleans())
def test_every_item_comes_once_in_order_and_then_the_error(count: int, *, breaks: bool) -> None:
    async def read() -> list[int]:
        found: list[int] = []
        try:
            async with aclosing(one_ahead(source.items())) as items:
                async for item in items:
                    found.append(item)  # noqa: PERF401 - what came before the error counts
        except Broken:
            found.append(-1)
        return found

    source = Source(count, breaks=breaks)
    assert asyncio.run(read()) == [*range(count), *([-1] if breaks else [])]
    assert source.closed


async def test_next_item_is_asked_for_before_this_one_is_worked_on() -> None:
    source = Source(5)
    async with aclosing(one_ahead(source.items())) as items:
        async for item in items:
            assert source.asked == min(item + 2, 5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_reader_that_stops_early_closes_the_source_and_hears_of_no_later_error(
    taken: int, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(2, breaks=True)
    async with aclosing(one_ahead(source.items())) as items:
        for _ in range(taken):
            await anext(items)
        # The error, if it is near enough, comes while nobody waits.
        await asyncio.sleep(0.01)
    assert source.closed or taken == 0
    gc.collect()
    assert caplog.records == []


async def test_cancelled_reader_leaves_no_task_behind() -> None:
    async def stuck() -> AsyncGenerator[int]:
        yield 1
        await asyncio.Event().wait()

    async def read() -> None:
        async for _ in one_ahead(stuck()):
            pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}
