"""How a page of orders is found: by the cheapest of four ways, each of which reads little more than the page itself.

1. No condition but the dates: one index, straight to the documents.
2. Ids or an address: the few orders that have them, sorted.
3. Otherwise *walk* the seller's orders in the wanted order, looking at index entries only, as long as that pays;
4. and where matches turn out rare, *merge* the exact index ranges of the facets that match. A facet is one combination
   of all filtered enumerations, so any combination of filters is a handful of such ranges, however rare its orders.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from torihiki.kernel.instant import Instant, micros
from torihiki.orders.model import Cursor, DateField, DeliveryWindow, Page, Selection
from torihiki.storage.order_keys import EmailKeys, order_number

Key = tuple[int, int]
"""A date in microseconds and an order key: the order of a page."""

WALK_PER_RESULT: Final = 4
"""Index entries that a walk may look at for each order wanted, before ranges are merged instead."""
CHUNK: Final = 400
"""Candidates looked up at a time where a condition has no index."""

LAST_KEY: Final = 1 << 62
"""Above every order key: a range that starts there starts behind all orders of its microsecond."""


class PageSearch:
    """One search for one page; made for a request and thrown away.

    Args:
        connection: In autocommit mode; used on the event loop's thread only.
        floors: The facets that match, each with the creation date from which its orders are visible.
        every_facet: Whether `floors` holds all facets of the seller.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        sql: Mapping[str, str],
        *,
        seller_id: str,
        seller_key: int,
        selection: Selection,
        floors: Mapping[int, int],
        every_facet: bool,
        emails: EmailKeys,
    ) -> None:
        self._connection = connection
        self._sql = sql
        self._seller_key = seller_key
        self._selection = selection
        self._floors = floors
        self._every_facet = every_facet
        self._by_created = selection.by is DateField.CREATED
        self._suffix = "created" if self._by_created else "updated"
        self._since = micros(selection.since)
        self._until = micros(selection.until)
        self._has_few = bool(
            selection.order_ids or selection.buyer_email or selection.seller_order_id
        )
        email = selection.buyer_email
        self._email_key = None if email is None else emails.key(seller_id, email)

    async def page(self, after: Cursor | None, limit: int) -> Page:
        """The page behind `after`."""
        floor = min(self._floors.values())
        start = (max(self._since, floor) - 1, LAST_KEY)
        if after is not None:
            start = max(start, (after.at_us, after.order_key))
        selection = self._selection
        both_places = selection.supply_source_id and selection.store_chain_store_id
        if (selection.delivery or both_places) and not self._has_few:
            return self._with_documents(await self._sieve(start, limit + 1), limit)
        # One read transaction, so that every step sees one state; nothing below gives way to another request.
        self._connection.execute("BEGIN")
        try:
            return self._page(start, limit, floor)
        finally:
            self._connection.execute("COMMIT")

    def _page(self, start: Key, limit: int, floor: int) -> Page:
        selection = self._selection
        if self._has_few:
            return self._with_documents(self._gather(start, limit + 1), limit)
        if selection.supply_source_id or selection.store_chain_store_id:
            return self._with_documents(self._merge(start, limit + 1), limit)
        if self._every_facet and len(set(self._floors.values())) == 1:
            return self._direct(start, limit, floor)
        return self._with_documents(self._walk_then_merge(start, limit + 1), limit)

    def _direct(self, start: Key, limit: int, floor: int) -> Page:
        parameters = [self._seller_key, *start, self._until, limit + 1]
        if not self._by_created:
            parameters.append(floor)
        rows = self._connection.execute(self._sql[f"page_{self._suffix}"], parameters).fetchall()
        after = None
        if len(rows) > limit:
            rows.pop()
            after = Cursor(at_us=rows[-1][0], order_key=rows[-1][1])
        return Page(documents=[row[2] for row in rows], after=after)

    def _with_documents(self, keys: Sequence[Key], limit: int) -> Page:
        """The documents of up to `limit` keys; one key more says that there is another page."""
        after = None
        if len(keys) > limit:
            keys = keys[:limit]
            after = Cursor(at_us=keys[-1][0], order_key=keys[-1][1])
        wanted = json.dumps([key for _, key in keys])
        documents = dict(self._connection.execute(self._sql["documents"], (wanted,)))
        return Page(documents=[documents[key] for _, key in keys], after=after)

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
        name, extra = f"range_{self._suffix}", tuple[str, ...]()
        if self._selection.supply_source_id:
            name, extra = f"source_{self._suffix}", (self._selection.supply_source_id,)
        elif self._selection.store_chain_store_id:
            name, extra = f"store_{self._suffix}", (self._selection.store_chain_store_id,)
        statement = self._sql[name]
        best: list[Key] = []
        until = self._until
        for facet, floor in self._floors.items():
            lower = max(start, (floor - 1, LAST_KEY)) if self._by_created else start
            rows = self._connection.execute(
                statement, (facet, *lower, until, floor, wanted, *extra)
            ).fetchall()
            if rows:
                best = sorted(best + rows)[:wanted] if best else rows
                if len(best) == wanted:
                    until = best[-1][0]
        return best

    def _gather(self, start: Key, wanted: int) -> list[Key]:
        """Every order with the ids or the address, sorted; there are never many of them."""
        selection = self._selection
        if selection.order_ids is not None:
            rows = [
                row
                for order_id in selection.order_ids
                if (number := order_number(order_id)) is not None
                for row in self._rows("by_number", number)
            ]
        elif selection.buyer_email is not None:
            rows = self._rows("by_email", self._email_key)
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
        found: list[Key] = []
        while len(found) < wanted:
            selective = self._selection.supply_source_id or self._selection.store_chain_store_id
            candidates = (
                self._merge(start, CHUNK) if selective else self._walk_then_merge(start, CHUNK)
            )
            if not candidates:
                break
            rows = self._connection.execute(
                self._sql["by_key"], (json.dumps([key for _, key in candidates]),)
            ).fetchall()
            found += sorted(self._fulfilling(rows))
            start = candidates[-1]
            await asyncio.sleep(0)
        return found[:wanted]

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


def _delivers_within(window: DeliveryWindow, earliest: int | None, latest: int | None) -> bool:
    return _between(window.earliest_from, earliest, window.earliest_to) and _between(
        window.latest_from, latest, window.latest_to
    )


def _between(lower: Instant | None, value: int | None, upper: Instant | None) -> bool:
    if lower is None and upper is None:
        return True
    return (
        value is not None
        and (lower is None or micros(lower) <= value)
        and (upper is None or value <= micros(upper))
    )
