"""Who makes an Amazon Pay request, as its signature proves; every store method that reads a merchant's reports takes it from here."""

from __future__ import annotations

from typing import Literal

import msgspec

Environment = Literal["live", "sandbox"]
"""Live and sandbox are two worlds: nothing of one is seen in the other."""


class PayCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant in one environment.

    Args:
        merchant_id: Whose reports it may see.
        environment: In which world.
        public_key_id: The key that it signed with; names the caller in the log, and opens nothing.
    """

    merchant_id: str
    environment: Environment
    public_key_id: str
