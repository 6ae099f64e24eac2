"""Request ids (contract 1.8: a UUID with every response)."""

from __future__ import annotations

import itertools
import secrets
import uuid

from torihiki.server.request_ids import request_ids


def test_ids_are_random_uuids_in_canonical_form() -> None:
    for text in itertools.islice(request_ids(secrets.token_bytes), 2_000):
        found = uuid.UUID(text)
        assert (found.version, found.variant) == (4, uuid.RFC_4122)
        assert str(found) == text


def test_ids_do_not_repeat_within_or_across_blocks() -> None:
    ids = list(itertools.islice(request_ids(secrets.token_bytes), 20_000))
    assert len(set(ids)) == len(ids)


def test_every_random_bit_shows() -> None:
    """All bits but the six that say version and variant differ between extremes."""
    zeros = next(request_ids(bytes))
    ones = next(request_ids(lambda count: b"\xff" * count))
    assert zeros == "00000000-0000-4000-8000-000000000000"
    assert ones == "ffffffff-ffff-4fff-bfff-ffffffffffff"
