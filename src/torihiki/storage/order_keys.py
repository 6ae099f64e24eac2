"""The short keys under which both databases keep orders and addresses."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def order_number(order_id: str) -> int | None:
    """The 17 digits of an AmazonOrderId as a number, which makes index entries short; None: it has not that form."""
    digits = order_id.replace("-", "")
    if len(digits) != 17 or not digits.isascii() or not digits.isdigit():  # noqa: PLR2004 - 3 + 7 + 7
        return None
    return int(digits) if order_id == f"{digits[:3]}-{digits[3:10]}-{digits[10:]}" else None


def order_id(number: int) -> str:
    """The AmazonOrderId that `order_number` turned into `number`."""
    digits = f"{number:017}"
    return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"


def number_of(order_id: str) -> int:
    """The number of an id that must have the 3-7-7 form.

    Raises:
        ValueError: It has not.
    """
    number = order_number(order_id)
    if number is None:
        raise ValueError(f"{order_id!r} is no AmazonOrderId")
    return number


def order_numbers(order_ids: Iterable[str]) -> list[int]:
    """The numbers of AmazonOrderIds, in order.

    Raises:
        ValueError: One of them has not that form.
    """
    return [number_of(one) for one in order_ids]


class EmailKeys:
    """Keyed hashes of buyers' addresses, so that they can be found and not read.

    Args:
        secret: Kept outside the database.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def key(self, seller_id: str, email: str) -> int:
        """A signed 64-bit number; addresses that differ in case only are one address."""
        message = seller_id.encode() + b"\0" + email.lower().encode()
        digest = hmac.digest(self._secret, message, hashlib.sha256)
        return int.from_bytes(digest[:8], "big", signed=True)
