"""An imported order, turned into the documents that are stored: what everybody sees, and what is withheld.

The member tables below are the whole of the rule; `states` splits by them again whenever an order changes. A document
keeps its members' order and values as they came (numbers in their shortest form), but without the members that speak
of people and without its last brace: `views` makes the endings that complete it, so that another view of them can take
their place without decoding the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from torihiki.kernel.dates import parse_date
from torihiki.kernel.instant import Instant
from torihiki.kernel.marketplace import BRAZIL
from torihiki.orders.model import Facet, StoredOrder
from torihiki.orders.v0.query import CONTROL
from torihiki.orders.v0.schemas import Order, OrderItem, OrderRegulatedInfo
from torihiki.orders.v0.schemas.bounded import Identifier
from torihiki.orders.v0.views import Personal, Source, open_ending, pack, personal_part

Json = dict[str, Any]

PERSONAL_MEMBERS: Final = ("ShippingAddress", "BuyerInfo", "BuyerTaxInformation")
"""The members of an order that speak of people; `views` says who sees what of them."""
RESTRICTED_ITEM_BUYER_MEMBERS: Final = ("BuyerCustomizedInfo", "GiftMessageText")

_BEFORE_PAYMENT: Final = frozenset({"PendingAvailability", "Pending"})
_ADDRESSED: Final = frozenset({"Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed"})
_FINAL: Final = frozenset({"Shipped", "InvoiceUnconfirmed", "Canceled", "Unfulfillable"})
"""Statuses after which nobody needs the buyer's data to fulfil the order."""
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
    "PointsGranted",
    "PriceDesignation",
    "TaxCollection",
)
"""What the items of an order leave out until it is paid for: prices, taxes, and what tells of them (contract 1.4)."""
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

    seller_id: Identifier
    order: Order
    order_items: tuple[OrderItem, ...]
    regulated_info: OrderRegulatedInfo | None = None


class _RawImport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    order: Json
    order_items: list[Json]
    # A union with Raw takes no object, so it stays alone; the typed pass says whether there is one.
    regulated_info: msgspec.Raw = msgspec.Raw(b"null")


class BadLine(ValueError):
    """A line that cannot be imported; the text says why and holds no personal data."""


_TYPED: Final = msgspec.json.Decoder(ImportedOrder)
_RAW: Final = msgspec.json.Decoder(_RawImport)
_ENCODER: Final = msgspec.json.Encoder()
_REASON_MAX: Final = 300


def _hidden_members(facet: Facet) -> tuple[str, ...]:
    """The members of an order that its status, channel or marketplace hides (contract 1.4, 1.7)."""
    hidden: tuple[str, ...] = ()
    status = facet.order_status
    if status in _BEFORE_PAYMENT:
        hidden += ("OrderTotal", "EarliestDeliveryDate", "LatestDeliveryDate")
    elif status == "Canceled":
        hidden += ("EarliestDeliveryDate", "LatestDeliveryDate")
    if facet.fulfillment_channel == "AFN":
        hidden += _DATES_OF_SELLERS
    if facet.marketplace_id != BRAZIL or status not in {"Pending", "Unshipped"}:
        hidden += ("MarketplaceTaxInfo", "SellerDisplayName")
    return hidden


def _move(source: Json, names: tuple[str, ...], target: Json) -> None:
    for name in names:
        if name in source:
            target[name] = source.pop(name)


class Split(NamedTuple):
    """What an order is kept as; the members are those of `StoredOrder`."""

    document: bytes
    ending: bytes
    personal: bytes
    items: bytes
    restricted_items: bytes | None
    withheld: bytes
    earliest_delivery: Instant | None
    latest_delivery: Instant | None
    is_final: bool


def split(order: Json, items: list[Json], facet: Facet) -> Split:
    """Takes a whole order and its items apart; both are used up.

    Args:
        order: Every member that there is, shown or not, of the types of `Order`.
        items: The same of `OrderItem`.
        facet: What the order itself says.

    Raises:
        BadLine: A delivery date is no date.
    """
    withheld: Json = {}
    _move(order, PERSONAL_MEMBERS, withheld)
    _move(order, _hidden_members(facet), withheld)
    personal = _personal(order, withheld, facet)
    shown, restricted, withheld["OrderItems"] = _split_items(items, facet.order_status)
    return Split(
        # The last brace is not there, so that an ending can follow.
        document=_ENCODER.encode(order)[:-1],
        ending=open_ending(personal),
        personal=pack(personal),
        items=shown,
        restricted_items=restricted,
        withheld=_ENCODER.encode(withheld),
        earliest_delivery=_shown_date(order, withheld, "EarliestDeliveryDate"),
        latest_delivery=_shown_date(order, withheld, "LatestDeliveryDate"),
        is_final=facet.order_status in _FINAL,
    )


def _personal(shown: Json, withheld: Json, facet: Facet) -> Personal:
    by_amazon = facet.fulfillment_channel == "AFN"
    shipped = facet.order_status == "Shipped" and not by_amazon
    latest = shown.get("LatestDeliveryDate") if shipped else None
    return personal_part(
        Source(
            address=withheld.get("ShippingAddress"),
            buyer=withheld.get("BuyerInfo", {}),
            tax=withheld.get("BuyerTaxInformation"),
            shows_address=facet.order_status in _ADDRESSED,
            by_amazon=by_amazon,
            phone_until=None if latest is None else _date(latest, "LatestDeliveryDate"),
        )
    )


def _split_items(items: list[Json], status: str) -> tuple[bytes, bytes | None, list[Json]]:
    """The items for everybody, the same with restricted members (None: there are none), and what each withholds."""
    kept: list[Json] = [{} for _ in items]
    if status in _BEFORE_PAYMENT:
        for item, withheld in zip(items, kept, strict=True):
            _move(item, _PRICES, withheld)
            if item.get("BuyerInfo"):
                withheld["BuyerInfo"], item["BuyerInfo"] = item["BuyerInfo"], {}
        return _ENCODER.encode(items), None, kept
    for item, withheld in zip(items, kept, strict=True):
        hidden: Json = {}
        _move(item.get("BuyerInfo", {}), RESTRICTED_ITEM_BUYER_MEMBERS, hidden)
        if hidden:
            withheld["BuyerInfo"] = hidden
    shown = _ENCODER.encode(items)
    if not any(kept):
        return shown, None, kept
    for item, withheld in zip(items, kept, strict=True):
        # At the end, where `states` puts them too, so that a change that changes nothing gives the same bytes.
        item.get("BuyerInfo", {}).update(withheld.get("BuyerInfo", {}))
    return shown, _ENCODER.encode(items), kept


def _date(text: str, member: str) -> Instant:
    """A date of the order.

    Raises:
        BadLine: It is no date.
    """
    parsed = parse_date(text)
    if parsed is None:
        raise BadLine(f"`{member}` is not an ISO 8601 date")
    return parsed


def _shown_date(
    shown: Mapping[str, Any], withheld: Mapping[str, Any], member: str
) -> Instant | None:
    """A date that selects the order; one that the order hides is checked and selects nothing."""
    if member in withheld:
        _date(withheld[member], member)
    return _date(shown[member], member) if member in shown else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _findable(value: object, member: str) -> str | None:
    """A text that a filter can ask for.

    Raises:
        BadLine: It holds a control character, which no query may hold and not every database takes.
    """
    text = _text(value)
    if text is not None and CONTROL.search(text):
        raise BadLine(f"`{member}` holds a control character")
    return text


def _reason(error: msgspec.DecodeError) -> str:
    """What is wrong with a line, without the value that msgspec repeats of an enumeration."""
    text = str(error)
    if text.startswith("Invalid enum value"):
        text = "the value is not one of the enumeration" + text[text.rfind(" - at `") :]
    return text[:_REASON_MAX]


def parse_line(line: bytes) -> StoredOrder:
    """The order of one line of an import.

    Raises:
        BadLine: It is no JSON, breaks the wire types, or lacks what the store must know.
    """
    try:
        typed = _TYPED.decode(line)
        raw = _RAW.decode(line)
    except UnicodeDecodeError as error:
        raise BadLine("the line is not UTF-8") from error
    except msgspec.DecodeError as error:
        raise BadLine(_reason(error)) from error
    except RecursionError as error:
        raise BadLine("the JSON is nested too deeply") from error
    order = typed.order
    if _findable(order.marketplace_id, "MarketplaceId") is None:
        raise BadLine("the order has no `MarketplaceId` - at `$.order`")
    _findable(typed.seller_id, "sellerId")
    _check_items(typed)
    created = _date(order.purchase_date, "PurchaseDate")
    buyer = raw.order.get("BuyerInfo", {})
    facet = _facet(order)
    return StoredOrder(
        seller_id=typed.seller_id,
        order_id=order.amazon_order_id,
        facet=facet,
        created=created,
        # The store's ranges rely on an update never lying before the creation.
        last_updated=max(_date(order.last_update_date, "LastUpdateDate"), created),
        buyer_email=_text(buyer.get("BuyerEmail")),
        seller_order_id=_findable(order.seller_order_id, "SellerOrderId"),
        supply_source_id=_supply_source(order),
        store_chain_store_id=_store(typed),
        regulated=None if typed.regulated_info is None else bytes(raw.regulated_info),
        **split(raw.order, raw.order_items, facet)._asdict(),
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
    return _findable(instruction.fulfillment_supply_source_id, "FulfillmentSupplySourceId")


def _store(typed: ImportedOrder) -> str | None:
    """The store that hands the order out: an order is picked up in one store, so its first item tells."""
    stores = (
        _findable(item.store_chain_store_id, "StoreChainStoreId") for item in typed.order_items
    )
    return next((store for store in stores if store), None)
