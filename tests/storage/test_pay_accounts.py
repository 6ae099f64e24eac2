"""What `PayAccountStore` promises, on every backend (issue 5, point 1)."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.storage.conftest import Stores, add_seller
from tests.storage.pay_samples import (
    MERCHANT,
    NOW,
    OTHER,
    add_merchants,
    answer,
    later,
    merchant,
)

from torihiki.auth.pay.model import PayKey
from torihiki.auth.pay.store import RegisteredKey
from torihiki.kernel.idempotency import AnsweredBefore, FirstAnswer
from torihiki.kernel.pay_caller import Environment

PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"
UNKNOWN = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)


def key(letter: str = "A", **changes: Any) -> PayKey:
    made = PayKey(
        public_key_id=f"SANDBOX-{letter * 24}",
        merchant_id=MERCHANT,
        environment="sandbox",
        public_key_pem=PEM,
    )
    return msgspec.structs.replace(made, **changes)


async def revision(stores: Stores) -> int:
    return (await stores.admin.read_state()).revision


async def test_key_is_found_with_its_merchant_by_every_process(
    stores: Stores, peer: Stores
) -> None:
    await add_merchants(stores)
    anywhere = key("B", public_key_id="B" * 24, environment=None, merchant_id=OTHER)
    for one in (key(), anywhere):
        assert await stores.pay_accounts.add_key(one, NOW)
        assert await peer.pay_accounts.key(one.public_key_id) == one
    for wrong in ("", "SANDBOX-", key().public_key_id.lower(), f"{key().public_key_id}\0", "%"):
        assert await stores.pay_accounts.key(wrong) is None


async def test_registering_and_revoking_move_the_revision_once(stores: Stores) -> None:
    await add_merchants(stores)
    before = await revision(stores)
    assert await stores.pay_accounts.add_key(key(), NOW)
    assert await revision(stores) == before + 1
    assert not await stores.pay_accounts.add_key(key(merchant_id=OTHER), later(1))
    assert await revision(stores) == before + 1
    assert await stores.pay_accounts.revoke_key(key().public_key_id, later(2))
    assert await revision(stores) == before + 2
    assert await stores.pay_accounts.revoke_key(key().public_key_id, later(3))
    assert not await stores.pay_accounts.revoke_key("SANDBOX-", later(3))
    assert await revision(stores) == before + 2
    revoked = key(revoked=True)
    assert await stores.pay_accounts.key(key().public_key_id) == revoked
    assert await stores.pay_accounts.keys("", 9) == [
        RegisteredKey(key=revoked, created_at=NOW, revoked_at=later(2))
    ]


async def test_keys_are_listed_by_their_ids_and_by_merchant(stores: Stores) -> None:
    await add_merchants(stores)
    owners = {"C": MERCHANT, "A": OTHER, "B": MERCHANT}
    for letter, merchant_id in owners.items():
        assert await stores.pay_accounts.add_key(key(letter, merchant_id=merchant_id), NOW)

    async def listed(after: str, limit: int, **wanted: Any) -> str:
        found = await stores.pay_accounts.keys(after, limit, **wanted)
        return "".join(one.key.public_key_id[-1] for one in found)

    assert await listed("", 9) == "ABC"
    assert await listed("", 2) == "AB"
    assert await listed(key("A").public_key_id, 9) == "BC"
    assert await listed("", 9, merchant_id=MERCHANT) == "BC"
    assert await listed("", 9, merchant_id="A3") == ""


async def test_key_of_a_merchant_that_is_not_there_is_a_mistake(stores: Stores) -> None:
    before = await revision(stores)
    with pytest.raises(UNKNOWN):
        await stores.pay_accounts.add_key(key(), NOW)
    with pytest.raises(UNKNOWN):
        await stores.pay_accounts.add_merchant(merchant(seller_id="S9"))
    assert await stores.pay_accounts.keys("", 9) == []
    assert await revision(stores) == before


async def test_seller_has_one_merchant_and_an_id_stands_for_one(stores: Stores) -> None:
    await add_seller(stores, "S1")
    await add_seller(stores, "S2")
    assert await stores.pay_accounts.add_merchant(merchant())
    assert not await stores.pay_accounts.add_merchant(merchant(OTHER, "S1"))
    assert not await stores.pay_accounts.add_merchant(merchant(seller_id="S2", region="na"))
    assert await stores.pay_accounts.merchant(MERCHANT) == merchant()
    assert await stores.pay_accounts.merchant(OTHER) is None


async def test_merchants_are_listed_by_their_ids_and_by_seller(stores: Stores) -> None:
    await add_merchants(stores)
    first, second = merchant(), merchant(OTHER, "S2")
    assert await stores.pay_accounts.merchants("", 9) == [first, second]
    assert await stores.pay_accounts.merchants("", 1) == [first]
    assert await stores.pay_accounts.merchants(MERCHANT, 9) == [second]
    assert await stores.pay_accounts.merchants("", 9, seller_id="S2") == [second]
    assert await stores.pay_accounts.merchants("", 9, seller_id="S3") == []


async def test_answer_is_remembered_for_its_merchant_world_scope_and_key(
    stores: Stores, peer: Stores
) -> None:
    """Contract 3.4: the same key on another operation is another key."""
    await add_merchants(stores)
    await stores.pay_accounts.remember(MERCHANT, "live", answer())
    others: list[tuple[str, Environment, FirstAnswer]] = [
        (OTHER, "live", answer()),
        (MERCHANT, "sandbox", answer()),
        (MERCHANT, "live", answer(scope="POST /v2/report-schedules")),
        (MERCHANT, "live", answer("KEY")),
    ]
    for merchant_id, environment, other in others:
        await stores.pay_accounts.remember(merchant_id, environment, other)
    for merchant_id, environment, other in [(MERCHANT, "live", answer()), *others]:
        again = msgspec.structs.replace(other, body=b"another")
        with pytest.raises(AnsweredBefore) as caught:
            await peer.pay_accounts.remember(merchant_id, environment, again)
        assert caught.value.first == other
    with pytest.raises(UNKNOWN):
        await stores.pay_accounts.remember("A3", "live", answer())


async def test_first_answer_stays_and_tells_its_request(stores: Stores) -> None:
    await add_merchants(stores)
    await stores.pay_accounts.remember(MERCHANT, "live", answer())
    second = answer(request_hash=b"other", status=200, body=b"{}")
    with pytest.raises(AnsweredBefore) as caught:
        await stores.pay_accounts.remember(MERCHANT, "live", second)
    assert caught.value.first == answer()
    assert caught.value.first.is_of(answer().request_hash)
    assert not caught.value.first.is_of(second.request_hash)
    await stores.pay_accounts.remember(MERCHANT, "sandbox", second)


async def test_of_answers_at_once_one_stays_and_the_others_see_it(
    stores: Stores, peer: Stores
) -> None:
    await add_merchants(stores)
    given = [answer(body=b"%d" % number) for number in range(8)]
    found = await asyncio.gather(
        *(
            (stores, peer)[number % 2].pay_accounts.remember(MERCHANT, "live", one)
            for number, one in enumerate(given)
        ),
        return_exceptions=True,
    )
    assert found.count(None) == 1
    kept = given[found.index(None)]
    for one in found:
        assert one is None or (isinstance(one, AnsweredBefore) and one.first == kept)
