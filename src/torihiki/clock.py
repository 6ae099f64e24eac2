"""The machine's clock: the only reader of the time."""

from __future__ import annotations

import time


def machine_us() -> int:
    """Microseconds since 1970, as the machine believes."""
    return time.time_ns() // 1000


def monotonic() -> float:
    """Seconds that never go back, for leases and measuring."""
    return time.monotonic()
