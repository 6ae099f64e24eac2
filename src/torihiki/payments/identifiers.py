"""What the ids of Amazon Pay say about each other (contract 6.1)."""

from __future__ import annotations

from typing import Final

_RECURRING_LETTERS: Final = frozenset("BC")


def is_recurring(permission_id: str) -> bool:
    """Whether a charge permission's id is that of a billing agreement, not of an order reference."""
    return permission_id[0] in _RECURRING_LETTERS


def order_reference_id(charge_id: str) -> str:
    """The order reference of a charge: the first three parts of its id.

    For a one-time charge permission that is the permission's id, for a recurring one an id of its own.
    """
    return charge_id[: charge_id.rindex("-")]


def authorization_id(charge_id: str) -> str:
    """The charge's id with A for C."""
    return order_reference_id(charge_id) + "-A" + charge_id[charge_id.rindex("-") + 2 :]
