"""Orders in some point of their life, and what is done with them, made for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from msgspec.structs import replace

from tests.orders.lines import ORDER_ID, US
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.orders.model import Confirmation, Line, Move, PackageItem, Standing
from torihiki.orders.rules import Event, NotPossible, after_event
from torihiki.orders.shipments import confirmed

CREATED: Final = Instant.from_utc(2026, 3, 1, 10)
NOW: Final = CREATED + TimeDelta(hours=30)

STATUSES: Final = (
    "PendingAvailability",
    "Pending",
    "Unshipped",
    "PartiallyShipped",
    "Shipped",
    "InvoiceUnconfirmed",
    "Canceled",
    "Unfulfillable",
)
NOTHING_TO_UPDATE: Final = (
    "Failed to create package due to not finding a matching package or order already fulfilled. "
    "ErrorMessage(errorCode=GeneralError, errorDescription=Unable to find package to update for order "
    f"({ORDER_ID}), errorMetric=PackageToUpdateNotFound, packageIndex=null)"
)
LABEL: Final = "AZ:" + "7" * 26
"""A transparency code as it stands on a label."""

FINAL: Final = {"Shipped", "Canceled", "Unfulfillable"}


def standing(*ordered: int, **changes: Any) -> Standing:
    """A paid order of the seller's with items `a`, `b`, ... of which so many pieces were ordered."""
    plain = Standing(
        order_id=ORDER_ID,
        marketplace_id=US,
        status="Unshipped",
        fulfillment_channel="MFN",
        created=CREATED,
        is_ispu=False,
        easy_ship=None,
        invoice=None,
        lines={
            chr(ord("a") + place): Line(ordered=pieces, shipped=0)
            for place, pieces in enumerate(ordered or (2, 1))
        },
        packages={},
        pickups={},
    )
    return replace(plain, **changes)


def pieces(**quantities: int) -> tuple[PackageItem, ...]:
    return tuple(
        PackageItem(order_item_id=item_id, quantity=quantity)
        for item_id, quantity in quantities.items()
    )


def confirmation(
    items: tuple[PackageItem, ...] | None = None, reference: str | None = "1", **changes: Any
) -> Confirmation:
    plain = Confirmation(
        marketplace_id=US,
        reference=reference,
        carrier_code="UPS",
        carrier_name=None,
        shipping_method=None,
        tracking_number="1Z86V8030385598957",
        ship_date=CREATED + TimeDelta(hours=24),
        ship_from_supply_source_id=None,
        cod_collection_method=None,
        items=items,
    )
    return replace(plain, **changes)


def moved(before: Standing, move: Move | None) -> Standing:
    """The order after the move, as the documents keep it."""
    if move is None:
        return before
    packages = dict(before.packages)
    if move.package is not None:
        packages[move.package.reference] = move.package
    return replace(
        before,
        status=move.status,
        lines={
            item_id: replace(line, shipped=move.shipped.get(item_id, line.shipped))
            for item_id, line in before.lines.items()
        },
        packages=packages,
        pickups={**before.pickups, **move.pickups},
        easy_ship=move.easy_ship or before.easy_ship,
        invoice=move.invoice or before.invoice,
    )


def shipped(before: Standing) -> Mapping[str, int]:
    return {item_id: line.shipped for item_id, line in before.lines.items()}


def after(before: Standing, name: str, **members: Any) -> Standing:
    return moved(before, after_event(before, Event(name=name, **members)))


def refusal(before: Standing, name: str, **members: Any) -> str | None:
    try:
        after_event(before, Event(name=name, **members))
    except NotPossible as refused:
        return str(refused)
    return None


def confirm(before: Standing, said: Confirmation, *, strict: bool = False) -> Move | None:
    return confirmed(before, said, now=NOW, strict=strict)


def sent() -> Standing:
    """An order of which package 123 with a piece of each item was confirmed."""
    order = standing(2, 1)
    said = confirmation(pieces(a=1, b=1), "123", carrier_name="UPS")
    return moved(order, confirm(order, said))


def message(before: Standing, said: Confirmation, *, strict: bool = False) -> str:
    """The text with which the confirmation is refused."""
    with pytest.raises(Problem) as refused:
        confirm(before, said, strict=strict)
    assert refused.value.kind is Kind.INVALID_INPUT
    assert refused.value.details == ""
    assert refused.value.message is not None
    return refused.value.message


def coded(*codes: str, quantity: int = 1) -> tuple[PackageItem, ...]:
    return (PackageItem(order_item_id="a", quantity=quantity, transparency_codes=codes),)
