"""Clients that would rather speak another protocol, as Java's does: they are served as if they had not said so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.hasty import Hasty, hasty
from tests.server.paying import Merchant, refused, report_body
from tests.server.running import Running, running
from tests.server.signed import Documents
from tests.server.wire import GARBAGE, HEALTH, Wire, head_of, wire
from torihiki.kernel.instant import Instant

UPGRADES = {
    "h2c, as Java and curl": ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABk"),
    "a WebSocket": ("connection: keep-alive, Upgrade", "upgrade: websocket", "sec-websocket-version: 13"),
    "TLS": ("Connection: upgrade", "Upgrade: TLS/1.0"),
    "several lines": ("upgrade: foo", "connection: x", "connection: upgrade", "upgrade: bar"),
}  # fmt: skip
H2C = UPGRADES["h2c, as Java and curl"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("upgrades") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def merchant(server: Running) -> Merchant:
    return Merchant(server)


@pytest.fixture
def line(server: Running) -> Iterator[Wire]:
    with wire(server.url) as found:
        yield found


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_body_of_a_request_that_asks_for_another_protocol_is_read(
    server: Running, merchant: Merchant, line: Wire, upgrade: str
) -> None:
    sent = merchant.sign("POST", "/reports", body=report_body())
    head = head_of(server.url, sent, *UPGRADES[upgrade])
    line.send(head + sent.body)
    assert line.statuses_of(1) == [201]
    line.send(HEALTH)
    assert line.statuses_of(1) == [200]


def test_body_behind_the_head_is_no_request_of_its_own(
    server: Running, merchant: Merchant, line: Wire
) -> None:
    sent = merchant.sign("POST", "/reports", body=HEALTH)
    line.send(head_of(server.url, sent, *H2C), sent.body)
    answer = line.answer()
    assert answer is not None
    assert refused(answer) == (400, "InvalidRequestFormat")
    assert line.statuses_of(0) == []


@pytest.mark.parametrize("step", [1, 7, 50])
def test_request_may_come_in_any_parts(
    server: Running, merchant: Merchant, line: Wire, step: int
) -> None:
    """Also with the end of its head, its body and the begin of the next in one of them."""
    sent = merchant.sign("POST", "/reports", body=report_body())
    head = head_of(server.url, sent, *H2C)
    whole = head + sent.body + HEALTH
    cut = len(head) - step
    line.send(whole[:cut], whole[cut : len(whole) - len(HEALTH) + step], whole[len(whole) - len(HEALTH) + step :])  # fmt: skip
    assert line.statuses_of(2) == [201, 200]


def test_requests_behind_each_other_are_answered_one_by_one(
    server: Running, merchant: Merchant, line: Wire
) -> None:
    """With and without a wish, with and without a body, chunked too."""
    post = merchant.sign("POST", "/reports", body=report_body())
    asked = head_of(server.url, merchant.sign("GET", "/reports"), *H2C)
    plain = head_of(server.url, post) + post.body
    chunked = b"POST /nowhere HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%b\r\n0\r\nx-trailer: 1\r\n\r\n" % (len(HEALTH), HEALTH)
    again = merchant.sign("POST", "/reports", body=report_body())
    wishing = head_of(server.url, again, *H2C) + again.body
    line.send(asked + plain + wishing + chunked + chunks + asked + HEALTH)
    assert line.statuses_of(6) == [200, 201, 201, 403, 200, 200]


def test_headers_that_ask_for_it_may_be_signed(
    server: Running, merchant: Merchant, line: Wire
) -> None:
    """What is verified is what was sent."""
    sent = merchant.sign(
        "POST",
        "/reports",
        body=report_body(),
        sdk="java",
        connection="Upgrade, HTTP2-Settings",
        upgrade="h2c",
        http2_settings="AAMAAABk",
    )
    assert "upgrade" in sent.canonical
    assert "connection" in sent.canonical
    head = head_of(server.url, sent)
    line.send(head + sent.body)
    assert line.statuses_of(1) == [201]
    line.send(head.replace(b"h2c", b"h2d") + sent.body)
    assert line.statuses_of(1) == [403]


def test_upload_of_such_a_client_is_kept_whole(server: Running, line: Wire) -> None:
    documents = Documents(server.url, server.data, Instant.now())
    content = HEALTH * 9
    line.send(documents.head_of_put("wished", f"content-length: {len(content)}", *H2C), content)
    assert line.statuses_of(1) == [200]
    assert documents.get("wished").body == content


def test_connection_is_closed_for_a_client_that_wants_that_too(line: Wire) -> None:
    line.send(HEALTH.replace(b"host: x", b"upgrade: h2c\r\nconnection: upgrade, close") + HEALTH)
    assert line.statuses() == [200]


def test_client_may_wait_for_100_continue(server: Running, merchant: Merchant, line: Wire) -> None:
    sent = merchant.sign("POST", "/reports", body=report_body())
    line.send(head_of(server.url, sent, *H2C, "expect: 100-continue"))
    assert line.peer.recv(65_536).startswith(b"HTTP/1.1 100 ")
    line.send(sent.body)
    assert line.statuses_of(1) == [201]


def test_two_framings_are_refused_with_the_wish_too(line: Wire) -> None:
    """A request that two readers would take for different ones."""
    asked = (
        b"POST /v2/reports HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\ncontent-length: 5\r\n"
    )
    line.send(asked + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n" + HEALTH)
    assert line.statuses() == [400]


def test_tunnel_is_refused_as_ever(line: Wire) -> None:
    """What stands behind it is not HTTP, and is not read as such."""
    line.send(b"CONNECT /x HTTP/1.1\r\nhost: x\r\n\r\n" + HEALTH)
    assert line.statuses_of(1) == [403]


def test_nothing_of_it_is_in_the_log(server: Running, line: Wire) -> None:

    def said() -> list[Any]:
        return [one for one in server.logged() if "chore" not in one]

    before = said()
    line.send(HEALTH.replace(b"host: x", b"connection: upgrade\r\nupgrade: h2c"))
    assert line.statuses_of(1) == [200]
    assert said() == before


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hasty]:
    with hasty(tmp_path_factory.mktemp("impatient") / "data") as found:
        yield found


WISH = b"POST /auth/o2/token HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n"


@pytest.mark.parametrize(
    ("asked", "statuses"),
    [
        (b"x-long: " + b"x" * 65_536, [400]),
        (b"x-long: " + b"x" * 65_536 + b"\r\n\r\n", [400]),
        (b"content-length: 100\r\n\r\ngrant", [408]),
        (b"", []),
    ],
    ids=["head without an end", "long head", "body that stops", "head that stops"],
)
def test_limits_hold_for_such_a_request(
    impatient: Hasty, asked: bytes, statuses: list[int]
) -> None:
    with wire(impatient.url) as line:
        line.send(WISH + asked)
        assert line.statuses() == statuses


def test_body_of_such_a_request_may_not_be_too_long(impatient: Hasty) -> None:
    with wire(impatient.url) as line:
        line.send(WISH + b"content-length: 2000000\r\n\r\n" + bytes(100_000))
        answer = line.answer()
        assert answer is not None
        assert answer.status == 400


def test_trailer_of_such_a_request_has_an_end(impatient: Hasty) -> None:
    with wire(impatient.url) as line, contextlib.suppress(ConnectionError):
        line.send(WISH + b"transfer-encoding: chunked\r\n\r\n0\r\nx-long: ")
        for _ in range(200):
            line.peer.sendall(b"x" * 100_000)
        pytest.fail("all of it was read")


def test_every_answer_is_the_same_with_the_wish_and_without(tmp_path: Path) -> None:
    """Requests and bodies of every sort in one write, and what is broken behind them."""
    requests = [
        b"GET /-/health HTTP/1.1\r\n%b\r\n",
        b"GET http://x/-/health HTTP/1.1\r\n%b\r\n",
        b"POST /nowhere HTTP/1.1\r\n%bcontent-length: 3\r\n\r\nabc",
        b"POST /auth/o2/token HTTP/1.1\r\n%bcontent-length: 0\r\n\r\n",
        b"POST /auth/o2/token HTTP/1.1\r\n%btransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nupgrade: x\r\n\r\n",
        b"PROPFIND /v2/reports HTTP/1.1\r\n%b\r\n",
        b"OPTIONS * HTTP/1.1\r\n%b\r\n",
        b"GET /-/health HTTP/1.0\r\n%b\r\n",
    ]
    wish = b"connection: upgrade\r\nupgrade: h2c\r\n"
    with hasty(tmp_path / "data") as server:
        for first in requests:
            for second in requests:
                found = []
                for one in (b"", wish):
                    with wire(server.url) as line:
                        line.send(first % one + second % one + GARBAGE)
                        line.send_no_more()
                        found.append(line.statuses())
                assert found[0] == found[1], (first, second)
                assert found[0]
