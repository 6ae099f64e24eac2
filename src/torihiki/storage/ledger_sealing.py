"""What of the ledger is sealed, and for which place.

Rows are sealed by the run, a few hundred together: a call for each of them would cost more than all else in an export.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from torihiki.storage.schema import UnsuitableDatabase
from torihiki.storage.vault import CannotOpen, Vault

_ENDS: Final = "\0"


class Sealed(Enum):
    """A sealed column; the value is part of what its contents are bound to."""

    ROWS = "ledger rows"
    """The finished rows of a run."""
    VALUES = "ledger values"
    """What they were made from."""


class Place(NamedTuple):
    """The series that a run is of."""

    merchant_id: str
    environment: str
    report_type: str
    currency: str


class LedgerSealing:
    """Seals and opens what the ledger keeps.

    Args:
        vault: The keys.
    """

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def seal(self, column: Sealed, place: Place, run_key: int, text: bytes) -> bytes:
        """The text, good for this column of this run only."""
        return self.vault.seal(text, _of_run(column, place, run_key))

    def open(self, column: Sealed, place: Place, run_key: int, sealed: bytes) -> bytes:
        """The text again.

        Raises:
            CannotOpen: It was not sealed for this column of this run with a key that is there.
        """
        return self._opened(sealed, _of_run(column, place, run_key))

    def seal_known(self, merchant_id: str, environment: str, object_id: str, text: bytes) -> bytes:
        """What is known of an object, good for this object only."""
        return self.vault.seal(text, _of_object(merchant_id, environment, object_id))

    def open_known(
        self, merchant_id: str, environment: str, object_id: str, sealed: bytes
    ) -> bytes:
        """The text again.

        Raises:
            CannotOpen: It was not sealed for this object with a key that is there.
        """
        return self._opened(sealed, _of_object(merchant_id, environment, object_id))

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed with the key that seals now."""
        return sealed.startswith(self.vault.current_id)

    def _opened(self, sealed: bytes, context: bytes) -> bytes:
        try:
            return self.vault.open(sealed, context)
        except CannotOpen as error:
            names = context.decode("utf-8", "replace").replace(_ENDS, " ")
            raise CannotOpen(
                f"{names.strip()} does not open with the keys that are there"
            ) from error


def _of_run(column: Sealed, place: Place, run_key: int) -> bytes:
    return _ENDS.join((column.value, *place, str(run_key))).encode()


def _of_object(merchant_id: str, environment: str, object_id: str) -> bytes:
    return _ENDS.join(("ledger object", merchant_id, environment, object_id)).encode()


def check_sealed(sealing: LedgerSealing, runs: Sequence[Any], objects: Sequence[Any]) -> None:
    """Looks whether the keys open the first of each.

    Args:
        sealing: The keys.
        runs: Run key, the four members of its `Place`, rows, values. There are none where nothing was reported yet.
        objects: Object key, merchant, environment, object id, what is known. Adjustments alone leave none.

    Raises:
        UnsuitableDatabase: They do not.
    """
    try:
        for run_key, *place, rows, _ in runs[:1]:
            sealing.open(Sealed.ROWS, Place(*place), run_key, rows)
        for _, merchant_id, environment, object_id, known in objects[:1]:
            sealing.open_known(merchant_id, environment, object_id, known)
    except CannotOpen as error:
        raise UnsuitableDatabase(
            "The payments of this database were sealed with other keys: start with the secret.key that belongs to it."
        ) from error
