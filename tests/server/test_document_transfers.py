"""Documents on their way: bounded memory, clients that go away, what is left behind (R-10, O-30)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server.plain import fetch
from tests.server.running import Running, running
from tests.server.signed import (
    CONTENT,
    NOW,
    UNFINISHED,
    Documents,
    connected,
    kept_files,
)
from tests.serving import Served
from torihiki.bootstrap.files import key_ring
from torihiki.kernel.instant import Instant
from torihiki.kernel.signed_url import UrlSigner
from torihiki.server.bindings.documents import OPERATIONS, PURPOSE, UPLOAD_MAX_BYTES, bind
from torihiki.server.call import Call, Message
from torihiki.storage.documents import open_documents


@pytest.fixture(scope="module")
def documents(server: Served) -> Documents:
    return Documents(server.url, server.data, NOW)


def test_upload_that_says_that_it_is_too_large_is_refused_before_it_is_sent(
    documents: Documents,
) -> None:
    size = UPLOAD_MAX_BYTES + 1
    with connected(documents.url) as client:
        client.sendall(documents.head_of_put("huge", f"content-length: {size}"))
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    body = answer.partition(b"\r\n\r\n")[2]
    assert b"<Code>EntityTooLarge</Code>" in body
    assert b"<ProposedSize>%d</ProposedSize>" % size in body
    assert b"<MaxSizeAllowed>%d</MaxSizeAllowed>" % UPLOAD_MAX_BYTES in body
    assert "huge" not in kept_files(documents.data)


def test_client_waits_for_100_continue_as_curl_does(documents: Documents) -> None:
    with connected(documents.url) as client:
        client.sendall(
            documents.head_of_put("waits", "content-length: 3", "expect: 100-continue")
        )  # fmt: skip
        assert client.recv(65_536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
    assert documents.get("waits").body == b"abc"


@pytest.mark.parametrize("framing", ["content-length: 2000000", "transfer-encoding: chunked"])
def test_client_that_goes_away_while_it_sends_leaves_nothing(
    documents: Documents, framing: str
) -> None:
    documents.put("half", b"what was there")
    before = kept_files(documents.data)
    with connected(documents.url) as client:
        body = b"f4240\r\n" if "chunked" in framing else b""
        client.sendall(documents.head_of_put("half", framing) + body + bytes(1_000_000))
        deadline = time.monotonic() + 20
        while not kept_files(documents.data, UNFINISHED):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    deadline = time.monotonic() + 20
    while kept_files(documents.data) != before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert documents.get("half").body == b"what was there"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Documents]]:
    """A server whose process and log are looked at."""
    with running(tmp_path_factory.mktemp("own") / "data", "--access-log") as server:
        server.ask("PUT", "/clock", {"now": "2026-11-22T09:30:00Z", "running": False})
        yield server, Documents(server.url, server.data, NOW)


def peak_kib(process: subprocess.Popen[bytes]) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text("ascii"))
    assert found
    return int(found[1])


def test_memory_does_not_grow_with_the_document(own: tuple[Running, Documents]) -> None:
    """The largest upload there may be, and a client that reads it slowly while others are answered."""
    server, documents = own
    documents.put("warm", CONTENT)
    documents.get("warm")
    before = peak_kib(server.process)
    assert documents.put("large", bytes(UPLOAD_MAX_BYTES)).status == 200
    with connected(documents.url) as client:
        client.sendall(documents.head_of_get("large", "connection: close"))
        time.sleep(0.3)
        assert documents.get("warm").body == CONTENT
        received = 0
        while piece := client.recv(1_000_000):
            received += len(piece)
    assert received > UPLOAD_MAX_BYTES
    assert peak_kib(server.process) - before < 30_000


def test_client_that_goes_away_while_it_reads_is_noticed_and_the_file_closed(
    own: tuple[Running, Documents],
) -> None:
    server, documents = own
    documents.put("unread", bytes(50_000_000))
    path = str((server.data / "documents" / "unread").resolve())

    def is_open() -> bool:
        for one in Path(f"/proc/{server.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(one.readlink()) == path:
                    return True
        return False

    with connected(documents.url) as client:
        client.sendall(documents.head_of_get("unread"))
        client.recv(1_000)
        assert is_open()
    deadline = time.monotonic() + 20
    while is_open() or not any(one.get("problem") == "CLIENT_GONE" for one in server.logged()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    documents.get("unread", "HEAD")
    assert not is_open()


def test_answers_are_counted_and_logged_without_their_signatures(
    own: tuple[Running, Documents],
) -> None:
    server, documents = own
    documents.put("logged", b"x")
    documents.get("logged")
    documents.get("logged", "HEAD")
    documents.get("missing")
    fetch(documents.url, documents.sign("DELETE", "logged"), method="DELETE")
    shown = fetch(server.url, "/-/metrics").body.decode()
    for operation, status in (
        ("putDocument", 200), ("getDocument", 200), ("headDocument", 200), ("getDocument", 404),
    ):  # fmt: skip
        assert f'torihiki_requests_total{{operation="{operation}",status="{status}"}}' in shown
    logged = json.dumps(server.logged())
    assert "putDocument" in logged
    assert "X-Amz" not in logged
    assert [one for one in server.logged() if one["level"] == "error"] == []


def test_document_that_breaks_off_breaks_off_the_connection(
    own: tuple[Running, Documents],
) -> None:
    """The length was promised: a client must not take a part for the whole."""
    server, documents = own
    size = 50_000_000
    documents.put("breaks", bytes(size))
    with connected(documents.url) as client:
        client.sendall(documents.head_of_get("breaks"))
        received = len(client.recv(1_000))
        os.truncate(server.data / "documents" / "breaks", size // 2)
        while piece := client.recv(1_000_000):
            received += len(piece)
    assert received < size
    assert any(one.get("problem") == "UNAVAILABLE" for one in server.logged())
    assert fetch(server.url, "/-/ready").status == 200


async def test_upload_that_gets_too_large_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """One that does not say how long it is; here with a limit of ten bytes."""
    signer = UrlSigner(key_ring(tmp_path), PURPOSE)
    put = bind(open_documents(None, tmp_path), signer, None, 10)["putDocument"]
    path, _, query = signer.sign("PUT", "/documents/x", at=NOW, expires_s=30, host="h").partition(
        "?"
    )

    async def status(*chunks: bytes) -> int:
        coming = iter(chunks)
        more = len(chunks)

        async def receive() -> Message:
            nonlocal more
            more -= 1
            return {"type": "http.request", "body": next(coming), "more_body": more > 0}

        call = Call(
            operation=next(one for one in OPERATIONS if one.name == "putDocument"),
            path={"documentId": "x"},
            query=query.encode(),
            headers={b"host": b"h"},
            receive=receive,
            now=NOW,
            caller=None,
            request_id="r",
            scope={"path": path, "method": "PUT"},
        )
        return (await put(call)).status

    assert await status(b"12345", b"678901", b"never read") == 400
    assert kept_files(tmp_path) == []
    assert await status(b"12345", b"67890") == 200
    assert kept_files(tmp_path) == ["x"]


def test_url_outlives_a_restart(data: Path) -> None:
    """Its key is in the data directory. So are the documents."""
    now = Instant.now()
    with running(data) as server:
        documents = Documents(server.url, data, now)
        assert documents.put("kept", CONTENT).status == 200
        port = urlsplit(server.url).port
    with running(data, "--port", str(port)) as server:
        assert Documents(server.url, data, now).get("kept").body == CONTENT


def test_documents_option_names_another_directory(data: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    with running(data, "--documents", str(place)) as server:
        assert Documents(server.url, data, Instant.now()).put("x", b"x").status == 200
    assert (place / "x").read_bytes() == b"x"
    assert not (data / "documents").exists()
