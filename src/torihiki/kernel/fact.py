"""What happened, as reports tell it: the bridge between what there is to report (`payments`) and `pay_reports`.

A fact becomes one line of one report. Its values go by names of ours, so that the columns of a file can be corrected
without touching what produces the facts.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money

Value = str | Money | Decimal | Instant | None


class ReportType(enum.StrEnum):
    """Amazon's names of the reports (R-5)."""

    SETTLEMENT = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"
    SANDBOX_SETTLEMENT = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA_"
    ORDER_REFERENCE = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_"
    BILLING_AGREEMENT = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_BILLING_AGREEMENT_DATA_"
    AUTHORIZATION = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_"
    CAPTURE = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_CAPTURE_DATA_"
    REFUND = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One line to come.

    Args:
        report: Which report tells it; a settled transaction is `SETTLEMENT` in the sandbox too.
        at: Decides which period it is in.
        values: By the names in `NAMES`; None or left out: the field is empty.
    """

    report: ReportType
    at: Instant
    values: Mapping[str, Value]


def _address(kind: str) -> tuple[str, ...]:
    parts = (
        "line1", "line2", "line3", "city", "district", "state_or_region", "postal_code", "country_code",
    )  # fmt: skip
    return tuple(f"{kind}_address_{part}" for part in parts)


_BUYER: Final = ("buyer_name", "buyer_email")
_COURSE: Final = ("state", "updated", "reason_code", "created")
"""The state in V1 words, as files have it (contract 6.5), and when and why it came."""

NAMES: Final[Mapping[ReportType, frozenset[str]]] = {
    ReportType.SETTLEMENT: frozenset(
        (
            "posted", "transaction_id", "reference_id", "transaction_type", "order_reference_id", "order_id",
            "store_name", "currency", "description",
            "transaction_amount", "percentage_fee", "fixed_fee", "total_fee", "net_amount",
        )
    ),
    ReportType.ORDER_REFERENCE: frozenset(
        (
            "order_reference_id", "order_id", "store_name", "order_amount", "currency", "note", *_COURSE, "expires",
            *_BUYER, *_address("shipping"),
        )
    ),
    ReportType.BILLING_AGREEMENT: frozenset(
        (
            "billing_agreement_id", "reference_id", "store_name", "note", "amount_limit", "balance", "currency",
            "period_start", "period_end", *_COURSE, *_BUYER,
        )
    ),
    ReportType.AUTHORIZATION: frozenset(
        (
            "authorization_id", "reference_id", "order_reference_id", "authorization_amount", "currency", "note",
            *_COURSE, "expires",
        )
    ),
    ReportType.CAPTURE: frozenset(
        (
            "charge_id", "reference_id", "authorization_id", "order_reference_id", "capture_amount", "currency", "note",
            *_COURSE, *_BUYER, *_address("billing"),
        )
    ),
    ReportType.REFUND: frozenset(
        (
            "refund_id", "reference_id", "charge_id", "order_reference_id", "refund_amount", "currency", "note",
            "refund_type", *_COURSE,
        )
    ),
}  # fmt: skip
"""What each report can tell. `order_id` is the seller's own; `reference_id` the seller's reference of the very object;
`posted`, `created`, `updated`, `expires`, `period_start` and `period_end` are Instants, what ends in `amount`, `fee`,
`limit` or `balance` is Money. The sandbox settlement tells the facts of `SETTLEMENT`."""
