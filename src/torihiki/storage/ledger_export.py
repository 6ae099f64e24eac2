"""From a sealed run to the rows of a report, as the operator wants them now."""

from __future__ import annotations

from typing import Final, NamedTuple

from torihiki.kernel.fact import Fact, ReportType
from torihiki.kernel.instant import Instant, from_micros
from torihiki.pay_reports.model import Account
from torihiki.pay_reports.rows import ID_MARK, Period, RowMaker
from torihiki.storage.ledger_runs import SPAN_US, numbers_of, values_of
from torihiki.storage.ledger_sealing import LedgerSealing, Place, Sealed
from torihiki.storage.ledger_settling import balance_facts

PAGE: Final = 2_000
"""Runs that are looked up at once."""
OPENED: Final = 16
"""Runs that are read at once: a megabyte or two."""
NO_KEY: Final = 2**62
"""Greater than any run's."""


class Stretch(NamedTuple):
    """The runs of a series that are asked for: those with rows in [start, before), behind one key and up to another."""

    series_key: int
    start_us: int
    before_us: int
    after_run: int
    last_run: int

    def first_place(self, *, newest_first: bool) -> tuple[int, int]:
        """Where a search begins: before every run that reaches into the stretch."""
        if newest_first:
            return self.before_us + SPAN_US, 0
        return self.start_us - SPAN_US, NO_KEY


class Settled(NamedTuple):
    """A settlement as it is stored, with its series and the merchant's region."""

    series_key: int
    region: str
    currency: str
    settlement_id: str
    start_us: int
    end_us: int
    after_run: int
    last_run: int
    balance_rows: bytes

    @property
    def period(self) -> Period:
        """What stands above its rows."""
        return Period(
            settlement_id=self.settlement_id,
            currency=self.currency,
            start=from_micros(self.start_us),
            end=from_micros(self.end_us),
        )

    def stretches(self, late_us: int | None) -> list[Stretch]:
        """Where its postings are, in order; `late_us`: the first of those that came late, if any did."""
        found = [
            Stretch(self.series_key, self.start_us, self.end_us, 0, self.last_run),
        ]
        if late_us is not None:
            late = Stretch(self.series_key, late_us, self.start_us, self.after_run, self.last_run)
            found.insert(0, late)
        return found


class Export:
    """Opens the runs of one series, and makes again what was made by another layout.

    Args:
        sealing: Opens them.
        maker: Makes rows.
        place: The series.
        region: Of the merchant.
        settlement_id: Goes where `ID_MARK` stands.
    """

    def __init__(
        self,
        sealing: LedgerSealing,
        maker: RowMaker,
        place: Place,
        region: str,
        settlement_id: str = "",
    ) -> None:
        self._sealing = sealing
        self._maker = maker
        self._place = place
        self._region = region
        self._report_type = ReportType(place.report_type)
        self._has_id = self._report_type in {ReportType.SETTLEMENT, ReportType.SANDBOX_SETTLEMENT}
        self._settlement_id = settlement_id.encode()
        self._layout = maker.fingerprint(self._report_type, region)

    def is_good(self, layout: bytes) -> bool:
        """Whether rows of that fingerprint are as they should be."""
        return layout == self._layout

    def opened(self, run_key: int, sealed: bytes) -> bytes:
        """The rows of a run."""
        return self.named(self._sealing.open(Sealed.ROWS, self._place, run_key, sealed))

    def made(self, run_key: int, times: bytes, sealed_values: bytes) -> bytes:
        """The rows of a run, made anew from their values."""
        values = values_of(self._sealing.open(Sealed.VALUES, self._place, run_key, sealed_values))
        facts = [
            Fact(report=self._report_type, at=from_micros(at_us), values=one)
            for at_us, one in zip(numbers_of(times), values, strict=True)
        ]
        return self.named(b"".join(self._rows(facts)))

    def named(self, rows: bytes) -> bytes:
        """The rows with the settlement's id in its place."""
        return rows.replace(ID_MARK, self._settlement_id) if self._has_id else rows

    def balance(self, packed: bytes, *, newest_first: bool) -> tuple[bytes, bytes]:
        """The rows that stand above and below those of the postings."""
        opening, ending = (self._rows(facts) for facts in balance_facts(packed))
        if newest_first:
            opening, ending = ending[::-1], opening[::-1]
        return self.named(b"".join(opening)), self.named(b"".join(ending))

    def _rows(self, facts: list[Fact]) -> list[bytes]:
        return [self._maker.row(fact, self._region) for fact in facts]


def place_of(account: Account, report_type: ReportType, currency: str = "") -> Place:
    """The series that a report is read from."""
    return Place(account.merchant_id, account.environment, report_type, currency)


def ceiling_us(instant: Instant) -> int:
    """The first whole microsecond that is not before that instant."""
    return -(-instant.timestamp(unit="nanosecond") // 1000)
