"""The demo's orders as lines of the import surface, one after the other and never two in memory."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, json, structs
from whenever import Instant

from torihiki.admin.demo.case import ADDRESSED, PAYMENT_DUE, Case, service_of
from torihiki.admin.demo.course import Course, last_update
from torihiki.admin.demo.draws import ORDER_WORDS, Draws, order_id
from torihiki.admin.demo.lines import Lines, priced_lines
from torihiki.admin.demo.marketplaces import DEMO_MARKETS, Json, money
from torihiki.admin.demo.mix import mixed
from torihiki.admin.demo.moments import Purchases, Stamps
from torihiki.admin.demo.parts import address_part, buyer_part, payment_part
from torihiki.admin.demo.people import Buyer, buyer
from torihiki.admin.demo.showcase import SHOWCASE_SIZE, showcased
from torihiki.admin.demo.verification import regulated_record

# The circle of buyers grows with the orders: about a dozen orders for each new buyer of a marketplace.
_FIRST_BUYERS = 8
_ORDERS_PER_BUYER = 12

_AUTOMATED: Json = {
    "HasAutomatedShippingSettings": True,
    "AutomatedCarrier": "Own fleet",
    "AutomatedShipMethod": "Door to door",
}
_BY_HAND: Json = {"HasAutomatedShippingSettings": False}
# Numbers of this shape with wrong check digits belong to nobody.
_MARKETPLACE_TAX: Json = {"TaxClassifications": [{"Name": "CNPJ", "Value": "15.800.200/0001-00"}]}


class _Sale(Struct, frozen=True, kw_only=True):
    """An earlier order that a replacement can refer to."""

    order: str
    purchased: int
    who: Buyer


def demo_orders(count: int, seed: int, until: Instant) -> Iterator[bytes]:
    """Yield `count` import lines without line ends; the same arguments give the same bytes.

    The first SHOWCASE_SIZE orders walk through the cases and do not depend on `count`. The others come in the
    order of purchase, at most about a day out of it, over the 26 months before `until`; their dates, and so
    their statuses, do depend on `count`. Nothing is later than `until` but shipping and delivery windows.
    Order ids of two seeds differ unless the seeds agree modulo 10^9.
    """
    end = until.timestamp()
    stamp = Stamps(end)
    purchases = {market.id: Purchases(market, end) for market in DEMO_MARKETS}
    encode = json.Encoder().encode
    sales: dict[str, _Sale] = {}
    for index in range(count):
        draws = Draws(seed, "order", index, ORDER_WORDS)
        if index < SHOWCASE_SIZE:
            case, course = showcased(index, end, draws)
        else:
            nth, rest = index - SHOWCASE_SIZE, count - SHOWCASE_SIZE
            case, course = mixed(nth, rest, purchases, end, draws)
        yield encode(_line(case, course, seed, index, end, stamp, sales, draws))


def _line(
    case: Case,
    course: Course,
    seed: int,
    index: int,
    end: int,
    stamp: Stamps,
    sales: dict[str, _Sale],
    draws: Draws,
) -> Json:
    market = case.market
    name = order_id(seed, index)
    replaced = sales.get(market.id) if case.replacement else None
    if case.replacement and (replaced is None or replaced.purchased >= course.purchased):
        case, replaced = structs.replace(case, replacement=False), None
    if replaced is None:
        number = draws.below(_FIRST_BUYERS + index // _ORDERS_PER_BUYER)
        who = buyer(market, seed, number)
        if case.status == "Shipped":
            sales[market.id] = _Sale(order=name, purchased=course.purchased, who=who)
    else:
        who = replaced.who
    lines = priced_lines(case, who, seed, index, draws)
    updated = stamp(last_update(course, case.status, case.easy_ship, end))
    order = _order(case, course, name, lines, stamp, index)
    order["LastUpdateDate"] = updated
    order["BuyerInfo"] = buyer_part(case, who, draws)
    if replaced is not None:
        order["ReplacedOrderId"] = replaced.order
    order["OrderTotal"] = money(market, lines.total)
    order.update(payment_part(case, lines, draws))
    if case.status in ADDRESSED | PAYMENT_DUE:
        order["ShippingAddress"] = address_part(case, who)
    result: Json = {"sellerId": market.seller.seller_id, "order": order, "orderItems": lines.items}
    if case.regulated:
        result["regulatedInfo"] = regulated_record(name, case.regulated, updated, draws)
    return result


def _order(case: Case, course: Course, name: str, lines: Lines, stamp: Stamps, index: int) -> Json:
    market = case.market
    service = service_of(market, index, afn=case.afn, prime=case.prime, pickup=case.pickup)
    purchased = stamp(course.purchased)
    open_items = (
        0 if case.status in {"Canceled", "Unfulfillable"} else lines.ordered - lines.shipped
    )
    outside = case.status == "Unfulfillable"
    order: Json = {
        "AmazonOrderId": name,
        "SellerOrderId": f"{market.own_prefix}-{purchased[:4]}-{name[4:11]}"
        if case.own_id
        else name,
        "PurchaseDate": purchased,
        "OrderStatus": case.status,
        "FulfillmentChannel": "AFN" if case.afn else "MFN",
        "SalesChannel": "Non-Amazon" if outside else market.sales_channel,
        "ShipServiceLevel": service.level,
        "NumberOfItemsShipped": lines.shipped,
        "NumberOfItemsUnshipped": open_items,
        "PaymentMethod": case.payment,
        "MarketplaceId": market.id,
        "ShipmentServiceLevelCategory": service.category,
        "OrderType": case.order_type,
        "IsBusinessOrder": case.business,
        "IsPrime": case.prime,
        "IsPremiumOrder": case.premium,
        "IsGlobalExpressEnabled": False,
        "IsReplacementOrder": case.replacement,
        "IsSoldByAB": False,
        "IsIBA": False,
        "IsISPU": case.pickup,
        "IsAccessPointOrder": case.access_point,
        "HasRegulatedItems": bool(case.regulated),
    }
    if not case.afn:
        _add_shipping(order, case, course, stamp, index)
    if case.easy_ship:
        order["EasyShipShipmentStatus"] = case.easy_ship
    if case.invoice:
        order["ElectronicInvoiceStatus"] = case.invoice
    if market.country == "BR" and case.status in {"Pending", "Unshipped"}:
        order["MarketplaceTaxInfo"] = _MARKETPLACE_TAX
        order["SellerDisplayName"] = market.seller.name
    return order


def _add_shipping(order: Json, case: Case, course: Course, stamp: Stamps, index: int) -> None:
    """What only orders have that the seller ships: windows (contract 1.7), warehouse, automation."""
    market = case.market
    order["EarliestShipDate"] = stamp(course.earliest_ship)
    order["LatestShipDate"] = stamp(course.latest_ship)
    if case.status != "Canceled":
        order["EarliestDeliveryDate"] = stamp(course.earliest_delivery)
        order["LatestDeliveryDate"] = stamp(course.latest_delivery)
    order["DefaultShipFromLocationAddress"] = market.ship_from
    order["AutomatedShippingSettings"] = _AUTOMATED if case.premium else _BY_HAND
    if case.pickup or index % 3 == 0:
        source = market.supply_sources[index % len(market.supply_sources)]
        order["FulfillmentInstruction"] = {"FulfillmentSupplySourceId": source}
