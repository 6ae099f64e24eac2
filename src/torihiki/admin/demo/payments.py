"""The demo's payments as lines of the import surface: five months of Amazon Pay in Japan and the United States."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import json
from whenever import Instant

from torihiki.admin.demo.catalogue import CATALOGUES
from torihiki.admin.demo.draws import ORDER_WORDS, Draws
from torihiki.admin.demo.marketplaces import JP, US, Json, Market
from torihiki.admin.demo.moments import DAY, HOUR
from torihiki.admin.demo.payments_course import MIX, OUTCOMES, Step, course
from torihiki.admin.demo.payments_objects import (
    Payment,
    adjustment_object,
    charge_object,
    permission_object,
    refund_object,
)
from torihiki.admin.demo.people import buyer

PAYMENTS_WINDOW_DAYS = 150
"""How many days before the end the first payment is, or one more; the accounts are to be older."""

DEMO_REGIONS: Final[Mapping[str, Literal["jp", "na"]]] = {
    JP.seller.seller_id: "jp",
    US.seller.seller_id: "na",
}
"""Where Amazon Pay has the accounts of the demo's sellers, by their ids, which are the merchants' too."""

_MARKETS = (JP, US)
_STORES = {"JP": "風花商店 公式ストア", "US": "Larkfield Provisions Store"}
_HOURS = (7, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 21, 21, 22, 22, 23)
_QUANTITIES = (1,) * 12 + (2,) * 3 + (3,)
_SANDBOX_EVERY = 10
_DAYS_BETWEEN = 3
"""Between the first payments, so that even what takes long has happened."""
_BUYERS = 60
_TAX_BASIS = 10_000


def demo_payments(count: int, seed: int, until: Instant) -> Iterator[bytes]:
    """Yield the import lines of `count` payments, without line ends; the same arguments give the same bytes.

    A payment is a charge permission with what has become of it by `until`: some four lines, in the order of time. The
    first payments go through every course that one can take and do not depend on `count`; the others come in the order
    of their days, and some of them are in the sandbox. Ids of two seeds differ unless the seeds agree modulo 62,500.
    """
    end = until.timestamp()
    encode = json.Encoder().encode
    for index in range(count):
        draws = Draws(seed, "payment", index, ORDER_WORDS)
        outcome = OUTCOMES[index] if index < len(OUTCOMES) else draws.pick(MIX)
        payment = _payment(index, count, seed, end, draws, recurring=outcome == "subscription")
        world = "sandbox" if payment.sandbox else "live"
        created: dict[tuple[str, int], int] = {}
        for step in course(outcome, payment.begun, draws):
            if step.at >= end:
                continue
            began = created.setdefault((step.kind, step.number), step.at)
            name, found = _object(payment, step, began)
            yield encode(
                {"merchantId": payment.market.seller.seller_id, "environment": world, name: found}
            )


def _object(payment: Payment, step: Step, created: int) -> tuple[str, Json]:
    if step.kind == "permission":
        return "chargePermission", permission_object(payment, step)
    if step.kind == "charge":
        return "charge", charge_object(payment, step, created)
    if step.kind == "refund":
        return "refund", refund_object(payment, step, created)
    return "adjustment", adjustment_object(payment, step)


def _payment(
    index: int, count: int, seed: int, end: int, draws: Draws, *, recurring: bool
) -> Payment:
    shown = index < len(OUTCOMES)
    market = _MARKETS[index % 2] if shown else draws.pick(_MARKETS)
    who = buyer(market, seed, draws.below(_BUYERS + index // 4))
    product = draws.pick(CATALOGUES[market.id].everyday)
    total = product.price * draws.pick(_QUANTITIES) + draws.pick(market.shipping_fees)
    # Rounded down: it is not the demo that files the taxes.
    total += total * who.sales_tax // _TAX_BASIS
    return Payment(
        seed=seed,
        index=index,
        market=market,
        who=who,
        sandbox=not shown and index % _SANDBOX_EVERY == 0,
        recurring=recurring,
        total=total,
        begun=_begun(market, index, count, end, draws),
        store=_STORES[market.country],
    )


def _begun(market: Market, index: int, count: int, end: int, draws: Draws) -> int:
    if index < len(OUTCOMES):
        age = PAYMENTS_WINDOW_DAYS - _DAYS_BETWEEN * index
    else:
        nth, rest = index - len(OUTCOMES), count - len(OUTCOMES)
        age = PAYMENTS_WINDOW_DAYS - PAYMENTS_WINDOW_DAYS * nth // rest
    local = draws.pick(_HOURS) * HOUR + draws.below(HOUR)
    begun = (end // DAY - age) * DAY + local - market.utc_offset
    # A payment of the last evening comes a day early rather than after the end.
    return begun if begun < end - HOUR else begun - DAY
