"""What the ledger knows of the objects, and how a further state changes it.

The same states in another order come to the same: of two the later one counts, however late it was imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from torihiki.payments.fees import given_back
from torihiki.payments.model import (
    Charge,
    Event,
    Known,
    KnownCharge,
    KnownOther,
    KnownPermission,
    KnownRefunds,
    ObjectKey,
    Permission,
    Refunds,
)
from torihiki.payments.schemas import ChargeState, PermissionState

_PLACES: Final = {
    state.value: place
    for states in (PermissionState, ChargeState)
    for place, state in enumerate(states)
}
"""Which of two states of an object comes later that have the same time."""


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
