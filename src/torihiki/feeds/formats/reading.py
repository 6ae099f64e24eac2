"""What the readers of all formats share: how a document is refused, and what makes a message of the texts in it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from torihiki.feeds.model import Finding, Message, Severity, Shipment, ShippedItem
from torihiki.kernel.dates import parse_date

FIELD_MAX: Final = 500
"""Characters of one field; no real value comes near."""
ITEMS_MAX: Final = 1_000
"""Items of one message."""
FINDINGS_MAX: Final = 5
"""Findings that the report names of one message."""

INVALID: Final = "18028"
"""Amazon's number for a shipment that is incomplete or invalid."""
IGNORED: Final = "90061"
"""Amazon's number for a field that it does not know (contract 6)."""

_QUANTITY: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
}
"""What documents may be written in. Shift_JIS stands for what Windows makes of it, as everywhere in Japan."""


class Unreadable(Exception):
    """Nothing of a document can be applied.

    Args:
        code: As in `Finding.code`.
        text: Tells the seller why.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def finding(self) -> Finding:
        """What the report says."""
        return Finding(message="0", severity=Severity.FATAL, code=self.code, text=self.text)


def codec_of(name: str) -> str | None:
    """Python's name for an encoding; None: documents may not be written in it."""
    return _ENCODINGS.get(name.strip().strip("\"'").lower())


def marked_codec(content: bytes) -> str | None:
    """What the byte order mark at its beginning says; None: there is none."""
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def charset_of(content_type: str) -> str | None:
    """The charset of a media type, if it has one."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"')
    return None


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """How a format calls the fields that refusals name."""

    order_id: str
    ship_date: str
    carrier_code: str
    carrier_name: str
    item_id: str
    quantity: str


class Draft:
    """A message as it is read: its texts by our names, and what was found wrong on the way.

    Args:
        number: As the seller counts.
    """

    def __init__(self, number: str = "0") -> None:
        self.number = number
        self.fields: dict[str, str] = {}
        self.items: list[dict[str, str]] = []
        self.codes: list[list[str]] = []
        """The transparency codes of each item."""
        self._errors: list[str] = []
        self._warnings: list[str] = []

    def refuse(self, text: str) -> None:
        """Notes why the message cannot be applied."""
        if len(self._errors) < FINDINGS_MAX and text not in self._errors:
            self._errors.append(text)

    def warn(self, text: str) -> None:
        """Notes what is odd about it."""
        if len(self._warnings) < FINDINGS_MAX and text not in self._warnings:
            self._warnings.append(text)

    def put(self, into: dict[str, str], field: str, name: str, text: str) -> None:
        """Takes a field's text, without the blanks around it; an empty one counts as left out."""
        text = text.strip()
        if not text:
            return
        if field in into:
            self.refuse(f"{name} stands twice.")
        elif len(text) > FIELD_MAX:
            self.refuse(f"{name} is longer than {FIELD_MAX} characters.")
        elif not text.isprintable():
            self.refuse(f"{name} has a character that cannot be printed.")
        else:
            into[field] = text

    def message(self, names: Names) -> Message:
        """The message, once everything of it has been read."""
        shipment = self._shipment(names)
        found = [(Severity.ERROR, INVALID, text) for text in self._errors]
        found += [(Severity.WARNING, IGNORED, text) for text in self._warnings]
        return Message(
            number=self.number,
            shipment=None if self._errors else shipment,
            findings=tuple(
                Finding(
                    message=self.number,
                    severity=severity,
                    code=code,
                    text=text,
                    order_id=self.fields.get("order_id", ""),
                    item_id=self.items[0].get("item_id", "") if self.items else "",
                )
                for severity, code, text in found
            ),
        )

    def _shipment(self, names: Names) -> Shipment | None:
        given = self.fields
        if not given.get("order_id") and not given.get("merchant_order_id"):
            self.refuse(f"{names.order_id} is missing.")
        date = given.get("ship_date")
        shipped = parse_date(date) if date else None
        if date is None:
            self.refuse(f"{names.ship_date} is missing.")
        elif shipped is None:
            self.refuse(f"{names.ship_date} is not an ISO 8601 date: {date}")
        carrier = given.get("carrier_code") or ("Other" if given.get("carrier_name") else None)
        if carrier is None:
            self.refuse(f"{names.carrier_code} or {names.carrier_name} is missing.")
        items = self._items(names) if self.items else None
        if shipped is None or carrier is None:
            return None
        return Shipment(
            order_id=given.get("order_id", ""),
            merchant_order_id=given.get("merchant_order_id", ""),
            reference=given.get("reference"),
            carrier_code=carrier,
            carrier_name=given.get("carrier_name"),
            shipping_method=given.get("shipping_method"),
            tracking_number=given.get("tracking_number", ""),
            ship_date=shipped,
            ship_from_supply_source_id=given.get("ship_from_supply_source_id"),
            cod_collection_method=given.get("cod_collection_method"),
            items=items,
        )

    def _items(self, names: Names) -> tuple[ShippedItem, ...]:
        return tuple(
            ShippedItem(
                order_item_id=self._item_id(item, names),
                quantity=self._quantity(item, names),
                transparency_codes=tuple(codes),
            )
            for item, codes in zip(self.items, self.codes, strict=True)
        )

    def _item_id(self, item: Mapping[str, str], names: Names) -> str:
        item_id = item.get("item_id", "")
        if not item_id:
            # Items have no id of the seller's in what getOrderItems shows, so there is nothing to find one by.
            self.refuse(f"{names.item_id} is missing.")
        return item_id

    def _quantity(self, item: Mapping[str, str], names: Names) -> int | None:
        text = item.get("quantity")
        if text is None:
            return None
        if not _QUANTITY.fullmatch(text) or int(text) < 1:
            self.refuse(f"{names.quantity} is not a positive whole number: {text}")
            return None
        return int(text)
