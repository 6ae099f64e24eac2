"""Where documents are kept: in a directory, or in a bucket of anything that speaks S3."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from torihiki.kernel.documents import DocumentStore
from torihiki.storage.documents.directory import UNFINISHED, DirectoryDocuments

DIRECTORY: Final = "documents"
"""The directory's name in the data directory, unless another place is given."""
REACH_SECONDS: Final = 10.0
"""How long a bucket may take to say that it is there."""


class UnusableDocuments(OSError):
    """Documents cannot be kept at that place; the text names it and says why."""


def place_of(url: str | None, data: Path) -> Path | str:
    """The directory, or the bucket's URL.

    Args:
        url: `s3://bucket` or `s3://bucket/prefix`, `file:///directory`, or a path; None: in the data directory.
        data: The data directory.

    Raises:
        ValueError: The URL is none of these.
    """
    if url is None:
        return data / DIRECTORY
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc and not (parts.query or parts.fragment):
        return url
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Path(unquote(parts.path))
    if "://" in url or not url:
        raise ValueError("--documents takes s3://bucket/prefix, file:///directory or a directory")
    return Path(url)


def open_documents(url: str | None, data: Path) -> DocumentStore:
    """The documents at that place (see `place_of`); a directory that is not there is made.

    A bucket is not reached before the first call (see `reach_documents`). Its endpoint, region and credentials are in the environment under the
    names that AWS's own tools read (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, ...).

    Raises:
        ValueError: The URL is none of those that `place_of` takes.
        OSError: The directory cannot be made.
    """
    place = place_of(url, data)
    if isinstance(place, Path):
        return DirectoryDocuments(place)
    from torihiki.storage.documents.bucket import (  # noqa: PLC0415 - not loaded for a directory
        BucketDocuments,
        open_bucket,
    )

    return BucketDocuments(open_bucket(place))


async def reach_documents(url: str | None, data: Path) -> None:
    """Looks once whether documents can be kept at that place (see `place_of`), so that a wrong one is known at the start.

    A directory that is not there is made. Of a bucket a name is asked for, as the worker does later.

    Raises:
        UnusableDocuments: They cannot, or the bucket does not answer in time.
    """
    place = place_of(url, data)
    if isinstance(place, Path):
        _look_at(place)
        return
    from torihiki.storage.documents import bucket  # noqa: PLC0415 - not loaded for a directory

    try:
        async with asyncio.timeout(REACH_SECONDS):
            await bucket.reach(bucket.open_bucket(place))
    except TimeoutError as error:
        raise UnusableDocuments(
            f"the documents' bucket {place} did not answer within {REACH_SECONDS:.0f} s"
        ) from error
    except bucket.FAILURES as error:
        raise UnusableDocuments(
            f"the documents' bucket {place} cannot be used: {bucket.first_line(error)}"
        ) from error


def _look_at(directory: Path) -> None:
    try:
        DirectoryDocuments(directory)
        next(directory.iterdir(), None)
        # Permissions alone tell root nothing, nor of a file system that is read-only.
        with tempfile.TemporaryFile(dir=directory, prefix=UNFINISHED):
            return
    except FileExistsError:
        why = "it is no directory"
    except OSError as error:
        why = error.strerror or str(error)
    raise UnusableDocuments(f"the documents' directory {directory} cannot be used: {why}")
