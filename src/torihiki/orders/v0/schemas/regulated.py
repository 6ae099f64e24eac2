"""The wire types of what has to be checked before a regulated order may be shipped."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from torihiki.orders.v0.schemas.bounded import (
    LIST_BOUND,
    AmazonOrderId,
    Identifier,
    Text,
    Time,
    Url,
)
from torihiki.orders.v0.schemas.choices import RegulatedFieldType, VerificationStatus


class RegulatedInformationField(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One answer that the buyer gave, or a file that he added; personal data."""

    field_id: Text
    field_label: Text
    field_type: RegulatedFieldType
    # For a file this is the address to fetch it from.
    field_value: Url


class RegulatedInformation(Struct, frozen=True, kw_only=True, rename="pascal"):
    """All that the buyer had to tell for the check."""

    fields: Annotated[tuple[RegulatedInformationField, ...], LIST_BOUND]


class RejectionReason(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Why a regulated order may be, or was, turned down."""

    rejection_reason_id: Identifier
    rejection_reason_description: Text


class ValidVerificationDetail(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A kind of detail that the reviewer may add, and with which verdicts."""

    verification_detail_type: Text
    valid_verification_statuses: Annotated[tuple[VerificationStatus, ...], LIST_BOUND]


class ValidInterimStatusCode(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A step on the way to a verdict that the reviewer may report."""

    status_code: Identifier
    status_description: Text


class RegulatedOrderVerificationStatus(Struct, frozen=True, kw_only=True, rename="pascal"):
    """How far the check is, and what the reviewer may answer."""

    status: VerificationStatus
    requires_merchant_action: bool
    valid_rejection_reasons: Annotated[tuple[RejectionReason, ...], LIST_BOUND]
    rejection_reason: RejectionReason | UnsetType = UNSET
    review_date: Time | UnsetType = UNSET
    external_reviewer_id: Text | UnsetType = UNSET
    valid_verification_details: (
        Annotated[tuple[ValidVerificationDetail, ...], LIST_BOUND] | UnsetType
    ) = UNSET
    valid_interim_status_codes: (
        Annotated[tuple[ValidInterimStatusCode, ...], LIST_BOUND] | UnsetType
    ) = UNSET


class OrderRegulatedInfo(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The check that the order with this id needs."""

    amazon_order_id: AmazonOrderId
    regulated_information: RegulatedInformation
    requires_dosage_label: bool
    regulated_order_verification_status: RegulatedOrderVerificationStatus
