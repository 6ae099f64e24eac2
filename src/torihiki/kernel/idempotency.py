"""Idempotency keys of Amazon Pay: the first answer under a key is the answer to the same request ever after (contract 3.4)."""

from __future__ import annotations

import msgspec

from torihiki.kernel.instant import Instant


class FirstAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is kept under its key together with what the request did, or not at all.

    Args:
        scope: Method and path: within them, a merchant and an environment the key is unique.
        key: As the header has it.
        request_hash: SHA-256 of what was asked.
        status: Of the answer.
        body: Of the answer, as it was sent.
        answered_at: When.
    """

    scope: str
    key: str
    request_hash: bytes
    status: int
    body: bytes
    answered_at: Instant

    def is_of(self, request_hash: bytes) -> bool:
        """Whether it answers that request; else the key stands for another one, which is a DuplicateIdempotencyKey."""
        return self.request_hash == request_hash


class AnsweredBefore(Exception):
    """The key has its first answer; nothing was changed.

    Args:
        first: That answer, which need not be of the same request.
    """

    def __init__(self, first: FirstAnswer) -> None:
        super().__init__("the idempotency key was answered before")
        self.first = first
