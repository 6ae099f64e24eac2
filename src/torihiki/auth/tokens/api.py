"""Tokens 2021-03-01 as data: its one operation (contract 3.4)."""

from __future__ import annotations

from typing import Final

from torihiki.auth.tokens import wire
from torihiki.kernel.operation import Operation
from torihiki.kernel.quota import UsagePlan

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
"""Any one of these may ask for a token: all that there are (contract 3.3). What the token opens is decided apart."""

OPERATIONS: Final = (
    Operation(
        name="createRestrictedDataToken",
        method="POST",
        path="/tokens/2021-03-01/restrictedDataToken",
        plan=UsagePlan(rate=1.0, burst=10),
        roles=ROLES,
        request=wire.CreateRestrictedDataTokenRequest,
        response=wire.CreateRestrictedDataTokenResponse,
        errors=(400, 403, 429, 500, 503),
        summary="Gives a token that shows personal data, for up to fifty paths and for an hour.",
    ),
)
