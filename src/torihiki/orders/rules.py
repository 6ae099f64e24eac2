"""Pure decisions on orders: what is visible, and since when."""

from __future__ import annotations

import re
from typing import Final

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.marketplace import KEEPS_ORDERS_FROM_2016
from torihiki.orders.model import Facet, Selection

ORDER_ID: Final = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")
"""The 3-7-7 form of an AmazonOrderId (contract 1.1)."""

SETTLING_TIME: Final = TimeDelta(minutes=2)
"""How far back an upper bound that a caller sends must lie (O-18, contract 1.3)."""

YEARS_VISIBLE: Final = 2
FIRST_YEAR_KEPT: Final = Instant.from_utc(2016, 1, 1)

ITEMS_PER_PAGE: Final = 100
"""Items on a page of getOrderItems. Amazon's number is not public; real orders rarely page (contract 1.4)."""


def visible_from(marketplace_id: str, now: Instant) -> Instant:
    """The creation date before which the marketplace's orders appear in no response (O-1)."""
    if marketplace_id in KEEPS_ORDERS_FROM_2016:
        return FIRST_YEAR_KEPT
    return now.to_tz("UTC").subtract(years=YEARS_VISIBLE).to_instant()


def is_visible(marketplace_id: str, created: Instant, now: Instant) -> bool:
    """Whether an order of that marketplace and creation date still appears in responses (O-1)."""
    return created >= visible_from(marketplace_id, now)


def visibility(selection: Selection, now: Instant) -> dict[str, Instant]:
    """`visible_from` of each marketplace of the selection."""
    return {
        marketplace_id: visible_from(marketplace_id, now)
        for marketplace_id in selection.marketplace_ids
    }


def default_until(now: Instant, visibility_delay: TimeDelta) -> Instant:
    """The upper bound of a selection whose caller sent none: now less the delay, in whole seconds, as it is echoed."""
    return (now - visibility_delay).round("second", mode="floor")


def fulfils(facet: Facet, selection: Selection) -> bool:
    """Whether orders of this facet fulfil the selection's conditions on enumerations."""
    return (
        facet.marketplace_id in selection.marketplace_ids
        and _allows(selection.order_statuses, facet.order_status)
        and _allows(selection.fulfillment_channels, facet.fulfillment_channel)
        and _allows(selection.payment_methods, facet.payment_method)
        and _allows(selection.easy_ship_shipment_statuses, facet.easy_ship_shipment_status)
        and _allows(selection.electronic_invoice_statuses, facet.electronic_invoice_status)
        and (selection.is_ispu is None or selection.is_ispu is facet.is_ispu)
    )


def _allows(wanted: tuple[str, ...], value: str) -> bool:
    return not wanted or value in wanted
