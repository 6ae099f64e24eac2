"""What confirmShipment takes of an order, a reference and each member, and every text of refusal (O-24, O-27, contract 4.1)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.orders.lines import JAPAN, ORDER_ID
from tests.orders.standings import (
    CREATED,
    LABEL,
    NOTHING_TO_UPDATE,
    NOW,
    after,
    coded,
    confirm,
    confirmation,
    message,
    moved,
    pieces,
    sent,
    standing,
)
from torihiki.kernel.instant import TimeDelta
from torihiki.orders.carriers import CARRIER_CODES, carrier_code
from torihiki.orders.model import Line, PackageItem
from torihiki.orders.shipments import PACKAGES_MAX, no_such_order

BAD_REFERENCE = "PackageReferenceId: is invalid, must be a positive numeric value."
BAD_ITEM = "OrderItemId  is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
NO_ORDER = f"ErrorCode: NonexistentOrderItem Description: Failed to find order item list by order ID: {ORDER_ID}"
BAD_CARRIER = "ErrorCode: InvalidCarrier Description: Selected carrier is not supported"
BAD_QUANTITY = "Quantity: is invalid, must be a positive numeric value."
BAD_CODE = "TransparencyCodes: is invalid, item a has a code of unknown form."


# References.


def test_without_a_reference_the_number_after_the_highest_is_assigned() -> None:
    """O-27."""
    order = standing(9)
    for reference, expected in [(None, "1"), ("7", "7"), ("", "8"), ("3", "3"), (None, "9")]:
        order = moved(order, confirm(order, confirmation(pieces(a=1), reference)))
        assert expected in order.packages
    assert len(order.packages) == 5


@pytest.mark.parametrize(
    ("taken", "assigned"),
    [
        (["9" * 29], "1" + "0" * 29),
        (["9" * 30], "1"),
        (["9" * 30, "1", "2", "4"], "3"),
    ],
)
def test_after_the_highest_number_there_is_the_lowest_free_one_is_assigned(
    taken: list[str], assigned: str
) -> None:
    """O-27."""
    order = standing(9)
    for reference in taken:
        order = moved(order, confirm(order, confirmation(pieces(a=1), reference)))
    move = confirm(order, confirmation(pieces(a=1), None))
    assert move is not None
    assert move.package is not None
    assert move.package.reference == assigned


@pytest.mark.parametrize("reference", ["1", "0001", "123", "9" * 30])
def test_any_positive_number_is_a_reference(reference: str) -> None:
    """O-27."""
    move = confirm(standing(), confirmation(pieces(a=1), reference))
    assert move is not None
    assert move.package is not None
    assert move.package.reference == reference.lstrip("0")


@pytest.mark.parametrize(
    "reference",
    [
        "0",
        "000",
        "-1",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1\n",
        "abc",
        "\uff11",
        "٣",
        "²",
        "9" * 31,
        "0" * 30 + "1",
    ],
)
def test_anything_else_is_no_reference(reference: str) -> None:
    """O-27."""
    assert message(standing(), confirmation(pieces(a=1), reference)) == BAD_REFERENCE


@pytest.mark.parametrize("reference", [None, ""])
def test_strictly_a_reference_is_required(reference: str | None) -> None:
    assert message(standing(), confirmation(None, reference), strict=True) == BAD_REFERENCE


# The order.


@pytest.mark.parametrize("status", ["PendingAvailability", "Pending", "Unfulfillable"])
def test_an_order_that_cannot_be_shipped_now_is_refused(status: str) -> None:
    assert message(standing(status=status), confirmation()) == (
        f"Failed validation because order {ORDER_ID} is in {status} status."
    )


def test_an_order_that_amazon_fulfils_is_refused() -> None:
    assert message(standing(fulfillment_channel="AFN"), confirmation()) == (
        f"Failed validation because order {ORDER_ID} is fulfilled by Amazon."
    )


@pytest.mark.parametrize("channel", ["MFN", "SellerFulfilled", ""])
def test_an_order_that_the_seller_fulfils_is_taken_however_it_says_so(channel: str) -> None:
    assert confirm(standing(fulfillment_channel=channel), confirmation()) is not None


def test_the_marketplace_has_to_be_that_of_the_order_if_it_is_said() -> None:
    """O-24."""
    assert message(standing(), confirmation(marketplace_id=JAPAN)) == (
        f"Failed validation because order {ORDER_ID} is not of the marketplace in the request."
    )
    assert confirm(standing(), confirmation(marketplace_id=None)) is not None


def test_a_canceled_order_is_refused_as_if_it_were_not_there() -> None:
    canceled = after(standing(), "canceled")
    assert message(canceled, confirmation()) == NO_ORDER
    assert no_such_order(ORDER_ID).message == NO_ORDER


@pytest.mark.parametrize("status", ["Shipped", "InvoiceUnconfirmed"])
@pytest.mark.parametrize("items", [None, pieces(a=1)])
def test_where_everything_is_shipped_there_is_no_package_to_add(
    items: tuple[PackageItem, ...] | None, status: str
) -> None:
    done = {"a": Line(ordered=1, shipped=1)}
    assert message(standing(status=status, lines=done), confirmation(items)) == NOTHING_TO_UPDATE
    # The buyer of a pickup refused the rest.
    over = {"a": Line(ordered=2, shipped=1)}
    assert message(standing(status=status, lines=over), confirmation(items)) == NOTHING_TO_UPDATE


def test_pieces_that_the_buyer_refused_to_pick_up_cannot_be_shipped() -> None:
    order = standing(2, 1, is_ispu=True, pickups={"a": "RefusedPickup"})
    move = confirm(order, confirmation())
    assert move is not None
    assert (move.status, move.shipped) == ("Shipped", {"b": 1})
    assert "overfulfillment" in message(order, confirmation(pieces(a=1)))


# Items.


@pytest.mark.parametrize("items", [(), pieces(z=1), (*pieces(a=1), *pieces(z=1))])
def test_an_item_that_the_order_does_not_have_is_refused(items: tuple[PackageItem, ...]) -> None:
    assert message(standing(), confirmation(items)) == BAD_ITEM
    assert message(sent(), confirmation(items, "123")) == BAD_ITEM


@pytest.mark.parametrize("quantity", [0, -1, -(10**30)])
def test_a_quantity_is_positive(quantity: int) -> None:
    assert message(standing(), confirmation(pieces(a=quantity))) == BAD_QUANTITY
    # Else a negative one would make room for another.
    assert message(standing(2), confirmation((*pieces(a=3), *pieces(a=quantity)))) == BAD_QUANTITY


@pytest.mark.parametrize("quantity", [2, 10**30])
def test_more_than_is_left_is_refused(quantity: int) -> None:
    order = standing(2, 1)
    order = moved(order, confirm(order, confirmation(pieces(a=1), "1")))
    text = message(order, confirmation(pieces(b=1, a=quantity), "2"))
    assert text == (
        f"Failed to create/update package due to overfulfillment for order {ORDER_ID}: "
        f"1 of order item a are left to ship, {quantity} were confirmed."
    )


def test_an_order_has_a_bounded_number_of_packages() -> None:
    package = sent().packages["123"]
    full = {str(number): package for number in range(1, PACKAGES_MAX + 1)}
    order = standing(5_000, packages=full)
    assert "number of packages" in message(order, confirmation(pieces(a=1), "5000"))
    del full["7"]
    assert confirm(order, confirmation(pieces(a=1), "5000")) is not None


# Members.


@pytest.mark.parametrize(
    ("given_code", "kept"),
    [
        ("UPS", "UPS"),
        ("ups", "UPS"),
        ("fedex", "FedEx"),
        ("YAMATO", "YAMATO"),
        ("Yamato Transport", "Yamato Transport"),
        ("ヤマト運輸", "ヤマト運輸"),
        ("CORREIOS", "Correios"),
        ("delhivery", "Delhivery"),
        ("australia post", "Australia Post"),
        ("Royal mail", "Royal Mail"),
    ],
)
def test_a_carrier_is_found_whatever_its_case(given_code: str, kept: str) -> None:
    move = confirm(standing(), confirmation(carrier_code=given_code))
    assert move is not None
    assert move.package is not None
    assert move.package.carrier_code == kept


def test_a_carrier_that_is_listed_keeps_its_spelling() -> None:
    """No two codes differ in case only."""
    assert all(carrier_code(code) == code for code in CARRIER_CODES)


@pytest.mark.parametrize("code", ["", "UPSS", "Nobody", " UPS"])
def test_a_carrier_that_is_not_listed_is_refused(code: str) -> None:
    said = confirmation(carrier_code=code, carrier_name="Nobody")
    assert message(standing(), said) == BAD_CARRIER


def test_another_carrier_needs_its_name() -> None:
    said = confirmation(carrier_code="Other", carrier_name="Local Bikes")
    assert confirm(standing(), said) is not None
    for name in (None, "", "  "):
        assert message(standing(), replace(said, carrier_name=name)) == (
            "ErrorCode: InvalidCarrier Description: Carrier name is required when the carrier code is Other"
        )


def test_cash_is_collected_in_japan_only() -> None:
    """O-24; the seed's examples send an empty text."""
    order = standing(marketplace_id=JAPAN)
    said = confirmation(marketplace_id=JAPAN, cod_collection_method="DirectPayment")
    move = confirm(order, said)
    assert move is not None
    assert move.package is not None
    assert move.package.cod_collection_method == "DirectPayment"
    assert message(standing(), confirmation(cod_collection_method="DirectPayment")) == (
        "CodCollectionMethod: is invalid, is supported in the marketplace of Japan only."
    )
    assert message(order, replace(said, cod_collection_method="Cash")) == (
        "CodCollectionMethod: is invalid, must be DirectPayment."
    )
    empty = confirm(standing(), confirmation(cod_collection_method=""))
    assert empty is not None
    assert empty.package is not None
    assert empty.package.cod_collection_method is None


@pytest.mark.parametrize("number", ["", "   "])
def test_a_package_has_a_tracking_number(number: str) -> None:
    assert message(standing(), confirmation(tracking_number=number)) == (
        "TrackingNumber: is invalid, must not be empty."
    )


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("tracking_number", "TrackingNumber"),
        ("carrier_name", "CarrierName"),
        ("shipping_method", "ShippingMethod"),
        ("ship_from_supply_source_id", "ShipFromSupplySourceId"),
    ],
)
def test_a_text_is_bounded_and_has_no_control_characters(member: str, name: str) -> None:
    assert confirm(standing(), replace(confirmation(), **{member: "x" * 200})) is not None
    assert message(standing(), replace(confirmation(), **{member: "x" * 201})) == (
        f"{name}: is invalid, must have at most 200 characters."
    )
    for character in "\0\n\x1f\x7f":
        assert message(standing(), replace(confirmation(), **{member: f"x{character}y"})) == (
            f"{name}: is invalid, must not have control characters."
        )


@pytest.mark.parametrize(
    "member", ["carrier_name", "shipping_method", "ship_from_supply_source_id"]
)
def test_an_empty_text_counts_as_absent(member: str) -> None:
    assert confirm(standing(), replace(confirmation(), **{member: ""})) == confirm(
        standing(), confirmation()
    )


@pytest.mark.parametrize(
    "code",
    [
        LABEL,
        "ZA:" + "A" * 26,
        "0100012345678905" + "21" + "B" * 20,
        "1234567",
        "S" * 20,
        "https://transparency.com/verify?code=x",
        "https://a.example/" + "x" * 1_982,
    ],
)
def test_a_transparency_code_has_one_of_four_forms(code: str) -> None:
    assert confirm(standing(), confirmation(coded(code))) is not None


@pytest.mark.parametrize(
    "code",
    [
        "",
        "123456",
        "S" * 21,
        LABEL + "7",
        LABEL[:-1],
        "XX" + LABEL[2:],
        "A" * 37,
        "A" * 39,
        "has blank",
        "é" * 8,
        "ftp://a.example/1",
        "https://",
        "1234567\n",
        "https://a.example/" + "x" * 1_983,
    ],
)
def test_any_other_transparency_code_is_refused(code: str) -> None:
    assert message(standing(), confirmation(coded(code))) == BAD_CODE


def test_a_piece_has_one_transparency_code() -> None:
    two = (LABEL, "SERIAL-0042")
    assert message(standing(2), confirmation(coded(*two))) == (
        "TransparencyCodes: is invalid, item a has more codes than pieces."
    )
    assert message(standing(2), confirmation(coded(LABEL, LABEL, quantity=2))) == (
        "TransparencyCodes: is invalid, item a has a code that is used twice."
    )
    assert confirm(standing(2), confirmation(coded(*two, quantity=2))) is not None
    assert confirm(standing(2), confirmation(coded(LABEL, quantity=2))) is not None


def test_strictly_a_transparency_item_needs_a_code_for_each_piece() -> None:
    order = standing(lines={"a": Line(ordered=2, shipped=0, is_transparency=True)})
    needed = "TransparencyCodes: is invalid, item a needs a code for each piece."
    for items in (None, pieces(a=1), coded(LABEL, quantity=2)):
        assert message(order, confirmation(items), strict=True) == needed
        assert confirm(order, confirmation(items)) is not None
    assert confirm(order, confirmation(coded(LABEL)), strict=True) is not None
    assert confirm(standing(2), confirmation(pieces(a=2)), strict=True) is not None


@pytest.mark.parametrize(
    ("ship_date", "text"),
    [
        (CREATED - TimeDelta(seconds=1), "must not be before the purchase date"),
        (NOW + TimeDelta(hours=24, seconds=1), "must not be more than a day in the future"),
        (CREATED, None),
        (NOW + TimeDelta(hours=24), None),
    ],
)
def test_strictly_a_ship_date_lies_between_purchase_and_tomorrow(
    ship_date: Any, text: str | None
) -> None:
    order = standing(created=CREATED + TimeDelta(milliseconds=400))
    said = confirmation(ship_date=ship_date)
    assert confirm(order, said) is not None
    if text is None:
        assert confirm(order, said, strict=True) is not None
    else:
        assert message(order, said, strict=True) == f"ShipDate: is invalid, {text}."


def test_the_order_is_looked_at_first_then_the_members_then_the_pieces() -> None:
    said = confirmation(
        pieces(a=9), "0", carrier_code="?", tracking_number="", marketplace_id=JAPAN
    )
    order = standing()
    assert "not of the marketplace" in message(order, said)
    said = replace(said, marketplace_id=None)
    assert message(order, said) == BAD_REFERENCE
    said = replace(said, reference="1")
    assert message(order, said) == BAD_CARRIER
    said = replace(said, carrier_code="UPS")
    assert message(order, said).startswith("TrackingNumber")
    said = replace(said, tracking_number="1")
    assert "overfulfillment" in message(order, said)
