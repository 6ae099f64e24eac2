"""Gives feeds the orders: `feeds.orders.Orders`, filled with what the orders family knows of shipments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from torihiki.feeds.model import Shipment
from torihiki.kernel.instant import Instant
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.model import (
    Confirmation,
    DateField,
    KeptOrder,
    PackageItem,
    Selection,
)
from torihiki.orders.opening import Opener
from torihiki.orders.pieces import left
from torihiki.orders.rules import visibility
from torihiki.orders.store import OrderStore

_NAMESAKES: Final = 2


class FeedOrders:
    """The orders.

    Args:
        store: Where they are.
        opener: The wire format of the stored documents.
        fulfillment: What moves them on.
    """

    def __init__(self, store: OrderStore, opener: Opener, fulfillment: Fulfillment) -> None:
        self._store = store
        self._opener = opener
        self._fulfillment = fulfillment

    async def named(
        self, seller_id: str, marketplace_ids: Sequence[str], merchant_order_id: str, now: Instant
    ) -> Sequence[str]:
        """See `Orders.named`."""
        selection = Selection(
            by=DateField.CREATED,
            since=Instant.MIN,
            until=now,
            marketplace_ids=tuple(marketplace_ids),
            seller_order_id=merchant_order_id,
        )
        page = await self._store.page(
            seller_id,
            selection,
            visible_from=visibility(selection, now),
            after=None,
            limit=_NAMESAKES,
            # Ids come with personal parts only; these go no further.
            personal=True,
        )
        return page.order_ids

    async def left(self, seller_id: str, order_id: str) -> Mapping[str, int]:
        """See `Orders.left`."""
        found: Mapping[str, int] = {}

        def look(kept: KeptOrder) -> None:
            nonlocal found
            found = left(self._opener(order_id, kept).standing)

        await self._store.change(seller_id, order_id, look)
        return found

    async def confirm(
        self,
        seller_id: str,
        order_id: str,
        shipment: Shipment,
        pieces: Mapping[str, int],
        *,
        source: str,
        by: str,
        now: Instant,
    ) -> None:
        """See `Orders.confirm`."""
        items = None
        if shipment.items is not None:
            items = tuple(
                PackageItem(
                    order_item_id=item.order_item_id,
                    # Of an item that is not there no piece is left either; the order's refusal says which it is.
                    quantity=pieces.get(item.order_item_id, 1)
                    if item.quantity is None
                    else item.quantity,
                    transparency_codes=item.transparency_codes,
                )
                for item in shipment.items
            )
        confirmation = Confirmation(
            marketplace_id=None,
            reference=shipment.reference,
            carrier_code=shipment.carrier_code,
            carrier_name=shipment.carrier_name,
            shipping_method=shipment.shipping_method,
            tracking_number=shipment.tracking_number,
            ship_date=shipment.ship_date,
            ship_from_supply_source_id=shipment.ship_from_supply_source_id,
            cod_collection_method=shipment.cod_collection_method,
            items=items,
            source=source,
        )
        await self._fulfillment.confirm(seller_id, order_id, confirmation, by, now)
