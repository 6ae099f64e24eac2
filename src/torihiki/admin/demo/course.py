"""The course of a demo order: when it is paid, shipped or canceled, and so its status at the end."""

from __future__ import annotations

from msgspec import Struct

from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.marketplaces import Market, Service
from torihiki.admin.demo.moments import DAY, HOUR

# Hours from the shipment to the carrier's word on it.
EASY_SHIP_HOURS = {
    "PickedUp": 1,
    "DroppedOff": 2,
    "AtOriginFC": 14,
    "AtDestinationFC": 36,
    "OutForDelivery": 58,
    "Delivered": 64,
    "RejectedByBuyer": 65,
    "Undeliverable": 66,
    "ReturningToSeller": 90,
    "ReturnedToSeller": 140,
    "Lost": 160,
    "Damaged": 72,
}
EASY_SHIP_BEFORE = ("PendingSchedule", "PendingPickUp", "PendingDropOff", "LabelCanceled")
_EASY_SHIP_TROUBLE = (
    "RejectedByBuyer",
    "Undeliverable",
    "ReturningToSeller",
    "ReturnedToSeller",
    "Lost",
    "Damaged",
)
_PICKUP_AND_TRANSIT = ("AtOriginFC", "AtDestinationFC", "OutForDelivery")


class Course(Struct, frozen=True, kw_only=True, gc=False):
    """The moments of an order's life, whether they have come or not."""

    purchased: int
    paid: int
    released: int
    earliest_ship: int
    latest_ship: int
    earliest_delivery: int
    latest_delivery: int
    first_package: int
    shipped: int
    invoiced: int
    canceled: int


def plan(
    market: Market,
    service: Service,
    purchased: int,
    draws: Draws,
    *,
    afn: bool = False,
    store_payment: bool = False,
    release_days: int = 0,
) -> Course:
    """Lay out an order's life; a payment in a convenience store takes up to three days."""
    below = draws.below
    paid = purchased + (2 * HOUR + below(70 * HOUR) if store_payment else 120 + below(1700))
    released = purchased + release_days * DAY
    base = max(paid, released)
    earliest_ship = ((base + market.utc_offset) // DAY + 1) * DAY - market.utc_offset
    handling = service.handling_days * DAY
    transit = service.transit_days * DAY
    if afn:
        first_package = shipped = base + 3 * HOUR + below(27 * HOUR)
    else:
        first_package = earliest_ship + 8 * HOUR + below(3 * HOUR)
        shipped = first_package + 2 * HOUR + below(handling - 14 * HOUR)
    return Course(
        purchased=purchased,
        paid=paid,
        released=released,
        earliest_ship=earliest_ship,
        latest_ship=earliest_ship + handling - 1,
        earliest_delivery=earliest_ship + handling + max(transit - DAY, 0),
        latest_delivery=earliest_ship + handling + transit + DAY - 1,
        first_package=first_package,
        shipped=shipped,
        invoiced=shipped + below(5 * DAY),
        canceled=purchased + HOUR // 2 + below(60 * HOUR),
    )


def status_at(
    course: Course,
    until: int,
    *,
    cancels: bool = False,
    unfulfillable: bool = False,
    in_packages: bool = False,
    waits_for_invoice: bool = False,
) -> str:
    """The status that the course has reached by `until`, given what is going to happen to the order."""
    if cancels and course.canceled <= until:
        status = "Canceled"
    elif course.released > until:
        status = "PendingAvailability"
    elif course.paid > until:
        status = "Pending"
    elif unfulfillable and course.first_package <= until:
        status = "Unfulfillable"
    elif course.shipped > until:
        in_part = in_packages and course.first_package <= until
        status = "PartiallyShipped" if in_part else "Unshipped"
    else:
        invoiced = not waits_for_invoice or course.invoiced <= until
        status = "Shipped" if invoiced else "InvoiceUnconfirmed"
    return status


def easy_ship_at(course: Course, status: str, until: int, draws: Draws) -> str:
    """What the carrier says by `until` of an Easy Ship order in this status."""
    if status == "Canceled":
        return "LabelCanceled"
    if status not in {"Shipped", "InvoiceUnconfirmed"}:
        return draws.pick(EASY_SHIP_BEFORE[:3])
    hours = (until - course.shipped) // HOUR
    if hours >= EASY_SHIP_HOURS["Lost"] and draws.chance(60):
        return draws.pick(_EASY_SHIP_TROUBLE)
    if hours >= EASY_SHIP_HOURS["Delivered"]:
        return "Delivered"
    said = draws.pick(("PickedUp", "DroppedOff"))
    for stage in _PICKUP_AND_TRANSIT:
        if hours >= EASY_SHIP_HOURS[stage]:
            said = stage
    return said


def last_update(course: Course, status: str, easy_ship: str, until: int) -> int:
    """The moment of the last change of an order in this status; never after `until`."""
    if status in {"Pending", "PendingAvailability"}:
        moment = course.purchased + (course.paid - course.purchased) // 20
    elif status == "Unshipped":
        moment = max(course.paid, course.released)
    elif status == "Canceled":
        moment = course.canceled
    elif status in {"PartiallyShipped", "Unfulfillable"}:
        moment = course.first_package
    elif easy_ship:
        moment = course.shipped + EASY_SHIP_HOURS.get(easy_ship, 0) * HOUR
    else:
        moment = course.shipped
    return min(moment, until)
