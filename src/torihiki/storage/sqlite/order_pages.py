"""How a page of orders is found: by the cheapest of four ways, each of which reads little more than the page itself.

1. No condition but the dates: one index, straight to the documents.
2. Ids, an address, or a narrow delivery window: the few orders that have them, sorted.
3. Otherwise *walk* the seller's orders in the wanted order, looking at index entries only, as long as that pays;
4. and where matches turn out rare, *merge* the exact index ranges of the facets that match. A facet is one combination
   of all filtered enumerations, so any combination of filters is a handful of such ranges, however rare its orders.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from torihiki.kernel.instant import Instant, micros
from torihiki.orders.model import Cursor, DateField, DeliveryWindow, Selection
from torihiki.storage.order_keys import order_number
from torihiki.storage.sqlite.order_facets import Matching

Key = tuple[int, int]
"""A date in microseconds and an order key: the order of a page."""
Row = tuple[int, int, bytes, int, bytes]
"""The same with the document, the order's number, and the sealed column that was asked for."""
Found = tuple[Sequence[Row], Cursor | None]
"""The rows of a page, and where to go on."""

WALK_PER_RESULT: Final = 6
"""Index entries that a walk may look at for each order wanted, before ranges are merged instead."""
WALK_PER_FACET: Final = 16
"""And for each range that there would be to merge: about as long as merging them takes."""
WINDOW_MAX: Final = 1_000
"""Orders in a delivery window from which candidates are tested one by one instead of all being sorted."""
CHUNK: Final = 400
"""Candidates looked up at a time where a condition has no index."""

LAST_KEY: Final = 1 << 62
"""Above every order key: a range that starts there starts behind all orders of its microsecond."""


class Outdated(Exception):
    """The seller has got facets that the search does not know."""


class PageSearch:
    """One search for one page; made for a request and thrown away.

    Args:
        connection: In autocommit mode; used on the event loop's thread only.
        newest: The seller's newest facet, as of the state that `matching` was made from.
        matching: The facets that match; at least one.
        visible_from: By marketplace, the creation date from which orders are visible.
        email_key: The key of the address that is asked for, if one is.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        sql: Mapping[str, str],
        *,
        seller_key: int,
        selection: Selection,
        newest: int | None,
        matching: Matching,
        visible_from: Mapping[str, Instant],
        email_key: int | None,
    ) -> None:
        self._connection = connection
        self._sql = sql
        self._seller_key = seller_key
        self._selection = selection
        self._newest = newest
        self._matching = matching
        self._visible = {name: micros(visible_from[name]) for name in matching.marketplace_ids}
        self._by_created = selection.by is DateField.CREATED
        self._suffix = "created" if self._by_created else "updated"
        self._since = micros(selection.since)
        self._until = micros(selection.until)
        self._end = (self._until, LAST_KEY)
        self._email_key = email_key
        self._window = self._narrow_window()
        self._has_few = bool(
            selection.order_ids
            or selection.buyer_email
            or selection.seller_order_id
            or self._window
        )

    @property
    def is_long(self) -> bool:
        """Whether a condition has no index, so that the page takes many reads."""
        selection = self._selection
        both_places = selection.supply_source_id and selection.store_chain_store_id
        return bool((selection.delivery or both_places) and not self._has_few)

    def page(self, after: Cursor | None, limit: int) -> Found:
        """The page behind `after`; for a search that is not long, inside the caller's read transaction."""
        return self._page(self._start(after), limit)

    async def long_page(self, after: Cursor | None, limit: int) -> Found:
        """The page behind `after`, giving way to other requests between its reads.

        Raises:
            Outdated: Orders of a new facet may have been passed over.
        """
        return _cut(self._documented(await self._sieve(self._start(after), limit + 1)), limit)

    def _narrow_window(self) -> tuple[str, int, int] | None:
        """The delivery window (its statement and bounds) if it holds so few orders that all of them can be sorted."""
        delivery = self._selection.delivery
        if delivery is None:
            return None
        for name, lower, upper in (
            ("latest", delivery.latest_from, delivery.latest_to),
            ("earliest", delivery.earliest_from, delivery.earliest_to),
        ):
            if lower is None and upper is None:
                continue
            bounds = (
                -LAST_KEY if lower is None else micros(lower),
                LAST_KEY if upper is None else micros(upper),
            )
            (count,) = self._connection.execute(
                self._sql[f"count_{name}"], (self._seller_key, *bounds, WINDOW_MAX)
            ).fetchone()
            if count < WINDOW_MAX:
                return f"by_{name}", *bounds
        return None

    def _start(self, after: Cursor | None) -> Key:
        start = (max(self._since, min(self._visible.values())) - 1, LAST_KEY)
        return start if after is None else max(start, (after.at_us, after.order_key))

    @cached_property
    def _floors(self) -> dict[int, int]:
        """The creation date from which the orders of each facet are visible."""
        return {facet: self._visible[name] for facet, name in self._matching.marketplaces.items()}

    def _page(self, start: Key, limit: int) -> Found:
        selection = self._selection
        if self._has_few:
            return _cut(self._documented(self._gather(start, limit + 1)), limit)
        if selection.supply_source_id or selection.store_chain_store_id:
            return _cut(self._documented(self._merge(start, limit + 1)), limit)
        lowest, highest = min(self._visible.values()), max(self._visible.values())
        if lowest == highest or (self._by_created and start >= (highest - 1, LAST_KEY)):
            return self._direct(start, limit, highest)
        return _cut(self._documented(self._walk_then_merge(start, limit + 1)), limit)

    def _direct(self, start: Key, limit: int, floor: int) -> Found:
        """Straight from the index to the documents, where one creation date is the floor of all facets."""
        wanted = limit + 1
        if self._matching.every:
            return _cut(self._between(start, self._end, wanted, floor), limit)
        rows: list[Row] = []
        near = wanted * WALK_PER_RESULT
        far = len(self._matching.marketplaces) * WALK_PER_FACET
        for steps in (near, far):
            edge = self._edge(start, steps)
            rows += self._between(start, edge or self._end, wanted - len(rows), floor)
            if edge is None or len(rows) == wanted:
                return _cut(rows, limit)
            start = edge
            if len(rows) * far < (wanted - len(rows)) * near:
                # The rest is not to be expected on the longer walk.
                break
        return _cut(rows + self._documented(self._merge(start, wanted - len(rows))), limit)

    def _between(self, start: Key, end: Key, wanted: int, floor: int) -> list[Row]:
        condition = "" if self._matching.every else f"AND {self._matching.condition}"
        # The condition is made of numbers from the database.
        statement = self._sql[f"page_{self._suffix}"].replace("/*facets*/", condition)
        return self._connection.execute(
            statement, (self._seller_key, *start, *end, wanted, floor)
        ).fetchall()

    def _edge(self, start: Key, steps: int) -> Key | None:
        """The order that lies so many steps behind the start; None: there are not that many."""
        row: Key | None = self._connection.execute(
            self._sql[f"edge_{self._suffix}"],
            (self._seller_key, *start, self._until, steps - 1),
        ).fetchone()
        return row

    def _documented(self, keys: Sequence[Key]) -> list[Row]:
        wanted = json.dumps([key for _, key in keys])
        rows = self._connection.execute(self._sql["documents"], (wanted,))
        documents = {key: rest for key, *rest in rows}
        return [(at, key, *documents[key]) for at, key in keys]

    def _walk_then_merge(self, start: Key, wanted: int) -> list[Key]:
        found: list[Key] = []
        last = start
        floors = self._floors
        at_most = wanted * WALK_PER_RESULT
        rows = self._connection.execute(
            self._sql[f"walk_{self._suffix}"], (self._seller_key, *start, self._until)
        )
        for seen, (at, key, facet, created) in enumerate(rows):
            if seen >= at_most:
                rows.close()
                return found + self._merge(last, wanted - len(found))
            last = (at, key)
            floor = floors.get(facet)
            if floor is not None and created >= floor:
                found.append(last)
                if len(found) == wanted:
                    break
        rows.close()
        return found

    def _merge(self, start: Key, wanted: int) -> list[Key]:
        """The first `wanted` keys of all matching facets' ranges.

        Each range is read only up to the last key that could still count, so that all together are little longer
        than the result.
        """
        kind, extra = "range", tuple[str, ...]()
        if self._selection.supply_source_id:
            kind, extra = "source", (self._selection.supply_source_id,)
        elif self._selection.store_chain_store_id:
            kind, extra = "store", (self._selection.store_chain_store_id,)
        statement = self._sql[f"{kind}_{self._suffix}"]
        best: list[Key] = []
        until = self._until
        for head, facet in self._heads(f"{kind}_head_{self._suffix}", start, extra):
            if head > until:
                break
            floor = self._floors[facet]
            lower = max(start, (floor - 1, LAST_KEY)) if self._by_created else start
            rows = self._connection.execute(
                statement, (facet, *lower, until, floor, wanted, *extra)
            ).fetchall()
            if rows:
                best = sorted(best + rows)[:wanted] if best else rows
                if len(best) == wanted:
                    until = best[-1][0]
        return best

    def _heads(self, name: str, start: Key, extra: tuple[str, ...]) -> list[tuple[int, int]]:
        """Where the range of each facet begins that has anything at all, the earliest first."""
        heads = self._connection.execute(
            # The condition is made of numbers from the database.
            self._sql[name].replace("/*facets*/", f"AND {self._matching.condition}"),
            (self._seller_key, *start, self._until, *extra),
        ).fetchall()
        return sorted((head, facet) for facet, head in heads if head is not None)

    def _gather(self, start: Key, wanted: int) -> list[Key]:
        """Every order with the ids or the address, sorted; there are never many of them."""
        selection = self._selection
        if selection.order_ids is not None:
            rows = [
                row
                for number in {order_number(order_id) for order_id in selection.order_ids}
                for row in self._rows("by_number", number)
            ]
        elif selection.buyer_email is not None:
            rows = self._rows("by_email", self._email_key)
        elif selection.seller_order_id is None and self._window is not None:
            statement, *bounds = self._window
            rows = self._connection.execute(
                self._sql[statement], (self._seller_key, *bounds)
            ).fetchall()
        else:
            own_id = selection.seller_order_id or ""
            # Where the seller gave no id of his own, his id is Amazon's, and only that is kept.
            rows = self._rows("by_seller_order", own_id) + self._rows(
                "by_number", order_number(own_id)
            )
        keys = self._fulfilling(rows)
        return sorted(key for key in keys if start < key and key[0] <= self._until)[:wanted]

    def _rows(self, statement: str, value: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(self._sql[statement], (self._seller_key, value)).fetchall()

    async def _sieve(self, start: Key, wanted: int) -> list[Key]:
        """Candidates in order, looked up a chunk at a time, for conditions without an index of their own."""
        found: dict[int, Key] = {}
        while len(found) < wanted:
            # One state for each chunk: an order that moves meanwhile is taken where it stood.
            self._connection.execute("BEGIN")
            try:
                candidates, passed = self._chunk(start)
            finally:
                self._connection.execute("COMMIT")
            if not candidates:
                break
            for key in passed:
                # What moved on between two chunks turns up in both.
                found.setdefault(key[1], key)
            start = candidates[-1]
            await asyncio.sleep(0)
        return list(found.values())[:wanted]

    def _chunk(self, start: Key) -> tuple[list[Key], list[Key]]:
        """The next candidates, and those of them that fulfil every condition.

        Raises:
            Outdated: There may be more candidates than these.
        """
        newest = self._connection.execute(self._sql["newest_facet"], (self._seller_key,)).fetchone()
        if newest[0] != self._newest:
            raise Outdated
        selective = self._selection.supply_source_id or self._selection.store_chain_store_id
        candidates = self._merge(start, CHUNK) if selective else self._walk_then_merge(start, CHUNK)
        rows = self._connection.execute(
            self._sql["by_key"], (json.dumps([key for _, key in candidates]),)
        ).fetchall()
        return candidates, sorted(self._fulfilling(rows))

    def _fulfilling(self, rows: Iterable[tuple[Any, ...]]) -> list[Key]:
        """The keys of the rows (in the column order of `by_key`) that fulfil every condition but the date range."""
        selection = self._selection
        numbers = None
        if selection.order_ids is not None:
            numbers = {order_number(order_id) for order_id in selection.order_ids}
        keys: list[Key] = []
        for (
            key,
            facet,
            created,
            updated,
            number,
            source,
            store,
            email,
            own_id,
            earliest,
            latest,
        ) in rows:
            floor = self._floors.get(facet)
            if (
                floor is not None
                and created >= floor
                and (numbers is None or number in numbers)
                and selection.supply_source_id in {None, source}
                and selection.store_chain_store_id in {None, store}
                and self._email_key in {None, email}
                and (selection.seller_order_id is None or self._has_own_id(own_id, number))
                and (
                    selection.delivery is None
                    or _delivers_within(selection.delivery, earliest, latest)
                )
            ):
                keys.append((created if self._by_created else updated, key))
        return keys

    def _has_own_id(self, own_id: object, number: int) -> bool:
        wanted = self._selection.seller_order_id or ""
        return own_id == wanted if own_id is not None else number == order_number(wanted)


def _cut(rows: Sequence[Row], limit: int) -> Found:
    """A page of up to `limit` rows; one row more says that there is another page."""
    after = None
    if len(rows) > limit:
        rows = rows[:limit]
        after = Cursor(at_us=rows[-1][0], order_key=rows[-1][1])
    return rows, after


def _delivers_within(window: DeliveryWindow, earliest: int | None, latest: int | None) -> bool:
    return _within(window.earliest_from, earliest, window.earliest_to) and _within(
        window.latest_from, latest, window.latest_to
    )


def _within(lower: Instant | None, value: int | None, upper: Instant | None) -> bool:
    if lower is None and upper is None:
        return True
    return (
        value is not None
        and (lower is None or micros(lower) <= value)
        and (upper is None or value <= micros(upper))
    )
