"""Lines of an import, made for tests: the objects as Amazon answers them, nulls and all."""

from __future__ import annotations

import json
from typing import Any

from torihiki.kernel.instant import Instant
from torihiki.payments.model import Merchant, Region

JAPANESE = "A1MERCHANTJP"
AMERICAN = "A2MERCHANTUS"
EUROPEAN = "A3MERCHANTEU"
CREATED = Instant.from_utc(2026, 1, 5, 3)
MERCHANTS = {
    merchant_id: Merchant(merchant_id=merchant_id, region=region, created=CREATED)
    for merchant_id, region in (
        (JAPANESE, Region.JAPAN),
        (AMERICAN, Region.NORTH_AMERICA),
        (EUROPEAN, Region.EUROPE),
    )
}

ONE_TIME = "P01-1111111-2222222"
RECURRING = "B01-3333333-4444444"
CHARGE = f"{ONE_TIME}-C000001"
REFUND = f"{ONE_TIME}-R000001"
RECURRING_CHARGE = "P01-5555555-6666666-C000002"
SECRET = "secret"
"""Every text that speaks of a person begins with this, and nothing else does."""

Json = dict[str, Any]


def amount(value: object, currency: str = "USD") -> Json:
    return {"amount": value, "currencyCode": currency}


def address(kind: str) -> Json:
    return {
        "name": f"{SECRET} {kind} name",
        "addressLine1": f"{SECRET} {kind} 1",
        "addressLine2": None,
        "addressLine3": None,
        "city": "Springfield",
        "county": f"{SECRET} {kind} county",
        "district": None,
        "stateOrRegion": "OR",
        "postalCode": "97477",
        "countryCode": "US",
        "phoneNumber": f"{SECRET} phone",
    }


def permission(
    state: str = "Chargeable",
    at: str = "20260301T100000Z",
    permission_id: str = ONE_TIME,
    reason: str | None = None,
    **changes: Any,
) -> Json:
    return {
        "chargePermissionId": permission_id,
        "chargePermissionReferenceId": None,
        "platformId": None,
        "buyer": {
            "buyerId": "amzn1.account.X",
            "name": f"{SECRET} buyer",
            "email": f"{SECRET}@example.test",
            "phoneNumber": None,
            "primeMembershipTypes": None,
        },
        "shippingAddress": address("shipping"),
        "billingAddress": address("billing"),
        "paymentPreferences": [{"paymentDescriptor": None}],
        "statusDetails": {
            "state": state,
            "reasons": [{"reasonCode": reason, "reasonDescription": None}] if reason else None,
            "lastUpdatedTimestamp": at,
        },
        "creationTimestamp": "20260301T095900Z",
        "expirationTimestamp": "20260828T095900Z",
        "merchantMetadata": {
            "merchantReferenceId": "own-order-1",
            "merchantStoreName": "Larkfield",
            "noteToBuyer": "thanks",
            "customInformation": None,
        },
        "releaseEnvironment": None,
        "limits": {"amountLimit": amount("10.00"), "amountBalance": amount("10.00")},
        "chargePermissionType": None,
        "recurringMetadata": None,
        "presentmentCurrency": "USD",
        **changes,
    }


def charge(
    state: str = "Captured",
    at: str = "20260302T100000Z",
    charge_id: str = CHARGE,
    total: Json | None = None,
    permission_id: str = ONE_TIME,
    reason: str | None = None,
    **changes: Any,
) -> Json:
    return {
        "chargeId": charge_id,
        "chargePermissionId": permission_id,
        "chargeAmount": total or amount("10.00"),
        "captureAmount": None,
        "refundedAmount": None,
        "softDescriptor": "LARK",
        "merchantMetadata": {"merchantReferenceId": "own-charge-1", "noteToBuyer": None},
        "providerMetadata": {"providerReferenceId": None},
        "statusDetails": {
            "state": state,
            "reasonCode": reason,
            "reasonDescription": None,
            "lastUpdatedTimestamp": at,
        },
        "creationTimestamp": "20260301T100100Z",
        "expirationTimestamp": "20260331T100100Z",
        "releaseEnvironment": None,
        **changes,
    }


def refund(
    state: str = "Refunded",
    at: str = "20260305T100000Z",
    refund_id: str = REFUND,
    total: Json | None = None,
    charge_id: str = CHARGE,
    **changes: Any,
) -> Json:
    return {
        "refundId": refund_id,
        "chargeId": charge_id,
        "refundAmount": total or amount("10.00"),
        "softDescriptor": "LARK",
        "creationTimestamp": "20260305T095500Z",
        "statusDetails": {
            "state": state,
            "reasonCode": None,
            "reasonDescription": None,
            "lastUpdatedTimestamp": at,
        },
        "releaseEnvironment": None,
        **changes,
    }


def adjustment(
    kind: str = "Chargeback",
    at: str = "20260320T100000Z",
    adjustment_id: str = "ADJ-1",
    total: Json | None = None,
    **changes: Any,
) -> Json:
    return {
        "adjustmentId": adjustment_id,
        "transactionType": kind,
        "adjustmentAmount": total or amount("-10.00"),
        "postedTimestamp": at,
        "chargeId": CHARGE,
        **changes,
    }


def line(found: Json, merchant_id: str = AMERICAN, environment: str = "live", **more: Any) -> bytes:
    """The import line of any of the objects above."""
    if "adjustmentId" in found:
        kind = "adjustment"
    elif "refundId" in found:
        kind = "refund"
    else:
        kind = "charge" if "chargeId" in found else "chargePermission"
    whole = {"merchantId": merchant_id, "environment": environment, kind: found, **more}
    return json.dumps(whole).encode()
