"""The orders after the showcase: a weighted mix in which the age of an order decides how far it has come."""

from __future__ import annotations

from torihiki.admin.demo.case import Case, service_of
from torihiki.admin.demo.course import Course, easy_ship_at, plan, status_at
from torihiki.admin.demo.draws import Draws
from torihiki.admin.demo.marketplaces import AU, BR, JP, US, Market
from torihiki.admin.demo.moments import Purchases

_MARKETS = (JP,) * 6 + (US,) * 6 + (AU,) * 2 + (BR,) * 2
_ITEMS = (1,) * 45 + (2,) * 11 + (3,) * 4 + (4,) * 2 + (5, 6)
_JP_PAYMENTS = ("Other",) * 14 + ("CVS",) * 4 + ("COD",) * 3
_VERDICTS = ("Approved",) * 9 + ("Rejected", "Expired", "Cancelled")
_INVOICES = {
    "Pending": ("NotFound",),
    "Unshipped": ("NotFound", "Accepted"),
    "InvoiceUnconfirmed": ("Processing", "Processing", "Errored"),
    "Shipped": ("Accepted",),
}
_SPECIALS = (
    ("preorder",) * 5
    + ("customised",) * 14
    + ("regulated",) * 24
    + ("transparency",) * 20
    + ("used",) * 12
    + ("",) * 925
)


def mixed(
    index: int, count: int, purchases: dict[str, Purchases], until: int, draws: Draws
) -> tuple[Case, Course]:
    """Order `index` of `count` of the mix, with its life so far."""
    pick, chance = draws.pick, draws.chance
    market = pick(_MARKETS)
    special = _special(market, draws)
    afn = chance(450) and special not in {"preorder", "customised"}
    prime = chance(620) if afn else chance(70)
    payment = pick(_JP_PAYMENTS) if market is JP else "Other"
    pickup = not afn and not prime and chance(25)
    verdict = pick(_VERDICTS) if special == "regulated" else ""
    cancels = chance(36) or verdict not in {"", "Approved"}
    items = pick(_ITEMS)
    course = plan(
        market,
        service_of(market, index, afn=afn, prime=prime, pickup=pickup),
        purchases[market.id].moment(index, count, draws),
        draws,
        afn=afn,
        store_payment=payment == "CVS",
        release_days=5 + draws.below(35) if special == "preorder" else 0,
    )
    status = status_at(
        course,
        until,
        cancels=cancels,
        unfulfillable=afn and not verdict and chance(8),
        in_packages=items > 1 and not afn and chance(400),
        waits_for_invoice=market is BR and not afn and chance(300),
    )
    carrier_word = ""
    if not afn and not pickup and status != "PartiallyShipped" and chance(40):
        carrier_word = easy_ship_at(course, status, until, draws)
    business = chance(60)
    return Case(
        market=market,
        status=status,
        afn=afn,
        payment=payment,
        items=items,
        order_type="Preorder" if special == "preorder" else "StandardOrder",
        special=special,
        easy_ship=carrier_word,
        invoice=_invoice(market, status, carrier_word, draws, afn=afn),
        regulated=_verification(verdict, status) if verdict else "",
        program=_program(market, draws, afn=afn),
        business=business,
        gift=not business and chance(45),
        pickup=pickup,
        prime=prime,
        premium=prime and not afn,
        replacement=not special and payment == "Other" and not business and chance(6),
        access_point=chance(12),
        promotion=chance(120),
        own_id=not afn and chance(150),
        buyer_cancels=cancels and not verdict and chance(500),
    ), course


def _special(market: Market, draws: Draws) -> str:
    special = draws.pick(_SPECIALS)
    return "" if special == "regulated" and market is not US else special


def _verification(verdict: str, status: str) -> str:
    if status == "Canceled":
        return "Cancelled" if verdict == "Approved" else verdict
    return "Approved" if status in {"Shipped", "PartiallyShipped"} else "Pending"


def _invoice(market: Market, status: str, carrier_word: str, draws: Draws, *, afn: bool) -> str:
    if market is BR:
        return draws.pick(_INVOICES.get(status, ("NotRequired",))) if not afn else "NotRequired"
    return "NotRequired" if carrier_word else ""


def _program(market: Market, draws: Draws, *, afn: bool) -> str:
    if market is not US:
        return ""
    if afn:
        return "SUBSCRIBE_AND_SAVE" if draws.chance(50) else ""
    return "FBM_SHIP_PLUS" if draws.chance(60) else ""
