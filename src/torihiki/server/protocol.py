"""HTTP/1.1 on a socket: uvicorn's parser with limits on the head of a request, and refusals in each API's own shape."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from torihiki.auth.pay.paths import parse_path
from torihiki.auth.pay.refusals import invalid_request
from torihiki.kernel.problem import invalid_input
from torihiki.server import pay_problems, s3_errors
from torihiki.server.bindings import documents
from torihiki.server.call import Answer
from torihiki.server.dispatch import REQUEST_ID
from torihiki.server.problems import render

HEAD_MAX_BYTES: Final = 64 * 1024
"""Request line and headers of one request, counted while they are incomplete."""
HEAD_SECONDS: Final = 20.0
"""How long a client may take to send them."""
_DOCUMENTS: Final = documents.OPERATIONS[0].path.partition("{")[0].encode()
_TOO_LARGE: Final = f"The request's headers are larger than {HEAD_MAX_BYTES} bytes."


class _HeadTooLarge(Exception):
    """The parser stops at it, and uvicorn refuses the request."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(*args, **kwargs)
        # Uvicorn has none before a request begins.
        self.url = b""
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
        request_id = str(uuid.uuid4())  # noqa: TID251 - nothing depends on it
        answer, id_header = _refused(self.url, msg, request_id)
        headers = (
            (b"content-type", answer.media),
            (b"content-length", b"%d" % len(answer.body)),
            (id_header, request_id.encode()),
            *answer.headers,
            (b"connection", b"close"),
        )
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + answer.body)
        self.transport.close()

    def _check_head(self) -> None:
        if self._in_head and self.loop.time() - self._head_since >= HEAD_SECONDS:
            self.transport.close()
            return
        self._watch = self.loop.call_later(HEAD_SECONDS, self._check_head)


def _refused(url: bytes, message: str, request_id: str) -> tuple[Answer, bytes]:
    """A 400 in the form of the API that the path is of, and the header that bears its id.

    Args:
        url: As much of the request's target as was read; where that does not tell, the form is that of most APIs.
        message: What is wrong.
        request_id: The answer's id.
    """
    path = url.partition(b"?")[0]
    if parse_path(path) is not None:
        return pay_problems.refusal(invalid_request(message)), pay_problems.REQUEST_ID
    problem = invalid_input(details=message)
    if path.startswith(_DOCUMENTS):
        return s3_errors.refusal(problem, request_id), REQUEST_ID
    return render(problem), REQUEST_ID
