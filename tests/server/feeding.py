"""Feeds as a seller's program sends them, over plain HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import httpx2

from tests.feeds.documents import envelope, fulfillment, order_id
from tests.orders.lines import US
from tests.serving import Seller, Served

FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
XML = "POST_ORDER_FULFILLMENT_DATA"
FLAT = "POST_FLAT_FILE_FULFILLMENT_DATA"
XML_MEDIA = "text/xml; charset=UTF-8"
FLAT_MEDIA = "text/tab-separated-values; charset=UTF-8"
OPEN = {"IN_QUEUE", "IN_PROGRESS"}
SECONDS = 60
NOTHING = envelope([fulfillment(1, order_id(1))])
"""A feed of one message, whose order is not there."""


def refusal(answer: httpx2.Response) -> tuple[int, str, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["code"], error["message"], error["details"]


def asked(**changes: Any) -> dict[str, Any]:
    made = {"feedType": XML, "marketplaceIds": [US], "inputFeedDocumentId": "none"}
    return made | changes


class Feeder:
    """One seller's program."""

    def __init__(self, seller: Seller) -> None:
        self.seller = seller
        self.http = httpx2.Client(base_url=seller.url, timeout=30)

    def call(self, method: str, path: str, **request: Any) -> httpx2.Response:
        headers = {"x-amz-access-token": self.seller.access_token, **request.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **request)

    def json(self, method: str, path: str, status: int, **request: Any) -> Any:
        answer = self.call(method, path, **request)
        assert answer.status_code == status, answer.text
        return answer.json()

    def document(self, media: str = XML_MEDIA) -> Any:
        return self.json("POST", DOCUMENTS, 201, json={"contentType": media})

    def upload(self, content: str | bytes, media: str = XML_MEDIA) -> str:
        """The id of a document with that content."""
        made = self.document(media)
        sent = content.encode() if isinstance(content, str) else content
        put = httpx2.put(made["url"], content=sent, headers={"content-type": media}, timeout=30)
        assert put.status_code == 200, put.text
        document_id: str = made["feedDocumentId"]
        return document_id

    def create(self, document_id: str, kind: str = XML, marketplaces: Sequence[str] = ("ATVPDKIKX0DER",)) -> str:  # fmt: skip
        asked = {
            "feedType": kind,
            "marketplaceIds": list(marketplaces),
            "inputFeedDocumentId": document_id,
        }
        feed_id: str = self.json("POST", FEEDS, 202, json=asked)["feedId"]
        return feed_id

    def feed(self, feed_id: str) -> Any:
        return self.json("GET", f"{FEEDS}/{feed_id}", 200)

    def finished(self, feed_id: str, seconds: float = SECONDS) -> Any:
        """The feed, once it has ended."""
        deadline = time.monotonic() + seconds
        while (feed := self.feed(feed_id))["processingStatus"] in OPEN:
            assert time.monotonic() < deadline, feed
            time.sleep(0.02)
        return feed

    def download(self, document_id: str) -> httpx2.Response:
        url = self.json("GET", f"{DOCUMENTS}/{document_id}", 200)["url"]
        answer = httpx2.get(url, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer

    def report(self, feed_id: str) -> str:
        return self.download(self.finished(feed_id)["resultFeedDocumentId"]).text

    def close(self) -> None:
        self.http.close()


def counts(report: str) -> list[int]:
    """Processed, successful, with error, with warning."""
    summary = ET.fromstring(report.encode()).find(".//ProcessingSummary")
    assert summary is not None
    return [int(one.text or "") for one in summary]


def results(report: str) -> list[tuple[str, str]]:
    """MessageID and description of each result."""
    found = ET.fromstring(report.encode()).iter("Result")
    return [(one.findtext("MessageID", ""), one.findtext("ResultDescription", "")) for one in found]


def unshipped(seller_id: str, number: int, order_id: str, quantity: int = 2) -> dict[str, Any]:
    """A line of an import: an order of two items that waits to be shipped."""
    items = [
        {
            "ASIN": "B00EXAMPLE",
            "OrderItemId": f"4{number:07}00000{place}",
            "QuantityOrdered": quantity,
            "QuantityShipped": 0,
        }
        for place in (1, 2)
    ]
    order = {
        "AmazonOrderId": order_id,
        "SellerOrderId": f"S-{number}",
        "PurchaseDate": "2026-11-01T10:00:00Z",
        "LastUpdateDate": "2026-11-01T10:00:00Z",
        "OrderStatus": "Unshipped",
        "FulfillmentChannel": "MFN",
        "MarketplaceId": "ATVPDKIKX0DER",
        "NumberOfItemsShipped": 0,
        "NumberOfItemsUnshipped": 2 * quantity,
    }
    return {"sellerId": seller_id, "order": order, "orderItems": items}


def item_id(number: int, place: int = 1) -> str:
    return f"4{number:07}00000{place}"


def statuses(server: Served, seller: Seller) -> dict[str, str]:
    """The status of each order of the seller."""
    found = seller.orders(
        {"MarketplaceIds": "ATVPDKIKX0DER", "CreatedAfter": "2026-01-01T00:00:00Z"}
    )
    assert server.url == seller.url
    return {order["AmazonOrderId"]: order["OrderStatus"] for order in found}
