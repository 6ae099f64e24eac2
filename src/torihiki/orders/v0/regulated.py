"""The check of a regulated order on the wire: a reviewer's report is read, the stored document is changed and shown.

A document is stored as it was imported, and a report changes no member but those that it is about. What a reviewer adds
has no place in Amazon's answer, so it is kept in a member of ours that is never shown.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, Raw

from torihiki.kernel.instant import Instant, wire_time
from torihiki.orders import verification
from torihiki.orders.v0.bodies import Json, read_body, required_members
from torihiki.orders.v0.schemas import (
    ApprovedAttribute,
    InterimStatusDetail,
    OrderRegulatedInfo,
    PrescriptionDetail,
    UpdateVerificationStatusRequest,
)
from torihiki.orders.verification import Check, Detail, Review

BODY: Final = "regulatedOrderVerificationStatus"
STATUS: Final = "RegulatedOrderVerificationStatus"
KEPT: Final = "x-verificationDetails"
"""The member of a stored document that holds the last detail of each kind, as it was sent."""

_REQUIRED: Final = {
    verification.PRESCRIPTION: required_members(PrescriptionDetail),
    verification.ALTERNATIVES: required_members(ApprovedAttribute),
    verification.INTERIM: required_members(InterimStatusDetail),
}
_ENCODER: Final = msgspec.json.Encoder()
_DOCUMENT: Final = msgspec.json.Decoder(dict[str, Raw])
_TYPED: Final = msgspec.json.Decoder(OrderRegulatedInfo)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer's report.

    Args:
        review: What the rules look at.
        details: What he adds, by kind, as it was sent.
    """

    review: Review
    details: Json


def parse_report(body: bytes) -> Report:
    """The body of updateVerificationStatus. An empty text or list counts as left out.

    Raises:
        Problem: It cannot be read. Whether it says enough, and what goes with the order, is for the rules.
    """
    sent = read_body(body, UpdateVerificationStatusRequest).get(BODY)
    if sent is None:
        raise verification.missing(BODY)
    details = {
        kind: value
        for kind in _REQUIRED
        if (value := sent.get("verificationDetails", {}).get(kind)) not in (None, [])
    }
    review = Review(
        status=sent.get("status"),
        reviewer_id=sent.get("externalReviewerId") or None,
        rejection_reason_id=sent.get("rejectionReasonId") or None,
        details=tuple(_detail(kind, value) for kind, value in details.items()),
    )
    return Report(review=review, details=details)


def _detail(kind: str, value: Json | list[Json]) -> Detail:
    parts = value if isinstance(value, list) else [value]
    missing = (
        name for name in _REQUIRED[kind] if any(part.get(name) in {None, ""} for part in parts)
    )
    code = parts[0].get("statusCode") if kind == verification.INTERIM else None
    return Detail(kind=kind, missing=tuple(missing), status_code=code)


def reviewed(document: bytes, report: Report, now: Instant) -> tuple[bytes, bool]:
    """The stored document after the report, and whether the report is the verdict that rejects the order.

    Raises:
        Problem: The report does not fit the order.
    """
    members = _DOCUMENT.decode(document)
    check = _check(document)
    decides = verification.decides(check, report.review)
    if decides:
        members[STATUS] = _decided(members[STATUS], report.review, now)
    if report.details:
        members[KEPT] = _raw({**_kept(members), **report.details})
    rejects = decides and report.review.status == verification.REJECTED
    return _ENCODER.encode(members), rejects


def _check(document: bytes) -> Check:
    status = _TYPED.decode(document).regulated_order_verification_status
    reason = status.rejection_reason
    valid = status.valid_verification_details
    codes = status.valid_interim_status_codes
    return Check(
        status=status.status.value,
        rejection_reason_id=None if reason is UNSET else reason.rejection_reason_id,
        valid_reason_ids=tuple(each.rejection_reason_id for each in status.valid_rejection_reasons),
        valid_statuses=None
        if valid is UNSET
        else {
            each.verification_detail_type: frozenset(
                one.value for one in each.valid_verification_statuses
            )
            for each in valid
        },
        valid_codes=() if codes is UNSET else tuple(each.status_code for each in codes),
    )


def _decided(status: Raw, review: Review, now: Instant) -> Raw:
    """The status with a verdict; the rejection reasons of a check that is over are no choice any more."""
    members = msgspec.json.decode(status, type=dict[str, Raw])
    reasons = msgspec.json.decode(members["ValidRejectionReasons"], type=list[Json])
    members |= {
        "Status": _raw(review.status),
        "RequiresMerchantAction": Raw(b"false"),
        "ValidRejectionReasons": _raw([]),
        "ReviewDate": _raw(wire_time(now)),
        "ExternalReviewerId": _raw(review.reviewer_id),
    }
    members.pop("RejectionReason", None)
    if review.status == verification.REJECTED:
        members["RejectionReason"] = _raw(
            next(
                reason
                for reason in reasons
                if reason["RejectionReasonId"] == review.rejection_reason_id
            )
        )
    return _raw(members)


def _kept(members: dict[str, Raw]) -> Json:
    # An import may bring a member of this name, with anything in it.
    value = msgspec.json.decode(members.get(KEPT, Raw(b"{}")))
    return value if isinstance(value, dict) else {}


def _raw(value: object) -> Raw:
    return Raw(_ENCODER.encode(value))


def render_regulated(document: bytes) -> bytes:
    """The answer of getOrderRegulatedInfo: the stored document but for the member of ours."""
    members = _DOCUMENT.decode(document)
    members.pop(KEPT, None)
    return b'{"payload":%b}' % _ENCODER.encode(members)
