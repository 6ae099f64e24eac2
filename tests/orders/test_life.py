"""An order's life: which event takes it where, what every event changes, and when (O-5, contract 1.5, 1.6)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders import life_page
from tests.orders.lines import BRAZIL, US
from tests.orders.standings import FINAL, STATUSES, after, moved, refusal, shipped, standing
from torihiki.kernel.instant import Instant, TimeDelta, micros
from torihiki.orders import easy_ship, events
from torihiki.orders.model import CancelRequest, Line, Standing
from torihiki.orders.rules import (
    LIFE,
    Event,
    NotPossible,
    after_event,
    can_happen,
    next_update,
    number_shipped,
    number_unshipped,
)

UNPAID = ("PendingAvailability", "Pending")
OPEN = ("Unshipped", "PartiallyShipped")
SENT = ("Shipped", "InvoiceUnconfirmed")

# Status after each event, by status before; what is not here is refused. Two pieces of `a` and one of `b` are ordered.
EXPECTED: dict[str, dict[str, str]] = {
    "preorder_released": {"PendingAvailability": "Pending"},
    "payment_authorized": {"Pending": "Unshipped"},
    "cancel_requested": {status: status for status in (*UNPAID, *OPEN)},
    "canceled": dict.fromkeys((*UNPAID, "Unshipped"), "Canceled"),
    "verification_rejected": dict.fromkeys((*UNPAID, "Unshipped"), "Canceled"),
    "shipped": dict.fromkeys(OPEN, "Shipped"),
    "invoice_status": {status: status for status in (*OPEN, *SENT)},
    "invoice_confirmed": {"InvoiceUnconfirmed": "Shipped"},
    "delivered": {status: status for status in SENT},
    "unfulfillable": {"Pending": "Unfulfillable", "Unshipped": "Unfulfillable"},
}
MEMBERS: dict[str, dict[str, Any]] = {"invoice_status": {"status": "Errored"}}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", EXPECTED)
def test_an_event_takes_an_order_to_its_status_or_is_refused_by_name(
    name: str, status: str
) -> None:
    """O-5, contract 1.5."""
    before = standing(2, 1, status=status, fulfillment_channel="AFN")
    expected = EXPECTED[name].get(status)
    members = MEMBERS.get(name, {})
    assert can_happen(status, name) is (expected is not None)
    if expected is None:
        assert refusal(before, name, **members) == (
            f"An order in status {status} does not take the event {name}."
        )
    else:
        assert after(before, name, **members).status == expected


@pytest.mark.parametrize("name", ["package_confirmed", "package_edited", "pickup_status", "", "x"])
def test_the_operator_cannot_do_what_only_sellers_do(name: str) -> None:
    assert refusal(standing(), name) is not None


def test_every_event_of_the_operator_is_in_the_table() -> None:
    of_the_table = {event for step in LIFE for event in step.events}
    assert set(events.OPERATOR_EVENTS) < of_the_table
    assert of_the_table - set(events.OPERATOR_EVENTS) == {
        "package_confirmed",
        "package_edited",
        "pickup_status",
        "verification_rejected",
    }


def test_every_path_of_the_table_ends_in_one_of_three_statuses() -> None:
    """Nothing leads back, and only the three ends have no way out."""
    ways = {
        status: {
            step.target
            for step in LIFE
            if status in step.sources and step.target not in {None, status}
        }
        for status in STATUSES
    }
    ended: set[str] = set()
    while len(ended) < len(STATUSES):
        found = {status for status in STATUSES if ways[status] <= ended} - ended
        assert found, f"{set(STATUSES) - ended} lead back to one another"
        ended |= found
    assert {status for status in STATUSES if not ways[status]} == FINAL


def test_every_row_of_the_table_can_be_reached() -> None:
    """No row stands below one that always holds for all of its events and statuses."""
    for place, step in enumerate(LIFE):
        open_pairs = {(event, status) for event in step.events for status in step.sources}
        for earlier in LIFE[:place]:
            if earlier.guard is None:
                open_pairs -= {
                    (event, status) for event in earlier.events for status in earlier.sources
                }
        assert open_pairs, step


names = st.sampled_from([*EXPECTED, "easy_ship_status"])
happenings = st.builds(
    Event,
    name=names,
    status=st.sampled_from(["NotFound", "Processing", "Accepted", *easy_ship.STEPS]),
    quantities=st.none() | st.dictionaries(st.sampled_from("abc"), st.integers(-1, 4), max_size=3),
    order_item_ids=st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
)
orders = st.builds(
    standing,
    st.integers(0, 3),
    st.integers(0, 3),
    status=st.sampled_from(["PendingAvailability", "Pending", "Unshipped"]),
    fulfillment_channel=st.sampled_from(["AFN", "MFN", ""]),
    marketplace_id=st.sampled_from([US, BRAZIL]),
    easy_ship=st.none() | st.sampled_from(list(easy_ship.STEPS)),
    invoice=st.none() | st.sampled_from(["NotRequired", "NotFound", "Accepted"]),
)


@given(orders, st.lists(happenings, max_size=12))
def test_whatever_happens_an_order_never_ships_more_than_was_ordered_and_never_goes_back(
    order: Standing, course: list[Event]
) -> None:
    """O-5."""
    reached = [order.status]
    for event in course:
        try:
            move = after_event(order, event)
        except NotPossible:
            continue
        later = moved(order, move)
        for item_id, line in later.lines.items():
            assert order.lines[item_id].shipped <= line.shipped <= line.ordered
        if later.status in SENT:
            assert shipped(later) == {
                item_id: line.ordered for item_id, line in later.lines.items()
            }
        if later.status == "PartiallyShipped":
            assert number_shipped(later.lines) > 0
            assert number_unshipped(later.status, later.lines) > 0
        order = later
        if order.status != reached[-1]:
            assert order.status not in reached
            reached.append(order.status)


@pytest.mark.parametrize("quantities", [{"a": 2}, {"a": 1, "b": 1}])
def test_a_shipment_in_parts_leaves_the_order_partially_shipped(
    quantities: dict[str, int],
) -> None:
    order = after(standing(2, 1), "shipped", quantities=quantities)
    assert order.status == "PartiallyShipped"
    assert shipped(order) == {"a": 0, "b": 0, **quantities}
    rest = after(order, "shipped")
    assert rest.status == "Shipped"
    assert shipped(rest) == {"a": 2, "b": 1}


@pytest.mark.parametrize("quantities", [{"a": 3}, {"a": 0}, {"a": -1}, {"z": 1}, {}])
def test_a_shipment_of_what_is_not_there_is_refused(quantities: dict[str, int]) -> None:
    assert refusal(standing(2, 1), "shipped", quantities=quantities) is not None


def test_a_shipment_of_what_is_shipped_already_is_refused_with_what_is_left() -> None:
    order = after(standing(2, 1), "shipped", quantities={"a": 1})
    assert refusal(order, "shipped", quantities={"a": 2}) == (
        "An order in status PartiallyShipped does not take the event shipped: 1 of item a are left."
    )


@pytest.mark.parametrize("invoice", ["NotFound", "Processing", "Errored"])
def test_an_order_in_brazil_waits_for_its_invoice_once_everything_is_shipped(invoice: str) -> None:
    order = standing(2, marketplace_id=BRAZIL, invoice=invoice)
    part = after(order, "shipped", quantities={"a": 1})
    assert part.status == "PartiallyShipped"
    sent = after(part, "shipped")
    assert sent.status == "InvoiceUnconfirmed"
    done = after(sent, "invoice_confirmed")
    assert (done.status, done.invoice) == ("Shipped", "Accepted")


@pytest.mark.parametrize(
    ("marketplace_id", "invoice"),
    [(BRAZIL, "Accepted"), (BRAZIL, "NotRequired"), (BRAZIL, None), (US, "NotFound")],
)
def test_an_order_that_is_not_asked_for_an_invoice_is_shipped_at_once(
    marketplace_id: str, invoice: str | None
) -> None:
    order = standing(2, marketplace_id=marketplace_id, invoice=invoice)
    assert after(order, "shipped").status == "Shipped"


@pytest.mark.parametrize(
    ("invoice", "status"),
    [
        ("NotFound", "InvoiceUnconfirmed"),
        ("Processing", "InvoiceUnconfirmed"),
        ("Errored", "InvoiceUnconfirmed"),
        ("Accepted", "Shipped"),
        ("NotRequired", "Shipped"),
    ],
)
def test_an_order_waits_until_its_invoice_is_settled(invoice: str, status: str) -> None:
    order = standing(status="InvoiceUnconfirmed", marketplace_id=US, invoice="Processing")
    later = after(order, "invoice_status", status=invoice)
    assert (later.status, later.invoice) == (status, invoice)


def test_an_invoice_that_is_turned_down_late_leaves_the_order_shipped() -> None:
    order = standing(status="Shipped", marketplace_id=BRAZIL, invoice="Accepted")
    later = after(order, "invoice_status", status="Errored")
    assert (later.status, later.invoice) == ("Shipped", "Errored")


def test_an_invoice_that_comes_before_the_shipment_is_kept() -> None:
    order = standing(status="Unshipped", marketplace_id=BRAZIL, invoice="NotFound")
    later = after(order, "invoice_status", status="Accepted")
    assert (later.status, later.invoice) == ("Unshipped", "Accepted")
    assert after(later, "shipped").status == "Shipped"


@pytest.mark.parametrize("channel", ["MFN", "SellerFulfilled", ""])
def test_only_what_amazon_fulfils_can_be_unfulfillable(channel: str) -> None:
    assert refusal(standing(fulfillment_channel=channel), "unfulfillable") is not None


def test_a_wish_to_cancel_names_its_items_or_means_all() -> None:
    move = after_event(
        standing(), Event(name="cancel_requested", reason="Too late", order_item_ids=("b",))
    )
    assert move.cancel_request == CancelRequest(reason="Too late", items=("b",))
    assert move.details == {"reason": "Too late", "orderItemIds": ["b"]}
    assert after_event(standing(), Event(name="cancel_requested")).cancel_request == CancelRequest(
        reason=""
    )
    assert refusal(standing(), "cancel_requested", order_item_ids=("b", "z")) == (
        "An order in status Unshipped does not take the event cancel_requested: it has no item z."
    )


def test_the_history_says_who_canceled_and_why() -> None:
    move = after_event(standing(), Event(name="canceled", reason="No stock", canceled_by="seller"))
    assert move.details == {"reason": "No stock", "canceledBy": "seller"}
    assert move.shipped == {}


@pytest.mark.parametrize("name", ["canceled", "verification_rejected"])
@pytest.mark.parametrize(
    ("before", "label"),
    [
        (None, None),
        ("PendingSchedule", "LabelCanceled"),
        ("PendingPickUp", "LabelCanceled"),
        ("PendingDropOff", "LabelCanceled"),
        ("LabelCanceled", None),
        ("PickedUp", None),
    ],
)
def test_a_cancellation_cancels_the_label_of_a_parcel_that_waits(
    name: str, before: str | None, label: str | None
) -> None:
    move = after_event(standing(easy_ship=before), Event(name=name))
    assert (move.status, move.easy_ship) == ("Canceled", label)


@pytest.mark.parametrize(
    ("status", "unshipped"),
    [
        ("Pending", 3),
        ("Unshipped", 3),
        ("PartiallyShipped", 3),
        ("Shipped", 0),
        ("InvoiceUnconfirmed", 0),
        ("Canceled", 0),
        ("Unfulfillable", 0),
    ],
)
def test_an_order_that_is_over_waits_for_nothing(status: str, unshipped: int) -> None:
    lines = {"a": Line(ordered=3, shipped=1), "b": Line(ordered=1, shipped=0)}
    assert number_shipped(lines) == 1
    assert number_unshipped(status, lines) == unshipped


instants = st.integers(0, 4_000_000_000_000_000_000).map(
    lambda nanos: Instant.from_timestamp(nanos, unit="nanosecond")
)


@given(instants, instants)
def test_the_last_update_is_a_whole_second_and_never_goes_back(
    previous: Instant, now: Instant
) -> None:
    """O-5."""
    found = next_update(previous, now)
    assert found >= previous
    assert micros(found) % 1_000_000 == 0
    assert found <= max(now, previous + TimeDelta(seconds=1))
    assert found > now - TimeDelta(seconds=1)


def test_changes_of_one_second_share_their_last_update() -> None:
    """O-5."""
    now = Instant.parse_iso("2026-11-22T09:30:00.9Z")
    first = next_update(Instant.parse_iso("2026-11-01T00:00:00Z"), now)
    assert first == Instant.parse_iso("2026-11-22T09:30:00Z")
    assert next_update(first, now) == first
    assert next_update(first, now - TimeDelta(hours=5)) == first


def test_an_order_without_pieces_can_be_sent_off() -> None:
    assert after(standing(0), "shipped").status == "Shipped"


def test_the_page_shows_the_tables_as_they_are() -> None:
    """`python -m tests.orders.life_page` writes them."""
    page = life_page.PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- (\w+): generated -->", page)) == set(life_page.drawings())
    assert page == life_page.redrawn(page)


def test_the_page_names_every_event() -> None:
    page = life_page.PAGE.read_text(encoding="utf-8")
    for step in LIFE:
        for event in step.events:
            assert re.search(rf"\b{event}\b", page), event
