"""How a page of orders is found: in one statement, by the cheapest of four ways, reading little more than the page itself.

1. No condition but the dates: one index, straight to the documents.
2. Ids, an address, or a narrow delivery window: the few orders that have them, sorted.
3. Otherwise walk the orders of the seller, of his supply source or of his store in the wanted order, looking at index
   entries only, as long as that pays;
4. and where matches turn out rare, merge the exact index ranges of the facets that match.

Only conditions on delivery dates, and on source and store together, have no index: their candidates are looked up a
chunk at a time, a statement each, so that no statement is long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from torihiki.kernel.instant import Instant, micros
from torihiki.orders.model import Cursor, DateField, DeliveryWindow, Selection
from torihiki.storage.order_keys import EmailKeys, order_number
from torihiki.storage.order_sealing import Column
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.named import Statement
from torihiki.storage.postgres.order_facets import Matching, SellerFacets
from torihiki.storage.statements import load

LAST_KEY: Final = 1 << 62
"""Above every order key: a range that starts there starts behind all orders of its microsecond."""

WINDOW_MAX: Final = 1_000
"""Orders in a delivery window from which candidates are tested one by one instead of all being sorted."""
STEPS_PER_RESULT: Final = 4
STEPS_PER_FACET: Final = 16
"""How far a walk goes before ranges are merged instead: about as long as merging them takes."""
SAMPLED_FROM: Final = 2_000
"""Index entries that a merge may read without sampling the ranges first."""
SAMPLE_SHARE: Final = 3
"""How many times as long as the result all samples are together."""
CHUNK_GROWTH: Final = 4
CHUNK_MOST: Final = 6_400
"""Candidates looked up at a time where a condition has no index; they grow from the length of the page."""

Row = asyncpg.Record
Found = tuple[Sequence[Row], Cursor | None]
"""The rows of a page, ending with document, order number and sealed column, and where to go on."""
_PARTS: Final = load(__package__, "order_pages.sql")


def _compose(column: str, people: str) -> dict[str, Statement]:
    """Every statement for one date and one column that completes documents, by the way that it goes."""
    holds = _PARTS["holds"]

    def statement(*parts: str, place: str = "", has: str = "") -> Statement:
        text = " ".join(_PARTS[part] for part in parts)
        filled = text.replace("{at}", column).replace("{place}", place).replace("{people}", people)
        return Statement(filled.replace("{has}", has).replace("{holds}", holds))

    found: dict[str, Statement] = {"direct": statement("direct")}
    for way in ("number", "address", "own_id", "latest", "earliest"):
        found[way] = statement("few", has=_PARTS[f"has_{way}"])
    for way, place in (
        ("seller", ""),
        ("source", "AND supply_source_id = :source"),
        ("store", "AND store_chain_store_id = :store"),
    ):
        for end in ("documents", "sieve"):
            found[f"{way}_{end}"] = statement("near", "far", end, place=place)
    return found


_STATEMENTS: Final = {
    (field, column): _compose(date, column.value.decode())
    for field, date in ((DateField.CREATED, "created_us"), (DateField.LAST_UPDATED, "updated_us"))
    for column in (Column.ENDING, Column.PERSONAL)
}


_COUNTS: Final = {end: Statement(_PARTS[f"count_{end}"]) for end in ("latest", "earliest")}


class Outdated(Exception):
    """The seller has facets that this process has not seen."""


class PageSearch:
    """One search for one page; made for a request and thrown away.

    Args:
        matching: The facets that match; at least one.
        visible_from: By marketplace, the creation date from which orders are visible.
        column: The sealed column that comes with the documents.
    """

    def __init__(
        self,
        database: Database,
        *,
        seller: SellerFacets,
        matching: Matching,
        selection: Selection,
        visible_from: Mapping[str, Instant],
        email_key: int | None,
        column: Column,
    ) -> None:
        self._database = database
        self._newest = seller.newest
        self._matching = matching
        self._selection = selection
        self._statements = _STATEMENTS[selection.by, column]
        by_marketplace = {name: micros(instant) for name, instant in visible_from.items()}
        self._floors = [by_marketplace[name] for name in matching.marketplace_ids]
        self._parameters: dict[str, Any] = {
            "seller": seller.seller_key,
            "until": micros(selection.until),
            "facets": matching.numbers,
            "floors": self._floors,
            "last_key": LAST_KEY,
            "source": selection.supply_source_id or None,
            "store": selection.store_chain_store_id or None,
            "email_key": email_key,
        }

    async def page(self, after: Cursor | None, limit: int) -> Found:
        """The page behind `after`.

        Raises:
            Outdated: Another process has added facets; the page may lack orders.
        """
        lowest = min(self._floors)
        start = (max(micros(self._selection.since), lowest) - 1, LAST_KEY)
        if after is not None:
            start = max(start, (after.at_us, after.order_key))
        self._start(start)
        self._parameters["page"] = limit + 1
        selection = self._selection
        if selection.order_ids or selection.buyer_email or selection.seller_order_id:
            return self._page(await self._few(), limit)
        narrow = await self._narrow_window()
        if narrow is not None:
            self._conditions()
            return self._page(await self._rows(narrow), limit)
        source, store = self._parameters["source"], self._parameters["store"]
        way = "source" if source is not None else "store" if store is not None else "seller"
        if selection.delivery is not None or (source is not None and store is not None):
            return self._page(await self._sieve(f"{way}_sieve", limit + 1), limit)
        self._plan(limit + 1)
        if way == "seller" and self._matching.all and lowest == self._parameters["floor"]:
            way = "direct"
        rows = await self._rows("direct" if way == "direct" else f"{way}_documents")
        return self._page(rows, limit)

    async def _narrow_window(self) -> str | None:
        """The end of a delivery window that holds so few orders that all of them can be sorted, if there is one."""
        delivery = self._selection.delivery
        if delivery is None:
            return None
        for end, lower, upper in (
            ("latest", delivery.latest_from, delivery.latest_to),
            ("earliest", delivery.earliest_from, delivery.earliest_to),
        ):
            if lower is None and upper is None:
                continue
            self._parameters.update(
                window_from=-LAST_KEY if lower is None else micros(lower),
                window_to=LAST_KEY if upper is None else micros(upper),
                most=WINDOW_MAX,
            )
            rows = await self._database.rows(_COUNTS[end], self._parameters)
            if rows[0]["found"] < WINDOW_MAX:
                return end
        return None

    def _start(self, start: tuple[int, int]) -> None:
        self._parameters["after_at"], self._parameters["after_key"] = start

    def _plan(self, wanted: int) -> None:
        """Sets what only merging and walking need."""
        ranges = len(self._floors)
        sample = wanted
        if ranges * wanted > SAMPLED_FROM:
            sample = SAMPLE_SHARE * wanted // ranges + 2
        self._parameters.update(
            wanted=wanted,
            floor=max(self._floors),
            mask=self._matching.mask,
            mask_bits=len(self._matching.mask) * 8,
            steps=STEPS_PER_RESULT * wanted + STEPS_PER_FACET * ranges,
            sample=min(sample, wanted),
        )

    async def _rows(self, name: str) -> list[Row]:
        rows = await self._database.rows(self._statements[name], self._parameters)
        if rows[0]["newest"] != self._newest:
            raise Outdated
        return rows

    def _page(self, rows: Sequence[Row], limit: int) -> Found:
        rows = [row for row in rows[: limit + 1] if row["order_key"] is not None]
        after = None
        if len(rows) > limit:
            rows.pop()
            after = Cursor(at_us=rows[-1]["at"], order_key=rows[-1]["order_key"])
        return rows, after

    async def _few(self) -> list[Row]:
        selection = self._selection
        self._conditions()
        if selection.order_ids:
            return await self._rows("number")
        return await self._rows("address" if selection.buyer_email else "own_id")

    async def _sieve(self, way: str, wanted: int) -> list[Row]:
        self._conditions()
        found: dict[int, Row] = {}
        chunk = CHUNK_GROWTH * wanted
        while True:
            self._plan(chunk)
            rows = await self._rows(way)
            for row in rows:
                # What was changed between two chunks may turn up in both.
                if row["order_key"] is not None:
                    found.setdefault(row["order_key"], row)
            if len(found) >= wanted or rows[0]["searched"] < chunk:
                return list(found.values())
            self._start((rows[0]["last_at"], rows[0]["last_key"]))
            chunk = min(CHUNK_GROWTH * chunk, CHUNK_MOST)

    def _conditions(self) -> None:
        """Sets what `holds` in the statements asks for."""
        selection = self._selection
        own_id = selection.seller_order_id or None
        window = selection.delivery or DeliveryWindow()
        self._parameters.update(
            numbers=_numbers(selection.order_ids) if selection.order_ids else None,
            own_id=own_id,
            own_number=None if own_id is None else order_number(own_id),
            earliest_from=_micros(window.earliest_from),
            earliest_to=_micros(window.earliest_to),
            latest_from=_micros(window.latest_from),
            latest_to=_micros(window.latest_to),
        )


def email_key(emails: EmailKeys, seller_id: str, selection: Selection) -> int | None:
    """The key of the address that is asked for, if one is."""
    return emails.key(seller_id, selection.buyer_email) if selection.buyer_email else None


def _numbers(order_ids: Sequence[str]) -> list[int]:
    numbers = {order_number(order_id) for order_id in order_ids}
    return [number for number in numbers if number is not None]


def _micros(instant: Instant | None) -> int | None:
    return None if instant is None else micros(instant)
