"""Reads shipping confirmations as tab separated text with a line of headings (contract 6). Each row is a package."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from torihiki.feeds.formats.reading import Draft, Names, Unreadable, codec_of, marked_codec
from torihiki.feeds.model import Finding, Message, Severity
from torihiki.feeds.rules import MESSAGES_MAX

PIECE_ROWS: Final = 200
COLUMNS_MAX: Final = 200

MISSING_FIELD: Final = "90012"
UNKNOWN_FIELD: Final = "90061"
"""Amazon's numbers (contract 6)."""
NOT_A_TABLE: Final = "90000"
"""Ours: Amazon's for a file that cannot be read at all is not known."""

_NAMES: Final = Names(
    order_id="order-id",
    ship_date="ship-date",
    carrier_code="carrier-code",
    carrier_name="carrier-name",
    item_id="order-item-id",
    quantity="quantity",
)
_FIELDS: Final = {
    "order-id": "order_id",
    "ship-date": "ship_date",
    "carrier-code": "carrier_code",
    "carrier-name": "carrier_name",
    "tracking-number": "tracking_number",
    "ship-method": "shipping_method",
    "ship-from-supply-source-id": "ship_from_supply_source_id",
    "cod-collection-method": "cod_collection_method",
}
_ITEM_FIELDS: Final = {"order-item-id": "item_id", "quantity": "quantity"}
_CODES: Final = "transparency-code"
_KNOWN: Final = {*_FIELDS, *_ITEM_FIELDS, _CODES}
_REQUIRED: Final = ("order-id", "ship-date")


def read_flat(
    content: bytes, charset: str | None = None, otherwise: str = "ISO-8859-1"
) -> Iterator[list[Message]]:
    """The messages of a file, some rows at a time, numbered as its rows are, the first below the headings being 1.

    What is odd about the headings comes first, in a message that does not count.

    Args:
        content: The file.
        charset: What its media type says; a byte order mark comes first. Without both it is UTF-8 if it can be.
        otherwise: What it is if it cannot be UTF-8: what spreadsheets write where the seller is.

    Raises:
        Unreadable: There are no headings that say where the orders are, or it is over a limit. As for `read_envelope`.
    """
    rows = _rows(_decoded(content, charset, otherwise))
    headings = _headings(rows)
    missing = [name for name in _REQUIRED if name not in headings]
    if missing:
        raise Unreadable(
            MISSING_FIELD,
            f"The required field {missing[0]} is missing from the headings of the file.",
        )
    twice = [name for name in headings if name in _KNOWN and headings.count(name) > 1]
    if twice:
        raise Unreadable(NOT_A_TABLE, f"The field heading {twice[0]} stands twice.")
    yield _odd(headings)
    piece: list[Message] = []
    for number, row in enumerate(rows, 1):
        if number > MESSAGES_MAX:
            raise Unreadable(NOT_A_TABLE, f"There are more than {MESSAGES_MAX} records.")
        if any(cell.strip() for cell in row):
            piece.append(_message(str(number), dict(zip(headings, row, strict=False))))
        if len(piece) >= PIECE_ROWS or number % PIECE_ROWS == 0:
            yield piece
            piece = []
    yield piece


def _decoded(content: bytes, charset: str | None, otherwise: str) -> str:
    if "\0" in content[:4].decode("latin-1") and marked_codec(content) is None:
        raise Unreadable(NOT_A_TABLE, "The file is not text.")
    marked = marked_codec(content) or (codec_of(charset) if charset else None)
    for codec in (marked,) if marked else ("utf-8", codec_of(otherwise) or "iso-8859-1"):
        try:
            return content.decode(codec)
        except UnicodeError:
            continue
    raise Unreadable(NOT_A_TABLE, "The file is not written in the encoding that it claims.")


def _rows(text: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    try:
        yield from rows
    except csv.Error as error:
        raise Unreadable(
            NOT_A_TABLE, f"The file cannot be read at line {rows.line_num}: {error}."
        ) from error


def _headings(rows: Iterator[list[str]]) -> list[str]:
    """The names of the columns. A template's line about itself, and empty lines, may stand above them."""
    for row in rows:
        if not any(cell.strip() for cell in row) or row[0].startswith("TemplateType="):
            continue
        if len(row) > COLUMNS_MAX:
            raise Unreadable(NOT_A_TABLE, f"There are more than {COLUMNS_MAX} columns.")
        return [cell.strip().lower().replace("_", "-") for cell in row]
    raise Unreadable(NOT_A_TABLE, "The file is empty.")


def _odd(headings: list[str]) -> list[Message]:
    unknown = [name for name in dict.fromkeys(headings) if name and name not in _KNOWN]
    if not unknown:
        return []
    findings = tuple(
        Finding(
            message="0",
            severity=Severity.WARNING,
            code=UNKNOWN_FIELD,
            text=f"The field heading {name[:100]} is not known, so the values in this field were ignored.",
        )
        for name in unknown
    )
    return [Message(number="0", shipment=None, findings=findings, counts=False)]


def _message(number: str, row: dict[str, str]) -> Message:
    draft = Draft(number)
    for heading, field in _FIELDS.items():
        draft.put(draft.fields, field, heading, row.get(heading, ""))
    item: dict[str, str] = {}
    for heading, field in _ITEM_FIELDS.items():
        draft.put(item, field, heading, row.get(heading, ""))
    if "item_id" in item:
        draft.items.append(item)
        draft.codes.append([code for code in row.get(_CODES, "").split(",") if code.strip()])
    elif "quantity" in item:
        draft.refuse("quantity stands without an order-item-id.")
    return draft.message(_NAMES)
