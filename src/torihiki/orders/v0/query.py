"""What the query string of getOrders asks for.

Checks come in the order of contract 1.10: required parameters, dates, enumerations and ranges, what excludes what.
Parameters that Amazon does not know are ignored, names are case-sensitive, and of a repeated one the first counts
(contract 1.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus, unquote_to_bytes

from torihiki.kernel.dates import parse_date
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import invalid_input
from torihiki.orders.model import DateField, DeliveryWindow, Selection
from torihiki.orders.rules import ORDER_ID, SETTLING_TIME, default_until
from torihiki.orders.v0.schemas import (
    EasyShipShipmentStatus,
    ElectronicInvoiceStatus,
    OrderStatus,
    PaymentMethod,
)

IDS_MAX: Final = 50
PAGE_SIZE_MAX: Final = 100
TEXT_MAX: Final = 2_000
"""Characters of a free-text filter; no stored value is longer."""
MARKETPLACE_ID_MAX: Final = 100
"""Characters; real ones have fourteen. A NextToken carries all of them and must fit into a query string again."""

_DATES: Final = {
    "LastUpdatedAfter": "lastUpdatedAfter",
    "LastUpdatedBefore": "lastUpdatedBefore",
    "CreatedAfter": "createdAfter",
    "CreatedBefore": "createdBefore",
    "EarliestDeliveryDateAfter": "earliestDeliveryDateAfter",
    "EarliestDeliveryDateBefore": "earliestDeliveryDateBefore",
    "LatestDeliveryDateAfter": "latestDeliveryDateAfter",
    "LatestDeliveryDateBefore": "latestDeliveryDateBefore",
}
"""Date parameters and the names that error details give them, in the order of contract 1.9 row 2."""

_LOWER_BOUNDS: Final = {"LastUpdatedAfter", "CreatedAfter"}
"""One of the two is required (O-3)."""

_LISTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "OrderStatuses": ("orderStatus", tuple(OrderStatus)),
    "FulfillmentChannels": ("fulfillmentChannel", ("AFN", "MFN")),
    "PaymentMethods": ("paymentMethod", tuple(PaymentMethod)),
    "EasyShipShipmentStatuses": ("easyShipShipmentStatus", tuple(EasyShipShipmentStatus)),
    "ElectronicInvoiceStatuses": ("electronicInvoiceStatus", tuple(ElectronicInvoiceStatus)),
}
"""Enumerated lists with the singular name that error messages give them (contract 1.9 row 4)."""

_ANY_CASE: Final = {"OrderStatuses": {status.lower(): status.value for status in OrderStatus}}
"""Amazon was seen to take a status in the wrong case (contract 1.2); of no other list is that known."""

_TEXTS: Final = (
    "BuyerEmail",
    "SellerOrderId",
    "ActualFulfillmentSupplySourceId",
    "StoreChainStoreId",
)

PARAMETERS: Final = frozenset(
    {"MarketplaceIds", "MaxResultsPerPage", "NextToken", "AmazonOrderIds", "IsISPU"}
    | set(_DATES)
    | set(_LISTS)
    | set(_TEXTS)
)
"""Every parameter that getOrders reads."""

_EXCLUDED_BY_SELLER_ORDER_ID: Final = (
    "FulfillmentChannels",
    "OrderStatuses",
    "PaymentMethods",
    "LastUpdatedAfter",
    "LastUpdatedBefore",
    "BuyerEmail",
)
"""O-11."""

_RAW_TOKEN: Final = re.compile(r"[+/=]")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Characters that no real value holds."""


def parameters(query: bytes, known: frozenset[str]) -> dict[str, str]:
    """The first value of each known parameter, decoded; the others are not looked at.

    Raises:
        Problem: The query is not ASCII, a value is not UTF-8 or holds a control character, which no real value does;
            or a NextToken was not percent-encoded, which Amazon refuses with a null message (contract 1.9 row 6).
    """
    if not query.isascii():
        raise invalid_input()
    found: dict[str, str] = {}
    for part in query.decode().split("&"):
        name, _, value = part.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name)
        if name not in known or name in found:
            continue
        if name == "NextToken" and _RAW_TOKEN.search(value):
            raise invalid_input(None, None)
        if "%" in value or "+" in value:
            try:
                value = unquote_to_bytes(value.replace("+", " ")).decode()
            except UnicodeDecodeError as error:
                raise invalid_input() from error
        if not value.isprintable() and CONTROL.search(value):
            raise invalid_input()
        found[name] = value
    return found


class Refusals:
    """Collects constraint failures into the one message that Amazon's validator sends (contract 1.9 rows 4, 5)."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, value: object, member: str, constraint: str) -> None:
        """Notes that `value` at `member` breaks `constraint`."""
        self._found.append(
            f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        )

    def add_missing(self, member: str) -> None:
        """Notes that `member` is not there and must be; worded by analogy."""
        self._found.append(
            f"Value null at '{member}' failed to satisfy constraint: Member must not be null"
        )

    def raise_if_any(self) -> None:
        """Ends the request if anything was noted.

        Raises:
            Problem: With one message for all that was noted.
        """
        if self._found:
            count = len(self._found)
            noun = "error" if count == 1 else "errors"
            raise invalid_input(f"{count} validation {noun} detected: {'; '.join(self._found)}")


def _items(text: str | None) -> list[str]:
    return [item for item in text.split(",") if item] if text else []


def _printed(items: list[str]) -> str:
    """A list as Amazon's validator prints it."""
    return f"[{', '.join(items)}]"


def _dates(given: Mapping[str, str]) -> dict[str, Instant]:
    """The date parameters.

    Raises:
        Problem: One is unreadable; the details name every bad one. Where neither lower bound is there, both are bad
            (contract 1.9 rows 2 and 2b).
    """
    dates: dict[str, Instant] = {}
    bad: list[str] = []
    for name, internal in _DATES.items():
        text = given.get(name)
        if text is not None:
            parsed = parse_date(text)
            if parsed is None:
                bad.append(internal)
            else:
                dates[name] = parsed
        elif name in _LOWER_BOUNDS and not _LOWER_BOUNDS & given.keys():
            bad.append(internal)
    if bad:
        raise invalid_input(
            "This is an invalid input", f"Invalid Date-Time field(s) [{', '.join(bad)}]."
        )
    return dates


def _enumerated(given: Mapping[str, str], refusals: Refusals) -> dict[str, tuple[str, ...]]:
    lists: dict[str, tuple[str, ...]] = {}
    for name, (member, allowed) in _LISTS.items():
        text = given.get(name)
        if not text:
            lists[name] = ()
            continue
        items = _items(text)
        folded = _ANY_CASE.get(name)
        if folded is not None:
            items = [folded.get(item.lower(), item) for item in items]
        if not set(items) <= set(allowed):
            refusals.add(
                _printed(items),
                member,
                f"Member must satisfy constraint: [Member must satisfy enum value set: {_printed(list(allowed))}]",
            )
        lists[name] = tuple(dict.fromkeys(items))
    return lists


def _ids(given: Mapping[str, str], name: str, member: str, refusals: Refusals) -> list[str]:
    items = list(dict.fromkeys(_items(given.get(name))))
    if len(items) > IDS_MAX:
        refusals.add(
            _printed(items), member, f"Member must have length less than or equal to {IDS_MAX}"
        )
    return items


def page_size(given: Mapping[str, str], refusals: Refusals) -> int | None:
    """MaxResultsPerPage, 1 to 100 (O-12, contract 1.9 row 5b); None: not given."""
    text = given.get("MaxResultsPerPage")
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        refusals.add(text, "maxResultsPerPage", "Member must be an integer")
        return None
    number = int(text)
    if number > PAGE_SIZE_MAX:
        refusals.add(
            text,
            "maxResultsPerPage",
            f"Member must have value less than or equal to {PAGE_SIZE_MAX}",
        )
    elif number < 1:
        refusals.add(text, "maxResultsPerPage", "Member must have value greater than or equal to 1")
    return number


def _is_ispu(given: Mapping[str, str], refusals: Refusals) -> bool | None:
    text = given.get("IsISPU")
    if not text:
        return None
    # The official Python SDK writes True and False (contract 7.1).
    flag = {"true": True, "false": False}.get(text.lower())
    if flag is None:
        refusals.add(text, "isISPU", "Member must satisfy enum value set: [true, false]")
    return flag


def _order_ids(given: Mapping[str, str], refusals: Refusals) -> tuple[str, ...] | None:
    ids = _ids(given, "AmazonOrderIds", "amazonOrderIds", refusals)
    if any(not ORDER_ID.fullmatch(order_id) for order_id in ids):
        refusals.add(
            _printed(ids),
            "amazonOrderIds",
            f"Member must satisfy constraint: [Member must satisfy regular expression pattern: {ORDER_ID.pattern}]",
        )
    return tuple(ids) or None


def _range(
    dates: Mapping[str, Instant], field: DateField, now: Instant, delay: TimeDelta
) -> tuple[Instant, Instant]:
    """The bounds of the selection's date.

    Raises:
        Problem: The upper bound lies before the lower one, or less than two minutes back (contract 1.3).
    """
    stem = "Created" if field is DateField.CREATED else "LastUpdated"
    since = dates[f"{stem}After"]
    until = dates.get(f"{stem}Before")
    if until is None:
        return since, default_until(now, delay)
    if until < since or until > now - SETTLING_TIME:
        raise invalid_input()
    return since, until


def _delivery(dates: Mapping[str, Instant]) -> DeliveryWindow | None:
    if not any("Delivery" in name for name in dates):
        return None
    return DeliveryWindow(
        earliest_from=dates.get("EarliestDeliveryDateAfter"),
        earliest_to=dates.get("EarliestDeliveryDateBefore"),
        latest_from=dates.get("LatestDeliveryDateAfter"),
        latest_to=dates.get("LatestDeliveryDateBefore"),
    )


def _check_exclusions(given: Mapping[str, str]) -> None:
    """Refuses both date families, and SellerOrderId beside a filter that it excludes.

    Raises:
        Problem: Contract 1.9 row 8, O-11.
    """
    created = "CreatedAfter" in given or "CreatedBefore" in given
    updated = "LastUpdatedAfter" in given or "LastUpdatedBefore" in given
    if created and updated:
        raise invalid_input()
    if given.get("SellerOrderId") and any(given.get(name) for name in _EXCLUDED_BY_SELLER_ORDER_ID):
        raise invalid_input()


def parse_get_orders(
    query: bytes, now: Instant, visibility_delay: TimeDelta
) -> tuple[Selection | str, int | None]:
    """What is wanted (a selection, or the NextToken that replaces it) and the page size, if one is asked for.

    Raises:
        Problem: With the text of contract 1.9 for the first check that fails.
    """
    given = parameters(query, PARAMETERS)
    refusals = Refusals()
    marketplace_ids = _ids(given, "MarketplaceIds", "marketplaceIds", refusals)
    if not marketplace_ids:
        raise invalid_input("Missing or invalid request parameters: [MarketplaceIds]", None)
    if any(len(marketplace_id) > MARKETPLACE_ID_MAX for marketplace_id in marketplace_ids):
        refusals.add(
            "...",
            "marketplaceIds",
            f"Member must have length less than or equal to {MARKETPLACE_ID_MAX}",
        )
    if token := given.get("NextToken"):
        size = page_size(given, refusals)
        refusals.raise_if_any()
        return token, size
    dates = _dates(given)
    lists = _enumerated(given, refusals)
    order_ids = _order_ids(given, refusals)
    is_ispu = _is_ispu(given, refusals)
    size = page_size(given, refusals)
    _check_lengths(given, refusals)
    refusals.raise_if_any()
    _check_exclusions(given)
    field = DateField.CREATED if "CreatedAfter" in dates else DateField.LAST_UPDATED
    since, until = _range(dates, field, now, visibility_delay)
    selection = Selection(
        by=field,
        since=since,
        until=until,
        marketplace_ids=tuple(marketplace_ids),
        order_statuses=lists["OrderStatuses"],
        fulfillment_channels=lists["FulfillmentChannels"],
        payment_methods=lists["PaymentMethods"],
        easy_ship_shipment_statuses=lists["EasyShipShipmentStatuses"],
        electronic_invoice_statuses=lists["ElectronicInvoiceStatuses"],
        is_ispu=is_ispu,
        order_ids=order_ids,
        buyer_email=given.get("BuyerEmail") or None,
        seller_order_id=given.get("SellerOrderId") or None,
        supply_source_id=given.get("ActualFulfillmentSupplySourceId") or None,
        store_chain_store_id=given.get("StoreChainStoreId") or None,
        delivery=_delivery(dates),
    )
    return selection, size


def _check_lengths(given: Mapping[str, str], refusals: Refusals) -> None:
    for name in _TEXTS:
        if len(given.get(name, "")) > TEXT_MAX:
            member = name[0].lower() + name[1:]
            refusals.add(
                "...",
                member,
                f"Member must have length less than or equal to {TEXT_MAX}",
            )
