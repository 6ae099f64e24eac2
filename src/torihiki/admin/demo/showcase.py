"""The first demo orders, some sixty: every case that an integration should have seen, one after the other.

Ages count back from the end, so these orders are the same whatever the number of orders.
"""

from __future__ import annotations

from torihiki.admin.demo.case import Case, service_of
from torihiki.admin.demo.course import Course, plan
from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.marketplaces import AU, BR, JP, US
from torihiki.admin.demo.moments import HOUR

_DAYS = 24
_RELEASE_DAYS = 40

# Age in hours (every one but the pending and unshipped ones is old enough for its status), then the case.
_CASES: tuple[tuple[int, Case], ...] = (
    (40 * _DAYS, Case(market=JP, status="Shipped", afn=True, prime=True)),
    (12 * _DAYS, Case(market=JP, status="Shipped", payment="COD", items=2)),
    (20 * _DAYS, Case(market=JP, status="Shipped", payment="CVS")),
    (6, Case(market=JP, status="Pending", payment="CVS")),
    (7, Case(market=JP, status="Unshipped", payment="COD", own_id=True)),
    (48, Case(market=JP, status="PartiallyShipped", items=3)),
    (30 * _DAYS, Case(market=JP, status="Canceled", buyer_cancels=True)),
    (
        6 * _DAYS,
        Case(market=JP, status="PendingAvailability", order_type="Preorder", special="preorder"),
    ),
    (8 * _DAYS, Case(market=JP, status="Shipped", gift=True)),
    (5, Case(market=JP, status="Unshipped", gift=True, items=2)),
    (6, Case(market=JP, status="Unshipped", business=True, items=2)),
    (4, Case(market=JP, status="Unshipped", pickup=True)),
    (15 * _DAYS, Case(market=JP, status="Shipped", pickup=True)),
    (60 * _DAYS, Case(market=JP, status="Shipped", items=14, promotion=True)),
    (7, Case(market=JP, status="Unshipped", special="customised")),
    (5 * _DAYS, Case(market=JP, status="Shipped", replacement=True)),
    (755 * _DAYS, Case(market=JP, status="Shipped", afn=True, items=2)),
    (770 * _DAYS, Case(market=JP, status="Shipped", payment="COD")),
    (25 * _DAYS, Case(market=AU, status="Shipped", afn=True, special="transparency")),
    (760 * _DAYS, Case(market=AU, status="Shipped", items=2)),
    (5, Case(market=AU, status="Unshipped", premium=True, prime=True)),
    (50 * _DAYS, Case(market=AU, status="Canceled", afn=True)),
    (48, Case(market=AU, status="PartiallyShipped", items=2, promotion=True)),
    (1, Case(market=AU, status="Pending", afn=True)),
    (
        18 * _DAYS,
        Case(market=US, status="Shipped", afn=True, prime=True, program="SUBSCRIBE_AND_SAVE"),
    ),
    (22 * _DAYS, Case(market=US, status="Shipped", program="FBM_SHIP_PLUS", access_point=True)),
    (6, Case(market=US, status="Unshipped", special="regulated", regulated="Pending")),
    (9 * _DAYS, Case(market=US, status="Shipped", special="regulated", regulated="Approved")),
    (14 * _DAYS, Case(market=US, status="Canceled", special="regulated", regulated="Rejected")),
    (7, Case(market=US, status="Unshipped", business=True, promotion=True, items=4)),
    (33 * _DAYS, Case(market=US, status="Shipped", afn=True, business=True, items=6)),
    (750 * _DAYS, Case(market=US, status="Shipped", afn=True)),
    (785 * _DAYS, Case(market=US, status="Shipped", items=3)),
    (11 * _DAYS, Case(market=US, status="Unfulfillable", afn=True, own_id=True)),
    (1, Case(market=US, status="Pending")),
    (
        9 * _DAYS,
        Case(market=US, status="PendingAvailability", order_type="Preorder", special="preorder"),
    ),
    (3, Case(market=US, status="Unshipped", pickup=True, own_id=True)),
    (19 * _DAYS, Case(market=US, status="Shipped", gift=True, promotion=True, own_id=True)),
    (21 * _DAYS, Case(market=US, status="Canceled", special="regulated", regulated="Expired")),
    (24 * _DAYS, Case(market=US, status="Canceled", special="regulated", regulated="Cancelled")),
    (7 * _DAYS, Case(market=US, status="Shipped", replacement=True)),
    (2, Case(market=BR, status="Pending", invoice="NotRequired")),
    (6, Case(market=BR, status="Unshipped", invoice="NotFound", easy_ship="PendingSchedule")),
    (4 * _DAYS, Case(market=BR, status="InvoiceUnconfirmed", invoice="Processing")),
    (5 * _DAYS, Case(market=BR, status="InvoiceUnconfirmed", invoice="Errored", items=2)),
    (16 * _DAYS, Case(market=BR, status="Shipped", invoice="Accepted")),
    (765 * _DAYS, Case(market=BR, status="Shipped", afn=True, invoice="NotRequired")),
    (7, Case(market=BR, status="Unshipped", invoice="Accepted", business=True, items=5)),
    (5, Case(market=US, status="Unshipped", easy_ship="PendingPickUp", special="customised")),
    (7, Case(market=AU, status="Unshipped", easy_ship="PendingDropOff", order_type="BackOrder")),
    (10 * _DAYS, Case(market=AU, status="Canceled", easy_ship="LabelCanceled")),
    (78, Case(market=US, status="Shipped", easy_ship="PickedUp", order_type="LongLeadTimeOrder")),
    (78, Case(market=JP, status="Shipped", easy_ship="DroppedOff")),
    (90, Case(market=BR, status="Shipped", easy_ship="AtOriginFC", invoice="Accepted")),
    (112, Case(market=BR, status="Shipped", easy_ship="AtDestinationFC", invoice="Accepted")),
    (133, Case(market=AU, status="Shipped", easy_ship="OutForDelivery")),
    (13 * _DAYS, Case(market=US, status="Shipped", easy_ship="Delivered", special="used")),
    (10 * _DAYS, Case(market=JP, status="Shipped", easy_ship="RejectedByBuyer", payment="COD")),
    (12 * _DAYS, Case(market=BR, status="Shipped", easy_ship="Undeliverable", invoice="Accepted")),
    (12 * _DAYS, Case(market=US, status="Shipped", easy_ship="ReturningToSeller")),
    (17 * _DAYS, Case(market=AU, status="Shipped", easy_ship="ReturnedToSeller")),
    (28 * _DAYS, Case(market=US, status="Shipped", easy_ship="Lost")),
    (23 * _DAYS, Case(market=JP, status="Shipped", easy_ship="Damaged")),
)

SHOWCASE_SIZE = len(_CASES)


def showcased(index: int, until: int, draws: Draws) -> tuple[Case, Course]:
    """Showcase order `index`, with its life so far; index is below SHOWCASE_SIZE."""
    age, case = _CASES[index]
    service = service_of(case.market, index, afn=case.afn, prime=case.prime, pickup=case.pickup)
    course = plan(
        case.market,
        service,
        until - age * HOUR - draws.below(min(age * HOUR // 12, 9 * HOUR)),
        draws,
        afn=case.afn,
        store_payment=case.payment == "CVS",
        release_days=_RELEASE_DAYS if case.special == "preorder" else 0,
    )
    return case, course
