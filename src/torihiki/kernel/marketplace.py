"""Marketplaces of the public list that rules speak of (contract 0)."""

from __future__ import annotations

from typing import Final

JAPAN: Final = "A1VC38T7YXB528"
AUSTRALIA: Final = "A39IBJ37TRP1C6"
SINGAPORE: Final = "A19VAU5U5O7RUS"
BRAZIL: Final = "A2Q3Y263D00KWC"

KEEPS_ORDERS_FROM_2016: Final = frozenset({JAPAN, AUSTRALIA, SINGAPORE})
"""Where orders older than two years stay visible, back to 2016 (O-1)."""

MARKETPLACES: Final = frozenset(
    {
        AUSTRALIA,
        BRAZIL,
        JAPAN,
        SINGAPORE,
        "A13V1IB3VIYZZH",
        "A17E79C6D8DWNP",
        "A1805IZSGTT6HS",
        "A1AM78C64UM0Y8",
        "A1C3SOZRARQ6R3",
        "A1F83G8C2ARO7P",
        "A1PA6795UKMFR9",
        "A1RKKUPIHCS9HS",
        "A21TJRUUN4KGV",
        "A28R8C7NBKEWEA",
        "A2EUQ1WTGCTBG2",
        "A2NODRKZP88ZB9",
        "A2VIGQ35RCS4UG",
        "A33AVAJ2PDY3EV",
        "AE08WJ6YKNBMC",
        "AMEN7PMS3EDWL",
        "APJ6JRA9NG5V4",
        "ARBP9OOSHTCHU",
        "ATVPDKIKX0DER",
    }
)
"""Those of the public list (contract 0)."""
