"""Tells the failures of a database: a 503 to callers, and the database's own words to the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from torihiki.kernel.problem import Problem, unavailable
from torihiki.storage.reasons import reason

SAME_SECONDS: Final = 10.0
"""How long the same words are not logged again: while a database is away, every request fails by it."""
TEXTS_MAX: Final = 100


class Failures:
    """The failures of one database.

    Args:
        monotonic: Seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._logged: dict[str, float] = {}

    def unavailable(self, error: Exception) -> Problem:
        """What a caller is told of such an error, to be raised from it; the log gets its first line, now and then."""
        problem = unavailable()
        problem.__cause__ = error
        text = reason(problem)
        now = self._monotonic()
        if now - self._logged.get(text, float("-inf")) >= SAME_SECONDS:
            if len(self._logged) >= TEXTS_MAX:
                self._logged.clear()
            self._logged[text] = now
            structlog.get_logger("torihiki.storage").warning("database failed", error=text)
        return problem
