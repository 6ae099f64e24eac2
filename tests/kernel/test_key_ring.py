"""The key file's text: what is written is read again, and nothing else is taken for keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.key_ring import (
    KEY_ID_MAX,
    SECRET_MIN_BYTES,
    KeyRing,
    SecretKey,
    format_ring,
    parse_ring,
)

SECRET = "ab" * SECRET_MIN_BYTES
SHORT = SECRET[2:]
INDEX = f"index {SECRET}\n"

secrets = st.binary(min_size=SECRET_MIN_BYTES, max_size=80)


@st.composite
def rings(draw: st.DrawFn) -> KeyRing:
    ids = draw(st.lists(st.integers(1, KEY_ID_MAX), min_size=1, max_size=5, unique=True))
    keys = tuple(SecretKey(key_id=key_id, secret=draw(secrets)) for key_id in ids)
    return KeyRing(keys=keys, index=draw(secrets))


@given(rings())
def test_ring_that_was_written_is_read_again_in_its_order(ring: KeyRing) -> None:
    assert parse_ring(format_ring(ring)) == ring
    assert parse_ring(format_ring(ring)).current == ring.keys[0]


@given(rings())
def test_lines_may_end_as_an_editor_ends_them(ring: KeyRing) -> None:
    assert parse_ring("\n" + format_ring(ring).replace("\n", " \r\n\r\n")) == ring


@given(st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True), secrets)
def test_new_key_seals_and_the_others_stay_until_they_are_dropped(
    ids: list[int], secret: bytes
) -> None:
    old = KeyRing(
        keys=tuple(SecretKey(key_id=key_id, secret=secret) for key_id in ids), index=secret
    )
    new = old.with_new(secret[::-1])
    assert new.current.secret == secret[::-1]
    assert new.current.key_id not in ids
    assert new.keys[1:] == old.keys
    assert parse_ring(format_ring(new)) == new
    assert new.only_current() == KeyRing(keys=(new.current,), index=old.index)


@given(rings())
def test_cut_text_is_never_taken_for_the_whole(ring: KeyRing) -> None:
    """A key may not go missing unnoticed: the index key stands last, so a text without it was cut."""
    text = format_ring(ring)
    last = text.rindex("index")
    for end in range(last + len("index ") + 2 * SECRET_MIN_BYTES - 1):
        with pytest.raises(ValueError, match=r"key|secret|hex|invalid literal"):
            parse_ring(text[:end])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        INDEX,
        f"1 {SECRET}\n",
        f"1 {SHORT}\n{INDEX}",
        f"1 {SECRET}\nindex {SHORT}\n",
        f"1 {SECRET}\nindex\n",
        f"1\n{INDEX}",
        f"one {SECRET}\n{INDEX}",
        f"{SECRET}\n{INDEX}",
        f" {SECRET} 1\n{INDEX}",
        f"1 {SECRET}x\n{INDEX}",
        f"1 {SECRET}a\n{INDEX}",
        f"1 {SECRET}\n1 {SECRET}\n{INDEX}",
        f"2 {SECRET}\n1 {SECRET}\n2 {'cd' * SECRET_MIN_BYTES}\n{INDEX}",
        f"0 {SECRET}\n{INDEX}",
        f"-1 {SECRET}\n{INDEX}",
        f"{KEY_ID_MAX + 1} {SECRET}\n{INDEX}",
        f"{'9' * 5000} {SECRET}\n{INDEX}",
        "\0" * 64,
    ],
)
def test_text_that_holds_no_ring_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|secret|hex|invalid literal|digits"):
        parse_ring(text)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_and_nothing_worse(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|secret|hex|invalid literal|digits"):
        parse_ring(text)


@given(secrets, st.text(max_size=20), st.text(max_size=20), st.integers(1, 64))
def test_each_purpose_has_a_key_of_its_own(
    secret: bytes, purpose: str, other: str, length: int
) -> None:
    key = SecretKey(key_id=1, secret=secret)
    assert len(key.derive(purpose, length)) == length
    assert key.derive(purpose, 32) == key.derive(purpose, 32)
    assert secret not in key.derive(purpose, 64)
    if purpose != other:
        assert key.derive(purpose, 32) != key.derive(other, 32)
