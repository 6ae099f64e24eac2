"""Sealing at rest: authenticated encryption of what a stolen database must not show.

A sealed value is the id of its key (two bytes), a random nonce (twelve) and the AES-256-GCM ciphertext. It is bound to a
context, the row and column it belongs to, so that it opens nowhere else. Random nonces are safe for about four thousand
million values a key; `torihiki rekey` begins a new one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torihiki.kernel.key_ring import KeyRing

ID_BYTES: Final = 2
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
PREFIX_BYTES: Final = ID_BYTES + NONCE_BYTES


class CannotOpen(Exception):
    """The value was sealed with a key that is not in the ring, for another place, or was changed."""


class Vault:
    """Seals and opens with the keys of a ring, which another process may replace at any time.

    Args:
        ring: The keys.
        changed: The keys if they were replaced since the last call or the start, else None; asked before writes, and
            when a key is missing.
        random_bytes: A cryptographic source, for nonces.
    """

    def __init__(
        self,
        ring: KeyRing,
        changed: Callable[[], KeyRing | None],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._changed = changed
        self._random_bytes = random_bytes
        self._refreshing = threading.Lock()
        self._replace(ring)

    def _replace(self, ring: KeyRing) -> None:
        ciphers = {
            key.key_id.to_bytes(ID_BYTES): AESGCM(key.derive("sealed at rest", KEY_BYTES))
            for key in ring.keys
        }
        current = ring.current.key_id.to_bytes(ID_BYTES)
        # One assignment each: other threads seal and open meanwhile.
        self._ciphers = ciphers
        self._current = (current, ciphers[current])

    @property
    def current_id(self) -> bytes:
        """What everything begins with that is sealed now."""
        return self._current[0]

    def refresh(self) -> bool:
        """Takes over keys that were replaced; False: they were not."""
        # A change is told once, so who asks second waits until the first has taken it over.
        with self._refreshing:
            ring = self._changed()
            if ring is None:
                return False
            self._replace(ring)
            return True

    def seal(self, text: bytes, context: bytes) -> bytes:
        """The text, sealed for one place with the current key."""
        key_id, cipher = self._current
        nonce = self._random_bytes(NONCE_BYTES)
        return key_id + nonce + cipher.encrypt(nonce, text, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The text again.

        Raises:
            CannotOpen: No key of the ring opens it here.
        """
        cipher = self._ciphers.get(sealed[:ID_BYTES])
        if cipher is None:
            self.refresh()
            cipher = self._ciphers.get(sealed[:ID_BYTES])
        if cipher is None:
            raise CannotOpen
        try:
            return cipher.decrypt(sealed[ID_BYTES:PREFIX_BYTES], sealed[PREFIX_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen from error

    def open_all(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The texts of many sealed values, each with its context; `open`, without a call for each of them.

        Raises:
            CannotOpen: One of them does not open.
        """
        ciphers = self._ciphers
        try:
            return [
                ciphers[sealed[:ID_BYTES]].decrypt(
                    sealed[ID_BYTES:PREFIX_BYTES], sealed[PREFIX_BYTES:], context
                )
                for sealed, context in pairs
            ]
        except (KeyError, InvalidTag, ValueError):
            # A key may have been replaced; and where one does not open, this says so.
            return [self.open(sealed, context) for sealed, context in pairs]
