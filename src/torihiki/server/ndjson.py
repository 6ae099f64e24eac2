"""Cuts the body of an import into lines, however it comes, in flat memory."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from typing import Final, Protocol

LINE_MAX_BYTES: Final = 1024 * 1024
"""The longest line of an import."""


class Import(Protocol):
    """An import under way."""

    @property
    def lines(self) -> int:
        """Lines taken so far."""
        ...

    async def add(self, line: bytes) -> None:
        """Takes the next line."""
        ...

    def skip(self, reason: str) -> None:
        """Counts a line that was not even read whole."""
        ...


async def lines(chunks: AsyncIterator[bytes], found: Import) -> None:
    """Cuts chunks into lines and hands them on; a line that is too long is refused without being kept.

    Gives way to other requests after every chunk.
    """
    rest = b""
    skipping = False
    async for chunk in chunks:
        *whole, tail = chunk.split(b"\n")
        for line in whole:
            if skipping:
                skipping = False
                found.skip(_too_long())
            else:
                await _take(found, rest + line)
            rest = b""
        if not skipping:
            rest += tail
        if len(rest) > LINE_MAX_BYTES:
            rest, skipping = b"", True
        await asyncio.sleep(0)
    if skipping:
        found.skip(_too_long())
    elif rest:
        await _take(found, rest)


async def _take(found: Import, line: bytes) -> None:
    if len(line) > LINE_MAX_BYTES:
        found.skip(_too_long())
    else:
        # Some editors put a byte order mark before the first line.
        await found.add(line if found.lines else line.removeprefix(codecs.BOM_UTF8))


def _too_long() -> str:
    return f"the line is longer than {LINE_MAX_BYTES} bytes"
