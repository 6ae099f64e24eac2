"""Where the demo's choices come from: a hash of the seed and a number, never a random generator.

A hash gives the same choices on every platform and Python version, and order 999,999 without the
999,999 before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import shake_128
from struct import Struct
from typing import TypeVar

T = TypeVar("T")

# Sixteen-bit words: how many a buyer, and the longest order, may take.
BUYER_WORDS = Struct("<20H")
ORDER_WORDS = Struct("<80H")

_ORDER_SPACE = 10**17
_ORDERS_PER_SEED = 10**8
_SEEDS = _ORDER_SPACE // _ORDERS_PER_SEED

_ITEM_SPACE = 10**14
ITEMS_PER_ORDER = 16
_ITEMS_PER_SEED = _ORDERS_PER_SEED * ITEMS_PER_ORDER
_ITEM_SEEDS = _ITEM_SPACE // _ITEMS_PER_SEED


class Draws:
    """A sequence of choices that is fixed by the seed, the topic and the number."""

    __slots__ = ("_next",)

    def __init__(self, seed: int, topic: str, number: int, words: Struct) -> None:
        digest = shake_128(f"{seed}/{topic}/{number}".encode()).digest(words.size)
        self._next: Callable[[], int] = iter(words.unpack(digest)).__next__

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1; a limit above 65,536 is hit in steps."""
        return self._next() * limit >> 16

    def chance(self, per_mille: int) -> bool:
        """True that many times in a thousand."""
        return self._next() * 1000 >> 16 < per_mille

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the others."""
        return choices[self._next() * len(choices) >> 16]


def order_id(seed: int, index: int) -> str:
    """The order's 3-7-7 id.

    One permutation of all 10^17 ids serves every seed, and a seed owns a block of 10^8 places in it: two
    orders of one seed never share an id, nor do orders of seeds that differ modulo 10^9.
    """
    x = (seed % _SEEDS * _ORDERS_PER_SEED + index + 31_415_926_535_897_932) % _ORDER_SPACE
    # Multiplying by a number that shares no factor with ten, and rotating the digits, lose nothing.
    x = x * 61_803_398_874_989_487 % _ORDER_SPACE
    x = x // 10**8 + x % 10**8 * 10**9
    x = x * 14_142_135_623_730_951 % _ORDER_SPACE
    x = x // 10**8 + x % 10**8 * 10**9
    digits = f"{x * 27_182_818_284_590_453 % _ORDER_SPACE:017d}"
    return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"


def item_id(seed: int, index: int, position: int) -> str:
    """The fourteen-digit id of an order's item, unique within a seed; position is below ITEMS_PER_ORDER."""
    place = seed % _ITEM_SEEDS * _ITEMS_PER_SEED + index * ITEMS_PER_ORDER + position
    x = (place + 16_180_339_887_498) % _ITEM_SPACE * 57_721_566_490_153 % _ITEM_SPACE
    x = x // 10**7 + x % 10**7 * 10**7
    x = x * 69_314_718_055_993 % _ITEM_SPACE
    x = x // 10**7 + x % 10**7 * 10**7
    return f"{x * 26_117_202_394_417 % _ITEM_SPACE:014d}"
