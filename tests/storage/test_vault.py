"""Sealing at rest: a value opens where it was sealed, unchanged, with a key that is there, and nowhere else."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.storage.vault import PREFIX_BYTES, CannotOpen, Vault

SECONDS = 10
TAG_BYTES = 16
CONTEXT = b"ending\0S1\0" + bytes(8)


def secret(key_id: int) -> SecretKey:
    return SecretKey(key_id=key_id, secret=bytes([key_id % 256]) * 64)


def ring(*ids: int) -> KeyRing:
    return KeyRing(keys=tuple(map(secret, ids)), index=bytes(64))


class Changes:
    """A key file that other processes replace."""

    def __init__(self) -> None:
        self.asked = 0
        self.coming: list[KeyRing] = []

    def __call__(self) -> KeyRing | None:
        self.asked += 1
        return self.coming.pop(0) if self.coming else None


def vault(*ids: int, changed: Callable[[], KeyRing | None] | None = None) -> Vault:
    return Vault(ring(*ids), changed or Changes(), os.urandom)


def refuses(opening: Vault, sealed: bytes, context: bytes = CONTEXT) -> bool:
    try:
        opening.open(sealed, context)
    except CannotOpen:
        return True
    return False


VAULT = vault(1)

contexts = st.binary(max_size=60)


@given(st.binary(max_size=2000), contexts)
def test_sealed_value_opens_again(text: bytes, context: bytes) -> None:
    sealed = VAULT.seal(text, context)
    assert VAULT.open(sealed, context) == text
    assert vault(1).open(sealed, context) == text
    assert len(sealed) == PREFIX_BYTES + len(text) + TAG_BYTES


@given(st.binary(min_size=8, max_size=200))
def test_sealed_value_shows_nothing_of_its_text_nor_whether_another_is_the_same(
    text: bytes,
) -> None:
    one, other = VAULT.seal(text, CONTEXT), VAULT.seal(text, CONTEXT)
    assert text not in one
    assert one[PREFIX_BYTES:] != other[PREFIX_BYTES:]
    assert one[2:PREFIX_BYTES] != other[2:PREFIX_BYTES]


@given(st.binary(max_size=60), st.data())
def test_no_value_opens_with_any_bit_changed(text: bytes, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(text, CONTEXT))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert refuses(VAULT, bytes(sealed))


def test_no_bit_of_a_value_can_be_changed() -> None:
    """Every one of them, the key's id and the nonce too; also where the changed id is a key's that is there."""
    both = vault(1, 3)
    sealed = both.seal(b"x", CONTEXT)
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert refuses(both, bytes(changed))


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=40))
def test_no_cut_or_lengthened_value_opens(text: bytes, more: bytes) -> None:
    sealed = VAULT.seal(text, CONTEXT)
    assert all(refuses(VAULT, sealed[:end]) for end in range(len(sealed)))
    assert refuses(VAULT, sealed[1:])
    assert refuses(VAULT, sealed + more)
    assert refuses(VAULT, more + sealed)


@given(st.binary(max_size=60), contexts, contexts)
def test_value_opens_in_no_other_place(text: bytes, context: bytes, other: bytes) -> None:
    if context != other:
        assert refuses(VAULT, VAULT.seal(text, context), other)


@given(st.binary(max_size=300), contexts)
def test_anything_else_is_refused_and_nothing_worse(noise: bytes, context: bytes) -> None:
    assert refuses(VAULT, noise, context)
    assert refuses(VAULT, VAULT.current_id + noise, context)


def test_another_secret_under_the_same_id_opens_nothing() -> None:
    foreign = KeyRing(keys=(SecretKey(key_id=1, secret=b"f" * 64),), index=bytes(64))
    assert refuses(Vault(foreign, lambda: None, os.urandom), VAULT.seal(b"x", CONTEXT))


def test_first_key_seals_and_every_key_opens() -> None:
    old, new = vault(1), vault(2, 1)
    before, after = old.seal(b"before", CONTEXT), new.seal(b"after", CONTEXT)
    assert after.startswith(new.current_id)
    assert not before.startswith(new.current_id)
    assert (new.open(before, CONTEXT), new.open(after, CONTEXT)) == (b"before", b"after")
    assert refuses(old, after)
    assert refuses(vault(2), before)


def test_unknown_key_is_asked_for_once() -> None:
    changes = Changes()
    here = vault(1, changed=changes)
    value = vault(2, 1).seal(b"x", CONTEXT)

    changes.coming = [ring(2, 1)]
    assert here.open(value, CONTEXT) == b"x"
    assert changes.asked == 1
    assert here.open(value, CONTEXT) == b"x"
    assert here.open(VAULT.seal(b"y", CONTEXT), CONTEXT) == b"y"
    assert changes.asked == 1
    assert here.seal(b"z", CONTEXT).startswith(here.current_id)
    assert here.current_id == vault(2).current_id

    assert refuses(here, vault(3).seal(b"x", CONTEXT))
    assert changes.asked == 2


def test_value_that_was_changed_is_no_reason_to_ask_for_keys() -> None:
    changes = Changes()
    here = vault(1, changed=changes)
    assert refuses(here, here.seal(b"x", CONTEXT), b"elsewhere")
    assert changes.asked == 0


def test_refresh_says_whether_the_keys_were_replaced() -> None:
    changes = Changes()
    here = vault(1, changed=changes)
    assert not here.refresh()
    changes.coming = [ring(2, 1)]
    assert here.refresh()
    assert not here.refresh()
    assert here.current_id == vault(2).current_id


def test_dropped_key_opens_no_more() -> None:
    changes = Changes()
    changes.coming = [ring(2)]
    here = vault(2, 1, changed=changes)
    value = VAULT.seal(b"x", CONTEXT)
    assert here.open(value, CONTEXT) == b"x"
    assert here.refresh()
    assert refuses(here, value)


def test_values_that_are_sealed_while_keys_are_replaced_all_open() -> None:
    """Two threads seal and open as fast as they can, a third switches keys; old ones are kept until they are not needed."""
    ids = itertools.count(2)
    last = ring(1)
    values, keys = 4_000, 6
    done = [0.0, 0.0]

    def changed() -> KeyRing:
        nonlocal last
        last = KeyRing(keys=(secret(next(ids) % 60_000), *last.keys[:3]), index=last.index)
        return last

    here = vault(1, changed=changed)
    stop = threading.Event()

    def replace() -> int:
        count = 0
        while not stop.is_set():
            before = list(done)
            assert here.refresh()
            count += 1
            # However long a thread is held up, its key is there until it has opened what it sealed.
            while not stop.wait(0.001) and any(
                old == new < math.inf for old, new in zip(before, done, strict=True)
            ):
                pass
        return count

    def seal(thread: int) -> set[bytes]:
        used: set[bytes] = set()
        while (done[thread] < values or len(used) < keys) and not stop.is_set():
            text = b"%d %d" % (thread, done[thread])
            sealed = here.seal(text, CONTEXT)
            assert here.open(sealed, CONTEXT) == text
            used.add(sealed[:2])
            done[thread] += 1
        done[thread] = math.inf
        return used

    with ThreadPoolExecutor(3) as threads:
        replacing = threads.submit(replace)
        sealing = [threads.submit(seal, thread) for thread in range(2)]
        try:
            used = set().union(*(one.result(SECONDS * 6) for one in sealing))
        finally:
            stop.set()
        assert replacing.result(SECONDS) >= len(used) - 1
    assert len(used) >= keys


def test_value_opens_while_another_thread_is_taking_its_key_over() -> None:
    """The keys are told to one of the threads only; the other must not conclude that there are none."""
    told, go_on = threading.Event(), threading.Event()
    coming = [ring(2, 1)]

    def changed() -> KeyRing | None:
        if not coming:
            return None
        found = coming.pop()
        told.set()
        assert go_on.wait(SECONDS)
        return found

    here = vault(1, changed=changed)
    value = vault(2, 1).seal(b"x", CONTEXT)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(here.refresh)
        assert told.wait(SECONDS)
        second = threads.submit(here.open, value, CONTEXT)
        with pytest.raises(TimeoutError):
            second.result(0.2)
        go_on.set()
        assert first.result(SECONDS)
        assert second.result(SECONDS) == b"x"
