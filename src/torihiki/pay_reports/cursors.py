"""Page tokens of the form that Amazon's have, `nt-` and a UUID (contract 4.2), with nothing kept on the server.

The 128 bits are one enciphered block: a third of it is zero before, which is how a token is known; the rest is the place
and the filters ([decision 16](docs/decisions/0016-pay-next-token.md)).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from torihiki.kernel.instant import Instant
from torihiki.kernel.key_ring import KeyRing
from torihiki.kernel.seal import NotSealed
from torihiki.pay_reports.model import ProcessingStatus, ReportType

_PURPOSE: Final = "pay-next-token"
_FORM: Final = re.compile(
    r"nt-([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})"
)

_TYPES: Final = tuple(ReportType)
_STATUSES: Final = tuple(ProcessingStatus)
_WIDTHS: Final = (8, 4, 7, 38, 39)
"""Bits of the types, the statuses, the page size, the seconds of the lower bound (the whole calendar), and the place."""
_LAST_SECOND: Final = Instant.MAX.timestamp()


class Bookmark(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a list that goes from the newest to the oldest; the upper bound is behind it and is not kept.

    Args:
        report_types: The filter; empty for a list without one.
        statuses: Likewise.
        page_size: As it was asked for.
        since: The lower bound, in whole seconds.
        after: The key of the last that was shown.
    """

    report_types: frozenset[ReportType] = frozenset()
    statuses: frozenset[ProcessingStatus] = frozenset()
    page_size: int
    since: Instant
    after: int


class PageTokens:
    """Writes and reads page tokens with keys derived from a ring."""

    def __init__(self, ring: KeyRing) -> None:
        self.replace(ring)

    def replace(self, ring: KeyRing) -> None:
        """From now on these are the keys; tokens made with keys that are gone do not open any more."""
        self._keys = [key.derive(_PURPOSE, 32) for key in ring.keys]

    def seal(self, bookmark: Bookmark, context: bytes) -> str:
        """The token, which opens only with the same context.

        Raises:
            ValueError: A value is out of range; none of a real list is.
        """
        values = (
            _mask(_TYPES.index(one) for one in bookmark.report_types),
            _mask(_STATUSES.index(one) for one in bookmark.statuses),
            bookmark.page_size,
            max(bookmark.since.timestamp(), 0),
            bookmark.after,
        )
        packed = 0
        for width, value in zip(_WIDTHS, values, strict=True):
            if not 0 <= value < 1 << width:
                raise ValueError("a bookmark does not fit into a token")
            packed = packed << width | value
        block = self._cipher(self._keys[0], context).encryptor().update(packed.to_bytes(16))
        digits = block.hex()
        groups = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return "nt-" + "-".join(groups)

    def open(self, token: str, context: bytes) -> Bookmark:
        """The bookmark again.

        Raises:
            NotSealed: The token was not made here for this context.
        """
        match = _FORM.fullmatch(token)
        if match is None:
            raise NotSealed
        block = bytes.fromhex("".join(match.groups()))
        for key in self._keys:
            packed = int.from_bytes(self._cipher(key, context).decryptor().update(block))
            if packed >> sum(_WIDTHS) == 0:
                return _unpacked(packed)
        raise NotSealed

    @staticmethod
    def _cipher(key: bytes, context: bytes) -> Cipher[modes.ECB]:
        own = hmac.digest(key, context, hashlib.sha256)
        return Cipher(algorithms.AES(own), modes.ECB())  # noqa: S305 - the message is one block, so there is no mode


def _mask(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


def _unpacked(packed: int) -> Bookmark:
    values = []
    for width in reversed(_WIDTHS):
        values.append(packed & (1 << width) - 1)
        packed >>= width
    after, seconds, page_size, statuses, types = values
    return Bookmark(
        report_types=frozenset(one for place, one in enumerate(_TYPES) if types >> place & 1),
        statuses=frozenset(one for place, one in enumerate(_STATUSES) if statuses >> place & 1),
        page_size=page_size,
        # The bits have room for more than the calendar; only a guess fills them.
        since=Instant.from_timestamp(min(seconds, _LAST_SECOND)),
        after=after,
    )
