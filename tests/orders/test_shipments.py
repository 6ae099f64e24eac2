"""confirmShipment as a rule: packages, pieces, edits, and every text of refusal (O-24 to O-27, contract 4.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.orders.lines import BRAZIL
from tests.orders.standings import (
    CREATED,
    LABEL,
    NOTHING_TO_UPDATE,
    after,
    coded,
    confirm,
    confirmation,
    message,
    moved,
    pieces,
    sent,
    shipped,
    standing,
)
from torihiki.kernel.instant import TimeDelta
from torihiki.kernel.problem import Problem
from torihiki.orders.model import Confirmation, Package, PackageItem, Standing
from torihiki.orders.rules import number_shipped, number_unshipped
from torihiki.orders.shipments import SOURCES_MAX


def test_a_confirmation_creates_the_package_and_ships_its_pieces() -> None:
    """O-24, O-25."""
    move = confirm(
        standing(2, 1),
        confirmation(pieces(a=1), "101", carrier_name="UPS", shipping_method="SHIPPING"),
    )
    assert move is not None
    assert (move.event, move.status, move.shipped) == (
        "package_confirmed",
        "PartiallyShipped",
        {"a": 1},
    )
    assert move.package == Package(
        reference="101",
        carrier_code="UPS",
        carrier_name="UPS",
        shipping_method="SHIPPING",
        tracking_number="1Z86V8030385598957",
        ship_date=CREATED + TimeDelta(hours=24),
        ship_from_supply_source_id=None,
        cod_collection_method=None,
        items=pieces(a=1),
    )
    assert move.details == {
        "packageReferenceId": "101",
        "carrierCode": "UPS",
        "trackingNumber": "1Z86V8030385598957",
        "items": [{"orderItemId": "a", "quantity": 1}],
    }


def test_the_order_is_shipped_with_its_last_package() -> None:
    """O-26: one call for each package, as 101 and 102 of the seed."""
    order = standing(2, 1)
    order = moved(order, confirm(order, confirmation(pieces(a=1, b=1), "101")))
    assert order.status == "PartiallyShipped"
    order = moved(order, confirm(order, confirmation(pieces(a=1), "102")))
    assert (order.status, shipped(order)) == ("Shipped", {"a": 2, "b": 1})
    assert list(order.packages) == ["101", "102"]


def test_a_confirmation_without_items_ships_everything_that_is_left() -> None:
    """O-30: a message of a feed may name none."""
    order = standing(3, 1)
    order = moved(order, confirm(order, confirmation(pieces(a=1), "1")))
    move = confirm(order, confirmation(None, "2"))
    assert move is not None
    assert move.package is not None
    assert move.package.items == pieces(a=2, b=1)
    assert (move.status, move.shipped) == ("Shipped", {"a": 3, "b": 1})


def test_the_last_package_of_an_order_in_brazil_leaves_its_invoice_open() -> None:
    order = standing(1, marketplace_id=BRAZIL, invoice="Processing")
    move = confirm(order, confirmation(marketplace_id=BRAZIL))
    assert move is not None
    assert move.status == "InvoiceUnconfirmed"


def test_an_item_that_is_listed_twice_counts_together() -> None:
    twice = (*coded(LABEL), *pieces(b=1), *coded(LABEL[:-1] + "8"))
    move = confirm(standing(2, 1), confirmation(twice))
    assert move is not None
    assert move.package is not None
    assert move.package.items == (*coded(LABEL, LABEL[:-1] + "8", quantity=2), *pieces(b=1))
    assert move.shipped == {"a": 2, "b": 1}
    assert "overfulfillment" in message(standing(1, 1), confirmation((*pieces(a=1), *pieces(a=1))))


# Edits.


def test_an_edit_changes_the_package_and_no_piece() -> None:
    """O-25; the seed's second request has another carrier and another date."""
    order = sent()
    later = CREATED + TimeDelta(hours=28)
    said = confirmation(pieces(b=1, a=1), "123", carrier_code="USPS", ship_date=later)
    move = confirm(order, said)
    assert move is not None
    assert (move.event, move.status, move.shipped) == ("package_edited", order.status, {})
    before = order.packages["123"]
    assert move.package == replace(before, carrier_code="USPS", carrier_name=None, ship_date=later)
    assert shipped(moved(order, move)) == shipped(order)


@pytest.mark.parametrize("reference", ["123", "0123", "00000123"])
def test_the_same_confirmation_again_changes_nothing(reference: str) -> None:
    """O-25; references compare as numbers."""
    said = confirmation(pieces(a=1, b=1), reference, carrier_name="UPS", carrier_code="ups")
    assert confirm(sent(), said) is None
    assert confirm(sent(), replace(said, cod_collection_method="")) is None
    assert confirm(sent(), replace(said, items=None)) is None
    with_nanoseconds = said.ship_date + TimeDelta(nanoseconds=999)
    assert confirm(sent(), replace(said, ship_date=with_nanoseconds)) is None


@pytest.mark.parametrize(
    "items", [pieces(a=1), pieces(a=2, b=1), pieces(a=1, b=9), pieces(b=1), pieces(a=1, b=1) * 2]
)
def test_an_edit_with_other_pieces_is_refused(items: tuple[PackageItem, ...]) -> None:
    """O-25: orderItemId and quantity stay the same."""
    assert message(sent(), confirmation(items, "123")) == NOTHING_TO_UPDATE


@pytest.mark.parametrize("status", ["PartiallyShipped", "Shipped", "InvoiceUnconfirmed"])
def test_a_package_can_be_edited_as_long_as_the_order_is_there(status: str) -> None:
    said = confirmation(pieces(a=1, b=1), "123", tracking_number="another")
    move = confirm(replace(sent(), status=status), said)
    assert move is not None
    assert (move.event, move.status) == ("package_edited", status)


def test_an_edit_replaces_the_codes_of_the_pieces() -> None:
    order = moved(standing(1), confirm(standing(1), confirmation(coded(LABEL))))
    move = confirm(order, confirmation(coded("SERIAL-0042")))
    assert move is not None
    assert move.package is not None
    assert move.package.items == coded("SERIAL-0042")


# Messages of a feed, which come again after a crash.


def test_a_message_that_comes_again_changes_nothing_whatever_happened_since() -> None:
    """O-30."""
    order = standing(3)
    first = confirmation(pieces(a=1), None, source="feed1/1", marketplace_id=None)
    second = replace(first, source="feed1/2", reference="1", tracking_number="later")
    order = moved(order, confirm(order, first))
    order = moved(order, confirm(order, second))
    order = moved(order, confirm(order, confirmation(pieces(a=1), "1", tracking_number="api")))
    assert order.packages["1"].sources == ("feed1/1", "feed1/2")
    assert confirm(order, first) is None
    assert confirm(order, second) is None
    assert confirm(after(order, "shipped"), first) is None
    assert confirm(replace(order, status="Canceled"), second) is None
    assert confirm(order, replace(first, source="feed2/1")) is not None


def test_a_message_that_only_repeats_a_package_leaves_no_trace() -> None:
    order = moved(standing(), confirm(standing(), confirmation()))
    assert confirm(order, confirmation(source="feed1/1")) is None


def test_a_package_remembers_a_bounded_number_of_messages() -> None:
    order = standing(1)
    for number in range(SOURCES_MAX + 5):
        said = confirmation(pieces(a=1), source=f"f/{number}", tracking_number=str(number))
        order = moved(order, confirm(order, said))
    sources = order.packages["1"].sources
    assert len(sources) == SOURCES_MAX
    assert sources[-1] == f"f/{SOURCES_MAX + 4}"


# Properties.

counts = st.integers(-2, 5)
sayings = st.builds(
    confirmation,
    st.none()
    | st.lists(
        st.builds(PackageItem, order_item_id=st.sampled_from("abz"), quantity=counts), max_size=3
    ).map(tuple),
    st.sampled_from([None, "", "1", "01", "2", "3", "x"]),
    tracking_number=st.sampled_from(["t1", "t2", ""]),
    carrier_code=st.sampled_from(["UPS", "Other"]),
    source=st.none() | st.sampled_from(["f/1", "f/2"]),
)


@given(
    a=st.integers(0, 6),
    b=st.integers(0, 6),
    said=st.lists(sayings, max_size=12),
    strict=st.booleans(),
)
def test_the_packages_of_an_order_are_exactly_what_it_shipped(
    a: int, b: int, said: list[Confirmation], *, strict: bool
) -> None:
    """O-25, O-26: never more than ordered, an edit never moves a piece, and the sums agree."""
    order = standing(a, b)
    for one in said:
        try:
            move = confirm(order, one, strict=strict)
        except Problem:
            continue
        later = moved(order, move)
        if move is None or move.event == "package_edited":
            assert (shipped(later), later.status) == (shipped(order), order.status)
        else:
            assert len(later.packages) == len(order.packages) + 1
        order = later
        assert confirm(order, replace(one, reference=_reference(order, one))) is None
        for item_id, line in order.lines.items():
            packed = [
                item.quantity
                for package in order.packages.values()
                for item in package.items
                if item.order_item_id == item_id
            ]
            assert all(quantity > 0 for quantity in packed)
            assert sum(packed) == line.shipped <= line.ordered
        assert number_shipped(order.lines) + number_unshipped(order.status, order.lines) == a + b
        assert (order.status == "Shipped") is (number_unshipped("Unshipped", order.lines) == 0)


def _reference(order: Standing, said: Confirmation) -> str:
    """The reference that the confirmation, which was taken just now, has or was given; any, where its message is known."""
    if any(said.source in package.sources for package in order.packages.values()):
        return "1"
    return said.reference or max(order.packages, key=int)


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[int], list[dict[str, int]]]:
    """Ordered quantities, and any way to put all of their pieces into packages."""
    ordered = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    units = draw(
        st.permutations(
            [chr(ord("a") + place) for place, count in enumerate(ordered) for _ in range(count)]
        )
    )
    packages: list[dict[str, int]] = [{}]
    for unit in units:
        is_new: bool = draw(st.booleans())
        if packages[-1] and is_new:
            packages.append({})
        packages[-1][unit] = packages[-1].get(unit, 0) + 1
    return ordered, packages


@given(splits())
def test_any_split_into_packages_ends_shipped_and_not_before(
    split: tuple[list[int], list[dict[str, int]]],
) -> None:
    """O-26."""
    ordered, packages = split
    order = standing(*ordered)
    for place, package in enumerate(packages, 1):
        order = moved(order, confirm(order, confirmation(pieces(**package), None)))
        assert order.status == ("Shipped" if place == len(packages) else "PartiallyShipped")
    assert list(shipped(order).values()) == ordered
    assert list(order.packages) == [str(number) for number in range(1, len(packages) + 1)]
