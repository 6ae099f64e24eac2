"""Draws the tables of an order's life for docs/order-life.md.

`python -m tests.orders.life_page` writes them into the page, between its marks; test_life.py fails until that is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from torihiki.orders import easy_ship, pickups
from torihiki.orders.rules import LIFE, Step

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "order-life.md"

_DRAWING: Final = re.compile(r"(<!-- (\w+): generated -->\n).*?(<!-- end -->)", re.DOTALL)


def diagram(arrows: Iterator[tuple[str, str, str]]) -> str:
    """Arrows between statuses as a Mermaid state diagram; those with the same ends become one."""
    labels: dict[tuple[str, str], list[str]] = {}
    for source, target, label in arrows:
        labels.setdefault((source, target), []).append(label)
    lines = ["```mermaid", "stateDiagram-v2"]
    for (source, target), found in labels.items():
        said = "<br/>".join(label for label in found if label)
        lines.append(f"    {source} --> {target}" + (f": {said}" if said else ""))
    return "\n".join((*lines, "```", ""))


def life() -> Iterator[tuple[str, str, str]]:
    """The rows of LIFE that lead to another status; what leaves it as it is stands in `staying`."""
    for step in LIFE:
        for source in step.sources:
            if step.target not in {None, source}:
                yield source, str(step.target), _label(step, source)


def _label(step: Step, source: str) -> str:
    names = ", ".join(step.events)
    if step.guard is not None:
        return f"{names} [{_words(step.guard)}]"
    has_earlier = any(
        source in row.sources and set(row.events) & set(step.events)
        for row in LIFE[: LIFE.index(step)]
    )
    return f"{names} [otherwise]" if has_earlier else names


def _words(guard: Callable[..., bool]) -> str:
    return guard.__name__.replace("_", " ")


def staying() -> str:
    """The rows of LIFE that leave the status as it is, as a table."""
    lines = ["| event | leaves as it is |", "|---|---|"]
    for step in LIFE:
        kept = [status for status in step.sources if step.target in {None, status}]
        if kept:
            guard = "" if step.guard is None else f", if {_words(step.guard)}"
            names = ", ".join(f"`{event}`" for event in step.events)
            lines.append(f"| {names} | {', '.join(kept)}{guard} |")
    return "\n".join((*lines, ""))


def followers(steps: Mapping[str, tuple[str, ...]]) -> str:
    """What may follow each status, as a table."""
    lines = ["| status | may be followed by |", "|---|---|"]
    lines += (f"| {status} | {', '.join(found) or 'nothing'} |" for status, found in steps.items())
    return "\n".join((*lines, ""))


def drawings() -> dict[str, str]:
    return {
        "life": diagram(life()),
        "staying": staying(),
        "parcel": followers(easy_ship.STEPS),
        "pickup": diagram(
            ("[*]" if source is None else source, target, "")
            for source, targets in pickups.STEPS.items()
            for target in targets
        ),
    }


def redrawn(page: str) -> str:
    """The page with every drawing as the tables are now."""
    found = drawings()
    return _DRAWING.sub(lambda mark: mark[1] + found[mark[2]] + mark[3], page)


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
