"""Public keys: which are registered, in which environment they are good, and their parsed form."""

from __future__ import annotations

import functools
import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from torihiki.kernel.pay_caller import Environment
from torihiki.kernel.problem import Problem, invalid_input

KEY_MIN_BITS: Final = 2048
KEY_MAX_BITS: Final = 4096
"""Larger keys make every request expensive, and no client of Amazon Pay has one."""
EXPONENTS: Final = range(65_537, 1 << 32)
"""65537 is what every tool makes; a huge exponent makes verifying slow."""
PEM_MAX_CHARACTERS: Final = 8192

_PREFIXED: Final = re.compile(r"(LIVE|SANDBOX)-[A-Z0-9]{24}")
_UNPREFIXED: Final = re.compile(r"[A-Z0-9]{24}")


def environment_of(public_key_id: str) -> Environment | None:
    """The environment that a key's id names, read as the SDKs read it: any case, dash or not (contract 1.2)."""
    upper = public_key_id[:7].upper()
    if upper.startswith("LIVE"):
        return "live"
    return "sandbox" if upper == "SANDBOX" else None


def parse_public_key_id(public_key_id: str) -> Environment | None:
    """The environment of a key that is being registered; None: its id names none, and paths have to.

    Raises:
        Problem: The id has none of the forms that Amazon gives out (contract 1.2).
    """
    environment = environment_of(public_key_id)
    # An id such as LIVEABCD... without a dash would make SDKs leave the environment out of the path.
    if not (_UNPREFIXED if environment is None else _PREFIXED).fullmatch(public_key_id):
        raise invalid_input(
            "The public key id is malformed.",
            "It is LIVE- or SANDBOX- and 24 upper-case letters or digits, or such 24 alone"
            " that begin with neither LIVE nor SANDBOX.",
        )
    return environment


def parse_registered_key(pem: str) -> str:
    """The one form in which a public key is kept: its PEM, without whatever stood around it in `pem`.

    Raises:
        Problem: It is no RSA public key of 2048 to 4096 bits, or it is private. No part of it is repeated.
    """
    if len(pem) > PEM_MAX_CHARACTERS:
        raise _not_a_key(f"It is longer than {PEM_MAX_CHARACTERS} characters.")
    if "PRIVATE KEY" in pem:
        raise _not_a_key(
            "This is a private key, which belongs to the merchant alone; it was not kept. Register the public"
            " key that was made with it, and if others could see this request, make a new pair."
        )
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_key("It is not a public key in PEM form.") from error
    if not isinstance(key, RSAPublicKey):
        raise _not_a_key("It is not an RSA key.")
    if not KEY_MIN_BITS <= key.key_size <= KEY_MAX_BITS:
        raise _not_a_key(f"It has {key.key_size} bits, not {KEY_MIN_BITS} to {KEY_MAX_BITS}.")
    if key.public_numbers().e not in EXPONENTS:
        raise _not_a_key("Its public exponent is not 65537.")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@functools.lru_cache(maxsize=1024)
def loaded(public_key_pem: str) -> RSAPublicKey:
    """The parsed form of what `parse_registered_key` returned; parsing costs a tenth of verifying.

    Raises:
        ValueError: It is something else.
    """
    key = load_pem_public_key(public_key_pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the registered key is not an RSA key")  # noqa: TRY004 - the text is wrong, not its type
    return key


def _not_a_key(details: str) -> Problem:
    return invalid_input("The public key cannot be registered.", details)
