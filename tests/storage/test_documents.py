"""Documents in a directory and in a bucket: whole or not there, bounded memory, the same behaviour."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.storage.s3_server import BUCKET, s3_server, unfinished_uploads

from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import Kind, Problem
from torihiki.storage import documents
from torihiki.storage.documents import (
    UnusableDocuments,
    open_documents,
    place_of,
    reach_documents,
)
from torihiki.storage.documents.bucket import PART_BYTES
from torihiki.storage.documents.directory import READ_BYTES, UNFINISHED, DirectoryDocuments

LONG_AGO = Instant.from_utc(2000, 1, 1)
AFTER_ALL = Instant.from_utc(2100, 1, 1)


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as environment:
        yield environment


prefixes = itertools.count(1)


@pytest.fixture(params=["directory", "s3"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DocumentStore:
    if request.param == "directory":
        return open_documents(None, tmp_path)
    for name, text in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, text)
    return open_documents(f"s3://{BUCKET}/test-{next(prefixes)}", tmp_path)


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


async def chunks(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for place in range(0, len(content), size):
        yield content[place : place + size]


class Broken(Exception):
    pass


async def breaking(content: bytes) -> AsyncIterator[bytes]:
    async for chunk in chunks(content):
        yield chunk
    raise Broken


async def content_of(
    store: DocumentStore, name: str, start: int = 0, stop: int | None = None
) -> bytes | None:
    document = await store.open(name)
    if document is None:
        return None
    with contextlib.closing(document):
        return b"".join([part async for part in document.read(start, stop)])


async def names_in(store: DocumentStore) -> list[str]:
    return [one.name for one in await store.list("", 1_000)]


@pytest.mark.parametrize(
    "size", [0, 1, READ_BYTES - 1, READ_BYTES, READ_BYTES + 1, PART_BYTES, 2 * PART_BYTES + 5]
)
async def test_document_is_read_as_it_was_written(store: DocumentStore, size: int) -> None:
    content = noise(size)
    stored = await store.put("a.b_c-D", chunks(content))
    document = await store.open("a.b_c-D")
    assert document is not None
    with contextlib.closing(document):
        assert (stored.size, stored.etag) == (size, document.etag)
        assert document.size == size
        assert abs(document.modified.timestamp() - time.time()) < 60
        parts = [part async for part in document.read()]
    assert b"".join(parts) == content
    assert all(0 < len(part) <= READ_BYTES for part in parts)


@pytest.mark.parametrize("size", [1, 7, 3_000_000])
async def test_chunks_may_be_of_any_size(store: DocumentStore, size: int) -> None:
    content = noise(5_000 if size < 10 else 20_000_000)
    await store.put("x", chunks(content, size))
    assert await content_of(store, "x") == content


async def test_ranges_are_exact(store: DocumentStore) -> None:
    content = noise(PART_BYTES + 1_000)
    await store.put("x", chunks(content))
    end = len(content)
    edges = [0, 1, READ_BYTES, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, end - 1, end]
    for start, stop in itertools.combinations_with_replacement(edges, 2):
        assert await content_of(store, "x", start, stop) == content[start:stop]
    assert await content_of(store, "x", 5, end + 100) == content[5:]


async def test_document_that_is_not_there_is_none(store: DocumentStore) -> None:
    assert await store.open("x") is None
    assert await names_in(store) == []


async def test_another_content_has_another_etag_and_replaces_the_whole(
    store: DocumentStore,
) -> None:
    first = await store.put("x", chunks(noise(300_000)))
    second = await store.put("x", chunks(b"short"))
    assert first.etag != second.etag
    assert await content_of(store, "x") == b"short"


async def test_open_document_is_never_a_mixture(store: DocumentStore) -> None:
    """It is replaced and deleted while it is read: what comes is the old bytes, or no more."""
    content = noise(2 * PART_BYTES)
    await store.put("x", chunks(content))
    for change in ("replaced", "deleted"):
        document = await store.open("x")
        assert document is not None
        seen = b""
        with contextlib.closing(document), contextlib.suppress(Problem):
            async for part in document.read():
                if not seen and change == "replaced":
                    await store.put("x", chunks(bytes(len(content))))
                elif not seen:
                    await store.delete(["x"])
                seen += part
        assert seen
        assert (content if change == "replaced" else bytes(len(content))).startswith(seen)
    assert await store.open("x") is None


@pytest.mark.parametrize("size", [0, 10, 3 * PART_BYTES])
async def test_source_that_fails_leaves_what_was_there(store: DocumentStore, size: int) -> None:
    with pytest.raises(Broken):
        await store.put("new", breaking(noise(size)))
    await store.put("old", chunks(b"old"))
    with pytest.raises(Broken):
        await store.put("old", breaking(noise(size)))
    assert await content_of(store, "old") == b"old"
    assert await names_in(store) == ["old"]


@pytest.mark.parametrize("size", [10, 3 * PART_BYTES])
async def test_cancelled_writer_leaves_nothing(
    store: DocumentStore, size: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    waiting = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        async for chunk in chunks(noise(size)):
            yield chunk
        waiting.set()
        await asyncio.sleep(3_600)

    writing = asyncio.ensure_future(store.put("x", endless()))
    await asyncio.wait_for(waiting.wait(), 30)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await names_in(store) == []
    if isinstance(store, DirectoryDocuments):
        assert list((tmp_path / "documents").iterdir()) == []
    else:
        assert unfinished_uploads(request.getfixturevalue("s3")) == 0


async def test_many_writers_of_one_name_leave_one_whole_document(store: DocumentStore) -> None:
    contents = [noise(400_000, seed) for seed in range(10)]
    await asyncio.gather(*(store.put("x", chunks(content)) for content in contents))
    assert await content_of(store, "x") in contents
    assert await names_in(store) == ["x"]


async def test_deleted_documents_are_gone_and_others_stay(store: DocumentStore) -> None:
    for name in ("a", "b", "c"):
        await store.put(name, chunks(b"x"))
    await store.delete(["a", "c", "never-there"])
    await store.delete([])
    assert await names_in(store) == ["b"]


async def test_list_goes_through_all_by_name(store: DocumentStore) -> None:
    names = [f"{first}{number}" for first in ("A", "a", "-", "_") for number in range(7)]
    for name in names:
        await store.put(name, chunks(b"x"))
    found: list[str] = []
    while page := await store.list(found[-1] if found else "", 5):
        assert len(page) <= 5
        assert all(abs(one.modified.timestamp() - time.time()) < 60 for one in page)
        found += [one.name for one in page]
    assert found == sorted(names)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".put-x", "a/b", "../x", "/etc/passwd", "a\\b", "a\0", "a b", "\u00e9", "x" * 201, "a\n", "%2e"],
)  # fmt: skip
async def test_name_that_is_a_path_or_worse_is_refused(store: DocumentStore, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        await store.open(name)
    with pytest.raises(ValueError, match="name"):
        await store.put(name, chunks(b"x"))
    with pytest.raises(ValueError, match="name"):
        await store.delete(["fine", name])


async def test_bucket_that_cannot_be_reached_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                       "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():  # fmt: skip
        monkeypatch.setenv(name, text)
    store = open_documents("s3://nowhere", tmp_path)
    with pytest.raises(Problem) as caught:
        await store.open("x")
    assert caught.value.kind is Kind.UNAVAILABLE


async def test_place_that_documents_can_be_kept_at_is_reached(
    s3: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in s3.items():
        monkeypatch.setenv(name, text)
    await reach_documents(f"s3://{BUCKET}/reached", tmp_path)
    await reach_documents(None, tmp_path)
    assert (tmp_path / "documents").is_dir()
    with pytest.raises(UnusableDocuments, match="bucket s3://absent/x cannot be used: ") as refused:
        await reach_documents("s3://absent/x", tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"])
@pytest.mark.parametrize(("scheme", "asked"), [("http", True), ("https", False)])
async def test_bucket_is_asked_without_tls_only_where_its_endpoint_is_written_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, scheme: str, *, asked: bool
) -> None:
    monkeypatch.setattr(documents, "REACH_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for variable, text in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                               name: f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"}.items():  # fmt: skip
            monkeypatch.setenv(variable, text)
        with pytest.raises(UnusableDocuments, match="bucket s3://silent did not answer within"):
            await reach_documents("s3://silent", tmp_path)
        silent.settimeout(5)
        client, _ = silent.accept()
        with client:
            client.settimeout(5)
            assert client.recv(4).startswith(b"GET ") is asked


async def test_directory_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    store = open_documents(None, tmp_path)
    (tmp_path / "documents").rmdir()
    with pytest.raises(Problem) as caught:
        await store.put("x", chunks(b"x"))
    assert caught.value.kind is Kind.UNAVAILABLE


async def test_directory_and_files_are_for_the_owner_only(tmp_path: Path) -> None:
    await open_documents(None, tmp_path).put("x", chunks(b"x"))
    directory = tmp_path / "documents"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "x").stat().st_mode) == 0o600


async def test_document_is_on_disk_before_it_has_its_name_and_its_name_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_documents(None, tmp_path)
    synchronised: list[tuple[str, bool]] = []
    real = os.fsync

    def watched(file: int) -> None:
        kind = "directory" if stat.S_ISDIR(os.fstat(file).st_mode) else "file"
        synchronised.append((kind, (tmp_path / "documents" / "x").exists()))
        real(file)

    monkeypatch.setattr(os, "fsync", watched)
    await store.put("x", chunks(noise(1_000_000)))
    assert synchronised == [("file", False), ("directory", True)]


WRITER = """
import asyncio, sys
from pathlib import Path
from torihiki.storage.documents import open_documents

async def content(number):
    for _ in range(40):
        yield bytes([number % 256]) * 65_536
        await asyncio.sleep(0)

async def main():
    store = open_documents(None, Path(sys.argv[1]))
    for number in range(10_000):
        await store.put(f"{number:05}", content(number))
        print(number, flush=True)

asyncio.run(main())
"""


def written_until_killed(data: Path, pause: float) -> list[bytes]:
    """Runs a writer for that long after its third document, kills it, and returns the numbers that it said were written."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, data], stdout=subprocess.PIPE)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(3)]
    time.sleep(pause)
    process.kill()
    acknowledged += process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    return acknowledged


async def test_killed_writer_leaves_whole_documents_only(tmp_path: Path) -> None:
    """Killed at many moments: what `put` had returned for is there, and nothing that is there is half."""
    size = 40 * 65_536
    leftovers = 0
    for attempt in range(6):
        data = tmp_path / str(attempt)
        data.mkdir()
        acknowledged = await asyncio.to_thread(written_until_killed, data, 0.003 * attempt)
        store = open_documents(None, data)
        names = await names_in(store)
        assert {f"{int(line):05}" for line in acknowledged} <= set(names)
        for name in names:
            assert await content_of(store, name) == bytes([int(name) % 256]) * size
        left = [one for one in (data / "documents").iterdir() if one.name.startswith(UNFINISHED)]
        leftovers += len(left)
        assert len(left) <= 1
        assert await store.remove_leftovers(LONG_AGO) == 0
        assert await store.remove_leftovers(AFTER_ALL) == len(left)
        assert await names_in(store) == names
    assert leftovers, "no writer was killed in the middle of a document"


async def test_writer_under_way_is_not_taken_for_left_over(store: DocumentStore) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield noise(1_000_000)
        day_before = Instant.now().subtract(hours=24)
        assert await store.remove_leftovers(day_before) == 0
        yield b"end"

    await store.put("x", slow())
    assert await content_of(store, "x") == noise(1_000_000) + b"end"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (None, Path("data/documents")),
        ("/srv/files", Path("/srv/files")),
        ("files", Path("files")),
        ("file:///srv/my%20files", Path("/srv/my files")),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a/prefix", "s3://bucket/a/prefix"),
    ],
)
def test_place_is_a_directory_or_a_bucket(url: str | None, place: Path | str) -> None:
    assert place_of(url, Path("data")) == place


@pytest.mark.parametrize(
    "url", ["", "s3://", "s3:///x", "gs://bucket", "https://x/y", "file://host/x", "s3://b?x=1"]
)
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="--documents"):
        place_of(url, Path("data"))
