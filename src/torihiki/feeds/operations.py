"""The operations of sellers on their feeds. What a seller does not own does not exist for him."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from torihiki.feeds.model import (
    Asked,
    Bookmark,
    Feed,
    FeedDocument,
    Listing,
    NewFeed,
    Selection,
    Status,
)
from torihiki.feeds.rules import FEED_TYPES, INVALID_REQUEST, new_document_id
from torihiki.feeds.store import FeedStore
from torihiki.kernel.instant import Instant, decode_instant, encode_instant
from torihiki.kernel.problem import invalid_input, no_resource, undecodable_token
from torihiki.kernel.seal import NotSealed, Seal

_BOOKMARK_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=encode_instant)
_BOOKMARK_DECODER: Final = msgspec.msgpack.Decoder(Bookmark, dec_hook=decode_instant)


async def create_feed_document(
    store: FeedStore,
    seller_id: str,
    content_type: str,
    *,
    now: Instant,
    random_bytes: Callable[[int], bytes],
) -> FeedDocument:
    """A new document, to which the seller may upload."""
    document = FeedDocument(
        document_id=new_document_id(random_bytes),
        seller_id=seller_id,
        content_type=content_type,
        created=now,
    )
    await store.add_document(document)
    return document


async def get_feed_document(store: FeedStore, seller_id: str, document_id: str) -> FeedDocument:
    """A document of the seller's.

    Raises:
        Problem: There is none of that id.
    """
    document = await store.document(seller_id, document_id)
    if document is None:
        raise no_resource()
    return document


async def create_feed(
    store: FeedStore,
    seller_id: str,
    asked: Asked,
    *,
    now: Instant,
    random_bytes: Callable[[int], bytes],
) -> str:
    """Puts a feed in the queue and returns its id; a worker takes it a moment later.

    Raises:
        Problem: Feeds of that type are not worked on here, or the seller has no such document.
    """
    if asked.feed_type not in FEED_TYPES:
        raise invalid_input(
            INVALID_REQUEST, f"The feedType must be one of {', '.join(FEED_TYPES)}."
        )
    feed_id = await store.add_feed(
        NewFeed(
            seller_id=seller_id,
            feed_type=asked.feed_type,
            marketplace_ids=asked.marketplace_ids,
            created=now,
            input_document_id=asked.input_document_id,
            result_document_id=new_document_id(random_bytes),
        )
    )
    if feed_id is None:
        raise invalid_input(INVALID_REQUEST)
    return feed_id


async def get_feed(store: FeedStore, seller_id: str, feed_id: str) -> Feed:
    """A feed of the seller's.

    Raises:
        Problem: There is none of that id.
    """
    feed = await store.feed(seller_id, feed_id)
    if feed is None:
        raise no_resource()
    return feed


async def get_feeds(
    store: FeedStore, seal: Seal, seller_id: str, wanted: Selection | str, page_size: int
) -> Listing:
    """A page of the seller's feeds, the newest first: the first of a selection, or the one that a nextToken stands for.

    A token carries the selection of the first page with its upper bound, so that a sequence of pages is one answer.

    Raises:
        Problem: The token was not sealed for this seller.
    """
    context = b"getFeeds\0" + seller_id.encode()
    if isinstance(wanted, str):
        try:
            bookmark = _BOOKMARK_DECODER.decode(seal.open(wanted, context))
        except (NotSealed, msgspec.DecodeError) as error:
            raise undecodable_token() from error
        selection, after, page_size = bookmark.selection, bookmark.after, bookmark.page_size
    else:
        selection, after = wanted, None
    page = await store.page(seller_id, selection, after=after, limit=page_size)
    token = None
    if page.after is not None:
        following = Bookmark(selection=selection, after=page.after, page_size=page_size)
        token = seal.seal(_BOOKMARK_ENCODER.encode(following), context)
    return Listing(feeds=page.feeds, next_token=token)


async def cancel_feed(store: FeedStore, seller_id: str, feed_id: str) -> None:
    """Takes a feed out of the queue; durable when it returns.

    Raises:
        Problem: There is none of that id, or it is in the queue no more.
    """
    status = await store.cancel(seller_id, feed_id)
    if status is None:
        raise no_resource()
    if status is not Status.IN_QUEUE:
        raise invalid_input(
            f"The feed {feed_id} cannot be cancelled: its processingStatus is {status.value}."
        )
