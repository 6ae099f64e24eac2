"""The numbers under which feeds are kept, and the forms of what is kept of them that both databases share."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from torihiki.feeds.model import Cursor, Finding, Progress, Selection
from torihiki.kernel.instant import micros

_FIRST: Final = 50_000_000_000
"""Added to a feed's number, so that its id looks like Amazon's."""
_ID: Final = re.compile(r"[1-9][0-9]{10,17}", re.ASCII)
_LAST: Final = 2**63 - 1

FINDINGS: Final = msgspec.json.Decoder(list[Finding])
PROGRESS: Final = msgspec.json.Decoder(Progress)
STRINGS: Final = msgspec.json.Decoder(tuple[str, ...])


def feed_id(key: int) -> str:
    """The id of the feed with that number."""
    return str(_FIRST + key)


def feed_key(wanted: str) -> int:
    """The number that `feed_id` made the id of; 0, which no feed has, if it made none."""
    return max(0, int(wanted) - _FIRST) if _ID.fullmatch(wanted) else 0


def bounds(selection: Selection, after: Cursor | None) -> dict[str, int]:
    """The bounds of a page, as its statement takes them."""
    return {
        "since_us": micros(selection.since),
        "until_us": micros(selection.until),
        "before_us": _LAST if after is None else after.at_us,
        "before_key": _LAST if after is None else feed_key(after.feed_id),
    }
