"""What is forgotten, and when, on every backend (issue 3, points 6 and 7)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import ItemizedDelta

from tests.storage.order_model import EVERYTHING_VISIBLE, order, order_id, selection
from torihiki.admin import operations as admin
from torihiki.admin.model import AuditEntry, AuditFilter, PageRequest
from torihiki.admin.rules import Mint
from torihiki.admin.store import AdminStore, AuditStore
from torihiki.auth.model import AccessToken
from torihiki.auth.rules import token_hash
from torihiki.auth.store import AuthStore
from torihiki.bootstrap.stores import RestrictedFields
from torihiki.feeds.store import FeedStore
from torihiki.kernel.instant import Instant, TimeDelta, from_micros
from torihiki.orders.model import StoredOrder
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.views import Source, completed, open_ending, pack, personal_part
from torihiki.storage.documents import open_documents
from torihiki.storage.documents.directory import UNFINISHED
from torihiki.worker import cleaner
from torihiki.worker.cleaner import Ages, cleaning, moment_before, parse_age, sweeping
from torihiki.worker.loop import Chore

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
DAY = TimeDelta(hours=24)


PEOPLE = Source(
    address={"Name": "Hanako Reader", "City": "Osaka", "Phone": "+81-6"},
    buyer={"BuyerEmail": "hanako@example.com", "BuyerName": "Hanako Reader"},
    tax={"CompanyLegalName": "Hanako KK"},
    shows_address=True,
    by_amazon=False,
    phone_until=None,
)
EVERYTHING = frozenset({"shippingAddress", "buyerInfo", "buyerTaxInformation"})


class Stores(Protocol):
    @property
    def admin(self) -> AdminStore: ...
    @property
    def auth(self) -> AuthStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def orders(self) -> OrderStore: ...
    @property
    def feeds(self) -> FeedStore: ...


def chores(
    stores: Stores, *, audit: str = "P365D", restricted: str | None = None
) -> dict[str, Chore]:  # fmt: skip
    ages = Ages(
        audit=parse_age(audit), restricted=None if restricted is None else parse_age(restricted)
    )
    made = cleaning(stores.auth, stores.audit, RestrictedFields(stores.orders), ages)
    return {chore.name: chore for chore in made}


def shipped(number: int, at: Instant, *, is_final: bool = True, seller: str = "S1") -> StoredOrder:
    """An order that speaks of people."""
    people = personal_part(PEOPLE)
    plain = order(number, is_final=is_final, seller_id=seller, restricted_items=b'["Hanako"]')
    return msgspec.structs.replace(
        plain,
        created=at - DAY,
        last_updated=at,
        ending=open_ending(people),
        personal=pack(people),
        buyer_email="hanako@example.com",
    )


async def speaking(store: OrderStore, *sellers: str) -> list[int]:
    """The numbers of the orders that still have a name, a telephone, an address, a company or a message."""
    found: list[int] = []
    for seller_id in sellers or ("S1",):
        for with_personal in (False, True):
            page = await store.page(
                seller_id,
                selection(),
                visible_from=EVERYTHING_VISIBLE,
                after=None,
                limit=100,
                personal=with_personal,
            )
            opened = EVERYTHING if with_personal else None
            for document in completed(page.documents, opened, NOW):
                shown = msgspec.json.decode(document)
                items = await store.items(seller_id, order_id(int(shown["order"])), restricted=True)
                assert items is not None
                said = document + items.items
                assert b"Osaka" in said
                if any(word in said for word in (b"anako", b"+81")):
                    found.append(int(shown["order"]))
    return sorted(set(found))


async def finish(chore: Chore, now: Instant = NOW) -> list[int]:
    """What each step did until nothing was left."""
    steps: list[int] = []
    while count := await chore.step(now):
        steps.append(count)
    return steps


async def append(stores: Stores, at: Instant) -> None:
    entry = AuditEntry(
        at=at,
        request_id="r",
        seller_id="A1",
        application_id="a",
        token_id="0123456789abcdef",
        operation="getOrder",
        elements=("buyerInfo",),
        order_ids=("902-3159896-1390916",),
    )
    await stores.audit.append(entry)


async def kept(stores: Stores) -> list[Instant]:
    page = PageRequest(after=("", ""), size=1000)
    return [one.at for one in (await stores.audit.entries(AuditFilter(), page)).items]


async def put_token(stores: Stores, application_id: str, text: str, expires_at: Instant) -> None:
    token = AccessToken(
        token_hash=token_hash(text),
        application_id=application_id,
        authorization_id=None,
        scope="s",
        issued_at=expires_at - TimeDelta(hours=1),
        expires_at=expires_at,
    )
    await stores.auth.put_access_token(token, purge_before=Instant.MIN)


async def test_entries_of_the_audit_trail_are_forgotten_when_they_are_old_enough(
    stores: Stores,
) -> None:
    for days in (40, 31, 30, 29, 0):
        await append(stores, NOW - DAY * days)
    chore = chores(stores, audit="P30D")["purge audit trail"]
    assert sum(await finish(chore)) == 2
    assert await kept(stores) == [NOW, NOW - DAY * 29, NOW - DAY * 30]
    assert await finish(chore) == []


async def test_each_step_is_bounded(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaner, "ROWS", 4)
    for seconds in range(10):
        await append(stores, NOW - DAY * 400 + TimeDelta(seconds=seconds))
    assert await finish(chores(stores)["purge audit trail"]) == [4, 4, 2]


async def test_token_is_forgotten_a_week_after_it_expired(stores: Stores) -> None:
    """Until then it answers that it has expired (contract 1.9 row 10), and not that nobody knows it."""
    mint = Mint(random_bytes=os.urandom, digest=token_hash)
    application, _ = await admin.create_application(
        stores.admin, name="A", roles=[], now=NOW, mint=mint
    )
    for days in (8, 6, 0):
        await put_token(stores, application.application_id, f"expired-{days}", NOW - DAY * days)
    assert sum(await finish(chores(stores)["purge expired tokens"])) == 1
    assert await stores.auth.grant(token_hash("expired-8")) is None
    assert await stores.auth.grant(token_hash("expired-6")) is not None
    assert await stores.auth.grant(token_hash("expired-0")) is not None


async def test_two_workers_at_once_forget_what_one_would(
    stores: Stores, peer: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaner, "ROWS", 7)
    for number in range(100):
        await append(stores, NOW - DAY * 400 + TimeDelta(seconds=number))
    await append(stores, NOW)
    one, other = (chores(each)["purge audit trail"] for each in (stores, peer))
    done = [*await asyncio.gather(finish(one), finish(other)), await finish(one)]
    assert sum(map(sum, done)) == 100
    assert await kept(stores) == [NOW]


async def test_restricted_fields_are_erased_when_the_setting_says_so(
    stores: Stores, store: OrderStore
) -> None:
    ages = {1: 31, 2: 30, 3: 1}
    await store.put([shipped(number, NOW - DAY * days) for number, days in ages.items()])
    await store.put([shipped(4, NOW - DAY * 400, is_final=False)])
    assert "erase restricted fields" not in chores(stores)
    assert await speaking(store) == [1, 2, 3, 4]
    chore = chores(stores, restricted="P30D")["erase restricted fields"]
    assert await finish(chore) == [1]
    assert await speaking(store) == [2, 3, 4]
    assert await finish(chore) == []
    assert await finish(chore, NOW + DAY * 40) == [2]
    assert await speaking(store) == [4]


async def test_each_step_of_erasing_is_bounded_and_takes_the_oldest(
    stores: Stores, store: OrderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaner, "ORDERS", 2)
    await store.put(
        [
            shipped(number, NOW - DAY * (100 + number), seller=("S1", "S2")[number % 2])
            for number in range(5)
        ]
    )
    chore = chores(stores, restricted="P30D")["erase restricted fields"]
    assert await chore.step(NOW) == 2
    assert await speaking(store, "S1", "S2") == [0, 1, 2]
    assert await finish(chore) == [2, 1]
    assert await speaking(store, "S1", "S2") == []


async def test_two_workers_at_once_erase_what_one_would(
    stores: Stores, store: OrderStore, peer: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaner, "ORDERS", 3)
    await store.put([shipped(number, NOW - DAY * 99) for number in range(20)])
    await store.put([shipped(20, NOW)])
    each = (chores(one, restricted="P30D")["erase restricted fields"] for one in (stores, peer))
    await asyncio.gather(*(finish(chore) for chore in each))
    assert await speaking(store) == [20]


async def test_upload_that_nobody_writes_to_for_a_day_is_removed_by_the_machines_clock(
    tmp_path: Path,
) -> None:
    """Whatever the operator's clock shows: files are dated by the machine's."""
    documents = open_documents(None, tmp_path)
    folder = tmp_path / "documents"
    for name, hours in {f"{UNFINISHED}old": 25, f"{UNFINISHED}new": 23, "whole": 999}.items():
        (folder / name).write_bytes(b"x")
        at = (NOW - TimeDelta(hours=hours)).timestamp()
        os.utime(folder / name, (at, at))
    chore = sweeping(documents, lambda: NOW)
    assert await finish(chore, NOW + DAY * 400) == [1]
    assert sorted(one.name for one in folder.iterdir()) == [f"{UNFINISHED}new", "whole"]


@pytest.mark.parametrize("text", ["", "30", "30 days", "P", "-P1D", "P-1D", "P1DT-1H"])
def test_age_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|negative"):
        parse_age(text)


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        ("P30D", "2026-10-23T09:30:00Z"),
        ("P1M", "2026-10-22T09:30:00Z"),
        ("P1YT30M", "2025-11-22T09:00:00Z"),
        ("PT0S", "2026-11-22T09:30:00Z"),
        ("P9999Y", "0001-01-01T00:00:00Z"),
        ("P2999999D", "0001-01-01T00:00:00Z"),
    ],
)
def test_age_goes_back_by_the_calendar_and_not_beyond_it(age: str, shown: str) -> None:
    assert moment_before(NOW, parse_age(age)).format_iso() == shown


@given(st.integers(0, 10**17), st.integers(0, 10**6))
def test_age_in_hours_is_exact_whatever_the_clock_shows(now_us: int, hours: int) -> None:
    now = from_micros(now_us)
    age = ItemizedDelta(hours=hours)
    assert now - moment_before(now, age) == TimeDelta(hours=hours)
