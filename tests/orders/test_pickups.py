"""updateShipmentStatus as a rule: how a pickup goes on, what it ships, and its texts of refusal (contract 4.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.lines import BRAZIL, JAPAN, US
from tests.orders.standings import confirm, confirmation, moved, pieces, shipped, standing
from torihiki.kernel.problem import Kind, Problem
from torihiki.orders.model import Line, Standing
from torihiki.orders.pickups import PickupItem, PickupReport, pickup_moved, require_defined

UNSUPPORTED = "Unsupported ShipmentStatus passed"
BAD_REQUEST = "Invalid Request Parameters"
READY = "ReadyForPickup"
PICKED_UP = "PickedUp"
REFUSED = "RefusedPickup"


def pickup(
    *ordered: int, status: str = "Unshipped", pickups: dict[str, str] | None = None
) -> Standing:
    return standing(*ordered, is_ispu=True, status=status, pickups=pickups or {})


def report(
    status: str, *items: tuple[str | None, int | None], marketplace_id: str = US
) -> PickupReport:
    return PickupReport(
        marketplace_id=marketplace_id,
        status=status,
        items=tuple(
            PickupItem(order_item_id=item_id, quantity=quantity) for item_id, quantity in items
        )
        or None,
    )


def reported(before: Standing, *reports: PickupReport) -> Standing:
    for one in reports:
        before = moved(before, pickup_moved(before, one))
    return before


def message(before: Standing, said: PickupReport) -> str | None:
    with pytest.raises(Problem) as refused:
        pickup_moved(before, said)
    assert refused.value.kind is Kind.INVALID_INPUT
    assert refused.value.details == ""
    return refused.value.message


def test_a_pickup_that_is_ready_ships_nothing() -> None:
    move = pickup_moved(pickup(2, 1), report(READY))
    assert move is not None
    assert (move.event, move.status, move.shipped) == ("pickup_status", "Unshipped", {})
    assert move.pickups == {"a": READY, "b": READY}
    assert move.details == {
        "shipmentStatus": READY,
        "items": [{"orderItemId": "a", "quantity": 2}, {"orderItemId": "b", "quantity": 1}],
    }


def test_what_is_picked_up_is_shipped() -> None:
    order = reported(pickup(2, 1), report(READY), report(PICKED_UP))
    assert (order.status, shipped(order)) == ("Shipped", {"a": 2, "b": 1})
    assert order.pickups == {"a": PICKED_UP, "b": PICKED_UP}


def test_a_pickup_in_brazil_leaves_the_invoice_open() -> None:
    order = standing(1, is_ispu=True, marketplace_id=BRAZIL, invoice="NotFound")
    ready = report(READY, marketplace_id=BRAZIL)
    order = reported(order, ready, report(PICKED_UP, marketplace_id=BRAZIL))
    assert order.status == "InvoiceUnconfirmed"


def test_an_order_that_is_refused_as_a_whole_is_canceled() -> None:
    order = reported(pickup(2, 1), report(READY), report(REFUSED))
    assert (order.status, shipped(order)) == ("Canceled", {"a": 0, "b": 0})


def test_an_order_of_which_something_was_taken_is_shipped_for_that() -> None:
    order = reported(pickup(2, 1), report(READY), report(REFUSED, ("a", None)))
    assert order.status == "Unshipped"
    order = reported(order, report(PICKED_UP, ("b", 1)))
    assert (order.status, shipped(order)) == ("Shipped", {"a": 0, "b": 1})
    other = reported(pickup(2, 1), report(READY), report(PICKED_UP, ("b", 1)), report(REFUSED))
    assert (other.status, shipped(other)) == ("Shipped", {"a": 0, "b": 1})


def test_an_item_is_picked_up_in_parts_and_stays_ready_for_the_rest() -> None:
    order = reported(pickup(3), report(READY, ("a", 3)), report(PICKED_UP, ("a", 2)))
    assert (order.status, shipped(order), order.pickups) == (
        "PartiallyShipped",
        {"a": 2},
        {"a": READY},
    )
    assert reported(order, report(READY)) == order
    taken = reported(order, report(PICKED_UP, ("a", 1)))
    assert (taken.status, taken.pickups) == ("Shipped", {"a": PICKED_UP})
    refused = reported(order, report(REFUSED))
    assert (refused.status, shipped(refused)) == ("Shipped", {"a": 2})


def test_items_become_ready_one_after_the_other() -> None:
    order = reported(pickup(2, 1), report(READY, ("b", None)))
    assert order.pickups == {"b": READY}
    assert message(order, report(PICKED_UP)) == UNSUPPORTED
    taken = reported(order, report(PICKED_UP, ("b", None)))
    assert taken.status == "PartiallyShipped"
    assert reported(taken, report(READY), report(PICKED_UP)).status == "Shipped"


@pytest.mark.parametrize("last", [PICKED_UP, REFUSED])
def test_the_same_report_again_changes_nothing(last: str) -> None:
    order = reported(pickup(2, 1), report(READY))
    assert pickup_moved(order, report(READY)) is None
    assert pickup_moved(order, report(READY, ("b", 1))) is None
    done = reported(order, report(last))
    assert pickup_moved(done, report(last)) is None
    assert pickup_moved(done, report(last, ("b", 1))) is None


def test_a_report_that_is_new_for_some_items_moves_these() -> None:
    order = reported(pickup(2, 1), report(READY, ("a", None)))
    move = pickup_moved(order, report(READY))
    assert move is not None
    assert move.pickups == {"b": READY}


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (None, PICKED_UP),
        (None, REFUSED),
        (PICKED_UP, READY),
        (PICKED_UP, REFUSED),
        (REFUSED, READY),
        (REFUSED, PICKED_UP),
    ],
)
def test_a_status_that_cannot_come_now_is_unsupported(before: str | None, status: str) -> None:
    lines = {
        "a": Line(ordered=1, shipped=1 if before == PICKED_UP else 0),
        "b": Line(ordered=1, shipped=0),
    }
    order = standing(lines=lines, is_ispu=True, pickups={"a": before} if before else {})
    assert message(order, report(status, ("a", 1))) == UNSUPPORTED


@pytest.mark.parametrize(
    ("status", "text"), [(READY, BAD_REQUEST), (PICKED_UP, BAD_REQUEST), (REFUSED, UNSUPPORTED)]
)
def test_an_order_that_is_delivered_is_not_picked_up(status: str, text: str) -> None:
    assert message(standing(), report(status)) == text


@pytest.mark.parametrize(
    "status", ["PendingAvailability", "Pending", "Canceled", "Unfulfillable", "Shipped"]
)
def test_an_order_that_is_not_open_takes_no_pickup(status: str) -> None:
    order = pickup(2, 1, status=status, pickups={"a": READY})
    assert message(order, report(PICKED_UP, ("a", None))) == BAD_REQUEST
    assert message(order, report(READY, ("b", None))) == BAD_REQUEST


@pytest.mark.parametrize(
    "items",
    [
        (("z", 1),),
        ((None, 1),),
        (("a", 0),),
        (("a", -1),),
        (("a", 3),),
        (("a", 1), ("a", 1)),
        (("a", 1), ("z", None)),
    ],
)
@pytest.mark.parametrize("status", [READY, PICKED_UP])
def test_items_and_pieces_have_to_be_there(
    items: tuple[tuple[str | None, int | None], ...], status: str
) -> None:
    order = pickup(2, 1) if status == READY else pickup(2, 1, pickups={"a": READY, "b": READY})
    assert message(order, report(status, *items)) == BAD_REQUEST


def test_an_empty_list_of_items_is_refused() -> None:
    """jlevers#402."""
    empty = PickupReport(marketplace_id=US, status=READY, items=())
    assert message(pickup(2, 1), empty) == BAD_REQUEST


def test_an_order_without_pieces_has_nothing_to_pick_up() -> None:
    assert message(pickup(0), report(READY)) == BAD_REQUEST


def test_a_refusal_is_of_all_that_is_left() -> None:
    order = reported(pickup(3), report(READY), report(PICKED_UP, ("a", 1)))
    assert message(order, report(REFUSED, ("a", 1))) == BAD_REQUEST
    assert reported(order, report(REFUSED, ("a", 2))).status == "Shipped"


def test_the_marketplace_has_to_be_that_of_the_order() -> None:
    assert message(pickup(1), report(READY, marketplace_id=JAPAN)) == BAD_REQUEST


@pytest.mark.parametrize("marketplace_id", ["1", "", "atvpdkikx0der"])
def test_a_marketplace_that_does_not_exist_has_its_own_refusal(marketplace_id: str) -> None:
    with pytest.raises(Problem, match=r"^Marketplace ID is not defined$") as refused:
        require_defined(marketplace_id)
    assert (refused.value.kind, refused.value.details) == (Kind.INVALID_INPUT, "1001")
    for known in (US, JAPAN, BRAZIL):
        require_defined(known)


def test_pieces_that_were_sent_cannot_be_picked_up() -> None:
    order = reported(pickup(2, 1), report(READY))
    order = moved(order, confirm(order, confirmation(pieces(a=2))))
    assert message(order, report(PICKED_UP, ("a", 1))) == BAD_REQUEST
    assert reported(order, report(PICKED_UP)).status == "Shipped"


items = st.none() | st.integers(-1, 4)
reports = st.builds(
    report,
    st.sampled_from([READY, PICKED_UP, REFUSED]),
    st.tuples(st.sampled_from("abz"), items),
) | st.builds(report, st.sampled_from([READY, PICKED_UP, REFUSED]))


@given(st.integers(0, 4), st.integers(0, 4), st.lists(reports, max_size=10))
def test_a_pickup_never_ships_more_than_was_ordered_and_ends_when_nothing_waits(
    a: int, b: int, said: list[PickupReport]
) -> None:
    order = pickup(a, b)
    for one in said:
        try:
            order = reported(order, one)
        except Problem:
            continue
        # The same number of pieces again is more of them, or too many.
        assert one.status == PICKED_UP or pickup_moved(order, one) is None
        waiting = taken = 0
        for item_id, line in order.lines.items():
            assert line.shipped <= line.ordered
            refused = order.pickups.get(item_id) == REFUSED
            waiting += 0 if refused else line.ordered - line.shipped
            taken += line.shipped
        if waiting:
            assert order.status == ("PartiallyShipped" if taken else "Unshipped")
        else:
            assert order.status == ("Shipped" if taken else "Canceled")
