"""The facets of sellers, as this process last saw them. They are only ever added, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from torihiki.orders.model import Facet, Selection
from torihiki.orders.rules import fulfils
from torihiki.storage.postgres.named import Statement, plain
from torihiki.storage.postgres.pool import Connection

REMEMBERED: Final = 256
"""Conditions on enumerations whose facets are remembered for each seller."""


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """The facets that fulfil one selection's conditions on enumerations.

    Args:
        numbers: Their numbers.
        marketplace_ids: The marketplace of each.
        mask: The same numbers as bits, the lowest bit of a byte first.
        all: Whether the seller has no others.
    """

    numbers: tuple[int, ...]
    marketplace_ids: tuple[str, ...]
    mask: bytes
    all: bool


class SellerFacets:
    """The facets of one seller.

    Args:
        seller_key: The short form of his id.
    """

    __slots__ = ("_matching", "facets", "newest", "numbers", "seller_key")

    def __init__(self, seller_key: int) -> None:
        self.seller_key: Final = seller_key
        self.newest: int | None = None
        self.numbers: Mapping[Facet, int] = {}
        self.facets: Mapping[int, Facet] = {}
        self._matching: dict[object, Matching] = {}

    def see(self, rows: Iterable[asyncpg.Record]) -> None:
        """Takes over all facets that the database has."""
        self.numbers = {facet_of(row): row["facet"] for row in rows}
        self.facets = {number: facet for facet, number in self.numbers.items()}
        self.newest = max(self.facets, default=None)
        self._matching = {}

    def matching(self, selection: Selection) -> Matching:
        """The facets whose orders may be selected."""
        conditions = (
            selection.marketplace_ids,
            selection.order_statuses,
            selection.fulfillment_channels,
            selection.payment_methods,
            selection.easy_ship_shipment_statuses,
            selection.electronic_invoice_statuses,
            selection.is_ispu,
        )
        known = self._matching.get(conditions)
        if known is None:
            if len(self._matching) >= REMEMBERED:
                self._matching.clear()
            known = self._matching[conditions] = self._match(selection)
        return known

    def _match(self, selection: Selection) -> Matching:
        found = [
            (number, facet.marketplace_id)
            for facet, number in self.numbers.items()
            if fulfils(facet, selection)
        ]
        mask = bytearray((self.newest or 0) // 8 + 1)
        for number, _ in found:
            mask[number // 8] |= 1 << number % 8
        return Matching(
            numbers=tuple(number for number, _ in found),
            marketplace_ids=tuple(marketplace_id for _, marketplace_id in found),
            mask=bytes(mask),
            all=len(found) == len(self.numbers),
        )


def facet_of(row: asyncpg.Record) -> Facet:
    """The facet of a row of the table."""
    return Facet(
        marketplace_id=row["marketplace_id"],
        order_status=row["order_status"],
        fulfillment_channel=row["fulfillment_channel"],
        payment_method=row["payment_method"],
        easy_ship_shipment_status=row["easy_ship_shipment_status"],
        electronic_invoice_status=row["electronic_invoice_status"],
        is_ispu=row["is_ispu"],
    )


def plain_facet(facet: Facet) -> Facet:
    """The facet as the table can keep it."""
    if "\0" not in facet.marketplace_id:
        return facet
    return msgspec.structs.replace(facet, marketplace_id=plain(facet.marketplace_id))


async def add_facets(
    connection: Connection, sql: Mapping[str, Statement], wanted: Mapping[int, Sequence[Facet]]
) -> dict[tuple[int, Facet], int]:
    """The numbers of facets, given by seller key; adds those that are new. Locks the sellers, so orders come later."""
    if not wanted:
        return {}
    await sql["lock_sellers"].on(connection, sellers=sorted(wanted))
    numbers: dict[tuple[int, Facet], int] = {}
    added: list[tuple[Any, ...]] = []
    for seller_key, facets in wanted.items():
        rows = await sql["facets"].on(connection, seller=seller_key)
        there = {facet_of(row): row["facet"] for row in rows}
        newest = max(there.values(), default=0)
        for facet in facets:
            if facet not in there:
                newest += 1
                there[facet] = newest
                added.append((seller_key, newest, *msgspec.structs.astuple(facet)))
            numbers[seller_key, facet] = there[facet]
    if added:
        await connection.executemany(sql["add_facet"].text, added)
    return numbers
