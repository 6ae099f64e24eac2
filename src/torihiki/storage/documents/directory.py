"""Documents as the files of one directory, for the owner only.

A document is written under a hidden name, synchronised, renamed, and the directory synchronised: what is there under its
own name is there whole, and stays. Files are read and written in threads.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from torihiki.kernel.documents import NAME, Listed, Stored, checked_name
from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import unavailable

UNFINISHED: Final = ".put-"
"""What the names of files begin with that are being written; no document's name does."""
READ_BYTES: Final = 256 * 1024
WRITE_BYTES: Final = 256 * 1024
"""Small chunks are written together: each write is a trip to a thread."""
OWNER_ONLY: Final = 0o700

T = TypeVar("T")


@contextmanager
def _failing_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        structlog.get_logger("torihiki.documents").warning("documents failed", error=str(error))
        raise unavailable() from error


async def _uninterrupted(work: Callable[[], T], undo: Callable[[T], None] | None = None) -> T:
    """Runs it in a thread; returns or raises only when the thread is done, also where this is cancelled.

    Then nobody gets what it returned, and `undo` gives it back.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if undo is not None and running.exception() is None:
            undo(running.result())
        raise


def _modified(status: os.stat_result) -> Instant:
    return Instant.from_timestamp(status.st_mtime_ns, unit="nanosecond")


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_ino:x}-{status.st_size:x}"


class DirectoryDocuments:
    """`DocumentStore` in a directory.

    Args:
        directory: Made if it is not there, with mode 0700.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        self._directory = directory

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        """See `DocumentStore.put`."""
        target = self._directory / checked_name(name)
        with _failing_as_unavailable():
            writing = await _uninterrupted(partial(_Writing, self._directory), _Writing.abandon)
        try:
            pending: list[bytes] = []
            size = 0
            async for chunk in chunks:
                pending.append(chunk)
                size += len(chunk)
                if size >= WRITE_BYTES:
                    with _failing_as_unavailable():
                        await _uninterrupted(partial(writing.write, pending))
                    pending, size = [], 0
            with _failing_as_unavailable():
                return await _uninterrupted(partial(writing.finish, pending, target))
        finally:
            # Nothing else runs on the file now, so that a moment in this thread is enough.
            writing.abandon()

    async def open(self, name: str) -> DirectoryDocument | None:
        """See `DocumentStore.open`."""
        path = self._directory / checked_name(name)
        with _failing_as_unavailable():
            try:
                return await _uninterrupted(
                    lambda: DirectoryDocument(os.open(path, os.O_RDONLY)), DirectoryDocument.close
                )
            except FileNotFoundError:
                return None

    async def delete(self, names: Sequence[str]) -> None:
        """See `DocumentStore.delete`."""
        paths = [self._directory / checked_name(name) for name in names]

        def remove() -> None:
            for path in paths:
                path.unlink(missing_ok=True)

        with _failing_as_unavailable():
            await _uninterrupted(remove)

    async def list(self, after: str, limit: int) -> Sequence[Listed]:
        """See `DocumentStore.list`."""

        def look() -> Sequence[Listed]:
            found = (name for name in os.listdir(self._directory) if name > after)  # noqa: PTH208 - names are all it needs
            listed = []
            for name in heapq.nsmallest(limit, filter(NAME.fullmatch, found)):
                with suppress(FileNotFoundError):
                    listed.append(
                        Listed(name=name, modified=_modified((self._directory / name).stat()))
                    )
            return listed

        with _failing_as_unavailable():
            return await _uninterrupted(look)

    async def remove_leftovers(self, before: Instant) -> int:
        """See `DocumentStore.remove_leftovers`."""

        def remove() -> int:
            count = 0
            for path in self._directory.glob(f"{UNFINISHED}*"):
                with suppress(FileNotFoundError):
                    if _modified(path.stat()) < before:
                        path.unlink()
                        count += 1
            return count

        with _failing_as_unavailable():
            return await _uninterrupted(remove)


class _Writing:
    """A file that becomes a document when it is finished, and nothing when it is abandoned; for one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file, self._path = tempfile.mkstemp(dir=directory, prefix=UNFINISHED)
        self._open = True

    def write(self, chunks: Sequence[bytes]) -> None:
        rest = memoryview(b"".join(chunks))
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def finish(self, chunks: Sequence[bytes], target: Path) -> Stored:
        self.write(chunks)
        os.fsync(self._file)
        status = os.fstat(self._file)
        Path(self._path).rename(target)
        self._close()
        # Without this the document may be gone after a power failure, though its bytes are on disk.
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return Stored(size=status.st_size, etag=_etag(status))

    def abandon(self) -> None:
        """Removes what was written; does nothing to what was finished."""
        if self._open:
            self._close()
            with suppress(OSError):
                Path(self._path).unlink()

    def _close(self) -> None:
        self._open = False
        os.close(self._file)


class DirectoryDocument:
    """`Document` as an open file.

    Args:
        file: The descriptor; closed with the document.
    """

    def __init__(self, file: int) -> None:
        status = os.fstat(file)
        self._file: int | None = file
        self.size = status.st_size
        self.etag = _etag(status)
        self.modified = _modified(status)

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        """See `Document.read`."""
        end = self.size if stop is None else min(stop, self.size)
        loop = asyncio.get_running_loop()
        coming: asyncio.Future[bytes] | None = None
        try:
            while start < end:
                if coming is None:
                    coming = loop.run_in_executor(None, self._read, start, end)
                with _failing_as_unavailable():
                    chunk = await coming
                if not chunk:
                    raise unavailable()
                start += len(chunk)
                # Read while this one is being sent.
                coming = loop.run_in_executor(None, self._read, start, end) if start < end else None
                yield chunk
        finally:
            if coming is not None:
                coming.cancel()

    def _read(self, start: int, end: int) -> bytes:
        if self._file is None:
            return b""
        return os.pread(self._file, min(READ_BYTES, end - start), start)

    def close(self) -> None:
        """See `Document.close`."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def __del__(self) -> None:
        """Closes what nobody closed, such as the body of an answer that was never begun."""
        self.close()
