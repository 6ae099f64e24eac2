"""What is kept of those who call Amazon Pay: merchants, their keys, and the answers that idempotency keys stand for.

Every method raises `Problem` (unavailable) when the database cannot be reached or written. No rule lives behind it.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from torihiki.auth.pay.model import PayKey, Region
from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant
from torihiki.kernel.pay_caller import Environment


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's account with Amazon Pay, in both environments.

    Args:
        merchant_id: Such as `A3EXAMPLEABCDE`: an A and 13 capitals or digits.
        seller_id: Who has it; a seller has one at the most.
        region: Where it is.
        created_at: When the operator made it.
    """

    merchant_id: str
    seller_id: str
    region: Region
    created_at: Instant


class RegisteredKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as its operator sees it; `revoked_at` is None as long as it is good."""

    key: PayKey
    created_at: Instant
    revoked_at: Instant | None = None


class PayAccountStore(Protocol):
    """Merchants and keys, and first answers. A method that "moves the revision" does so in the same transaction."""

    async def key(self, public_key_id: str) -> PayKey | None:
        """The key of that id, revoked or not; None: nobody registered it."""
        ...

    async def add_key(self, key: PayKey, created_at: Instant) -> bool:
        """Registers a key of a known merchant. False: the id is taken, and nothing changed. Moves the revision."""
        ...

    async def keys(
        self, after: str, limit: int, *, merchant_id: str | None = None
    ) -> list[RegisteredKey]:
        """The keys whose ids come after `after`, byte by byte; of one merchant, or of all."""
        ...

    async def revoke_key(self, public_key_id: str, now: Instant) -> bool:
        """Ends a key for good; one that ended keeps its first instant. False: there is none. Moves the revision."""
        ...

    async def add_merchant(self, merchant: Merchant) -> bool:
        """Keeps the account of a known seller. False: the id is taken, or the seller has one; nothing changed."""
        ...

    async def merchant(self, merchant_id: str) -> Merchant | None:
        """The merchant of that id."""
        ...

    async def merchants(
        self, after: str, limit: int, *, seller_id: str | None = None
    ) -> list[Merchant]:
        """The merchants whose ids come after `after`, byte by byte; of one seller, or of all."""
        ...

    async def remember(
        self, merchant_id: str, environment: Environment, first: FirstAnswer
    ) -> None:
        """Keeps the first answer to a request that changed nothing; durable when it returns.

        A request that changes something hands its answer to the method that makes the change.

        Raises:
            AnsweredBefore: The key has one, which stays.
        """
        ...
