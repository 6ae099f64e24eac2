"""A line of an import of payments, turned into an event of the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from torihiki.kernel import money
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.money import Money, NotMoney
from torihiki.payments.identifiers import is_recurring
from torihiki.payments.model import (
    Account,
    Address,
    Adjustment,
    Charge,
    Environment,
    Event,
    ObjectKey,
    Permission,
    Refund,
)
from torihiki.payments.schemas import (
    Adjustment as WireAdjustment,
)
from torihiki.payments.schemas import (
    Amount,
    Buyer,
    ChargePermission,
    ChargeState,
    ImportedState,
    Limits,
    MerchantMetadata,
    PermissionType,
    PostalAddress,
    ReleaseEnvironment,
)
from torihiki.payments.schemas import (
    Charge as WireCharge,
)
from torihiki.payments.schemas import (
    Refund as WireRefund,
)

POSTED: Final = "Posted"
"""The one state of an adjustment."""

_ADJUSTMENT: Final = "adjustment "
"""Before the id of an adjustment where the ledger keeps it. The importer chooses these ids, and one that is that of a charge
(the one that was charged back, say) must not take the charge's place. No id has a blank."""

_EARLIEST: Final = Instant.from_utc(2000, 1, 1)
_LATEST: Final = Instant.from_utc(2200, 1, 1)
"""Times outside are slips of somebody's units, and would leave no room for a local time."""

_REASON_MAX: Final = 300
_TYPED: Final = msgspec.json.Decoder(ImportedState)
_NO_METADATA: Final = MerchantMetadata()
_NO_BUYER: Final = Buyer()
_NO_LIMITS: Final = Limits()


class BadLine(ValueError):
    """A line that cannot be imported; the text says why and holds no personal data."""


def parse_line(line: bytes) -> Event:
    """The event of one line of an import.

    Raises:
        BadLine: It is no JSON, breaks the wire types, or contradicts itself.
    """
    try:
        typed = _TYPED.decode(line)
    except UnicodeDecodeError as error:
        raise BadLine("the line is not UTF-8") from error
    except msgspec.DecodeError as error:
        raise BadLine(_reason(error)) from error
    except RecursionError as error:
        raise BadLine("the JSON is nested too deeply") from error
    given = [
        one
        for one in (typed.charge_permission, typed.charge, typed.refund, typed.adjustment)
        if one is not None
    ]
    if len(given) != 1:
        raise BadLine("a line has one of `chargePermission`, `charge`, `refund` and `adjustment`")
    account = Account(merchant_id=typed.merchant_id, environment=typed.environment)
    match given[0]:
        case ChargePermission() as permission:
            return _permission(account, permission)
        case WireCharge() as charge:
            return _charge(account, charge)
        case WireRefund() as refund:
            return _refund(account, refund)
        case WireAdjustment() as adjustment:
            return _adjustment(account, adjustment)


def _reason(error: msgspec.DecodeError) -> str:
    """What is wrong with a line, without the value that msgspec repeats of an enumeration."""
    text = str(error)
    if text.startswith("Invalid enum value"):
        text = "the value is not one of the enumeration" + text[text.rfind(" - at `") :]
    return text[:_REASON_MAX]


def _time(text: str, member: str) -> Instant:
    try:
        parsed = Instant.parse_iso(text)
    except ValueError as error:
        raise BadLine(f"`{member}` is not an ISO 8601 time") from error
    if not _EARLIEST <= parsed < _LATEST:
        raise BadLine(f"`{member}` is not between the years 2000 and 2200")
    return from_micros(micros(parsed))


def _time_if_any(text: str | None, member: str) -> Instant | None:
    return None if text is None else _time(text, member)


def _money(amount: Amount, member: str) -> Money:
    value = amount.amount
    try:
        # The shortest text of a float is the one that was read.
        plain = Decimal(repr(value)) if isinstance(value, float) else value
        return money.parse(plain, amount.currency_code)
    except NotMoney as error:
        raise BadLine(f"`{member}`: {error}") from error


def _positive(amount: Amount, member: str) -> Money:
    parsed = _money(amount, member)
    if parsed.minor < 0:
        raise BadLine(f"`{member}` is negative")
    return parsed


def _positive_if_any(amount: Amount | None, member: str) -> Money | None:
    return None if amount is None else _positive(amount, member)


def _check_world(account: Account, said: ReleaseEnvironment | None) -> None:
    if said is not None and Environment(said.lower()) is not account.environment:
        raise BadLine("`releaseEnvironment` is not the line's `environment`")


def _address(found: PostalAddress | None) -> Address:
    if found is None:
        return ()
    return (
        found.address_line1,
        found.address_line2,
        found.address_line3,
        found.city,
        found.district or found.county,
        found.state_or_region,
        found.postal_code,
        found.country_code,
    )


def _permission(account: Account, found: ChargePermission) -> Event:
    _check_world(account, found.release_environment)
    status = found.status_details
    kind = found.charge_permission_type
    metadata = found.merchant_metadata or _NO_METADATA
    buyer = found.buyer or _NO_BUYER
    limits = found.limits or _NO_LIMITS
    limit = _positive_if_any(limits.amount_limit, "amountLimit")
    balance = _positive_if_any(limits.amount_balance, "amountBalance")
    if limit is not None and balance is not None and limit.currency != balance.currency:
        raise BadLine("`amountBalance` is in another currency")
    return Event(
        key=ObjectKey(account, found.charge_permission_id),
        state=status.state.value,
        updated=_time(status.last_updated_timestamp, "lastUpdatedTimestamp"),
        reason=next((one.reason_code for one in status.reasons or () if one.reason_code), None),
        body=Permission(
            recurring=is_recurring(found.charge_permission_id)
            if kind is None
            else kind is not PermissionType.ONE_TIME,
            created=_time(found.creation_timestamp, "creationTimestamp"),
            order_id=metadata.merchant_reference_id,
            store_name=metadata.merchant_store_name,
            note=metadata.note_to_buyer,
            buyer_name=buyer.name,
            buyer_email=buyer.email,
            shipping=_address(found.shipping_address),
            billing=_address(found.billing_address),
            limit=limit,
            balance=balance,
            expires=_time_if_any(found.expiration_timestamp, "expirationTimestamp"),
        ),
    )


def _charge(account: Account, found: WireCharge) -> Event:
    _check_world(account, found.release_environment)
    status = found.status_details
    metadata = found.merchant_metadata or _NO_METADATA
    amount = _positive(found.charge_amount, "chargeAmount")
    captured = _positive_if_any(found.capture_amount, "captureAmount")
    if captured is not None and captured.currency != amount.currency:
        raise BadLine("`captureAmount` is in another currency")
    is_captured = status.state is ChargeState.CAPTURED
    return Event(
        key=ObjectKey(account, found.charge_id),
        state=status.state.value,
        updated=_time(status.last_updated_timestamp, "lastUpdatedTimestamp"),
        reason=status.reason_code or None,
        body=Charge(
            permission_id=found.charge_permission_id,
            amount=amount,
            # Of a charge that is not captured yet, some answers say zero and others null.
            captured=captured if is_captured or (captured and captured.minor) else None,
            reference_id=metadata.merchant_reference_id,
            note=metadata.note_to_buyer,
            created=_time(found.creation_timestamp, "creationTimestamp"),
            expires=_time_if_any(found.expiration_timestamp, "expirationTimestamp"),
        ),
    )


def _refund(account: Account, found: WireRefund) -> Event:
    _check_world(account, found.release_environment)
    status = found.status_details
    metadata = found.merchant_metadata or _NO_METADATA
    return Event(
        key=ObjectKey(account, found.refund_id),
        state=status.state.value,
        updated=_time(status.last_updated_timestamp, "lastUpdatedTimestamp"),
        reason=status.reason_code or None,
        body=Refund(
            charge_id=found.charge_id,
            amount=_positive(found.refund_amount, "refundAmount"),
            created=_time(found.creation_timestamp, "creationTimestamp"),
            reference_id=metadata.merchant_reference_id,
        ),
    )


def _adjustment(account: Account, found: WireAdjustment) -> Event:
    amount = _money(found.adjustment_amount, "adjustmentAmount")
    nothing = Money(0, amount.currency)
    fees = {
        member: nothing if fee is None else _money(fee, member)
        for member, fee in (("percentageFee", found.percentage_fee), ("fixedFee", found.fixed_fee))
    }
    for member, fee in fees.items():
        if fee.currency != amount.currency:
            raise BadLine(f"`{member}` is in another currency")
    return Event(
        key=ObjectKey(account, _ADJUSTMENT + found.adjustment_id),
        state=POSTED,
        updated=_time(found.posted_timestamp, "postedTimestamp"),
        body=Adjustment(
            transaction_type=found.transaction_type.value,
            amount=amount,
            percentage_fee=fees["percentageFee"],
            fixed_fee=fees["fixedFee"],
            charge_id=found.charge_id,
            description=found.description,
        ),
    )
