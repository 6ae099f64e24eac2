"""Runs the server: prepares the data directory, then serves in this process or in several that share the port.

A worker process is kept beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess

from torihiki.bootstrap.child import WorkerChild
from torihiki.bootstrap.demo import prepare_demo
from torihiki.bootstrap.files import Credentials, prepare_credentials
from torihiki.bootstrap.logs import configure
from torihiki.bootstrap.stores import migrate, open_stores
from torihiki.bootstrap.wiring import build
from torihiki.config import Settings, from_environment, to_environment
from torihiki.server.app import App
from torihiki.server.protocol import LimitedProtocol

DRAIN_SECONDS = 30
"""How long requests that are under way may take after SIGTERM."""
KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: longer than clients wait between the pages of a list."""
BACKLOG = 2048


def application() -> App:
    """The application of one of several server processes, with the settings that the first put into the environment."""
    settings = from_environment()
    configure(settings.log_level)
    threading.Thread(target=_end_with_the_first, name="lifeline", daemon=True).start()
    return build(settings)


def _end_with_the_first() -> None:
    """Stops this server process when the one that started it is gone, also when that was killed."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)


class _Server(uvicorn.Server):
    """Stops on SIGTERM and SIGINT and then returns, so that the process ends with status 0."""

    def __init__(self, config: uvicorn.Config, worker: WorkerChild) -> None:
        super().__init__(config)
        self._worker = worker

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._worker.start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._worker.stop_soon()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        previous = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


class _Servers(Multiprocess):
    """Several server processes, and one worker beside them."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], worker: WorkerChild
    ) -> None:
        super().__init__(config, sockets)
        self._worker = worker

    def init_processes(self) -> None:
        super().init_processes()
        self._worker.start()

    def terminate_all(self) -> None:
        self._worker.stop_soon()
        super().terminate_all()


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, bound before anything else so that its port is known and a taken one fails at once.

    Raises:
        OSError: The address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Without this a second server could take the port until the first begins to accept.
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


async def prepare(settings: Settings, endpoint: str) -> Credentials:
    """Makes the data directory ready: key, credentials, schema, and the demo if it is asked for and due."""
    credentials = prepare_credentials(settings.data, endpoint, settings.operator_token)
    if not settings.demo:
        await migrate(settings)
        return credentials
    async with open_stores(settings) as stores:
        await prepare_demo(stores, settings)
    return prepare_credentials(settings.data, endpoint, settings.operator_token)


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is under way and returns."""
    configure(settings.log_level)
    to_environment(settings)
    several = settings.workers > 1
    config = uvicorn.Config(
        "torihiki.bootstrap.serving:application" if several else build(settings),
        factory=several,
        workers=settings.workers,
        backlog=BACKLOG,
        loop="uvloop",
        http=LimitedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    worker = WorkerChild()
    try:
        if several:
            _Servers(config, [listener], worker).run()
        else:
            _Server(config, worker).run(sockets=[listener])
    finally:
        worker.stop()
    listener.close()


def prepare_now(settings: Settings, endpoint: str) -> Credentials:
    """`prepare`, for callers without an event loop."""
    return asyncio.run(prepare(settings, endpoint))
