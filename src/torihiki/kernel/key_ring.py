"""The server's secret keys: the first seals, all of them open, so that a key can be replaced while the server runs.

One more secret keys the hashes by which addresses are found. It is never replaced: it opens nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_MIN_BYTES: Final = 32
KEY_ID_MAX: Final = 65_535


class SecretKey(msgspec.Struct, frozen=True, kw_only=True):
    """One secret.

    Args:
        key_id: Tells it from the others of its ring; stands before everything that it has sealed.
        secret: Random bytes, kept outside the database.
    """

    key_id: int
    secret: bytes

    def derive(self, purpose: str, length: int) -> bytes:
        """A key for one purpose alone; nothing about the secret or other purposes follows from it."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(
            self.secret
        )


class KeyRing(msgspec.Struct, frozen=True, kw_only=True):
    """The keys in use, the current one first; there is at least one.

    Args:
        keys: The keys that seal.
        index: The secret of the hashes.
    """

    keys: tuple[SecretKey, ...]
    index: bytes

    @property
    def current(self) -> SecretKey:
        """The key that seals."""
        return self.keys[0]

    def with_new(self, secret: bytes) -> KeyRing:
        """The ring with a new current key."""
        key_id = max(key.key_id for key in self.keys) + 1
        return KeyRing(keys=(SecretKey(key_id=key_id, secret=secret), *self.keys), index=self.index)

    def only_current(self) -> KeyRing:
        """The ring without its old keys."""
        return KeyRing(keys=self.keys[:1], index=self.index)


def parse_ring(text: str) -> KeyRing:
    """The ring that `format_ring` wrote.

    Raises:
        ValueError: It is none: a line is no id and secret, a secret is short, or an id stands twice. The message holds
            nothing of what was read.
    """
    keys: list[SecretKey] = []
    index = b""
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, _, digits = line.strip().partition(" ")
        # The message may be shown, and what stands where a name should may be part of a secret.
        if name != "index" and not (name.isascii() and name.isdecimal()):
            raise ValueError("a line is no id and secret")
        secret = bytes.fromhex(digits)
        if len(secret) < SECRET_MIN_BYTES:
            raise ValueError("a secret is too short")
        if name == "index":
            if index:
                raise ValueError("the index key stands twice")
            index = secret
        else:
            keys.append(SecretKey(key_id=int(name), secret=secret))
    ids = {key.key_id for key in keys}
    if (
        not keys
        or not index
        or len(ids) != len(keys)
        or not all(0 < one <= KEY_ID_MAX for one in ids)
    ):
        raise ValueError("a key is missing, stands twice, or has an id out of range")
    return KeyRing(keys=tuple(keys), index=index)


def format_ring(ring: KeyRing) -> str:
    """A line for each key: its id and its secret in hexadecimal; the current one first, the index key last."""
    lines = [f"{key.key_id} {key.secret.hex()}\n" for key in ring.keys]
    return "".join(lines) + f"index {ring.index.hex()}\n"
