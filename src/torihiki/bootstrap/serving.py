"""Runs the server: prepares the data directory, then serves in this process or in several that share the port."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import msgspec
import uvicorn
from uvicorn.supervisors import Multiprocess

from torihiki.bootstrap.demo import prepare_demo
from torihiki.bootstrap.files import Credentials, prepare_credentials
from torihiki.bootstrap.logs import configure
from torihiki.bootstrap.stores import migrate, open_stores
from torihiki.bootstrap.wiring import build
from torihiki.config import Settings, from_environment, to_environment
from torihiki.kernel.instant import TimeDelta
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
    return build(settings)


class _Server(uvicorn.Server):
    """Stops on SIGTERM and SIGINT and then returns, so that the process ends with status 0."""

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
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def checked_settings(**given: object) -> Settings | str:
    """The settings, or why they cannot be taken."""
    try:
        settings = msgspec.convert(given, Settings)
        TimeDelta.parse_iso(settings.visibility_delay)
        _ = settings.sqlite_path
    except ValueError as error:
        return str(error)
    return settings


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
    several = settings.workers > 1
    if several:
        to_environment(settings)
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
    server = _Server(config)
    if several:
        Multiprocess(config, sockets=[listener]).run()
    else:
        server.run(sockets=[listener])
    listener.close()


def prepare_now(settings: Settings, endpoint: str) -> Credentials:
    """`prepare`, for callers without an event loop."""
    return asyncio.run(prepare(settings, endpoint))
