"""Asks what getOrders makes of a query string, at one fixed moment."""

from __future__ import annotations

import pytest

from tests.orders.lines import US
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.orders.model import Selection
from torihiki.orders.v0.query import parse_get_orders

NOW = Instant.parse_iso("2026-11-22T09:30:00.75Z")
GENERIC = "The input you have submitted is not valid. Please check your input and try again."
MISSING = "Missing or invalid request parameters: [MarketplaceIds]"
FULL = f"MarketplaceIds={US}&CreatedAfter=2026-01-01"


def asked(query: str, delay: TimeDelta | None = None) -> tuple[Selection | str, int | None]:
    return parse_get_orders(query.encode(), NOW, delay or TimeDelta())


def selected(query: str) -> Selection:
    selection, _ = asked(query)
    assert isinstance(selection, Selection)
    return selection


def refused(query: str | bytes) -> tuple[str | None, str | None]:
    """Message and details of the refusal."""
    raw = query if isinstance(query, bytes) else query.encode()
    with pytest.raises(Problem) as caught:
        parse_get_orders(raw, NOW, TimeDelta())
    assert caught.value.kind is Kind.INVALID_INPUT
    return caught.value.message, caught.value.details


def at(text: str) -> Instant:
    return Instant.parse_iso(text)


MEMBERS = {
    "OrderStatuses": (
        "orderStatus",
        (
            "PendingAvailability, Pending, Unshipped, PartiallyShipped, Shipped, InvoiceUnconfirmed, Canceled, "
            "Unfulfillable"
        ),
    ),
    "FulfillmentChannels": ("fulfillmentChannel", "AFN, MFN"),
    "PaymentMethods": ("paymentMethod", "COD, CVS, Other"),
    "EasyShipShipmentStatuses": (
        "easyShipShipmentStatus",
        (
            "PendingSchedule, PendingPickUp, PendingDropOff, LabelCanceled, PickedUp, DroppedOff, AtOriginFC, "
            "AtDestinationFC, Delivered, RejectedByBuyer, Undeliverable, ReturningToSeller, ReturnedToSeller, Lost, "
            "OutForDelivery, Damaged"
        ),
    ),
    "ElectronicInvoiceStatuses": (
        "electronicInvoiceStatus",
        "NotRequired, NotFound, Processing, Errored, Accepted",
    ),
}
FIELDS = {
    "OrderStatuses": "order_statuses",
    "FulfillmentChannels": "fulfillment_channels",
    "PaymentMethods": "payment_methods",
    "EasyShipShipmentStatuses": "easy_ship_shipment_statuses",
    "ElectronicInvoiceStatuses": "electronic_invoice_statuses",
}


def ids(count: int) -> str:
    return ",".join(f"249-7000000-{number:07}" for number in range(count))
