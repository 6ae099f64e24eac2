from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import json
from whenever import Instant

from torihiki.admin.demo import DEMO_SELLERS, SHOWCASE_SIZE, demo_orders

Line = dict[str, Any]

EASY_SHIP = [
    "PendingSchedule",
    "PendingPickUp",
    "PendingDropOff",
    "LabelCanceled",
    "PickedUp",
    "DroppedOff",
    "AtOriginFC",
    "AtDestinationFC",
    "Delivered",
    "RejectedByBuyer",
    "Undeliverable",
    "ReturningToSeller",
    "ReturnedToSeller",
    "Lost",
    "OutForDelivery",
    "Damaged",
]

VALUES = {
    "OrderStatus": "Pending Unshipped PartiallyShipped Shipped Canceled Unfulfillable InvoiceUnconfirmed "
    "PendingAvailability",
    "FulfillmentChannel": "AFN MFN",
    "PaymentMethod": "COD CVS Other",
    "MarketplaceId": "A1VC38T7YXB528 A39IBJ37TRP1C6 ATVPDKIKX0DER A2Q3Y263D00KWC",
    "EasyShipShipmentStatus": " ".join(EASY_SHIP),
    "ElectronicInvoiceStatus": "NotRequired NotFound Processing Errored Accepted",
    "OrderType": "StandardOrder LongLeadTimeOrder Preorder BackOrder",
}


@pytest.mark.parametrize("field", VALUES)
def test_every_value_of_a_filter_is_in_the_showcase(field: str, showcase: list[Line]) -> None:
    """O-6, O-8, O-9, O-13, O-14."""
    seen = {line["order"].get(field) for line in showcase} - {None}
    assert seen == set(VALUES[field].split())


def order(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = line["order"]
    return found


def items(line: Line) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line["orderItems"]
    return found


FEATURES: dict[str, Callable[[Line], object]] = {
    "dozen items": lambda x: len(items(x)) >= 12,
    "prime": lambda x: order(x)["IsPrime"],
    "premium": lambda x: order(x)["IsPremiumOrder"],
    "access point": lambda x: order(x)["IsAccessPointOrder"],
    "own id": lambda x: order(x)["SellerOrderId"] != order(x)["AmazonOrderId"],
    "business": lambda x: (
        order(x)["IsBusinessOrder"]
        and order(x)["BuyerInfo"]["PurchaseOrderNumber"]
        and order(x)["BuyerInfo"]["BuyerTaxInfo"]["CompanyLegalName"]
    ),
    "business price": lambda x: any(i.get("PriceDesignation") == "BusinessPrice" for i in items(x)),
    "pickup": lambda x: (
        order(x)["IsISPU"]
        and order(x)["FulfillmentInstruction"]["FulfillmentSupplySourceId"]
        and all(i["StoreChainStoreId"] for i in items(x))
    ),
    "gift": lambda x: any(
        i.get("IsGift") == "true"
        and {"GiftMessageText", "GiftWrapLevel", "GiftWrapPrice"} <= i["BuyerInfo"].keys()
        for i in items(x)
    ),
    "customised": lambda x: "BuyerCustomizedInfo" in items(x)[0].get("BuyerInfo", {}),
    "transparency": lambda x: any(i["IsTransparency"] for i in items(x)),
    "used": lambda x: items(x)[0]["ConditionId"] == "Used" and items(x)[0]["ConditionNote"],
    "program": lambda x: items(x)[0].get("AmazonPrograms"),
    "promotion": lambda x: items(x)[0].get("PromotionIds"),
    "points": lambda x: items(x)[0].get("PointsGranted"),
    "cash on delivery": lambda x: (
        order(x).get("PaymentExecutionDetail", [{}])[0].get("PaymentMethod") == "COD"
        and items(x)[0]["CODFee"]
    ),
    "buyer cancels": lambda x: (
        items(x)[0]["BuyerRequestedCancel"]["IsBuyerRequestedCancel"] == "true"
    ),
    "Brazil": lambda x: (
        "ExtendedFields" in order(x).get("ShippingAddress", {})
        and "BuyerCounty" in order(x)["BuyerInfo"]
        and {"MarketplaceTaxInfo", "SellerDisplayName"} <= order(x).keys()
    ),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_feature_is_in_the_showcase(feature: str, showcase: list[Line]) -> None:
    assert any(FEATURES[feature](line) for line in showcase)


def test_every_state_of_a_regulated_order_is_in_the_showcase(showcase: list[Line]) -> None:
    """O-31."""
    found = {}
    for line in showcase:
        assert ("regulatedInfo" in line) == order(line)["HasRegulatedItems"]
        if "regulatedInfo" in line:
            about = line["regulatedInfo"]
            assert about["AmazonOrderId"] == order(line)["AmazonOrderId"]
            kinds = {field["FieldType"] for field in about["RegulatedInformation"]["Fields"]}
            assert kinds == {"Text", "FileAttachment"}
            check = about["RegulatedOrderVerificationStatus"]
            assert check["ValidRejectionReasons"]
            assert check["ValidVerificationDetails"]
            assert check["ValidInterimStatusCodes"]
            assert ("RejectionReason" in check) == (check["Status"] == "Rejected")
            found[check["Status"]] = order(line)["OrderStatus"]
    assert found.keys() == {"Pending", "Approved", "Rejected", "Expired", "Cancelled"}
    assert found["Rejected"] == "Canceled"


def test_replacement_names_an_older_order_of_the_same_buyer(lines: list[Line]) -> None:
    by_id = {order(line)["AmazonOrderId"]: order(line) for line in lines}
    replacements = [order(line) for line in lines if order(line)["IsReplacementOrder"]]
    assert replacements
    for new in replacements:
        old = by_id[new["ReplacedOrderId"]]
        assert old["MarketplaceId"] == new["MarketplaceId"]
        assert old["PurchaseDate"] < new["PurchaseDate"]
        assert old["BuyerInfo"]["BuyerEmail"] == new["BuyerInfo"]["BuyerEmail"]


@pytest.mark.parametrize("marketplace", VALUES["MarketplaceId"].split())
def test_showcase_has_orders_older_than_two_years_in_every_marketplace(
    marketplace: str, showcase: list[Line], until: Instant
) -> None:
    """O-1."""
    limit = until.subtract(hours=24 * 731).format_iso()
    assert any(
        order(line)["MarketplaceId"] == marketplace and order(line)["PurchaseDate"] < limit
        for line in showcase
    )


def test_showcase_size_is_what_the_other_tests_slice(showcase: list[Line]) -> None:
    assert len(showcase) == SHOWCASE_SIZE


def test_sellers_and_marketplaces_of_the_orders_are_those_of_the_demo(lines: list[Line]) -> None:
    assert {(x["sellerId"], order(x)["MarketplaceId"]) for x in lines} == {
        (seller.seller_id, marketplace)
        for seller in DEMO_SELLERS
        for marketplace in seller.marketplace_ids
    }
    assert all(re.fullmatch(r"A[A-Z0-9]{13}", seller.seller_id) for seller in DEMO_SELLERS)


def test_no_replacement_is_older_than_what_it_replaces_in_any_seed(until: Instant) -> None:
    """The mix starts 26 months back, right after the showcase's recent orders."""
    for seed in range(60):
        bought = {}
        for raw in demo_orders(SHOWCASE_SIZE + 40, seed, until):
            found = json.decode(raw)["order"]
            bought[found["AmazonOrderId"]] = found["PurchaseDate"]
            if found["IsReplacementOrder"]:
                assert bought[found["ReplacedOrderId"]] < found["PurchaseDate"]
