"""Only RSA public keys of a good size are registered, and never a private one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.pay.knocking import BARE_ID, LIVE_ID, SANDBOX_ID, pair
from torihiki.auth.pay.keys import (
    environment_of,
    loaded,
    parse_public_key_id,
    parse_registered_key,
)
from torihiki.kernel.problem import Kind, Problem


def refusal(pem: str) -> str:
    with pytest.raises(Problem) as caught:
        parse_registered_key(pem)
    assert caught.value.kind is Kind.INVALID_INPUT
    assert caught.value.message == "The public key cannot be registered."
    return caught.value.details or ""


def pem_of(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_public_key_is_kept_without_what_stood_around_it() -> None:
    _, public = pair()
    assert parse_registered_key(public) == public
    assert (
        parse_registered_key(f"my note\n{public.replace(chr(10), chr(13) + chr(10))}\n") == public
    )
    old_form = loaded(public).public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert "BEGIN RSA PUBLIC KEY" in old_form
    assert parse_registered_key(old_form) == public


def test_private_key_is_refused_with_a_clear_text_and_not_repeated() -> None:
    private, public = pair()
    secret = private.splitlines()[1]
    for pem in (private, public + private, private + public, "-----BEGIN RSA PRIVATE KEY-----"):
        details = refusal(pem)
        assert details.startswith("This is a private key")
        assert secret not in details
    assert secret not in refusal("\n".join(private.splitlines()[1:-1]))


def test_other_keys_are_refused() -> None:
    assert (
        refusal(pem_of(ec.generate_private_key(ec.SECP256R1()).public_key()))
        == "It is not an RSA key."
    )
    assert (
        refusal(pem_of(ed25519.Ed25519PrivateKey.generate().public_key()))
        == "It is not an RSA key."
    )
    assert refusal(pair(3, 1024)[1]) == "It has 1024 bits, not 2048 to 4096."
    assert refusal(pair(3, 2047)[1]) == "It has 2047 bits, not 2048 to 4096."
    modulus = loaded(pair()[1]).public_numbers().n
    for exponent in (3, 2**32 + 1, modulus - 2):
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        assert refusal(pem_of(key)) == "Its public exponent is not 65537."
    huge = rsa.RSAPublicNumbers(65537, (1 << 4096) + 1).public_key()
    assert refusal(pem_of(huge)) == "It has 4097 bits, not 2048 to 4096."


@given(st.text(max_size=300))
def test_whatever_is_no_key_is_refused(text: str) -> None:
    _, public = pair()
    head, _, tail = public.partition("\n")
    for pem in (text, f"{head}\n{text}\n{tail[-40:]}", "\ud800" + text):
        assert refusal(pem)


def test_long_text_is_refused_before_it_is_read() -> None:
    assert refusal("x" * 8193) == "It is longer than 8192 characters."


@pytest.mark.parametrize(
    ("public_key_id", "environment"),
    [
        (LIVE_ID, "live"), (SANDBOX_ID, "sandbox"), (BARE_ID, None), ("live-x", "live"),
        ("LIVEX", "live"), ("Sandbox", "sandbox"), ("SANDBO", None), ("ALIVE", None), ("", None),
    ],
)  # fmt: skip
def test_environment_is_read_from_the_id_as_the_sdks_read_it(
    public_key_id: str, environment: str | None
) -> None:
    """Contract 1.2."""
    assert environment_of(public_key_id) == environment


@pytest.mark.parametrize("public_key_id", [LIVE_ID, SANDBOX_ID, BARE_ID])
def test_ids_that_amazon_gives_out_can_be_registered(public_key_id: str) -> None:
    assert parse_public_key_id(public_key_id) == environment_of(public_key_id)


@pytest.mark.parametrize(
    "public_key_id",
    [
        "", "x", BARE_ID.lower(), BARE_ID + "A", BARE_ID[1:], "LIVE" + BARE_ID[4:], LIVE_ID + "\n",
        LIVE_ID.lower(), "SANDBOX" + BARE_ID[7:], "TEST-" + BARE_ID, "LIVE-" + BARE_ID[1:],
        "\uff21" * 24, "LIVE_" + BARE_ID,
    ],
)  # fmt: skip
def test_other_ids_cannot_be_registered(public_key_id: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_public_key_id(public_key_id)
    assert caught.value.message == "The public key id is malformed."


def test_text_that_was_never_registered_does_not_load() -> None:
    for text in ("", pem_of(ec.generate_private_key(ec.SECP256R1()).public_key())):
        with pytest.raises(ValueError, match=r"RSA|PEM"):
            loaded(text)
