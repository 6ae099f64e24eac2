"""A shop whose feeds are worked on, and the workers that do it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from tests.feeds.documents import order_id
from tests.orders.lines import US, written
from tests.server.feeding import unshipped
from torihiki.bootstrap.feeding import FeedOrders
from torihiki.feeds import operations
from torihiki.feeds.model import Asked, Feed, Shipment
from torihiki.feeds.rules import XML_FULFILLMENT
from torihiki.feeds.store import FeedStore
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.store import OrderStore
from torihiki.orders.v0.documents import parse_line
from torihiki.orders.v0.states import opened
from torihiki.worker.feeds import FeedWork

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")


class Stores(Protocol):
    @property
    def feeds(self) -> FeedStore: ...
    @property
    def orders(self) -> OrderStore: ...


class Machine:
    """The machine's clock, which moves when a test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Instant:
        return self.now


class Failing(FeedOrders):
    """Orders some of which fail, as `fail` decides."""

    fail: Callable[[str], None]

    async def confirm(
        self,
        seller_id: str,
        order_id: str,
        shipment: Shipment,
        pieces: Mapping[str, int],
        *,
        source: str,
        by: str,
        now: Instant,
    ) -> None:
        self.fail(order_id)
        await super().confirm(seller_id, order_id, shipment, pieces, source=source, by=by, now=now)


class Shop(NamedTuple):
    """Everything that workers work with, and what a seller did before."""

    stores: Stores
    documents: DocumentStore
    machine: Machine

    def orders(self, kind: type[FeedOrders] = FeedOrders) -> FeedOrders:
        store = self.stores.orders
        return kind(store, opened, Fulfillment(store, opened, strict=False))

    def worker(self, owner: str = "w1", orders: FeedOrders | None = None) -> FeedWork:
        return FeedWork(
            self.stores.feeds,
            self.documents,
            orders or self.orders(),
            machine_now=self.machine,
            owner=owner,
        )

    async def load(self, *numbers: int, seller_id: str = "S1") -> None:
        lines = [written(unshipped(seller_id, n, order_id(n))) for n in numbers]
        assert not await self.stores.orders.put([parse_line(line) for line in lines])

    async def submit(
        self, content: str | bytes | None, seller_id: str = "S1", kind: str = XML_FULFILLMENT, **asked: Any
    ) -> str:  # fmt: skip
        """The id of a feed in the queue; None: nothing is uploaded."""
        media = asked.pop("media", "text/xml")
        document = await operations.create_feed_document(
            self.stores.feeds, seller_id, media, now=NOW, random_bytes=_random
        )
        if content is not None:
            sent = content.encode() if isinstance(content, str) else content
            await self.documents.put(document.document_id, chunks(sent))
        wanted = Asked(
            feed_type=kind,
            marketplace_ids=asked.get("marketplace_ids", (US,)),
            input_document_id=document.document_id,
        )
        return await operations.create_feed(
            self.stores.feeds, seller_id, wanted, now=NOW, random_bytes=_random
        )

    async def feed(self, feed_id: str, seller_id: str = "S1") -> Feed:
        return await operations.get_feed(self.stores.feeds, seller_id, feed_id)

    async def report(self, feed_id: str, seller_id: str = "S1") -> str:
        feed = await self.feed(feed_id, seller_id)
        assert feed.result_document_id is not None
        document = await self.documents.open(feed.result_document_id)
        assert document is not None
        content = b"".join([part async for part in document.read()])
        document.close()
        return content.decode()

    async def confirmed(self, number: int, seller_id: str = "S1") -> int:
        """How often something was confirmed of the order."""
        history = await self.stores.orders.history(seller_id, order_id(number), after=0, limit=99)
        assert history is not None
        return sum(entry.event == "package_confirmed" for entry in history)

    async def shipped(self, number: int, seller_id: str = "S1") -> list[int]:
        found = await self.stores.orders.items(seller_id, order_id(number))
        assert found is not None
        return [one["QuantityShipped"] for one in msgspec.json.decode(found.items)]


_NUMBERS = itertools.count(1)


def _random(size: int) -> bytes:
    return next(_NUMBERS).to_bytes(size, "big")


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content
