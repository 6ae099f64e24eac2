"""Request ids: random UUIDs (version 4), cut from a block of random bytes because one is needed for every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

_BLOCK: Final = 256


def request_ids(random_bytes: Callable[[int], bytes]) -> Iterator[str]:
    """Endless ids.

    Args:
        random_bytes: Gives that many unpredictable bytes.
    """
    while True:
        digits = random_bytes(16 * _BLOCK).hex()
        for start in range(0, len(digits), 32):
            one = digits[start : start + 32]
            variant = "89ab"[int(one[16], 16) & 3]
            yield f"{one[:8]}-{one[8:12]}-4{one[13:16]}-{variant}{one[17:20]}-{one[20:]}"
