"""Compares what a server shows and keeps of orders with what its clients were told.

Everything here is read anew: order, items and history through the API, packages from the database.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.durability.load import Ledger
from tests.orders.lines import US
from tests.serving import Seller, Served
from torihiki.bootstrap import Settings
from torihiki.bootstrap.stores import open_stores
from torihiki.orders.model import KeptOrder

STATUSES = ("Unshipped", "PartiallyShipped", "Shipped")
HISTORY_PAGE = "1000"


class Seen(NamedTuple):
    """An order as it lies there.

    Args:
        item: Its one item.
        listed: Under which statuses a filtered list shows it.
        history: From the oldest on.
        packages: As they are kept, by reference.
    """

    order: dict[str, Any]
    item: dict[str, Any]
    listed: list[str]
    history: list[dict[str, Any]]
    packages: dict[str, dict[str, Any]]


def seen(
    server: Served, seller: Seller, database: str | None, order_ids: list[str]
) -> dict[str, Seen]:
    """The orders, each read in every way that there is."""
    packages = asyncio.run(_packages(server.data, database, seller.seller_id, order_ids))
    listed = _listed(seller)
    return {
        order_id: Seen(
            seller.payload(f"/orders/v0/orders/{order_id}"),
            seller.payload(f"/orders/v0/orders/{order_id}/orderItems")["OrderItems"][0],
            listed[order_id],
            list(_history(server, seller, order_id)),
            packages[order_id],
        )
        for order_id in order_ids
    }


def _listed(seller: Seller) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for status in STATUSES:
        query = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01", "OrderStatuses": status}
        for order in seller.orders(query):
            found[order["AmazonOrderId"]].append(status)
    return found


def _history(server: Served, seller: Seller, order_id: str) -> Iterator[dict[str, Any]]:
    query = {"sellerId": seller.seller_id, "pageSize": HISTORY_PAGE}
    while True:
        answer = server.operator.get(f"/orders/{order_id}/history", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield from page["entries"]
        if not (token := page.get("nextToken")):
            return
        query["nextToken"] = token


async def _packages(
    data: Path, database: str | None, seller_id: str, order_ids: list[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    async with open_stores(Settings(data=data, database=database)) as stores:
        for order_id in order_ids:
            kept: list[KeptOrder] = []
            assert await stores.orders.change(seller_id, order_id, kept.append)
            packages = json.loads(kept[-1].fulfillment).get("packages", [])
            found[order_id] = {package["reference"]: package for package in packages}
            assert len(found[order_id]) == len(packages), packages
    return found


def faults_of(order_id: str, found: Seen) -> Iterator[str]:
    """What an order says that does not go together, whatever was asked of it."""
    confirmed = [entry for entry in found.history if entry["event"] == "package_confirmed"]
    sent = sum(item["quantity"] for entry in confirmed for item in entry["details"]["items"])
    ordered, shipped = found.item["QuantityOrdered"], found.item["QuantityShipped"]
    status = "Unshipped" if not sent else "Shipped" if sent == ordered else "PartiallyShipped"
    counts = (found.order["NumberOfItemsShipped"], found.order["NumberOfItemsUnshipped"])
    if shipped > ordered:
        yield f"{order_id}: {shipped} of {ordered} pieces are shipped"
    if (shipped, *counts) != (sent, sent, ordered - sent):
        yield f"{order_id}: the history says {sent} of {ordered}, the item {shipped}, the order {counts}"
    if found.order["OrderStatus"] != status or found.listed != [status]:
        yield f"{order_id}: {found.order['OrderStatus']}, found as {found.listed}, for {status}"
    times = [entry["at"] for entry in found.history]
    if (
        times != sorted(times)
        or found.order["LastUpdateDate"] != (times or [found.order["LastUpdateDate"]])[-1]
    ):
        yield f"{order_id}: last updated {found.order['LastUpdateDate']}, told {times[-3:]}"
    yield from _package_faults(order_id, found)


def _package_faults(order_id: str, found: Seen) -> Iterator[str]:
    """A package is what its last entry says; its first one confirmed it and no other did."""
    latest: dict[str, dict[str, Any]] = {}
    for entry in found.history:
        details = entry["details"]
        reference = details["packageReferenceId"]
        event = "package_edited" if reference in latest else "package_confirmed"
        if entry["event"] != event:
            yield f"{order_id}: package {reference}: {entry['event']} instead of {event}"
        latest[reference] = details
    told = {
        reference: (
            details["trackingNumber"],
            details["carrierCode"],
            details["items"][0]["quantity"],
        )
        for reference, details in latest.items()
    }
    kept = {
        reference: (one["tracking_number"], one["carrier_code"], one["items"][0]["quantity"])
        for reference, one in found.packages.items()
    }
    if kept != told:
        yield f"{order_id}: packages {sorted(kept.items() ^ told.items())[:6]}"


class Verdict(NamedTuple):
    """What became of everything that was sent.

    Args:
        acknowledged: How much the server has promised to keep.
        kept: Of that, what is there exactly once.
        uncertain: Without a final answer, and there once.
        lost: Acknowledged, and not there.
        doubled: There more than once.
        unasked: Refused, and there all the same.
        faults: What does not go together.
    """

    acknowledged: int
    kept: int
    uncertain: int
    lost: list[str]
    doubled: list[str]
    unasked: list[str]
    faults: list[str]

    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.unasked or self.faults)


def judged(found: Mapping[str, Seen], ledger: Ledger) -> Verdict:
    """Holds the ledger against what is there."""
    times = Counter(entry["details"]["trackingNumber"] for entry in _entries(found.values()))
    acknowledged = ledger.acknowledged()
    refused = ledger.refused() - acknowledged
    uncertain = {asked.tracking for asked in ledger.uncertain()}
    return Verdict(
        acknowledged=len(acknowledged),
        kept=sum(times[tracking] == 1 for tracking in acknowledged),
        uncertain=sum(times[tracking] == 1 for tracking in uncertain),
        lost=sorted(tracking for tracking in acknowledged if not times[tracking]),
        doubled=sorted(tracking for tracking, count in times.items() if count > 1),
        unasked=sorted(times.keys() - acknowledged - uncertain) + sorted(refused & times.keys()),
        faults=[fault for order_id, one in found.items() for fault in faults_of(order_id, one)],
    )


def _entries(orders: Iterable[Seen]) -> Iterator[dict[str, Any]]:
    return (entry for one in orders for entry in one.history)
