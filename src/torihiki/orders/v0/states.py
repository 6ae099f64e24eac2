"""A stored order on its way through its life: what the rules look at, and the documents after a step.

A change puts the whole order together again from what is shown and what is withheld, sets what is different, and splits
it as an import does (`documents`), so that what a status shows or hides follows by itself. This runs inside the
database's write, so each part is decoded once, encoded once, and not checked again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from torihiki.kernel.instant import Instant, decode_instant, encode_instant, wire_time
from torihiki.orders.model import (
    CancelRequest,
    ChangedOrder,
    Facet,
    HistoryEntry,
    KeptOrder,
    Line,
    Move,
    Package,
    Standing,
)
from torihiki.orders.rules import next_update, number_shipped, number_unshipped
from torihiki.orders.v0 import views
from torihiki.orders.v0.documents import (
    PERSONAL_MEMBERS,
    RESTRICTED_ITEM_BUYER_MEMBERS,
    Json,
    split,
)


class _Fulfillment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `KeptOrder.fulfillment` holds."""

    packages: tuple[Package, ...] = ()
    pickups: dict[str, str] = {}


_ENCODER: Final = msgspec.json.Encoder(enc_hook=encode_instant)
_FULFILLMENT: Final = msgspec.json.Decoder(_Fulfillment, dec_hook=decode_instant)
_MEMBERS: Final[msgspec.json.Decoder[Json]] = msgspec.json.Decoder(dict[str, Any])
_ITEMS: Final[msgspec.json.Decoder[list[Json]]] = msgspec.json.Decoder(list[dict[str, Any]])


class Opened(NamedTuple):
    """An order that may be about to change; good for one call of `changed`.

    Args:
        standing: What the rules look at.
        kept: The order as it is stored.
        items: What everybody sees of its items.
        fulfillment: What no read shows.
    """

    standing: Standing
    kept: KeptOrder
    items: list[Json]
    fulfillment: _Fulfillment

    def changed(
        self, move: Move | None, *, by: str, now: Instant, regulated: bytes | None = None
    ) -> ChangedOrder:
        """The order after the move.

        Args:
            move: None: the order stays as it is, its last update too.
            by: Who caused it, for the history.
            now: The operator's time.
            regulated: The new OrderRegulatedInfo; None: as it was.
        """
        kept = self.kept
        order, items = _whole(kept, self.items)
        facet, updated = kept.facet, kept.last_updated
        fulfillment = kept.fulfillment
        history: tuple[HistoryEntry, ...] = ()
        if move is not None:
            facet = _moved_facet(facet, move)
            updated = next_update(updated, now)
            _move_items(items, move)
            _move_order(order, items, move, updated)
            fulfillment = _moved_fulfillment(self.fulfillment, move)
            history = (_entry(move, by, updated),)
        return ChangedOrder(
            facet=facet,
            last_updated=updated,
            regulated=regulated,
            fulfillment=fulfillment,
            history=history,
            **split(order, items, facet)._asdict(),
        )


def opened(order_id: str, kept: KeptOrder) -> Opened:
    """The order with that id, opened to be changed."""
    items = _ITEMS.decode(kept.items)
    fulfillment = _FULFILLMENT.decode(kept.fulfillment)
    facet = kept.facet
    standing = Standing(
        order_id=order_id,
        marketplace_id=facet.marketplace_id,
        status=facet.order_status,
        fulfillment_channel=facet.fulfillment_channel,
        created=kept.created,
        is_ispu=facet.is_ispu,
        easy_ship=facet.easy_ship_shipment_status or None,
        invoice=facet.electronic_invoice_status or None,
        lines=_lines(items),
        packages={package.reference: package for package in fulfillment.packages},
        pickups=fulfillment.pickups,
    )
    return Opened(standing, kept, items, fulfillment)


def _lines(items: list[Json]) -> dict[str, Line]:
    return {
        item["OrderItemId"]: Line(
            ordered=item["QuantityOrdered"],
            shipped=item.get("QuantityShipped", 0),
            is_transparency=item.get("IsTransparency", False),
        )
        for item in items
    }


def _whole(kept: KeptOrder, items: list[Json]) -> tuple[Json, list[Json]]:
    """The order and its items with everything that is kept of them, withheld or not; `items` are completed in place."""
    order = _MEMBERS.decode(kept.document + b"}")
    withheld = _MEMBERS.decode(kept.withheld)
    withheld_of_items = withheld.pop("OrderItems", [])
    if "ShippingAddress" not in withheld:
        # Orders that were erased before version 5 of the schema withhold nothing any more.
        address = views.open_address(kept.personal)
        if address is not None:
            withheld["ShippingAddress"] = _MEMBERS.decode(address)
    order.update(withheld)
    for item, hidden in zip(items, withheld_of_items, strict=False):
        buyer = hidden.pop("BuyerInfo", None)
        item.update(hidden)
        if buyer is not None:
            item["BuyerInfo"].update(buyer)
    return order, items


def _moved_facet(facet: Facet, move: Move) -> Facet:
    return msgspec.structs.replace(
        facet,
        order_status=move.status,
        easy_ship_shipment_status=move.easy_ship or facet.easy_ship_shipment_status,
        electronic_invoice_status=move.invoice or facet.electronic_invoice_status,
    )


def _move_items(items: list[Json], move: Move) -> None:
    wish = move.cancel_request
    for item in items:
        item_id = item["OrderItemId"]
        if item_id in move.shipped:
            item["QuantityShipped"] = move.shipped[item_id]
        if wish is not None and (not wish.items or item_id in wish.items):
            item["BuyerRequestedCancel"] = _wish(wish)


def _wish(wish: CancelRequest) -> Json:
    return {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": wish.reason}


def _move_order(order: Json, items: list[Json], move: Move, updated: Instant) -> None:
    lines = _lines(items)
    order["OrderStatus"] = move.status
    order["LastUpdateDate"] = wire_time(updated)
    order["NumberOfItemsShipped"] = number_shipped(lines)
    order["NumberOfItemsUnshipped"] = number_unshipped(move.status, lines)
    if move.easy_ship is not None:
        order["EasyShipShipmentStatus"] = move.easy_ship
    if move.invoice is not None:
        order["ElectronicInvoiceStatus"] = move.invoice


def _moved_fulfillment(before: _Fulfillment, move: Move) -> bytes:
    packages = {package.reference: package for package in before.packages}
    if move.package is not None:
        packages[move.package.reference] = move.package
    return _ENCODER.encode(
        _Fulfillment(packages=tuple(packages.values()), pickups={**before.pickups, **move.pickups})
    )


def _entry(move: Move, by: str, at: Instant) -> HistoryEntry:
    return HistoryEntry(
        at=at,
        event=move.event,
        by=by,
        order_status=move.status,
        details=_ENCODER.encode(move.details),
    )


def erased(personal: bytes, withheld: bytes) -> tuple[bytes, bytes, bytes]:
    """What is left of an order's people and withheld members once the restricted ones are erased.

    The ending, the personal part and the withheld members. What everybody may see of the address stays, also where
    the order's status does not show it yet; so does what is hidden and not restricted, such as an OrderTotal.
    """
    ending, personal = views.erased(personal)
    members = _MEMBERS.decode(withheld)
    address = members.get("ShippingAddress")
    rest = {name: value for name, value in members.items() if name not in PERSONAL_MEMBERS}
    for item in rest.get("OrderItems", []):
        buyer = item.get("BuyerInfo", {})
        for name in RESTRICTED_ITEM_BUYER_MEMBERS:
            buyer.pop(name, None)
        if not buyer:
            item.pop("BuyerInfo", None)
    if address is not None:
        rest = {"ShippingAddress": views.only(address, views.OPEN_ADDRESS_MEMBERS), **rest}
    return ending, personal, _ENCODER.encode(rest)
