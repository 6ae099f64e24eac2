"""How feeds are worked on, on every backend: in waves, by several workers, after failures, and until they are forgotten (O-30)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from tests.feeds.documents import envelope, fulfillment, item, order_id, row, table
from tests.orders.lines import JAPAN
from tests.server.feeding import counts, item_id, results
from tests.worker.feeding import NOW, Failing, Machine, Shop, Stores, chunks
from torihiki.feeds.model import FeedDocument, Selection, Status
from torihiki.feeds.rules import CONTENT_MAX_BYTES, FLAT_FULFILLMENT
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import unavailable
from torihiki.orders.store import OrderStore
from torihiki.storage.documents import open_documents
from torihiki.worker.feeds import LEASE, FeedWork
from torihiki.worker.held_feed import WAVE

DAY = TimeDelta(hours=24)


@pytest.fixture
def shop(stores: Stores, store: OrderStore, tmp_path: Path) -> Shop:
    assert store is stores.orders
    return Shop(stores, open_documents(None, tmp_path), Machine())


async def finish(worker: FeedWork, now: Instant = NOW) -> int:
    """How many steps there were until nothing was left."""
    steps = 0
    while await worker.step(now):
        steps += 1
    return steps


def one_piece(numbers: Sequence[int]) -> str:
    """A feed that ships one piece of each of these orders."""
    return envelope(
        fulfillment(place, order_id(n), items=[item(item_id(n), 1)])
        for place, n in enumerate(numbers, 1)
    )


async def test_nothing_to_do_is_seen_at_once(shop: Shop) -> None:
    assert await shop.worker().step(NOW) == 0


async def test_messages_of_one_order_are_applied_in_their_order(shop: Shop) -> None:
    await shop.load(1)
    document = envelope(
        fulfillment(n, order_id(1), reference="7", tracking=f"T{n}", items=[item(item_id(1), 1)])
        for n in range(1, 2 * WAVE)
    )
    feed_id = await shop.submit(document)
    await finish(shop.worker())
    assert counts(await shop.report(feed_id)) == [2 * WAVE - 1, 2 * WAVE - 1, 0, 0]
    assert await shop.shipped(1) == [1, 0]
    history = await shop.stores.orders.history("S1", order_id(1), after=0, limit=99)
    assert history is not None
    numbers = [msgspec.json.decode(entry.details)["trackingNumber"] for entry in history]
    assert numbers == [f"T{n}" for n in range(1, 2 * WAVE)]


async def test_message_need_not_say_a_tracking_number(shop: Shop) -> None:
    """Contract 6: the format lets it out, which confirmShipment does not. It can be said later."""
    await shop.load(1)
    document = envelope(
        fulfillment(n, order_id(1), reference="7", tracking=said, items=[item(item_id(1), 1)])
        for n, said in enumerate((None, "", "T3"), 1)
    )
    feed_id = await shop.submit(document)
    await finish(shop.worker())
    assert counts(await shop.report(feed_id)) == [3, 3, 0, 0]
    history = await shop.stores.orders.history("S1", order_id(1), after=0, limit=99)
    assert history is not None
    numbers = [msgspec.json.decode(entry.details)["trackingNumber"] for entry in history]
    assert numbers == ["", "T3"]
    assert [entry.event for entry in history] == ["package_confirmed", "package_edited"]


async def test_message_number_that_stands_twice_is_two_messages(shop: Shop) -> None:
    await shop.load(1, 2)
    document = envelope(fulfillment(1, order_id(n), items=[item(item_id(n), 1)]) for n in (1, 2, 1))
    feed_id = await shop.submit(document)
    await finish(shop.worker())
    assert counts(await shop.report(feed_id)) == [3, 3, 0, 0]
    assert await shop.shipped(1) == [2, 0]


async def test_two_workers_apply_each_message_once(shop: Shop, peer: Stores) -> None:
    numbers = range(1, 90)
    await shop.load(*numbers)
    await shop.load(*numbers, seller_id="S2")
    ids = [
        (await shop.submit(one_piece(numbers), seller), seller)
        for seller in ("S1", "S2")
        for _ in range(2)
    ]
    other = Shop(peer, shop.documents, shop.machine)
    await asyncio.gather(finish(shop.worker("w1")), finish(other.worker("w2")))
    await finish(shop.worker("w3"))
    for feed_id, seller in ids:
        assert counts(await shop.report(feed_id, seller)) == [89, 89, 0, 0]
    for seller in ("S1", "S2"):
        assert [await shop.shipped(n, seller) for n in numbers] == [[2, 0]] * 89


async def test_worker_that_stands_still_loses_its_feed_and_nothing_is_done_twice(
    shop: Shop, peer: Stores
) -> None:
    numbers = range(1, 3 * WAVE)
    await shop.load(*numbers)
    open_quantity = f"<AmazonOrderItemCode>{item_id(5)}</AmazonOrderItemCode>"
    document = one_piece([*numbers, 999])
    assert document.count(f"{open_quantity}<Quantity>1</Quantity>") == 1
    feed_id = await shop.submit(
        document.replace(f"{open_quantity}<Quantity>1</Quantity>", open_quantity)
    )
    slow, heir = shop.worker("slow"), Shop(peer, shop.documents, shop.machine).worker("heir")
    for _ in range(2):
        assert await slow.step(NOW) == 1
    assert await heir.step(NOW) == 0
    shop.machine.now += LEASE
    for _ in range(2):
        assert await heir.step(NOW) == 1
    # It applies a wave that the heir has applied, and finds that it cannot record it.
    assert await slow.step(NOW) == 1
    assert await slow.step(NOW) == 0
    await finish(heir)
    report = await shop.report(feed_id)
    assert counts(report) == [3 * WAVE, 3 * WAVE - 1, 1, 0]
    assert [number for number, _ in results(report)] == [str(3 * WAVE)]
    assert [await shop.confirmed(n) for n in numbers] == [1] * len(numbers)
    assert await shop.shipped(5) == [2, 0]


async def test_worker_that_stops_gives_its_feeds_to_others(shop: Shop) -> None:
    await shop.load(1)
    feed_id = await shop.submit(one_piece([1]))
    first, second = shop.worker("w1"), shop.worker("w2")
    assert await first.step(NOW) == 1
    assert await second.step(NOW) == 0
    await first.release()
    await finish(second)
    assert (await shop.feed(feed_id)).status is Status.DONE
    assert await first.step(NOW) == 0


async def test_orders_that_are_away_put_the_feed_off(shop: Shop) -> None:
    """What was applied of the wave is applied again and changes nothing."""
    await shop.load(1, 2, 3)
    feed_id = await shop.submit(one_piece([1, 2, 3]))
    orders = shop.orders(Failing)
    assert isinstance(orders, Failing)
    worker = shop.worker(orders=orders)

    def away(order: str) -> None:
        if order == order_id(2):
            raise unavailable()

    orders.fail = away
    assert await worker.step(NOW) == 1
    for _ in range(3):
        with pytest.raises(type(unavailable())):
            await worker.step(NOW)
    orders.fail = lambda _: None
    await finish(worker)
    assert counts(await shop.report(feed_id)) == [3, 3, 0, 0]
    assert [await shop.confirmed(n) for n in (1, 2, 3)] == [1, 1, 1]


async def test_message_that_fails_as_nobody_expected_stops_no_other(shop: Shop) -> None:
    await shop.load(1, 2, 3)
    feed_id = await shop.submit(one_piece([1, 2, 3]))
    orders = shop.orders(Failing)
    assert isinstance(orders, Failing)

    def broken(order: str) -> None:
        if order == order_id(2):
            raise RuntimeError("secret")

    orders.fail = broken
    await finish(shop.worker(orders=orders))
    report = await shop.report(feed_id)
    assert counts(report) == [3, 2, 1, 0]
    assert "secret" not in report
    assert [await shop.confirmed(n) for n in (1, 2, 3)] == [1, 0, 1]


async def test_each_step_is_bounded_and_feeds_take_turns(shop: Shop) -> None:
    """A short feed of one seller does not wait for a long one of another."""
    long = await shop.submit(envelope(fulfillment(n, order_id(n)) for n in range(20 * WAVE)))
    await shop.load(1, seller_id="S2")
    short = await shop.submit(one_piece([1]), "S2")
    worker = shop.worker()
    steps = 0
    while (await shop.feed(short, "S2")).status is not Status.DONE:
        assert await worker.step(NOW) == 1
        steps += 1
    assert steps < 10
    assert (await shop.feed(long)).status is Status.IN_PROGRESS
    assert await finish(worker) > 10


async def test_orders_follow_the_clock_at_every_step(shop: Shop) -> None:
    await shop.load(1, 2)
    document = envelope(fulfillment(n, order_id(n), items=[item(item_id(n), 1)]) for n in (1, 1, 2))
    feed_id = await shop.submit(document)
    worker, now = shop.worker(), NOW
    while await worker.step(now):
        now += TimeDelta(seconds=60)
    feed = await shop.feed(feed_id)
    assert feed.started == NOW
    assert feed.ended is not None
    assert feed.ended > NOW
    histories = [await shop.stores.orders.history("S1", order_id(n), after=0, limit=9) for n in (1, 2)]  # fmt: skip
    moments = [entry.at for history in histories for entry in history or ()]
    assert moments[0] < moments[1]


async def test_document_that_breaks_at_its_end_changes_nothing(shop: Shop) -> None:
    await shop.load(*range(1, 100))
    feed_id = await shop.submit(one_piece(range(1, 100)).replace("</AmazonEnvelope>", ""))
    await finish(shop.worker())
    assert (await shop.feed(feed_id)).status is Status.DONE
    assert counts(await shop.report(feed_id)) == [0, 0, 1, 0]
    assert [await shop.confirmed(n) for n in (1, 50, 99)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("content", "text"),
    [(None, "Nothing was uploaded"), (b" " * (CONTENT_MAX_BYTES + 1), "larger than")],
    ids=["nothing", "too much"],
)
async def test_feed_without_a_document_that_is_read_is_fatal(
    shop: Shop, content: bytes | None, text: str
) -> None:
    feed_id = await shop.submit(content)
    await finish(shop.worker())
    assert (await shop.feed(feed_id)).status is Status.FATAL
    assert text in await shop.report(feed_id)


async def test_odd_headings_of_a_flat_file_are_warned_of_once_and_do_not_count(shop: Shop) -> None:
    await shop.load(1)
    headings = ("order-id", "ship-date", "carrier-code", "tracking-number", "colour")
    rows = [(order_id(1), "2026-11-21", "UPS", "T1", "red"), (order_id(9), "2026-11-21", "UPS", "T1", "")]  # fmt: skip
    feed_id = await shop.submit(table(*rows, headings=headings), kind=FLAT_FULFILLMENT)
    only_headings = await shop.submit(table(headings=headings), kind=FLAT_FULFILLMENT)
    await finish(shop.worker())
    lines = (await shop.report(feed_id)).split("\n")
    assert lines[1:3] == ["\tNumber of records processed\t\t2", "\tNumber of records successful\t\t1"]  # fmt: skip
    assert [line.split("\t")[:5] for line in lines[5:7]] == [
        ["0", "", "", "90061", "Warning"],
        ["2", order_id(9), "", "18028", "Error"],
    ]
    assert "processed\t\t0" in await shop.report(only_headings)


async def test_flat_file_from_japan_is_read_as_spreadsheets_there_write(shop: Shop) -> None:
    content = table(row(order_id(1), name="日本", date="x")).encode("cp932")
    feed_id = await shop.submit(content, kind=FLAT_FULFILLMENT, marketplace_ids=(JAPAN,))
    await finish(shop.worker())
    assert "ship-date is not" in await shop.report(feed_id)


async def test_warnings_are_counted_apart(shop: Shop) -> None:
    await shop.load(1)
    document = envelope([fulfillment(1, order_id(1), more="<Extra/>"), fulfillment(2, order_id(9), more="<Extra/>")])  # fmt: skip
    feed_id = await shop.submit(document)
    await finish(shop.worker())
    report = await shop.report(feed_id)
    assert counts(report) == [2, 1, 1, 1]
    kinds = [one.text for one in ET.fromstring(report.encode()).iter("ResultCode")]
    assert kinds == ["Warning", "Warning", "Error"]


async def purged(worker: FeedWork, now: Instant) -> int:
    count = 0
    while done := await worker.purge(now):
        count += done
    return count


async def test_documents_are_kept_28_days_and_feeds_90(shop: Shop) -> None:
    feed_id = await shop.submit(one_piece([1]))
    worker = shop.worker()
    await finish(worker)
    waiting = await shop.submit(one_piece([1]))
    feed = await shop.feed(feed_id)
    assert feed.result_document_id is not None
    assert await purged(worker, NOW + DAY * 28) == 0
    assert await shop.documents.open(feed.result_document_id) is not None
    assert await purged(worker, NOW + DAY * 28 + TimeDelta(seconds=1)) == 2
    assert await shop.documents.open(feed.result_document_id) is None
    assert await shop.stores.feeds.document("S1", feed.result_document_id) is None
    assert len(await shop.documents.list("", 9)) == 1
    assert await shop.feed(feed_id) == feed
    assert await purged(worker, NOW + DAY * 90 + TimeDelta(seconds=1)) == 1
    everything = Selection(feed_types=(), marketplace_ids=(), statuses=(), since=NOW, until=NOW)
    page = await shop.stores.feeds.page("S1", everything, after=None, limit=9)
    assert [one.feed_id for one in page.feeds] == [waiting]
    await finish(worker)
    assert counts(await shop.report(waiting)) == [1, 0, 1, 0]


async def test_purge_that_was_killed_in_the_middle_is_repeated(shop: Shop) -> None:
    document = FeedDocument(document_id="d", seller_id="S1", content_type="t/t", created=NOW)
    await shop.stores.feeds.add_document(document)
    await shop.documents.put("d", chunks(b"x"))
    await shop.documents.delete(["d"])
    assert await purged(shop.worker(), NOW + DAY * 29) == 1
    assert await shop.stores.feeds.document("S1", "d") is None
