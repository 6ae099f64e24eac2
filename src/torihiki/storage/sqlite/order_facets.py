"""The facets of a seller, as this process last saw them. They are only ever added, in the order of their numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from torihiki.orders.model import Facet, Selection
from torihiki.orders.rules import fulfils

REMEMBERED: Final = 256
"""Conditions on enumerations whose facets are remembered for each seller."""


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """The facets that fulfil one selection's conditions on enumerations.

    Args:
        marketplaces: The marketplace of each, by number.
        marketplace_ids: Every marketplace that one of them has.
        every: Whether the seller has no others.
        condition: What a statement asks of the column `facet` to have these and no others.
    """

    marketplaces: Mapping[int, str]
    marketplace_ids: frozenset[str]
    every: bool
    condition: str


class SellerFacets:
    """The facets of one seller.

    Args:
        seller_key: The short form of his id.
    """

    __slots__ = ("_facets", "_matching", "_state", "newest", "seller_key")

    def __init__(self, seller_key: int) -> None:
        self.seller_key: Final = seller_key
        self.newest: int | None = None
        self._state: int | None = None
        self._facets: dict[int, Facet] = {}
        self._matching: dict[object, Matching] = {}

    def look(self, reader: sqlite3.Connection, sql: Mapping[str, str]) -> None:
        """Takes over what is new. Inside a read transaction it holds for all that the transaction reads."""
        # Changes with every commit of another connection, and costs less than a look at the facets.
        (state,) = reader.execute("PRAGMA data_version").fetchone()
        if state == self._state:
            return
        (newest,) = reader.execute(sql["newest_facet"], (self.seller_key,)).fetchone()
        if newest != self.newest:
            rows = reader.execute(sql["facets"], (self.seller_key,)).fetchall()
            self._facets = {row[0]: facet_of(row[1:]) for row in rows}
            self._matching = {}
            self.newest = newest
        self._state = state

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
        found = {
            number: facet.marketplace_id
            for number, facet in self._facets.items()
            if fulfils(facet, selection)
        }
        others = self._facets.keys() - found.keys()
        word, numbers = ("IN", found.keys()) if len(found) <= len(others) else ("NOT IN", others)
        return Matching(
            marketplaces=found,
            marketplace_ids=frozenset(found.values()),
            every=not others,
            condition=f"facet {word} ({','.join(map(str, sorted(numbers)))})",
        )


def facet_of(row: Sequence[object]) -> Facet:
    """The facet with the enumerations of a row, in the order of the table."""
    marketplace_id, status, channel, payment, easy_ship, invoice, is_ispu = row
    return Facet(
        marketplace_id=str(marketplace_id),
        order_status=str(status),
        fulfillment_channel=str(channel),
        payment_method=str(payment),
        easy_ship_shipment_status=str(easy_ship),
        electronic_invoice_status=str(invoice),
        is_ispu=bool(is_ispu),
    )


def facet_number(
    connection: sqlite3.Connection, sql: Mapping[str, str], seller_key: int, facet: Facet
) -> int:
    """The number of a seller's facet, for a write; a new one is added."""
    values = (seller_key, *msgspec.structs.astuple(facet))
    row = connection.execute(sql["facet"], values).fetchone()
    if row is None:
        row = connection.execute(sql["add_facet"], values).fetchone()
    return int(row[0])
