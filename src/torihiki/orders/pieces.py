"""Counts the pieces of an order's items: what is left to be shipped, and what a shipment adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from torihiki.orders.model import Standing

REFUSED_PICKUP: Final = "RefusedPickup"
"""The buyer did not take what was left of the item, so nobody will."""


def left(standing: Standing) -> dict[str, int]:
    """How many pieces of each item are still to be shipped; none of those that the buyer refused to pick up."""
    return {
        item_id: 0
        if standing.pickups.get(item_id) == REFUSED_PICKUP
        else max(line.ordered - line.shipped, 0)
        for item_id, line in standing.lines.items()
    }


def shipped_with(standing: Standing, sent: Mapping[str, int]) -> dict[str, int]:
    """The QuantityShipped of the items of which some pieces are sent, with these."""
    return {
        item_id: standing.lines[item_id].shipped + pieces
        for item_id, pieces in sent.items()
        if pieces
    }


def listed(pieces: Mapping[str, int]) -> list[dict[str, Any]]:
    """Pieces of items as the history shows them."""
    return [{"orderItemId": item_id, "quantity": quantity} for item_id, quantity in pieces.items()]
