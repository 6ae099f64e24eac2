"""What a report on a pickup in the store makes of an order: updateShipmentStatus (contract 4.2).

An item waits, is ready, and is then picked up or refused. Amazon names the statuses and three texts; the rest is ours:
- A pickup has to be ready before it ends. Readiness belongs to an item as a whole.
- The buyer may take some pieces of an item first and others later, but a refusal is of all that is left of it.
- What is picked up is shipped. Once nothing is left the order is Shipped, or Canceled if the buyer took nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from torihiki.kernel.marketplace import MARKETPLACES
from torihiki.kernel.problem import Problem, invalid_input
from torihiki.orders import events
from torihiki.orders.model import Move, Standing
from torihiki.orders.pieces import REFUSED_PICKUP, left, listed, shipped_with
from torihiki.orders.rules import can_happen, settled

READY_FOR_PICKUP: Final = "ReadyForPickup"
PICKED_UP: Final = "PickedUp"

STEPS: Final[Mapping[str | None, tuple[str, ...]]] = {
    None: (READY_FOR_PICKUP,),
    READY_FOR_PICKUP: (PICKED_UP, REFUSED_PICKUP),
    PICKED_UP: (),
    REFUSED_PICKUP: (),
}
"""For each status of an item's pickup those that may follow it; None: nothing was reported."""


class PickupItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a report.

    Args:
        order_item_id: None: the seller did not say.
        quantity: None: all of it that is left.
    """

    order_item_id: str | None
    quantity: int | None


class PickupReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller says of a pickup.

    Args:
        marketplace_id: As it was sent.
        status: One of the three.
        items: None: every item of which something is left.
    """

    marketplace_id: str
    status: str
    items: tuple[PickupItem, ...] | None


def require_defined(marketplace_id: str) -> None:
    """Refuses a marketplace that does not exist, whatever the order is.

    Raises:
        Problem: It is not in Amazon's public list.
    """
    if marketplace_id not in MARKETPLACES:
        raise invalid_input("Marketplace ID is not defined", "1001")


def unfit() -> Problem:
    """The refusal of a report that does not fit its order; also where there is no such order (contract 4.2)."""
    return invalid_input("Invalid Request Parameters")


def pickup_moved(standing: Standing, report: PickupReport) -> Move | None:
    """What the report makes of the order; None: it says of every item what was said before.

    Raises:
        Problem: The order is not to be picked up, or is not that far.
    """
    if not standing.is_ispu:
        raise _unsupported() if report.status == REFUSED_PICKUP else unfit()
    if report.marketplace_id != standing.marketplace_id:
        raise unfit()
    moving = _news(standing, report)
    if not moving:
        return None
    if not can_happen(standing.status, events.PICKUP_STATUS):
        raise unfit()
    free = left(standing)
    for item_id, pieces in moving.items():
        if report.status not in STEPS.get(standing.pickups.get(item_id), ()):
            raise _unsupported()
        fewest = max(1, free[item_id] if report.status == REFUSED_PICKUP else 1)
        if not fewest <= pieces <= free[item_id]:
            raise unfit()
    return settled(standing, _move(standing, report.status, moving))


def _news(standing: Standing, report: PickupReport) -> dict[str, int]:
    """Of which items the report says something that was not said before, and of how many pieces."""
    free = left(standing)
    if report.items is not None:
        items = _listed(standing, report.items)
    else:
        items = {item_id: pieces for item_id, pieces in free.items() if pieces}
        if not items and report.status not in standing.pickups.values():
            raise unfit()
    return {
        item_id: pieces
        for item_id, pieces in items.items()
        if standing.pickups.get(item_id) != report.status
    }


def _listed(standing: Standing, items: tuple[PickupItem, ...]) -> dict[str, int]:
    free = left(standing)
    found: dict[str, int] = {}
    for item in items:
        item_id = item.order_item_id
        if item_id is None or item_id not in free or item_id in found:
            raise unfit()
        if item.quantity is not None and item.quantity < 1:
            raise unfit()
        found[item_id] = free[item_id] if item.quantity is None else item.quantity
    if not found:
        raise unfit()
    return found


def _move(standing: Standing, status: str, moving: Mapping[str, int]) -> Move:
    free = left(standing)
    taken = moving if status == PICKED_UP else {}
    return Move(
        event=events.PICKUP_STATUS,
        status=standing.status,
        shipped=shipped_with(standing, taken),
        # An item of which pieces are still to be picked up stays ready.
        pickups={
            item_id: status
            for item_id, pieces in moving.items()
            if status != PICKED_UP or pieces == free[item_id]
        },
        details={"shipmentStatus": status, "items": listed(moving)},
    )


def _unsupported() -> Problem:
    return invalid_input("Unsupported ShipmentStatus passed")
