"""The token bucket of Amazon's usage plans (contract 2): it starts full, each request takes one token."""

from __future__ import annotations

import msgspec


class UsagePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How often an operation may be called by one pair of seller and application.

    Args:
        rate: Tokens gained a second, as Amazon writes it in `x-amzn-RateLimit-Limit`.
        burst: The most tokens that a bucket holds.
    """

    rate: float
    burst: int


class TokenBucket:
    """One bucket. Time is given in microseconds; a clock that is set back adds no token and takes none."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, plan: UsagePlan, now_us: int) -> None:
        self._tokens = float(plan.burst)
        self._at = now_us

    def take(self, plan: UsagePlan, now_us: int) -> bool:
        """Takes one token if there is one; a refused call takes nothing."""
        elapsed = now_us - self._at
        self._at = now_us
        if elapsed > 0:
            self._tokens += elapsed * plan.rate / 1_000_000
        self._tokens = min(self._tokens, float(plan.burst))
        # A bucket that waited exactly 1/rate must hold a whole token in spite of binary fractions.
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens = max(self._tokens - 1, 0.0)
        return True

    def is_full(self, plan: UsagePlan, now_us: int) -> bool:
        """Whether forgetting the bucket would change nothing."""
        return self._tokens + max(now_us - self._at, 0) * plan.rate / 1_000_000 >= plan.burst
