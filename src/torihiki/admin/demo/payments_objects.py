"""A demo payment's objects as Amazon Pay answers them (contract 6.3): every member there, nulls and all."""

from __future__ import annotations

from hashlib import shake_128

from msgspec import Struct
from whenever import Instant

from torihiki.admin.demo.draws import item_id
from torihiki.admin.demo.marketplaces import Json, Market
from torihiki.admin.demo.moments import DAY
from torihiki.admin.demo.payments_course import Step
from torihiki.admin.demo.people import Buyer

REGION_DIGITS = {"US": "01", "JP": "03"}
"""The digits of the region in ids (contract 6.1)."""

_EXPIRY = 180 * DAY
_AUTHORIZATION = 30 * DAY
_PARTS = 4
_SUFFIXES = 10**6


class Payment(Struct, frozen=True, kw_only=True):
    """What a payment's objects have in common; `total` is in minor units, `begun` in seconds since the epoch."""

    seed: int
    index: int
    market: Market
    who: Buyer
    sandbox: bool
    recurring: bool
    total: int
    begun: int
    store: str

    def _base(self, position: int, letters: str) -> str:
        digits = item_id(self.seed, self.index, position)
        letter = letters[self.sandbox]
        return f"{letter}{REGION_DIGITS[self.market.country]}-{digits[:7]}-{digits[7:]}"

    @property
    def permission_id(self) -> str:
        """The id of the charge permission."""
        return self._base(0, "BC" if self.recurring else "PS")

    def charge_id(self, number: int) -> str:
        """A charge's id; those of a subscription have bases of their own (contract 6.1)."""
        return (
            f"{self._base(number + 1 if self.recurring else 0, 'PS')}-C{self._suffix('C', number)}"
        )

    def refund_id(self, number: int) -> str:
        """The id of a refund of the first charge."""
        base, _, _ = self.charge_id(0).rpartition("-")
        return f"{base}-R{self._suffix('R', number)}"

    def adjustment_id(self, number: int) -> str:
        """The id of an adjustment."""
        return f"ADJ-{item_id(self.seed, self.index, 0)}-{number}"

    def _suffix(self, letter: str, number: int) -> str:
        name = f"{self.seed}/payment/{letter}/{self.index}".encode()
        # Counting on from a hash, so that no two of a payment are the same.
        first = int.from_bytes(shake_128(name).digest(4), "big")
        return f"{(first + 7_919 * number) % _SUFFIXES:06d}"

    def amount(self, minor: int) -> Json:
        """The wire's amount; yen have no decimals."""
        if self.market.decimals:
            sign = "-" if minor < 0 else ""
            text = f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"
        else:
            text = str(minor)
        return {"amount": text, "currencyCode": self.market.currency}

    def part(self, parts: int) -> int:
        """So many fourths of the total."""
        return self.total * parts // _PARTS

    @property
    def reference(self) -> str:
        """The seller's own number of the purchase."""
        return f"{self.market.own_prefix}-PAY-{self.index + 1:06d}"


def stamp(moment: int) -> str:
    """The compact form of a time that these objects have."""
    return Instant.from_timestamp(moment).format_iso().replace("-", "").replace(":", "")


def _metadata(payment: Payment, suffix: str = "") -> Json:
    return {
        "merchantReferenceId": payment.reference + suffix,
        "merchantStoreName": payment.store,
        "noteToBuyer": None,
        "customInformation": None,
    }


def _status(step: Step) -> Json:
    return {
        "state": step.state,
        "reasonCode": step.reason,
        "reasonDescription": None,
        "lastUpdatedTimestamp": stamp(step.at),
    }


def _environment(payment: Payment) -> str:
    return "Sandbox" if payment.sandbox else "Live"


def _address(who: Buyer) -> Json:
    found = who.address
    return {
        "name": found["Name"],
        "addressLine1": found["AddressLine1"],
        "addressLine2": found.get("AddressLine2"),
        "addressLine3": None,
        "city": found["City"],
        "county": None,
        "district": None,
        "stateOrRegion": found["StateOrRegion"],
        "postalCode": found["PostalCode"],
        "countryCode": found["CountryCode"],
        "phoneNumber": who.phone,
    }


def permission_object(payment: Payment, step: Step) -> Json:
    """The charge permission in the state of the step."""
    address = _address(payment.who)
    account = shake_128(payment.who.email.encode()).hexdigest(14).upper()
    recurring = payment.recurring
    frequency: Json = {
        "frequency": {"unit": "Month", "value": "1"},
        "amount": payment.amount(payment.total),
    }
    left = 0 if step.state == "Closed" else payment.total
    return {
        "chargePermissionId": payment.permission_id,
        "chargePermissionReferenceId": None,
        "platformId": None,
        "buyer": {
            "buyerId": f"amzn1.account.{account}",
            "name": payment.who.name,
            "email": payment.who.email,
            "phoneNumber": payment.who.phone,
            "primeMembershipTypes": None,
        },
        "shippingAddress": address,
        "billingAddress": address,
        "paymentPreferences": [{"paymentDescriptor": None}],
        "statusDetails": {
            "state": step.state,
            "reasons": None
            if step.reason is None
            else [{"reasonCode": step.reason, "reasonDescription": None}],
            "lastUpdatedTimestamp": stamp(step.at),
        },
        "creationTimestamp": stamp(payment.begun),
        "expirationTimestamp": None if recurring else stamp(payment.begun + _EXPIRY),
        "merchantMetadata": _metadata(payment),
        "releaseEnvironment": _environment(payment),
        "limits": {
            "amountLimit": payment.amount(payment.total),
            "amountBalance": payment.amount(left),
        },
        "chargePermissionType": "Recurring" if recurring else "OneTime",
        "recurringMetadata": frequency if recurring else None,
        "presentmentCurrency": payment.market.currency,
    }


def charge_object(payment: Payment, step: Step, created: int) -> Json:
    """The charge in the state of the step."""
    captured = payment.total if step.state == "Captured" else 0
    return {
        "chargeId": payment.charge_id(step.number),
        "chargePermissionId": payment.permission_id,
        "chargeAmount": payment.amount(payment.total),
        "captureAmount": payment.amount(captured) if captured else None,
        "refundedAmount": None,
        "convertedAmount": None,
        "conversionRate": None,
        "softDescriptor": f"AMZ*{payment.market.own_prefix}",
        "merchantMetadata": _metadata(payment, f"-{step.number + 1}"),
        "providerMetadata": {"providerReferenceId": None},
        "statusDetails": _status(step),
        "creationTimestamp": stamp(created),
        "expirationTimestamp": stamp(created + _AUTHORIZATION),
        "releaseEnvironment": _environment(payment),
        "platformId": None,
        "chargeInitiator": "MITR" if payment.recurring and step.number else "CITU",
        "channel": "Web",
    }


def refund_object(payment: Payment, step: Step, created: int) -> Json:
    """The refund in the state of the step."""
    return {
        "refundId": payment.refund_id(step.number),
        "chargeId": payment.charge_id(0),
        "refundAmount": payment.amount(payment.part(step.parts)),
        "softDescriptor": f"AMZ*{payment.market.own_prefix}",
        "creationTimestamp": stamp(created),
        "statusDetails": _status(step),
        "releaseEnvironment": _environment(payment),
    }


def adjustment_object(payment: Payment, step: Step) -> Json:
    """The adjustment; what is called that gives money back, everything else takes it."""
    back = step.state == "Adjustment"
    return {
        "adjustmentId": payment.adjustment_id(step.number),
        "transactionType": step.state,
        "adjustmentAmount": payment.amount(payment.total if back else -payment.total),
        "postedTimestamp": stamp(step.at),
        "chargeId": payment.charge_id(0),
        "percentageFee": None,
        "fixedFee": None,
        "description": "Chargeback decided for the merchant" if back else None,
    }
