"""The ASGI application: starts and stops what the dispatch needs, and hands it every HTTP request."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

from torihiki.server.call import Receive, Scope, Send
from torihiki.server.dispatch import Dispatch


class App:
    """An ASGI application.

    Args:
        start: Opens the stores and gives the dispatch; leaving its context closes them. It is entered in the event
            loop that serves the requests.
    """

    def __init__(self, start: Callable[[], AbstractAsyncContextManager[Dispatch]]) -> None:
        self._start = start
        self._dispatch: Dispatch | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection scope."""
        if scope["type"] == "http" and self._dispatch is not None:
            await self._dispatch(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        reply: dict[str, Any] = {"type": "lifespan.shutdown.complete"}
        try:
            async with self._start() as self._dispatch:
                # What is there now stays; a full collection would look at it again for tens of milliseconds.
                gc.freeze()
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must not start half-way
            structlog.get_logger("torihiki").exception("cannot start")
            reply = {"type": "lifespan.startup.failed", "message": str(error)}
        await send(reply)
