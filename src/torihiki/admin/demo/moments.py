"""When the demo's buyers buy, and how a moment is written.

Purchases fill the 26 months before the end: more towards the end, before Christmas, on Sundays and in the evening of
the marketplace. All moments are whole seconds since the epoch.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from itertools import accumulate

from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.marketplaces import Market

HOUR = 3600
DAY = 24 * HOUR
WINDOW = 791 * DAY
"""26 months: two whole years and then two months that a two-year marketplace no longer shows."""

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAYS_AHEAD = 120

# Monday first; midnight first. Parts of the average, in any unit.
_WEEKDAYS = (10, 9, 9, 9, 10, 11, 13)
_HOURS = (5, 3, 2, 1, 1, 2, 4, 7, 9, 11, 12, 12, 14, 12, 11, 11, 12, 13, 15, 18, 21, 22, 18, 10)
_MONTHS = (9, 8, 9, 9, 9, 9, 11, 9, 9, 10, 13, 15)

_MINUTES = tuple(f"T{hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02d}Z" for second in range(60))


class Stamps:
    """Writes moments between 26 months before the end and some months after it as the wire does."""

    __slots__ = ("_days", "_first")

    def __init__(self, until: int) -> None:
        self._first = (until - WINDOW) // DAY - 2
        self._days = tuple(
            date.fromordinal(_EPOCH_ORDINAL + day).isoformat()
            for day in range(self._first, until // DAY + _DAYS_AHEAD)
        )

    def __call__(self, moment: int) -> str:
        """The moment as `2026-01-31T09:15:00Z`."""
        minutes, second = divmod(moment, 60)
        day, minute = divmod(minutes, 1440)
        return self._days[day - self._first] + _MINUTES[minute] + _SECONDS[second]


class Purchases:
    """Spreads any number of purchases over one marketplace's 26 months, in ascending order."""

    __slots__ = ("_busyness", "_start", "_total", "_until")

    def __init__(self, market: Market, until: int) -> None:
        self._until = until
        self._start = until - WINDOW
        hours = WINDOW // HOUR
        weights = []
        day = -1
        of_day = 0
        for hour in range(hours):
            local_day, local_second = divmod(self._start + hour * HOUR + market.utc_offset, DAY)
            if local_day != day:
                day = local_day
                month = date.fromordinal(_EPOCH_ORDINAL + day).month
                of_day = _WEEKDAYS[(day + 3) % 7] * _MONTHS[month - 1]
            weights.append((hours + 2 * hour) * of_day * _HOURS[local_second // HOUR])
        self._busyness = list(accumulate(weights))
        self._total = self._busyness[-1]

    def moment(self, index: int, count: int, draws: Draws) -> int:
        """The moment of purchase `index` of `count`; ascending in index."""
        step = self._total // count
        place = min(self._total * index // count + draws.below(step), self._total - 1)
        hour = bisect_right(self._busyness, place)
        before = self._busyness[hour - 1] if hour else 0
        second = (place - before) * HOUR // (self._busyness[hour] - before)
        return min(self._start + hour * HOUR + second, self._until)
