"""The roles that an application can have, by their public names (contract 3.3)."""

from __future__ import annotations

from typing import Final

ROLES: Final = frozenset(
    {
        "Amazon Fulfillment",
        "Brand Analytics",
        "Buyer Communication",
        "Buyer Solicitation",
        "Direct-to-Consumer Shipping (Restricted)",
        "Finance and Accounting",
        "Inventory and Order Tracking",
        "Pricing",
        "Product Listing",
        "Selling Partner Insights",
        "Tax Invoicing (Restricted)",
        "Tax Remittance (Restricted)",
    }
)
