"""What the ledger knows of the objects, and how a further state changes it.

The same states in another order come to the same: of two the later one counts, however late it was imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from torihiki.kernel.instant import Instant, from_micros
from torihiki.payments.fees import given_back
from torihiki.payments.model import (
    Adjustment,
    Charge,
    Decline,
    Event,
    Known,
    KnownCharge,
    KnownOther,
    KnownPermission,
    KnownRefunds,
    ObjectKey,
    Permission,
    Refund,
    Refunds,
)
from torihiki.payments.schemas import ChargeState, PermissionState, RefundState
from torihiki.payments.statuses import HELD

_PLACES: Final = {
    state.value: place
    for states in (PermissionState, RefundState, ChargeState)
    for place, state in enumerate(states)
}
"""Which of two states of an object comes later that have the same time. Declined is the last but one of a charge and the
last of a refund, so the place in the one is good for the other."""

_EVER: Final = from_micros(0)
"""Before every event."""


class Knowledge:
    """What is known of the objects, as it changes from event to event."""

    def __init__(self, known: Mapping[ObjectKey, Known]) -> None:
        self._known = known
        self.changed: dict[ObjectKey, Known] = {}

    def learn(self, key: ObjectKey, known: Known) -> None:
        """In the place of what was known."""
        self.changed[key] = known

    def _find(self, key: ObjectKey) -> Known | None:
        return self.changed.get(key) or self._known.get(key)

    def latest(self, key: ObjectKey) -> KnownPermission | None:
        """A charge permission and its state."""
        found = self._find(key)
        return found if isinstance(found, KnownPermission) else None

    def permission(self, key: ObjectKey) -> Permission | None:
        """A charge permission."""
        found = self.latest(key)
        return None if found is None else found.permission

    def charge(self, key: ObjectKey) -> KnownCharge | None:
        """A charge of which a state was imported."""
        found = self._find(key)
        return found if isinstance(found, KnownCharge) else None

    def refunds(self, key: ObjectKey, currency: str) -> Refunds:
        """Those of a charge that is not known."""
        found = self._find(key)
        there = found.refunds.get(currency) if isinstance(found, KnownRefunds) else None
        return there or Refunds()

    def learn_refunds(self, key: ObjectKey, currency: str, refunds: Refunds) -> None:
        """The same, as they are now."""
        found = self._find(key)
        others = found.refunds if isinstance(found, KnownRefunds) else {}
        self.learn(key, KnownRefunds(refunds={**others, currency: refunds}))

    def permission_of(self, key: ObjectKey, charge: KnownCharge | None) -> Permission | None:
        """The charge permission behind a charge."""
        if charge is None:
            return None
        return self.permission(ObjectKey(key.account, charge.charge.permission_id))

    def states(self, key: ObjectKey) -> tuple[str, ...]:
        """The states that a refund or an adjustment was in before."""
        found = self._find(key)
        return found.states if isinstance(found, KnownOther) else ()


def refunds_of(known: KnownCharge) -> Refunds:
    """Those of a charge; older versions did not keep what came back with them, only the amount."""
    if known.refunds is not None:
        return known.refunds
    fee = given_back(known.percentage_fee, known.captured, known.refunded)
    return Refunds(amount=known.refunded, fee=fee)


def is_latest(event: Event, old: KnownPermission | KnownCharge | None) -> bool:
    """Whether nothing later is known of the object."""
    if old is None:
        return True
    place = _PLACES.get(old.state, -1)
    return (event.updated, _PLACES[event.state]) >= (old.updated, place)


def brought_up_to(old: KnownCharge, event: Event, charge: Charge) -> KnownCharge:
    """What is known of the charge as it is, with the state of the event."""
    if not is_latest(event, old):
        return old
    capture = old.as_captured if ChargeState.CAPTURED in old.states else None
    return replace(old, charge=charge, updated=event.updated, state=event.state, capture=capture)


def entered(known: KnownCharge, event: Event, charge: Charge) -> KnownCharge:
    """What is known of the charge once it is known to have been in the state of the event too.

    One that was declined when it was authorized, or later, failed at its capture.
    """
    held, decline, begun = _held_since(known), known.decline, []
    if event.state in HELD:
        held = min(held or event.updated, event.updated)
    elif event.state == ChargeState.DECLINED:
        decline = Decline(charge=charge, updated=event.updated, reason=event.reason)
    if event.state in {ChargeState.CAPTURE_INITIATED, ChargeState.CAPTURED}:
        begun.append(event.updated)
    if decline is not None and held is not None and held <= decline.updated:
        begun.append(decline.updated)
        decline = None
    if known.capture_started is not None:
        begun.append(known.capture_started)
    return replace(
        known,
        states=(*known.states, event.state),
        capture_started=min(begun, default=None),
        held=held,
        decline=decline,
    )


def _held_since(known: KnownCharge) -> Instant | None:
    # Older versions kept the states without their times, and took what was imported before for what was before.
    return known.held or (_EVER if HELD.intersection(known.states) else None)


def in_order(events: Iterable[Event], known: Mapping[ObjectKey, Known]) -> list[Event]:
    """The events of a batch such that each finds what it needs before it, whatever order they came in.

    Charge permissions and charges are in the order of their times, so that a charge tells of its permission as it was
    then; but a permission of which nothing was known begins before all of them. Refunds come after every charge, and
    adjustments last, in the order in which they came.
    """
    waiting = list(events)
    firsts: dict[ObjectKey, Event] = {}
    for event in waiting:
        if isinstance(event.body, Permission) and event.key not in known:
            firsts[event.key] = min(firsts.get(event.key, event), event, key=_moment)

    def turn(event: Event) -> tuple[int, Instant, int, int, str]:
        match event.body:
            case Permission():
                is_first = firsts.get(event.key) is event
                return (0 if is_first else 1, event.updated, 0, _PLACES[event.state], "")
            case Charge():
                return (1, event.updated, 1, _PLACES[event.state], "")
            case Refund():
                # Of refunds of one second, the id decides which gets the cent that does not divide.
                return (2, event.updated, 0, _PLACES[event.state], event.key.object_id)
            case Adjustment():
                return (3, _EVER, 0, 0, "")

    return sorted(waiting, key=turn)


def _moment(event: Event) -> tuple[Instant, int]:
    return event.updated, _PLACES[event.state]
