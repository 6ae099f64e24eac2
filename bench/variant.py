"""`torihiki` with one thing changed, so that a measurement can tell what that thing is worth: `python -m bench.variant NAME ...`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from torihiki.auth.pay import rules
from torihiki.cli.main import app
from torihiki.server.bindings.pay_reports import PayReports
from torihiki.server.call import Answer, Call
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


def _open_door() -> None:
    """Every signature of Amazon Pay is believed; all else about the request is checked."""
    rules.check_signature = lambda *_: None  # type: ignore[attr-defined]  # it is not that module's own


def _constant() -> None:
    """Amazon Pay's getReportById answers everybody who is let in with what it answered first."""
    answered: list[Answer] = []
    real = PayReports.get_report_by_id

    async def first(self: PayReports, call: Call) -> Answer:
        if not answered:
            answered.append(await real(self, call))
        return answered[0]

    PayReports.get_report_by_id = first  # type: ignore[method-assign]  # nor this


VARIANTS: Final[dict[str, Callable[[], None]]] = {
    "commit-each": _commit_each,
    "unsynchronised": _unsynchronised,
    "open-door": _open_door,
    "constant": _constant,
}

if __name__ == "__main__":
    VARIANTS[sys.argv.pop(1)]()
    app()
