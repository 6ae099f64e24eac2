"""Sealed strings: what a caller carries for us and can neither read nor forge.

AES-SIV is deterministic and needs no nonce, so sealing is a pure function of key, text and context.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from torihiki.kernel.key_ring import KeyRing

KEY_BYTES: Final = 64


class NotSealed(ValueError):
    """The string was not sealed with this key for this context, or was changed on the way."""


class Seal:
    """Seals and opens with keys derived from a ring, others for each `purpose`.

    Args:
        ring: The current key seals, every key opens.
        purpose: What the strings are for; a string sealed for another purpose does not open.
    """

    def __init__(self, ring: KeyRing, purpose: str) -> None:
        self._purpose = purpose
        self.replace(ring)

    def replace(self, ring: KeyRing) -> None:
        """From now on these are the keys; strings sealed with keys that are gone do not open any more."""
        self._ciphers = [AESSIV(key.derive(self._purpose, KEY_BYTES)) for key in ring.keys]

    def seal(self, text: bytes, context: bytes) -> str:
        """The text as standard base64, openable only with the same context."""
        return base64.b64encode(self._ciphers[0].encrypt(text, [context])).decode()

    def open(self, sealed: str, context: bytes) -> bytes:
        """The text again.

        Raises:
            NotSealed: It was not sealed here for this context.
        """
        try:
            raw = base64.b64decode(sealed, validate=True)
            # Several strings decode to the same bytes; only the one that `seal` writes is good.
            if base64.b64encode(raw).decode() != sealed:
                raise NotSealed
        except (binascii.Error, ValueError) as error:
            raise NotSealed from error
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(raw, [context])
            except (InvalidTag, ValueError):
                continue
        raise NotSealed
