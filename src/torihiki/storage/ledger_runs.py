"""Runs: rows of one report that enter the ledger together, kept as one value by their time."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from torihiki.kernel.fact import Fact, ReportType, Value
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.money import Money
from torihiki.pay_reports.rows import RowMaker
from torihiki.payments.model import Account, Entry, Environment, Recorded
from torihiki.storage.ledger_sealing import Place

LINES_MAX: Final = 256
BYTES_MAX: Final = 128 * 1024
SPAN_US: Final = 24 * 3600 * 1_000_000
"""From the first row of a run to its last is less than this, so a search begins no further before what it looks for."""

_FASTEST: Final = 1
"""Names of values repeat in every row, so that even the least effort takes away most of it."""


class Line(NamedTuple):
    """A row to append; `net` is what it brings the merchant, in minor units, if it is of a settlement."""

    at_us: int
    fact: Fact
    row: bytes
    net: int = 0


class Series(NamedTuple):
    """Whose rows of what: all that stand in one order."""

    account: Account
    report_type: ReportType
    currency: str = ""

    @property
    def place(self) -> Place:
        """What its runs are sealed for."""
        account = self.account
        return Place(account.merchant_id, account.environment, self.report_type, self.currency)


class Run(NamedTuple):
    """A run to append, with nothing sealed yet."""

    first_us: int
    last_us: int
    lines: int
    times: bytes
    nets: bytes
    rows: bytes
    values: bytes


class Appending(NamedTuple):
    """The runs that a batch adds to a series."""

    series: Series
    layout: bytes
    runs: list[Run]


def appending(recorded: Recorded, maker: RowMaker, regions: Mapping[str, str]) -> list[Appending]:
    """The runs of a batch, series by series; `regions` are those of its merchants."""
    found = []
    for series, facts in _facts(recorded.entries).items():
        region = regions[series.account.merchant_id]
        lines = [Line(micros(fact.at), fact, maker.row(fact, region), net) for fact, net in facts]
        layout = maker.fingerprint(series.report_type, region)
        found.append(Appending(series, layout, list(runs_of(lines))))
    return found


def _facts(entries: Iterable[Entry]) -> dict[Series, list[tuple[Fact, int]]]:
    """The rows to come, in the order of appending, each with its net.

    In the sandbox nothing is settled, so its postings are rows by time only (contract 4.5, 4.11).
    """
    found: dict[Series, list[tuple[Fact, int]]] = {}
    for entry in entries:
        account = entry.event.key.account
        for fact in entry.facts:
            found.setdefault(Series(account, fact.report), []).append((fact, 0))
        posting = entry.posting
        if posting is None:
            continue
        series = Series(account, ReportType.SANDBOX_SETTLEMENT)
        if account.environment is Environment.LIVE:
            series = Series(account, ReportType.SETTLEMENT, posting.net.currency)
        found.setdefault(series, []).append((posting.fact, posting.net.minor))
    return found


def runs_of(lines: Iterable[Line]) -> Iterator[Run]:
    """The runs that the lines make, which come in the order of appending.

    Raises:
        ValueError: A row is not one line: it could not be told from its neighbours again.
    """
    waiting: list[Line] = []
    length = 0
    for line in sorted(lines, key=lambda line: line.at_us):
        if line.row.count(b"\n") != 1 or not line.row.endswith(b"\n"):
            raise ValueError("a row is one line and ends with its line feed")
        if waiting and (
            len(waiting) == LINES_MAX
            or length + len(line.row) > BYTES_MAX
            or line.at_us - waiting[0].at_us >= SPAN_US
        ):
            yield _run(waiting)
            waiting, length = [], 0
        waiting.append(line)
        length += len(line.row)
    if waiting:
        yield _run(waiting)


def _run(lines: Sequence[Line]) -> Run:
    return Run(
        first_us=lines[0].at_us,
        last_us=lines[-1].at_us,
        lines=len(lines),
        times=packed([line.at_us for line in lines]),
        nets=packed([line.net for line in lines]),
        rows=b"".join([line.row for line in lines]),
        values=zlib.compress(pack_values([line.fact.values for line in lines]), _FASTEST),
    )


def packed(numbers: Sequence[int]) -> bytes:
    """Times or nets, as a run keeps them."""
    return struct.pack(f"<{len(numbers)}q", *numbers)


def numbers_of(stored: bytes) -> tuple[int, ...]:
    """What `packed` packed."""
    return struct.unpack(f"<{len(stored) // 8}q", stored)


def split(rows: bytes) -> list[bytes]:
    """The rows of a run, each with its line feed."""
    return [row + b"\n" for row in rows[:-1].split(b"\n")]


def turned(rows: bytes) -> bytes:
    """The rows of a run, the last one first."""
    lines = rows[:-1].split(b"\n")
    lines.reverse()
    return b"\n".join(lines) + b"\n"


def values_of(run_values: bytes) -> list[dict[str, Value]]:
    """What the rows of a run were made from."""
    return unpack_values(zlib.decompress(run_values))


def pack_values(values: Sequence[Mapping[str, Value]]) -> bytes:
    """The values of facts in the form that is stored; times are kept to the microsecond."""
    return _ENCODER.encode([{name: _plain(value) for name, value in one.items()} for one in values])


def unpack_values(stored: bytes) -> list[dict[str, Value]]:
    """What `pack_values` packed."""
    return [{name: _value(value) for name, value in one.items()} for one in _DECODER.decode(stored)]


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[dict[str, Any]])


def _plain(value: Value) -> object:
    match value:
        case Instant():
            return micros(value)
        case Money():
            # Digits, because the balance of an account may be longer than the integers of MessagePack.
            return (str(value.minor), value.currency)
        case Decimal():
            return {"decimal": str(value)}
        case _:
            return value


def _value(plain: Any) -> Value:  # noqa: ANN401 - whatever `_plain` made
    match plain:
        case int():
            return from_micros(plain)
        case [minor, currency]:
            return Money(int(minor), currency)
        case {"decimal": digits}:
            return Decimal(digits)
        case _:
            found: str | None = plain
            return found


class Sum(msgspec.Struct):
    """What waits to be settled, as it is added up run by run.

    Args:
        since_us: What is before came late.
        first_us: The first posting that did not; None: there is none.
    """

    since_us: int
    postings: int = 0
    net: int = 0
    first_us: int | None = None

    def add(self, times: bytes, nets: bytes, *, start_us: int | None, before_us: int) -> None:
        """Adds the postings of a run from one time (None: from its first) to another."""
        at = numbers_of(times)
        low = 0 if start_us is None else bisect_left(at, start_us)
        high = bisect_left(at, before_us)
        if low < high:
            self.postings += high - low
            self.net += sum(numbers_of(nets)[low:high])
            on_time = max(low, bisect_left(at, self.since_us))
            if on_time < high and (self.first_us is None or at[on_time] < self.first_us):
                self.first_us = at[on_time]


def first_from(times: bytes, start_us: int) -> int | None:
    """The first time of a run that is not before that one."""
    at = numbers_of(times)
    low = bisect_left(at, start_us)
    return at[low] if low < len(at) else None
