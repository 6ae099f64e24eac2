"""`torihiki` with one thing changed, so that a measurement can tell what that thing is worth: `python -m bench.variant NAME ...`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from torihiki.cli.main import app
from torihiki.storage.sqlite import database


def _commit_each() -> None:
    """Every write is synchronised alone."""
    database.BATCH_MAX = 1  # type: ignore[misc]  # what the product never does


def _unsynchronised() -> None:
    """No write waits for the disk, so a power cut loses what was acknowledged."""
    database.PRAGMAS = tuple(  # type: ignore[misc,assignment]  # nor this
        "PRAGMA synchronous = OFF" if "synchronous" in pragma else pragma
        for pragma in database.PRAGMAS
    )


VARIANTS: Final[dict[str, Callable[[], None]]] = {
    "commit-each": _commit_each,
    "unsynchronised": _unsynchronised,
}

if __name__ == "__main__":
    VARIANTS[sys.argv.pop(1)]()
    app()
