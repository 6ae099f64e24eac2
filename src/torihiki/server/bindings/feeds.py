"""Feeds 2021-06-30 over HTTP. The bytes of documents go through signed URLs, past these operations."""

from __future__ import annotations

from collections.abc import Callable

from torihiki.feeds import operations
from torihiki.feeds.rules import URL_SECONDS
from torihiki.feeds.store import FeedStore
from torihiki.feeds.v2021_06_30 import wire
from torihiki.kernel.seal import Seal
from torihiki.server.bindings.documents import DocumentUrls
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.media import require_json


class Feeds:
    """The handlers of Feeds 2021-06-30.

    Args:
        store: Where feeds and their documents are.
        urls: Makes the URLs of the documents' bytes.
        seal: Seals nextTokens.
        random_bytes: A cryptographic source.
    """

    def __init__(
        self,
        store: FeedStore,
        urls: DocumentUrls,
        seal: Seal,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._urls = urls
        self._seal = seal
        self._random_bytes = random_bytes

    def handlers(self) -> dict[str, Handler]:
        """Each handler under the name of its operation."""
        return {
            "createFeedDocument": self.create_feed_document,
            "getFeedDocument": self.get_feed_document,
            "createFeed": self.create_feed,
            "getFeed": self.get_feed,
            "getFeeds": self.get_feeds,
            "cancelFeed": self.cancel_feed,
        }

    async def create_feed_document(self, call: Call) -> Answer:
        """Where to upload a document."""
        require_json(call)
        content_type = wire.parse_document(await call.body())
        document = await operations.create_feed_document(
            self._store,
            call.seller.seller_id,
            content_type,
            now=call.now,
            random_bytes=self._random_bytes,
        )
        url = self._urls.upload(call, document.document_id, content_type, URL_SECONDS)
        body = wire.render_new_document(document.document_id, url)
        return Answer(body, status=call.operation.success)

    async def get_feed_document(self, call: Call) -> Answer:
        """Where to download a document, such as a report."""
        document_id = call.path["feedDocumentId"]
        document = await operations.get_feed_document(
            self._store, call.seller.seller_id, document_id
        )
        url = self._urls.download(
            call,
            document.document_id,
            URL_SECONDS,
            content_type=document.content_type,
            # Sellers upload what they like: no browser is to show it as a page of this server.
            file_name=document.document_id,
        )
        return Answer(wire.render_document(document.document_id, url))

    async def create_feed(self, call: Call) -> Answer:
        """Puts a feed in the queue."""
        require_json(call)
        asked = wire.parse_feed(await call.body())
        feed_id = await operations.create_feed(
            self._store, call.seller.seller_id, asked, now=call.now, random_bytes=self._random_bytes
        )
        return Answer(wire.render_new_feed(feed_id), status=call.operation.success)

    async def get_feed(self, call: Call) -> Answer:
        """One feed."""
        feed = await operations.get_feed(self._store, call.seller.seller_id, call.path["feedId"])
        return Answer(wire.render_feed(feed))

    async def get_feeds(self, call: Call) -> Answer:
        """A page of feeds."""
        wanted, page_size = wire.parse_get_feeds(call.query, call.now)
        found = await operations.get_feeds(
            self._store, self._seal, call.seller.seller_id, wanted, page_size
        )
        return Answer(wire.render_feeds(found))

    async def cancel_feed(self, call: Call) -> Answer:
        """Takes a feed out of the queue."""
        await operations.cancel_feed(self._store, call.seller.seller_id, call.path["feedId"])
        return Answer(wire.render_cancelled())
