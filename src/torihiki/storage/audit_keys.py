"""Where a page of the audit trail begins, in both databases: at an instant and, within it, at an entry's number."""

from __future__ import annotations

import re
from typing import Final

from torihiki.admin.model import AuditFilter, PageRequest
from torihiki.kernel.instant import Instant, micros

LOOKED_AT: Final = 2_000
"""Entries that one call looks at, at the most: a few milliseconds, also where each names a hundred orders."""

_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_FIRST_US: Final = micros(Instant.MIN)
_END_US: Final = micros(Instant.MAX) + 1


def before(wanted: AuditFilter, page: PageRequest) -> tuple[int, int]:
    """The key that every entry of the page comes before; keys of entries begin at one.

    Raises:
        ValueError: The page's key is none that `following` made.
    """
    end = (_END_US if wanted.until is None else _ceiling(wanted.until), 0)
    if page.after == ("", ""):
        return end
    if not all(_NUMBER.fullmatch(part) for part in page.after):
        raise ValueError("not a key of the audit trail")
    at_us, entry_key = map(int, page.after)
    return min((at_us, entry_key), end)


def since(wanted: AuditFilter) -> int:
    """The first microsecond that is asked for."""
    return _FIRST_US if wanted.since is None else _ceiling(wanted.since)


def following(at_us: int, entry_key: int) -> tuple[str, str]:
    """The key behind which the next page begins."""
    return str(at_us), str(entry_key)


def _ceiling(instant: Instant) -> int:
    """The first whole microsecond that is not before the instant."""
    return -(-instant.timestamp(unit="nanosecond") // 1000)
