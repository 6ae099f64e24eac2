"""Verifies that a request was signed with a registered key; what arrived is tried as it is, then in each SDK's reading.

A good request of an ordinary client costs one RSA verification, and no request costs more than there are readings.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from torihiki.auth.pay.authorization import SALT_BYTES
from torihiki.auth.pay.canonical import DOCUMENTED, READINGS, Canonical, SignedParts
from torihiki.auth.pay.model import Authorization
from torihiki.auth.pay.refusals import invalid_request_signature

_PADDING: Final = {name: PSS(MGF1(SHA256()), length) for name, length in SALT_BYTES.items()}
_HASH: Final = SHA256()


def check_signature(parts: SignedParts, authorization: Authorization, key: RSAPublicKey) -> None:
    """Lets through what was signed with the private half of `key` by the algorithm that the request names.

    Raises:
        Problem: It was not (403 InvalidRequestSignature). The message has the string to sign of the documented form.
    """
    canonical = Canonical(parts)
    algorithm = authorization.algorithm
    tried: set[str] = set()
    for reading in READINGS:
        text = string_to_sign(algorithm, canonical.request(reading))
        if text in tried:
            continue
        if _fits(text, authorization, key):
            return
        tried.add(text)
    raise invalid_request_signature(string_to_sign(algorithm, canonical.request(DOCUMENTED)))


def string_to_sign(algorithm: str, canonical_request: bytes) -> str:
    """What the signature is of: the algorithm's name, and the hash of the canonical request (contract 2.3)."""
    return f"{algorithm}\n{hashlib.sha256(canonical_request).hexdigest()}"


def _fits(text: str, authorization: Authorization, key: RSAPublicKey) -> bool:
    try:
        key.verify(authorization.signature, text.encode(), _PADDING[authorization.algorithm], _HASH)
    except InvalidSignature:
        return False
    return True
