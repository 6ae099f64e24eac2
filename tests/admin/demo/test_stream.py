from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from whenever import Instant

from torihiki.admin.demo import SHOWCASE_SIZE, demo_orders
from torihiki.admin.demo.draws import ITEMS_PER_ORDER, item_id, order_id

GOLDEN = "b3aadfbf63078805dc43b63a47209174a5af5a53378d0105bc1cc4b70456ba43"


def test_small_run_never_changes_a_byte(until: Instant) -> None:
    """A change of this sum is a change of everybody's demo: make it on purpose or not at all."""
    digest = sha256(b"\n".join(demo_orders(300, 1, until))).hexdigest()
    assert digest == GOLDEN


def test_same_arguments_give_the_same_bytes(until: Instant) -> None:
    assert list(demo_orders(400, 5, until)) == list(demo_orders(400, 5, until))


def test_exactly_as_many_lines_as_asked_for_and_no_line_end_in_them(until: Instant) -> None:
    for count in (0, 1, SHOWCASE_SIZE - 1, SHOWCASE_SIZE, SHOWCASE_SIZE + 1, 200):
        run = list(demo_orders(count, 1, until))
        assert len(run) == count
        assert not any(b"\n" in line for line in run)


def test_showcase_is_the_same_whatever_the_count(until: Instant) -> None:
    short = list(demo_orders(SHOWCASE_SIZE, 1, until))
    assert list(islice(demo_orders(5000, 1, until), SHOWCASE_SIZE)) == short


def test_identity_of_an_order_does_not_depend_on_the_count(until: Instant) -> None:
    assert ids(demo_orders(200, 1, until)) == ids(islice(demo_orders(5000, 1, until), 200))


def test_fraction_of_a_second_in_the_end_does_not_matter(until: Instant) -> None:
    later = until.add(nanoseconds=999_999_999)
    assert list(demo_orders(90, 1, later)) == list(demo_orders(90, 1, until))


def test_any_end_serves() -> None:
    for end in (Instant.from_utc(2027, 2, 28, 23, 59, 59), Instant.from_utc(2000, 2, 29)):
        assert len(list(demo_orders(120, 1, end))) == 120


def test_fifty_thousand_orders_have_ids_of_their_own_and_another_seed_has_others(
    until: Instant,
) -> None:
    first = ids(demo_orders(50_000, 1, until))
    second = ids(demo_orders(5_000, 2, until))
    assert len(set(first)) == 50_000
    assert not set(first) & set(second)


@given(
    st.tuples(st.integers(0, 10**9 - 1), st.integers(0, 10**8 - 1)),
    st.tuples(st.integers(0, 10**9 - 1), st.integers(0, 10**8 - 1)),
)
def test_two_places_never_share_an_order_id(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (order_id(*one) == order_id(*other)) == (one == other)


@given(
    st.integers(),
    st.tuples(st.integers(0, 10**8 - 1), st.integers(0, ITEMS_PER_ORDER - 1)),
    st.tuples(st.integers(0, 10**8 - 1), st.integers(0, ITEMS_PER_ORDER - 1)),
)
def test_two_places_of_a_seed_never_share_an_item_id(
    seed: int, one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert (item_id(seed, *one) == item_id(seed, *other)) == (one == other)


def test_negative_seed_is_a_seed_of_its_own(until: Instant) -> None:
    assert ids(demo_orders(70, -1, until)) != ids(demo_orders(70, 1, until))


def test_memory_does_not_grow_with_the_orders(until: Instant) -> None:
    """Once the bounded caches are full, five thousand orders more leave nothing behind: one of them takes 3 KB."""
    run = demo_orders(1_000_000, 1, until)
    for _ in islice(run, 20_000):
        pass
    gc.collect()
    tracemalloc.start()
    for _ in islice(run, 5_000):
        pass
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 500_000


def ids(run: Iterator[bytes]) -> list[str]:
    return [json.decode(line)["order"]["AmazonOrderId"] for line in run]
