"""Values of the orders family: what is asked of the store and what comes back. Frozen, and free of wire names."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from torihiki.kernel.instant import Instant


class DateField(enum.Enum):
    """The date that a selection goes by, and that its result is ordered by."""

    CREATED = "created"
    """When the buyer placed the order."""
    LAST_UPDATED = "last_updated"
    """When its status last changed, its creation included (O-5)."""


class DeliveryWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on an order's delivery dates, ends included; an order without the date is not selected."""

    earliest_from: Instant | None = None
    earliest_to: Instant | None = None
    latest_from: Instant | None = None
    latest_to: Instant | None = None


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders of a seller are asked for; all conditions must hold, an empty one always does.

    Args:
        by: The date that `since` and `until` bound, both included.
        marketplace_ids: At least one.
        order_ids: AmazonOrderIds; None: any.
        is_ispu: Store pickup or not; an order that does not say counts as not.
    """

    by: DateField
    since: Instant
    until: Instant
    marketplace_ids: tuple[str, ...]
    order_statuses: tuple[str, ...] = ()
    fulfillment_channels: tuple[str, ...] = ()
    payment_methods: tuple[str, ...] = ()
    easy_ship_shipment_statuses: tuple[str, ...] = ()
    electronic_invoice_statuses: tuple[str, ...] = ()
    is_ispu: bool | None = None
    order_ids: tuple[str, ...] | None = None
    buyer_email: str | None = None
    seller_order_id: str | None = None
    supply_source_id: str | None = None
    store_chain_store_id: str | None = None
    delivery: DeliveryWindow | None = None


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """The place of the last order of a page, in the order of the selection.

    Args:
        at_us: Its date, in microseconds.
        order_key: The store's number for the order, which never changes; it parts equal dates.
    """

    at_us: int
    order_key: int


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """All that the next page needs to know: what a NextToken holds."""

    selection: Selection
    after: Cursor
    page_size: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Orders in the order of the selection, and where to go on.

    Args:
        documents: Each with its ending, or with its personal part where that was asked for.
        order_ids: Their ids, where personal parts were asked for; else empty.
        after: None: this was the last page.
    """

    documents: list[tuple[bytes, bytes]]
    order_ids: list[str]
    after: Cursor | None


NO_PAGE: Final = Page(documents=[], order_ids=[], after=None)
"""Nothing was found."""


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """The filtered enumerations of an order; the empty string where the order does not say."""

    marketplace_id: str
    order_status: str
    fulfillment_channel: str
    payment_method: str
    easy_ship_shipment_status: str
    electronic_invoice_status: str
    is_ispu: bool


class StoredOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order on its way into the store.

    Args:
        is_final: Whether the restricted members may be erased once the order has not changed for long.
        document: The Order without the members that speak of people and without its closing brace, compact JSON.
        ending: What completes it for a caller without a restricted data token.
        personal: What other endings are made from.
        items: The list of OrderItems, without restricted members.
        restricted_items: The same with them; None: there are none.
        withheld: A JSON object with every member that the two leave out.
        regulated: The OrderRegulatedInfo, if the order has one.
    """

    seller_id: str
    order_id: str
    facet: Facet
    created: Instant
    last_updated: Instant
    buyer_email: str | None
    seller_order_id: str | None
    supply_source_id: str | None
    store_chain_store_id: str | None
    earliest_delivery: Instant | None
    latest_delivery: Instant | None
    is_final: bool
    document: bytes
    ending: bytes
    personal: bytes
    items: bytes
    restricted_items: bytes | None
    withheld: bytes
    regulated: bytes | None


class OrderDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is served, with the two facts that decide whether it still is.

    Args:
        people: The document's ending, or its personal part where that was asked for.
    """

    marketplace_id: str
    created: Instant
    document: bytes
    people: bytes


class ItemsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An order's items as they are served, with the two facts that decide whether they still are."""

    marketplace_id: str
    created: Instant
    items: bytes


class RegulatedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What an order has to be checked for, with the two facts that decide whether it is still served.

    Args:
        document: The OrderRegulatedInfo; None: nothing of the order is regulated.
    """

    marketplace_id: str
    created: Instant
    document: bytes | None


class OrdersResult(msgspec.Struct, frozen=True, kw_only=True):
    """A page as in `Page`, the selection that it belongs to, and the token of the next one, if there is one."""

    documents: list[tuple[bytes, bytes]]
    order_ids: list[str]
    selection: Selection
    next_token: str | None


class ItemsResult(msgspec.Struct, frozen=True, kw_only=True):
    """Items of an order as JSON, and the token of the next ones, if there are more."""

    items: bytes
    next_token: str | None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an order.

    Args:
        at: When, on the operator's clock; of an import the LastUpdateDate that came with it. Otherwise it never goes back.
        event: What: the name of an event of `rules`.
        by: Who caused it: an application's id, a feed, or the operator.
        order_status: What the order's status was afterwards.
        details: JSON object with what there is to say; holds nothing restricted.
    """

    at: Instant
    event: str
    by: str
    order_status: str
    details: bytes


class KeptOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a change finds it, opened; the members are those of `StoredOrder`.

    Args:
        fulfillment: JSON object with what no read shows: packages, and how far a pickup is.
    """

    facet: Facet
    created: Instant
    last_updated: Instant
    document: bytes
    personal: bytes
    items: bytes
    withheld: bytes
    regulated: bytes | None
    fulfillment: bytes


class ChangedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a change makes of an order; what it does not name stays.

    Args:
        regulated: None: as it was.
        history: What happened, in order.
    """

    facet: Facet
    last_updated: Instant
    earliest_delivery: Instant | None
    latest_delivery: Instant | None
    is_final: bool
    document: bytes
    ending: bytes
    personal: bytes
    items: bytes
    restricted_items: bytes | None
    withheld: bytes
    regulated: bytes | None
    fulfillment: bytes
    history: tuple[HistoryEntry, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an order, as far as its fulfilment goes."""

    ordered: int
    shipped: int
    is_transparency: bool = False


class PackageItem(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one item in a package."""

    order_item_id: str
    quantity: int
    transparency_codes: tuple[str, ...] = ()


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A package as it was last confirmed.

    Args:
        reference: The packageReferenceId in its shortest form: digits without leading zeros.
        tracking_number: Empty if a feed did not say one.
        items: In the order of the first confirmation; together with the reference they never change.
        sources: What confirmed or edited it, as far as that may come twice (messages of feeds), latest last.
    """

    reference: str
    carrier_code: str
    carrier_name: str | None
    shipping_method: str | None
    tracking_number: str
    ship_date: Instant
    ship_from_supply_source_id: str | None
    cod_collection_method: str | None
    items: tuple[PackageItem, ...]
    sources: tuple[str, ...] = ()


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller says of a package, as it was sent; members that `Package` has too mean the same.

    Args:
        marketplace_id: None: whatever the order's is (a feed does not say).
        reference: None or empty: one is assigned.
        items: None: everything that has not been shipped. An item may stand in it more than once.
        source: What says it, if that may say it again after a crash (a message of a feed). It need not say a tracking
            number.
    """

    marketplace_id: str | None
    reference: str | None
    carrier_code: str
    carrier_name: str | None
    shipping_method: str | None
    tracking_number: str
    ship_date: Instant
    ship_from_supply_source_id: str | None
    cod_collection_method: str | None
    items: tuple[PackageItem, ...] | None
    source: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order is in its life: all that the rules of change look at.

    Args:
        is_ispu: Whether the buyer picks it up in a store.
        easy_ship: Its EasyShipShipmentStatus; None: it is no Easy Ship order.
        invoice: Its ElectronicInvoiceStatus, if it has one.
        lines: Its items by OrderItemId, in their order.
        packages: By reference.
        pickups: How far the pickup of each item is, by OrderItemId; items without an entry have not begun.
    """

    order_id: str
    marketplace_id: str
    status: str
    fulfillment_channel: str
    created: Instant
    is_ispu: bool
    easy_ship: str | None
    invoice: str | None
    lines: Mapping[str, Line]
    packages: Mapping[str, Package]
    pickups: Mapping[str, str]


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's wish that items be cancelled; `items` empty: all of them."""

    reason: str
    items: tuple[str, ...] = ()


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the life of an order: what is different afterwards.

    Args:
        event: Its name, for the history.
        status: The OrderStatus afterwards.
        shipped: The new QuantityShipped of the items where it is another.
        package: A package that is new or takes the place of the one of its reference.
        pickups: The items whose pickup went on.
        easy_ship: The new EasyShipShipmentStatus; None: as it was.
        invoice: The new ElectronicInvoiceStatus; None: as it was.
        cancel_request: What goes into BuyerRequestedCancel of items.
        details: What the history says beside the statuses; nothing restricted.
    """

    event: str
    status: str
    shipped: Mapping[str, int] = {}
    package: Package | None = None
    pickups: Mapping[str, str] = {}
    easy_ship: str | None = None
    invoice: str | None = None
    cancel_request: CancelRequest | None = None
    details: Mapping[str, Any] = {}
