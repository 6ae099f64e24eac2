"""What Amazon Pay keeps of a transaction, in whole minor units.

The percentage of a capture is rounded to the minor unit, a half of one up. A refund gives the percentage back in
proportion, such that refunds that add up to the whole capture give back the whole of it, and never more; the fixed fee
stays. Neither rule is documented by Amazon, and the rates are list prices: an operator hands in his own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from torihiki.payments.model import Region

_BASIS: Final = 10_000


class FeeRate(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture costs.

    Args:
        basis_points: Hundredths of a per cent of the amount.
        fixed: Minor units for each capture.
    """

    basis_points: int
    fixed: int = 0


Rates = Mapping[tuple[Region, str], FeeRate]
"""By the merchant's region and the charge's currency; the currency `*` is any other, without a fixed fee."""

ANY_CURRENCY: Final = "*"

DEFAULT_RATES: Final[Rates] = {
    (Region.NORTH_AMERICA, "USD"): FeeRate(basis_points=290, fixed=30),
    (Region.NORTH_AMERICA, ANY_CURRENCY): FeeRate(basis_points=390),
    (Region.EUROPE, "EUR"): FeeRate(basis_points=270, fixed=35),
    (Region.EUROPE, "GBP"): FeeRate(basis_points=270, fixed=30),
    (Region.EUROPE, ANY_CURRENCY): FeeRate(basis_points=370),
    (Region.JAPAN, "JPY"): FeeRate(basis_points=400),
    (Region.JAPAN, ANY_CURRENCY): FeeRate(basis_points=400),
}
"""The 2.9 % and 0.30 of North America are those of the file in contract 5.2; the others are list prices."""

_NOTHING: Final = FeeRate(basis_points=0)


def rate(rates: Rates, region: Region, currency: str) -> FeeRate:
    """What captures in that currency cost a merchant of that region; nothing, if the table does not say."""
    found = rates.get((region, currency))
    return found or rates.get((region, ANY_CURRENCY), _NOTHING)


def percentage_fee(amount: int, found: FeeRate) -> int:
    """The percentage of an amount in minor units that is not negative; half a unit counts as one."""
    return (2 * amount * found.basis_points + _BASIS) // (2 * _BASIS)


def fixed_fee(amount: int, found: FeeRate) -> int:
    """What a capture of that amount costs beside the percentage; one of nothing costs nothing."""
    return found.fixed if amount else 0


def given_back(fee: int, captured: int, refunded: int) -> int:
    """How much of a capture's percentage fee its refunds give back together.

    Args:
        fee: The percentage fee of the capture.
        captured: Its amount.
        refunded: What its refunds add up to; all three in minor units.
    """
    if captured <= 0:
        return 0
    # What is refunded beyond the capture gives nothing back, because no fee was taken of it.
    return fee * min(refunded, captured) // captured
