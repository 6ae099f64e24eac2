"""Sealed strings: only the same key, purpose and context open them, and only unchanged (O-15)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.seal import NotSealed, Seal

SECRET = bytes(range(64))


def ring(*secrets: bytes) -> KeyRing:
    keys = tuple(SecretKey(key_id=key_id, secret=one) for key_id, one in enumerate(secrets, 1))
    return KeyRing(keys=keys, index=SECRET)


SEAL = Seal(ring(SECRET), "NextToken")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n%\u00e9"

contexts = st.binary(max_size=60)


def refuses(seal: Seal, sealed: str, context: bytes) -> bool:
    try:
        seal.open(sealed, context)
    except NotSealed:
        return True
    return False


@given(st.binary(max_size=2000), contexts)
def test_sealed_text_opens_again(text: bytes, context: bytes) -> None:
    assert SEAL.open(SEAL.seal(text, context), context) == text


@given(st.binary(max_size=200), contexts)
def test_same_secret_opens_it_after_a_restart(text: bytes, context: bytes) -> None:
    assert Seal(ring(SECRET), "NextToken").open(SEAL.seal(text, context), context) == text


@given(st.binary(min_size=8, max_size=200), contexts)
def test_sealed_text_cannot_be_read(text: bytes, context: bytes) -> None:
    assert text not in base64.b64decode(SEAL.seal(text, context))


@given(st.binary(max_size=60), contexts, contexts)
def test_another_context_opens_nothing(text: bytes, context: bytes, other: bytes) -> None:
    if context != other:
        assert refuses(SEAL, SEAL.seal(text, context), other)


@given(st.binary(max_size=60), contexts, st.binary(min_size=32, max_size=64))
def test_another_key_opens_nothing(text: bytes, context: bytes, secret: bytes) -> None:
    if secret != SECRET:
        assert refuses(Seal(ring(secret), "NextToken"), SEAL.seal(text, context), context)


@given(st.binary(max_size=60), contexts, st.text(max_size=20))
def test_another_purpose_opens_nothing(text: bytes, context: bytes, purpose: str) -> None:
    if purpose != "NextToken":
        assert refuses(Seal(ring(SECRET), purpose), SEAL.seal(text, context), context)


@pytest.mark.parametrize("length", range(7))
def test_no_changed_character_anywhere_opens(length: int) -> None:
    """Every character at every place, for each way in which base64 can end."""
    context = b"getOrders\0SELLER"
    sealed = SEAL.seal(b"x" * length, context)
    opened = [
        changed
        for place in range(len(sealed))
        for character in ALPHABET
        if (changed := sealed[:place] + character + sealed[place + 1 :]) != sealed
        and not refuses(SEAL, changed, context)
    ]
    assert opened == []


@pytest.mark.parametrize("length", range(7))
def test_no_cut_or_lengthened_string_opens(length: int) -> None:
    context = b"getOrders\0SELLER"
    sealed = SEAL.seal(b"x" * length, context)
    changed = [sealed[:end] for end in range(len(sealed))] + [sealed[1:]]
    changed += [sealed + more for more in ("=", "==", "A", "AAAA", "\n", " ")]
    changed += [more + sealed for more in ("=", "A", "AAAA", "\n", " ")] + [sealed + sealed]
    assert [one for one in changed if not refuses(SEAL, one, context)] == []


@given(st.one_of(st.text(max_size=300), st.binary(max_size=200).map(lambda b: b.hex())))
def test_anything_else_is_refused_and_nothing_worse(text: str) -> None:
    assert refuses(SEAL, text, b"getOrders\0SELLER")


@given(st.binary(max_size=300))
def test_random_base64_is_refused(noise: bytes) -> None:
    assert refuses(SEAL, base64.b64encode(noise).decode(), b"getOrders\0SELLER")


@given(st.binary(max_size=60), contexts)
def test_every_key_of_the_ring_opens_and_the_first_seals(text: bytes, context: bytes) -> None:
    other = bytes(reversed(SECRET))
    both = Seal(ring(other, SECRET), "NextToken")
    assert both.open(SEAL.seal(text, context), context) == text
    assert both.seal(text, context) == Seal(ring(other), "NextToken").seal(text, context)
    assert refuses(SEAL, both.seal(text, context), context)


def test_string_of_a_key_that_was_dropped_opens_no_more() -> None:
    other = bytes(reversed(SECRET))
    seal = Seal(ring(SECRET), "NextToken")
    old = seal.seal(b"x", b"c")
    seal.replace(ring(other, SECRET))
    new = seal.seal(b"x", b"c")
    assert [seal.open(one, b"c") for one in (old, new)] == [b"x", b"x"]
    seal.replace(ring(other))
    assert refuses(seal, old, b"c")
    assert seal.open(new, b"c") == b"x"
