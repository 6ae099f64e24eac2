"""What every server process must agree on: the operator's clock, and the revision of all that is kept in memory.

A process may use what it has read for `LEASE_SECONDS`, counted from before the read, and then must read again. Whoever
changes the state waits that long before he answers, so that when the operator's call returns no process is left that
still acts on the old state. That makes a moved clock or a revoked authorisation exact at the price of one short read
in each lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from torihiki.admin.model import ServerState
from torihiki.admin.rules import now_of
from torihiki.kernel.instant import Instant, from_micros

LEASE_SECONDS: Final = 0.1


class SharedState:
    """The leased copy of the server's state.

    Args:
        read: Reads the state from the database.
        machine_us: The machine's clock in microseconds.
        monotonic: Seconds that never go back.
        forget: Called whenever the revision has moved: drops everything that was kept in memory.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[ServerState]],
        machine_us: Callable[[], int],
        monotonic: Callable[[], float],
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        self._read = read
        self._machine_us = machine_us
        self._monotonic = monotonic
        self._forget = forget
        self._state: ServerState | None = None
        self._valid_until = float("-inf")
        self._renewing = asyncio.Lock()

    async def now(self) -> Instant:
        """The operator's time.

        Raises:
            Problem: The state cannot be read now.
        """
        state = self._state
        if state is None or self._monotonic() >= self._valid_until:
            state = await self._renew()
        return from_micros(now_of(state.clock, self._machine_us()))

    def machine_now(self) -> Instant:
        """The machine's time, which needs no database."""
        return from_micros(self._machine_us())

    async def settle(self) -> None:
        """Returns when every process acts on what was committed before the call."""
        self._valid_until = float("-inf")
        await asyncio.sleep(LEASE_SECONDS)

    async def _renew(self) -> ServerState:
        async with self._renewing:
            started = self._monotonic()
            if self._state is not None and started < self._valid_until:
                return self._state
            state = await self._read()
            if self._state is None or state.revision != self._state.revision:
                await self._forget()
            self._state = state
            self._valid_until = started + LEASE_SECONDS
            return state
