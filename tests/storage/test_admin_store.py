"""What `AdminStore` promises, on every backend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import pytest

from torihiki.admin.model import (
    Application,
    Authorization,
    ClockState,
    IssuedCode,
    PlanOverride,
    Seller,
)
from torihiki.admin.store import AdminStore
from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import Problem, invalid_input
from torihiki.kernel.quota import UsagePlan

NOW = Instant.parse_iso("2026-11-22T09:30:00.123456Z")
LATER = Instant.parse_iso("2026-11-22T10:30:00Z")


class Stores(Protocol):
    @property
    def admin(self) -> AdminStore: ...


def seller(seller_id: str, **changes: object) -> Seller:
    made = Seller(
        seller_id=seller_id,
        name="Kanda Books 神田",
        marketplace_ids=("A1VC38T7YXB528", "ATVPDKIKX0DER"),
        created_at=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def application(application_id: str, **changes: object) -> Application:
    made = Application(
        application_id=application_id,
        name="Reader",
        client_id=f"client-of-{application_id}",
        roles=("Pricing", "Product Listing"),
        secret_expires_at=None,
        created_at=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def authorization(authorization_id: str, application_id: str, seller_id: str) -> Authorization:
    return Authorization(
        authorization_id=authorization_id,
        application_id=application_id,
        seller_id=seller_id,
        created_at=NOW,
        revoked_at=None,
    )


def override(
    application_id: str, seller_id: str, operation: str, rate: float = 2.5
) -> PlanOverride:
    return PlanOverride(
        application_id=application_id,
        seller_id=seller_id,
        operation=operation,
        plan=UsagePlan(rate=rate, burst=7),
    )


async def with_accounts(admin: AdminStore) -> None:
    for name in ("A1", "A2"):
        await admin.add_seller(seller(name))
        await admin.add_application(application(f"app{name}"), b"h" * 32)


async def revision(admin: AdminStore) -> int:
    return (await admin.read_state()).revision


async def test_seller_comes_back_as_it_was_added(stores: Stores) -> None:
    assert await stores.admin.add_seller(seller("A1"))
    assert await stores.admin.seller("A1") == seller("A1")
    assert await stores.admin.seller("a1") is None


async def test_taken_seller_id_changes_nothing(stores: Stores) -> None:
    await stores.admin.add_seller(seller("A1"))
    before = await revision(stores.admin)
    assert not await stores.admin.add_seller(seller("A1", name="Other"))
    assert await stores.admin.seller("A1") == seller("A1")
    assert await revision(stores.admin) == before


async def test_two_processes_that_add_the_same_seller_add_one(stores: Stores, peer: Stores) -> None:
    added = await asyncio.gather(
        stores.admin.add_seller(seller("A1")), peer.admin.add_seller(seller("A1"))
    )
    assert sorted(added) == [False, True]


async def test_sellers_are_listed_by_the_bytes_of_their_ids(stores: Stores) -> None:
    ids = ["B", "a", "A10", "A1", "A-1", "A.1", "Z9", "A2"]
    for one in ids:
        await stores.admin.add_seller(seller(one))
    listed = [one.seller_id for one in await stores.admin.sellers("", 100)]
    assert listed == sorted(ids)
    assert [one.seller_id for one in await stores.admin.sellers("A1", 2)] == ["A10", "A2"]
    assert await stores.admin.sellers("a", 5) == []


async def test_changed_seller_keeps_what_the_change_left_alone(stores: Stores) -> None:
    await stores.admin.add_seller(seller("A1"))
    changed = await stores.admin.change_seller(
        "A1", lambda old: msgspec.structs.replace(old, name="New")
    )
    assert changed == await stores.admin.seller("A1") == seller("A1", name="New")
    assert await stores.admin.change_seller("A2", lambda old: old) is None


async def test_changes_of_one_seller_from_two_processes_are_not_lost(
    stores: Stores, peer: Stores
) -> None:
    await stores.admin.add_seller(seller("A1", marketplace_ids=()))

    async def add(marketplace_id: str, process: Stores) -> None:
        await process.admin.change_seller(
            "A1",
            lambda old: msgspec.structs.replace(
                old, marketplace_ids=(*old.marketplace_ids, marketplace_id)
            ),
        )

    await asyncio.gather(*(add(f"M{n}", process) for n, process in enumerate([stores, peer] * 10)))
    found = await stores.admin.seller("A1")
    assert found is not None
    assert sorted(found.marketplace_ids) == sorted(f"M{n}" for n in range(20))


async def test_application_comes_back_as_it_was_added(stores: Stores) -> None:
    made = application("app1", secret_expires_at=LATER)
    await stores.admin.add_application(made, b"h" * 32)
    assert await stores.admin.application("app1") == made
    assert await stores.admin.application("app2") is None
    assert await stores.admin.applications("", 10) == [made]
    assert await stores.admin.applications("app1", 10) == []


async def test_changed_application_keeps_its_client_id(stores: Stores) -> None:
    await stores.admin.add_application(application("app1"), b"h" * 32)
    changed = await stores.admin.change_application(
        "app1", lambda old: msgspec.structs.replace(old, roles=(), secret_expires_at=LATER)
    )
    assert changed == application("app1", roles=(), secret_expires_at=LATER)
    assert await stores.admin.application("app1") == changed
    assert await stores.admin.change_application("app2", lambda old: old) is None


async def test_replaced_secret_has_no_end(stores: Stores) -> None:
    await stores.admin.add_application(application("app1", secret_expires_at=NOW), b"h" * 32)
    assert await stores.admin.replace_secret("app1", b"i" * 32)
    assert await stores.admin.application("app1") == application("app1")
    assert not await stores.admin.replace_secret("app2", b"i" * 32)


async def test_authorizations_are_listed_of_one_application_and_one_seller(stores: Stores) -> None:
    await with_accounts(stores.admin)
    made = [
        authorization(f"z{n}", f"app{application_name}", seller_id)
        for n, (application_name, seller_id) in enumerate(
            [("A1", "A1"), ("A1", "A2"), ("A2", "A1"), ("A2", "A2")]
        )
    ]
    for n, one in enumerate(made):
        await stores.admin.add_authorization(one, bytes([n]) * 32)

    async def listed(application_id: str | None, seller_id: str | None) -> list[Authorization]:
        return await stores.admin.authorizations(
            "", 10, application_id=application_id, seller_id=seller_id
        )

    assert await listed(None, None) == made
    assert await listed("appA1", None) == made[:2]
    assert await listed(None, "A2") == [made[1], made[3]]
    assert await listed("appA2", "A2") == [made[3]]
    assert (
        await stores.admin.authorizations("z1", 1, application_id=None, seller_id=None) == made[2:3]
    )
    assert await stores.admin.authorization("z0") == made[0]
    assert await stores.admin.authorization("z9") is None


async def test_authorization_is_revoked_once(stores: Stores) -> None:
    await with_accounts(stores.admin)
    await stores.admin.add_authorization(authorization("z", "appA1", "A1"), b"r" * 32)
    await stores.admin.add_code(
        IssuedCode(code_hash=b"c" * 32, authorization_id="z", redirect_uri=None, expires_at=LATER)
    )
    assert await stores.admin.revoke_authorization("z", NOW)
    before = await revision(stores.admin)
    assert await stores.admin.revoke_authorization("z", LATER)
    assert await revision(stores.admin) == before
    found = await stores.admin.authorization("z")
    assert found is not None
    assert found.revoked_at == NOW
    assert not await stores.admin.revoke_authorization("y", NOW)


async def test_usage_plan_is_added_replaced_and_deleted(stores: Stores) -> None:
    await with_accounts(stores.admin)
    await stores.admin.put_usage_plan(override("appA1", "A1", "getOrders", 0.0167))
    await stores.admin.put_usage_plan(override("appA1", "A1", "getOrders", 1 / 3))
    assert await stores.admin.usage_plans(("", "", ""), 10) == [
        override("appA1", "A1", "getOrders", 1 / 3)
    ]
    assert await stores.admin.delete_usage_plan("appA1", "A1", "getOrders")
    assert not await stores.admin.delete_usage_plan("appA1", "A1", "getOrders")
    assert await stores.admin.usage_plans(("", "", ""), 10) == []


async def test_usage_plans_are_listed_by_application_seller_and_operation(stores: Stores) -> None:
    await with_accounts(stores.admin)
    plans = [
        override(application_id, seller_id, operation)
        for application_id in ("appA1", "appA2")
        for seller_id in ("A1", "A2")
        for operation in ("getOrder", "getOrders")
    ]
    for one in reversed(plans):
        await stores.admin.put_usage_plan(one)
    assert await stores.admin.usage_plans(("", "", ""), 10) == plans
    assert await stores.admin.usage_plans(("appA1", "A1", "getOrders"), 2) == plans[2:4]


async def test_new_clock_runs_with_the_machine(stores: Stores) -> None:
    state = await stores.admin.read_state()
    assert state.clock == ClockState(offset_us=0, stopped_at_us=None)


async def test_changed_clock_is_seen_by_every_process(stores: Stores, peer: Stores) -> None:
    far = ClockState(offset_us=-(2**60), stopped_at_us=2**60)
    after = await stores.admin.change_clock(lambda _: far)
    assert after.clock == far
    assert await peer.admin.read_state() == after


async def test_steps_of_the_clock_at_once_add_up(stores: Stores, peer: Stores) -> None:
    def stepped(clock: ClockState) -> ClockState:
        return msgspec.structs.replace(clock, offset_us=clock.offset_us + 1)

    before = await revision(stores.admin)
    await asyncio.gather(*(process.admin.change_clock(stepped) for process in [stores, peer] * 25))
    state = await stores.admin.read_state()
    assert state.clock.offset_us == 50
    assert state.revision == before + 50


async def test_refused_change_of_the_clock_leaves_all_as_it_was(stores: Stores) -> None:
    before = await stores.admin.read_state()

    def refused(_: ClockState) -> ClockState:
        raise invalid_input("no")

    with pytest.raises(Problem, match="no"):
        await stores.admin.change_clock(refused)
    assert await stores.admin.read_state() == before


async def test_revision_moves_with_everything_that_processes_keep_in_memory(stores: Stores) -> None:
    await with_accounts(stores.admin)
    await stores.admin.add_authorization(authorization("z", "appA1", "A1"), b"r" * 32)
    admin = stores.admin
    changes: list[Callable[[], Awaitable[object]]] = [
        lambda: admin.add_seller(seller("A3")),
        lambda: admin.change_seller("A3", lambda old: old),
        lambda: admin.add_application(application("appA3"), b"h" * 32),
        lambda: admin.change_application("appA3", lambda old: old),
        lambda: admin.replace_secret("appA3", b"i" * 32),
        lambda: admin.revoke_authorization("z", NOW),
        lambda: admin.put_usage_plan(override("appA1", "A1", "getOrder")),
        lambda: admin.delete_usage_plan("appA1", "A1", "getOrder"),
        lambda: admin.change_clock(lambda clock: clock),
    ]
    for change in changes:
        before = await revision(admin)
        await change()
        assert await revision(admin) == before + 1
