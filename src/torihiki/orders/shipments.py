"""What confirming a shipment makes of an order (contract 4.1, O-24 to O-27).

A package belongs to its reference. A reference that the order does not have creates a package, and its pieces are shipped;
one that it has edits that package, and never moves a piece. Texts without a source in the contract are ours, in the form
of those that have one. What is wrong is told one at a time: first the order, then the members by themselves, then the
pieces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.marketplace import JAPAN
from torihiki.kernel.problem import Problem, invalid_input
from torihiki.orders import events
from torihiki.orders.carriers import OTHER, carrier_code
from torihiki.orders.model import Confirmation, Move, Package, PackageItem, Standing
from torihiki.orders.pieces import left, listed, shipped_with
from torihiki.orders.rules import AMAZON_FULFILS, CANCELED, can_happen, settled

PACKAGES_MAX: Final = 1_000
"""Packages of an order; a bound of ours, like the others here."""
TEXT_MAX_CHARACTERS: Final = 200
CODE_MAX_CHARACTERS: Final = 2_000
SOURCES_MAX: Final = 100
"""What a package remembers of the messages that confirmed it; after a crash only the latest come again."""

SHIPS_AHEAD: Final = TimeDelta(hours=24)
"""How far after now a ship date may lie, where ship dates are checked at all."""

DIRECT_PAYMENT: Final = "DirectPayment"

_REFERENCE: Final = re.compile(r"0*[1-9][0-9]*")
REFERENCE_MAX_DIGITS: Final = 30
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TRANSPARENCY_CODE: Final = re.compile(
    r"(?:AZ|ZA)[!-~]{27}"  # the code of the label
    r"|[!-~]{38}"  # SGTIN
    r"|[0-9A-Za-z._-]{7,20}"  # serial number
    r"|https?://[!-~]+"  # what a label's QR code holds
)


def confirmed(
    standing: Standing, confirmation: Confirmation, *, now: Instant, strict: bool
) -> Move | None:
    """What the confirmation makes of the order; None: it says nothing that was not said before.

    Args:
        standing: The order.
        confirmation: Its texts, `""` among them, as the seller sent them.
        now: The operator's time, which bounds the ship date where that is checked.
        strict: Refuses what Amazon is only known to refuse sometimes: a missing reference, a ship date before the
            purchase or more than a day ahead, and missing codes of items that need them.

    Raises:
        Problem: The order cannot be shipped so; the message says it in full, in a feed's report too.
    """
    if confirmation.source is not None and any(
        confirmation.source in package.sources for package in standing.packages.values()
    ):
        return None
    _require_order(standing, confirmation)
    package = _package(standing, confirmation, strict=strict)
    if strict:
        _require_ship_date(standing, package, now)
    before = standing.packages.get(package.reference)
    items = _items(standing, confirmation, before)
    if strict:
        _require_codes(standing, items)
    package = replace(package, items=items)
    if before is None:
        return _created(standing, package)
    return _edited(standing, before, package)


def no_such_order(order_id: str) -> Problem:
    """The refusal of an order that the seller does not have, that is too old, or that is canceled."""
    return invalid_input(
        "ErrorCode: NonexistentOrderItem Description: Failed to find order item list by order ID: "
        + order_id
    )


def no_such_item() -> Problem:
    """The refusal of an item that the order does not have, or of none at all."""
    # The second blank is Amazon's.
    return invalid_input(
        "OrderItemId  is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
    )


def _require_order(standing: Standing, confirmation: Confirmation) -> None:
    if standing.status == CANCELED:
        raise no_such_order(standing.order_id)
    why = None
    if standing.fulfillment_channel == AMAZON_FULFILS:
        why = "is fulfilled by Amazon"
    elif confirmation.marketplace_id not in {None, standing.marketplace_id}:
        why = "is not of the marketplace in the request"
    elif not (
        can_happen(standing.status, events.PACKAGE_CONFIRMED)
        or can_happen(standing.status, events.PACKAGE_EDITED)
    ):
        why = f"is in {standing.status} status"
    if why is not None:
        raise invalid_input(f"Failed validation because order {standing.order_id} {why}.")


def _package(standing: Standing, confirmation: Confirmation, *, strict: bool) -> Package:
    """The package that is meant, without its items; each member is looked at by itself."""
    reference = _reference(standing, confirmation.reference or None, strict=strict)
    code, name = _carrier(confirmation)
    method = confirmation.cod_collection_method or None
    if method not in {None, DIRECT_PAYMENT}:
        raise _invalid("CodCollectionMethod", f"must be {DIRECT_PAYMENT}")
    if method is not None and standing.marketplace_id != JAPAN:
        raise _invalid("CodCollectionMethod", "is supported in the marketplace of Japan only")
    number = _text("TrackingNumber", confirmation.tracking_number)
    if number is None and confirmation.source is None:
        raise _invalid("TrackingNumber", "must not be empty")
    return Package(
        reference=reference,
        carrier_code=code,
        carrier_name=name,
        shipping_method=_text("ShippingMethod", confirmation.shipping_method),
        tracking_number=number or "",
        # The store keeps no more digits, and the same date sent again must be the same.
        ship_date=confirmation.ship_date.round("microsecond", mode="floor"),
        ship_from_supply_source_id=_text(
            "ShipFromSupplySourceId", confirmation.ship_from_supply_source_id
        ),
        cod_collection_method=method,
        items=(),
        sources=() if confirmation.source is None else (confirmation.source,),
    )


def _reference(standing: Standing, given: str | None, *, strict: bool) -> str:
    if given is None and not strict:
        return _free_reference(standing)
    if given is None or len(given) > REFERENCE_MAX_DIGITS or _REFERENCE.fullmatch(given) is None:
        raise _invalid("PackageReferenceId", "must be a positive numeric value")
    return given.lstrip("0")


def _free_reference(standing: Standing) -> str:
    """The number after the highest, or the lowest free one where there is none after it."""
    following = str(max(map(int, standing.packages), default=0) + 1)
    if len(following) <= REFERENCE_MAX_DIGITS:
        return following
    return next(
        number
        for number in map(str, range(1, len(standing.packages) + 2))
        if number not in standing.packages
    )


def _carrier(confirmation: Confirmation) -> tuple[str, str | None]:
    code = carrier_code(confirmation.carrier_code)
    name = _text("CarrierName", confirmation.carrier_name)
    if code is None:
        raise _bad_carrier("Selected carrier is not supported")
    if code == OTHER and name is None:
        raise _bad_carrier(f"Carrier name is required when the carrier code is {OTHER}")
    return code, name


def _text(member: str, given: str | None) -> str | None:
    """The text, None if it says nothing."""
    if given is None or not given.strip():
        return None
    if len(given) > TEXT_MAX_CHARACTERS:
        raise _invalid(member, f"must have at most {TEXT_MAX_CHARACTERS} characters")
    if _CONTROL.search(given) is not None:
        raise _invalid(member, "must not have control characters")
    return given


def _require_ship_date(standing: Standing, package: Package, now: Instant) -> None:
    # Dates of purchase are shown in whole seconds, and a seller can only repeat what he sees.
    if package.ship_date < standing.created.round("second", mode="floor"):
        raise _invalid("ShipDate", "must not be before the purchase date")
    if package.ship_date > now + SHIPS_AHEAD:
        raise _invalid("ShipDate", "must not be more than a day in the future")


def _items(
    standing: Standing, confirmation: Confirmation, before: Package | None
) -> tuple[PackageItem, ...]:
    """What is in the package, each item once; an item that is listed twice counts together."""
    if confirmation.items is None:
        return _everything(standing) if before is None else before.items
    found: dict[str, PackageItem] = {}
    for item in confirmation.items:
        if item.order_item_id not in standing.lines:
            raise no_such_item()
        if item.quantity < 1:
            raise _invalid("Quantity", "must be a positive numeric value")
        earlier = found.get(item.order_item_id)
        found[item.order_item_id] = (
            item
            if earlier is None
            else PackageItem(
                order_item_id=item.order_item_id,
                quantity=earlier.quantity + item.quantity,
                transparency_codes=earlier.transparency_codes + item.transparency_codes,
            )
        )
    if not found:
        raise no_such_item()
    _require_readable_codes(found)
    return tuple(found.values())


def _everything(standing: Standing) -> tuple[PackageItem, ...]:
    return tuple(
        PackageItem(order_item_id=item_id, quantity=pieces)
        for item_id, pieces in left(standing).items()
        if pieces
    )


def _require_readable_codes(items: Mapping[str, PackageItem]) -> None:
    seen: set[str] = set()
    for item in items.values():
        if len(item.transparency_codes) > item.quantity:
            raise _invalid(
                "TransparencyCodes", f"item {item.order_item_id} has more codes than pieces"
            )
        for code in item.transparency_codes:
            if len(code) > CODE_MAX_CHARACTERS or _TRANSPARENCY_CODE.fullmatch(code) is None:
                raise _invalid(
                    "TransparencyCodes", f"item {item.order_item_id} has a code of unknown form"
                )
            if code in seen:
                raise _invalid(
                    "TransparencyCodes", f"item {item.order_item_id} has a code that is used twice"
                )
            seen.add(code)


def _require_codes(standing: Standing, items: tuple[PackageItem, ...]) -> None:
    for item in items:
        needs = standing.lines[item.order_item_id].is_transparency
        if needs and len(item.transparency_codes) < item.quantity:
            raise _invalid(
                "TransparencyCodes", f"item {item.order_item_id} needs a code for each piece"
            )


def _created(standing: Standing, package: Package) -> Move:
    free = left(standing)
    if not any(free.values()) or not can_happen(standing.status, events.PACKAGE_CONFIRMED):
        raise _nothing_to_update(standing.order_id)
    sent = _pieces(package)
    for item_id, pieces in sent.items():
        if pieces > free[item_id]:
            raise invalid_input(
                f"Failed to create/update package due to overfulfillment for order {standing.order_id}: "
                f"{free[item_id]} of order item {item_id} are left to ship, {pieces} were confirmed."
            )
    if len(standing.packages) >= PACKAGES_MAX:
        raise invalid_input(
            f"Failed to create/update package due to the number of packages for order {standing.order_id}: "
            f"there are {PACKAGES_MAX} already."
        )
    move = Move(
        event=events.PACKAGE_CONFIRMED,
        status=standing.status,
        shipped=shipped_with(standing, sent),
        package=package,
        details=_told(package),
    )
    return settled(standing, move)


def _edited(standing: Standing, before: Package, package: Package) -> Move | None:
    if _pieces(package) != _pieces(before):
        raise _nothing_to_update(standing.order_id)
    by_id = {item.order_item_id: item for item in package.items}
    package = replace(
        package,
        items=tuple(by_id[item.order_item_id] for item in before.items),
        sources=(*before.sources, *package.sources)[-SOURCES_MAX:],
    )
    if replace(package, sources=before.sources) == before:
        return None
    move = Move(
        event=events.PACKAGE_EDITED,
        status=standing.status,
        package=package,
        details=_told(package),
    )
    return settled(standing, move)


def _pieces(package: Package) -> dict[str, int]:
    return {item.order_item_id: item.quantity for item in package.items}


def _told(package: Package) -> dict[str, object]:
    return {
        "packageReferenceId": package.reference,
        "carrierCode": package.carrier_code,
        "trackingNumber": package.tracking_number,
        "items": listed(_pieces(package)),
    }


def _invalid(member: str, why: str) -> Problem:
    return invalid_input(f"{member}: is invalid, {why}.")


def _bad_carrier(why: str) -> Problem:
    return invalid_input(f"ErrorCode: InvalidCarrier Description: {why}")


def _nothing_to_update(order_id: str) -> Problem:
    return invalid_input(
        "Failed to create package due to not finding a matching package or order already fulfilled. "
        "ErrorMessage(errorCode=GeneralError, "
        f"errorDescription=Unable to find package to update for order ({order_id}), "
        "errorMetric=PackageToUpdateNotFound, packageIndex=null)"
    )
