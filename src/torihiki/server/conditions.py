"""The conditions on which a client wants a document, in the order of RFC 9110, 13.2.2; If-Range stands with the ranges."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Final

from torihiki.kernel.instant import Instant
from torihiki.server.call import Headers

HAS_IT: Final = frozenset({"If-None-Match", "If-Modified-Since"})
"""The conditions that fail where the client has the document already, which is a 304; the others are a 412."""

_DATES: Final = (
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
)
"""The three forms of RFC 9110, 5.6.7."""


def failed(headers: Headers, tag: str, modified: Instant) -> str | None:
    """The condition for which the document is not sent; None: it is.

    Args:
        headers: Of the request. A date that cannot be read is no condition.
        tag: The document's ETag, with its quotation marks.
        modified: When it was written; fractions of the second do not count, for Last-Modified has none.
    """
    seconds = modified.timestamp()
    match = headers.get(b"if-match")
    if match is not None:
        if not _names(match, tag):
            return "If-Match"
    else:
        until = _seconds(headers.get(b"if-unmodified-since"))
        if until is not None and seconds > until:
            return "If-Unmodified-Since"
    none_match = headers.get(b"if-none-match")
    if none_match is not None:
        return "If-None-Match" if _names(none_match, tag, weakly=True) else None
    since = _seconds(headers.get(b"if-modified-since"))
    return "If-Modified-Since" if since is not None and seconds <= since else None


def _names(header: bytes, tag: str, *, weakly: bool = False) -> bool:
    """Whether a header with entity tags has this one."""
    given = [one.strip() for one in header.decode("latin-1").split(",")]
    if weakly:
        given = [one.removeprefix("W/") for one in given]
    return tag in given or "*" in given


def _seconds(header: bytes | None) -> int | None:
    """A date as seconds since 1970; None: there is none."""
    if header is None:
        return None
    written = header.decode("latin-1").strip()
    for form in _DATES:
        with contextlib.suppress(ValueError):
            return int(datetime.strptime(written, form).replace(tzinfo=UTC).timestamp())
    return None
