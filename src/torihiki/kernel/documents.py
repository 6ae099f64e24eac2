"""Documents: named bytes of any length that are written once as a whole and read in parts.

Storage keeps them in a directory or in a bucket; families and bindings know only what stands here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Final, Protocol

import msgspec

from torihiki.kernel.instant import Instant

NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}", re.ASCII)
"""What a document may be called: no path, nothing hidden, nothing that a URL would have to escape."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was written.

    Args:
        size: Bytes.
        etag: As `Document.etag`.
    """

    size: int
    etag: str


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A document in a list.

    Args:
        name: Its name.
        modified: When it was written, by the clock of what stores it, which is not the operator's.
    """

    name: str
    modified: Instant


class Document(Protocol):
    """A document that is open for reading: it stays as it is, also when it is replaced or deleted meanwhile.

    It must be closed; `contextlib.closing` does that.
    """

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def etag(self) -> str:
        """Another one for other bytes under the same name; opaque, without quotation marks."""
        ...

    @property
    def modified(self) -> Instant:
        """See `Listed.modified`."""
        ...

    def read(self, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to `stop` (None: to the end), in parts of bounded size.

        Raises:
            Problem: They cannot be read (unavailable).
        """
        ...

    def close(self) -> None:
        """Gives back what reading holds; at once, and more than once does no harm."""
        ...


class DocumentStore(Protocol):
    """Where the documents are. A name that `NAME` does not match is a ValueError to every method."""

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> Stored:
        """Writes a document as a whole, in place of one of that name; it is on disk when this returns.

        If `chunks` raises, nothing has changed. A call that fails otherwise, is cancelled or is killed has written the whole
        document or nothing. Memory does not grow with the document; chunks may be of any size.

        Raises:
            Problem: It cannot be written (unavailable).
        """
        ...

    async def open(self, name: str) -> Document | None:
        """The document; None: there is none of that name.

        Raises:
            Problem: It cannot be read (unavailable).
        """
        ...

    async def delete(self, names: Sequence[str]) -> None:
        """Deletes those that are there.

        Raises:
            Problem: They cannot be deleted (unavailable).
        """
        ...

    async def list(self, after: str, limit: int) -> Sequence[Listed]:
        """The first `limit` documents whose names come after `after`, by name.

        Raises:
            Problem: They cannot be read (unavailable).
        """
        ...

    async def remove_leftovers(self, before: Instant) -> int:
        """Removes what killed writers left unfinished, if nothing was written to it since `before`; returns how many.

        `before` is by the machine's clock, not the operator's, so that nothing under way is taken for left over.
        """
        ...


def checked_name(name: str) -> str:
    """The name.

    Raises:
        ValueError: No document may be called so.
    """
    if NAME.fullmatch(name) is None:
        raise ValueError(
            "a document's name is 1 to 200 of A-Z a-z 0-9 . _ -, and does not begin with a dot"
        )
    return name
