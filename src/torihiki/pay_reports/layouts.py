"""How the seven files look, as data: columns, header and what stands before it (contract 5).

The settlement and refund files are known from real ones and the capture file from a program that reads it; the columns of
the other three are inferred. An operator who has a real file can replace any layout (`parse_overrides`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from torihiki.pay_reports.model import ReportType

SETTLEMENT_ID: Final = "settlement_id"
"""The one value that no fact has: the settlement is named when its period closes."""

COLUMNS_MAX: Final = 200
NAME_MAX: Final = 100


class Kind(enum.StrEnum):
    """How a value is written."""

    TEXT = "text"
    AMOUNT = "amount"
    """With all the digits of its currency."""
    FEE = "fee"
    """Likewise, but a plain 0 where there is none."""
    TIME = "time"


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column.

    Args:
        name: As the header has it.
        fact: The name of its value in a fact; None: the field is always empty.
        kind: How the value is written.
    """

    name: str
    fact: str | None = None
    kind: Kind = Kind.TEXT


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file.

    Args:
        columns: In order.
        bom: Whether it begins with a byte order mark.
        preamble: Whether five lines of the settlement stand before the header.
        trailing_comma: Whether the header and the two titles of the preamble end in a comma.
        newest_first: Whether the lines go from the last to the first.
    """

    columns: tuple[Column, ...]
    bom: bool = False
    preamble: bool = False
    trailing_comma: bool = False
    newest_first: bool = False


class BadLayout(ValueError):
    """The operator's file of layouts cannot be used; the message says where and why."""


def _text(name: str, fact: str) -> Column:
    return Column(name=name, fact=fact)


def _amount(name: str, fact: str) -> Column:
    return Column(name=name, fact=fact, kind=Kind.AMOUNT)


def _fee(name: str, fact: str) -> Column:
    return Column(name=name, fact=fact, kind=Kind.FEE)


def _time(name: str, fact: str) -> Column:
    return Column(name=name, fact=fact, kind=Kind.TIME)


def _address(kind: str) -> tuple[Column, ...]:
    parts = {
        "Line1": "line1",
        "Line2": "line2",
        "Line3": "line3",
        "City": "city",
        "DistrictOrCounty": "district",
        "StateOrRegion": "state_or_region",
        "PostalCode": "postal_code",
        "CountryCode": "country_code",
    }
    return tuple(
        _text(f"{kind}Address{name}", f"{kind.lower()}_address_{fact}")
        for name, fact in parts.items()
    )


def _course(status: str) -> tuple[Column, ...]:
    return (
        _text(status, "state"),
        _time("LastUpdateTimestamp", "updated"),
        _text("ReasonCode", "reason_code"),
        _time("CreationTimestamp", "created"),
    )


_CURRENCY: Final = _text("CurrencyCode", "currency")
_ORDER_REFERENCE_ID: Final = _text("AmazonOrderReferenceId", "order_reference_id")
_BUYER: Final = (_text("BuyerName", "buyer_name"), _text("BuyerEmailAddress", "buyer_email"))

_SETTLEMENT: Final = Layout(
    columns=(
        _time("TransactionPostedDate", "posted"),
        _text("SettlementId", SETTLEMENT_ID),
        _text("AmazonTransactionId", "transaction_id"),
        _text("SellerReferenceId", "reference_id"),
        _text("TransactionType", "transaction_type"),
        _ORDER_REFERENCE_ID,
        _text("SellerOrderId", "order_id"),
        _text("StoreName", "store_name"),
        _CURRENCY,
        _text("TransactionDescription", "description"),
        _amount("TransactionAmount", "transaction_amount"),
        _fee("TransactionPercentageFee", "percentage_fee"),
        _fee("TransactionFixedFee", "fixed_fee"),
        _fee("TotalTransactionFee", "total_fee"),
        _amount("NetTransactionAmount", "net_amount"),
    ),
    bom=True,
    preamble=True,
    trailing_comma=True,
)
"""Contract 5.2, from real files of 2015 and 2018."""

_ORDER_REFERENCE: Final = Layout(
    columns=(
        _ORDER_REFERENCE_ID,
        _text("SellerOrderId", "order_id"),
        _text("StoreName", "store_name"),
        _amount("OrderAmount", "order_amount"),
        _CURRENCY,
        _text("SellerNote", "note"),
        *_course("OrderReferenceStatus"),
        _time("ExpirationTimestamp", "expires"),
        *_BUYER,
        *_address("Shipping"),
    ),
    newest_first=True,
)
"""Contract 5.6: inferred."""

_BILLING_AGREEMENT: Final = Layout(
    columns=(
        _text("AmazonBillingAgreementId", "billing_agreement_id"),
        _text("SellerBillingAgreementId", "reference_id"),
        _text("StoreName", "store_name"),
        _text("SellerNote", "note"),
        _amount("AmountLimitPerTimePeriod", "amount_limit"),
        _amount("CurrentRemainingBalance", "balance"),
        _CURRENCY,
        _time("TimePeriodStartDate", "period_start"),
        _time("TimePeriodEndDate", "period_end"),
        *_course("BillingAgreementStatus"),
        *_BUYER,
    ),
    newest_first=True,
)
"""Contract 5.6: inferred."""

_AUTHORIZATION: Final = Layout(
    columns=(
        _text("AmazonAuthorizationId", "authorization_id"),
        _text("AuthorizationReferenceId", "reference_id"),
        _ORDER_REFERENCE_ID,
        _amount("AuthorizationAmount", "authorization_amount"),
        _CURRENCY,
        _text("SellerAuthorizationNote", "note"),
        *_course("AuthorizationStatus"),
        _time("ExpirationTimestamp", "expires"),
    ),
    newest_first=True,
)
"""Contract 5.6: inferred."""

_CAPTURE: Final = Layout(
    columns=(
        _text("AmazonCaptureId", "charge_id"),
        _text("CaptureReferenceId", "reference_id"),
        _text("AmazonAuthorizationId", "authorization_id"),
        _ORDER_REFERENCE_ID,
        _amount("CaptureAmount", "capture_amount"),
        _CURRENCY,
        _text("SellerCaptureNote", "note"),
        *_course("CaptureStatus"),
        *_BUYER,
        *_address("Billing"),
    ),
    newest_first=True,
)
"""Contract 5.5, from a program that reads such files."""

_REFUND: Final = Layout(
    columns=(
        _text("AmazonRefundId", "refund_id"),
        _text("RefundReferenceId", "reference_id"),
        _text("AmazonCaptureId", "charge_id"),
        _ORDER_REFERENCE_ID,
        _amount("RefundAmount", "refund_amount"),
        _CURRENCY,
        _text("SellerRefundNote", "note"),
        _text("RefundType", "refund_type"),
        *_course("RefundStatus"),
    ),
    newest_first=True,
)
"""Contract 5.4, from real files of 2015."""

LAYOUTS: Final[Mapping[ReportType, Layout]] = {
    ReportType.SETTLEMENT: _SETTLEMENT,
    ReportType.SANDBOX_SETTLEMENT: _SETTLEMENT,
    ReportType.ORDER_REFERENCE: _ORDER_REFERENCE,
    ReportType.BILLING_AGREEMENT: _BILLING_AGREEMENT,
    ReportType.AUTHORIZATION: _AUTHORIZATION,
    ReportType.CAPTURE: _CAPTURE,
    ReportType.REFUND: _REFUND,
}

INFERRED: Final = frozenset(
    {ReportType.ORDER_REFERENCE, ReportType.BILLING_AGREEMENT, ReportType.AUTHORIZATION}
)
"""The files of which no real sample was found: their column names and order are guesses."""


def parse_overrides(document: bytes) -> Mapping[ReportType, Layout]:
    """All layouts, with those of the operator's JSON file in the place of the shipped ones.

    The file is an object from report types to layouts; members are those of `Layout` and `Column`. A layout holds
    for what is in the ledger already, too: an export makes the lines of another layout anew. Both settlement types have
    one layout, for they tell the same lines.

    Raises:
        BadLayout: It is no such JSON; a column's name is no header; a fact has no such value; the kind does not suit
            the value; or a settlement has not exactly one settlement id.
    """
    try:
        given = msgspec.json.decode(document, type=dict[str, Layout])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadLayout(str(error)) from error
    layouts = dict(LAYOUTS)
    for name, layout in given.items():
        if name not in LAYOUTS or name == ReportType.SANDBOX_SETTLEMENT:
            raise BadLayout(f"{name!r} is no report type with a layout of its own")
        report_type = ReportType(name)
        _check(report_type, layout)
        layouts[report_type] = layout
    layouts[ReportType.SANDBOX_SETTLEMENT] = layouts[ReportType.SETTLEMENT]
    return layouts


def schema() -> dict[str, Any]:
    """The JSON schema of the operator's file, for the documents."""
    return msgspec.json.schema(dict[str, Layout])


def _check(report_type: ReportType, layout: Layout) -> None:
    if not 0 < len(layout.columns) <= COLUMNS_MAX:
        raise BadLayout(f"{report_type}: a layout has 1 to {COLUMNS_MAX} columns")
    for column in layout.columns:
        where = f"{report_type}, column {column.name!r}"
        if not 0 < len(column.name) <= NAME_MAX or not column.name.isprintable():
            raise BadLayout(f"{where}: a name has 1 to {NAME_MAX} characters on one line")
        if column.fact is not None:
            _check_fact(report_type, column, where)
    ids = sum(column.fact == SETTLEMENT_ID for column in layout.columns)
    if ids != (report_type is ReportType.SETTLEMENT):
        raise BadLayout(f"{report_type}: the settlement id stands once in a settlement, else never")
    if layout.preamble and report_type is not ReportType.SETTLEMENT:
        raise BadLayout(f"{report_type}: only a settlement has a preamble")


def _check_fact(report_type: ReportType, column: Column, where: str) -> None:
    # The shipped layout shows everything that the report can tell.
    kinds = {one.fact: one.kind for one in LAYOUTS[report_type].columns}
    shipped = kinds.get(column.fact)
    if shipped is None:
        raise BadLayout(f"{where}: there is no value {column.fact!r}")
    money = {Kind.AMOUNT, Kind.FEE}
    if column.kind is not shipped and not {column.kind, shipped} <= money:
        raise BadLayout(f"{where}: the value {column.fact!r} is {shipped}, not {column.kind}")
