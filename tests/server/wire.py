"""A connection as bytes: several requests in one write or one in several, and every answer in its turn."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.auth.pay.sdk_signers import Sent
from tests.server.plain import Answered
from tests.server.signed import connected

HEALTH = b"GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n"
SECONDS = 20.0
GARBAGE = b"\x16\x03\x01 is no HTTP\r\n\r\n"


class Wire:
    """One connection.

    Args:
        peer: The client's end.
    """

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self._unread = b""

    def send(self, *parts: bytes) -> None:
        """Each part arrives on its own."""
        for number, part in enumerate(parts):
            if number:
                time.sleep(0.1)
            self.peer.sendall(part)

    def send_no_more(self) -> None:
        self.peer.shutdown(socket.SHUT_WR)

    def answer(self) -> Answered | None:
        """The next one; None: the server has closed the connection."""
        while b"\r\n\r\n" not in self._unread:
            if not self._receive():
                assert not self._unread, self._unread
                return None
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        assert first.startswith("HTTP/1.1 "), first
        named = {name: text for name, _, text in (line.partition(": ") for line in lines)}
        length = int(named.get("content-length", "0"))
        while len(self._unread) < length:
            assert self._receive(), "the server closed the connection amid an answer"
        body, self._unread = self._unread[:length], self._unread[length:]
        return Answered(int(first[9:12]), named, body)

    def _receive(self) -> bool:
        with contextlib.suppress(ConnectionError):
            part = self.peer.recv(1_000_000)
            self._unread += part
            return bool(part)
        return False

    def statuses(self) -> list[int]:
        """Of all answers until the server closes the connection."""
        return [answer.status for answer in iter(self.answer, None)]

    def statuses_of(self, count: int) -> list[int]:
        """Of the next answers; the connection stays open behind them, and no more of them come."""
        found = [answer.status for answer in (self.answer() for _ in range(count)) if answer]
        self.peer.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            self._unread += self.peer.recv(1)
            raise AssertionError(self._unread or "the server closed the connection")
        self.peer.settimeout(SECONDS)
        assert not self._unread, self._unread
        return found


@contextlib.contextmanager
def wire(url: str) -> Iterator[Wire]:
    """A connection until the end of the block."""
    with connected(url) as peer:
        peer.settimeout(SECONDS)
        yield Wire(peer)


def head_of(url: str, sent: Sent, *lines: str) -> bytes:
    """The head of a signed request with further lines, which nobody signed."""
    host = f"host: {urlsplit(url).netloc}"
    named = [f"{name}: {text}" for name, text in sent.headers]
    if not any(name.lower() == "content-length" for name, _ in sent.headers):
        named.append(f"content-length: {len(sent.body)}")
    first = f"{sent.method} {sent.target.decode()} HTTP/1.1"
    return "\r\n".join([first, host, *named, *lines, "", ""]).encode()
