"""Sealed strings: what a caller carries for us and can neither read nor forge.

AES-SIV is deterministic and needs no nonce, so sealing is a pure function of key, text and context.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 64


class NotSealed(ValueError):
    """The string was not sealed with this key for this context, or was changed on the way."""


class Seal:
    """Seals and opens with keys derived from `secret`, one for each `purpose`.

    Args:
        secret: At least 32 random bytes, kept outside the database.
        purpose: What the strings are for; a string sealed for another purpose does not open.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(
            secret
        )
        self._cipher = AESSIV(key)

    def seal(self, text: bytes, context: bytes) -> str:
        """The text as standard base64, openable only with the same context."""
        return base64.b64encode(self._cipher.encrypt(text, [context])).decode()

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
            return self._cipher.decrypt(raw, [context])
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise NotSealed from error
