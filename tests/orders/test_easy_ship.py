"""The parcel of an Easy Ship order: what may follow what, and when the order ships (O-13, contract 1.6)."""

from __future__ import annotations

import itertools

import pytest

from tests.orders.lines import BRAZIL
from tests.orders.standings import after, refusal, shipped, standing
from torihiki.orders.easy_ship import STEPS, WITH_SELLER, can_follow
from torihiki.orders.v0.schemas.choices import EasyShipShipmentStatus

ENDS = {"Delivered", "ReturnedToSeller", "Lost"}


def test_the_table_has_exactly_the_sixteen_statuses() -> None:
    """O-13."""
    assert set(STEPS) == set(EasyShipShipmentStatus)
    assert set(itertools.chain(*STEPS.values())) <= set(STEPS)


def test_every_parcel_can_come_to_an_end_and_every_status_can_be_reached() -> None:
    def reached(start: str) -> set[str]:
        found, waiting = {start}, [start]
        while waiting:
            following = set(STEPS[waiting.pop()]) - found
            found |= following
            waiting += following
        return found

    assert reached("PendingSchedule") == set(STEPS)
    for status in STEPS:
        assert reached(status) & ENDS
    assert {status for status, following in STEPS.items() if not following} == ENDS


def test_a_parcel_that_left_the_seller_never_waits_with_him_again() -> None:
    for status, following in STEPS.items():
        assert status in WITH_SELLER or not set(following) & WITH_SELLER


def test_only_the_carrier_or_the_counter_takes_a_parcel_from_the_seller() -> None:
    leaving = {
        (status, step)
        for status in WITH_SELLER
        for step in STEPS[status]
        if step not in WITH_SELLER
    }
    assert leaving == {("PendingPickUp", "PickedUp"), ("PendingDropOff", "DroppedOff")}


def test_no_status_follows_itself() -> None:
    assert not any(can_follow(status, status) for status in STEPS)


JOURNEYS = [
    ["PendingPickUp", "PickedUp", "AtOriginFC", "AtDestinationFC", "OutForDelivery", "Delivered"],
    ["PendingDropOff", "DroppedOff", "OutForDelivery", "RejectedByBuyer", "ReturningToSeller"],
    ["PendingPickUp", "LabelCanceled", "PendingSchedule", "PendingDropOff", "DroppedOff", "Lost"],
    ["PendingPickUp", "PickedUp", "Damaged", "ReturningToSeller", "ReturnedToSeller"],
    ["PendingPickUp", "PickedUp", "AtOriginFC", "Undeliverable", "ReturningToSeller", "Lost"],
]


@pytest.mark.parametrize("journey", JOURNEYS)
def test_the_order_ships_with_the_step_that_takes_the_parcel(journey: list[str]) -> None:
    order = standing(2, 1, easy_ship="PendingSchedule")
    for step in journey:
        order = after(order, "easy_ship_status", status=step)
        assert order.easy_ship == step
        if step in WITH_SELLER:
            assert (order.status, shipped(order)) == ("Unshipped", {"a": 0, "b": 0})
        else:
            assert (order.status, shipped(order)) == ("Shipped", {"a": 2, "b": 1})


def test_the_parcel_takes_what_was_left_and_the_invoice_is_still_asked_for() -> None:
    order = standing(3, easy_ship="PendingPickUp", marketplace_id=BRAZIL, invoice="NotFound")
    part = after(order, "shipped", quantities={"a": 1})
    waiting = after(after(part, "easy_ship_status", status="PendingSchedule"), "cancel_requested")
    assert waiting.status == "PartiallyShipped"
    ready = after(waiting, "easy_ship_status", status="PendingDropOff")
    taken = after(ready, "easy_ship_status", status="DroppedOff")
    assert (taken.status, shipped(taken)) == ("InvoiceUnconfirmed", {"a": 3})


def test_a_step_of_a_shipped_order_moves_its_parcel_alone() -> None:
    order = after(standing(2, easy_ship="PendingPickUp"), "shipped")
    taken = after(order, "easy_ship_status", status="PickedUp")
    assert (taken.status, shipped(taken)) == ("Shipped", {"a": 2})


def test_an_imported_order_whose_parcel_is_on_its_way_ships_with_the_next_step() -> None:
    order = after(standing(2, easy_ship="AtOriginFC"), "easy_ship_status", status="OutForDelivery")
    assert (order.status, shipped(order)) == ("Shipped", {"a": 2})


def test_a_delivery_is_the_end_of_the_parcel() -> None:
    sent = standing(2, status="Shipped", easy_ship="OutForDelivery")
    assert after(sent, "delivered").easy_ship == "Delivered"
    assert after(standing(2, status="Shipped"), "delivered").easy_ship is None
    assert refusal(after(sent, "delivered"), "delivered") == (
        "An order in status Shipped does not take the event delivered: Delivered cannot follow Delivered."
    )


def test_a_step_out_of_turn_is_refused_with_both_statuses() -> None:
    order = standing(easy_ship="PendingPickUp")
    assert refusal(order, "easy_ship_status", status="Delivered") == (
        "An order in status Unshipped does not take the event easy_ship_status: Delivered cannot follow PendingPickUp."
    )
    assert refusal(order, "easy_ship_status") is not None
    assert refusal(standing(), "easy_ship_status", status="PickedUp") == (
        "An order in status Unshipped does not take the event easy_ship_status: it is no Easy Ship order."
    )


@pytest.mark.parametrize("status", ["PendingAvailability", "Pending", "Canceled", "Unfulfillable"])
def test_a_parcel_of_an_order_that_is_not_paid_or_over_takes_no_step(status: str) -> None:
    order = standing(status=status, easy_ship="PendingSchedule")
    assert refusal(order, "easy_ship_status", status="PendingPickUp") is not None
