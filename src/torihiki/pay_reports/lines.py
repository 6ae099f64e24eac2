"""The bytes of a report file: every field in quotes, lines that end in LF, times of the merchant's region (contract 5.1).

A field is written as it is, also where a spreadsheet would take it for a formula (`=`, `+`, `-`, `@`): Amazon's files have
nothing before it, programs join the ids and notes of these files with their own records, and amounts begin with a minus.
Whoever opens one in a spreadsheet must import its columns as text. Control characters and Unicode's line ends become
spaces, because readers split files into lines before they look at quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from torihiki.kernel.fact import Value
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.pay_reports.layouts import SETTLEMENT_ID, Column, Kind, Layout

BOM: Final = b"\xef\xbb\xbf"

ZONES: Final[Mapping[str, str]] = {
    "na": "America/Los_Angeles",
    "eu": "UTC",
    "jp": "Asia/Tokyo",
}
"""The zone of each region's files: North America's is known, the others are chosen (contract 5.1)."""

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def head(
    layout: Layout,
    *,
    seller_id: str = "",
    start: Instant | None = None,
    end: Instant | None = None,
    zone: str = "UTC",
) -> bytes:
    """What stands before the lines: the byte order mark, the preamble and the header, as the layout has them.

    `seller_id`, `start` and `end` are of the settlement; a layout without a preamble does not ask for them.
    """
    comma = "," if layout.trailing_comma else ""
    lines = []
    if layout.preamble:
        lines = [
            _quoted("Amazon Payments Advanced") + comma,
            _quoted("Settlement Report") + comma,
            _joined(("SellerId", seller_id)),
            _joined(("SettlementStartDate", time_text(start, zone))),
            _joined(("SettlementEndDate", time_text(end, zone))),
        ]
    lines.append(_joined(column.name for column in layout.columns) + comma)
    return (BOM if layout.bom else b"") + _encoded("".join(f"{line}\n" for line in lines))


def render_line(layout: Layout, values: Mapping[str, Value], zone: str) -> bytes:
    """The finished line.

    Raises:
        TypeError: A value is of another kind than its column.
    """
    return _encoded(_fields(layout.columns, values, zone) + "\n")


def split_line(layout: Layout, values: Mapping[str, Value], zone: str) -> tuple[bytes, bytes]:
    """The line of a settlement in two parts; it is whole with the digits of the settlement id between them.

    Raises:
        TypeError: A value is of another kind than its column.
    """
    place = next(
        number for number, column in enumerate(layout.columns) if column.fact == SETTLEMENT_ID
    )
    before = _fields(layout.columns[:place], values, zone)
    behind = _fields(layout.columns[place + 1 :], values, zone)
    opening = f'{before},"' if before else '"'
    ending = f'",{behind}\n' if behind else '"\n'
    return _encoded(opening), _encoded(ending)


def time_text(instant: Instant | None, zone: str) -> str:
    """A time as files have it: `2015-10-01T07:06:47 -0700`; None is empty."""
    if instant is None:
        return ""
    try:
        local = instant.to_tz(zone).to_fixed_offset()
    except ValueError:
        # The first and last hours that there are have no local time; they stand for "always" and "never".
        local = instant.to_fixed_offset()
    text = local.format_iso(unit="second")
    if text.endswith("Z"):
        text = f"{text[:-1]}+00:00"
    # Offsets of the nineteenth century have seconds, which this form has not.
    return f"{text[:19]} {text[19:22]}{text[23:25]}"


def _fields(columns: Iterable[Column], values: Mapping[str, Value], zone: str) -> str:
    return _joined(
        _text(column, values.get(column.fact) if column.fact else None, zone) for column in columns
    )


def _text(column: Column, value: Value, zone: str) -> str:
    match value:
        case None:
            return "0" if column.kind is Kind.FEE else ""
        case str() if column.kind is Kind.TEXT:
            return value
        case Money() if column.kind is Kind.FEE:
            return value.text if value.minor else "0"
        case Money() if column.kind is Kind.AMOUNT:
            return value.text
        case Decimal() if column.kind is Kind.TEXT:
            return format(value, "f")
        case Instant() if column.kind is Kind.TIME:
            return time_text(value, zone)
        case _:
            raise TypeError(f"column {column.name} is {column.kind}, not {type(value).__name__}")


def _quoted(text: str) -> str:
    if not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text)
    return '"' + text.replace('"', '""') + '"'


def _joined(texts: Iterable[str]) -> str:
    return ",".join([_quoted(text) for text in texts])


def _encoded(text: str) -> bytes:
    # A lone surrogate is no character; JSON can spell one, and no import may fail for it.
    return text.encode("utf-8", "replace")
