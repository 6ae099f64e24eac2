"""Exact amounts of money: whole minor units of a currency. No amount is ever a float."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import msgspec

MINOR_MAX: Final = 10**18 - 1
"""The largest amount either way, in minor units: what a signed 64-bit integer of a database holds with room to add."""

_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"),
        0,
    ),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Currencies whose minor unit is not a hundredth (ISO 4217)."""

_PLACES: Final = 18
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_AMOUNT: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,20}))?")


class NotMoney(ValueError):
    """The text is no amount of the currency; the message says why."""


def minor_digits(currency: str) -> int:
    """How many digits an amount of the currency has behind the point: 2 unless ISO 4217 says otherwise."""
    return _DIGITS.get(currency, 2)


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount in minor units (cents; whole yen) of a currency by its ISO 4217 code. `parse` checks, this does not."""

    minor: int
    currency: str

    @property
    def text(self) -> str:
        """The amount as Amazon writes it, with all the digits of the currency: `10.00`, `-0.29`, `1200` yen."""
        digits = minor_digits(self.currency)
        if not digits:
            return str(self.minor)
        sign = "-" if self.minor < 0 else ""
        whole, rest = divmod(abs(self.minor), 10**digits)
        return f"{sign}{whole}.{rest:0{digits}}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise NotMoney(f"{self.currency} and {other.currency} do not add up")
        return other.minor


def parse(amount: str | int | Decimal, currency: str) -> Money:
    """The amount that somebody wrote: `14`, `14.5`, `-0.29`; no exponent, no sign but `-`, no spaces or separators.

    Raises:
        NotMoney: It is something else, has more digits behind the point than the currency (zeros count, because Amazon
            takes no `100.00` yen), is larger than `MINOR_MAX`, or the currency is no three capital letters.
    """
    if not _CURRENCY.fullmatch(currency):
        raise NotMoney("a currency is three capital letters")
    match = _AMOUNT.fullmatch(_plain(amount))
    if match is None:
        raise NotMoney("an amount is digits with at most one point, such as 14.00")
    sign, whole, fraction = match.groups(default="")
    digits = minor_digits(currency)
    if len(fraction) > digits:
        raise NotMoney(f"{currency} has {digits} digits behind the point")
    minor = int(whole + fraction.ljust(digits, "0"))
    if minor > MINOR_MAX:
        raise NotMoney("the amount is too large")
    return Money(-minor if sign else minor, currency)


def _plain(amount: str | int | Decimal) -> str:
    """The digits, or nothing where writing them out would take long: an exponent of a million is a million digits."""
    if isinstance(amount, Decimal):
        small = amount.is_finite() and -_PLACES < amount.adjusted() < _PLACES
        return format(amount, "f") if small else ""
    if isinstance(amount, int) and abs(amount) > MINOR_MAX:
        return ""
    return str(amount)
