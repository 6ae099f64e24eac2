"""Where documents are kept: in a directory, or in a bucket of anything that speaks S3."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from torihiki.kernel.documents import DocumentStore
from torihiki.storage.documents.directory import DirectoryDocuments

DIRECTORY: Final = "documents"
"""The directory's name in the data directory, unless another place is given."""


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

    A bucket is not reached before the first call. Its endpoint, region and credentials are in the environment under the
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
