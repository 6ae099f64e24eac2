"""HTTP/1.1 on a socket: uvicorn's parser with limits on the head of a request, and refusals in the API's own shape."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from torihiki.kernel.problem import invalid_input
from torihiki.server.problems import render

HEAD_MAX_BYTES: Final = 64 * 1024
"""Request line and headers of one request, counted while they are incomplete."""
HEAD_SECONDS: Final = 20.0
"""How long a client may take to send them."""
_TOO_LARGE: Final = f"The request's headers are larger than {HEAD_MAX_BYTES} bytes."


class _HeadTooLarge(Exception):
    """The parser stops at it, and uvicorn refuses the request."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._read_bytes = 0
        self._head_since = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Starts to watch the clock beside what uvicorn does."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        self._watch = self.loop.call_later(HEAD_SECONDS, self._check_head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops to watch."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Refuses a head that grows without an end; its beginning is dropped with the connection."""
        self._read_bytes = len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MAX_BYTES:
                self.send_400_response(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        self._head_bytes = 0
        self._head_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; one that came in few reads was not counted before, and is now.

        Raises:
            _HeadTooLarge: It is larger than it may be.
        """
        if (
            self._head_bytes + self._read_bytes > HEAD_MAX_BYTES
            and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            > HEAD_MAX_BYTES
        ):
            raise _HeadTooLarge
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP, and closes; `msg` says what is wrong."""
        answer = render(invalid_input(details=msg))
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            f"content-type: application/json\r\ncontent-length: {len(answer.body)}\r\n"
            f"x-amzn-requestid: {uuid.uuid4()}\r\nconnection: close\r\n\r\n"  # noqa: TID251 - nothing depends on it
        )
        self.transport.write(head.encode() + answer.body)
        self.transport.close()

    def _check_head(self) -> None:
        if self._in_head and self.loop.time() - self._head_since >= HEAD_SECONDS:
            self.transport.close()
            return
        self._watch = self.loop.call_later(HEAD_SECONDS, self._check_head)
