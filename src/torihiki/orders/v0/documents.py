"""An imported order, turned into the documents that are stored: what everybody sees, and what is withheld.

The two member tables below are the whole of the rule. A document keeps its members' order and values as they came,
with ShippingAddress and BuyerInfo moved to its end, so that another view of them can take their place without
decoding the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from torihiki.kernel.instant import Instant
from torihiki.kernel.marketplace import BRAZIL
from torihiki.orders.model import Facet, StoredOrder
from torihiki.orders.v0.query import parse_date
from torihiki.orders.v0.schemas import Order, OrderItem, OrderRegulatedInfo

LINE_MAX_BYTES: Final = 1024 * 1024
"""The longest line of an import."""

OPEN_ADDRESS_MEMBERS: Final = ("City", "StateOrRegion", "PostalCode", "CountryCode")
"""What a shipping address shows without a restricted data token (contract 3.4)."""
OPEN_BUYER_MEMBERS: Final = ("BuyerEmail",)
"""What the buyer's information shows without one (contract 3.4)."""
RESTRICTED_ORDER_MEMBERS: Final = ("BuyerTaxInformation",)
RESTRICTED_ITEM_BUYER_MEMBERS: Final = ("BuyerCustomizedInfo", "GiftMessageText")

_BEFORE_PAYMENT: Final = frozenset({"PendingAvailability", "Pending"})
_ADDRESSED: Final = frozenset({"Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed"})
_PRICES: Final = (
    "ItemPrice",
    "ItemTax",
    "ShippingPrice",
    "ShippingTax",
    "ShippingDiscount",
    "ShippingDiscountTax",
    "PromotionDiscount",
    "PromotionDiscountTax",
    "PromotionIds",
    "CODFee",
    "CODFeeDiscount",
    "IsGift",
)
"""What the items of an order leave out until it is paid for (contract 1.4)."""
_DATES_OF_SELLERS: Final = (
    "EarliestShipDate",
    "LatestShipDate",
    "EarliestDeliveryDate",
    "LatestDeliveryDate",
)
"""Only on orders that the seller fulfils (contract 1.4)."""


class ImportedOrder(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A line of an import, checked against the wire types of Orders v0."""

    seller_id: str
    order: Order
    order_items: tuple[OrderItem, ...]
    regulated_info: OrderRegulatedInfo | None = None


class _RawImport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    order: dict[str, Any]
    order_items: list[dict[str, Any]]
    regulated_info: msgspec.Raw | None = None


class BadLine(ValueError):
    """A line that cannot be imported; the text says why and holds no personal data."""


_TYPED: Final = msgspec.json.Decoder(ImportedOrder)
_RAW: Final = msgspec.json.Decoder(_RawImport)
_ENCODER: Final = msgspec.json.Encoder()


def _hidden_members(order: Order) -> tuple[str, ...]:
    """The members of an order that its status, channel or marketplace hides (contract 1.4, 1.7)."""
    hidden: tuple[str, ...] = ()
    status = order.order_status.value
    if status in _BEFORE_PAYMENT:
        hidden += ("OrderTotal", "EarliestDeliveryDate", "LatestDeliveryDate")
    elif status == "Canceled":
        hidden += ("EarliestDeliveryDate", "LatestDeliveryDate")
    if order.fulfillment_channel == "AFN":
        hidden += _DATES_OF_SELLERS
    if order.marketplace_id != BRAZIL or status not in {"Pending", "Unshipped"}:
        hidden += ("MarketplaceTaxInfo", "SellerDisplayName")
    return hidden


def _move(source: dict[str, Any], names: tuple[str, ...], target: dict[str, Any]) -> None:
    for name in names:
        if name in source:
            target[name] = source.pop(name)


def _split_order(raw: dict[str, Any], order: Order) -> tuple[bytes, dict[str, Any]]:
    """The order's open document, and what it leaves out."""
    withheld: dict[str, Any] = {}
    _move(raw, ("ShippingAddress", "BuyerInfo"), withheld)
    _move(raw, RESTRICTED_ORDER_MEMBERS, withheld)
    _move(raw, _hidden_members(order), withheld)
    address = withheld.get("ShippingAddress")
    if address is not None and order.order_status.value in _ADDRESSED:
        raw["ShippingAddress"] = _only(address, OPEN_ADDRESS_MEMBERS)
    raw["BuyerInfo"] = _only(withheld.get("BuyerInfo", {}), OPEN_BUYER_MEMBERS)
    return _ENCODER.encode(raw), withheld


def _only(source: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}


def _split_items(raw: list[dict[str, Any]], order: Order) -> tuple[bytes, list[dict[str, Any]]]:
    """The items' open document, and what each of them leaves out."""
    unpaid = order.order_status.value in _BEFORE_PAYMENT
    kept: list[dict[str, Any]] = []
    for item in raw:
        withheld: dict[str, Any] = {}
        if unpaid:
            _move(item, _PRICES, withheld)
        buyer = item.get("BuyerInfo")
        if buyer is not None:
            names = tuple(buyer) if unpaid else RESTRICTED_ITEM_BUYER_MEMBERS
            hidden: dict[str, Any] = {}
            _move(buyer, names, hidden)
            if hidden:
                withheld["BuyerInfo"] = hidden
        kept.append(withheld)
    return _ENCODER.encode(raw), kept


def _date(text: str, member: str) -> Instant:
    """A date of the order.

    Raises:
        BadLine: It is no date.
    """
    parsed = parse_date(text)
    if parsed is None:
        raise BadLine(f"`{member}` is not an ISO 8601 date")
    return parsed


def _optional_date(text: object, member: str) -> Instant | None:
    return _date(text, member) if isinstance(text, str) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def parse_line(line: bytes) -> StoredOrder:
    """The order of one line of an import.

    Raises:
        BadLine: It is no JSON, breaks the wire types, or lacks what the store must know.
    """
    try:
        typed = _TYPED.decode(line)
        raw = _RAW.decode(line)
    except msgspec.DecodeError as error:
        raise BadLine(str(error)) from error
    except RecursionError as error:
        raise BadLine("the JSON is nested too deeply") from error
    order = typed.order
    if not isinstance(order.marketplace_id, str) or not order.marketplace_id:
        raise BadLine("the order has no `MarketplaceId` - at `$.order`")
    _check_items(typed)
    document, withheld = _split_order(raw.order, order)
    items, withheld_items = _split_items(raw.order_items, order)
    withheld["OrderItems"] = withheld_items
    created = _date(order.purchase_date, "PurchaseDate")
    buyer = withheld.get("BuyerInfo", {})
    return StoredOrder(
        seller_id=typed.seller_id,
        order_id=order.amazon_order_id,
        facet=_facet(order),
        created=created,
        # The store's ranges rely on an update never lying before the creation.
        last_updated=max(_date(order.last_update_date, "LastUpdateDate"), created),
        buyer_email=_text(buyer.get("BuyerEmail")),
        seller_order_id=_text(order.seller_order_id),
        supply_source_id=_supply_source(order),
        store_chain_store_id=_store(typed),
        earliest_delivery=_optional_date(order.earliest_delivery_date, "EarliestDeliveryDate"),
        latest_delivery=_optional_date(order.latest_delivery_date, "LatestDeliveryDate"),
        document=document,
        items=items,
        withheld=_ENCODER.encode(withheld),
        regulated=bytes(raw.regulated_info) if raw.regulated_info is not None else None,
    )


def _check_items(typed: ImportedOrder) -> None:
    """Refuses what the types cannot.

    Raises:
        BadLine: Two items have one id, or the regulated information is another order's.
    """
    ids = [item.order_item_id for item in typed.order_items]
    if len(set(ids)) != len(ids):
        raise BadLine("two items have the same `OrderItemId` - at `$.orderItems`")
    regulated = typed.regulated_info
    if regulated is not None and regulated.amazon_order_id != typed.order.amazon_order_id:
        raise BadLine("`AmazonOrderId` is not the order's - at `$.regulatedInfo`")


def _facet(order: Order) -> Facet:
    return Facet(
        marketplace_id=str(order.marketplace_id),
        order_status=order.order_status.value,
        fulfillment_channel=_text(order.fulfillment_channel) or "",
        payment_method=_text(order.payment_method) or "",
        easy_ship_shipment_status=_text(order.easy_ship_shipment_status) or "",
        electronic_invoice_status=_text(order.electronic_invoice_status) or "",
        is_ispu=order.is_ispu is True,
    )


def _supply_source(order: Order) -> str | None:
    instruction = order.fulfillment_instruction
    if isinstance(instruction, msgspec.UnsetType):
        return None
    return _text(instruction.fulfillment_supply_source_id)


def _store(typed: ImportedOrder) -> str | None:
    """The store that hands the order out: an order is picked up in one store, so its first item tells."""
    return next(
        (found for item in typed.order_items if (found := _text(item.store_chain_store_id))), None
    )
