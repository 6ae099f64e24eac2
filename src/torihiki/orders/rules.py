"""Pure decisions on orders: what is visible and since when, and what moves an order through its life."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.marketplace import BRAZIL, KEEPS_ORDERS_FROM_2016
from torihiki.orders import easy_ship, events
from torihiki.orders.model import CancelRequest, Facet, Line, Move, Selection, Standing
from torihiki.orders.pieces import left, listed, shipped_with

ORDER_ID: Final = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")
"""The 3-7-7 form of an AmazonOrderId (contract 1.1)."""

SETTLING_TIME: Final = TimeDelta(minutes=2)
"""How far back an upper bound that a caller sends must lie (O-18, contract 1.3)."""

YEARS_VISIBLE: Final = 2
FIRST_YEAR_KEPT: Final = Instant.from_utc(2016, 1, 1)

ITEMS_PER_PAGE: Final = 100
"""Items on a page of getOrderItems. Amazon's number is not public; real orders rarely page (contract 1.4)."""


def visible_from(marketplace_id: str, now: Instant) -> Instant:
    """The creation date before which the marketplace's orders appear in no response (O-1)."""
    if marketplace_id in KEEPS_ORDERS_FROM_2016:
        return FIRST_YEAR_KEPT
    return now.to_tz("UTC").subtract(years=YEARS_VISIBLE).to_instant()


def is_visible(marketplace_id: str, created: Instant, now: Instant) -> bool:
    """Whether an order of that marketplace and creation date still appears in responses (O-1)."""
    return created >= visible_from(marketplace_id, now)


def visibility(selection: Selection, now: Instant) -> dict[str, Instant]:
    """`visible_from` of each marketplace of the selection."""
    return {
        marketplace_id: visible_from(marketplace_id, now)
        for marketplace_id in selection.marketplace_ids
    }


def default_until(now: Instant, visibility_delay: TimeDelta) -> Instant:
    """The upper bound of a selection whose caller sent none: now less the delay, in whole seconds, as it is echoed."""
    return (now - visibility_delay).round("second", mode="floor")


def fulfils(facet: Facet, selection: Selection) -> bool:
    """Whether orders of this facet fulfil the selection's conditions on enumerations."""
    return (
        facet.marketplace_id in selection.marketplace_ids
        and _allows(selection.order_statuses, facet.order_status)
        and _allows(selection.fulfillment_channels, facet.fulfillment_channel)
        and _allows(selection.payment_methods, facet.payment_method)
        and _allows(selection.easy_ship_shipment_statuses, facet.easy_ship_shipment_status)
        and _allows(selection.electronic_invoice_statuses, facet.electronic_invoice_status)
        and (selection.is_ispu is None or selection.is_ispu is facet.is_ispu)
    )


def _allows(wanted: tuple[str, ...], value: str) -> bool:
    return not wanted or value in wanted


# The life of an order: theory of operation
#
# What moves an order is an event, and nothing else does. Sellers cause them by confirming packages, by editing them and by
# reporting pickups; a reviewer by rejecting a regulated order; all that Amazon, the buyer, a bank or a carrier would do is
# an event of the operator's. Nobody sets a status: an event has an effect on the order (pieces are shipped, an invoice is
# accepted), and LIFE says what status follows from it. An event that has no row for the status that the order is in is
# refused, and a refused event has no effect.
#
# A row holds where its guard does, which looks at the order as the effect leaves it; of several rows the first that holds
# counts. So there is one place that decides between PartiallyShipped, Shipped and InvoiceUnconfirmed, whoever shipped.
#
# Never undone: no event leads back. What is shipped stays shipped, what is canceled stays canceled, and an invoice that is
# turned down after all leaves a Shipped order Shipped. An event may leave the status as it was, and then changes something
# beside it. Every path ends in Shipped, Canceled or Unfulfillable, from which no status follows.
#
# Every event moves LastUpdateDate, for callers find changes by it (O-5): to the second in which it happened, never back,
# even if the operator sets the clock back. Several events of a second share a date, which selections include at both ends.
#
# Where only Amazon knows, the choices are ours: docs/order-life.md names them.

PENDING_AVAILABILITY: Final = "PendingAvailability"
PENDING: Final = "Pending"
UNSHIPPED: Final = "Unshipped"
PARTIALLY_SHIPPED: Final = "PartiallyShipped"
SHIPPED: Final = "Shipped"
INVOICE_UNCONFIRMED: Final = "InvoiceUnconfirmed"
CANCELED: Final = "Canceled"
UNFULFILLABLE: Final = "Unfulfillable"

UNPAID: Final = (PENDING_AVAILABILITY, PENDING)
OPEN: Final = (UNSHIPPED, PARTIALLY_SHIPPED)
SENT: Final = (SHIPPED, INVOICE_UNCONFIRMED)

AMAZON_FULFILS: Final = "AFN"

INVOICE_ACCEPTED: Final = "Accepted"
_INVOICE_AWAITED: Final = frozenset({"NotFound", "Processing", "Errored"})
_INVOICE_SETTLED: Final = frozenset({INVOICE_ACCEPTED, "NotRequired"})


class NotPossible(Exception):
    """An event that an order does not take now; its text says which, in what status, and why if that is not plain."""

    def __init__(self, status: str, event: str, why: str = "") -> None:
        super().__init__(f"An order in status {status} does not take the event {event}{why}.")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the operator lets happen; members that an event has no use for are ignored.

    Args:
        name: One of `events.OPERATOR_EVENTS`, or `events.VERIFICATION_REJECTED`.
        reason: Of a cancellation, or of the wish for one.
        canceled_by: buyer, seller or amazon.
        order_item_ids: What the buyer wishes canceled; empty: all.
        quantities: What was shipped, by OrderItemId; None: all that is left.
        status: The ElectronicInvoiceStatus or EasyShipShipmentStatus afterwards.
    """

    name: str
    reason: str | None = None
    canceled_by: str | None = None
    order_item_ids: tuple[str, ...] = ()
    quantities: Mapping[str, int] | None = None
    status: str | None = None


def number_shipped(lines: Mapping[str, Line]) -> int:
    """NumberOfItemsShipped."""
    return sum(line.shipped for line in lines.values())


def number_unshipped(status: str, lines: Mapping[str, Line]) -> int:
    """NumberOfItemsUnshipped: nothing waits any more in an order that is sent or will never be."""
    if status in {*SENT, CANCELED, UNFULFILLABLE}:
        return 0
    return sum(max(line.ordered - line.shipped, 0) for line in lines.values())


def pieces_are_left(after: Standing) -> bool:
    """Something is still to be shipped."""
    return any(left(after).values())


def none_shipped_yet(after: Standing) -> bool:
    """Nothing is shipped, and something still to be."""
    return none_shipped_at_all(after) and pieces_are_left(after)


def none_shipped_at_all(after: Standing) -> bool:
    """Nothing is shipped."""
    return number_shipped(after.lines) == 0


def invoice_is_asked_for(after: Standing) -> bool:
    """The marketplace wants an invoice, and has not accepted one."""
    return after.marketplace_id == BRAZIL and after.invoice in _INVOICE_AWAITED


def invoice_is_settled(after: Standing) -> bool:
    """The invoice is accepted, or is not required after all."""
    return after.invoice in _INVOICE_SETTLED


def seller_has_the_parcel(after: Standing) -> bool:
    """The carrier has not taken the parcel."""
    return after.easy_ship in easy_ship.WITH_SELLER


def amazon_fulfils(after: Standing) -> bool:
    """Amazon ships it, not the seller."""
    return after.fulfillment_channel == AMAZON_FULFILS


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the life table: the events take orders of these statuses to the target.

    Args:
        target: None: the status stays.
        guard: None: always.
    """

    events: tuple[str, ...]
    sources: tuple[str, ...]
    target: str | None
    guard: Callable[[Standing], bool] | None = None


_SHIPPING: Final = (events.PACKAGE_CONFIRMED, events.SHIPPED, events.PICKUP_STATUS)

LIFE: Final = (
    Step(events=(events.PREORDER_RELEASED,), sources=(PENDING_AVAILABILITY,), target=PENDING),
    Step(events=(events.PAYMENT_AUTHORIZED,), sources=(PENDING,), target=UNSHIPPED),
    Step(events=(events.CANCEL_REQUESTED,), sources=(*UNPAID, *OPEN), target=None),
    Step(
        events=(events.CANCELED, events.VERIFICATION_REJECTED),
        sources=(*UNPAID, UNSHIPPED),
        target=CANCELED,
    ),
    Step(
        events=(events.UNFULFILLABLE,),
        sources=(PENDING, UNSHIPPED),
        target=UNFULFILLABLE,
        guard=amazon_fulfils,
    ),
    Step(events=(events.EASY_SHIP_STATUS,), sources=OPEN, target=None, guard=seller_has_the_parcel),
    Step(events=(events.PICKUP_STATUS,), sources=(UNSHIPPED,), target=None, guard=none_shipped_yet),
    Step(events=_SHIPPING, sources=OPEN, target=PARTIALLY_SHIPPED, guard=pieces_are_left),
    Step(
        events=(events.PICKUP_STATUS,),
        sources=(UNSHIPPED,),
        target=CANCELED,
        guard=none_shipped_at_all,
    ),
    Step(
        events=(*_SHIPPING, events.EASY_SHIP_STATUS),
        sources=OPEN,
        target=INVOICE_UNCONFIRMED,
        guard=invoice_is_asked_for,
    ),
    Step(events=(*_SHIPPING, events.EASY_SHIP_STATUS), sources=OPEN, target=SHIPPED),
    Step(events=(events.PACKAGE_EDITED,), sources=(*OPEN, *SENT), target=None),
    Step(events=(events.EASY_SHIP_STATUS, events.DELIVERED), sources=SENT, target=None),
    Step(
        events=(events.INVOICE_STATUS,),
        sources=(INVOICE_UNCONFIRMED,),
        target=SHIPPED,
        guard=invoice_is_settled,
    ),
    Step(events=(events.INVOICE_STATUS,), sources=(*OPEN, *SENT), target=None),
    Step(events=(events.INVOICE_CONFIRMED,), sources=(INVOICE_UNCONFIRMED,), target=SHIPPED),
)
"""All that can happen to an order, and what status follows; of the rows of an event and a status the first that holds."""


def can_happen(status: str, event: str) -> bool:
    """Whether there is a row for the event; its guard may still refuse a certain order."""
    return any(event in step.events and status in step.sources for step in LIFE)


def settled(standing: Standing, move: Move) -> Move:
    """The move with the status that follows from its effects.

    Raises:
        NotPossible: No row of the table holds.
    """
    after = replace(
        standing,
        lines={
            item_id: replace(line, shipped=move.shipped.get(item_id, line.shipped))
            for item_id, line in standing.lines.items()
        },
        pickups={**standing.pickups, **move.pickups},
        easy_ship=move.easy_ship or standing.easy_ship,
        invoice=move.invoice or standing.invoice,
    )
    for step in LIFE:
        if (
            move.event in step.events
            and standing.status in step.sources
            and (step.guard is None or step.guard(after))
        ):
            return replace(move, status=step.target or standing.status)
    raise NotPossible(standing.status, move.event)


def after_event(standing: Standing, event: Event) -> Move:
    """What an event of the operator's, or a rejected check, makes of an order.

    Raises:
        NotPossible: The order does not take it; the text is for the operator.
    """
    if event.name not in _EFFECTS or not can_happen(standing.status, event.name):
        raise NotPossible(standing.status, event.name)
    return settled(standing, _EFFECTS[event.name](standing, event))


def next_update(previous: Instant, now: Instant) -> Instant:
    """The LastUpdateDate of a change: whole seconds, as it is shown, and never before the previous one."""
    return max(now.round("second", mode="floor"), previous.round("second", mode="ceil"))


def _no_effect(standing: Standing, event: Event) -> Move:
    return Move(event=event.name, status=standing.status)


def _cancel_wish(standing: Standing, event: Event) -> Move:
    for item_id in event.order_item_ids:
        _require_item(standing, event, item_id)
    wish = CancelRequest(reason=event.reason or "", items=event.order_item_ids)
    return Move(
        event=event.name,
        status=standing.status,
        cancel_request=wish,
        details=_said(reason=event.reason, orderItemIds=list(event.order_item_ids) or None),
    )


def _cancellation(standing: Standing, event: Event) -> Move:
    return Move(
        event=event.name,
        status=standing.status,
        easy_ship=easy_ship.LABEL_CANCELED if standing.easy_ship in easy_ship.WAITING else None,
        details=_said(reason=event.reason, canceledBy=event.canceled_by),
    )


def _shipping(standing: Standing, event: Event) -> Move:
    free = left(standing)
    sent = {item_id: pieces for item_id, pieces in free.items() if pieces}
    if event.quantities is not None:
        sent = dict(event.quantities)
    for item_id, pieces in sent.items():
        _require_item(standing, event, item_id)
        if not 1 <= pieces <= free[item_id]:
            raise NotPossible(
                standing.status, event.name, f": {free[item_id]} of item {item_id} are left"
            )
    if not sent and event.quantities is not None:
        raise NotPossible(standing.status, event.name, ": it names no items")
    return Move(
        event=event.name,
        status=standing.status,
        shipped=shipped_with(standing, sent),
        details={"items": listed(sent)},
    )


def _invoice(standing: Standing, event: Event) -> Move:
    status = INVOICE_ACCEPTED if event.name == events.INVOICE_CONFIRMED else event.status
    return Move(
        event=event.name,
        status=standing.status,
        invoice=status,
        details=_said(electronicInvoiceStatus=status),
    )


def _parcel(standing: Standing, event: Event) -> Move:
    current = standing.easy_ship
    if current is None and event.name == events.DELIVERED:
        return _no_effect(standing, event)
    step = easy_ship.DELIVERED if event.name == events.DELIVERED else event.status or ""
    if current is None or not easy_ship.can_follow(step, current):
        why = (
            ": it is no Easy Ship order" if current is None else f": {step} cannot follow {current}"
        )
        raise NotPossible(standing.status, event.name, why)
    taken = step not in easy_ship.WITH_SELLER and standing.status in OPEN
    return Move(
        event=event.name,
        status=standing.status,
        shipped=shipped_with(standing, left(standing)) if taken else {},
        easy_ship=step,
        details={"easyShipShipmentStatus": step},
    )


_EFFECTS: Final[Mapping[str, Callable[[Standing, Event], Move]]] = {
    events.PREORDER_RELEASED: _no_effect,
    events.PAYMENT_AUTHORIZED: _no_effect,
    events.CANCEL_REQUESTED: _cancel_wish,
    events.CANCELED: _cancellation,
    events.VERIFICATION_REJECTED: _cancellation,
    events.SHIPPED: _shipping,
    events.INVOICE_STATUS: _invoice,
    events.INVOICE_CONFIRMED: _invoice,
    events.DELIVERED: _parcel,
    events.EASY_SHIP_STATUS: _parcel,
    events.UNFULFILLABLE: _no_effect,
}


def _require_item(standing: Standing, event: Event, item_id: str) -> None:
    if item_id not in standing.lines:
        raise NotPossible(standing.status, event.name, f": it has no item {item_id}")


def _said(**members: object) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}
