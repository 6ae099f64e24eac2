"""Several requests in one write, what is broken behind them, and clients that stop to send before they are answered."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.paying import Merchant, refused, report_body
from tests.server.running import Running, running
from tests.server.signed import CONTENT, Documents, connected, members
from tests.server.wire import GARBAGE, HEALTH, Wire, head_of, wire
from torihiki.kernel.instant import Instant
from torihiki.server.protocol import HEAD_MAX_BYTES

SIGNED = HEALTH.replace(b"host: x", b"host: x\r\nauthorization: " + b"s" * 750)
"""As long as a signed request."""
CHUNKED = b"POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


def health_of(size: int) -> bytes:
    """A request whose head has about so many bytes."""
    return HEALTH.replace(b"host: x", b"host: x\r\nx-long: " + b"x" * (size - 60))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("pipelines") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def merchant(server: Running) -> Merchant:
    return Merchant(server)


@pytest.fixture(scope="module")
def documents(server: Running) -> Documents:
    found = Documents(server.url, server.data, Instant.now())
    assert found.put("kept", CONTENT).status == 200
    assert found.put("long", bytes(50_000_000)).status == 200
    return found


@pytest.fixture
def line(server: Running) -> Iterator[Wire]:
    with wire(server.url) as found:
        yield found


def report(server: Running, merchant: Merchant) -> bytes:
    sent = merchant.sign("POST", "/reports", body=report_body())
    return head_of(server.url, sent) + sent.body


def reports(merchant: Merchant) -> int:
    return len(merchant.ask("GET", "/reports", {"pageSize": "100"})["reports"])


@pytest.mark.parametrize("count", [50, 250, 1_000])
def test_requests_in_one_write_are_not_counted_as_one_head(line: Wire, count: int) -> None:
    """Together they are larger than a head may be, in whatever parts the server reads them."""
    line.send(SIGNED * count)
    assert line.statuses_of(count) == [200] * count


def test_large_head_behind_others_is_read_and_too_large_a_one_refused(line: Wire) -> None:
    line.send(SIGNED * 100 + health_of(HEAD_MAX_BYTES - 500) * 3 + SIGNED)
    assert line.statuses_of(104) == [200] * 104
    line.send(SIGNED * 100 + health_of(HEAD_MAX_BYTES + 500) + SIGNED)
    assert line.statuses() == [200] * 100 + [400]


def test_head_without_an_end_behind_others_is_refused(line: Wire) -> None:
    """They are answered first."""
    line.send(SIGNED * 10 + b"GET / HTTP/1.1\r\nx-long: " + b"x" * 30_000, *[b"x" * 30_000] * 3)
    assert line.statuses() == [200] * 10 + [400]


def test_body_may_come_later_than_a_head_behind_others(line: Wire) -> None:
    """Nor is a large head counted to what stands between the parts of its body."""
    long = b"\r\nx-long: " + b"x" * 60_000 + b"\r\n\r\n"
    line.send(SIGNED * 100 + CHUNKED[:-4] + long, b"1;x=" + b"x" * 10_000, b"\r\na\r\n0\r\n\r\n")
    assert line.statuses_of(101) == [200] * 100 + [403]


def test_request_is_answered_before_what_is_no_http_behind_it_is_refused(
    server: Running, merchant: Merchant, line: Wire
) -> None:
    """Else its sender would not know that it was carried out."""
    before = reports(merchant)
    line.send(report(server, merchant) + GARBAGE)
    first, second = line.answer(), line.answer()
    assert first is not None
    assert (first.status, list(first.json())) == (201, ["reportId"])
    assert second is not None
    assert (second.status, second.headers["connection"]) == (400, "close")
    assert line.statuses() == []
    assert reports(merchant) == before + 1


def test_refusal_stands_behind_all_answers(
    server: Running, merchant: Merchant, documents: Documents, line: Wire
) -> None:
    """Also where it is the body of the last that is broken, which gets no other answer."""
    download = documents.head_of_get("kept")
    line.send(report(server, merchant) + download + HEALTH + CHUNKED + b"xyz\r\n" + GARBAGE)
    assert line.statuses() == [201, 200, 200, 400]


@pytest.mark.parametrize("path", [b"/v2/reports", b"/documents/x"])
def test_refusal_has_the_form_of_its_own_path(line: Wire, path: bytes) -> None:
    line.send(HEALTH + b"GET %b HTTP/9.9\r\n\r\n" % path)
    first, second = line.answer(), line.answer()
    assert first is not None
    assert first.json() == {"status": "ok"}
    assert second is not None
    if path.startswith(b"/v2"):
        assert refused(second) == (400, "InvalidRequest")
    else:
        assert members(second)["Code"] == "InvalidRequest"


def test_nothing_is_written_amid_an_answer(documents: Documents, line: Wire) -> None:
    """A download whose request has a body that is broken: it ends, and its length tells that it is not whole."""
    line.send(documents.head_of_get("long", "transfer-encoding: chunked"))
    received = line.peer.recv(1_000)
    line.send(b"xyz\r\n")
    with contextlib.suppress(ConnectionError):
        while part := line.peer.recv(1_000_000):
            received += part
    assert received.count(b"HTTP/1.1") == 1
    assert len(received) < 50_000_000


def test_client_that_stops_to_send_gets_its_answer(
    server: Running, merchant: Merchant, documents: Documents
) -> None:
    """As many small clients do, and load balancers: it is the one way to say that there is no more."""
    post, download = report(server, merchant), documents.head_of_get("kept")
    for asked, statuses in (
        (post, [201]),
        (download, [200]),
        (HEALTH * 5 + download, [200] * 6),
        (documents.head_of_get("long"), [200]),
        (HEALTH + GARBAGE, [200, 400]),
    ):
        with wire(server.url) as line:
            line.send(asked)
            line.send_no_more()
            assert line.statuses() == statuses


def test_client_that_stops_amid_its_request_gets_no_answer(
    server: Running, documents: Documents
) -> None:
    for asked, statuses in (
        (HEALTH[:-5], []),
        (documents.head_of_put("stopped", "content-length: 100") + b"x", []),
        (HEALTH + HEALTH[:-5], [200]),
    ):
        with wire(server.url) as line:
            line.send(asked)
            line.send_no_more()
            assert line.statuses() == statuses
    assert documents.get("stopped").status == 404


def test_idle_connection_is_closed_when_its_client_stops_to_send(line: Wire) -> None:
    line.send(HEALTH)
    assert line.statuses_of(1) == [200]
    line.send_no_more()
    assert line.statuses() == []


def is_open(server: Running, path: Path) -> bool:
    for one in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if one.readlink() == path:
                return True
    return False


def test_client_that_stopped_to_send_and_goes_away_is_noticed(
    server: Running, documents: Documents
) -> None:
    path = (server.data / "documents" / "long").resolve()
    with connected(server.url) as peer:
        peer.sendall(documents.head_of_get("long"))
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1_000)
        assert is_open(server, path)
    deadline = time.monotonic() + 20
    while is_open(server, path):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [one for one in server.logged() if one["level"] == "error"] == []


@pytest.mark.parametrize("asked", ["/nowhere", "/orders/v0/orders", "/documents/x", "/v2/reports"])
def test_client_that_waits_for_100_continue_is_told_that_the_connection_ends(
    line: Wire, asked: str
) -> None:
    """Nobody asks for the body, and nobody may take it for the next request, or wait for it (RFC 9110, 10.1.1)."""
    head = (
        f"PUT {asked} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\nExpect: 100-Continue\r\n\r\n"
    )
    line.send(head.encode())
    answer = line.answer()
    assert answer is not None
    assert answer.status in {403, 405}
    assert answer.headers["connection"] == "close"
    assert line.statuses() == []


def test_client_that_was_told_to_go_on_keeps_its_connection(
    server: Running, merchant: Merchant, line: Wire
) -> None:
    sent = merchant.sign("POST", "/reports", body=report_body())
    line.send(head_of(server.url, sent, "expect: 100-continue"))
    assert line.peer.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(sent.body + HEALTH)
    assert line.statuses_of(2) == [201, 200]
    line.send(HEALTH.replace(b"host: x", b"expect: something else"))
    assert line.statuses_of(1) == [200]
