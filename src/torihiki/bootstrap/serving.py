"""Runs the server: prepares the data directory, then serves in this process or in several that share the ports.

A worker process is kept beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType

import uvicorn
from msgspec import UNSET
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess, multiprocess

from torihiki.bootstrap.child import WorkerChild
from torihiki.bootstrap.demo import prepare_demo
from torihiki.bootstrap.files import Credentials, prepare_credentials
from torihiki.bootstrap.logs import configure
from torihiki.bootstrap.stores import open_stores
from torihiki.bootstrap.tls import Tls
from torihiki.bootstrap.wiring import build
from torihiki.config import Settings, from_environment, to_environment
from torihiki.server.app import App
from torihiki.server.protocol import HEAD_SECONDS, STOP_SECONDS, LimitedProtocol
from torihiki.server.reached import parse_public_url
from torihiki.storage.documents import reach_documents

DRAIN_SECONDS = STOP_SECONDS + 5
"""How long requests that are under way may take after SIGTERM: those that wait for their clients are broken off before."""
KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: longer than clients wait between the pages of a list."""
BACKLOG = 2048
TLS_GOODBYE_SECONDS = 1.0
"""How long a client may take to answer the end of a TLS connection; an idle one that does not would hold up the stop."""
START_AGAIN_SECONDS = 1.0
"""How long a server process that cannot start waits before another is started in its place."""
CERTIFICATE_SECONDS = 3600
"""How often a running server looks whether its certificate must be renewed or was replaced."""


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


class PortsServer(uvicorn.Server):
    """Serves plain HTTP on the first of the sockets that it runs with, and TLS on the second if there is one.

    Both stop together: uvicorn closes the listeners and finishes the connections of either.
    """

    def __init__(self, config: uvicorn.Config, tls: Tls | None) -> None:
        super().__init__(config)
        self._tls = tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to accept on all of the sockets."""
        plain, *secure = sockets or []
        await super().startup([plain])
        if self._tls is None:
            return
        loop = asyncio.get_running_loop()
        for listener in secure:
            server = await loop.create_server(
                self._connection,
                sock=listener,
                ssl=self._tls.context,
                backlog=BACKLOG,
                ssl_handshake_timeout=HEAD_SECONDS,
                ssl_shutdown_timeout=TLS_GOODBYE_SECONDS,
            )
            self.servers.append(server)
        loop.call_later(CERTIFICATE_SECONDS, self._look_at_certificate, self._tls)

    def _connection(self) -> LimitedProtocol:
        return LimitedProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _look_at_certificate(self, tls: Tls) -> None:
        tls.refresh()
        asyncio.get_running_loop().call_later(CERTIFICATE_SECONDS, self._look_at_certificate, tls)


class _Server(PortsServer):
    """Stops on SIGTERM and SIGINT and then returns, so that the process ends with status 0."""

    def __init__(self, config: uvicorn.Config, tls: Tls | None, worker: WorkerChild) -> None:
        super().__init__(config, tls)
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


class _Process(multiprocess.Process):
    """One of several server processes; what is made here is made in that process."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves; a start that fails ends the process alone, a moment later.

        The database was there when the server began, so it has gone for a while. At uvicorn's own status for it the first
        process would stop all the others.
        """
        try:
            super().target(sockets)
        except SystemExit as ended:
            if ended.code != STARTUP_FAILURE:
                raise
            time.sleep(START_AGAIN_SECONDS)
            sys.exit(1)

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = PortsServer(self.config, _tls(from_environment()))
        return self._server


class _Servers(Multiprocess):
    """Several server processes, and one worker beside them."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], worker: WorkerChild
    ) -> None:
        super().__init__(config, sockets)
        self._worker = worker
        multiprocess.Process = _Process  # type: ignore[misc]  # uvicorn has no other way to name the class

    def init_processes(self) -> None:
        super().init_processes()
        self._worker.start()

    def terminate_all(self) -> None:
        self._worker.stop_soon()
        super().terminate_all()


def _tls(settings: Settings) -> Tls | None:
    return None if settings.tls_port is None else Tls(settings)


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


async def prepare(settings: Settings, endpoints: Sequence[str]) -> Credentials:
    """Makes the data directory ready: key, credentials, schema, and the demo if it is asked for and due.

    Args:
        settings: The settings.
        endpoints: Where clients reach the server: plain, and behind it with TLS if it speaks that.

    Raises:
        UnsuitableDatabase: A newer release has been there, or it was sealed with other keys. Found here it is a message;
            found by the server processes it would be a traceback of each.
        OSError, Problem: The database or the documents cannot be reached, or a file of the data directory is damaged.
    """
    plain, *secure = endpoints
    token, tls = settings.operator_token, secure[0] if secure else UNSET
    prepare_credentials(settings.data, plain, token, tls)
    await reach_documents(settings.documents, settings.data)
    async with open_stores(settings) as stores:
        if settings.demo:
            await prepare_demo(stores, settings)
    return prepare_credentials(settings.data, plain, token, tls)


def serve(settings: Settings, listeners: list[socket.socket]) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is under way and returns.

    Args:
        settings: The settings.
        listeners: The port, and after it the TLS port if the settings name one.
    """
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
            _Servers(config, listeners, worker).run()
        else:
            _Server(config, _tls(settings), worker).run(sockets=listeners)
    finally:
        worker.stop()
    for listener in listeners:
        listener.close()


def reachable(settings: Settings, endpoints: Sequence[str]) -> list[str]:
    """The endpoints as clients reach them: by the public URL where there is one, else where the server listens.

    All addresses of the machine stand for no address that a client could use; then it is its own.

    Args:
        settings: The settings.
        endpoints: Where the server listens: plain, and behind it with TLS if it speaks that.
    """
    plain, *secure = (
        one.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        for one in endpoints
    )
    public = parse_public_url(settings.public_url)
    return [plain if public is None else public.url(""), *secure]


def prepare_now(settings: Settings, endpoints: Sequence[str]) -> Credentials:
    """`prepare`, for callers without an event loop; a certificate that cannot be used is found here too."""
    _tls(settings)
    return asyncio.run(prepare(settings, endpoints))
