"""The items of a demo order, and the rule by which they add up to its total.

OrderTotal is the sum over the items of

    ItemPrice + ShippingPrice + GiftWrapPrice + CODFee - PromotionDiscount - ShippingDiscount - CODFeeDiscount

and, where prices do not include tax (the US), of

    ItemTax + ShippingTax + GiftWrapTax - PromotionDiscountTax - ShippingDiscountTax

Elsewhere the same tax fields say how much of a price is tax, and add nothing.
"""

from __future__ import annotations

from msgspec import Struct

from torihiki.admin.demo.case import Case
from torihiki.admin.demo.catalogue import CATALOGUES, Product
from torihiki.admin.demo.draws import Draws, item_id
from torihiki.admin.demo.marketplaces import Json, Market, money
from torihiki.admin.demo.people import Buyer

_QUANTITIES = (1,) * 54 + (2,) * 7 + (3,) * 2 + (4,)
_BUSINESS_QUANTITIES = (2, 3, 5, 5, 10, 12, 20, 40)
_COD_FEES = ((330, 0), (330, 0), (330, 330))
_SHIPPED = frozenset({"Shipped", "InvoiceUnconfirmed"})

_KEPT: Json = {"IsBuyerRequestedCancel": "false", "BuyerCancelReason": ""}
_CANCEL_REASONS = {
    "JP": ("間違えて注文しました", "お届けが遅いため"),
    "AU": ("Ordered by mistake", "Found it elsewhere"),
    "US": ("Ordered by mistake", "Would not arrive in time"),
    "BR": ("Comprei por engano", "Prazo de entrega muito longo"),
}
_GIFT_MESSAGES = {
    "JP": (
        "お誕生日おめでとうございます。",
        "いつもありがとう。お茶の時間に使ってください。",
        "ご結婚おめでとうございます。末永くお幸せに。",
    ),
    "AU": ("Happy birthday, Nan! Love from all of us.", "Enjoy a proper cuppa."),
    "US": ("Happy birthday! See you on the trail.", "Congratulations on the new house!"),
    "BR": ("Feliz aniversário! Um abraço.", "Boas trilhas e boas festas!"),
}
_TAX_COLLECTION: Json = {
    "Model": "MarketplaceFacilitator",
    "ResponsibleParty": "Amazon Services, Inc.",
}


class Lines(Struct, frozen=True, kw_only=True, gc=False):
    """An order's items as they are sent, what they come to in minor units, and how many pieces have left."""

    items: list[Json]
    total: int
    ordered: int
    shipped: int


def priced_lines(case: Case, who: Buyer, seed: int, index: int, draws: Draws) -> Lines:
    """Fill the basket of order `index`; its first line carries shipping, fees and promotions."""
    catalogue = CATALOGUES[case.market.id]
    everyday = catalogue.everyday
    place, stride = draws.below(len(everyday)), 1 + draws.below(len(everyday) - 1)
    quantities = _BUSINESS_QUANTITIES if case.business else _QUANTITIES
    lines: list[Json] = []
    total = ordered = shipped = 0
    for position in range(case.items):
        first = position == 0
        product = everyday[place]
        if first and case.special:
            product = getattr(catalogue, case.special)
        place = (place + stride) % len(everyday)
        quantity = draws.pick(quantities)
        if case.status in _SHIPPED or (first and case.status == "PartiallyShipped"):
            gone = quantity
        else:
            gone = 0
        ordered += quantity
        shipped += gone
        line: Json = {
            **product.head,
            "OrderItemId": item_id(seed, index, position),
            "QuantityOrdered": quantity,
            "QuantityShipped": gone,
            "BuyerRequestedCancel": _cancel(case, draws) if case.buyer_cancels else _KEPT,
        }
        if case.pickup:
            line["StoreChainStoreId"] = case.market.stores[index % len(case.market.stores)]
        if case.program:
            line["AmazonPrograms"] = {"Programs": [case.program]}
        total += _price(line, case, product, quantity, who, draws, first=first)
        lines.append(line)
    return Lines(items=lines, total=total, ordered=ordered, shipped=shipped)


def _cancel(case: Case, draws: Draws) -> Json:
    reason = draws.pick(_CANCEL_REASONS[case.market.country])
    return {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": reason}


def _price(
    line: Json,
    case: Case,
    product: Product,
    quantity: int,
    who: Buyer,
    draws: Draws,
    *,
    first: bool,
) -> int:
    """Put the amounts on a line; what it adds to the total, in minor units."""
    market = case.market
    rate = product.tax_rate if market.tax_included else who.sales_tax
    price = 0 if case.replacement else product.price * quantity
    if case.business:
        price = price * 95 // 100
        line["PriceDesignation"] = "BusinessPrice"
    item_tax = _tax(market, price, rate)
    total = price if market.tax_included else price + item_tax
    line["ItemPrice"] = money(market, price)
    line["ItemTax"] = money(market, item_tax)
    if rate and not market.tax_included:
        line["TaxCollection"] = _TAX_COLLECTION
    if market.country == "JP" and price:
        line["PointsGranted"] = {
            "PointsNumber": price // 100,
            "PointsMonetaryValue": money(market, price // 100),
        }
    if first and not case.replacement:
        total += _shipping(line, case, rate, draws)
        if case.payment == "COD":
            fee, discount = draws.pick(_COD_FEES)
            line["CODFee"] = money(market, fee)
            line["CODFeeDiscount"] = money(market, discount)
            total += fee - discount
    else:
        _ship_free(line, market)
    total -= _promotion(line, case, price if first else 0, rate)
    return total + _personal(line, case, rate, draws)


def _tax(market: Market, amount: int, rate: int) -> int:
    """The tax within an amount (rounded down), or on top of it (rounded half up)."""
    if market.tax_included:
        return amount * rate // (10000 + rate)
    return (amount * rate + 5000) // 10000


def _with_tax(market: Market, amount: int, rate: int) -> int:
    return amount if market.tax_included else amount + _tax(market, amount, rate)


def _shipping(line: Json, case: Case, rate: int, draws: Draws) -> int:
    """Shipping is charged on the first line, and given back to Prime members."""
    market = case.market
    fee = 0 if case.pickup else draws.pick(market.shipping_fees)
    if fee == 0:
        _ship_free(line, market)
        return 0
    discount = fee if case.prime else 0
    line["ShippingPrice"] = money(market, fee)
    line["ShippingTax"] = money(market, _tax(market, fee, rate))
    line["ShippingDiscount"] = money(market, discount)
    line["ShippingDiscountTax"] = money(market, _tax(market, discount, rate))
    return _with_tax(market, fee, rate) - _with_tax(market, discount, rate)


def _ship_free(line: Json, market: Market) -> None:
    line["ShippingPrice"] = line["ShippingTax"] = market.zero
    line["ShippingDiscount"] = line["ShippingDiscountTax"] = market.zero


def _promotion(line: Json, case: Case, price: int, rate: int) -> int:
    market = case.market
    if not (case.promotion and price):
        line["PromotionDiscount"] = line["PromotionDiscountTax"] = market.zero
        return 0
    discount = price // 10
    line["PromotionDiscount"] = money(market, discount)
    line["PromotionDiscountTax"] = money(market, _tax(market, discount, rate))
    line["PromotionIds"] = market.coupons
    return _with_tax(market, discount, rate)


def _personal(line: Json, case: Case, rate: int, draws: Draws) -> int:
    """Gift wrap, gift message and customisation; the last two only on what the seller ships (contract 1.7)."""
    market = case.market
    personal: Json = {}
    added = 0
    if case.gift:
        personal["GiftWrapPrice"] = money(market, market.gift_fee)
        personal["GiftWrapTax"] = money(market, _tax(market, market.gift_fee, rate))
        personal["GiftWrapLevel"] = market.gift_level
        if not case.afn:
            personal["GiftMessageText"] = draws.pick(_GIFT_MESSAGES[market.country])
        added = _with_tax(market, market.gift_fee, rate)
    if case.special == "customised" and line["ASIN"] == _customised_asin(market):
        url = f"https://customisation.example.com/{line['OrderItemId']}.zip"
        personal["BuyerCustomizedInfo"] = {"CustomizedURL": url}
    line["IsGift"] = "true" if case.gift else "false"
    line["BuyerInfo"] = personal
    return added


def _customised_asin(market: Market) -> object:
    return CATALOGUES[market.id].customised.head["ASIN"]
