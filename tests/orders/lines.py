"""Lines of an import, made for tests: an order that hides nothing, and ways to change it."""

from __future__ import annotations

import copy
import json
from typing import Any

ORDER_ID = "249-7000000-0000001"
SELLER = "SELLERONE"
OTHER = "SELLERTWO"
US = "ATVPDKIKX0DER"
JAPAN = "A1VC38T7YXB528"
BRAZIL = "A2Q3Y263D00KWC"

SECRET = "secret"
"""Every restricted text of `FULL` begins with this, and nothing else does."""

FULL: dict[str, Any] = {
    "AmazonOrderId": ORDER_ID,
    "SellerOrderId": "own-1",
    "PurchaseDate": "2026-03-01T10:00:00Z",
    "LastUpdateDate": "2026-03-02T10:00:00Z",
    "OrderStatus": "Shipped",
    "FulfillmentChannel": "MFN",
    "OrderTotal": {"CurrencyCode": "USD", "Amount": "11.01"},
    "MarketplaceId": US,
    "EarliestShipDate": "2026-03-02T00:00:00Z",
    "LatestShipDate": "2026-03-03T00:00:00Z",
    "EarliestDeliveryDate": "2026-03-04T00:00:00Z",
    "LatestDeliveryDate": "2026-03-05T00:00:00Z",
    "BuyerTaxInformation": {
        "BuyerLegalCompanyName": f"{SECRET} company",
        "BuyerBusinessAddress": f"{SECRET} business address",
        "BuyerTaxRegistrationId": f"{SECRET} registration",
        "BuyerTaxOffice": f"{SECRET} office",
    },
    "ShippingAddress": {
        "Name": f"{SECRET} name",
        "CompanyName": f"{SECRET} company name",
        "AddressLine1": f"{SECRET} line 1",
        "AddressLine2": f"{SECRET} line 2",
        "AddressLine3": f"{SECRET} line 3",
        "City": "Springfield",
        "County": f"{SECRET} county",
        "District": f"{SECRET} district",
        "StateOrRegion": "OR",
        "Municipality": f"{SECRET} municipality",
        "PostalCode": "97477",
        "CountryCode": "US",
        "Phone": f"{SECRET} phone",
        "AddressType": "Residential",
        "ExtendedFields": {
            "StreetName": f"{SECRET} street",
            "StreetNumber": f"{SECRET} number",
            "Complement": f"{SECRET} complement",
            "Neighborhood": f"{SECRET} neighborhood",
        },
        "NotYetKnown": f"{SECRET} address member",
    },
    "BuyerInfo": {
        "BuyerName": f"{SECRET} buyer",
        "BuyerEmail": "open@example.test",
        "BuyerCounty": f"{SECRET} buyer county",
        "BuyerTaxInfo": {
            "CompanyLegalName": f"{SECRET} legal name",
            "TaxingRegion": f"{SECRET} region",
            "TaxClassifications": [{"Name": "VAT", "Value": f"{SECRET} vat"}],
        },
        "PurchaseOrderNumber": f"{SECRET} purchase order",
        "NotYetKnown": f"{SECRET} buyer member",
    },
    "IsISPU": False,
    "MarketplaceTaxInfo": {"TaxClassifications": [{"Name": "CNPJ", "Value": "15.800"}]},
    "SellerDisplayName": "Loja",
    "NotYetKnown": {"Deep": [1, 2.5, True, None, "kept"]},
}

FULL_ITEM: dict[str, Any] = {
    "ASIN": "B00EXAMPLE",
    "SellerSKU": "SKU-1",
    "OrderItemId": "10000000000001",
    "Title": "A thing",
    "QuantityOrdered": 2,
    "QuantityShipped": 1,
    "ItemPrice": {"CurrencyCode": "USD", "Amount": "10.00"},
    "ItemTax": {"CurrencyCode": "USD", "Amount": "1.01"},
    "ShippingPrice": {"CurrencyCode": "USD", "Amount": "1.02"},
    "ShippingTax": {"CurrencyCode": "USD", "Amount": "0.01"},
    "ShippingDiscount": {"CurrencyCode": "USD", "Amount": "0.02"},
    "ShippingDiscountTax": {"CurrencyCode": "USD", "Amount": "0.03"},
    "PromotionDiscount": {"CurrencyCode": "USD", "Amount": "0.04"},
    "PromotionDiscountTax": {"CurrencyCode": "USD", "Amount": "0.05"},
    "PromotionIds": ["FREESHIP"],
    "CODFee": {"CurrencyCode": "USD", "Amount": "0.06"},
    "CODFeeDiscount": {"CurrencyCode": "USD", "Amount": "0.07"},
    "IsGift": "true",
    "ConditionId": "New",
    "BuyerInfo": {
        "BuyerCustomizedInfo": {"CustomizedURL": f"https://{SECRET}.example.test/a.zip"},
        "GiftMessageText": f"{SECRET} message",
        "GiftWrapPrice": {"CurrencyCode": "USD", "Amount": "2.00"},
        "GiftWrapTax": {"CurrencyCode": "USD", "Amount": "0.20"},
        "GiftWrapLevel": "Paper",
    },
    "NotYetKnown": "kept too",
}


def full_line(*, without: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """The full order with its one item, some of its order's members changed or taken away."""
    order = {**copy.deepcopy(FULL), **changes}
    for name in without:
        del order[name]
    return {"sellerId": SELLER, "order": order, "orderItems": [copy.deepcopy(FULL_ITEM)]}


def small_line(number: int = 1, *, seller: str = SELLER, **changes: Any) -> dict[str, Any]:
    """An order with little more than it must have."""
    order = {
        "AmazonOrderId": f"249-7000000-{number:07}",
        "PurchaseDate": "2026-03-01T10:00:00Z",
        "LastUpdateDate": "2026-03-02T10:00:00Z",
        "OrderStatus": "Unshipped",
        "MarketplaceId": US,
        **changes,
    }
    item = {"ASIN": "B00EXAMPLE", "OrderItemId": f"{number}", "QuantityOrdered": 1}
    return {"sellerId": seller, "order": order, "orderItems": [item]}


def written(line: dict[str, Any]) -> bytes:
    """The line as it stands in a file."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
