"""How much of a series is read at once, however many rows there are, however long they are, and however much runs overlap."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from torihiki.storage import ledger_walk
from torihiki.storage.ledger_runs import packed
from torihiki.storage.ledger_walk import Part, Step, Walk

RUN = 100
"""Rows in each run."""
BOUNDS = {
    "STEP_LINES": 300,
    "STEP_BYTES": 20_000,
    "SORTED_LINES": 500,
    "SORTED_BYTES": 50_000,
    "PART_BYTES": 5_000,
}


class Series(NamedTuple):
    """The times of each run, and its rows, which say where they are."""

    times: Mapping[int, list[int]]
    rows: Mapping[int, list[bytes]]

    def places(self, *, newest_first: bool) -> list[tuple[int, int, int, int, int]]:
        found = [
            (key, at[0], at[-1], RUN, len(b"".join(self.rows[key])))
            for key, at in self.times.items()
        ]
        return sorted(
            found, key=lambda run: (-run[2], -run[0]) if newest_first else (run[1], run[0])
        )

    def ordered(self) -> list[bytes]:
        found = sorted(
            (at, key, place) for key, each in self.times.items() for place, at in enumerate(each)
        )
        return [self.rows[key][place] for _, key, place in found]

    def told(self, step: Step, *, newest_first: bool) -> list[bytes]:
        """The parts of a step."""
        part = Part(step, newest_first=newest_first)
        for key in step.run_keys:
            part.add(key, packed(self.times[key]), b"".join(self.rows[key]))
        return list(part.rows())


def series(random: Random, runs: int, spread: int, lengths: list[int]) -> Series:
    """Rows of some lengths at random times; each run has rows of one length."""
    keys = range(1, runs + 1)
    long = {key: random.choice(lengths) for key in keys}
    return Series(
        {key: sorted(random.randint(0, spread) for _ in range(RUN)) for key in keys},
        {key: [b"%*d-%d\n" % (long[key], key, place) for place in range(RUN)] for key in keys},
    )


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([0, 1, 50, 10**6]),
    st.integers(1, 60),
    st.lists(st.sampled_from([1, 30, 400]), min_size=1, max_size=3),
    st.booleans(),
    st.integers(),
)
@example(spread=10**6, runs=60, lengths=[400], newest_first=True, seed=1)
def test_steps_stay_small_however_much_runs_overlap(
    spread: int,
    runs: int,
    lengths: list[int],
    newest_first: bool,  # noqa: FBT001 - drawn by hypothesis
    seed: int,
) -> None:
    """Memory does not grow with the report or its rows, also where a file was imported in no order at all."""
    wanted = series(Random(seed), runs, spread, lengths)
    found: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        for name, most in BOUNDS.items():
            patch.setattr(ledger_walk, name, most)
        walk = Walk(0, spread + 1, newest_first=newest_first)
        for step in walk.steps(wanted.places(newest_first=newest_first), end=True):
            parts = wanted.told(step, newest_first=newest_first)
            lines = b"".join(parts).splitlines(keepends=True)
            if step.follow:
                runs_but_the_last = [b"".join(wanted.rows[key]) for key in step.run_keys[:-1]]
                assert RUN * len(runs_but_the_last) < BOUNDS["STEP_LINES"]
                assert sum(map(len, runs_but_the_last)) < BOUNDS["STEP_BYTES"]
            else:
                assert len(lines) <= 2 * BOUNDS["SORTED_LINES"]
                assert sum(map(len, parts)) <= 2 * BOUNDS["SORTED_BYTES"]
                assert max(map(len, parts), default=0) <= BOUNDS["PART_BYTES"]
            found += lines
    ordered = wanted.ordered()
    assert found == (ordered[::-1] if newest_first else ordered)


@pytest.mark.parametrize(("length", "steps"), [(10, 14), (10_000, 100), (100_000, 200)])
def test_runs_that_follow_each_other_are_read_together_up_to_some_bytes(
    length: int, steps: int
) -> None:
    """Two hundred runs of a hundred rows: by 1,500 rows, by two megabytes or so, or each alone."""
    places = [(key, 2 * key, 2 * key + 1, RUN, RUN * length) for key in range(200)]
    found = list(Walk(0, 1_000, newest_first=False).steps(places, end=True))
    assert all(step.follow for step in found)
    assert [key for step in found for key in step.run_keys] == list(range(200))
    assert len(found) == steps


def test_row_that_is_longer_than_a_part_is_handed_out_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger_walk, "PART_BYTES", 10)
    rows = [b"1234\n", b"678\n", b"a row of more than ten\n", b"2\n"]
    part = Part(Step([1], 0, 4, follow=False), newest_first=False)
    part.add(1, packed([0, 1, 2, 3]), b"".join(rows))
    assert list(part.rows()) == [b"1234\n678\n", rows[2], rows[3]]
