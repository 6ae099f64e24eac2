"""What a stranger tried on feeds; each held, or holds since (O-30, contract 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.feeds.documents import envelope, fulfillment, item, order_id, row, table
from tests.orders.lines import US
from tests.server.confirming import body
from tests.server.feeding import (
    FLAT,
    FLAT_MEDIA,
    Feeder,
    counts,
    item_id,
    results,
    statuses,
    unshipped,
)
from tests.server.plain import fetch
from tests.serving import Served
from torihiki.feeds.model import Claim, Progress
from torihiki.feeds.rules import XML_FULFILLMENT
from torihiki.worker.held_feed import HeldFeed

ORDERS = 20


@pytest.fixture
def feeder(unlimited: Served) -> Iterator[Feeder]:
    made = Feeder(unlimited.add_seller([US]))
    yield made
    made.close()


def _history(server: Served, seller_id: str, number: int) -> list[tuple[str, int]]:
    """Items and quantities of all packages that the order's history tells of."""
    answer = server.operator.get(
        f"/orders/{order_id(number)}/history", params={"sellerId": seller_id}
    )
    return sorted(
        (one["orderItemId"], one["quantity"])
        for entry in answer.json()["entries"]
        for one in entry["details"]["items"]
    )


def test_text_of_an_ignored_element_is_none_of_the_field_around_it(
    unlimited: Served, feeder: Feeder
) -> None:
    """It once made 12 pieces of a 1 and a 2."""
    seller_id = feeder.seller.seller_id
    unlimited.load(unshipped(seller_id, 1, order_id(1), quantity=12))
    odd = item(item_id(1), 1).replace("<Quantity>1<", "<Quantity>1<Unit>2</Unit><")
    report = feeder.report(
        feeder.create(feeder.upload(envelope([fulfillment(1, order_id(1), items=[odd])])))
    )
    assert counts(report) == [1, 1, 0, 1]
    assert results(report) == [("1", "The element Unit is not known and was ignored.")]
    assert _history(unlimited, seller_id, 1) == [(item_id(1), 1)]


def test_table_that_names_a_column_twice_is_refused(unlimited: Served, feeder: Feeder) -> None:
    """The later column once won without a word, and with it another order."""
    seller_id = feeder.seller.seller_id
    unlimited.load(*(unshipped(seller_id, n, order_id(n)) for n in (1, 2)))
    headings = ("order-id", "Order_Id", "ship-date", "carrier-code")
    rows = ((order_id(1), order_id(2), "2026-11-21", "UPS"),)
    document = feeder.upload(table(*rows, headings=headings), FLAT_MEDIA)
    report = feeder.report(feeder.create(document, FLAT))
    assert "The field heading order-id stands twice." in report
    assert set(statuses(unlimited, feeder.seller).values()) == {"Unshipped"}


def test_feed_and_confirmations_at_once_ship_every_piece_once(
    unlimited: Served, feeder: Feeder
) -> None:
    """The feed names every order twice, and a program confirms them from the other end meanwhile."""
    seller_id = feeder.seller.seller_id
    unlimited.load(
        *(unshipped(seller_id, n, order_id(n), quantity=1) for n in range(1, ORDERS + 1))
    )
    messages = [fulfillment(n, order_id(n)) for n in (*range(1, ORDERS + 1), *range(1, ORDERS + 1))]
    feed_id = feeder.create(feeder.upload(envelope(messages)))
    confirmed = 0
    for number in range(ORDERS, 0, -1):
        sent = body(orderItems=[{"orderItemId": item_id(number), "quantity": 1}])
        path = f"/orders/v0/orders/{order_id(number)}/shipmentConfirmation"
        confirmed += feeder.call("POST", path, json=sent).status_code == 204
    processed, successful, failed, _ = counts(feeder.report(feed_id))
    assert (processed, successful + failed) == (2 * ORDERS, 2 * ORDERS)
    assert ORDERS <= successful + confirmed <= 2 * ORDERS
    for number in range(1, ORDERS + 1):
        assert _history(unlimited, seller_id, number) == [
            (item_id(number, 1), 1),
            (item_id(number, 2), 1),
        ]


def test_feed_of_another_seller_reaches_no_order(unlimited: Served, feeder: Feeder) -> None:
    """O-30, R-3: neither by Amazon's id nor by the seller's own."""
    stranger = Feeder(unlimited.add_seller([US]))
    try:
        unlimited.load(unshipped(feeder.seller.seller_id, 1, order_id(1)))
        messages = [fulfillment(1, order_id(1)), fulfillment(2, None, merchant_order="S-1")]
        report = stranger.report(stranger.create(stranger.upload(envelope(messages))))
    finally:
        stranger.close()
    assert counts(report) == [2, 0, 2, 0]
    assert statuses(unlimited, feeder.seller) == {order_id(1): "Unshipped"}


def test_document_that_was_read_as_a_report_is_nobody_elses(feeder: Feeder) -> None:
    """A report may be sent in again, and is then no feed."""
    rows = table(row(order_id(1)))
    first = feeder.finished(feeder.create(feeder.upload(rows, FLAT_MEDIA), FLAT))
    again = feeder.finished(feeder.create(first["resultFeedDocumentId"], FLAT))
    assert again["resultFeedDocumentId"] != first["resultFeedDocumentId"]
    url = feeder.json("GET", f"/feeds/2021-06-30/documents/{first['resultFeedDocumentId']}", 200)
    target = url["url"].removeprefix(feeder.seller.url)
    assert fetch(feeder.seller.url, target, method="PUT", body=b"mine").status == 403


def _held(messages: list[str], done: int = 0) -> HeldFeed:
    claim = Claim(
        feed_id="1",
        seller_id="S",
        feed_type=XML_FULFILLMENT,
        marketplace_ids=(US,),
        input_document_id="in",
        result_document_id="out",
        content_type="text/xml",
        progress=Progress(messages=done),
    )
    return HeldFeed(claim, envelope(messages).encode())


@pytest.mark.parametrize("done", [0, 3_000])
def test_long_document_is_never_read_in_one_go(done: int) -> None:
    """A lease lasts ten seconds, and reading the largest document longer: it once went from worker to worker."""
    padding = "<x/>" * 20
    many = [fulfillment(n, order_id(n), more=padding) for n in range(1, 3_002)]
    held = _held(many, done) if done else _held(["<Message>" + "<x/>" * 500_000 + "</Message>"])
    while not held.check(1):
        pass
    waits = 0
    while (wave := held.wave(1)) is None:
        waits += 1
    assert waits > 10
    assert [placed.place for placed in wave] == [done + 1]


def test_order_under_both_of_its_names_is_never_twice_in_a_wave() -> None:
    """Its messages are applied in the order of the document, whatever the seller calls it."""
    by_amazon, by_seller = order_id(1), "S-1"
    names = [(by_amazon, None), (None, by_seller), (None, "S-2"), (by_amazon, None)]
    messages = [
        fulfillment(n, order, merchant_order=merchant)
        for n, (order, merchant) in enumerate(names, 1)
    ]
    held = _held(messages)
    while not held.check(8):
        pass
    waves = []
    while wave := held.wave(8):
        waves.append([placed.place for placed in wave])
        held.recorded(Progress(messages=waves[-1][-1]))
    assert waves == [[1], [2, 3], [4]]
