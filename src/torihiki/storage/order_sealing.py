"""Which columns of an order are sealed, and for which place each of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from torihiki.orders.model import ChangedOrder, StoredOrder
from torihiki.storage.order_keys import order_id
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.vault import CannotOpen, Vault


class Column(Enum):
    """A sealed column; the value is part of what its contents are bound to."""

    ENDING = b"ending"
    """What completes the document for everybody."""
    PERSONAL = b"personal"
    """What restricted data tokens open."""
    ITEMS = b"items"
    """The items with their restricted members."""
    WITHHELD = b"withheld"
    """What no view shows."""
    REGULATED = b"regulated"
    """What a regulated order has to be checked for."""


ALL_COLUMNS: Final = (
    Column.ENDING,
    Column.PERSONAL,
    Column.ITEMS,
    Column.WITHHELD,
    Column.REGULATED,
)
"""In the order in which `OrderSealing.resealed` takes and gives them."""


class Sealed(NamedTuple):
    """The sealed columns of an order, in the order of `ALL_COLUMNS`."""

    ending: bytes
    personal: bytes
    items: bytes | None
    withheld: bytes
    regulated: bytes | None


class OrderSealing:
    """Seals and opens the columns of orders.

    Args:
        vault: The keys.
    """

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def seal(self, column: Column, seller_id: str, number: int, text: bytes) -> bytes:
        """The text, good for this column of this order only."""
        return self.vault.seal(text, _context(column, seller_id) + number.to_bytes(8))

    def sealed(self, seller_id: str, number: int, order: StoredOrder | ChangedOrder) -> Sealed:
        """What of the order is kept sealed; where there is nothing to seal, there is nothing."""
        seal, items, regulated = self.seal, order.restricted_items, order.regulated
        return Sealed(
            seal(Column.ENDING, seller_id, number, order.ending),
            seal(Column.PERSONAL, seller_id, number, order.personal),
            None if items is None else seal(Column.ITEMS, seller_id, number, items),
            seal(Column.WITHHELD, seller_id, number, order.withheld),
            None if regulated is None else seal(Column.REGULATED, seller_id, number, regulated),
        )

    def open(self, column: Column, seller_id: str, number: int, sealed: bytes) -> bytes:
        """The text again.

        Raises:
            CannotOpen: It was not sealed for this column of this order with a key that is there.
        """
        try:
            return self.vault.open(sealed, _context(column, seller_id) + number.to_bytes(8))
        except CannotOpen as error:
            raise CannotOpen(
                f"the {column.value.decode()} of order {order_id(number)} of seller {seller_id} "
                "does not open with the keys that are there"
            ) from error

    def open_all(
        self, column: Column, seller_id: str, rows: Sequence[Any]
    ) -> list[tuple[bytes, bytes]]:
        """The documents of a page with their opened column.

        Args:
            column: What was read.
            seller_id: Whose orders they are.
            rows: Each ends with the document, the order's number, and the sealed column.
        """
        context = _context(column, seller_id)
        opened = self.vault.open_all([(row[-1], context + row[-2].to_bytes(8)) for row in rows])
        return [(row[-3], text) for row, text in zip(rows, opened, strict=True)]

    def resealed(
        self, seller_id: str, number: int, sealed: Sequence[bytes | None]
    ) -> list[bytes | None] | None:
        """The columns of an order (see `ALL_COLUMNS`) under the current key; None: they are under it already."""
        if all(one is None or one.startswith(self.vault.current_id) for one in sealed):
            return None
        return [
            None
            if one is None
            else self.seal(column, seller_id, number, self.open(column, seller_id, number, one))
            for column, one in zip(ALL_COLUMNS, sealed, strict=True)
        ]


def _context(column: Column, seller_id: str) -> bytes:
    return b"%b\0%b\0" % (column.value, seller_id.encode())


def check_sealed(sealing: OrderSealing, rows: Sequence[Any]) -> None:
    """Looks whether the keys open the first of the rows: order key, seller id, order number, `ALL_COLUMNS`.

    Raises:
        UnsuitableDatabase: They do not.
    """
    for _, seller_id, number, ending, *_ in rows[:1]:
        try:
            sealing.open(Column.ENDING, seller_id, number, ending)
        except CannotOpen as error:
            raise UnsuitableDatabase(
                "The orders of this database were sealed with other keys: start with the secret.key that belongs to it."
            ) from error
