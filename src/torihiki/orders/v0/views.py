"""What a caller sees of an order's people: the open view, and the views that a restricted data token opens.

An order's document is stored without its closing brace and without the members that speak of people. Two endings
complete it: the open one, stored ready, and the restricted ones, put together here from the *personal part*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from torihiki.kernel.instant import Instant, micros

SHIPPING_ADDRESS: Final = "shippingAddress"
BUYER_INFO: Final = "buyerInfo"
BUYER_TAX_INFORMATION: Final = "buyerTaxInformation"
"""The data elements of a restricted data token (contract 3.4)."""

OPEN_ADDRESS_MEMBERS: Final = ("City", "StateOrRegion", "PostalCode", "CountryCode")
"""What a shipping address shows without a restricted data token (contract 3.4)."""
OPEN_BUYER_MEMBERS: Final = ("BuyerEmail",)
"""What the buyer's information shows without one (contract 3.4)."""


class Personal(msgspec.Struct, frozen=True, array_like=True):
    """All that an order says of people; every part is JSON as it came.

    Args:
        open_address: What everybody sees of the address; None: the order's status shows none.
        address: The whole address but for the telephone; None: there is none, or nobody may see it.
        phone: The telephone, as a JSON string.
        phone_until_us: When the telephone is not shown any more; None: no end.
        open_buyer: What everybody sees of the buyer.
        buyer: The whole of the buyer.
        tax: BuyerTaxInformation.
    """

    open_address: bytes | None
    address: bytes | None
    phone: bytes | None
    phone_until_us: int | None
    open_buyer: bytes
    buyer: bytes
    tax: bytes | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The members that speak of people, as they came in, and what decides who sees them.

    Args:
        shows_address: Whether the order's status shows an address at all (contract 1.4).
        by_amazon: Whether Amazon fulfils the order, which keeps the address closed (contract 3.4).
        phone_until: Until when a shipped order's telephone is shown (contract 1.7); None: no end.
    """

    address: Mapping[str, Any] | None
    buyer: Mapping[str, Any]
    tax: Mapping[str, Any] | None
    shows_address: bool
    by_amazon: bool
    phone_until: Instant | None


_NOBODY: Final = b"{}"
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Personal)
_PACKER: Final = msgspec.msgpack.Encoder()


def only(source: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The members of these names, in the order of the names."""
    return {name: source[name] for name in names if name in source}


def personal_part(source: Source) -> Personal:
    """Sorts an order's members that speak of people by who may see them."""
    open_address = address = phone = None
    if source.address is not None and source.shows_address:
        open_address = _ENCODER.encode(only(source.address, OPEN_ADDRESS_MEMBERS))
        address = open_address
        if not source.by_amazon:
            rest = {name: value for name, value in source.address.items() if name != "Phone"}
            address = _ENCODER.encode(rest)
            phone = _ENCODER.encode(source.address["Phone"]) if "Phone" in source.address else None
    return Personal(
        open_address=open_address,
        address=address,
        phone=phone,
        # Without a telephone there is nothing to end, so that erasing one leaves no date behind.
        phone_until_us=None
        if phone is None or source.phone_until is None
        else micros(source.phone_until),
        open_buyer=_ENCODER.encode(only(source.buyer, OPEN_BUYER_MEMBERS)),
        buyer=_ENCODER.encode(source.buyer),
        tax=None if source.tax is None else _ENCODER.encode(source.tax),
    )


def open_ending(personal: Personal) -> bytes:
    """What completes an order's document for a caller with an ordinary token."""
    return _ending(personal.open_address, personal.open_buyer, None)


def open_address(packed: bytes) -> bytes | None:
    """What everybody sees of the address, out of what `pack` made; None: the order's status shows none."""
    return _DECODER.decode(packed).open_address


def pack(personal: Personal) -> bytes:
    """The form in which the personal part is kept, sealed."""
    return _PACKER.encode(personal)


def restricted_ending(packed: bytes, opened: frozenset[str], now_us: int) -> bytes:
    """What completes an order's document for a caller whose restricted data token opens `opened`.

    Args:
        packed: What `pack` made.
        opened: Data elements.
        now_us: The operator's time; a telephone may have had its day.
    """
    personal = _DECODER.decode(packed)
    address, buyer = personal.open_address, personal.open_buyer
    if SHIPPING_ADDRESS in opened:
        address = _with_phone(personal, now_us)
    if BUYER_INFO in opened:
        buyer = personal.buyer
    return _ending(address, buyer, personal.tax if BUYER_TAX_INFORMATION in opened else None)


def completed(
    documents: Iterable[tuple[bytes, bytes]], opened: frozenset[str] | None, now: Instant
) -> list[bytes]:
    """Whole documents.

    Args:
        documents: Each with its ending, or where `opened` is a set with its personal part.
        opened: The data elements that the caller's token opens; None: it is an ordinary one.
        now: The operator's time.
    """
    if opened is None:
        return [document + ending for document, ending in documents]
    now_us = micros(now)
    return [document + restricted_ending(packed, opened, now_us) for document, packed in documents]


def erased(packed: bytes) -> tuple[bytes, bytes]:
    """What is left of a personal part once the restricted members are erased: its ending and itself."""
    personal = _DECODER.decode(packed)
    rest = Personal(
        open_address=personal.open_address,
        address=personal.open_address,
        phone=None,
        phone_until_us=None,
        open_buyer=_NOBODY,
        buyer=_NOBODY,
        tax=None,
    )
    return open_ending(rest), pack(rest)


def _with_phone(personal: Personal, now_us: int) -> bytes | None:
    address, until = personal.address, personal.phone_until_us
    if address is None or personal.phone is None or (until is not None and until < now_us):
        return address
    inner = address[1:-1]
    comma = b"," if inner else b""
    return b'{%b%b"Phone":%b}' % (inner, comma, personal.phone)


def _ending(address: bytes | None, buyer: bytes, tax: bytes | None) -> bytes:
    shown = b"" if address is None else b',"ShippingAddress":%b' % address
    taxed = b"" if tax is None else b',"BuyerTaxInformation":%b' % tax
    return b'%b%b,"BuyerInfo":%b}' % (shown, taxed, buyer)
