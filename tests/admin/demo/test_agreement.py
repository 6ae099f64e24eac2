from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from msgspec import json
from whenever import Instant

from torihiki.admin.demo import SHOWCASE_SIZE
from torihiki.orders.v0.documents import parse_line

Line = dict[str, Any]

PAYMENT_DUE = {"Pending", "PendingAvailability"}
PRICES = {"ItemPrice", "ItemTax", "ShippingPrice", "PromotionDiscount", "IsGift", "BuyerInfo"}
PLUS: tuple[str, ...] = ("ItemPrice", "ShippingPrice", "GiftWrapPrice", "CODFee")
MINUS: tuple[str, ...] = ("PromotionDiscount", "ShippingDiscount", "CODFeeDiscount")
PLUS_TAX = ("ItemTax", "ShippingTax", "GiftWrapTax")
MINUS_TAX = ("PromotionDiscountTax", "ShippingDiscountTax")
CURRENCIES = {
    "A1VC38T7YXB528": "JPY",
    "A39IBJ37TRP1C6": "AUD",
    "ATVPDKIKX0DER": "USD",
    "A2Q3Y263D00KWC": "BRL",
}


def amount(line: dict[str, Any], field: str, currency: str) -> Decimal:
    value = line.get(field) or line["BuyerInfo"].get(field)
    if value is None:
        return Decimal(0)
    assert value["CurrencyCode"] == currency
    assert re.fullmatch(r"\d+" if currency == "JPY" else r"\d+\.\d\d", value["Amount"])
    return Decimal(value["Amount"])


def test_total_is_the_sum_of_the_items(lines: list[Line]) -> None:
    checked = 0
    for line in lines:
        order = line["order"]
        if "OrderTotal" not in order:
            continue
        currency = CURRENCIES[order["MarketplaceId"]]
        on_top = currency == "USD"
        plus = PLUS + PLUS_TAX if on_top else PLUS
        minus = MINUS + MINUS_TAX if on_top else MINUS
        total = Decimal(0)
        for item in line["orderItems"]:
            total += sum(amount(item, field, currency) for field in plus)
            total -= sum(amount(item, field, currency) for field in minus)
        assert order["OrderTotal"]["CurrencyCode"] == currency
        assert Decimal(order["OrderTotal"]["Amount"]) == total
        assert total >= 0
        checked += 1
    assert checked > 2900


def test_payments_add_up_to_the_total(lines: list[Line]) -> None:
    paid = [line["order"] for line in lines if "PaymentExecutionDetail" in line["order"]]
    assert {order["MarketplaceId"] for order in paid} == {"A1VC38T7YXB528", "A2Q3Y263D00KWC"}
    for order in paid:
        parts = [Decimal(part["Payment"]["Amount"]) for part in order["PaymentExecutionDetail"]]
        assert sum(parts) == Decimal(order["OrderTotal"]["Amount"])
        assert all(part > 0 for part in parts)


def test_included_tax_is_the_part_of_the_price_that_it_should_be(lines: list[Line]) -> None:
    for line in lines:
        country = CURRENCIES[line["order"]["MarketplaceId"]]
        for item in line["orderItems"]:
            if country != "AUD" or "ItemPrice" not in item:
                continue
            price, tax = Decimal(item["ItemPrice"]["Amount"]), Decimal(item["ItemTax"]["Amount"])
            assert 0 <= price / 11 - tax < Decimal("0.01")


def test_every_order_has_prices_and_a_total_also_before_it_is_paid(lines: list[Line]) -> None:
    """The import hides them until the payment, which then reveals them (contract 1.4)."""
    assert {line["order"]["OrderStatus"] for line in lines} >= PAYMENT_DUE
    for line in lines:
        assert "OrderTotal" in line["order"]
        for item in line["orderItems"]:
            assert item.keys() >= PRICES


def test_unpaid_order_shows_nothing_that_only_a_payment_reveals(lines: list[Line]) -> None:
    """Contract 1.4: what each state hides; the payment reveals what was imported."""
    for line in lines:
        if line["order"]["OrderStatus"] not in PAYMENT_DUE:
            continue
        hidden = parse_line(json.encode(line))
        shown = json.decode(hidden.document + hidden.ending)
        assert not {"OrderTotal", "ShippingAddress", "LatestDeliveryDate"} & shown.keys()
        for item in json.decode(hidden.items):
            assert not {
                *PRICES,
                "PointsGranted",
                "TaxCollection",
                "PriceDesignation",
            } & item.keys() - {"BuyerInfo"}
            assert item["BuyerInfo"] == {}
        paid = {**line, "order": {**line["order"], "OrderStatus": "Unshipped"}}
        after = parse_line(json.encode(paid))
        shown = json.decode(after.document + after.ending)
        assert {"OrderTotal", "ShippingAddress"} <= shown.keys()
        assert ("LatestDeliveryDate" in shown) == (shown["FulfillmentChannel"] == "MFN")


def test_quantities_agree_with_the_status(lines: list[Line]) -> None:
    for line in lines:
        order, items = line["order"], line["orderItems"]
        ordered = sum(item["QuantityOrdered"] for item in items)
        shipped = sum(item["QuantityShipped"] for item in items)
        assert order["NumberOfItemsShipped"] == shipped
        rest = order["NumberOfItemsUnshipped"]
        match order["OrderStatus"]:
            case "Shipped" | "InvoiceUnconfirmed":
                assert (shipped, rest) == (ordered, 0)
            case "PartiallyShipped":
                assert 0 < shipped < ordered
                assert rest == ordered - shipped
            case "Canceled" | "Unfulfillable":
                assert (shipped, rest) == (0, 0)
            case _:
                assert (shipped, rest) == (0, ordered)


def test_dates_agree_with_each_other(lines: list[Line], until: Instant) -> None:
    end = until.format_iso()
    for line in lines:
        order = line["order"]
        dates = {name: value for name, value in order.items() if name.endswith("Date")}
        for value in dates.values():
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
            assert Instant.parse_iso(value).format_iso() == value
        assert order["PurchaseDate"] <= order["LastUpdateDate"] <= end
        windows = [
            dates[name]
            for name in (
                "PurchaseDate",
                "EarliestShipDate",
                "LatestShipDate",
                "EarliestDeliveryDate",
                "LatestDeliveryDate",
            )
            if name in dates
        ]
        assert windows == sorted(windows)
        assert ("EarliestShipDate" in order) == (order["FulfillmentChannel"] == "MFN")


def test_mix_is_old_when_shipped_and_recent_when_open(lines: list[Line], until: Instant) -> None:
    open_orders = 0
    for line in lines[SHOWCASE_SIZE:]:
        order = line["order"]
        age = (until - Instant.parse_iso(order["PurchaseDate"])).total("hours")
        if order["OrderStatus"] in {"Pending", "Unshipped", "PartiallyShipped"}:
            open_orders += 1
            assert age < 24 * (45 if order["OrderType"] == "Preorder" else 7)
        elif age > 24 * 45:
            assert order["OrderStatus"] in {"Shipped", "Canceled", "Unfulfillable"}
    assert open_orders > 0


def test_mix_comes_in_the_order_of_purchase_within_a_day(lines: list[Line]) -> None:
    latest = Instant.MIN
    for line in lines[SHOWCASE_SIZE:]:
        bought = Instant.parse_iso(line["order"]["PurchaseDate"])
        assert bought > latest.subtract(hours=24) if latest != Instant.MIN else True
        latest = max(latest, bought)


def test_later_months_and_local_evenings_are_busier(lines: list[Line], until: Instant) -> None:
    mix = [line["order"] for line in lines[SHOWCASE_SIZE:]]
    bought = [Instant.parse_iso(order["PurchaseDate"]) for order in mix]
    middle = until.subtract(hours=24 * 395)
    assert sum(moment > middle for moment in bought) > len(mix) * 0.6
    two_years = until.subtract(hours=24 * 731)
    assert any(moment < two_years for moment in bought)
    japan = Counter(
        moment.to_tz("Asia/Tokyo").hour
        for moment, order in zip(bought, mix, strict=True)
        if order["MarketplaceId"] == "A1VC38T7YXB528"
    )
    assert sum(japan[hour] for hour in (19, 20, 21)) > 4 * sum(japan[hour] for hour in (2, 3, 4))


def test_address_and_restricted_fields_are_there_unless_the_order_goes_nowhere(
    lines: list[Line],
) -> None:
    """O-21: the store can only withhold what it was given, and only show later what it was given before."""
    for line in lines:
        order = line["order"]
        has = order["OrderStatus"] not in {"Canceled", "Unfulfillable"}
        assert ("ShippingAddress" in order) == has
        if has:
            address = order["ShippingAddress"]
            assert address["Name"] == order["BuyerInfo"]["BuyerName"]
            assert address["AddressLine1"]
            assert ("Phone" in address) == (order["FulfillmentChannel"] == "MFN")


def test_buyers_come_back_with_the_same_address_to_write_to(lines: list[Line]) -> None:
    """O-10."""
    names: dict[str, set[str]] = {}
    orders = Counter[str]()
    for line in lines:
        buyer = line["order"]["BuyerInfo"]
        assert re.fullmatch(
            r"[0-9a-f]{14}@marketplace\.amazon\.(co\.jp|com|com\.au|com\.br)", buyer["BuyerEmail"]
        )
        names.setdefault(buyer["BuyerEmail"], set()).add(buyer["BuyerName"])
        orders[buyer["BuyerEmail"]] += 1
    assert all(len(of_one) == 1 for of_one in names.values())
    assert sum(count > 1 for count in orders.values()) > 100


@pytest.mark.parametrize("weights", [(11, "CPF"), (9, "CNPJ")])
def test_tax_numbers_are_nobodys(weights: tuple[int, str], lines: list[Line]) -> None:
    top, name = weights
    numbers = [
        re.sub(r"\D", "", found["Value"])
        for line in lines
        for found in line["order"]["BuyerInfo"]
        .get("BuyerTaxInfo", {})
        .get("TaxClassifications", ())
        if found["Name"] == name
    ]
    assert numbers
    for number in numbers:
        total = sum(
            int(digit) * (2 + place % (top - 1)) for place, digit in enumerate(number[-3::-1])
        )
        rest = total % 11
        assert int(number[-2]) != (0 if rest < 2 else 11 - rest)


def test_order_has_no_article_twice_and_ids_of_the_right_shape(lines: list[Line]) -> None:
    for line in lines:
        items = line["orderItems"]
        assert re.fullmatch(r"\d{3}-\d{7}-\d{7}", line["order"]["AmazonOrderId"])
        assert len({item["ASIN"] for item in items}) == len(items)
        assert all(re.fullmatch(r"B0[A-Z0-9]{8}", item["ASIN"]) for item in items)
        assert all(re.fullmatch(r"\d{14}", item["OrderItemId"]) for item in items)
