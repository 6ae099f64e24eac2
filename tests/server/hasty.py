"""A server in this process that waits for nobody: its limits of time are seconds, and a test can tell it to stop."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.server.plain import Answered
from tests.serving import Served
from torihiki.bootstrap.serving import PortsServer, listen, prepare_now
from torihiki.bootstrap.wiring import build
from torihiki.config import Settings
from torihiki.server.protocol import LimitedProtocol

LIMITS = {
    "call.BODY_SECONDS": 1.0,
    "call.SILENCE_SECONDS": 1.0,
    "protocol.HEAD_SECONDS": 0.5,
    "protocol.STILL_SECONDS": 1.0,
    "protocol.STOP_SECONDS": 1.0,
}
DRAIN_SECONDS = 10
"""Uvicorn's own end of patience: far behind the others, so that it is seen when it is needed."""
SOON = 5.0
"""By when what takes a second has happened on a machine that is busy."""


class Hasty(Served):
    """The server, as others are seen, and its thread."""

    def __init__(self, url: str, data: Path, server: PortsServer, thread: threading.Thread) -> None:
        super().__init__(url, data, json.loads((data / "credentials.json").read_text("utf-8")))
        self._server = server
        self._thread = thread

    def stop(self) -> float:
        """Does what SIGTERM does; how many seconds it took."""
        started = time.monotonic()
        self._server.should_exit = True
        self._thread.join(DRAIN_SECONDS + 20)
        assert not self._thread.is_alive()
        return time.monotonic() - started


@contextlib.contextmanager
def hasty(data: Path) -> Iterator[Hasty]:
    """A server with `LIMITS` until the end of the block."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = Settings(data=data)
    prepare_now(settings, [url])
    config = uvicorn.Config(
        build(settings),
        loop="uvloop",
        http=LimitedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = PortsServer(config, None)
    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in LIMITS.items():
            patch.setattr(f"torihiki.server.{name}", seconds)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        found = None
        try:
            deadline = time.monotonic() + 20
            while not server.started:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            found = Hasty(url, data, server, thread)
            yield found
        finally:
            if found is not None:
                found.close()
            server.should_exit = True
            thread.join(DRAIN_SECONDS + 20)


def answer_on(peer: socket.socket) -> Answered:
    """The next answer on a connection."""
    answer = http.client.HTTPResponse(peer)
    answer.begin()
    named = {name.lower(): value for name, value in answer.getheaders()}
    return Answered(answer.status, named, answer.read())


def is_closed(peer: socket.socket, within: float = SOON) -> bool:
    """Whether the server closes the connection without another byte."""
    peer.settimeout(within)
    try:
        return peer.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
