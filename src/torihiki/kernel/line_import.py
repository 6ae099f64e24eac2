"""What every import of lines keeps count of: where it is, and which lines it did not take."""

from __future__ import annotations

from typing import Final

import msgspec

ERRORS_REPORTED_MAX: Final = 1_000
IMPORT_BATCH: Final = 1_000
"""Lines that are written together; a batch is there whole or not at all."""


class LineError(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an import that was not taken.

    Args:
        line: Its number, from 1.
        reason: What is wrong with it; holds no personal data.
    """

    line: int
    reason: str


class LineImport:
    """An import under way. A bad line is noted and the others are kept."""

    def __init__(self) -> None:
        self._line = 0
        self._failed = 0
        self._errors: list[LineError] = []

    @property
    def lines(self) -> int:
        """Lines taken so far."""
        return self._line

    def skip(self, reason: str) -> None:
        """Counts a line that was not even read whole."""
        self._line += 1
        self.refuse(reason)

    def refuse(self, reason: str, line: int | None = None) -> None:
        """Notes a bad line, by default the present one."""
        self._failed += 1
        if len(self._errors) < ERRORS_REPORTED_MAX:
            self._errors.append(LineError(line=line or self._line, reason=reason))

    def _counted(self, line: bytes) -> bool:
        """Counts the next line; False: it is blank, and passed over."""
        self._line += 1
        return bool(line) and not line.isspace()

    def _sorted_errors(self) -> list[LineError]:
        return sorted(self._errors, key=lambda error: error.line)
