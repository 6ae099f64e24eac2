"""HTTP/1.1 on a socket: uvicorn's parser with limits on what a client may take its time for, and refusals in each API's own shape.

How long a body may take that an operation waits for is limited where it waits (`call.py`). Here is what nobody waits for,
and it is looked at from time to time only, so that a request costs nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sys
import termios
import uuid
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

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
"""How long a client may take to send them; also how often a connection is looked at."""
STILL_SECONDS: Final = 60.0
"""How long a client may take nothing of an answer, or go on with the rest of a request that has been answered."""
STOP_SECONDS: Final = 25
"""How long a request may go on when the server stops."""
_DOCUMENTS: Final = documents.OPERATIONS[0].path.partition("{")[0].encode()
_TOO_LARGE: Final = f"The request's headers are larger than {HEAD_MAX_BYTES} bytes."
_NO_HTTP: Final = "Invalid HTTP request received."
_CONNECT: Final = b"CONNECT"


class _HeadTooLarge(Exception):
    """The parser stops at it."""


class _Refusal(RequestResponseCycle):
    """Stands in uvicorn's queue in the place of a request, and ends the connection.

    Args:
        transport: The connection.
        written: The whole answer.
    """

    def __init__(self, transport: asyncio.Transport, written: bytes) -> None:
        self.transport = transport
        self._written = written

    def send_now(self) -> None:
        """Sends it."""
        self.transport.write(self._written)
        self.transport.close()

    async def run_asgi(self, app: object) -> None:  # noqa: ARG002 - as uvicorn's
        """Its turn has come."""
        self.send_now()


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(*args, **kwargs)
        # Uvicorn has none before a request begins.
        self.url = b""
        self._in_head = True
        # Of this head in the reads before this one, at least; in the read in which it began, what may be of others.
        self._head_bytes = 0
        self._others_bytes = 0
        self._read_bytes = 0
        self._is_refused = False
        self._head_since = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None
        self._still: tuple[object, ...] | None = None
        self._still_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Starts to watch the clock beside what uvicorn does."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops to watch."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Refuses a head that grows without an end, and so what stands between or behind the parts of a body."""
        if self._is_refused:
            return
        self._unset_keepalive_if_required()
        self._read_bytes = len(data)
        if not self._in_head:
            self._others_bytes = 0
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self.logger.warning(_NO_HTTP)
            self.send_400_response(_NO_HTTP)
            return
        if (self._in_head or self.cycle.more_body) and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MAX_BYTES:
                self.send_400_response(_TOO_LARGE)

    def _parse(self, data: bytes | memoryview) -> None:
        """Reads requests; one that asks for another protocol is read as if it did not, as a server may (RFC 9110, 7.8).

        Raises:
            httptools.HttpParserError: They are none.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self.parser.get_method() == _CONNECT:
                    self._unsupported_upgrade_warning()
                    return
                data = memoryview(data)[upgrade.args[0] :]
                self._read_without_upgrade()
            else:
                return

    def _read_without_upgrade(self) -> None:
        """Reads the head again that was just read: the parser takes nothing behind it for its body."""
        sent, version = self.headers, self.parser.get_http_version().encode()
        first = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
        kept = [b"%b: %b\r\n" % header for header in sent if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        with contextlib.suppress(AttributeError):
            # As uvicorn does it, where httptools can.
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(b"".join([first, *kept, b"\r\n"]))
        # All of it may be signed.
        self.scope["headers"] = sent

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        self._head_bytes = -self._others_bytes
        self._head_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; one that came in few reads was not counted before, and is now.

        Raises:
            _HeadTooLarge: It is larger than it may be.
        """
        if (
            self._head_bytes + self._others_bytes + self._read_bytes > HEAD_MAX_BYTES
            and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            > HEAD_MAX_BYTES
        ):
            raise _HeadTooLarge
        if self.parser.should_upgrade() and self.parser.get_method() != _CONNECT:
            # It is read again.
            return
        super().on_headers_complete()
        self._in_head = False
        self._head_bytes = -self._read_bytes
        # What stands behind a body has the form of headers, and is none of the request's.
        self.headers = []

    def on_message_complete(self) -> None:
        """A request is there: what was read with it is not counted to the next head."""
        if not self._in_head:
            self._others_bytes = self._read_bytes
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body: what was read with it is not counted."""
        self._head_bytes = -self._read_bytes
        super().on_body(body)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as asyncio has it
        """Keeps the connection for the answer that is due to a client that sends no more; None: closes it.

        Whether the client has gone is seen when it is sent something. With TLS nobody can send no more and still receive.
        """
        if self.scheme == "https":
            return None
        if not self._is_refused:
            cycle = self._unanswered()
            if cycle is None or cycle.more_body:
                return None
            cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP, behind the answers to what came before it, and closes; `msg` says what is wrong."""
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
        refusal = _Refusal(
            self.transport, b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + answer.body
        )
        cycle = self._unanswered()
        if cycle is None:
            refusal.send_now()
        elif self._in_head or not cycle.more_body:
            self._refuse_last(refusal)
        elif self.pipeline:
            # What is broken is the body of the last in the queue.
            self.pipeline.popleft()
            self._refuse_last(refusal)
        elif cycle.response_started:
            # Nothing can follow on half of an answer.
            self.transport.close()
        else:
            refusal.send_now()

    def _unanswered(self) -> RequestResponseCycle | None:
        """The last request, if its answer is not complete."""
        # There is no cycle before the first head is complete.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def _refuse_last(self, refusal: _Refusal) -> None:
        self._is_refused = True
        self._in_head = False
        self.pipeline.appendleft((refusal, self.app))

    def shutdown(self) -> None:
        """Lets a request go on for a while, and breaks it off then: its operation sees that the client has gone, and ends."""
        super().shutdown()
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self.loop.call_later(STOP_SECONDS, self.transport.abort)

    def _look(self) -> None:
        now = self.loop.time()
        still = self._waits_for_client()
        if still is None or still != self._still:
            self._still, self._still_since = still, now
        elif now - self._still_since >= STILL_SECONDS:
            # To close it would wait for what the client does not take.
            self.transport.abort()
            return
        if self._in_head and now - self._head_since >= HEAD_SECONDS:
            self.transport.close()
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look)

    def _waits_for_client(self) -> tuple[object, ...] | None:
        """What is another one when the client has gone on; None: nothing is up to it, or something else has an eye on that."""
        unsent = self.transport.get_write_buffer_size()
        # There is no cycle before the first head is complete.
        if unsent:
            left = 0 if self._in_head else self.cycle.expected_content_length
            return self.cycle, left, unsent, _unacknowledged(self.transport)
        if self._in_head or not self.cycle.response_complete:
            return None
        # Uvicorn drops its watch over an idle connection for any byte that comes, also for one that begins no request.
        return (self.cycle,) if self.timeout_keep_alive_task is None else None


def _unacknowledged(transport: asyncio.Transport) -> int:
    """Bytes that the system keeps for the client: megabytes, and it takes no more of us before a third of them is gone.

    0 where it does not say.
    """
    socket = transport.get_extra_info("socket")
    try:
        found = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4)) if socket else b""
    except OSError:
        return 0
    return int.from_bytes(found, sys.byteorder)


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
