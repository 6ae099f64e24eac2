"""What is visible, and since when (O-1, O-18)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.lines import BRAZIL, JAPAN, US
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.marketplace import AUSTRALIA, SINGAPORE
from torihiki.orders.model import DateField, Facet, Selection
from torihiki.orders.rules import default_until, fulfils, is_visible, visible_from

SECOND = TimeDelta(seconds=1)

instants = st.integers(min_value=0, max_value=221_845_392_000).map(Instant.from_timestamp)


@pytest.mark.parametrize(
    ("now", "oldest"),
    [
        ("2026-11-22T09:30:00Z", "2024-11-22T09:30:00Z"),
        ("2026-02-28T12:00:00Z", "2024-02-28T12:00:00Z"),
        ("2026-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-02-29T12:00:00Z", "2022-02-28T12:00:00Z"),
        ("2024-02-28T12:00:00Z", "2022-02-28T12:00:00Z"),
        ("2024-02-29T23:59:59.999999Z", "2022-02-28T23:59:59.999999Z"),
        ("2000-02-29T00:00:00Z", "1998-02-28T00:00:00Z"),
        ("2025-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
    ],
)
def test_two_years_are_two_calendar_years(now: str, oldest: str) -> None:
    """O-1; where the day is missing two years ago, the month's last one counts."""
    present, bound = Instant.parse_iso(now), Instant.parse_iso(oldest)
    assert visible_from(US, present) == bound
    assert is_visible(US, bound, present)
    assert not is_visible(US, bound - TimeDelta(microseconds=1), present)


@given(instants, instants)
def test_order_that_has_vanished_never_comes_back(one: Instant, other: Instant) -> None:
    """O-1; also over leap days the bound only moves forward."""
    earlier, later = sorted((one, other))
    assert visible_from(US, earlier) <= visible_from(US, later)


@given(instants)
def test_an_order_is_visible_for_two_years_give_or_take_a_leap_day(created: Instant) -> None:
    """O-1."""
    assert is_visible(US, created, created + TimeDelta(hours=24 * 730) - SECOND)
    assert not is_visible(US, created, created + TimeDelta(hours=24 * 732) + SECOND)


@pytest.mark.parametrize("marketplace_id", [JAPAN, AUSTRALIA, SINGAPORE])
def test_three_marketplaces_keep_orders_from_2016(marketplace_id: str) -> None:
    """O-1: SG, JP and AU, whatever the date is."""
    for now in ("2017-06-01T00:00:00Z", "2026-11-22T00:00:00Z", "2150-01-01T00:00:00Z"):
        present = Instant.parse_iso(now)
        assert is_visible(marketplace_id, Instant.from_utc(2016, 1, 1), present)
        assert not is_visible(marketplace_id, Instant.from_utc(2016, 1, 1) - SECOND, present)


def test_no_other_marketplace_keeps_orders_longer() -> None:
    """O-1."""
    now = Instant.from_utc(2026, 11, 22)
    for marketplace_id in (US, BRAZIL, "A1PA6795UKMFR9", "", "unknown"):
        assert visible_from(marketplace_id, now) == Instant.from_utc(2024, 11, 22)


@pytest.mark.parametrize(
    ("now", "delay", "until"),
    [
        ("2026-11-22T09:30:00.999999Z", TimeDelta(), "2026-11-22T09:30:00Z"),
        ("2026-11-22T09:30:00Z", TimeDelta(), "2026-11-22T09:30:00Z"),
        ("2026-11-22T09:30:30Z", TimeDelta(minutes=2), "2026-11-22T09:28:30Z"),
        ("1970-01-01T00:00:00.5Z", TimeDelta(minutes=2), "1969-12-31T23:58:00Z"),
    ],
)
def test_bound_that_was_not_sent_is_now_less_the_delay_in_whole_seconds(
    now: str, delay: TimeDelta, until: str
) -> None:
    """O-18, contract 1.4."""
    assert default_until(Instant.parse_iso(now), delay) == Instant.parse_iso(until)


FACET = Facet(
    marketplace_id=US,
    order_status="Shipped",
    fulfillment_channel="MFN",
    payment_method="Other",
    easy_ship_shipment_status="",
    electronic_invoice_status="",
    is_ispu=False,
)
BARE = Selection(
    by=DateField.CREATED,
    since=Instant.from_utc(2026, 1, 1),
    until=Instant.from_utc(2026, 2, 1),
    marketplace_ids=(JAPAN, US),
)


def selection(**conditions: object) -> Selection:
    return Selection(
        **{name: getattr(BARE, name) for name in Selection.__struct_fields__} | conditions
    )


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        ({"marketplace_ids": (JAPAN,)}, False),
        ({"order_statuses": ("Shipped",)}, True),
        ({"order_statuses": ("Pending", "Shipped")}, True),
        ({"order_statuses": ("Pending",)}, False),
        ({"fulfillment_channels": ("AFN",)}, False),
        ({"payment_methods": ("COD", "Other")}, True),
        ({"payment_methods": ("COD",)}, False),
        ({"easy_ship_shipment_statuses": ("Delivered",)}, False),
        ({"electronic_invoice_statuses": ("Accepted",)}, False),
        ({"is_ispu": True}, False),
        ({"is_ispu": False}, True),
        ({"order_statuses": ("Shipped",), "payment_methods": ("COD",)}, False),
    ],
)
def test_every_condition_must_hold(conditions: dict[str, object], expected: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    """O-6 to O-9, O-13, O-14, O-17: an order that does not say is not among those that do."""
    assert fulfils(FACET, selection(**conditions)) is expected
