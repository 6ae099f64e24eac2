"""What `AuditStore` promises, on every backend (issue 3, point 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.admin.model import AuditEntry, AuditFilter, Page, PageRequest
from torihiki.admin.store import AuditStore
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.storage import audit_keys
from torihiki.storage.order_keys import order_id, order_number

NOW = Instant.parse_iso("2026-11-22T09:30:00.123456Z")
ANY = AuditFilter()


class Stores(Protocol):
    @property
    def audit(self) -> AuditStore: ...
    @property
    def at_rest(self) -> Callable[[], bytes]: ...


def later(seconds: float) -> Instant:
    return NOW + TimeDelta(seconds=seconds)


def entry(number: int, **changes: Any) -> AuditEntry:
    made = AuditEntry(
        at=later(number),
        request_id=f"request-{number}",
        seller_id="A1",
        application_id="amzn1.sellerapps.app.1",
        token_id="0123456789abcdef",
        operation="getOrders",
        elements=("buyerInfo", "shippingAddress"),
        order_ids=(f"902-0000000-{number:07}",),
    )
    return msgspec.structs.replace(made, **changes)


def first(size: int = 100) -> PageRequest:
    return PageRequest(after=("", ""), size=size)


async def listed(audit: AuditStore, wanted: AuditFilter = ANY) -> list[str]:
    """The request ids of a first page that must be the last."""
    page = await audit.entries(wanted, first())
    assert page.following is None
    return [one.request_id for one in page.items]


async def walked(audit: AuditStore, wanted: AuditFilter, size: int) -> list[Page[AuditEntry]]:
    pages = [await audit.entries(wanted, first(size))]
    while (after := pages[-1].following) is not None:
        pages.append(await audit.entries(wanted, PageRequest(after=after, size=size)))
    assert all(len(page.items) <= size for page in pages)
    return pages


async def test_entry_comes_back_as_it_was_appended(stores: Stores, peer: Stores) -> None:
    """Also in another process, as soon as `append` has returned."""
    many = tuple(f"{n:03}-{n * 7:07}-{n * 13:07}" for n in range(100))
    for made in (entry(1), entry(2, order_ids=many, elements=("buyerInfo",)), entry(3, order_ids=(), token_id="")):  # fmt: skip
        await stores.audit.append(made)
        (newest, *_) = (await peer.audit.entries(ANY, first())).items
        assert newest == made


async def test_newest_entry_comes_first_and_of_one_instant_the_last_appended(
    stores: Stores,
) -> None:
    """The operator's clock can go back."""
    for made in (entry(5), entry(9), entry(1), entry(2, at=later(5)), entry(3, at=later(5))):
        await stores.audit.append(made)
    assert await listed(stores.audit) == [f"request-{n}" for n in (9, 3, 2, 5, 1)]


async def test_pages_give_every_entry_once_whatever_is_appended_meanwhile(stores: Stores) -> None:
    for number in range(20):
        await stores.audit.append(entry(number, at=later(number // 4)))
    found: list[str] = []
    page = await stores.audit.entries(ANY, first(3))
    while True:
        found += [one.request_id for one in page.items]
        if page.following is None:
            break
        await stores.audit.append(entry(100 + len(found)))
        page = await stores.audit.entries(ANY, PageRequest(after=page.following, size=3))
    assert found == [f"request-{n}" for n in reversed(range(20))]


async def test_page_that_is_full_and_last_has_none_after_it(stores: Stores) -> None:
    for number in range(4):
        await stores.audit.append(entry(number))
    pages = await walked(stores.audit, ANY, 2)
    assert [len(page.items) for page in pages] == [2, 2]


async def test_each_filter_leaves_what_it_names(stores: Stores) -> None:
    await stores.audit.append(entry(1))
    await stores.audit.append(entry(2, seller_id="A2"))
    await stores.audit.append(entry(3, application_id="amzn1.sellerapps.app.2"))
    await stores.audit.append(entry(4, operation="getOrderAddress"))
    await stores.audit.append(entry(5, order_ids=("902-3159896-1390916", "902-0000000-0000001")))
    for wanted, numbers in (
        (ANY, [5, 4, 3, 2, 1]),
        (AuditFilter(seller_id="A1"), [5, 4, 3, 1]),
        (AuditFilter(seller_id="a1"), []),
        (AuditFilter(application_id="amzn1.sellerapps.app.2"), [3]),
        (AuditFilter(operation="getOrderAddress"), [4]),
        (AuditFilter(order_id="902-0000000-0000001"), [5, 1]),
        (AuditFilter(order_id="902-3159896-1390916", seller_id="A1"), [5]),
        (AuditFilter(order_id="902-3159896-1390916", seller_id="A2"), []),
        (AuditFilter(since=later(3)), [5, 4, 3]),
        (AuditFilter(until=later(3)), [2, 1]),
        (AuditFilter(since=later(2), until=later(4), seller_id="A1"), [3]),
        (AuditFilter(since=later(3) + TimeDelta(nanoseconds=1)), [5, 4]),
        (AuditFilter(until=later(3) + TimeDelta(nanoseconds=1)), [3, 2, 1]),
        (AuditFilter(since=later(4), until=later(2)), []),
    ):
        assert await listed(stores.audit, wanted) == [f"request-{n}" for n in numbers], wanted


async def test_number_across_two_orders_is_not_an_order(stores: Stores) -> None:
    """The order filter is exact: eight bytes that begin inside one number are no number."""
    one, other = 0x0001_00AA_BBCC_00DD, 0x0044_5566_7788_99AA
    across = int.from_bytes((one.to_bytes(8) + other.to_bytes(8))[2:10])
    assert max(one, across, other) < 10**17
    await stores.audit.append(entry(1, order_ids=(order_id(one), order_id(other))))
    assert await listed(stores.audit, AuditFilter(order_id=order_id(across))) == []
    assert await listed(stores.audit, AuditFilter(order_id=order_id(one))) == ["request-1"]
    assert await listed(stores.audit, AuditFilter(order_id=order_id(other))) == ["request-1"]


async def test_call_looks_at_a_bounded_number_of_entries_and_goes_on(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rare order is found, on a page that may come after empty ones."""
    monkeypatch.setattr(audit_keys, "LOOKED_AT", 5)
    await stores.audit.append(entry(0, order_ids=("902-3159896-1390916",)))
    for number in range(1, 15):
        await stores.audit.append(entry(number, at=later(number // 3)))
    for seller_id in (None, "A1"):
        wanted = AuditFilter(order_id="902-3159896-1390916", seller_id=seller_id)
        pages = await walked(stores.audit, wanted, 2)
        assert [len(page.items) for page in pages] == [0, 0, 1]
        assert pages[-1].items[0].request_id == "request-0"
    pages = await walked(stores.audit, ANY, 4)
    assert [one.request_id for page in pages for one in page.items] == [
        f"request-{n}" for n in reversed(range(15))
    ]


@pytest.mark.parametrize("key", [("x", "1"), ("1", ""), ("-1", "1"), ("1" * 19, "1"), ("²", "1")])  # fmt: skip
async def test_foreign_key_is_refused(stores: Stores, key: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await stores.audit.entries(ANY, PageRequest(after=key, size=1))


async def test_id_that_is_none_of_an_order_is_refused(stores: Stores) -> None:
    with pytest.raises(ValueError, match="no AmazonOrderId"):
        await stores.audit.append(entry(1, order_ids=("902-0000000-0000001", "S-1")))
    assert await listed(stores.audit) == []


async def test_purge_forgets_the_oldest_in_bounded_steps(stores: Stores) -> None:
    for number in range(10):
        await stores.audit.append(entry(number))
    assert await stores.audit.purge(later(7), 3) == 3
    assert await listed(stores.audit) == [f"request-{n}" for n in reversed(range(3, 10))]
    assert [await stores.audit.purge(later(7), 3) for _ in range(3)] == [3, 1, 0]
    assert await listed(stores.audit) == ["request-9", "request-8", "request-7"]


async def test_two_that_purge_at_once_forget_no_more_than_what_is_old(
    stores: Stores, peer: Stores
) -> None:
    for number in range(60):
        await stores.audit.append(entry(number))
    steps = await asyncio.gather(
        *(one.audit.purge(later(50), 10) for one in (stores, peer) for _ in range(10))
    )
    assert sum(steps) == 50
    assert len(await listed(stores.audit)) == 10


async def test_order_number_is_not_at_rest_in_the_form_of_an_id(stores: Stores) -> None:
    """A row is small: a hundred orders take eight bytes each."""
    ids = tuple(f"902-1234567-{n:07}" for n in range(100))
    await stores.audit.append(entry(1, order_ids=ids))
    assert b"902-1234567-" not in stores.at_rest()


@given(st.integers(0, 10**17 - 1))
def test_order_id_and_number_are_each_others_reverse(number: int) -> None:
    assert order_number(order_id(number)) == number
