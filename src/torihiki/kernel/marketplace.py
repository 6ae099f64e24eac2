"""Marketplaces of the public list that rules speak of (contract 0)."""

from __future__ import annotations

from typing import Final

JAPAN: Final = "A1VC38T7YXB528"
AUSTRALIA: Final = "A39IBJ37TRP1C6"
SINGAPORE: Final = "A19VAU5U5O7RUS"
BRAZIL: Final = "A2Q3Y263D00KWC"

KEEPS_ORDERS_FROM_2016: Final = frozenset({JAPAN, AUSTRALIA, SINGAPORE})
"""Where orders older than two years stay visible, back to 2016 (O-1)."""
