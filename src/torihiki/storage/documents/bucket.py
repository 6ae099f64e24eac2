"""Documents in a bucket of anything that speaks S3, through obstore."""

from __future__ import annotations

import asyncio
import atexit
import os
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import MemoryStore, S3Store

from torihiki.kernel.documents import NAME, Listed, Stored, checked_name
from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import unavailable

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta

PART_BYTES: Final = 8 * 1024 * 1024
"""Documents below this size go up in one request, larger ones in parts of it: S3 takes 10,000 parts, here 80 GB.

They come down in such parts too, so that no request lives as long as a slow client.
"""
PARTS_AT_ONCE: Final = 2
CHUNK_BYTES: Final = 256 * 1024
RETRIES: Final = 3
RETRY_FOR: Final = timedelta(seconds=20)

LAST_CALL_SECONDS: Final = 0.05
ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
"""The variables in which obstore looks for the endpoint."""

FAILURES: Final = (BaseError, OSError)
"""What obstore raises; `first_line` says why."""

Bucket = S3Store | MemoryStore

# An answer is known before obstore's thread has let go of the interpreter; where that ends in between, the process
# aborts, after its work but not with status 0.
atexit.register(time.sleep, LAST_CALL_SECONDS)


def open_bucket(url: str) -> Bucket:
    """The bucket of an `s3://bucket/prefix` URL, with what the environment says of endpoint, region and credentials."""
    return S3Store.from_url(
        url,
        # Without TLS, as in a network of one's own, only where the endpoint is written so.
        client_options={"allow_http": _is_plain()},
        retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
    )


def _is_plain() -> bool:
    said = (os.environ.get(name, "") for name in ENDPOINTS)  # noqa: TID251 - obstore's settings, which it reads itself
    return any(endpoint.lower().startswith("http://") for endpoint in said)


async def reach(bucket: Bucket) -> None:
    """Asks the bucket for some of its names.

    Raises:
        BaseError, OSError: It cannot be reached or does not let us in.
    """
    async for _ in obstore.list(bucket, chunk_size=1):
        return


def first_line(error: Exception) -> str:
    """Why it failed; in further lines obstore adds what the error was made of."""
    return str(error).partition("\n")[0]


@contextmanager
def _failing_as_unavailable() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except FAILURES as error:
        structlog.get_logger("torihiki.documents").warning(
            "documents failed", error=first_line(error)
        )
        raise unavailable() from error


def _opaque(etag: str | None) -> str:
    return (etag or "").removeprefix("W/").strip('"')


class BucketDocuments:
    """`DocumentStore` in a bucket.

    What a killed writer leaves unfinished cannot be seen here: the bucket needs a lifecycle rule that aborts incomplete
    uploads.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        """See `DocumentStore.put`."""
        checked_name(name)
        parts = _Parts(chunks)
        first = await anext(parts, b"")
        if len(first) < PART_BYTES:
            putting = obstore.put_async(self._bucket, name, first)
        else:
            putting = obstore.put_async(
                self._bucket,
                name,
                parts.after(first),
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        written = asyncio.ensure_future(putting)
        try:
            with _failing_as_unavailable():
                result = await asyncio.shield(written)
        except asyncio.CancelledError:
            # An upload that is dropped stays in the bucket; one whose source fails is aborted.
            parts.stop()
            await asyncio.wait([written])
            written.exception()
            raise
        return Stored(size=parts.size, etag=_opaque(result["e_tag"]))

    async def open(self, name: str) -> BucketDocument | None:
        """See `DocumentStore.open`."""
        checked_name(name)
        try:
            with _failing_as_unavailable():
                found = await obstore.head_async(self._bucket, name)
        except FileNotFoundError:
            return None
        return BucketDocument(self._bucket, name, found)

    async def delete(self, names: Sequence[str]) -> None:
        """See `DocumentStore.delete`."""
        checked = [checked_name(name) for name in names]
        with _failing_as_unavailable(), suppress(FileNotFoundError):
            await obstore.delete_async(self._bucket, checked)

    async def list(self, after: str, limit: int) -> Sequence[Listed]:
        """See `DocumentStore.list`."""
        listed: list[Listed] = []
        with _failing_as_unavailable():
            async for page in obstore.list(self._bucket, offset=after or None, chunk_size=limit):
                listed += [
                    Listed(name=one["path"], modified=Instant(one["last_modified"]))
                    for one in page
                    if NAME.fullmatch(one["path"])
                ]
                if len(listed) >= limit:
                    break
        return listed[:limit]

    async def remove_leftovers(self, before: Instant) -> int:  # noqa: ARG002 - there is nothing to be seen
        """See `DocumentStore.remove_leftovers`; leaves it to the bucket's own rule."""
        return 0


class _Stopped(Exception):
    """What an upload ends with that nobody waits for any more."""


class _Parts:
    """Chunks of any size as parts of one size; the last is shorter, and may be empty."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = aiter(chunks)
        self._first = b""
        self._coming: asyncio.Future[bytes | None] | None = None
        self._stopped = False
        self.size = 0

    def after(self, first: bytes) -> AsyncIterator[bytes]:
        """The same, with the part that was taken already before the others."""
        self._first = first
        return self

    def stop(self) -> None:
        """Ends the parts with an error, also while one is being waited for."""
        self._stopped = True
        if self._coming is not None:
            self._coming.cancel()

    async def _chunk(self) -> bytes | None:
        async for chunk in self._chunks:
            return chunk
        return None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        part = bytearray()
        while len(part) < PART_BYTES:
            if self._stopped:
                raise _Stopped
            self._coming = asyncio.ensure_future(self._chunk())
            try:
                chunk = await self._coming
            except asyncio.CancelledError:
                if self._stopped:
                    raise _Stopped from None
                raise
            if chunk is None:
                break
            part += chunk
            self.size += len(chunk)
        if not part:
            raise StopAsyncIteration
        return bytes(part)


class BucketDocument:
    """`Document` as an object of a bucket; if it is replaced, reading on fails.

    Args:
        bucket: Where it is.
        name: What it is called.
        found: What the bucket says of it.
    """

    def __init__(self, bucket: Bucket, name: str, found: ObjectMeta) -> None:
        self._bucket = bucket
        self._name = name
        self._tag = found["e_tag"]
        self.size = found["size"]
        self.etag = _opaque(self._tag)
        self.modified = Instant(found["last_modified"])

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        """See `Document.read`."""
        end = self.size if stop is None else min(stop, self.size)
        while start < end:
            part = await self._part(start, min(start + PART_BYTES, end))
            start += len(part)
            for place in range(0, len(part), CHUNK_BYTES):
                yield part[place : place + CHUNK_BYTES]

    async def _part(self, start: int, stop: int) -> bytes:
        options: GetOptions = {"range": (start, stop), "if_match": self._tag}
        try:
            with _failing_as_unavailable():
                found = await obstore.get_async(self._bucket, self._name, options=options)
                return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise unavailable() from error

    def close(self) -> None:
        """See `Document.close`: nothing is held."""
