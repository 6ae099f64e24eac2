"""From a state of an object to what the reports tell of it, with what the ledger already knows.

A charge or a refund is in each of its states once, so it gives each row once, however often and in whatever order its
states are imported; a charge permission comes back to its states, so it gives a row for each time. A row says what the
state said that it is of, not what is the latest. The order of a batch means nothing; of several batches, a row that one
wrote stays, and a later one adds those that it shows to be missing. What was not imported is not invented: a charge that is
first seen captured has no row of its authorization being open. In the sandbox there is but the settlement (contract 4.11),
and only there are authorizations posted (contract 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from torihiki.kernel.fact import Fact
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import MINOR_MAX, Money
from torihiki.payments.fees import (
    DEFAULT_RATES,
    Rates,
    fixed_fee,
    given_back,
    percentage_fee,
    rate,
)
from torihiki.payments.identifiers import is_recurring
from torihiki.payments.knowledge import (
    Knowledge,
    brought_up_to,
    entered,
    in_order,
    is_latest,
    refunds_of,
)
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
    Refunds,
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
    BEGINNINGS,
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

_WITHOUT_CAPTURE: Final = frozenset((ChargeState.DECLINED, ChargeState.CANCELED))
"""States in which a charge that was not captured never will be."""


class _Contradiction(ValueError):
    """An event cannot be true beside what is known; the text says why and repeats no value."""


def told_apart(event: Event) -> Event:
    """The event as a ledger is to have it: the state of an adjustment also tells what it moves.

    So another one with the same id and time is another event, and comes to be compared. The description does not count,
    since it may speak of people and states are kept in clear.
    """
    body = event.body
    if not isinstance(body, Adjustment):
        return event
    sums = (body.amount, body.percentage_fee, body.fixed_fee)
    words = [body.transaction_type, body.charge_id or "", *(str(one.minor) for one in sums)]
    told = "\n".join([*words, body.amount.currency])
    return replace(event, state=f"{event.state} {sha256(told.encode()).hexdigest()[:16]}")


class Recorder:
    """Decides what a batch of events appends to the ledger; the store calls it inside its transaction.

    A refund finds its charge, and a charge its charge permission, if these were imported before it or stand in the same
    batch. Otherwise its lines leave out what only they know, and a refund gives back what a capture as large would have
    cost. What all refunds of a capture give back is never more than was taken of it, unless batches before it gave more;
    those that come then give nothing.

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
            events: None that the ledger has already, in any order; the same twice counts once.
            known: Of the objects that `wanted` and `linked` name.
            merchants: By id; events of others are left out.
        """
        entries: list[Entry] = []
        refused: dict[EventKey, str] = {}
        knowledge = Knowledge(known)
        seen: set[EventKey] = set()
        for event in in_order(events, known):
            merchant = merchants.get(event.key.account.merchant_id)
            if merchant is None or event.identity in seen:
                continue
            seen.add(event.identity)
            try:
                entry = self._entry(event, knowledge, merchant.region)
            except _Contradiction as contradiction:
                refused[event.identity] = str(contradiction)
                continue
            if entry is None:
                continue
            if event.key.account.environment is Environment.SANDBOX:
                entry = replace(entry, facts=())
            entries.append(entry)
        return Recorded(entries=entries, known=knowledge.changed, refused=refused)

    def _entry(self, event: Event, knowledge: Knowledge, region: Region) -> Entry | None:
        match event.body:
            case Permission() as permission:
                return _permission_entry(event, permission, knowledge)
            case Charge() as charge:
                return self._charge(event, charge, knowledge, region)
            case Refund() as refund:
                return self._refund(event, refund, knowledge, region)
            case Adjustment() as adjustment:
                return _adjustment_entry(event, adjustment, knowledge)

    def _charge(self, event: Event, charge: Charge, knowledge: Knowledge, region: Region) -> Entry:
        key, state = event.key, event.state
        old = knowledge.charge(key) or KnownCharge(
            charge=charge,
            updated=event.updated,
            states=(),
            refunds=knowledge.refunds(key, charge.amount.currency),
        )
        if charge.amount.currency != old.as_captured.amount.currency:
            raise _Contradiction("`chargeAmount` is in another currency than the charge was before")
        known = brought_up_to(old, event, charge)
        if state in old.states:
            knowledge.learn(key, known)
            return Entry(event=event)
        known = entered(known, event, charge)
        permission = knowledge.permission(ObjectKey(key.account, charge.permission_id))
        facts = _charge_facts(event, charge, old, known, permission)
        transaction = None
        if state == ChargeState.CAPTURED:
            transaction = self._capture(key.object_id, charge, region)
            known = replace(
                known,
                captured=transaction.amount.minor,
                percentage_fee=-transaction.percentage_fee,
                capture=None if known.charge is charge else charge,
            )
            facts += _closed(key.object_id, old, known, permission)
        elif state == ChargeState.AUTHORIZED and key.account.environment is Environment.SANDBOX:
            transaction = Transaction(
                kind="Authorization",
                amount=charge.amount,
                transaction_id=key.object_id,
                reference_id=charge.reference_id,
            )
        knowledge.learn(key, known)
        posting = None
        if transaction is not None:
            posting = settlement_row(transaction, event.updated, key.object_id, permission)
        return Entry(event=event, facts=tuple(facts), posting=posting)

    def _capture(self, charge_id: str, charge: Charge, region: Region) -> Transaction:
        amount = charge.capture_amount
        found = rate(self._rates, region, amount.currency)
        return Transaction(
            kind="Capture",
            amount=amount,
            percentage_fee=-percentage_fee(amount.minor, found),
            fixed_fee=-fixed_fee(amount.minor, found),
            transaction_id=charge_id,
            reference_id=charge.reference_id,
        )

    def _refund(self, event: Event, refund: Refund, knowledge: Knowledge, region: Region) -> Entry:
        key = event.key
        charge_key = ObjectKey(key.account, refund.charge_id)
        charge = knowledge.charge(charge_key)
        currency = refund.amount.currency
        if charge is not None and charge.as_captured.amount.currency != currency:
            raise _Contradiction("`refundAmount` is in another currency than the charge")
        before = knowledge.states(key)
        if event.state in before:
            return Entry(event=event)
        knowledge.learn(key, KnownOther(states=(*before, event.state)))
        permission = knowledge.permission_of(charge_key, charge)
        reference_id = refund.reference_id
        if reference_id is None and charge is not None:
            reference_id = charge.charge.reference_id
        status = refund_status(event.state, event.reason)
        facts = [refund_row(event, status, refund, reference_id)]
        if event.state != RefundState.REFUNDED:
            return Entry(event=event, facts=tuple(facts))
        so_far = knowledge.refunds(charge_key, currency) if charge is None else refunds_of(charge)
        refunds = self._refunded(so_far, event.updated, refund.amount, charge, region)
        transaction = Transaction(
            kind="Refund",
            amount=-refund.amount,
            percentage_fee=refunds.fee - so_far.fee,
            transaction_id=key.object_id,
            reference_id=reference_id,
        )
        if charge is None:
            knowledge.learn_refunds(charge_key, currency, refunds)
        else:
            now = replace(charge, refunds=refunds)
            knowledge.learn(charge_key, now)
            facts += _closed(refund.charge_id, charge, now, permission)
        posting = settlement_row(transaction, event.updated, refund.charge_id, permission)
        return Entry(event=event, facts=tuple(facts), posting=posting)

    def _refunded(
        self, so_far: Refunds, at: Instant, more: Money, charge: KnownCharge | None, region: Region
    ) -> Refunds:
        """What is refunded with one more refund; the percentage fee comes back but once."""
        # No capture is larger, so what lies beyond changes nothing; and storage has no larger integers.
        amount = min(so_far.amount + more.minor, MINOR_MAX)
        if charge is not None and ChargeState.CAPTURED in charge.states:
            fee = given_back(charge.percentage_fee, charge.captured, amount)
        elif charge is not None and _WITHOUT_CAPTURE.intersection(charge.states):
            fee = 0
        else:
            # Of a capture that the ledger does not have, by the present rate.
            whole = amount if charge is None else charge.charge.capture_amount.minor
            found = rate(self._rates, region, more.currency)
            fee = percentage_fee(min(amount, whole), found)
        return Refunds(amount=amount, fee=max(so_far.fee, fee), latest=max(so_far.latest or at, at))


def _parent(event: Event) -> str | None:
    """The object that this one belongs to."""
    match event.body:
        case Permission():
            return None
        case Charge(permission_id=permission_id):
            return permission_id
        case Refund(charge_id=charge_id) | Adjustment(charge_id=charge_id):
            return charge_id


def _closed(
    charge_id: str, old: KnownCharge, now: KnownCharge, permission: Permission | None
) -> list[Fact]:
    """The row of a capture that has just become known as refunded as a whole."""
    refunds = refunds_of(now)
    if not 0 < now.captured <= refunds.amount or 0 < old.captured <= refunds_of(old).amount:
        return []
    # Older versions may have lost what the charge was like when it was captured, but for the amount.
    charge = now.as_captured
    charge = replace(charge, captured=Money(now.captured, charge.amount.currency))
    at = refunds.latest or now.updated
    started = now.capture_started or at
    return [capture_row(charge_id, charge, (CLOSED, None), at, started, permission)]


def _permission_entry(event: Event, permission: Permission, knowledge: Knowledge) -> Entry:
    if is_latest(event, knowledge.latest(event.key)):
        latest = KnownPermission(
            permission=permission, state=event.state, reason=event.reason, updated=event.updated
        )
        knowledge.learn(event.key, latest)
    status = permission_status(event.state, event.reason)
    row = agreement_row if permission.recurring else order_reference_row
    return Entry(event=event, facts=(row(event, status, permission),))


def _charge_facts(
    event: Event, charge: Charge, old: KnownCharge, now: KnownCharge, permission: Permission | None
) -> list[Fact]:
    """The rows of a state that the charge was not known to have been in."""
    facts = []
    recurring = is_recurring(charge.permission_id) if permission is None else permission.recurring
    begins = event.state in BEGINNINGS
    if recurring and not (begins and BEGINNINGS.intersection(old.states)):
        status = recurring_charge_status(event.state, event.reason)
        # Whichever of its beginnings is known first, the order reference is as old as the charge.
        moved = replace(event, updated=charge.created) if begins else event
        facts.append(recurring_charge_row(moved, status, charge, permission))
    facts += _course_facts(event, charge, now, permission)
    if old.decline is not None and now.decline is None:
        # What was told of it as an authorization that failed stays.
        late = old.decline
        again = replace(event, state=ChargeState.DECLINED, updated=late.updated, reason=late.reason)
        facts += _course_facts(again, late.charge, now, permission)
    return facts


def _course_facts(
    event: Event, charge: Charge, now: KnownCharge, permission: Permission | None
) -> list[Fact]:
    """The rows of the authorization and of the capture."""
    facts = []
    held = now.decline is None
    status = authorization_status(event.state, event.reason, held=held)
    if status is not None:
        facts.append(authorization_row(event, status, charge))
    status = capture_status(event.state, event.reason, held=held)
    if status is not None:
        at, started = event.updated, now.capture_started or event.updated
        facts.append(capture_row(event.key.object_id, charge, status, at, started, permission))
    return facts


def _adjustment_entry(event: Event, adjustment: Adjustment, knowledge: Knowledge) -> Entry | None:
    key = event.key
    before = knowledge.states(key)
    if before and event.state.startswith(f"{before[0]} "):
        # Older versions kept no more than that it was posted, so it may be the same.
        return None
    if before:
        raise _Contradiction("`adjustmentId` is that of another adjustment already")
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
