"""The wire types of a reviewer's report on a regulated order."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from torihiki.orders.v0.schemas.bounded import LIST_BOUND, Text
from torihiki.orders.v0.schemas.choices import VerificationStatus

Moment = Annotated[str, Meta(max_length=100, extra_json_schema={"format": "date-time"})]

Count = Annotated[int, Meta(ge=0, le=10**9)]
CountFromOne = Annotated[int, Meta(ge=1, le=10**9)]


class PrescriptionDetail(Struct, frozen=True, kw_only=True, rename="camel"):
    """The prescription that the approval rests on; personal data."""

    prescription_id: Text
    expiration_date: Moment
    written_quantity: CountFromOne
    total_refills_authorized: Count
    refills_remaining: Count
    clinic_id: Text
    usage_instructions: Text


class ApprovedAttribute(Struct, frozen=True, kw_only=True, rename="camel"):
    """What would have to be ordered instead, so that it could be approved."""

    attribute_name: Text
    original_value: Text
    approved_value: Text


class InterimStatusDetail(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a review is that has no verdict."""

    status_code: Text
    status_date_time: Moment


class VerificationDetails(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the reviewer adds to a verdict, or says before there is one."""

    prescription_detail: PrescriptionDetail | UnsetType = UNSET
    approved_alternative_details: (
        Annotated[tuple[ApprovedAttribute, ...], LIST_BOUND] | UnsetType
    ) = UNSET
    interim_status_detail: InterimStatusDetail | UnsetType = UNSET


class UpdateVerificationStatusRequestBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """The verdict of a reviewer, or what he says before it."""

    status: VerificationStatus | UnsetType = UNSET
    external_reviewer_id: Text
    rejection_reason_id: Text | UnsetType = UNSET
    verification_details: VerificationDetails | UnsetType = UNSET


class UpdateVerificationStatusRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of updateVerificationStatus."""

    regulated_order_verification_status: UpdateVerificationStatusRequestBody
