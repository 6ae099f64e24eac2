"""A model of an order's life, written from the contract and from nothing else; what the machine compares with."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.orders.lines import BRAZIL

OPEN = ("Unshipped", "PartiallyShipped")
SENT = ("Shipped", "InvoiceUnconfirmed")
UNPAID = ("PendingAvailability", "Pending")
OVER = (*SENT, "Canceled", "Unfulfillable")
STATUSES = (*UNPAID, *OPEN, *OVER)
AWAITED = ("NotFound", "Processing", "Errored")
SECOND = 1_000_000

LIFE = {
    ("preorder_released", "PendingAvailability"): "Pending",
    ("payment_authorized", "Pending"): "Unshipped",
    ("invoice_confirmed", "InvoiceUnconfirmed"): "Shipped",
    **{("canceled", status): "Canceled" for status in (*UNPAID, "Unshipped")},
    **{("cancel_requested", status): status for status in (*UNPAID, *OPEN)},
    **{("delivered", status): status for status in SENT},
}
"""The events that need nothing but a status."""


@dataclass
class Life:
    """An order and what has happened to it.

    Args:
        updated: Microseconds since 1970, as everything here.
        history: Event, status afterwards, and when.
        packages: By reference: pieces by item, and the tracking number.
        check: The status of its check, if it is regulated.
    """

    marketplace: str
    channel: str
    is_ispu: bool
    status: str
    invoice: str
    ordered: dict[str, int]
    shipped: dict[str, int]
    updated: int
    check: str | None
    history: list[tuple[str, str, int]] = field(default_factory=list)
    packages: dict[str, tuple[dict[str, int], str]] = field(default_factory=dict)
    pickups: dict[str, str] = field(default_factory=dict)

    def left(self) -> dict[str, int]:
        return {
            item: 0 if self.pickups.get(item) == "RefusedPickup" else count - self.shipped[item]
            for item, count in self.ordered.items()
        }

    def numbers(self) -> tuple[int, int]:
        """NumberOfItemsShipped and -Unshipped."""
        shipped = sum(self.shipped.values())
        return shipped, 0 if self.status in OVER else sum(self.ordered.values()) - shipped

    def happened(self, event: str, now: int, status: str | None = None) -> bool:
        self.status = status or self.status
        self.updated = max(now // SECOND * SECOND, -(-self.updated // SECOND) * SECOND)
        self.history.append((event, self.status, self.updated))
        return True

    def _sent(self, event: str, now: int, pieces: dict[str, int]) -> bool:
        for item, count in pieces.items():
            self.shipped[item] += count
        awaits = self.marketplace == BRAZIL and self.invoice in AWAITED
        whole = "InvoiceUnconfirmed" if awaits else "Shipped"
        return self.happened(event, now, "PartiallyShipped" if any(self.left().values()) else whole)

    def fits(self, pieces: dict[str, int]) -> bool:
        """Whether there are these items, and so many pieces of each that are not shipped."""
        left = self.left()
        return bool(pieces) and all(1 <= n <= left.get(item, 0) for item, n in pieces.items())

    def confirm(
        self, now: int, reference: str | None, pieces: dict[str, int] | None, tracking: str
    ) -> bool:
        """Each of these says whether it is taken, and does it if so. `pieces` None: all that is left."""
        if self.channel == "AFN" or self.status not in (*OPEN, *SENT):
            return False
        if reference is None:
            reference = str(max(map(int, self.packages), default=0) + 1)
        if reference in self.packages:
            packed, before = self.packages[reference]
            if pieces not in (None, packed):
                return False
            self.packages[reference] = packed, tracking
            return tracking == before or self.happened("package_edited", now)
        if pieces is None:
            pieces = {item: count for item, count in self.left().items() if count}
        if self.status not in OPEN or not self.fits(pieces):
            return False
        self.packages[reference] = pieces, tracking
        return self._sent("package_confirmed", now, pieces)

    def event(self, now: int, name: str) -> bool:
        if name == "unfulfillable":
            possible = self.channel == "AFN" and self.status in {"Pending", "Unshipped"}
            return possible and self.happened(name, now, "Unfulfillable")
        target = LIFE.get((name, self.status))
        if target is not None and name == "invoice_confirmed":
            self.invoice = "Accepted"
        return target is not None and self.happened(name, now, target)

    def ship(self, now: int, pieces: dict[str, int] | None) -> bool:
        """The operator's event `shipped`."""
        if pieces is None:
            pieces = {item: count for item, count in self.left().items() if count}
        possible = self.status in OPEN and self.fits(pieces)
        return possible and self._sent("shipped", now, pieces)

    def invoiced(self, now: int, status: str) -> bool:
        if self.status not in (*OPEN, *SENT):
            return False
        self.invoice = status
        settles = self.status == "InvoiceUnconfirmed" and status in {"Accepted", "NotRequired"}
        return self.happened("invoice_status", now, "Shipped" if settles else None)

    def pick_up(self, now: int, status: str, pieces: dict[str, int] | None) -> bool:
        left = self.left()
        if pieces is None:
            pieces = {item: count for item, count in left.items() if count}
            known = bool(pieces) or status in self.pickups.values()
        else:
            known = bool(pieces) and pieces.keys() <= left.keys() and min(pieces.values()) > 0
        if not known or not self.is_ispu:
            return False
        news = {item: count for item, count in pieces.items() if self.pickups.get(item) != status}
        before = None if status == "ReadyForPickup" else "ReadyForPickup"
        possible = (
            self.status in OPEN
            and self.fits(news)
            and all(self.pickups.get(item) == before for item in news)
            and (status != "RefusedPickup" or all(left[item] == n for item, n in news.items()))
        )
        return not news or (possible and self._picked_up(now, status, news))

    def _picked_up(self, now: int, status: str, news: dict[str, int]) -> bool:
        left = self.left()
        for item, count in news.items():
            if status != "PickedUp" or count == left[item]:
                self.pickups[item] = status
            if status == "PickedUp":
                self.shipped[item] += count
        if any(self.shipped.values()):
            return self._sent("pickup_status", now, {})
        waits = any(self.left().values())
        return self.happened("pickup_status", now, None if waits else "Canceled")

    def reject(self, now: int) -> bool:
        """The verdict against a regulated order: it cancels what can still be cancelled."""
        if self.check == "Pending" and ("canceled", self.status) in LIFE:
            self.happened("verification_rejected", now, "Canceled")
        self.check = self.check and "Rejected"
        return self.check is not None
