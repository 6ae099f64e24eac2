"""The connections of one process. asyncpg's own pool makes two tasks and a reset for every query; this makes none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import asyncpg

IDLE_SECONDS: Final = 300.0
"""How long a connection may rest: firewalls forget connections silently."""
CLOSE_SECONDS: Final = 5.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Pool:
    """Lends connections, the warmest first.

    Whoever borrows one ends its transactions; a connection that comes back inside one, or broken, is thrown away.

    Args:
        connect: Makes a connection.
        size: Connections at the most; who comes when all are lent waits.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(size)
        self._idle: list[tuple[Connection, float]] = []
        self._closed = False

    async def borrow(self) -> Connection:
        """A connection that was alive a moment ago; `give_back` must follow.

        Raises:
            OSError, TimeoutError, asyncpg.PostgresError: A new one was needed and the server gave none.
        """
        await self._free.acquire()
        try:
            while self._idle:
                connection, since = self._idle.pop()
                if asyncio.get_running_loop().time() - since > IDLE_SECONDS:
                    connection.terminate()
                elif not connection.is_closed():
                    return connection
            return await self._connect()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """Ends what `borrow` began."""
        if self._closed or connection.is_in_transaction():
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append((connection, asyncio.get_running_loop().time()))
        self._free.release()

    async def close(self) -> None:
        """Closes what rests now, and what is lent as soon as it comes back."""
        self._closed = True
        resting = [connection for connection, _ in self._idle]
        self._idle.clear()
        for connection in resting:
            try:
                await connection.close(timeout=CLOSE_SECONDS)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()
