"""Clients that take for ever: each limit of time, what is answered, and that nothing is held for them (issue 5, robustness)."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.orders.lines import ORDER_ID, SELLER, US, small_line, written
from tests.server.hasty import SOON, Hasty, answer_on, hasty, is_closed
from tests.server.paying import Merchant, refused, report_body
from tests.server.signed import NOW, UNFINISHED, Documents, connected, kept_files, members
from tests.serving import Seller

BEGUN = b'{"sellerI'
"""The first bytes of a body of which no more come."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hasty]:
    with hasty(tmp_path_factory.mktemp("hasty") / "data") as found:
        found.set_clock(now=NOW.format_iso(), running=False)
        yield found


@pytest.fixture(scope="module")
def shipper(server: Hasty) -> Seller:
    return server.add_seller([US])


@pytest.fixture(scope="module")
def documents(server: Hasty) -> Documents:
    return Documents(server.url, server.data, NOW)


@pytest.fixture(scope="module")
def merchant(server: Hasty) -> Merchant:
    return Merchant(server)


def head(server: Hasty, method: str, path: str, *lines: str, length: int = 100) -> bytes:
    host = f"host: {urlsplit(server.url).netloc}"
    named = [f"{method} {path} HTTP/1.1", host, f"content-length: {length}", *lines]
    return "\r\n".join([*named, "", ""]).encode()


def operators(server: Hasty) -> str:
    return f"authorization: Bearer {server.credentials['operator_token']}"


def forged(server: Hasty, merchant: Merchant, method: str = "POST") -> bytes:
    """The head of a request that names a registered key, and that nobody has signed."""
    sent = merchant.sign(method, "/reports", body=report_body())
    lines = [
        f"{name}: {text.replace('Signature=', 'Signature=AAAA')}"
        for name, text in sent.headers
        if name.lower() not in {"host", "content-length"}
    ]
    return head(server, method, sent.target.decode(), *lines)


def spoken(server: Hasty, sent: bytes) -> tuple[int, bytes]:
    """Status and body of the refusal to a request whose body stops; the connection is closed with it."""
    started = time.monotonic()
    with connected(server.url) as peer:
        peer.sendall(sent + BEGUN)
        answer = answer_on(peer)
        assert 0.9 < time.monotonic() - started < SOON
        assert answer.headers["connection"] == "close"
        # What still comes is not taken for the next request.
        with contextlib.suppress(ConnectionError):
            peer.sendall(b"GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert is_closed(peer)
    return answer.status, answer.body


def test_body_that_stops_is_refused_in_the_form_of_the_selling_partner_api(
    server: Hasty, shipper: Seller
) -> None:
    token, media = f"x-amz-access-token: {shipper.access_token}", "content-type: application/json"
    path = f"/orders/v0/orders/{ORDER_ID}/shipmentConfirmation"
    body = (
        b'{\n  "errors": [\n    {\n      "code": "RequestTimeout",\n'
        b'      "message": "The request body was not sent in time.",\n      "details": ""\n    }\n  ]\n}'
    )
    assert spoken(server, head(server, "POST", path, token, media)) == (408, body)
    rest = "/tokens/2021-03-01/restrictedDataToken"
    assert spoken(server, head(server, "POST", rest, token, media)) == (408, body)


@pytest.mark.parametrize("path", ["/sellers", "/clock", "/orders", "/payments"])
def test_body_that_stops_is_refused_on_the_operators_calls(server: Hasty, path: str) -> None:
    """Those that read it whole, and the imports."""
    method = "PUT" if path == "/clock" else "POST"
    sent = head(server, method, f"/-/api/v1{path}", operators(server))
    status, body = spoken(server, sent)
    assert status == 408
    assert b'"code": "RequestTimeout"' in body


def test_body_that_stops_is_refused_in_the_form_of_login_with_amazon(server: Hasty) -> None:
    media = "content-type: application/x-www-form-urlencoded"
    status, body = spoken(server, head(server, "POST", "/auth/o2/token", media))
    assert status == 408
    assert b'"error":"invalid_request"' in body


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_body_that_stops_is_refused_in_the_form_of_amazon_pay(
    server: Hasty, merchant: Merchant, method: str
) -> None:
    """Contract 3.2. Whoever knows the id of a key gets as far as this, for the signature is of the body too."""
    with connected(server.url) as peer:
        peer.sendall(forged(server, merchant, method) + BEGUN)
        answer = answer_on(peer)
        assert refused(answer) == (408, "RequestTimeout")
        assert answer.headers["connection"] == "close"
        assert is_closed(peer)


def test_upload_that_stops_is_refused_in_s3s_form_and_leaves_nothing(
    server: Hasty, documents: Documents
) -> None:
    """S3 gives this code with a 400."""
    assert documents.put("stops", b"what was there").status == 200
    with connected(server.url) as peer:
        peer.sendall(documents.head_of_put("stops", "content-length: 1000000") + bytes(500_000))
        answer = answer_on(peer)
        assert answer.status == 400
        assert answer.headers["connection"] == "close"
        assert members(answer)["Code"] == "RequestTimeout"
        assert is_closed(peer)
    assert documents.get("stops").body == b"what was there"
    assert kept_files(server.data, UNFINISHED) == []


def test_body_that_is_read_whole_may_not_come_in_drops_for_ever(server: Hasty) -> None:
    started = time.monotonic()
    with connected(server.url) as peer:
        peer.sendall(head(server, "POST", "/-/api/v1/sellers", operators(server)))
        peer.settimeout(0.1)
        drops = 0
        while not _readable(peer):
            drops += 1
            with contextlib.suppress(ConnectionError):
                peer.sendall(b" ")
        assert drops > 2
        assert 0.9 < time.monotonic() - started < SOON
        peer.settimeout(SOON)
        assert answer_on(peer).status == 408


def _readable(peer: socket.socket) -> bool:
    try:
        return bool(peer.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False


def test_import_may_take_as_long_as_it_goes_on(server: Hasty) -> None:
    """Longer than any limit of ours, in small parts."""
    server.ask(
        "POST", "/sellers", {"sellerId": SELLER, "name": "A seller", "marketplaceIds": [US]}
    )  # fmt: skip
    lines = b"".join(written(small_line(number)) + b"\n" for number in range(25))
    size = len(lines) // 25 + 1
    with connected(server.url) as peer:
        sent = head(server, "POST", "/-/api/v1/orders", operators(server), length=len(lines))
        peer.sendall(sent)
        for start in range(0, len(lines), size):
            time.sleep(0.1)
            peer.sendall(lines[start : start + size])
        answer = answer_on(peer)
    assert answer.json() == {"imported": 25, "failed": 0, "errors": []}


def test_head_that_stops_is_closed_without_an_answer(server: Hasty) -> None:
    for begun in (b"", b"GET /-/hea", b"GET /-/health HTTP/1.1\r\nhost: x\r\n"):
        with connected(server.url) as peer:
            peer.sendall(begun)
            assert is_closed(peer)


def refused_unread(server: Hasty, peer: socket.socket) -> None:
    """Nobody reads this body; the first byte of it comes behind the answer."""
    peer.sendall(head(server, "POST", "/nowhere"))
    assert answer_on(peer).status == 403
    peer.sendall(b"{")


def asked_and_no_more(_: Hasty, peer: socket.socket) -> None:
    peer.sendall(b"GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answer_on(peer).status == 200
    peer.sendall(b"\r\n")


@pytest.mark.parametrize("left", [refused_unread, asked_and_no_more])
def test_bytes_that_begin_no_request_do_not_keep_a_connection(
    server: Hasty, left: Callable[[Hasty, socket.socket], None]
) -> None:
    """Uvicorn's watch over idle connections ends with any byte."""
    with connected(server.url) as peer:
        left(server, peer)
        assert is_closed(peer)


def test_connection_goes_on_behind_a_body_that_nobody_read(server: Hasty) -> None:
    with connected(server.url) as peer:
        peer.sendall(head(server, "POST", "/nowhere", length=3))
        assert answer_on(peer).status == 403
        peer.sendall(b"abcGET /-/health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert answer_on(peer).status == 200
        # It is idle now, as between the pages of a list.
        assert not is_closed(peer, 2.5)


CHUNKED = "POST %s HTTP/1.1\r\nhost: x\r\n%s\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("path", ["/-/api/v1/sellers", "/-/api/v1/orders", "/nowhere"])
def test_trailer_without_an_end_is_cut_off(server: Hasty, path: str) -> None:
    """Also where the body is not read; it is kept nowhere."""
    sent = 0
    with connected(server.url) as peer, contextlib.suppress(ConnectionError):
        peer.sendall((CHUNKED % (path, operators(server))).encode() + b"1\r\n \r\n0\r\nx-long: ")
        while sent < 20_000_000:
            peer.sendall(b"x" * 100_000)
            sent += 100_000
    assert sent < 20_000_000
    assert server.ask("GET", "/clock")


def test_trailer_is_not_taken_for_a_header(server: Hasty) -> None:
    with connected(server.url) as peer:
        sent = CHUNKED % ("/-/api/v1/sellers", "x-a: 1") + f"0\r\n{operators(server)}\r\n\r\n"
        peer.sendall(sent.encode())
        assert answer_on(peer).status == 403


def is_open(path: Path) -> bool:
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if one.readlink() == path:
                return True
    return False


def is_given_back(path: Path) -> bool:
    deadline = time.monotonic() + SOON
    while is_open(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_download_that_nobody_reads_on_is_broken_off_and_its_file_closed(
    server: Hasty, documents: Documents
) -> None:
    documents.put("unread", bytes(50_000_000))
    path = (server.data / "documents" / "unread").resolve()
    with connected(server.url) as peer:
        peer.sendall(documents.head_of_get("unread"))
        received = len(peer.recv(1_000))
        assert is_open(path)
        assert is_given_back(path)
        with contextlib.suppress(ConnectionError):
            while piece := peer.recv(1_000_000):
                received += len(piece)
    assert received < 50_000_000


def test_download_that_is_read_slowly_arrives(server: Hasty, documents: Documents) -> None:
    """So slowly that the system takes nothing more of the server for longer than the limit."""
    documents.put("slow", bytes(20_000_000))
    with connected(server.url) as peer:
        peer.sendall(documents.head_of_get("slow", "connection: close"))
        received = 0
        for _ in range(30):
            received += len(peer.recv(100_000))
            time.sleep(0.1)
        while piece := peer.recv(1_000_000):
            received += len(piece)
    assert received > 20_000_000


def test_server_stops_in_time_whatever_its_clients_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A body that stops, one that goes on, a download that nobody reads, an idle connection: nothing is an error."""
    caplog.set_level(logging.INFO)
    with hasty(tmp_path / "data") as server:
        server.set_clock(now=NOW.format_iso(), running=False)
        documents = Documents(server.url, server.data, NOW)
        documents.put("unread", bytes(50_000_000))
        merchant = Merchant(server)
        with (
            pytest.MonkeyPatch.context() as patch,
            connected(server.url) as stopped,
            connected(server.url) as upload,
            connected(server.url) as download,
            connected(server.url) as idle,
        ):
            patch.setattr("torihiki.server.call.BODY_SECONDS", 60)
            patch.setattr("torihiki.server.call.SILENCE_SECONDS", 60)
            stopped.sendall(forged(server, merchant) + BEGUN)
            upload.sendall(documents.head_of_put("begun", "content-length: 1000") + BEGUN)
            download.sendall(documents.head_of_get("unread"))
            download.recv(1_000)
            asked_and_no_more(server, idle)
            time.sleep(0.2)
            assert 0.9 < server.stop() < SOON
            assert is_closed(stopped)
            assert is_closed(upload)
            assert is_closed(idle)
        assert kept_files(server.data) == ["unread"]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert "Traceback" not in caplog.text
