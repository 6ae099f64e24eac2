"""The seven files to the byte (R-5, contract 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from torihiki.kernel.fact import ReportType, Value
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import parse
from torihiki.pay_reports.layouts import LAYOUTS
from torihiki.pay_reports.lines import ZONES, head, render_line, split_line

GOLDEN = Path(__file__).parent / "golden"

Values = Mapping[str, Value]


def at(text: str) -> Instant:
    return Instant.parse_iso(text)


def settled(currency: str, amounts: str, posted: str, **texts: str) -> Values:
    names = ("transaction_amount", "percentage_fee", "fixed_fee", "total_fee", "net_amount")
    money = {
        name: parse(amount, currency)
        for name, amount in zip(names, amounts.split(), strict=True)
        if amount != "none"
    }
    return {"posted": at(posted), "currency": currency, **money, **texts}


ANN = {"buyer_name": "Ann Example", "buyer_email": "ann@example.com"}
SHOP = {
    "order_reference_id": "P01-1488694-1234567",
    "order_id": "order-1",
    "store_name": 'Shop "One"',
}
TRACE = "SellerPayments_DateRangeReport_transfer_accounting_ending_with_trace_id"

US_ROWS = (
    settled(
        "USD", "10.00 -0.29 -0.30 -0.59 9.41", "2018-09-11T14:06:47.9Z",
        transaction_id="P01-1488694-1234567-C034811", reference_id="charge-1", transaction_type="Capture", **SHOP,
    ),
    settled(
        "USD", "-1.00 0.03 0.00 0.03 -0.97", "2018-09-12T14:06:47Z",
        transaction_id="P01-1488694-1234567-R034811", reference_id="refund-1", transaction_type="Refund",
        description="=1+1, @home", **SHOP,
    ),
    settled(
        "USD", "24.00 none none none 24.00", "2018-09-18T07:00:03Z",
        transaction_type="Reserve", description="Previous Reserve Balance",
    ),
    settled(
        "USD", "-25.54 0 0 0 -25.54", "2018-09-18T07:00:03Z", transaction_type="Transfer", description=TRACE,
    ),
)  # fmt: skip
JP_ROW = settled(
    "JPY", "1200 -47 0 -47 1153", "2022-11-19T00:00:00Z",
    transaction_id="P03-1488694-1234567-C034811", transaction_type="Capture",
    order_reference_id="P03-1488694-1234567", order_id="\u6ce8\u6587 1", store_name="\u304a\u5e97",
)  # fmt: skip

REFUND: Values = {
    "refund_id": "P01-4968629-7654321-R017571",
    "reference_id": "REFUND_684981",
    "charge_id": "P01-4968629-7654321-C070794",
    "order_reference_id": "P01-4968629-7654321",
    "refund_amount": parse("1", "USD"),
    "currency": "USD",
    "refund_type": "SellerInitiated",
    "created": at("2015-10-05T21:43:18Z"),
}
TRANSACTIONS: Mapping[ReportType, tuple[str, Sequence[Values]]] = {
    ReportType.REFUND: (
        "na",
        (
            {**REFUND, "state": "Completed", "updated": at("2015-10-05T23:20:49Z")},
            {**REFUND, "state": "Pending", "updated": at("2015-10-05T21:43:18Z")},
        ),
    ),
    ReportType.CAPTURE: (
        "na",
        (
            {
                "charge_id": "P01-1488694-1234567-C034811",
                "reference_id": "charge-1",
                "authorization_id": "P01-1488694-1234567-A034811",
                "order_reference_id": "P01-1488694-1234567",
                "capture_amount": parse(10, "USD"),
                "currency": "USD",
                "note": "two\nlines",
                "state": "Completed",
                "updated": at("2018-01-11T15:06:47Z"),
                "reason_code": None,
                "created": at("2018-01-11T15:06:47Z"),
                **ANN,
                "billing_address_line1": "1 Example Street",
                "billing_address_city": "Seattle",
                "billing_address_state_or_region": "WA",
                "billing_address_postal_code": "98109",
                "billing_address_country_code": "US",
            },
        ),
    ),
    ReportType.AUTHORIZATION: (
        "eu",
        (
            {
                "authorization_id": "P02-1488694-1234567-A034811",
                "reference_id": "charge-1",
                "order_reference_id": "P02-1488694-1234567",
                "authorization_amount": parse("10.00", "EUR"),
                "currency": "EUR",
                "state": "Closed",
                "updated": at("2018-07-11T07:06:47Z"),
                "reason_code": "MaxAmountCaptured",
                "created": at("2018-07-10T07:06:47Z"),
                "expires": at("2018-08-09T07:06:47Z"),
            },
        ),
    ),
    ReportType.ORDER_REFERENCE: (
        "jp",
        (
            {
                "order_reference_id": "P03-1488694-1234567",
                "order_id": "\u6ce8\u6587 1",
                "store_name": "\u304a\u5e97",
                "order_amount": parse(1200, "JPY"),
                "currency": "JPY",
                "state": "Open",
                "updated": at("2022-11-18T15:06:30Z"),
                "created": at("2022-11-18T15:06:30Z"),
                "expires": at("2023-05-17T15:06:30Z"),
                "buyer_name": "\u5c71\u7530 \u82b1\u5b50",
                "buyer_email": "hanako@example.jp",
                "shipping_address_line1": "\u4f8b\u753a1-1",
                "shipping_address_line2": "\u4f8b\u30d3\u30eb",
                "shipping_address_district": "\u4f8b\u533a",
                "shipping_address_state_or_region": "\u6771\u4eac\u90fd",
                "shipping_address_postal_code": "100-0000",
                "shipping_address_country_code": "JP",
            },
        ),
    ),
    ReportType.BILLING_AGREEMENT: (
        "na",
        (
            {
                "billing_agreement_id": "B01-1488694-1234567",
                "reference_id": "sub-1",
                "store_name": "Shop",
                "amount_limit": parse(500, "USD"),
                "balance": parse(490, "USD"),
                "currency": "USD",
                # The last second of winter and the first of summer; then the hour that comes twice.
                "period_start": at("2018-03-11T09:59:59Z"),
                "period_end": at("2018-03-11T10:00:00Z"),
                "state": "Open",
                "updated": at("2018-11-04T08:30:00Z"),
                "created": at("2018-11-04T09:30:00Z"),
                **ANN,
            },
        ),
    ),
}


@pytest.mark.parametrize("report_type", TRANSACTIONS)
def test_transaction_report_is_the_golden_file(report_type: ReportType) -> None:
    """R-5"""
    region, rows = TRANSACTIONS[report_type]
    layout = LAYOUTS[report_type]
    zone = ZONES[region]
    file = head(layout) + b"".join(render_line(layout, row, zone) for row in rows)
    assert file == (GOLDEN / f"{report_type.name.lower()}.csv").read_bytes()


@pytest.mark.parametrize("report_type", [ReportType.SETTLEMENT, ReportType.SANDBOX_SETTLEMENT])
@pytest.mark.parametrize(
    ("name", "region", "seller", "settlement_id", "period", "rows"),
    [
        (
            "settlement.csv", "na", "A1TESTSELLER01", b"5984862222",
            ("2018-09-11T07:04:03Z", "2018-09-18T07:00:03Z"), US_ROWS,
        ),
        (
            "settlement_jp.csv", "jp", "A1TESTSELLER03", b"11984862222",
            ("2022-11-18T15:06:30Z", "2022-12-02T15:03:50Z"), (JP_ROW,),
        ),
    ],
)  # fmt: skip
def test_settlement_report_is_the_golden_file(
    report_type: ReportType,
    name: str,
    region: str,
    seller: str,
    settlement_id: bytes,
    period: tuple[str, str],
    rows: Sequence[Values],
) -> None:
    """R-5: its lines are kept in two parts, and the settlement id comes between them when the period closes."""
    layout = LAYOUTS[report_type]
    zone = ZONES[region]
    start, end = map(at, period)
    file = head(layout, seller_id=seller, start=start, end=end, zone=zone)
    for row in rows:
        before, behind = split_line(layout, row, zone)
        whole = {**row, "settlement_id": settlement_id.decode()}
        assert before + settlement_id + behind == render_line(layout, whole, zone)
        file += before + settlement_id + behind
    assert file == (GOLDEN / name).read_bytes()
