"""In which steps the rows of a series are read in order, without holding more than some megabytes of them.

Runs overlap where imports were not in the order of time. What overlaps little is sorted in memory; what overlaps much is
cut into stretches of time, for each of which every run that reaches into it is opened again.

A walk goes by positions: times, or for the newest first their negatives. So there is one direction only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from torihiki.storage.ledger_runs import numbers_of, split, turned

STEP_LINES: Final = 1_500
"""Rows of a step, where runs follow each other: half a megabyte or so."""
STEP_BYTES: Final = 2_000_000
"""The same where rows are long; sealed, as `SORTED_BYTES`."""
SORTED_LINES: Final = 50_000
"""Rows that are sorted at once, where runs overlap: thirty megabytes or so. With fewer of them, a day that was imported in
no order at all would have each of its runs opened more often."""
SORTED_BYTES: Final = 32_000_000
"""The same where rows are long."""
PART_LINES: Final = 2_000
"""Sorted rows that are handed out together."""
PART_BYTES: Final = 1_000_000
"""The same where rows are long, unless it is a single one."""


class Spot(NamedTuple):
    """Where a run lies: positions of its first and last row on the way."""

    low: int
    high: int
    run_key: int
    lines: int
    size: int


class Step(NamedTuple):
    """What to read next: the rows of these runs at positions [low, before).

    `follow`: the runs lie in it as they are, one behind the other.
    """

    run_keys: list[int]
    low: int
    before: int
    follow: bool


class Walk:
    """Turns the runs of a stretch of time into steps, as they become known.

    Args:
        start_us: The stretch begins here.
        before_us: And ends before this.
        newest_first: Whether it is walked from its end.
    """

    def __init__(self, start_us: int, before_us: int, *, newest_first: bool) -> None:
        self._backwards = newest_first
        self._low = 1 - before_us if newest_first else start_us
        self._before = 1 - start_us if newest_first else before_us
        self._open: list[Spot] = []

    def steps(self, runs: Iterable[tuple[int, int, int, int, int]], *, end: bool) -> Iterator[Step]:
        """The steps that can be taken now.

        Args:
            runs: Key, first and last time, number of rows and bytes of further runs, in the order of the way: by first
                time, or from the end by last time.
            end: Whether there are no others behind them.
        """
        for run_key, first_us, last_us, lines, size in runs:
            low, high = (-last_us, -first_us) if self._backwards else (first_us, last_us)
            if high >= self._low and low < self._before:
                self._open.append(Spot(low, high, run_key, lines, size))
        before = self._before
        if not end:
            # Another run may begin where the last one does.
            before = self._open[-1].low if self._open else self._low
        if before > self._low:
            yield from self._between(self._low, before)
            self._low = before
            self._open = [spot for spot in self._open if spot.high >= before]

    def _between(self, low: int, before: int) -> Iterator[Step]:
        following: list[Spot] = []
        lines = size = 0
        for cluster in _clusters(spot for spot in self._open if spot.low < before):
            first = cluster[0]
            is_whole = len(cluster) == 1 and low <= first.low and first.high < before
            if is_whole:
                following.append(first)
                lines += first.lines
                size += first.size
            if following and (lines >= STEP_LINES or size >= STEP_BYTES or not is_whole):
                yield _in_sequence(following)
                following, lines, size = [], 0, 0
            if not is_whole:
                reach = max(spot.high for spot in cluster) + 1
                yield from self._sorted(cluster, max(low, first.low), min(before, reach))
        if following:
            yield _in_sequence(following)

    def _sorted(self, spots: Sequence[Spot], low: int, before: int) -> Iterator[Step]:
        inside = [spot for spot in spots if spot.low < before and spot.high >= low]
        if before - low > 1 and _is_much(inside, low, before):
            middle = (low + before) // 2
            yield from self._sorted(inside, low, middle)
            yield from self._sorted(inside, middle, before)
        elif before - low == 1:
            # All at one time: the runs follow each other, however many they are.
            for spot in sorted(inside, key=self._appended):
                yield Step([spot.run_key], low, before, follow=False)
        elif inside:
            yield Step([spot.run_key for spot in inside], low, before, follow=False)

    def _appended(self, spot: Spot) -> int:
        return -spot.run_key if self._backwards else spot.run_key


def _clusters(spots: Iterable[Spot]) -> Iterator[list[Spot]]:
    """Runs that overlap, or touch at one time; they come by their low ends."""
    cluster: list[Spot] = []
    reach = 0
    for spot in spots:
        if cluster and spot.low > reach:
            yield cluster
            cluster = []
        reach = max(reach, spot.high) if cluster else spot.high
        cluster.append(spot)
    if cluster:
        yield cluster


def _in_sequence(spots: Sequence[Spot]) -> Step:
    return Step([spot.run_key for spot in spots], spots[0].low, spots[-1].high + 1, follow=True)


def _is_much(spots: Sequence[Spot], low: int, before: int) -> bool:
    """Whether the part of the runs that is there is too much to be sorted at once, as far as can be told."""
    lines = size = 0.0
    for spot in spots:
        inside = min(spot.high + 1, before) - max(spot.low, low)
        share = inside / (spot.high - spot.low + 1)
        lines += spot.lines * share
        size += spot.size * share
    return lines > SORTED_LINES or size > SORTED_BYTES


class Part:
    """The rows of one step, put together from its runs.

    Args:
        step: Which.
        newest_first: As the walk.
    """

    def __init__(self, step: Step, *, newest_first: bool) -> None:
        self._step = step
        self._backwards = newest_first
        self._whole: list[bytes] = []
        self._sorted: list[tuple[int, int, int, bytes]] = []

    def add(self, run_key: int, times: bytes, rows: bytes) -> None:
        """Takes the next of the step's runs, opened."""
        if self._step.follow:
            self._whole.append(turned(rows) if self._backwards else rows)
            return
        lines = split(rows)
        low, before = self._step.low, self._step.before
        sign = -1 if self._backwards else 1
        self._sorted += [
            (sign * at_us, sign * run_key, sign * place, line)
            for place, (at_us, line) in enumerate(zip(numbers_of(times), lines, strict=True))
            if low <= sign * at_us < before
        ]

    def rows(self) -> Iterator[bytes]:
        """All of them; nothing where no row of the runs lies in the step."""
        if self._whole:
            yield b"".join(self._whole)
        self._sorted.sort()
        together: list[bytes] = []
        size = 0
        for *_, line in self._sorted:
            if together and (len(together) == PART_LINES or size + len(line) > PART_BYTES):
                yield b"".join(together)
                together, size = [], 0
            together.append(line)
            size += len(line)
        if together:
            yield b"".join(together)
