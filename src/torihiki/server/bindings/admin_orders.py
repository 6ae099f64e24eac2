"""What the operator lets happen to orders, and what has happened: the operator's API joined to the orders family."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import UnsetType

from torihiki.admin.model import Item, Page
from torihiki.admin.rules import bad_page_token, no_such
from torihiki.admin.v1 import schemas, wire
from torihiki.kernel.instant import wire_time
from torihiki.kernel.problem import Kind, Problem, invalid_input
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.model import HistoryEntry
from torihiki.orders.rules import Event, NotPossible
from torihiki.server.call import Answer, Call, Handler

# A union of types is no type to mypy, but msgspec reads it.
_ANY_EVENT: Final[Any] = schemas.AnyOrderEvent
_SEQUENCE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


def bind(fulfillment: Fulfillment) -> dict[str, Handler]:
    """The handlers by operation name."""

    async def record_order_event(call: Call) -> Answer:
        order_id = wire.path_identifier(call.path, "orderId")
        request: schemas.AnyOrderEvent = wire.parse_body(await call.body(), _ANY_EVENT)
        try:
            moved = await fulfillment.record_event(
                request.seller_id, order_id, _event(request), call.now
            )
        except NotPossible as error:
            raise Problem(Kind.CONFLICT, str(error)) from error
        if moved is None:
            raise no_such("order")
        standing = schemas.OrderStanding(
            order_id=order_id,
            order_status=moved.order_status,
            last_update_date=wire_time(moved.last_updated),
        )
        return Answer(msgspec.json.encode(standing))

    async def get_order_history(call: Call) -> Answer:
        order_id = wire.path_identifier(call.path, "orderId")
        query = wire.parse_query(call.query)
        seller_id = wire.query_identifier(query, "sellerId")
        if seller_id is None:
            raise invalid_input("sellerId is missing.")
        page = wire.parse_page(query)
        after = _sequence(page.after[0])
        found = await fulfillment.history(seller_id, order_id, after=after, limit=page.size + 1)
        if found is None:
            raise no_such("order")
        entries = tuple(_entry(entry) for entry in found[: page.size])
        following = (str(after + page.size),) if len(found) > page.size else None
        return Answer(wire.render_history(Page(items=entries, following=following)))

    return {"recordOrderEvent": record_order_event, "getOrderHistory": get_order_history}


def _sequence(key: str) -> int:
    """How many entries the pages before had."""
    if key and _SEQUENCE.fullmatch(key) is None:
        raise bad_page_token()
    return int(key or 0)


def _event(request: schemas.AnyOrderEvent) -> Event:
    """The event in the words of the rules.

    Raises:
        Problem: It names an item twice.
    """
    name = str(request.__struct_config__.tag)
    match request:
        case schemas.CancelRequested():
            return Event(
                name=name, reason=request.reason, order_item_ids=tuple(request.order_item_ids)
            )
        case schemas.Canceled():
            return Event(
                name=name, reason=_given(request.reason), canceled_by=_given(request.canceled_by)
            )
        case schemas.Shipped():
            return Event(name=name, quantities=_quantities(_given(request.items)))
        case schemas.InvoiceMoved():
            return Event(name=name, status=request.electronic_invoice_status)
        case schemas.ParcelMoved():
            return Event(name=name, status=request.easy_ship_shipment_status)
        case _:
            return Event(name=name)


def _quantities(items: list[schemas.ShippedItem] | None) -> dict[str, int] | None:
    if items is None:
        return None
    quantities = {item.order_item_id: item.quantity for item in items}
    if len(quantities) < len(items):
        raise invalid_input("The request body is not valid: it names an item twice")
    return quantities


def _given(value: Item | UnsetType) -> Item | None:
    return None if isinstance(value, UnsetType) else value


def _entry(entry: HistoryEntry) -> schemas.HistoryEntryView:
    return schemas.HistoryEntryView(
        at=entry.at.format_iso(),
        event=entry.event,
        by=entry.by,
        order_status=entry.order_status,
        details=msgspec.json.decode(entry.details),
    )
