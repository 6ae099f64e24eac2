"""What `FeedStore` promises, on every backend (issue 4, point 4)."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec
import pytest

from torihiki.feeds.model import (
    Claim,
    Cursor,
    Feed,
    FeedDocument,
    Finding,
    NewFeed,
    Progress,
    Selection,
    Severity,
    Status,
)
from torihiki.feeds.store import FeedStore
from torihiki.kernel.instant import Instant, TimeDelta

NOW = Instant.parse_iso("2026-11-22T09:30:00.123456Z")
LEASE = TimeDelta(seconds=10)
TYPE = "POST_ORDER_FULFILLMENT_DATA"
US, JP = "ATVPDKIKX0DER", "A1VC38T7YXB528"


class Stores(Protocol):
    @property
    def feeds(self) -> FeedStore: ...


def later(seconds: float) -> Instant:
    return NOW + TimeDelta(seconds=seconds)


def document(document_id: str, seller_id: str = "A1", at: Instant = NOW) -> FeedDocument:
    return FeedDocument(
        document_id=document_id, seller_id=seller_id, content_type="text/xml", created=at
    )


async def queued(store: FeedStore, number: int = 1, seller_id: str = "A1", **changes: Any) -> str:
    """The id of a new feed, with a document of its own."""
    created = changes.get("created", NOW)
    await store.add_document(document(f"in-{seller_id}-{number}", seller_id, created))
    new = NewFeed(
        seller_id=seller_id,
        feed_type=TYPE,
        marketplace_ids=(US,),
        created=NOW,
        input_document_id=f"in-{seller_id}-{number}",
        result_document_id=f"out-{seller_id}-{number}",
    )
    feed_id = await store.add_feed(msgspec.structs.replace(new, **changes))
    assert feed_id is not None
    return feed_id


async def claimed(store: FeedStore, owner: str = "w1", at: Instant = NOW) -> Claim | None:
    return await store.claim(owner, at=at, until=at + LEASE, now=NOW)


async def ended(
    store: FeedStore, feed_id: str, owner: str = "w1", report: str | None = None
) -> bool:
    made = document(report or f"report-{feed_id}")
    return await store.finish(feed_id, owner, Status.DONE, made, ended=later(3))


def finding(number: int) -> Finding:
    return Finding(message=str(number), severity=Severity.ERROR, code="1", text=f"text {number}")


def selection(**changes: Any) -> Selection:
    made = Selection(
        feed_types=(TYPE,), marketplace_ids=(), statuses=(), since=later(-1000), until=later(1000)
    )
    return msgspec.structs.replace(made, **changes)


async def listed(store: FeedStore, wanted: Selection, seller_id: str = "A1") -> list[str]:
    """Ids of the feeds, page by page."""
    found: list[str] = []
    after: Cursor | None = None
    while True:
        page = await store.page(seller_id, wanted, after=after, limit=2)
        assert len(page.feeds) <= 2
        found += [feed.feed_id for feed in page.feeds]
        if page.after is None:
            return found
        after = page.after


async def test_document_is_there_for_its_seller_only(stores: Stores, peer: Stores) -> None:
    await stores.feeds.add_document(document("d"))
    assert await peer.feeds.document("A1", "d") == document("d")
    assert await stores.feeds.document("A2", "d") is None
    assert await stores.feeds.document("A1", "e") is None


async def test_feed_is_there_for_its_seller_only_and_has_an_id_of_digits(stores: Stores) -> None:
    feed_id = await queued(stores.feeds)
    assert feed_id.isdecimal()
    assert len(feed_id) > 9
    assert await stores.feeds.feed("A1", feed_id) == Feed(
        feed_id=feed_id,
        feed_type=TYPE,
        marketplace_ids=(US,),
        created=NOW,
        status=Status.IN_QUEUE,
        started=None,
        ended=None,
        result_document_id=None,
    )
    assert await stores.feeds.feed("A2", feed_id) is None
    for other in ("", "0", "1", "x", "-1", "²", str(int(feed_id) + 1), "9" * 40, f"0{feed_id}"):
        assert await stores.feeds.feed("A1", other) is None


async def test_feed_of_a_document_that_is_not_the_sellers_is_not_taken(stores: Stores) -> None:
    await stores.feeds.add_document(document("d", "A2"))
    feed = NewFeed(
        seller_id="A1",
        feed_type=TYPE,
        marketplace_ids=(US,),
        created=NOW,
        input_document_id="d",
        result_document_id="r",
    )
    assert await stores.feeds.add_feed(feed) is None
    assert await stores.feeds.add_feed(msgspec.structs.replace(feed, input_document_id="x")) is None
    assert await claimed(stores.feeds) is None


async def test_pages_give_the_newest_first_and_each_once(stores: Stores) -> None:
    ids = [await queued(stores.feeds, n, created=later(n // 2)) for n in range(7)]
    await queued(stores.feeds, 8, seller_id="A2")
    assert await listed(stores.feeds, selection()) == ids[::-1]
    first = await stores.feeds.page("A1", selection(), after=None, limit=3)
    await queued(stores.feeds, 9, created=later(2))
    rest = await stores.feeds.page("A1", selection(), after=first.after, limit=100)
    assert [one.feed_id for one in (*first.feeds, *rest.feeds) if one.feed_id in ids] == ids[::-1]


async def test_each_filter_leaves_what_it_names(stores: Stores) -> None:
    one = await queued(stores.feeds, 1, created=later(1))
    two = await queued(stores.feeds, 2, created=later(2), marketplace_ids=(US, JP))
    three = await queued(stores.feeds, 3, created=later(3), feed_type="OTHER")
    assert await stores.feeds.cancel("A1", one) is Status.IN_QUEUE
    for changes, found in (
        ({}, [two, one]),
        ({"feed_types": (TYPE, "OTHER")}, [three, two, one]),
        ({"feed_types": ()}, [three, two, one]),
        ({"feed_types": ("other",)}, []),
        ({"marketplace_ids": (JP,)}, [two]),
        ({"marketplace_ids": (JP, US)}, [two, one]),
        ({"marketplace_ids": ("X", '"US')}, []),
        ({"statuses": (Status.CANCELLED,)}, [one]),
        ({"statuses": (Status.CANCELLED, Status.IN_QUEUE)}, [two, one]),
        ({"statuses": (Status.DONE,)}, []),
        ({"since": later(2)}, [two]),
        ({"until": later(1)}, [one]),
        ({"since": later(2), "until": later(1)}, []),
    ):
        assert await listed(stores.feeds, selection(**changes)) == found, changes


async def test_only_a_feed_in_the_queue_can_be_cancelled(stores: Stores) -> None:
    feed_id = await queued(stores.feeds)
    assert await stores.feeds.cancel("A2", feed_id) is None
    assert await stores.feeds.cancel("A1", "1") is None
    assert await stores.feeds.cancel("A1", feed_id) is Status.IN_QUEUE
    assert await stores.feeds.cancel("A1", feed_id) is Status.CANCELLED
    assert await claimed(stores.feeds) is None
    other = await queued(stores.feeds, 2)
    assert await claimed(stores.feeds) is not None
    assert await stores.feeds.cancel("A1", other) is Status.IN_PROGRESS
    assert await ended(stores.feeds, other)
    assert await stores.feeds.cancel("A1", other) is Status.DONE
    found = await stores.feeds.feed("A1", feed_id)
    assert found is not None
    assert (found.status, found.started, found.result_document_id) == (Status.CANCELLED, None, None)


async def test_claim_says_all_that_a_worker_needs(stores: Stores, peer: Stores) -> None:
    feed_id = await queued(stores.feeds, marketplace_ids=(US, JP))
    assert await claimed(peer.feeds) == Claim(
        feed_id=feed_id,
        seller_id="A1",
        feed_type=TYPE,
        marketplace_ids=(US, JP),
        input_document_id="in-A1-1",
        result_document_id="out-A1-1",
        content_type="text/xml",
        progress=Progress(),
    )
    found = await stores.feeds.feed("A1", feed_id)
    assert found is not None
    assert (found.status, found.started, found.ended) == (Status.IN_PROGRESS, NOW, None)


async def test_feeds_of_a_seller_come_one_after_the_other_and_sellers_beside_each_other(
    stores: Stores,
) -> None:
    first, second = await queued(stores.feeds, 1), await queued(stores.feeds, 2)
    other = await queued(stores.feeds, 1, seller_id="A2")
    taken = [await claimed(stores.feeds, f"w{n}") for n in range(3)]
    assert [one and one.feed_id for one in taken] == [first, other, None]
    assert await ended(stores.feeds, first, "w0")
    following = await claimed(stores.feeds, "w3")
    assert following is not None
    assert following.feed_id == second


async def test_two_workers_never_hold_one_feed(stores: Stores, peer: Stores) -> None:
    ids = {await queued(stores.feeds, n, seller_id=f"A{n}") for n in range(12)}
    taken = await asyncio.gather(
        *(claimed(store.feeds, f"w{n}") for n in range(10) for store in (stores, peer))
    )
    left = [await claimed(stores.feeds) for _ in range(12)]
    found = [claim.feed_id for claim in (*taken, *left) if claim is not None]
    assert sorted(found) == sorted(ids)


async def test_feed_of_a_dead_worker_is_taken_over_where_it_was(
    stores: Stores, peer: Stores
) -> None:
    feed_id = await queued(stores.feeds)
    assert await claimed(stores.feeds, "dead") is not None
    progress = Progress(messages=3, errors=2, warnings=1)
    assert await stores.feeds.advance(
        feed_id, "dead", until=later(20), progress=progress, findings=[finding(1), finding(2)]
    )
    assert await claimed(peer.feeds, "heir", later(19)) is None
    claim = await claimed(peer.feeds, "heir", later(20))
    assert claim is not None
    assert claim.progress == progress
    assert await peer.feeds.findings(feed_id) == [finding(1), finding(2)]
    found = await peer.feeds.feed("A1", feed_id)
    assert found is not None
    assert found.started == NOW


async def test_worker_that_lost_its_feed_writes_no_more(stores: Stores, peer: Stores) -> None:
    feed_id = await queued(stores.feeds)
    assert await claimed(stores.feeds, "slow") is not None
    assert await claimed(peer.feeds, "heir", later(11)) is not None
    lost = Progress(messages=9)
    assert not await stores.feeds.advance(
        feed_id, "slow", until=later(99), progress=lost, findings=[finding(9)]
    )
    assert not await ended(stores.feeds, feed_id, "slow", "wrong")
    await stores.feeds.release("slow")
    assert await stores.feeds.findings(feed_id) == []
    assert await stores.feeds.document("A1", "wrong") is None
    assert await peer.feeds.advance(
        feed_id, "heir", until=later(30), progress=Progress(messages=1), findings=[]
    )
    assert await ended(peer.feeds, feed_id, "heir", "right")
    assert not await ended(peer.feeds, feed_id, "heir", "again")
    found = await stores.feeds.feed("A1", feed_id)
    assert found is not None
    assert (found.status, found.ended) == (Status.DONE, later(3))
    assert found.result_document_id == "out-A1-1"
    assert await stores.feeds.document("A1", "right") is not None


async def test_findings_come_in_the_order_of_the_steps_and_a_step_may_come_again(
    stores: Stores,
) -> None:
    feed_id = await queued(stores.feeds)
    assert await claimed(stores.feeds) is not None
    for messages, numbers in ((0, [0]), (0, [0]), (9, [1, 2]), (10, []), (100, [3])):
        assert await stores.feeds.advance(
            feed_id,
            "w1",
            until=later(9),
            progress=Progress(messages=messages),
            findings=[finding(n) for n in numbers],
        )
    assert await stores.feeds.findings(feed_id) == [finding(n) for n in range(4)]
    assert await ended(stores.feeds, feed_id)
    assert await stores.feeds.findings(feed_id) == []


async def test_what_a_worker_gives_back_is_to_be_had_at_once(stores: Stores) -> None:
    feed_id = await queued(stores.feeds)
    assert await claimed(stores.feeds, "w1") is not None
    await stores.feeds.release("w1")
    claim = await claimed(stores.feeds, "w2")
    assert claim is not None
    assert claim.feed_id == feed_id


async def test_old_documents_are_those_that_no_open_feed_needs(stores: Stores) -> None:
    open_one = await queued(stores.feeds, 1, created=later(-100))
    await queued(stores.feeds, 1, seller_id="A2", created=later(-99))
    for number in range(4):
        await stores.feeds.add_document(document(f"d{number}", at=later(number - 90)))
    await stores.feeds.cancel("A2", str(int(open_one) + 1))
    old = await stores.feeds.old_documents(later(-88), 10)
    assert old == ["in-A2-1", "d0", "d1"]
    assert await stores.feeds.old_documents(later(-88), 2) == old[:2]
    await stores.feeds.forget_documents(old)
    assert await stores.feeds.old_documents(later(-88), 10) == []
    assert await stores.feeds.document("A1", "d0") is None
    assert await stores.feeds.document("A1", "d2") is not None
    assert (await stores.feeds.feed("A1", open_one)) is not None


async def test_claim_of_a_feed_whose_document_is_forgotten_says_so(stores: Stores) -> None:
    await queued(stores.feeds)
    await stores.feeds.forget_documents(["in-A1-1"])
    claim = await claimed(stores.feeds)
    assert claim is not None
    assert claim.content_type is None


async def test_feeds_are_purged_when_they_are_old_and_not_open_and_no_id_comes_again(
    stores: Stores,
) -> None:
    ids = [await queued(stores.feeds, n, created=later(n)) for n in range(5)]
    for feed_id in ids[:4]:
        await stores.feeds.cancel("A1", feed_id)
    assert await stores.feeds.purge_feeds(later(3), 2) == 2
    assert await stores.feeds.purge_feeds(later(3), 2) == 1
    assert await stores.feeds.purge_feeds(later(3), 2) == 0
    assert await listed(stores.feeds, selection()) == [ids[4], ids[3]]
    assert await claimed(stores.feeds) is not None
    assert await ended(stores.feeds, ids[4])
    assert await stores.feeds.purge_feeds(later(9), 9) == 2
    assert int(await queued(stores.feeds, 9)) > int(ids[4])


@pytest.mark.parametrize("text", ["a'b\"c;--", "%_\\", "日本"])
async def test_text_of_a_request_is_only_text(stores: Stores, text: str) -> None:
    await stores.feeds.add_document(document(text))
    assert await stores.feeds.document("A1", text) == document(text)
    wanted = selection(feed_types=(text,), marketplace_ids=(text,))
    assert await listed(stores.feeds, wanted) == []
