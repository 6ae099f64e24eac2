"""The door of `tests.orders.life_doors` that leads over HTTP, to a server that is killed where the machine asks for a crash."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.durability.confirmations import ROLES
from tests.durability.processes import Group
from tests.orders.life_doors import MARKETPLACES, Pieces, Seen
from tests.server.confirming import post
from tests.server.plain import fetch
from tests.serving import Seller, Served
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.orders.rules import Event


class HttpDoor:
    """A server, started again after each crash.

    Args:
        data: Its data directory.
        database: The URL for --database; None: SQLite.
    """

    takes_everything = False

    def __init__(self, data: Path, database: str | None) -> None:
        self._data = data
        self._database = database
        self._known: dict[str, Any] = {}
        self._now = 0
        self._start()

    def _start(self) -> None:
        self._group = Group(self._data, self._database)
        self._server: Served = self._group.served()
        if self._known:
            self._seller = Seller(self._server.url, self._known)
            self._server.sellers.append(self._seller)

    def restart(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        self._group.kill()
        self._server.close()

    def set_clock(self, now: int) -> None:
        self._now = now
        self._server.set_clock(now=from_micros(now).format_iso(), running=False)
        self._seller.renew()

    def new_seller(self) -> None:
        self._seller = self._server.add_seller(MARKETPLACES, ROLES)
        self._known = {
            "seller_id": self._seller.seller_id,
            "marketplace_ids": list(MARKETPLACES),
            "lwa": self._seller.lwa,
        }

    def load(self, line: dict[str, Any]) -> bool:
        """Whether it differs is seen by its entry in the history, which the model then has to have in its place."""
        order_id = line["order"]["AmazonOrderId"]
        before = self._history(order_id)
        self._server.load({**line, "sellerId": self._seller.seller_id})
        return before is not None and self._history(order_id) != before

    def _history(self, order_id: str) -> list[tuple[str, str, int]] | None:
        answer = self._server.operator.get(
            f"/orders/{order_id}/history",
            params={"sellerId": self._seller.seller_id, "pageSize": "1000"},
        )
        if answer.status_code == 404:
            return None
        return [
            (each["event"], each["orderStatus"], micros(Instant.parse_iso(each["at"])))
            for each in answer.json()["entries"]
        ]

    def _posted(self, order_id: str, suffix: str, body: dict[str, Any]) -> bool:
        answer = post(self._server, self._seller, body, order_id=order_id, suffix=suffix)
        assert answer.status in {204, 400}, answer
        return answer.status == 204

    def confirm(
        self, order_id: str, now: int, reference: str | None, pieces: Pieces, tracking: str
    ) -> bool:
        assert now == self._now
        assert pieces is not None
        marketplace = self._seller.payload(f"/orders/v0/orders/{order_id}")["MarketplaceId"]
        package: dict[str, Any] = {
            "carrierCode": "UPS",
            "trackingNumber": tracking,
            "shipDate": "2026-11-20T00:00:00Z",
            "orderItems": _items(pieces),
        }
        if reference is not None:
            package["packageReferenceId"] = reference
        body = {"marketplaceId": marketplace, "packageDetail": package}
        return self._posted(order_id, "/shipmentConfirmation", body)

    def event(self, order_id: str, now: int, event: Event) -> bool:
        assert now == self._now
        body: dict[str, Any] = {"sellerId": self._seller.seller_id, "event": event.name}
        if event.name == "cancel_requested":
            body["reason"] = event.reason
        if event.status is not None:
            body["electronicInvoiceStatus"] = event.status
        if event.quantities is not None:
            body["items"] = _items(event.quantities)
        answer = self._server.operator.post(f"/orders/{order_id}/events", json=body)
        # What no order could take is a 400 before anybody looks at this one.
        assert answer.status_code in {200, 400, 409}, answer.text
        return answer.status_code == 200

    def pick_up(
        self, order_id: str, marketplace: str, now: int, status: str, pieces: Pieces
    ) -> bool:
        assert now == self._now
        body: dict[str, Any] = {"marketplaceId": marketplace, "shipmentStatus": status}
        if pieces is not None:
            body["orderItems"] = _items(pieces)
        return self._posted(order_id, "/shipment", body)

    def reject(self, order_id: str, now: int) -> bool:
        assert now == self._now
        body = {
            "regulatedOrderVerificationStatus": {
                "status": "Rejected",
                "externalReviewerId": "reviewer-7",
                "rejectionReasonId": "too-young",
            }
        }
        path = f"/orders/v0/orders/{order_id}/regulatedInfo"
        headers = {
            "x-amz-access-token": self._seller.access_token,
            "content-type": "application/json",
        }
        sent = json.dumps(body).encode()
        answer = fetch(self._server.url, path, method="PATCH", headers=headers, body=sent)
        assert answer.status in {204, 400, 404}, answer
        return answer.status == 204

    def see(self, order_id: str) -> Seen:
        path = f"/orders/v0/orders/{order_id}"
        items = self._seller.payload(f"{path}/orderItems")["OrderItems"]
        return Seen(self._seller.payload(path), items, self._history(order_id) or [], None, None)

    def listed(self, statuses: tuple[str, ...] = (), updated: str | None = None) -> set[str]:
        query: dict[str, Any] = {"MarketplaceIds": list(MARKETPLACES)}
        if updated is None:
            query |= {"CreatedAfter": "2026-01-01", "OrderStatuses": list(statuses)}
        else:
            query["LastUpdatedAfter"] = updated
        return {order["AmazonOrderId"] for order in self._seller.orders(query)}


def _items(pieces: Any) -> list[dict[str, Any]]:
    return [{"orderItemId": item, "quantity": count} for item, count in pieces.items()]


@contextlib.contextmanager
def http_door(data: Path, database: str | None) -> Iterator[HttpDoor]:
    """The door until the end of the block."""
    door = HttpDoor(data, database)
    try:
        yield door
    finally:
        door.close()
