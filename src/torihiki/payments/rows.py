"""The lines of the reports as facts: which value each object gives under which name (contract 5.2 to 5.6, 6.5)."""

from __future__ import annotations

from typing import Final

import msgspec

from torihiki.kernel.fact import Fact, ReportType, Value
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.payments.identifiers import authorization_id, order_reference_id
from torihiki.payments.model import Address, Charge, Event, Permission, Posting, Refund
from torihiki.payments.statuses import Status

ADDRESS_PARTS: Final = (
    "line1", "line2", "line3", "city", "district", "state_or_region", "postal_code", "country_code",
)  # fmt: skip

SELLER_INITIATED: Final = "SellerInitiated"
"""The type of every refund that the merchant asked for (contract 5.4)."""

_Values = dict[str, Value]


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """What a posting is made from; money to the merchant is positive, so a fee is negative minor units."""

    kind: str
    amount: Money
    percentage_fee: int = 0
    fixed_fee: int = 0
    transaction_id: str | None = None
    reference_id: str | None = None
    description: str | None = None


def _row(
    report: ReportType, at: Instant, status: Status, created: Instant, values: _Values
) -> Fact:
    """A line that tells of a change at that time; only what has a value is kept."""
    course: _Values = {
        "state": status[0],
        "reason_code": status[1],
        "updated": at,
        "created": created,
    }
    return Fact(report=report, at=at, values=_filled(values | course))


def _filled(values: _Values) -> _Values:
    return {name: value for name, value in values.items() if value is not None}


def _address(kind: str, address: Address) -> _Values:
    # An address has all its parts or none.
    parts = zip(ADDRESS_PARTS, address, strict=False)
    return {f"{kind}_address_{part}": value for part, value in parts}


def _buyer(permission: Permission) -> _Values:
    return {"buyer_name": permission.buyer_name, "buyer_email": permission.buyer_email}


def _order(permission: Permission | None) -> _Values:
    if permission is None:
        return {}
    return {"order_id": permission.order_id, "store_name": permission.store_name}


def _order_reference(
    reference: str, amount: Money | None, permission: Permission | None
) -> _Values:
    values: _Values = {"order_reference_id": reference, **_order(permission)}
    if amount is not None:
        values |= {"order_amount": amount, "currency": amount.currency}
    if permission is not None:
        values |= _buyer(permission) | _address("shipping", permission.shipping)
    return values


def order_reference_row(event: Event, status: Status, permission: Permission) -> Fact:
    """The row of a one-time charge permission."""
    values = _order_reference(event.key.object_id, permission.limit, permission)
    values |= {"note": permission.note, "expires": permission.expires}
    return _row(ReportType.ORDER_REFERENCE, event.updated, status, permission.created, values)


def recurring_charge_row(
    event: Event, status: Status, charge: Charge, permission: Permission | None
) -> Fact:
    """The row of a charge of a billing agreement, which is an order reference of its own."""
    reference = order_reference_id(event.key.object_id)
    values = _order_reference(reference, charge.amount, permission)
    values |= {"note": charge.note, "expires": charge.expires}
    return _row(ReportType.ORDER_REFERENCE, event.updated, status, charge.created, values)


def agreement_row(event: Event, status: Status, permission: Permission) -> Fact:
    """The row of a recurring charge permission."""
    amount = permission.limit or permission.balance
    values: _Values = {
        "billing_agreement_id": event.key.object_id,
        "reference_id": permission.order_id,
        "store_name": permission.store_name,
        "note": permission.note,
        "amount_limit": permission.limit,
        "balance": permission.balance,
        "currency": None if amount is None else amount.currency,
        **_buyer(permission),
    }
    return _row(ReportType.BILLING_AGREEMENT, event.updated, status, permission.created, values)


def authorization_row(event: Event, status: Status, charge: Charge) -> Fact:
    """The row of a charge's authorization."""
    charge_id = event.key.object_id
    values: _Values = {
        "authorization_id": authorization_id(charge_id),
        "reference_id": charge.reference_id,
        "order_reference_id": order_reference_id(charge_id),
        "authorization_amount": charge.amount,
        "currency": charge.amount.currency,
        "note": charge.note,
        "expires": charge.expires,
    }
    return _row(ReportType.AUTHORIZATION, event.updated, status, charge.created, values)


def capture_row(
    charge_id: str,
    charge: Charge,
    status: Status,
    at: Instant,
    started: Instant,
    permission: Permission | None,
) -> Fact:
    """The row of a charge's capture.

    Args:
        charge_id: Which.
        charge: As the state told it that the row is of.
        status: What became of it.
        at: When; for one that is closed when it was refunded.
        started: When the capture began.
        permission: What is known of the charge permission.
    """
    values: _Values = {
        "charge_id": charge_id,
        "reference_id": charge.reference_id,
        "authorization_id": authorization_id(charge_id),
        "order_reference_id": order_reference_id(charge_id),
        "capture_amount": charge.capture_amount,
        "currency": charge.amount.currency,
        "note": charge.note,
    }
    if permission is not None:
        values |= _buyer(permission) | _address("billing", permission.billing)
    return _row(ReportType.CAPTURE, at, status, started, values)


def refund_row(event: Event, status: Status, refund: Refund, reference_id: str | None) -> Fact:
    """The row of a refund."""
    values: _Values = {
        "refund_id": event.key.object_id,
        "reference_id": reference_id,
        "charge_id": refund.charge_id,
        "order_reference_id": order_reference_id(refund.charge_id),
        "refund_amount": refund.amount,
        "currency": refund.amount.currency,
        "refund_type": SELLER_INITIATED,
    }
    return _row(ReportType.REFUND, event.updated, status, refund.created, values)


def settlement_row(
    transaction: Transaction,
    at: Instant,
    charge_id: str | None = None,
    permission: Permission | None = None,
) -> Posting:
    """The settlement line of a transaction that was posted then, with what it brings the merchant.

    It names the order of the charge that it belongs to, and what is known of the charge permission behind that.
    """
    amount, currency = transaction.amount, transaction.amount.currency
    fees = transaction.percentage_fee + transaction.fixed_fee
    net = Money(amount.minor + fees, currency)
    values: _Values = {
        "posted": at,
        "transaction_id": transaction.transaction_id,
        "reference_id": transaction.reference_id,
        "transaction_type": transaction.kind,
        "order_reference_id": None if charge_id is None else order_reference_id(charge_id),
        "currency": currency,
        "description": transaction.description,
        "transaction_amount": amount,
        "percentage_fee": Money(transaction.percentage_fee, currency),
        "fixed_fee": Money(transaction.fixed_fee, currency),
        "total_fee": Money(fees, currency),
        "net_amount": net,
        **_order(permission),
    }
    return Posting(net=net, fact=Fact(report=ReportType.SETTLEMENT, at=at, values=_filled(values)))
