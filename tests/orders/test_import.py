"""An import: lines out of chunks, batches out of lines, and a report of what became of them."""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.orders.lines import OTHER, SELLER, small_line, written
from torihiki.kernel.line_import import LineError
from torihiki.kernel.problem import Problem, unavailable
from torihiki.orders.model import StoredOrder
from torihiki.orders.operations import ImportReport, OrderImport
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.documents import parse_line
from torihiki.server.ndjson import LINE_MAX_BYTES, lines

TOO_LONG = f"the line is longer than {LINE_MAX_BYTES} bytes"
Numbered = list[tuple[int, bytes | str]]


async def cut(raw: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


async def numbered_lines(raw: bytes, size: int, store: OrderStore) -> Numbered:
    """What an import is given line by line, with the numbers that it reports; blank lines are passed over."""
    given_lines: list[bytes] = []

    def parse(line: bytes) -> StoredOrder:
        given_lines.append(line)
        raise ValueError

    found = OrderImport(store, parse)
    await lines(cut(raw, size), found)
    rest = iter(given_lines)
    return [(one.line, one.reason or next(rest)) for one in (await found.finish()).errors]


@given(
    st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=12),
    st.booleans(),
    st.integers(min_value=1, max_value=9),
)
@example(texts=[codecs.BOM_UTF8], ended=False, size=1)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_lines_are_the_same_however_the_body_is_cut(
    store: OrderStore,
    texts: list[bytes],
    ended: bool,  # noqa: FBT001 - pytest gives it by name
    size: int,
) -> None:
    raw = b"\n".join(texts) + (b"\n" if ended and texts else b"")
    expected = [
        (number, line)
        # A byte order mark before the first line is not part of it.
        for number, line in enumerate(raw.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1)
        if line and not line.isspace()
    ]
    assert await numbered_lines(raw, size, store) == expected


LONGEST = b"x" * LINE_MAX_BYTES


@pytest.mark.parametrize("size", [4_096, 65_536, 1_000_003, 10_000_000])
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (LONGEST, [(1, LONGEST)]),
        (LONGEST + b"\n", [(1, LONGEST)]),
        (LONGEST + b"x", [(1, TOO_LONG)]),
        (LONGEST + b"x\n", [(1, TOO_LONG)]),
        (b"a\n" + LONGEST + b"x\nb\n", [(1, b"a"), (2, TOO_LONG), (3, b"b")]),
        (b"\n" + LONGEST * 3 + b"\nb", [(2, TOO_LONG), (3, b"b")]),
        (LONGEST * 2 + b"\n" + LONGEST * 2, [(1, TOO_LONG), (2, TOO_LONG)]),
        (LONGEST + b"\n" + LONGEST + b"\n\n", [(1, LONGEST), (2, LONGEST)]),
    ],
    ids=range(8),
)
async def test_line_that_is_too_long_is_one_refused_line(
    store: OrderStore, raw: bytes, expected: Numbered, size: int
) -> None:
    assert await numbered_lines(raw, size, store) == expected


class Watched:
    """The real store, whose writes are counted, and which fails once it has no room left."""

    def __init__(self, store: OrderStore, room: int = 1_000) -> None:
        self.put_sizes: list[int] = []
        self._room = room
        self._put = store.put
        self.page, self.order, self.items = store.page, store.order, store.items
        self.regulated, self.change, self.history = store.regulated, store.change, store.history
        self.erase, self.erasable, self.reseal = store.erase, store.erasable, store.reseal

    async def put(self, orders: Sequence[StoredOrder]) -> set[str]:
        if len(self.put_sizes) >= self._room:
            raise unavailable()
        self.put_sizes.append(len(orders))
        return await self._put(orders)


async def imported(store: OrderStore, raw: bytes) -> ImportReport:
    found = OrderImport(store, parse_line)
    await lines(cut(raw, 50_000), found)
    return await found.finish()


async def channel(store: OrderStore, number: int, seller_id: str = SELLER) -> str | None:
    """The SalesChannel of a kept order; None: there is no such order."""
    found = await store.order(seller_id, f"249-7000000-{number:07}")
    if found is None:
        return None
    return str(json.loads(found.document + found.people).get("SalesChannel", ""))


def file_of(*parts: bytes) -> bytes:
    return b"".join(part + b"\n" for part in parts)


TWO = (written(small_line(1)), written(small_line(2)))


@pytest.mark.parametrize(
    "raw",
    [
        file_of(*TWO),
        file_of(*TWO)[:-1],
        b"\r\n".join((*TWO, b"")),
        file_of(b"", TWO[0], b" \t ", b"\r", TWO[1], b""),
        file_of(b"  " + TWO[0] + b"  ", TWO[1]),
    ],
    ids=["plain", "last line without its end", "CRLF", "blank lines", "spaces around"],
)
async def test_every_order_of_a_file_is_taken(store: OrderStore, raw: bytes) -> None:
    assert await imported(store, raw) == ImportReport(imported=2, failed=0, errors=[])
    assert [await channel(store, number) for number in (1, 2, 3)] == ["", "", None]


async def test_bad_lines_are_named_by_number_and_the_good_ones_kept(store: OrderStore) -> None:
    """Blank lines count, so that the number is the one that an editor shows."""
    raw = file_of(
        b"\xef\xbb\xbf" + written(small_line(1)),
        b"",
        written(small_line(2)),
        b"{",
        b"\xff\xfe",
        written(small_line(3)),
        b"x" * (LINE_MAX_BYTES + 1),
        written(small_line(4)),
        b"nonsense",
    )[:-1]
    report = await imported(store, raw)
    assert (report.imported, report.failed) == (4, 4)
    assert [error.line for error in report.errors] == [4, 5, 7, 9]
    assert report.errors[2].reason == TOO_LONG
    assert [await channel(store, number) for number in range(1, 5)] == ["", "", "", ""]


async def test_of_an_order_that_stands_twice_the_later_line_wins(store: OrderStore) -> None:
    raw = file_of(
        written(small_line(1, SalesChannel="first")),
        written(small_line(2)),
        written(small_line(1, SalesChannel="second")),
        written(small_line(1, SalesChannel="third")),
    )
    assert await imported(store, raw) == ImportReport(imported=4, failed=0, errors=[])
    assert await channel(store, 1) == "third"


async def test_same_order_id_of_two_sellers_are_two_orders(store: OrderStore) -> None:
    raw = file_of(
        written(small_line(1, SalesChannel="one")),
        written(small_line(1, seller=OTHER, SalesChannel="two")),
    )
    watched = Watched(store)
    assert (await imported(watched, raw)).imported == 2
    assert watched.put_sizes == [2]
    assert (await channel(store, 1), await channel(store, 1, OTHER)) == ("one", "two")


async def test_lines_of_unknown_sellers_are_told_by_their_numbers(store: OrderStore) -> None:
    """Also though they are found out only as the batch is written, after lines that were bad at once."""
    raw = file_of(
        written(small_line(1, seller="NOBODY")),
        b"{",
        written(small_line(2)),
        written(small_line(3, seller="NOBODY")),
    )
    report = await imported(store, raw)
    assert (report.imported, report.failed) == (1, 3)
    assert [error.line for error in report.errors] == [1, 2, 4]
    assert report.errors[0] == LineError(line=1, reason="there is no seller 'NOBODY'")


def many(count: int) -> bytes:
    return file_of(*(written(small_line(number)) for number in range(count)))


async def test_orders_are_written_in_bounded_batches(store: OrderStore) -> None:
    watched = Watched(store)
    assert (await imported(watched, many(2_500))).imported == 2_500
    assert watched.put_sizes == [1_000, 1_000, 500]


async def test_report_holds_the_first_thousand_errors_and_counts_them_all(
    store: OrderStore,
) -> None:
    report = await imported(store, b"x\n" * 1_500 + written(small_line(1)))
    assert (report.imported, report.failed, len(report.errors)) == (1, 1_500, 1_000)
    assert [error.line for error in report.errors] == list(range(1, 1_001))


async def test_import_that_cannot_go_on_has_kept_whole_batches_and_can_be_repeated(
    store: OrderStore,
) -> None:
    with pytest.raises(Problem):
        await imported(Watched(store, room=1), many(2_500))
    assert [await channel(store, number) for number in (0, 999, 1_000)] == ["", "", None]
    assert (await imported(store, many(2_500))).imported == 2_500
    assert await channel(store, 2_499) == ""


@pytest.mark.parametrize("raw", [b"", b"\n", b"\n\n\r\n"])
async def test_empty_import_imports_nothing(store: OrderStore, raw: bytes) -> None:
    assert await imported(store, raw) == ImportReport(imported=0, failed=0, errors=[])
