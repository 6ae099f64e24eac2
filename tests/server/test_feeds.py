"""Feeds 2021-06-30 through a running server: createFeedDocument, createFeed, getFeed, getFeeds, getFeedDocument, cancelFeed.

O-30, contract 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from jsonschema import Draft4Validator

from tests.feeds.documents import envelope, fulfillment, item, order_id, row, table
from tests.orders.lines import US
from tests.requiring import amazon_model
from tests.server.feeding import (
    DOCUMENTS,
    FEEDS,
    FLAT,
    FLAT_MEDIA,
    NOTHING,
    XML,
    XML_MEDIA,
    Feeder,
    asked,
    counts,
    item_id,
    refusal,
    results,
    statuses,
    unshipped,
)
from tests.serving import Served


@pytest.fixture
def feeder(unlimited: Served) -> Iterator[Feeder]:
    made = Feeder(unlimited.add_seller([US]))
    yield made
    made.close()


@pytest.fixture
def stranger(unlimited: Served) -> Iterator[Feeder]:
    made = Feeder(unlimited.add_seller([US]))
    yield made
    made.close()


def test_feed_goes_from_upload_to_report(feeder: Feeder, unlimited: Served) -> None:
    """Two orders are shipped, and what was wrong stands in the report."""
    unlimited.load(*(unshipped(feeder.seller.seller_id, n, order_id(n)) for n in (1, 2)))
    document = envelope(
        [
            fulfillment(1, order_id(1)),
            fulfillment(2, order_id(2), items=[item(item_id(2), 1)], reference="7"),
            fulfillment(3, order_id(9)),
            fulfillment(4, order_id(2), items=[item(item_id(2), 2)]),
            fulfillment(5, order_id(2), carrier="Nobody"),
        ]
    )
    feed_id = feeder.create(feeder.upload(document))
    report = feeder.report(feed_id)
    assert counts(report) == [5, 2, 3, 0]
    assert [number for number, _ in results(report)] == ["3", "4", "5"]
    assert [text[:52] for _, text in results(report)] == [
        "ErrorCode: NonexistentOrderItem Description: Failed ",
        "Failed to create/update package due to overfulfillme",
        "ErrorCode: InvalidCarrier Description: Selected carr",
    ]
    assert statuses(unlimited, feeder.seller) == {
        order_id(1): "Shipped",
        order_id(2): "PartiallyShipped",
    }
    feed = feeder.feed(feed_id)
    assert feed["createdTime"] == feed["processingEndTime"] == "2026-11-22T09:30:00Z"
    assert feed["processingStatus"] == "DONE"


def test_history_of_an_order_says_which_feed_shipped_it(feeder: Feeder, unlimited: Served) -> None:
    unlimited.load(unshipped(feeder.seller.seller_id, 1, order_id(1)))
    feed_id = feeder.create(feeder.upload(NOTHING))
    feeder.finished(feed_id)
    answer = unlimited.operator.get(
        f"/orders/{order_id(1)}/history", params={"sellerId": feeder.seller.seller_id}
    )
    assert answer.status_code == 200, answer.text
    assert f'"feed:{feed_id}"' in answer.text


def test_orders_are_found_by_the_sellers_own_id(feeder: Feeder, unlimited: Served) -> None:
    seller_id = feeder.seller.seller_id
    twice = unshipped(seller_id, 3, order_id(3))
    twice["order"]["SellerOrderId"] = "S-2"
    unlimited.load(
        unshipped(seller_id, 1, order_id(1)), unshipped(seller_id, 2, order_id(2)), twice
    )
    document = envelope(fulfillment(n, None, merchant_order=f"S-{n}") for n in (1, 2, 9))
    report = feeder.report(feeder.create(feeder.upload(document)))
    assert results(report) == [
        ("2", "MerchantOrderID: more than one order has the id S-2."),
        ("9", "MerchantOrderID: no order has the id S-9."),
    ]
    assert statuses(unlimited, feeder.seller)[order_id(1)] == "Shipped"


def test_item_without_a_quantity_is_everything_left_of_it(
    feeder: Feeder, unlimited: Served
) -> None:
    unlimited.load(unshipped(feeder.seller.seller_id, 1, order_id(1), quantity=3))
    document = envelope(
        [
            fulfillment(1, order_id(1), items=[item(item_id(1), 1)]),
            fulfillment(2, order_id(1), items=[item(item_id(1))]),
            fulfillment(3, order_id(1), items=[item(item_id(1))]),
            fulfillment(4, order_id(1), items=[item("1")]),
        ]
    )
    report = feeder.report(feeder.create(feeder.upload(document)))
    assert counts(report) == [4, 2, 2, 0]
    items = feeder.seller.payload(f"/orders/v0/orders/{order_id(1)}/orderItems")["OrderItems"]
    assert [one["QuantityShipped"] for one in items] == [3, 0]


def test_flat_file_is_worked_on_and_reported_in_its_own_form(
    feeder: Feeder, unlimited: Served
) -> None:
    unlimited.load(unshipped(feeder.seller.seller_id, 1, order_id(1)))
    document = table(row(order_id(1), item_id(1), "1"), row(order_id(1)), row(order_id(8)), row(""))
    feed_id = feeder.create(feeder.upload(document, FLAT_MEDIA), FLAT)
    report = feeder.download(feeder.finished(feed_id)["resultFeedDocumentId"])
    assert report.headers["content-type"] == "text/plain; charset=UTF-8"
    lines = report.text.split("\n")
    assert lines[:3] == [
        "Feed Processing Summary:",
        "\tNumber of records processed\t\t4",
        "\tNumber of records successful\t\t2",
    ]
    assert [line.split("\t")[:5] for line in lines[5:7]] == [
        ["3", order_id(8), "", "18028", "Error"],
        ["4", "", "", "18028", "Error"],
    ]
    assert statuses(unlimited, feeder.seller) == {order_id(1): "Shipped"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (NOTHING[:-5], "5001"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "5001"),
        (envelope([fulfillment(1, order_id(1))], kind="Price"), "50001"),
        ("", "5001"),
    ],
)
def test_document_that_cannot_be_read_changes_nothing_and_the_report_says_why(
    feeder: Feeder, unlimited: Served, content: str, code: str
) -> None:
    """Amazon was seen to call such feeds DONE."""
    unlimited.load(unshipped(feeder.seller.seller_id, 1, order_id(1)))
    feed_id = feeder.create(feeder.upload(content))
    report = feeder.report(feed_id)
    assert feeder.feed(feed_id)["processingStatus"] == "DONE"
    assert counts(report) == [0, 0, 1, 0]
    assert f"<ResultMessageCode>{code}</ResultMessageCode>" in report
    assert statuses(unlimited, feeder.seller) == {order_id(1): "Unshipped"}


def test_feed_whose_document_was_never_uploaded_is_fatal(feeder: Feeder) -> None:
    feed_id = feeder.create(feeder.document()["feedDocumentId"])
    assert "Nothing was uploaded" in feeder.report(feed_id)
    assert feeder.feed(feed_id)["processingStatus"] == "FATAL"


def test_seller_sees_no_feed_and_no_document_of_another(feeder: Feeder, stranger: Feeder) -> None:
    document_id = feeder.upload(NOTHING)
    feed_id = feeder.create(document_id)
    result_id = feeder.finished(feed_id)["resultFeedDocumentId"]
    missing = (404, "ResourceNotFound", "Cannot find resource by the given URI", "")
    for method, path in (
        ("GET", f"{FEEDS}/{feed_id}"),
        ("DELETE", f"{FEEDS}/{feed_id}"),
        ("GET", f"{DOCUMENTS}/{document_id}"),
        ("GET", f"{DOCUMENTS}/{result_id}"),
    ):
        assert refusal(stranger.call(method, path)) == missing
    assert stranger.json("GET", FEEDS, 200, params={"feedTypes": XML}) == {"feeds": []}
    taken = stranger.call("POST", FEEDS, json=asked(inputFeedDocumentId=document_id))
    assert refusal(taken) == (400, "InvalidInput", "Invalid request parameters", "")


def test_url_takes_only_what_it_was_made_for(feeder: Feeder, unlimited: Served) -> None:
    made = feeder.document()
    wrong = httpx2.put(made["url"], content=b"x", headers={"content-type": "text/plain"})
    assert wrong.status_code == 403
    assert httpx2.get(made["url"]).status_code == 403
    unlimited.set_clock(advance="PT5M1S")
    try:
        late = httpx2.put(made["url"], content=b"x", headers={"content-type": XML_MEDIA})
        assert late.status_code == 403
        assert "expired" in late.text
    finally:
        unlimited.set_clock(now="2026-11-22T09:30:00Z", running=False)


def test_uploaded_document_is_never_shown_as_a_page(feeder: Feeder) -> None:
    document_id = feeder.upload("<script>", "text/html")
    answer = feeder.download(document_id)
    assert answer.text == "<script>"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_only_a_feed_in_the_queue_can_be_cancelled(feeder: Feeder) -> None:
    """The worker is kept busy by a longer feed, since it takes the feeds of a seller one after the other."""
    long = feeder.upload(envelope(fulfillment(n, order_id(n)) for n in range(3000)))
    first, second = feeder.create(long), feeder.create(feeder.upload(NOTHING))
    assert feeder.json("DELETE", f"{FEEDS}/{second}", 200) == {}
    assert feeder.feed(second)["processingStatus"] == "CANCELLED"
    assert set(feeder.feed(second)) == {
        "feedId", "feedType", "marketplaceIds", "createdTime", "processingStatus",
    }  # fmt: skip
    feeder.finished(first)
    for feed_id, status in ((first, "DONE"), (second, "CANCELLED")):
        text = f"The feed {feed_id} cannot be cancelled: its processingStatus is {status}."
        answer = feeder.call("DELETE", f"{FEEDS}/{feed_id}")
        assert refusal(answer) == (400, "InvalidInput", text, "")


def test_feeds_come_page_by_page_the_newest_first(feeder: Feeder) -> None:
    document_id = feeder.upload(NOTHING)
    ids = [feeder.create(document_id) for _ in range(5)]
    ids.append(feeder.create(feeder.upload(table(row("1"))), FLAT))
    found: list[str] = []
    page = feeder.json("GET", FEEDS, 200, params={"feedTypes": f"{XML},{FLAT}", "pageSize": "2"})
    while True:
        found += [feed["feedId"] for feed in page["feeds"]]
        if "nextToken" not in page:
            break
        page = feeder.json("GET", FEEDS, 200, params={"nextToken": page["nextToken"]})
    assert found == ids[::-1]


def test_filters_of_feeds_leave_what_they_name(feeder: Feeder, unlimited: Served) -> None:
    feed_id = feeder.create(feeder.upload(NOTHING))
    feeder.finished(feed_id)

    def found(**query: str) -> bool:
        listed = feeder.json("GET", FEEDS, 200, params={"feedTypes": XML, **query})["feeds"]
        assert [feed["feedId"] for feed in listed] in ([], [feed_id])
        return bool(listed)

    assert found()
    assert found(processingStatuses="DONE,FATAL", marketplaceIds=f"X,{US}", pageSize="100")
    assert found(createdSince="2026-11-22T09:30:00Z", createdUntil="2026-11-22T18:30:00+09:00")
    assert not found(processingStatuses="IN_QUEUE")
    assert not found(marketplaceIds="X")
    assert not found(createdSince="2026-11-22T09:30:01Z")
    assert not found(createdUntil="2026-11-22T09:29:59Z")
    assert not found(feedTypes=FLAT)
    unlimited.set_clock(advance="P91D")
    try:
        feeder.seller.renew()
        assert not found()
    finally:
        unlimited.set_clock(now="2026-11-22T09:30:00Z", running=False)


@pytest.fixture(scope="module")
def validate() -> Callable[[str, Any], None]:
    """Checks a body against the model that Amazon publishes; what it does not know is refused too."""
    definitions = amazon_model("feeds_2021-06-30.json")["definitions"]
    for name, definition in definitions.items():
        if "properties" in definition and name != "Error":
            definition["additionalProperties"] = False

    def check(name: str, body: Any) -> None:
        schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
        Draft4Validator(schema).validate(body)

    return check


def test_every_body_fits_amazons_model(
    feeder: Feeder, validate: Callable[[str, Any], None]
) -> None:
    document = feeder.document()
    validate("CreateFeedDocumentResponse", document)
    feed_id = feeder.create(document["feedDocumentId"])
    validate("Feed", feeder.feed(feed_id))
    feed = feeder.finished(feed_id)
    validate("Feed", feed)
    listed = feeder.json("GET", FEEDS, 200, params={"feedTypes": XML})
    validate("GetFeedsResponse", listed)
    shown = feeder.json("GET", f"{DOCUMENTS}/{feed['resultFeedDocumentId']}", 200)
    validate("FeedDocument", shown)
    validate("ErrorList", feeder.call("GET", f"{FEEDS}/1").json())
