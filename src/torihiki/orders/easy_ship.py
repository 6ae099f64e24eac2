"""Which step of an Easy Ship parcel may follow which (contract 1.6).

Amazon names the sixteen statuses and tells nothing of their order, which is therefore ours: a parcel waits with the
seller, is taken by the carrier, travels, and ends with the buyer, back with the seller, or nowhere. A carrier misses
scans, so the stations of the journey may be skipped, but none is gone back to, except from a failed attempt at delivery
to the last warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PENDING_SCHEDULE: Final = "PendingSchedule"
PENDING_PICK_UP: Final = "PendingPickUp"
PENDING_DROP_OFF: Final = "PendingDropOff"
LABEL_CANCELED: Final = "LabelCanceled"
PICKED_UP: Final = "PickedUp"
DROPPED_OFF: Final = "DroppedOff"
AT_ORIGIN: Final = "AtOriginFC"
AT_DESTINATION: Final = "AtDestinationFC"
OUT_FOR_DELIVERY: Final = "OutForDelivery"
DELIVERED: Final = "Delivered"
REJECTED: Final = "RejectedByBuyer"
UNDELIVERABLE: Final = "Undeliverable"
RETURNING: Final = "ReturningToSeller"
RETURNED: Final = "ReturnedToSeller"
LOST: Final = "Lost"
DAMAGED: Final = "Damaged"

WAITING: Final = frozenset({PENDING_SCHEDULE, PENDING_PICK_UP, PENDING_DROP_OFF})
"""The seller is expected to hand the parcel over."""

WITH_SELLER: Final = WAITING | {LABEL_CANCELED}
"""The carrier has not taken the parcel; any other status means that the order is shipped."""

_OUTCOMES: Final = (DELIVERED, REJECTED, UNDELIVERABLE)
_MISHAPS: Final = (LOST, DAMAGED)

STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    PENDING_SCHEDULE: (PENDING_PICK_UP, PENDING_DROP_OFF, LABEL_CANCELED),
    PENDING_PICK_UP: (PICKED_UP, PENDING_SCHEDULE, LABEL_CANCELED),
    PENDING_DROP_OFF: (DROPPED_OFF, PENDING_SCHEDULE, LABEL_CANCELED),
    LABEL_CANCELED: (PENDING_SCHEDULE,),
    PICKED_UP: (AT_ORIGIN, AT_DESTINATION, OUT_FOR_DELIVERY, *_OUTCOMES, *_MISHAPS),
    DROPPED_OFF: (AT_ORIGIN, AT_DESTINATION, OUT_FOR_DELIVERY, *_OUTCOMES, *_MISHAPS),
    AT_ORIGIN: (AT_DESTINATION, OUT_FOR_DELIVERY, *_OUTCOMES, *_MISHAPS),
    AT_DESTINATION: (OUT_FOR_DELIVERY, *_OUTCOMES, *_MISHAPS),
    OUT_FOR_DELIVERY: (AT_DESTINATION, *_OUTCOMES, *_MISHAPS),
    DELIVERED: (),
    REJECTED: (RETURNING, *_MISHAPS),
    UNDELIVERABLE: (RETURNING, *_MISHAPS),
    RETURNING: (RETURNED, *_MISHAPS),
    RETURNED: (),
    LOST: (),
    # What is left of the parcel may still come home.
    DAMAGED: (RETURNING,),
}
"""For each EasyShipShipmentStatus those that may follow it."""


def can_follow(step: str, current: str) -> bool:
    """Whether a parcel in the status `current` may take this step next; a status never follows itself."""
    return step in STEPS.get(current, ())
