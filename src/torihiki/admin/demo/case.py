"""What is special about one demo order."""

from __future__ import annotations

from msgspec import Struct

from torihiki.admin.demo.marketplaces import Market, Service

PAYMENT_DUE = frozenset({"Pending", "PendingAvailability"})
"""The statuses before payment: what they hide (contract 1.4) is there and comes to light with the payment."""

ADDRESSED = frozenset({"Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed"})
"""The statuses that show a shipping address (contract 1.4)."""


class Case(Struct, frozen=True, kw_only=True, gc=False):
    """An order's features; an empty string is "not so". `special` names a field of Catalogue."""

    market: Market
    status: str
    afn: bool = False
    payment: str = "Other"
    items: int = 1
    order_type: str = "StandardOrder"
    special: str = ""
    easy_ship: str = ""
    invoice: str = ""
    regulated: str = ""
    program: str = ""
    business: bool = False
    gift: bool = False
    pickup: bool = False
    prime: bool = False
    premium: bool = False
    replacement: bool = False
    access_point: bool = False
    promotion: bool = False
    own_id: bool = False
    buyer_cancels: bool = False


def service_of(market: Market, choice: int, *, afn: bool, prime: bool, pickup: bool) -> Service:
    """The way an order ships; `choice` picks among the seller's own."""
    if pickup:
        return market.pickup_service
    if prime:
        return market.prime_service
    if afn:
        return market.amazon_service
    return market.services[choice % len(market.services)]
