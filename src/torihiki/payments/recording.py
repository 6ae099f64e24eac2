"""From a state of an object to what the reports tell of it, with what the ledger already knows.

A charge or a refund is in each of its states once, so it gives each row once, however often and in whatever order its
states are imported; a charge permission gives a row for every change. What was not imported is not invented: a charge
that is first seen captured has no row of its authorization being open. In the sandbox there is but the settlement
(contract 4.11), and only there are authorizations posted (contract 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from torihiki.kernel.fact import Fact
from torihiki.kernel.money import MINOR_MAX
from torihiki.payments.fees import DEFAULT_RATES, Rates, given_back, percentage_fee, rate
from torihiki.payments.identifiers import is_recurring
from torihiki.payments.model import (
    Adjustment,
    Charge,
    Entry,
    Environment,
    Event,
    EventKey,
    Known,
    KnownCharge,
    KnownOther,
    KnownPermission,
    Merchant,
    ObjectKey,
    Permission,
    Recorded,
    Refund,
    Region,
)
from torihiki.payments.rows import (
    Transaction,
    agreement_row,
    authorization_row,
    capture_row,
    order_reference_row,
    recurring_charge_row,
    refund_row,
    settlement_row,
)
from torihiki.payments.schemas import AdjustmentType, ChargeState, RefundState
from torihiki.payments.statuses import (
    CLOSED,
    authorization_status,
    capture_status,
    permission_status,
    recurring_charge_status,
    refund_status,
)

_ABOUT_A_CAPTURE: Final = frozenset(
    (AdjustmentType.CLAIM, AdjustmentType.CHARGEBACK, AdjustmentType.DISPUTE)
)
"""Which adjustments name their transaction (contract 5.2, column 3)."""


class Recorder:
    """Decides what a batch of events appends to the ledger; the store calls it inside its transaction.

    A refund finds its charge, and a charge its charge permission, if these were imported before it or stand before it
    in the batch. Otherwise its lines leave out what only they know.

    Args:
        rates: What Amazon keeps of a capture.
    """

    def __init__(self, rates: Rates = DEFAULT_RATES) -> None:
        self._rates = rates

    @staticmethod
    def wanted(events: Iterable[Event]) -> set[ObjectKey]:
        """The objects of which `record` must be told what is known, if anything is."""
        keys = set()
        for event in events:
            keys.add(event.key)
            parent = _parent(event)
            if parent is not None:
                keys.add(ObjectKey(event.key.account, parent))
        return keys

    @staticmethod
    def linked(known: Mapping[ObjectKey, Known]) -> set[ObjectKey]:
        """The further objects that those of `wanted` which were found lead to; there are no others behind them."""
        return {
            ObjectKey(key.account, found.charge.permission_id)
            for key, found in known.items()
            if isinstance(found, KnownCharge)
        }

    def record(
        self,
        events: Iterable[Event],
        known: Mapping[ObjectKey, Known],
        merchants: Mapping[str, Merchant],
    ) -> Recorded:
        """What to append.

        Args:
            events: None that the ledger has already; the same twice counts once.
            known: Of the objects that `wanted` and `linked` name.
            merchants: By id; events of others are left out.
        """
        entries: list[Entry] = []
        knowledge = _Knowledge(known)
        seen: set[EventKey] = set()
        for event in events:
            merchant = merchants.get(event.key.account.merchant_id)
            if merchant is None or event.identity in seen:
                continue
            seen.add(event.identity)
            entry = self._entry(event, knowledge, merchant.region)
            if event.key.account.environment is Environment.SANDBOX:
                entry = replace(entry, facts=())
            entries.append(entry)
        return Recorded(entries=entries, known=knowledge.changed)

    def _entry(self, event: Event, knowledge: _Knowledge, region: Region) -> Entry:
        match event.body:
            case Permission() as permission:
                return _permission_entry(event, permission, knowledge)
            case Charge() as charge:
                return self._charge(event, charge, knowledge, region)
            case Refund() as refund:
                return self._refund(event, refund, knowledge, region)
            case Adjustment() as adjustment:
                return _adjustment_entry(event, adjustment, knowledge)

    def _charge(self, event: Event, charge: Charge, knowledge: _Knowledge, region: Region) -> Entry:
        key, state = event.key, event.state
        known = knowledge.charge(key) or KnownCharge(
            charge=charge, updated=event.updated, states=()
        )
        before = known.states
        if event.updated >= known.updated:
            known = replace(known, charge=charge, updated=event.updated)
        if state in before:
            knowledge.learn(key, known)
            return Entry(event=event)
        permission = knowledge.permission(ObjectKey(key.account, charge.permission_id))
        facts = _charge_facts(event, charge, permission, before)
        capture = capture_status(state, event.reason, before)
        if capture is not None:
            started = known.capture_started or event.updated
            known = replace(known, capture_started=min(started, event.updated))
            facts.append(capture_row(event, capture, key.object_id, known, permission))
        transaction = None
        if state == ChargeState.CAPTURED:
            transaction = self._capture(key.object_id, charge, region)
            known = replace(
                known,
                captured=transaction.amount.minor,
                percentage_fee=-transaction.percentage_fee,
            )
        elif state == ChargeState.AUTHORIZED and key.account.environment is Environment.SANDBOX:
            transaction = Transaction(
                kind="Authorization",
                amount=charge.amount,
                transaction_id=key.object_id,
                reference_id=charge.reference_id,
            )
        knowledge.learn(key, replace(known, states=(*before, state)))
        posting = None
        if transaction is not None:
            posting = settlement_row(transaction, event.updated, key.object_id, permission)
        return Entry(event=event, facts=tuple(facts), posting=posting)

    def _capture(self, charge_id: str, charge: Charge, region: Region) -> Transaction:
        amount = charge.captured or charge.amount
        found = rate(self._rates, region, amount.currency)
        return Transaction(
            kind="Capture",
            amount=amount,
            percentage_fee=-percentage_fee(amount.minor, found),
            fixed_fee=-found.fixed,
            transaction_id=charge_id,
            reference_id=charge.reference_id,
        )

    def _refund(self, event: Event, refund: Refund, knowledge: _Knowledge, region: Region) -> Entry:
        key = event.key
        before = knowledge.states(key)
        if event.state in before:
            return Entry(event=event)
        knowledge.learn(key, KnownOther(states=(*before, event.state)))
        charge_key = ObjectKey(key.account, refund.charge_id)
        charge = knowledge.charge(charge_key)
        permission = knowledge.permission_of(charge_key, charge)
        reference_id = refund.reference_id
        if reference_id is None and charge is not None:
            reference_id = charge.charge.reference_id
        status = refund_status(event.state, event.reason)
        facts = [refund_row(event, status, refund, reference_id)]
        if event.state != RefundState.REFUNDED:
            return Entry(event=event, facts=tuple(facts))
        transaction = Transaction(
            kind="Refund",
            amount=-refund.amount,
            percentage_fee=self._given_back(refund, charge, region),
            transaction_id=key.object_id,
            reference_id=reference_id,
        )
        if charge is not None and _same_currency(charge, refund):
            # No capture is larger, so what lies beyond changes nothing; and storage has no larger integers.
            refunded = min(charge.refunded + refund.amount.minor, MINOR_MAX)
            if charge.refunded < charge.captured <= refunded:
                facts.append(
                    capture_row(event, (CLOSED, None), refund.charge_id, charge, permission)
                )
            knowledge.learn(charge_key, replace(charge, refunded=refunded))
        posting = settlement_row(transaction, event.updated, refund.charge_id, permission)
        return Entry(event=event, facts=tuple(facts), posting=posting)

    def _given_back(self, refund: Refund, charge: KnownCharge | None, region: Region) -> int:
        """The percentage fee that comes back; of a capture that the ledger does not have, by the present rate."""
        if charge is None or not charge.captured or not _same_currency(charge, refund):
            found = rate(self._rates, region, refund.amount.currency)
            return percentage_fee(refund.amount.minor, found)
        return given_back(
            charge.percentage_fee, charge.captured, charge.refunded, refund.amount.minor
        )


class _Knowledge:
    """What is known of the objects, as it changes from event to event."""

    def __init__(self, known: Mapping[ObjectKey, Known]) -> None:
        self._known = known
        self.changed: dict[ObjectKey, Known] = {}

    def learn(self, key: ObjectKey, known: Known) -> None:
        self.changed[key] = known

    def _find(self, key: ObjectKey) -> Known | None:
        return self.changed.get(key) or self._known.get(key)

    def latest(self, key: ObjectKey) -> KnownPermission | None:
        found = self._find(key)
        return found if isinstance(found, KnownPermission) else None

    def permission(self, key: ObjectKey) -> Permission | None:
        found = self.latest(key)
        return None if found is None else found.permission

    def charge(self, key: ObjectKey) -> KnownCharge | None:
        found = self._find(key)
        return found if isinstance(found, KnownCharge) else None

    def permission_of(self, key: ObjectKey, charge: KnownCharge | None) -> Permission | None:
        if charge is None:
            return None
        return self.permission(ObjectKey(key.account, charge.charge.permission_id))

    def states(self, key: ObjectKey) -> tuple[str, ...]:
        """The states that a refund or an adjustment was in before."""
        found = self._find(key)
        return found.states if isinstance(found, KnownOther) else ()


def _parent(event: Event) -> str | None:
    """The object that this one belongs to."""
    match event.body:
        case Permission():
            return None
        case Charge(permission_id=permission_id):
            return permission_id
        case Refund(charge_id=charge_id) | Adjustment(charge_id=charge_id):
            return charge_id


def _same_currency(charge: KnownCharge, refund: Refund) -> bool:
    return charge.charge.amount.currency == refund.amount.currency


def _is_news(event: Event, old: KnownPermission | None) -> bool:
    """Whether the state changed; one that is older than the latest always tells something."""
    if old is None or event.updated < old.updated:
        return True
    return (event.state, event.reason) != (old.state, old.reason)


def _permission_entry(event: Event, permission: Permission, knowledge: _Knowledge) -> Entry:
    old = knowledge.latest(event.key)
    if old is None or event.updated >= old.updated:
        latest = KnownPermission(
            permission=permission, state=event.state, reason=event.reason, updated=event.updated
        )
        knowledge.learn(event.key, latest)
    if not _is_news(event, old):
        return Entry(event=event)
    status = permission_status(event.state, event.reason)
    row = agreement_row if permission.recurring else order_reference_row
    return Entry(event=event, facts=(row(event, status, permission),))


def _charge_facts(
    event: Event, charge: Charge, permission: Permission | None, before: Sequence[str]
) -> list[Fact]:
    """The authorization's row, and the order reference's where a charge of a billing agreement is one."""
    facts = []
    recurring = is_recurring(charge.permission_id) if permission is None else permission.recurring
    status = recurring_charge_status(event.state, event.reason, before) if recurring else None
    if status is not None:
        facts.append(recurring_charge_row(event, status, charge, permission))
    status = authorization_status(event.state, event.reason, before)
    if status is not None:
        facts.append(authorization_row(event, status, charge))
    return facts


def _adjustment_entry(event: Event, adjustment: Adjustment, knowledge: _Knowledge) -> Entry:
    key = event.key
    if event.state in knowledge.states(key):
        return Entry(event=event)
    knowledge.learn(key, KnownOther(states=(event.state,)))
    charge, permission = None, None
    if adjustment.charge_id is not None:
        charge_key = ObjectKey(key.account, adjustment.charge_id)
        charge = knowledge.charge(charge_key)
        permission = knowledge.permission_of(charge_key, charge)
    named = adjustment.transaction_type in _ABOUT_A_CAPTURE
    transaction = Transaction(
        kind=adjustment.transaction_type,
        amount=adjustment.amount,
        percentage_fee=adjustment.percentage_fee.minor,
        fixed_fee=adjustment.fixed_fee.minor,
        transaction_id=adjustment.charge_id if named else None,
        reference_id=charge.charge.reference_id if named and charge else None,
        description=adjustment.description,
    )
    posting = settlement_row(transaction, event.updated, adjustment.charge_id, permission)
    return Entry(event=event, posting=posting)
