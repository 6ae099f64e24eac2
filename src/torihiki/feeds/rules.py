"""Pure decisions about feeds: their types, their ids, how long things are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torihiki.kernel.instant import TimeDelta

XML_FULFILLMENT: Final = "POST_ORDER_FULFILLMENT_DATA"
FLAT_FULFILLMENT: Final = "POST_FLAT_FILE_FULFILLMENT_DATA"
INVALID_REQUEST: Final = "Invalid request parameters"
"""How Amazon answers a createFeed that it does not take, whatever is wrong (contract 6)."""

FEED_TYPES: Final = (XML_FULFILLMENT, FLAT_FULFILLMENT)
"""What is worked on here (O-30)."""

CONTENT_MAX_BYTES: Final = 32 * 1024 * 1024
"""The largest document that is read."""
MESSAGES_MAX: Final = 100_000
"""Messages of one document."""

DOCUMENTS_KEPT: Final = TimeDelta(hours=28 * 24)
"""Contract 6."""
FEEDS_KEPT: Final = TimeDelta(hours=90 * 24)
"""As far back as getFeeds looks by default."""
URL_SECONDS: Final = 300
"""How long an upload and a download URL are good for; seen in Amazon's, too."""

_UUID_BYTES: Final = 16
_TAIL: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TAIL_LENGTH: Final = 13


def new_document_id(random_bytes: Callable[[int], bytes]) -> str:
    """An id in the form of Amazon's, which nobody guesses."""
    drawn = random_bytes(_UUID_BYTES)
    text = drawn.hex()
    parts = (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
    tail = "".join(_TAIL[byte % len(_TAIL)] for byte in random_bytes(_TAIL_LENGTH))
    return f"amzn1.tortuga.4.{'-'.join(parts)}.T{tail}"
