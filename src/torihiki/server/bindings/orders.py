"""Orders v0: each operation joined to its function, and the import that feeds them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from torihiki.kernel.instant import TimeDelta
from torihiki.kernel.seal import Seal
from torihiki.orders import operations
from torihiki.orders.model import ItemsResult
from torihiki.orders.store import OrderStore
from torihiki.orders.v0 import wire
from torihiki.orders.v0.documents import parse_line
from torihiki.orders.v0.query import parse_get_orders
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.ndjson import lines
from torihiki.server.trail import Trail, record


class Orders:
    """The handlers of Orders v0.

    Args:
        store: Where the orders are.
        seal: Seals NextTokens.
        visibility_delay: How long after a change getOrders shows it (O-18).
        trail: Where reads of restricted data are written down.
    """

    def __init__(
        self, store: OrderStore, seal: Seal, visibility_delay: TimeDelta, trail: Trail
    ) -> None:
        self._store = store
        self._seal = seal
        self._delay = visibility_delay
        self._trail = trail

    def handlers(self) -> dict[str, Handler]:
        """Each handler under the name of its operation."""
        return {
            "getOrders": self.get_orders,
            "getOrder": self.get_order,
            "getOrderBuyerInfo": self.get_order_buyer_info,
            "getOrderAddress": self.get_order_address,
            "getOrderItems": self.get_order_items,
            "getOrderItemsBuyerInfo": self.get_order_items_buyer_info,
        }

    async def get_orders(self, call: Call) -> Answer:
        """A page of orders."""
        caller = call.seller
        wanted, page_size = parse_get_orders(call.query, call.now, self._delay)
        result = await operations.get_orders(
            self._store, self._seal, caller, wanted, page_size, call.now
        )
        body = wire.render_orders(result, caller.opened, call.now)
        return await self._recorded(call, result.order_ids, body)

    async def get_order(self, call: Call) -> Answer:
        """One order."""
        document = await self._document(call)
        shown = [] if document is None else [call.path["orderId"]]
        return await self._recorded(call, shown, wire.render_order(document))

    async def get_order_buyer_info(self, call: Call) -> Answer:
        """The buyer of an order."""
        order_id = call.path["orderId"]
        body = wire.render_buyer_info(order_id, await self._known_document(call))
        return await self._recorded(call, [order_id], body)

    async def get_order_address(self, call: Call) -> Answer:
        """The shipping address of an order."""
        order_id = call.path["orderId"]
        body = wire.render_address(order_id, await self._known_document(call))
        return await self._recorded(call, [order_id], body)

    async def get_order_items(self, call: Call) -> Answer:
        """A page of an order's items."""
        order_id = call.path["orderId"]
        body = wire.render_items(order_id, await self._items(call))
        return await self._recorded(call, [order_id], body)

    async def get_order_items_buyer_info(self, call: Call) -> Answer:
        """The buyer's wishes for a page of an order's items."""
        order_id = call.path["orderId"]
        body = wire.render_items_buyer_info(order_id, await self._items(call))
        return await self._recorded(call, [order_id], body)

    async def _recorded(self, call: Call, order_ids: Sequence[str], body: bytes) -> Answer:
        """The answer, once it is ready and has been written down; one that fails before leaves no entry."""
        caller = call.seller
        await record(self._trail, call, caller, order_ids, caller.opened or ())
        return Answer(body)

    async def _document(self, call: Call) -> bytes | None:
        caller, order_id = call.seller, call.path["orderId"]
        found = await operations.get_order(self._store, caller, order_id, call.now)
        return wire.whole_order(found, caller.opened, call.now)

    async def _known_document(self, call: Call) -> bytes:
        document = await self._document(call)
        if document is None:
            raise wire.no_such_order()
        return document

    async def _items(self, call: Call) -> ItemsResult:
        caller, order_id = call.seller, call.path["orderId"]
        token = wire.parse_next_token(call.query)
        result = await operations.get_order_items(
            self._store, self._seal, caller, order_id, token, call.now
        )
        if result is None:
            raise wire.no_such_order()
        return result


def bind_import(store: OrderStore) -> dict[str, Handler]:
    """The operator's import: one order a line, as many as there are."""

    async def import_orders(call: Call) -> Answer:
        found = operations.OrderImport(store, parse_line)
        await lines(call.chunks(), found)
        return Answer(msgspec.json.encode(await found.finish()))

    return {"importOrders": import_orders}
