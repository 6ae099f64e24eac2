"""The table that a run prints, with a verdict where there is a goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Verdict = Literal["stretch", "goal", "MISSED", ""]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One measure.

    Args:
        measure: What was measured.
        value: The figure itself, for reading.
        ratio: What it is judged by.
        goal: What it must reach; None: there is no goal for it.
        stretch: What is hoped for.
        at_most: Whether goal and stretch are upper bounds instead of lower ones.
    """

    measure: str
    value: str
    ratio: float
    goal: float | None = None
    stretch: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> Verdict:
        """How far the measure got."""
        if self.goal is None:
            return ""
        for bound, word in ((self.stretch, "stretch"), (self.goal, "goal")):
            if bound is not None and (self.ratio <= bound if self.at_most else self.ratio >= bound):
                return "stretch" if word == "stretch" else "goal"
        return "MISSED"


def table(title: str, lines: Sequence[Line]) -> str:
    """The lines, aligned."""
    rows = [("measure", "value", "ratio", "goal", "stretch", "verdict")]
    for line in lines:
        sign = "<=" if line.at_most else ">="
        rows.append(
            (
                line.measure,
                line.value,
                f"{line.ratio:.2f}",
                "" if line.goal is None else f"{sign} {line.goal:g}",
                "" if line.stretch is None else f"{sign} {line.stretch:g}",
                line.verdict,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    printed = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([title, "", *printed, ""])


def as_json(parts: dict[str, list[Line]]) -> bytes:
    """The same for programs."""
    found = {
        title: [{**msgspec.to_builtins(line), "verdict": line.verdict} for line in lines]
        for title, lines in parts.items()
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2)
