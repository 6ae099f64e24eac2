"""Floor A: the same server with nothing behind it but the bytes of a measured response."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Floor:
    """Answers `/NAME` with the file of that name, which it reads once.

    Args:
        bodies: The directory of the files.
    """

    def __init__(self, bodies: Path) -> None:
        self._bodies = bodies
        self._known: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    async def __call__(self, scope: Mapping[str, Any], receive: object, send: Send) -> None:
        """Answers one request."""
        del receive
        known = self._known.get(scope["path"])
        if known is None:
            known = self._known[scope["path"]] = self._load(scope["path"])
        start, body = known
        await send(start)
        await send(body)

    def _load(self, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
        body = (self._bodies / path.removeprefix("/")).read_bytes()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        return start, {"type": "http.response.body", "body": body}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bodies", type=Path, required=True)
    given = parser.parse_args()
    config = uvicorn.Config(
        Floor(given.bodies),
        port=given.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="error",
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
