"""A machine that does anything with orders, behind any door, and compares each step with the model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.orders.life_doors import Door, Pieces, Seen
from tests.orders.life_model import OPEN, OVER, SECOND, STATUSES, Life
from tests.orders.lines import BRAZIL, US
from tests.orders.reviewing import regulated_info
from torihiki.kernel.instant import Instant, from_micros, micros, wire_time
from torihiki.orders.rules import Event

START = micros(Instant.from_utc(2026, 11, 22, 9, 30))
YEAR = 366 * 24 * 3600 * SECOND
OLD = START + YEAR
"""Orders of the lines below are older than two years from about two years after this on; the clock never is near."""
ORDERS = ("249-7000000-0000001", "249-7000000-0000002")
ITEMS = ("1", "2", "3")
REFERENCES = ("1", "2", "007")
INVOICES = ("NotRequired", "NotFound", "Processing", "Errored", "Accepted")
UPDATES = ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00.25Z", "2026-11-22T09:31:00Z")
PLAIN_EVENTS = (
    "preorder_released", "payment_authorized", "cancel_requested", "canceled", "invoice_confirmed",
    "delivered", "unfulfillable",
)  # fmt: skip

PIECES = st.dictionaries(st.sampled_from((*ITEMS, "nobody's")), st.integers(0, 4), max_size=2)
ABOUT_ALL = st.tuples(st.sampled_from(ITEMS), st.sampled_from((0, 0, -1, -1, -2, 1)))
"""An item, and how many pieces a request has beyond those that are left of it."""
ASKED = st.one_of(ABOUT_ALL, ABOUT_ALL, ABOUT_ALL, PIECES, st.none())
Asked = Pieces | tuple[str, int]

ORDER = st.sampled_from(ORDERS)
MOSTLY = st.just("Unshipped")
SELDOM = st.sampled_from((False,) * 5 + (True,))


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """An order in any status, with quantities that go with it."""
    status = draw(st.one_of(MOSTLY, MOSTLY, st.sampled_from(STATUSES)))
    market = draw(st.sampled_from((US, BRAZIL)))
    counts = draw(st.lists(st.integers(2, 4), min_size=1, max_size=3))
    shipped = [count if status in {"Shipped", "InvoiceUnconfirmed"} else 0 for count in counts]
    if status == "PartiallyShipped":
        counts[0], shipped[0] = counts[0] + 1, 1
    unshipped = 0 if status in OVER else sum(counts) - sum(shipped)
    order = {
        "AmazonOrderId": draw(ORDER),
        "PurchaseDate": "2026-03-01T10:00:00Z",
        "OrderTotal": {"CurrencyCode": "USD", "Amount": "10.00"},
        "LastUpdateDate": draw(st.sampled_from(UPDATES)),
        "OrderStatus": status,
        "MarketplaceId": market,
        "FulfillmentChannel": draw(st.sampled_from(("MFN",) * 7 + ("AFN",))),
        "IsISPU": draw(st.booleans()),
        "NumberOfItemsShipped": sum(shipped),
        "NumberOfItemsUnshipped": unshipped,
    }
    if market == BRAZIL:
        order["ElectronicInvoiceStatus"] = draw(st.sampled_from(INVOICES))
    items = [
        {"ASIN": "B0", "OrderItemId": item, "QuantityOrdered": count, "QuantityShipped": sent}
        for item, count, sent in zip(ITEMS, counts, shipped, strict=False)
    ]
    line: dict[str, Any] = {"order": order, "orderItems": items}
    if draw(SELDOM):
        line["regulatedInfo"] = {**regulated_info(), "AmazonOrderId": order["AmazonOrderId"]}
    return line


def life_of(line: dict[str, Any]) -> Life:
    order, items = line["order"], line["orderItems"]
    return Life(
        marketplace=order["MarketplaceId"],
        channel=order["FulfillmentChannel"],
        is_ispu=order["IsISPU"],
        status=order["OrderStatus"],
        invoice=order.get("ElectronicInvoiceStatus", ""),
        ordered={item["OrderItemId"]: item["QuantityOrdered"] for item in items},
        shipped={item["OrderItemId"]: item["QuantityShipped"] for item in items},
        updated=micros(Instant.parse_iso(order["LastUpdateDate"])),
        check="Pending" if "regulatedInfo" in line else None,
    )


def is_open(life: Life) -> bool:
    return life.channel != "AFN" and life.status in OPEN


def is_to_be_picked_up(life: Life) -> bool:
    return life.is_ispu and life.status in OPEN


class Lives(RuleBasedStateMachine):
    """Two orders of one seller, behind a door, beside what the model says of them."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door
        self.now = START
        self.lives: dict[str, Life] = {}
        self.lines: dict[str, dict[str, Any]] = {}
        self.shown: dict[str, str] = {}
        self.count = 0

    @initialize(first=lines(), second=lines())
    def begin(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        self.door.new_seller()
        self.door.set_clock(self.now)
        second["order"]["AmazonOrderId"] = next(
            each for each in ORDERS if each != first["order"]["AmazonOrderId"]
        )
        if "regulatedInfo" in second:
            second["regulatedInfo"]["AmazonOrderId"] = second["order"]["AmazonOrderId"]
        self._load(first)
        self._load(second)

    def _load(self, line: dict[str, Any]) -> None:
        order_id = line["order"]["AmazonOrderId"]
        before, life = self.lives.get(order_id), life_of(line)
        differs = self.door.load(copy.deepcopy(line))
        if before is not None:
            life.history = before.history
            if differs:
                life.history.append(("imported", life.status, life.updated))
        self.lives[order_id], self.lines[order_id] = life, line
        self.shown[order_id] = line["order"]["LastUpdateDate"]

    @rule(order_id=ORDER, line=st.one_of(lines(), st.none()))
    def load(self, order_id: str, line: dict[str, Any] | None) -> None:
        """Another state, or the same line as last time."""
        self._load(line or self.lines[order_id])

    def _visible(self) -> bool:
        return self.now < OLD

    def _took(self, order_id: str, *, said: bool, expected: bool) -> None:
        assert said is expected
        life = self.lives[order_id]
        if life.history and life.history[-1][0] != "imported":
            self.shown[order_id] = wire_time(from_micros(life.updated))

    def _pieces(self, order_id: str, asked: Asked) -> Pieces:
        if not isinstance(asked, tuple):
            return asked
        item, more = asked
        left = {each: count for each, count in self.lives[order_id].left().items() if count}
        chosen = item if item in left or not left else min(left)
        return {chosen: left.get(chosen, 0) + more}

    def _any(self, suits: Callable[[Life], bool]) -> bool:
        return any(map(suits, self.lives.values()))

    def _chosen(self, order_id: str, suits: Callable[[Life], bool]) -> str:
        """The order, or the other one where that suits better."""
        return max(ORDERS, key=lambda each: (suits(self.lives[each]), each == order_id))

    @precondition(lambda self: self._any(is_open))
    @rule(order_id=ORDER, reference=st.sampled_from((*REFERENCES, None)), asked=ASKED)
    def confirm_what_is_open(self, order_id: str, reference: str | None, asked: Asked) -> None:
        self.confirm(self._chosen(order_id, is_open), reference, asked)

    @rule(order_id=ORDER, reference=st.sampled_from((*REFERENCES, None)), asked=ASKED)
    def confirm(self, order_id: str, reference: str | None, asked: Asked) -> None:
        self.count += 1
        pieces = self._pieces(order_id, asked)
        if pieces is None and not self.door.takes_everything:
            pieces = {}
        self._confirm(order_id, reference, pieces, f"1Z{self.count}")

    @rule(order_id=ORDER, reference=st.sampled_from(REFERENCES), edits=st.booleans())
    def confirm_the_same_pieces_again(self, order_id: str, reference: str, edits: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        known = self.lives[order_id].packages.get(reference.lstrip("0"))
        if known is not None:
            self.count += 1
            pieces, tracking = known
            self._confirm(order_id, reference, pieces, f"1Z{self.count}" if edits else tracking)

    def _confirm(self, order_id: str, reference: str | None, pieces: Pieces, tracking: str) -> None:
        said = self.door.confirm(order_id, self.now, reference, pieces, tracking)
        number = reference and reference.lstrip("0")
        expected = self._visible() and self.lives[order_id].confirm(
            self.now, number, pieces, tracking
        )
        self._took(order_id, said=said, expected=expected)

    @rule(order_id=ORDER, number=st.integers(0, len(PLAIN_EVENTS) - 1))
    def event_that_can_happen(self, order_id: str, number: int) -> None:
        possible = [
            name
            for name in PLAIN_EVENTS
            if copy.deepcopy(self.lives[order_id]).event(self.now, name)
        ]
        if possible:
            self.event(order_id, possible[number % len(possible)])

    @rule(order_id=ORDER, name=st.sampled_from(PLAIN_EVENTS))
    def event(self, order_id: str, name: str) -> None:
        said = self.door.event(order_id, self.now, Event(name=name, reason="why"))
        self._took(order_id, said=said, expected=self.lives[order_id].event(self.now, name))

    @precondition(lambda self: self._any(is_open))
    @rule(order_id=ORDER, asked=ASKED)
    def ship_what_is_open(self, order_id: str, asked: Asked) -> None:
        self.ship(self._chosen(order_id, is_open), asked)

    @rule(order_id=ORDER, asked=ASKED)
    def ship(self, order_id: str, asked: Asked) -> None:
        pieces = self._pieces(order_id, asked)
        said = self.door.event(order_id, self.now, Event(name="shipped", quantities=pieces))
        self._took(order_id, said=said, expected=self.lives[order_id].ship(self.now, pieces))

    @rule(order_id=ORDER, status=st.sampled_from(INVOICES))
    def invoice(self, order_id: str, status: str) -> None:
        said = self.door.event(order_id, self.now, Event(name="invoice_status", status=status))
        self._took(order_id, said=said, expected=self.lives[order_id].invoiced(self.now, status))

    @precondition(lambda self: self._any(is_to_be_picked_up))
    @rule(order_id=ORDER, ready=st.booleans(), refused=st.booleans(), asked=ASKED)
    def pick_up_what_waits(self, order_id: str, ready: bool, refused: bool, asked: Asked) -> None:  # noqa: FBT001 - hypothesis passes by name
        ended = "RefusedPickup" if refused else "PickedUp"
        chosen = self._chosen(order_id, is_to_be_picked_up)
        self.pick_up(chosen, "ReadyForPickup" if ready else ended, asked)

    @rule(
        order_id=ORDER,
        status=st.sampled_from(("ReadyForPickup", "PickedUp", "RefusedPickup")),
        asked=ASKED,
    )
    def pick_up(self, order_id: str, status: str, asked: Asked) -> None:
        pieces = self._pieces(order_id, asked)
        life = self.lives[order_id]
        said = self.door.pick_up(order_id, life.marketplace, self.now, status, pieces)
        expected = self._visible() and life.pick_up(self.now, status, pieces)
        self._took(order_id, said=said, expected=expected)

    @rule(
        moved=st.one_of(
            st.integers(-200 * SECOND, 200 * SECOND),
            st.sampled_from((0, 1, SECOND, -24 * 3600 * SECOND)),
        )
    )
    def move_the_clock(self, moved: int) -> None:
        self.now = (START if self.now > OLD else self.now) + moved
        self.door.set_clock(self.now)

    @rule(order_id=ORDER, what=st.sampled_from(("crash", "rejection", "years")))
    def something_rare(self, order_id: str, what: str) -> None:
        if what == "crash":
            self.door.restart()
        elif what == "rejection":
            said = self.door.reject(order_id, self.now)
            expected = self._visible() and self.lives[order_id].reject(self.now)
            self._took(order_id, said=said, expected=expected)
        elif self.door.takes_everything:
            self.now += 3 * YEAR
            self.door.set_clock(self.now)

    @invariant()
    def orders_are_as_the_model_says(self) -> None:
        for order_id, life in self.lives.items():
            self._compare(self.door.see(order_id), life, self.shown[order_id])

    def _compare(self, seen: Seen, life: Life, shown: str) -> None:
        order = seen.order
        assert order["OrderStatus"] == life.status
        assert (order["NumberOfItemsShipped"], order["NumberOfItemsUnshipped"]) == life.numbers()
        assert order.get("ElectronicInvoiceStatus", "") == life.invoice
        assert order["LastUpdateDate"] == shown
        assert ("OrderTotal" in order) is (life.status not in {"PendingAvailability", "Pending"})
        quantities = {item["OrderItemId"]: item["QuantityShipped"] for item in seen.items}
        assert quantities == life.shipped
        assert all(life.shipped[item] <= count for item, count in life.ordered.items())
        assert seen.history == life.history
        if seen.packages is not None:
            assert seen.packages == life.packages
            assert seen.check == life.check

    @invariant()
    def lists_agree_with_the_orders(self) -> None:
        found = {life.status for life in self.lives.values()}
        for status in found:
            expected = {each for each, life in self.lives.items() if life.status == status}
            assert self.door.listed((status,)) == expected
        assert self.door.listed(tuple(each for each in STATUSES if each not in found)) == set()
        for order_id, life in self.lives.items():
            if life.updated <= self.now or self.door.takes_everything:
                assert order_id in self.door.listed(updated=self.shown[order_id])


def check(door: Door, examples: int, steps: int) -> None:
    """Tries that many sequences, each with a seller of its own."""

    class Behind(Lives):
        def __init__(self) -> None:
            super().__init__(door)

    run_state_machine_as_test(
        Behind,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
