"""How a server ends, and what an import that was under way leaves behind (issue 2, 7 and bad input)."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.orders.lines import SELLER, US, small_line, written
from tests.server.plain import fetch
from tests.server.running import Running, running

BATCH = 1_000


def add_seller(server: Running) -> None:
    server.ask(
        "POST", "/sellers", {"sellerId": SELLER, "name": "A seller", "marketplaceIds": [US]}
    )  # fmt: skip


def lines(first: int, count: int) -> bytes:
    return b"".join(written(small_line(first + number)) + b"\n" for number in range(count))


class Import:
    """An import that is sent piece by piece."""

    def __init__(self, server: Running) -> None:
        address = urlsplit(server.url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=20)
        head = (
            "POST /-/api/v1/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            f"authorization: {server.bearer['authorization']}\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        self._socket.sendall(head.encode())

    def send(self, body: bytes) -> None:
        self._socket.sendall(b"%x\r\n%b\r\n" % (len(body), body))

    def finish(self) -> tuple[int, object]:
        """Status and report."""
        self._socket.sendall(b"0\r\n\r\n")
        answer = b""
        while piece := self._socket.recv(65_536):
            answer += piece
        self._socket.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def abandon(self) -> None:
        self._socket.close()


def wait_for_orders(server: Running, count: int) -> None:
    deadline = time.monotonic() + 20
    while len(server.kept_orders()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("flags", [(), ("--workers", "2")], ids=["one process", "two processes"])
def test_sigterm_lets_a_running_import_finish_and_ends_with_0(
    data: Path, flags: tuple[str, ...]
) -> None:
    with running(data, *flags) as server:
        add_seller(server)
        upload = Import(server)
        upload.send(lines(0, 1_500))
        wait_for_orders(server, BATCH)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        upload.send(lines(1_500, 100))
        assert upload.finish() == (200, {"imported": 1_600, "failed": 0, "errors": []})
        assert server.process.wait(20) == 0
        assert len(server.kept_orders()) == 1_600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_server_ends_with_0_within_a_moment(data: Path, number: signal.Signals) -> None:
    """Also while a client keeps its connection open."""
    with running(data) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=20) as kept_open:
            kept_open.sendall(b"GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n")
            assert kept_open.recv(65_536).startswith(b"HTTP/1.1 200")
            started = time.monotonic()
            server.process.send_signal(number)
            assert server.process.wait(20) == 0
            assert time.monotonic() - started < 3
        assert "Traceback" not in server.said()


@pytest.mark.parametrize("sent", [1_700, 3_400])
def test_kill_during_an_import_leaves_whole_orders_and_it_can_be_repeated(
    data: Path, sent: int
) -> None:
    with running(data) as server:
        add_seller(server)
        upload = Import(server)
        upload.send(lines(0, sent) + written(small_line(sent))[:100])
        wait_for_orders(server, BATCH)
        server.process.kill()
        server.process.wait()
        upload.abandon()
        kept = server.kept_orders()
        assert len(kept) % BATCH == 0
        assert kept == [f"249-7000000-{number:07}" for number in range(len(kept))]
    with running(data) as server:
        answer = fetch(
            server.url,
            "/-/api/v1/orders",
            method="POST",
            headers=server.bearer,
            body=lines(0, sent + 1),
        )
        assert answer.json() == {"imported": sent + 1, "failed": 0, "errors": []}
        assert len(server.kept_orders()) == sent + 1


def test_client_that_goes_away_leaves_whole_batches(data: Path) -> None:
    with running(data) as server:
        add_seller(server)
        upload = Import(server)
        upload.send(lines(0, 1_500))
        wait_for_orders(server, BATCH)
        upload.abandon()
        time.sleep(0.3)
        assert len(server.kept_orders()) == BATCH
        assert fetch(server.url, "/-/ready").status == 200
        assert [line for line in server.logged() if line["level"] == "error"] == []


def test_two_imports_at_once_both_land(data: Path) -> None:
    """Of orders that both bring, each is there once, and whole; other requests are answered meanwhile."""
    with running(data) as server:
        add_seller(server)
        one, other = Import(server), Import(server)
        for start in range(0, 4_000, 500):
            one.send(lines(start, 500))
            other.send(lines(start + 2_000, 500))
            assert fetch(server.url, "/-/ready").status == 200
        report = {"imported": 4_000, "failed": 0, "errors": []}
        assert one.finish() == (200, report)
        assert other.finish() == (200, report)
        assert len(server.kept_orders()) == 6_000
