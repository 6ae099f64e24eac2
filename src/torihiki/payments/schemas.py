"""The wire types of an import of payments: the objects of Amazon Pay as its API answers them (contract 6.3).

Members may be null or left out, and members that are not known are passed over. Amazon bounds little; the bounds here
only keep one member from carrying megabytes.
"""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct

from torihiki.payments.model import Environment

Text = Annotated[str, Meta(max_length=2_000)]
Time = Annotated[str, Meta(max_length=40)]
# Printable ASCII: rows are found by these. `\Z` because `$` lets a trailing newline through.
Identifier = Annotated[str, Meta(pattern=r"^[!-~]{1,100}\Z")]
PermissionId = Annotated[str, Meta(pattern=r"^[A-Z][0-9]{2}-[0-9]{7}-[0-9]{7}\Z")]
ChargeId = Annotated[str, Meta(pattern=r"^[A-Z][0-9]{2}-[0-9]{7}-[0-9]{7}-C[0-9]{1,12}\Z")]
RefundId = Annotated[str, Meta(pattern=r"^[A-Z][0-9]{2}-[0-9]{7}-[0-9]{7}-R[0-9]{1,12}\Z")]
_Whole = Annotated[int, Meta(ge=-(10**15), le=10**15)]
_Number = Annotated[float, Meta(ge=-(10**15), le=10**15)]


class PermissionState(enum.StrEnum):
    """States of a charge permission (contract 6.4)."""

    CHARGEABLE = "Chargeable"
    NON_CHARGEABLE = "NonChargeable"
    CLOSED = "Closed"


class ChargeState(enum.StrEnum):
    """States of a charge (contract 6.4)."""

    AUTHORIZATION_INITIATED = "AuthorizationInitiated"
    AUTHORIZED = "Authorized"
    CAPTURE_INITIATED = "CaptureInitiated"
    CAPTURED = "Captured"
    DECLINED = "Declined"
    CANCELED = "Canceled"


class RefundState(enum.StrEnum):
    """States of a refund (contract 6.4)."""

    REFUND_INITIATED = "RefundInitiated"
    REFUNDED = "Refunded"
    DECLINED = "Declined"


class AdjustmentType(enum.StrEnum):
    """What else is posted than captures and refunds (contract 5.3)."""

    CLAIM = "A-to-z Guarantee Claim"
    CHARGEBACK = "Chargeback"
    DISPUTE = "Dispute"
    ADJUSTMENT = "Adjustment"
    DEBT = "Debt"


class ReleaseEnvironment(enum.StrEnum):
    """How the objects name their world."""

    LIVE = "Live"
    SANDBOX = "Sandbox"


class PermissionType(enum.StrEnum):
    """What a charge permission is for."""

    ONE_TIME = "OneTime"
    RECURRING = "Recurring"
    PAYMENT_METHOD_ON_FILE = "PaymentMethodOnFile"


class Amount(Struct, frozen=True, kw_only=True, rename="camel"):
    """An amount in the major unit of a currency (ISO 4217 code)."""

    amount: Time | _Whole | _Number
    currency_code: Annotated[str, Meta(max_length=3)]


class PostalAddress(Struct, frozen=True, kw_only=True, rename="camel"):
    """A postal address of the buyer."""

    name: Text | None = None
    address_line1: Text | None = None
    address_line2: Text | None = None
    address_line3: Text | None = None
    city: Text | None = None
    county: Text | None = None
    district: Text | None = None
    state_or_region: Text | None = None
    postal_code: Text | None = None
    country_code: Text | None = None
    phone_number: Text | None = None


class Buyer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who pays."""

    name: Text | None = None
    email: Text | None = None


class MerchantMetadata(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the merchant noted on the object."""

    merchant_reference_id: Text | None = None
    merchant_store_name: Text | None = None
    note_to_buyer: Text | None = None


class Reason(Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a charge permission is in its state."""

    reason_code: Text | None = None


class PermissionStatus(Struct, frozen=True, kw_only=True, rename="camel"):
    """The state of a charge permission, with a list of reasons where the others have one."""

    state: PermissionState
    last_updated_timestamp: Time
    reasons: Annotated[tuple[Reason, ...], Meta(max_length=100)] | None = None


class ChargeStatus(Struct, frozen=True, kw_only=True, rename="camel"):
    """The state of a charge."""

    state: ChargeState
    last_updated_timestamp: Time
    reason_code: Text | None = None


class RefundStatus(Struct, frozen=True, kw_only=True, rename="camel"):
    """The state of a refund."""

    state: RefundState
    last_updated_timestamp: Time
    reason_code: Text | None = None


class Limits(Struct, frozen=True, kw_only=True, rename="camel"):
    """How much a charge permission is good for, and what is left of it."""

    amount_limit: Amount | None = None
    amount_balance: Amount | None = None


class ChargePermission(Struct, frozen=True, kw_only=True, rename="camel"):
    """A charge permission; without a type its id's first letter tells it (contract 6.1)."""

    charge_permission_id: PermissionId
    status_details: PermissionStatus
    creation_timestamp: Time
    charge_permission_type: PermissionType | None = None
    expiration_timestamp: Time | None = None
    buyer: Buyer | None = None
    shipping_address: PostalAddress | None = None
    billing_address: PostalAddress | None = None
    merchant_metadata: MerchantMetadata | None = None
    limits: Limits | None = None
    release_environment: ReleaseEnvironment | None = None


class Charge(Struct, frozen=True, kw_only=True, rename="camel"):
    """A charge."""

    charge_id: ChargeId
    charge_permission_id: PermissionId
    charge_amount: Amount
    status_details: ChargeStatus
    creation_timestamp: Time
    capture_amount: Amount | None = None
    expiration_timestamp: Time | None = None
    merchant_metadata: MerchantMetadata | None = None
    release_environment: ReleaseEnvironment | None = None


class Refund(Struct, frozen=True, kw_only=True, rename="camel"):
    """A refund."""

    refund_id: RefundId
    charge_id: ChargeId
    refund_amount: Amount
    status_details: RefundStatus
    creation_timestamp: Time
    merchant_metadata: MerchantMetadata | None = None
    release_environment: ReleaseEnvironment | None = None


class Adjustment(Struct, frozen=True, kw_only=True, rename="camel"):
    """A posting that no object of Amazon's API stands for; amounts to the merchant are positive, fees included."""

    adjustment_id: Identifier
    transaction_type: AdjustmentType
    adjustment_amount: Amount
    posted_timestamp: Time
    charge_id: ChargeId | None = None
    percentage_fee: Amount | None = None
    fixed_fee: Amount | None = None
    description: Text | None = None


class ImportedState(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A line of an import: one state of exactly one of the four."""

    merchant_id: Identifier
    environment: Environment
    charge_permission: ChargePermission | None = None
    charge: Charge | None = None
    refund: Refund | None = None
    adjustment: Adjustment | None = None
