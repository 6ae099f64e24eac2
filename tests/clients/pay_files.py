"""Reads the files of Amazon Pay's reports, and proves their layout on the way (contract 5)."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import Final

CAPTURE_COLUMNS: Final = [
    "AmazonCaptureId", "CaptureReferenceId", "AmazonAuthorizationId", "AmazonOrderReferenceId", "CaptureAmount",
    "CurrencyCode", "SellerCaptureNote", "CaptureStatus", "LastUpdateTimestamp", "ReasonCode", "CreationTimestamp",
    "BuyerName", "BuyerEmailAddress", "BillingAddressLine1", "BillingAddressLine2", "BillingAddressLine3",
    "BillingAddressCity", "BillingAddressDistrictOrCounty", "BillingAddressStateOrRegion",
    "BillingAddressPostalCode", "BillingAddressCountryCode",
]  # fmt: skip
"""Contract 5.5."""
REFUND_COLUMNS: Final = [
    "AmazonRefundId", "RefundReferenceId", "AmazonCaptureId", "AmazonOrderReferenceId", "RefundAmount",
    "CurrencyCode", "SellerRefundNote", "RefundType", "RefundStatus", "LastUpdateTimestamp", "ReasonCode",
    "CreationTimestamp",
]  # fmt: skip
"""Contract 5.4."""
SETTLEMENT_COLUMNS: Final = [
    "TransactionPostedDate", "SettlementId", "AmazonTransactionId", "SellerReferenceId", "TransactionType",
    "AmazonOrderReferenceId", "SellerOrderId", "StoreName", "CurrencyCode", "TransactionDescription",
    "TransactionAmount", "TransactionPercentageFee", "TransactionFixedFee", "TotalTransactionFee",
    "NetTransactionAmount",
]  # fmt: skip
"""Contract 5.2."""
_BOM: Final = b"\xef\xbb\xbf"


def moment_of(text: str) -> datetime:
    """A time as it stands in files: with a blank before the offset (contract 5.1)."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S %z")


def parsed(content: bytes, columns: list[str]) -> list[dict[str, str]]:
    """The rows of a file whose first line must be this header."""
    assert not content.startswith(_BOM)
    assert content.endswith(b'"\n')
    header, *rows = csv.reader(content.decode().splitlines(), strict=True)
    assert header == columns
    assert rows
    assert {len(row) for row in rows} == {len(columns)}
    return [dict(zip(columns, row, strict=True)) for row in rows]


def settled(content: bytes) -> list[dict[str, str]]:
    """The rows of a settlement, below what contract 5.2 says stands above them."""
    assert content.startswith(_BOM + b'"Amazon Payments Advanced",\n"Settlement Report",\n')
    lines = content.removeprefix(_BOM).decode().splitlines()
    assert [line.endswith(",") for line in lines[:6]] == [True, True, False, False, False, True]
    assert not any(line.endswith(",") for line in lines[6:])
    found = list(csv.reader(lines, strict=True))
    assert [line[0] for line in found[2:5]] == [
        "SellerId",
        "SettlementStartDate",
        "SettlementEndDate",
    ]
    assert found[5] == [*SETTLEMENT_COLUMNS, ""]
    return [dict(zip(SETTLEMENT_COLUMNS, row, strict=True)) for row in found[6:]]
