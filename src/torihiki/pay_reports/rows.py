"""The rows of reports: how each is made when it enters the ledger, and what making a document needs from storage.

A row is finished when it is stored, all but the settlement id, which is known when the period closes: until then
`ID_MARK` stands in its place, a byte that no finished row has.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping
from typing import Final, Protocol

import msgspec

from torihiki.kernel.fact import Fact
from torihiki.kernel.instant import Instant
from torihiki.pay_reports.layouts import LAYOUTS, Layout
from torihiki.pay_reports.lines import ZONES, render_line, split_line
from torihiki.pay_reports.model import Account, ReportType

ID_MARK: Final = b"\x01"
"""Stands where the settlement id will; control characters of values become spaces before they get into a row."""

_RENDERING: Final = 1
"""Another number whenever `lines` writes the same values in another way."""
_SETTLEMENTS: Final = frozenset({ReportType.SETTLEMENT, ReportType.SANDBOX_SETTLEMENT})


class RowMaker:
    """Makes the rows of all reports by the layouts that the operator wants.

    Args:
        layouts: One for each report type.
    """

    def __init__(self, layouts: Mapping[ReportType, Layout] = LAYOUTS) -> None:
        self._layouts = layouts
        self._fingerprints = {
            (report_type, region): _fingerprint(layout, zone)
            for report_type, layout in layouts.items()
            for region, zone in ZONES.items()
        }

    def row(self, fact: Fact, region: str) -> bytes:
        """The finished row of a fact, with its line feed; of a settlement with `ID_MARK` for its id.

        Raises:
            TypeError: A value is of another kind than its column.
        """
        layout = self._layouts[fact.report]
        zone = ZONES[region]
        if fact.report in _SETTLEMENTS:
            return ID_MARK.join(split_line(layout, fact.values, zone))
        return render_line(layout, fact.values, zone)

    def fingerprint(self, report_type: ReportType, region: str) -> bytes:
        """Eight bytes that are others if the rows of such a report would be."""
        return self._fingerprints[report_type, region]


def _fingerprint(layout: Layout, zone: str) -> bytes:
    # What stands before the rows and which way they go is no matter of theirs.
    columns = msgspec.json.encode((_RENDERING, zone, layout.columns))
    return hashlib.sha256(columns).digest()[:8]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above the rows of a settlement."""

    settlement_id: str
    currency: str
    start: Instant
    end: Instant


class ReportRows(Protocol):
    """The rows that are there when a call begins: each once, also while others are added; memory stays flat.

    A part is a few thousand finished rows and a few megabytes at the most, and is never empty. While it is made, others of
    the event loop have their turn. Who stops reading before the end closes the rows: `contextlib.aclosing` does that. Every
    method raises `Problem` (unavailable) when the database is; what was read until then is lost.
    """

    def rows(
        self,
        account: Account,
        report_type: ReportType,
        start: Instant,
        before: Instant,
        *,
        newest_first: bool = False,
        settlement_id: str = "",
    ) -> AsyncGenerator[bytes]:
        """The rows of [start, before) by their time, then in the order in which they came; `newest_first`: the other way.

        `SETTLEMENT` has none here, because its rows belong to settlements. In the sandbox nothing is ever settled:
        its settlement lists what was posted, with `settlement_id`, digits or nothing, as their id.
        """
        ...

    async def period(self, account: Account, number: int) -> Period | None:
        """The settlement of that number; None: the account has none of it."""
        ...

    def settlement(
        self, account: Account, number: int, *, newest_first: bool = False
    ) -> AsyncGenerator[bytes]:
        """The rows of a settlement, from the balance that was carried in to the transfer; none if there is no such one."""
        ...
