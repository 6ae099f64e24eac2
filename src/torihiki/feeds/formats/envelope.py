"""Reads AmazonEnvelope documents with OrderFulfillment messages (contract 6).

They come from strangers. There are no document types, so no entities and nothing external; depth, tags, fields, items and
messages are bounded; and expat sees one piece after the other, so that nobody waits for a whole document. Prefixes of
namespaces and attributes do not count. What is wrong with one message does not stop the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from torihiki.feeds.formats.reading import (
    FIELD_MAX,
    ITEMS_MAX,
    Draft,
    Names,
    Unreadable,
    codec_of,
    marked_codec,
)
from torihiki.feeds.model import Message
from torihiki.feeds.rules import MESSAGES_MAX

PIECE_BYTES: Final = 64 * 1024
TAG_MAX_BYTES: Final = 256 * 1024
"""How much may be read before a tag ends. Expat 2.5 begins such a tag anew with each piece."""
DEPTH_MAX: Final = 16

NOT_WELL_FORMED: Final = "5001"
NOT_THE_ENVELOPE: Final = "50001"
"""Amazon's numbers, as developers saw them."""

_DECLARED: Final = re.compile(
    rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']"
)
_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_MESSAGE_TYPE: Final = "OrderFulfillment"
_NAMES: Final = Names(
    order_id="AmazonOrderID",
    ship_date="FulfillmentDate",
    carrier_code="CarrierCode",
    carrier_name="CarrierName",
    item_id="AmazonOrderItemCode",
    quantity="Quantity",
)

_Path = tuple[str, ...]
_ORDER: Final = ("OrderFulfillment",)
_ITEM: Final = (*_ORDER, "Item")
_BRANCHES: Final = {_ORDER, _ITEM, (*_ORDER, "FulfillmentData")}
_CODE: Final = (*_ITEM, "TransparencyCode")
_ITEM_FIELDS: Final[dict[_Path, str]] = {
    (*_ITEM, "AmazonOrderItemCode"): "item_id",
    (*_ITEM, "MerchantOrderItemID"): "merchant_item_id",
    (*_ITEM, "MerchantFulfillmentItemID"): "merchant_fulfillment_item_id",
    (*_ITEM, "Quantity"): "quantity",
    _CODE: "transparency_code",
}
_FIELDS: Final[dict[_Path, str]] = {
    ("MessageID",): "message_id",
    ("OperationType",): "operation",
    (*_ORDER, "AmazonOrderID"): "order_id",
    (*_ORDER, "MerchantOrderID"): "merchant_order_id",
    (*_ORDER, "MerchantFulfillmentID"): "reference",
    (*_ORDER, "FulfillmentDate"): "ship_date",
    (*_ORDER, "FulfillmentData", "CarrierCode"): "carrier_code",
    (*_ORDER, "FulfillmentData", "CarrierName"): "carrier_name",
    (*_ORDER, "FulfillmentData", "ShippingMethod"): "shipping_method",
    (*_ORDER, "FulfillmentData", "ShipperTrackingNumber"): "tracking_number",
    (*_ORDER, "ShipFromSupplySourceId"): "ship_from_supply_source_id",
    (*_ORDER, "CODCollectionMethod"): "cod_collection_method",
}


def read_envelope(content: bytes, charset: str | None = None) -> Iterator[list[Message]]:
    """The messages of a document, a piece of it at a time; a list may be empty.

    Args:
        content: The document.
        charset: What its media type says; a byte order mark and the document's own declaration come first.

    Raises:
        Unreadable: It is not well-formed, or no envelope of this kind, or over a limit. What was yielded before is not
            to be applied then: read a document to its end first.
    """
    reading = _Reading()
    written = _in_utf8(content, charset)
    for start in range(0, len(written), PIECE_BYTES):
        reading.parse(written[start : start + PIECE_BYTES], start, last=False)
        yield reading.taken()
    reading.parse(b"", len(written), last=True)
    yield reading.taken()


def _in_utf8(content: bytes, charset: str | None) -> bytes:
    """The document in the encoding that the parser is told, whatever it says of itself."""
    codec = marked_codec(content)
    if codec is None:
        declared = _DECLARED.match(content)
        name = declared[1].decode("ascii") if declared else (charset or "utf-8")
        codec = codec_of(name)
        if codec is None:
            raise Unreadable(NOT_WELL_FORMED, _where(1, 1, f"The encoding {name} is not read."))
    if codec.startswith("utf-8"):
        return content
    try:
        return content.decode(codec).encode()
    except UnicodeError as error:
        raise Unreadable(
            NOT_WELL_FORMED, _where(1, 1, "The document is not written in its encoding.")
        ) from error


def _where(line: int, column: int, text: str) -> str:
    return f"XML Parsing Fatal Error at Line {line}, Column {column}: {text}"


class _Reading:
    """One document under way."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._path: list[str] = []
        self._draft: Draft | None = None
        self._known = True
        self._skipped_from = 0
        self._collected: list[str] | None = None
        self._length = 0
        self._type: str | None = None
        self._messages = 0
        self._taken: list[Message] = []

    def taken(self) -> list[Message]:
        """The messages that were completed since the last call."""
        taken, self._taken = self._taken, []
        return taken

    def parse(self, piece: bytes, start: int, *, last: bool) -> None:
        """Reads on.

        Raises:
            Unreadable: The document is refused.
        """
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code) or "unknown error"
            raise Unreadable(
                NOT_WELL_FORMED, _where(error.lineno, error.offset + 1, f"{reason}.")
            ) from error
        if start + len(piece) - self._parser.CurrentByteIndex > TAG_MAX_BYTES:
            raise self._refused("A tag is too long.")
        if last and not self._messages:
            raise self._ill_formed("There is no Message.")

    def _refused(self, text: str) -> Unreadable:
        return Unreadable(NOT_WELL_FORMED, _where(*self._position(), text))

    def _ill_formed(self, text: str) -> Unreadable:
        line, column = self._position()
        return Unreadable(
            NOT_THE_ENVELOPE,
            "The XML you submitted is ill-formed at the Amazon Envelope XML level at (or near) "
            f"line {line}, column {column}. {text}",
        )

    def _position(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _doctype(self, *_: object) -> None:
        raise self._refused("A document type is not allowed.")

    def _start(self, qualified: str, _: dict[str, str]) -> None:
        name = qualified.rpartition(":")[2]
        path = self._path
        path.append(name)
        depth = len(path)
        if depth > DEPTH_MAX:
            raise self._refused("Elements are nested too deeply.")
        if depth == 1 and name != "AmazonEnvelope":
            raise self._ill_formed("The document is no AmazonEnvelope.")
        if depth == 2:  # noqa: PLR2004 - the envelope's own members
            self._begin_member(name)
        elif self._draft is not None and not self._skipped_from:
            self._begin_part(self._draft, tuple(path[2:]))

    def _begin_member(self, name: str) -> None:
        if name == "MessageType":
            self._collect()
        elif name == "Message":
            if self._type is None:
                raise self._ill_formed("The MessageType is missing.")
            self._messages += 1
            if self._messages > MESSAGES_MAX:
                raise self._refused(f"There are more than {MESSAGES_MAX} messages.")
            self._draft = Draft()

    def _begin_part(self, draft: Draft, path: _Path) -> None:
        """An element inside a message."""
        if path in _FIELDS or path in _ITEM_FIELDS:
            self._collect()
        elif path not in _BRANCHES:
            draft.warn(f"The element {path[-1][:FIELD_MAX]} is not known and was ignored.")
            self._skipped_from = len(self._path)
        elif path == _ITEM:
            draft.items.append({})
            draft.codes.append([])
            if len(draft.items) > ITEMS_MAX:
                raise self._refused(f"A message has more than {ITEMS_MAX} items.")

    def _collect(self) -> None:
        self._collected, self._length = [], 0

    def _text(self, text: str) -> None:
        # What stands in an element that is ignored is none of the field around it.
        if self._collected is None or self._skipped_from:
            return
        # One character more than a field may have is enough to refuse it; blanks around it are not kept.
        if self._length <= FIELD_MAX and (self._length or not text.isspace()):
            self._collected.append(text)
            self._length += len(text)

    def _end(self, _: str) -> None:
        path = self._path
        depth = len(path)
        collected = None if self._collected is None else "".join(self._collected)
        if self._skipped_from:
            if depth == self._skipped_from:
                self._skipped_from = 0
        elif depth == 2:  # noqa: PLR2004 - as above
            self._end_member(path[1], collected)
            self._collected = None
        elif self._draft is not None and collected is not None:
            self._end_field(self._draft, tuple(path[2:]), collected)
        path.pop()

    def _end_field(self, draft: Draft, path: _Path, text: str) -> None:
        field = _FIELDS.get(path)
        if field is not None:
            draft.put(draft.fields, field, path[-1], text)
        elif path == _CODE:
            found: dict[str, str] = {}
            draft.put(found, "code", path[-1], text)
            if len(draft.codes[-1]) < ITEMS_MAX:
                draft.codes[-1].extend(found.values())
        elif path in _ITEM_FIELDS:
            draft.put(draft.items[-1], _ITEM_FIELDS[path], path[-1], text)
        self._collected = None

    def _end_member(self, name: str, text: str | None) -> None:
        if name == "MessageType":
            self._type = (text or "").strip()
            if self._type != _MESSAGE_TYPE:
                raise self._ill_formed("The MessageType is not OrderFulfillment.")
        elif name == "Message" and self._draft is not None:
            self._taken.append(_message(self._draft))
            self._draft = None


def _message(draft: Draft) -> Message:
    number = draft.fields.get("message_id", "")
    if _NUMBER.fullmatch(number):
        draft.number = number
    else:
        draft.refuse("MessageID is missing or not a number.")
    if draft.fields.get("operation", "Update") == "Delete":
        draft.refuse("OperationType Delete is not possible: what was shipped stays shipped.")
    return draft.message(_NAMES)
