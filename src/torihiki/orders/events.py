"""The names of what can happen to an order: the operator's API takes them, the history shows them."""

from __future__ import annotations

from typing import Final

PREORDER_RELEASED: Final = "preorder_released"
"""The release date of a pre-order has come."""
PAYMENT_AUTHORIZED: Final = "payment_authorized"
"""The buyer's payment has gone through."""
CANCEL_REQUESTED: Final = "cancel_requested"
"""The buyer wishes that the seller cancels."""
CANCELED: Final = "canceled"
"""Called off by the buyer, the seller or Amazon."""
SHIPPED: Final = "shipped"
"""Sent without a confirmation: by Amazon, or by the seller with a label bought elsewhere."""
INVOICE_STATUS: Final = "invoice_status"
"""The electronic invoice is at another point."""
INVOICE_CONFIRMED: Final = "invoice_confirmed"
"""The invoice of an order that waited for it was accepted."""
DELIVERED: Final = "delivered"
"""With the buyer."""
EASY_SHIP_STATUS: Final = "easy_ship_status"
"""The parcel of an Easy Ship order took a step."""
UNFULFILLABLE: Final = "unfulfillable"
"""Amazon cannot ship it."""

OPERATOR_EVENTS: Final = (
    PREORDER_RELEASED,
    PAYMENT_AUTHORIZED,
    CANCEL_REQUESTED,
    CANCELED,
    SHIPPED,
    INVOICE_STATUS,
    INVOICE_CONFIRMED,
    DELIVERED,
    EASY_SHIP_STATUS,
    UNFULFILLABLE,
)
"""What the operator can let happen; the rest is done by sellers."""

PACKAGE_CONFIRMED: Final = "package_confirmed"
"""The seller confirmed a shipment."""
PACKAGE_EDITED: Final = "package_edited"
"""The seller told something else of a package that he had confirmed."""
PICKUP_STATUS: Final = "pickup_status"
"""The seller told how far a pickup in the store is."""
VERIFICATION_REJECTED: Final = "verification_rejected"
"""A regulated order did not pass its check."""
