"""Orders v0 on the wire: the bytes that answer. Documents are joined as they are stored, never decoded for a page."""

from __future__ import annotations

from typing import Final

import msgspec

from torihiki.kernel.instant import Instant, wire_time
from torihiki.kernel.problem import Problem, invalid_input
from torihiki.orders.model import DateField, ItemsResult, OrderDocument, OrdersResult
from torihiki.orders.v0.query import parameters
from torihiki.orders.v0.views import completed

NO_ORDER: Final = b'{"payload":{}}'
"""How getOrder answers for an order that is not there: with 200 (contract 1.4)."""

_ITEMS_PARAMETERS: Final = frozenset({"NextToken"})


def no_such_order() -> Problem:
    """How the reads below an order answer for one that is not there.

    Not documented; the one public report has the generic 400 (contract 1.4, models#4979).
    """
    return invalid_input()


def parse_next_token(query: bytes) -> str | None:
    """The only parameter of getOrderItems and getOrderItemsBuyerInfo.

    Raises:
        Problem: It was not percent-encoded (contract 1.9 row 6).
    """
    return parameters(query, _ITEMS_PARAMETERS).get("NextToken") or None


def render_orders(result: OrdersResult, opened: frozenset[str] | None, now: Instant) -> bytes:
    """The page, with the one echo of contract 1.4: the upper bound of the date that was asked for.

    `opened` are the data elements that the caller's restricted data token opens, None for an ordinary token.
    """
    echo = b"CreatedBefore" if result.selection.by is DateField.CREATED else b"LastUpdatedBefore"
    token = b"" if result.next_token is None else b',"NextToken":"%b"' % result.next_token.encode()
    orders = [b","] * max(2 * len(result.documents) - 1, 0)
    orders[::2] = completed(result.documents, opened, now)
    until = wire_time(result.selection.until).encode()
    # One join, because the copy of a large page costs more than all the rest of it.
    return b"".join((b'{"payload":{"Orders":[', *orders, b']%b,"%b":"%b"}}' % (token, echo, until)))


def whole_order(
    found: OrderDocument | None, opened: frozenset[str] | None, now: Instant
) -> bytes | None:
    """The order's whole document, as the caller may see it."""
    if found is None:
        return None
    return completed([(found.document, found.people)], opened, now)[0]


def render_order(document: bytes | None) -> bytes:
    """The order, or an empty payload where there is none."""
    return NO_ORDER if document is None else b'{"payload":%b}' % document


def render_items(order_id: str, result: ItemsResult) -> bytes:
    """A page of items."""
    token = b"" if result.next_token is None else b',"NextToken":"%b"' % result.next_token.encode()
    return b'{"payload":{"OrderItems":%b%b,"AmazonOrderId":"%b"}}' % (
        result.items,
        token,
        order_id.encode(),
    )


class _People(msgspec.Struct, frozen=True):
    """The two members of an order that operations of their own give again."""

    # Empty where there is none: a union of Raw and None takes no object.
    shipping_address: msgspec.Raw = msgspec.field(name="ShippingAddress", default=msgspec.Raw(b""))
    buyer_info: msgspec.Raw = msgspec.field(name="BuyerInfo", default=msgspec.Raw(b"{}"))


class _ItemBuyer(msgspec.Struct, frozen=True):
    order_item_id: msgspec.Raw = msgspec.field(name="OrderItemId")
    buyer_info: msgspec.Raw = msgspec.field(name="BuyerInfo", default=msgspec.Raw(b"{}"))


_PEOPLE: Final = msgspec.json.Decoder(_People)
_ITEM_BUYERS: Final = msgspec.json.Decoder(list[_ItemBuyer])


def _with_members(opening: bytes, members: bytes) -> bytes:
    """A JSON object of `opening` and then the members of the object `members`."""
    inner = members.strip()[1:-1].strip()
    return b"{%b,%b}" % (opening, inner) if inner else b"{%b}" % opening


def render_address(order_id: str, document: bytes) -> bytes:
    """The shipping address of an order document, where its status shows one."""
    address = bytes(_PEOPLE.decode(document).shipping_address)
    opening = b'"AmazonOrderId":"%b"' % order_id.encode()
    if address:
        opening += b',"ShippingAddress":%b' % address
    return b'{"payload":{%b}}' % opening


def render_buyer_info(order_id: str, document: bytes) -> bytes:
    """The buyer of an order document."""
    buyer = bytes(_PEOPLE.decode(document).buyer_info)
    return b'{"payload":%b}' % _with_members(b'"AmazonOrderId":"%b"' % order_id.encode(), buyer)


def render_items_buyer_info(order_id: str, result: ItemsResult) -> bytes:
    """The buyer's wishes for each item of a page of items."""
    items = b",".join(
        _with_members(b'"OrderItemId":%b' % bytes(item.order_item_id), bytes(item.buyer_info))
        for item in _ITEM_BUYERS.decode(result.items)
    )
    return render_items(order_id, ItemsResult(items=b"[%b]" % items, next_token=result.next_token))
