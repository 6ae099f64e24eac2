"""A stored order that is opened and split again: what a status shows or hides follows by itself (contract 1.4, O-5)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.orders.lines import FULL, FULL_ITEM, ORDER_ID, SECRET, full_line, written
from tests.orders.test_documents import ADDRESSED, DEMO, STATUSES, UNPAID, cases, left_out
from torihiki.kernel.instant import Instant
from torihiki.orders.model import (
    CancelRequest,
    ChangedOrder,
    KeptOrder,
    Move,
    Package,
    PackageItem,
    StoredOrder,
)
from torihiki.orders.v0 import views
from torihiki.orders.v0.documents import parse_line
from torihiki.orders.v0.states import erased, opened

NOW = Instant.from_utc(2026, 11, 22, 9, 30, nanosecond=999_000_000)
ITEM_ID = FULL_ITEM["OrderItemId"]
EVERYTHING = frozenset({"shippingAddress", "buyerInfo", "buyerTaxInformation"})
DOCUMENTS = (
    "facet", "last_updated", "earliest_delivery", "latest_delivery", "is_final", "document", "ending", "personal",
    "items", "restricted_items", "withheld",
)  # fmt: skip
PACKAGE = Package(
    reference="1",
    carrier_code="UPS",
    carrier_name=None,
    shipping_method=None,
    tracking_number="1Z",
    ship_date=NOW,
    ship_from_supply_source_id=None,
    cod_collection_method=None,
    items=(PackageItem(order_item_id=ITEM_ID, quantity=1, transparency_codes=("AZ1",)),),
)


def parsed(*, without: tuple[str, ...] = (), **changes: Any) -> StoredOrder:
    return parse_line(written(full_line(without=without, **changes)))


def kept(order: StoredOrder | ChangedOrder, before: KeptOrder | None = None) -> KeptOrder:
    """The order as the store hands it to a change."""
    return KeptOrder(
        facet=order.facet,
        created=order.created if isinstance(order, StoredOrder) else _of(before).created,
        last_updated=order.last_updated,
        document=order.document,
        personal=order.personal,
        items=order.items,
        withheld=order.withheld,
        regulated=order.regulated,
        fulfillment=order.fulfillment if isinstance(order, ChangedOrder) else b"{}",
    )


def _of(before: KeptOrder | None) -> KeptOrder:
    assert before is not None
    return before


def erased_order(order: KeptOrder) -> KeptOrder:
    _, personal, withheld = erased(order.personal, order.withheld)
    return replace(order, personal=personal, withheld=withheld)


def changed(order: KeptOrder, move: Move | None, now: Instant = NOW) -> ChangedOrder:
    return opened(ORDER_ID, order).changed(move, by="application", now=now)


def move(status: str, **members: Any) -> Move:
    return Move(event="an event", status=status, **members)


def assert_same(order: StoredOrder | ChangedOrder, again: ChangedOrder) -> None:
    for name in DOCUMENTS:
        assert getattr(order, name) == getattr(again, name), name


def shown(order: StoredOrder | ChangedOrder, *, restricted: bool = False) -> tuple[Any, Any]:
    """The order and its items, for everybody or for the token that opens all."""
    ending, items = order.ending, order.items
    if restricted:
        ending = views.restricted_ending(order.personal, EVERYTHING, 0)
        items = order.restricted_items or order.items
    return json.loads(order.document + ending), json.loads(items)


@given(cases, left_out)
def test_order_that_is_opened_and_left_as_it_is_keeps_every_byte(
    case: dict[str, str], gone: set[str]
) -> None:
    order = parsed(without=tuple(gone), **case)
    again = changed(kept(order), None)
    assert_same(order, again)
    assert again.history == ()
    assert again.fulfillment == b"{}"


def test_every_demo_order_that_is_opened_and_left_as_it_is_keeps_every_byte() -> None:
    for line in DEMO:
        order = parse_line(line)
        assert_same(order, changed(kept(order), None))


@given(cases, st.lists(st.sampled_from(STATUSES), min_size=1, max_size=4), left_out)
def test_after_any_way_an_order_shows_what_an_import_of_it_in_that_status_shows(
    case: dict[str, str], way: list[str], gone: set[str]
) -> None:
    """Also prices, total, delivery dates and address, which an unpaid order hides and keeps."""
    start = parsed(without=tuple(gone), **case)
    order = kept(start)
    after: ChangedOrder | None = None
    for status in way:
        after = changed(order, move(status))
        order = kept(after, order)
    assert after is not None
    here, _ = shown(after)
    gone.discard("LastUpdateDate")
    fresh = parsed(
        without=tuple(gone),
        **{
            **case,
            "OrderStatus": way[-1],
            "LastUpdateDate": "2026-11-22T09:30:00Z",
            "NumberOfItemsShipped": here["NumberOfItemsShipped"],
            "NumberOfItemsUnshipped": here["NumberOfItemsUnshipped"],
        },
    )
    for restricted in (False, True):
        assert shown(after, restricted=restricted) == shown(fresh, restricted=restricted)
    assert json.loads(after.withheld) == json.loads(fresh.withheld)
    for name in ("facet", "last_updated", "earliest_delivery", "latest_delivery", "is_final"):
        assert getattr(after, name) == getattr(fresh, name)
    assert (after.restricted_items is None) == (fresh.restricted_items is None)


def test_payment_reveals_prices_total_dates_and_address() -> None:
    """Contract 1.4."""
    before = parsed(OrderStatus="Pending")
    order, items = shown(before)
    assert not {"OrderTotal", "ShippingAddress", "LatestDeliveryDate"} & order.keys()
    assert "ItemPrice" not in items[0]
    order, items = shown(changed(kept(before), move("Unshipped")))
    assert order["OrderTotal"] == FULL["OrderTotal"]
    assert order["LatestDeliveryDate"] == FULL["LatestDeliveryDate"]
    assert order["ShippingAddress"]["City"] == "Springfield"
    assert items[0]["ItemPrice"] == FULL_ITEM["ItemPrice"]
    assert items[0]["BuyerInfo"] == {
        name: value for name, value in FULL_ITEM["BuyerInfo"].items() if name.startswith("GiftWrap")
    }


def test_move_sets_what_it_names() -> None:
    """O-5: LastUpdateDate in whole seconds, in the text and in the column alike."""
    order = parsed(
        OrderStatus="Unshipped",
        EasyShipShipmentStatus="PendingSchedule",
        ElectronicInvoiceStatus="NotFound",
    )
    after = changed(
        kept(order),
        move(
            "PartiallyShipped",
            shipped={ITEM_ID: 1},
            package=PACKAGE,
            pickups={ITEM_ID: "ReadyForPickup"},
            easy_ship="PickedUp",
            invoice="Accepted",
            details={"packageReferenceId": "1"},
        ),
    )
    document, items = shown(after)
    assert document["OrderStatus"] == after.facet.order_status == "PartiallyShipped"
    assert document["LastUpdateDate"] == "2026-11-22T09:30:00Z"
    assert after.last_updated == Instant.from_utc(2026, 11, 22, 9, 30)
    assert (document["NumberOfItemsShipped"], document["NumberOfItemsUnshipped"]) == (1, 1)
    assert document["EasyShipShipmentStatus"] == after.facet.easy_ship_shipment_status == "PickedUp"
    assert (
        document["ElectronicInvoiceStatus"] == after.facet.electronic_invoice_status == "Accepted"
    )
    assert items[0]["QuantityShipped"] == 1
    (entry,) = after.history
    assert (entry.event, entry.by, entry.order_status) == (
        "an event",
        "application",
        "PartiallyShipped",
    )
    assert (entry.at, json.loads(entry.details)) == (
        after.last_updated,
        {"packageReferenceId": "1"},
    )
    standing = opened(ORDER_ID, kept(after, kept(order))).standing
    # Databases keep microseconds, which this date has.
    assert standing.packages == {"1": PACKAGE}
    assert standing.pickups == {ITEM_ID: "ReadyForPickup"}
    assert standing.lines[ITEM_ID].shipped == 1
    assert (standing.easy_ship, standing.invoice) == ("PickedUp", "Accepted")


def test_package_of_a_known_reference_takes_the_place_of_the_old_one() -> None:
    order = kept(parsed(OrderStatus="Unshipped"))
    for package in (PACKAGE, replace(PACKAGE, reference="2"), replace(PACKAGE, carrier_code="DHL")):
        after = changed(order, move("PartiallyShipped", package=package))
        order = kept(after, order)
    packages = opened(ORDER_ID, order).standing.packages
    assert [(name, one.carrier_code) for name, one in packages.items()] == [
        ("1", "DHL"),
        ("2", "UPS"),
    ]


def test_wish_to_cancel_is_written_to_the_items_it_names() -> None:
    line = full_line(OrderStatus="Unshipped")
    line["orderItems"].append({**FULL_ITEM, "OrderItemId": "2"})
    order = kept(parse_line(written(line)))
    wish = {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "changed my mind"}
    for named, expected in ((("2",), [None, wish]), ((), [wish, wish])):
        request = CancelRequest(reason="changed my mind", items=named)
        after = changed(order, move("Unshipped", cancel_request=request))
        _, items = shown(after)
        assert [item.get("BuyerRequestedCancel") for item in items] == expected


@pytest.mark.parametrize("status", ["Canceled", "Unfulfillable", "Shipped"])
def test_nothing_is_left_to_ship_of_an_order_that_is_over(status: str) -> None:
    document, _ = shown(changed(kept(parsed(OrderStatus="Unshipped")), move(status)))
    assert document["NumberOfItemsUnshipped"] == 0


def test_last_update_never_goes_back_and_has_no_fraction() -> None:
    """An imported date may have one; the text and the column that selects must stay one instant (O-4)."""
    order = kept(parsed(LastUpdateDate="2026-03-02T10:00:00.25Z"))
    after = changed(order, move("Shipped"), Instant.from_utc(2020, 1, 1))
    assert after.last_updated == Instant.from_utc(2026, 3, 2, 10, 0, 1)
    assert shown(after)[0]["LastUpdateDate"] == "2026-03-02T10:00:01Z"


@given(cases, left_out, st.lists(st.sampled_from(STATUSES), max_size=3))
def test_erased_order_goes_on_and_never_shows_people_again(
    case: dict[str, str], gone: set[str], way: list[str]
) -> None:
    """O-21: the coarse address and hidden members such as prices stay, whatever the status was."""
    order = erased_order(kept(parsed(without=tuple(gone), **case)))
    assert SECRET.encode() not in order.personal + order.withheld
    after = changed(order, None)
    assert_same(after, changed(kept(after, order), None))
    assert (after.personal, after.withheld) == (order.personal, order.withheld)
    for status in way:
        after = changed(order, move(status))
        order = kept(after, order)
    for restricted in (False, True):
        document, items = shown(after, restricted=restricted)
        assert SECRET not in json.dumps([document, items])
        assert document["BuyerInfo"] == {}
        addressed = after.facet.order_status in ADDRESSED and "ShippingAddress" not in gone
        coarse = {
            "City": "Springfield",
            "StateOrRegion": "OR",
            "PostalCode": "97477",
            "CountryCode": "US",
        }
        assert document.get("ShippingAddress") == (coarse if addressed else None)
        paid = after.facet.order_status not in UNPAID
        assert ("OrderTotal" in document) == (paid and "OrderTotal" not in gone)
        assert ("ItemPrice" in items[0]) == paid
        assert ("GiftWrapPrice" in items[0]["BuyerInfo"]) == paid
    assert after.restricted_items is None


@given(cases)
def test_erasing_again_changes_nothing(case: dict[str, Any]) -> None:
    order = parsed(**case)
    once = erased(order.personal, order.withheld)
    assert erased(*once[1:]) == once
    assert once[0] == views.erased(order.personal)[0]


@pytest.mark.parametrize("status", ["Unshipped", "Shipped"])
def test_order_that_was_erased_by_an_older_version_keeps_its_coarse_address(status: str) -> None:
    """Those withhold nothing: what is left of the address is in the personal part."""
    order = kept(parsed(OrderStatus=status))
    _, personal = views.erased(order.personal)
    order = replace(order, personal=personal, withheld=b"{}")
    document, _ = shown(changed(order, move("Shipped", shipped={ITEM_ID: 2})))
    assert document["ShippingAddress"] == {
        "City": "Springfield",
        "StateOrRegion": "OR",
        "PostalCode": "97477",
        "CountryCode": "US",
    }
