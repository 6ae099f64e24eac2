"""What feeds need from storage, beside the bytes of their documents. No rule lives behind it.

The table is the queue: a worker holds a feed for as long as its lease says, counted on the machines' clocks, and writes
what it has done under its own name. A worker whose lease has run out finds that it can write no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torihiki.feeds.model import (
    Claim,
    Cursor,
    Feed,
    FeedDocument,
    Finding,
    NewFeed,
    Page,
    Progress,
    Selection,
    Status,
)
from torihiki.kernel.instant import Instant


class FeedStore(Protocol):
    """Feeds and their documents. Every method raises `Problem` (unavailable) when the database is."""

    async def add_document(self, document: FeedDocument) -> None:
        """Keeps a document, durably; its bytes are elsewhere."""
        ...

    async def document(self, seller_id: str, document_id: str) -> FeedDocument | None:
        """None: the seller has no such document."""
        ...

    async def add_feed(self, feed: NewFeed) -> str | None:
        """Puts a feed in the queue, durably, and returns its id; None: the seller has no such input document."""
        ...

    async def feed(self, seller_id: str, feed_id: str) -> Feed | None:
        """None: the seller has no such feed."""
        ...

    async def page(
        self, seller_id: str, selection: Selection, *, after: Cursor | None, limit: int
    ) -> Page:
        """Up to `limit` feeds that match, the newest first.

        Going from cursor to cursor yields every feed that matched throughout exactly once.
        """
        ...

    async def cancel(self, seller_id: str, feed_id: str) -> Status | None:
        """Cancels a feed that is in the queue, and returns what its status was; None: the seller has no such feed."""
        ...

    async def claim(self, owner: str, *, at: Instant, until: Instant, now: Instant) -> Claim | None:
        """The oldest open feed that nobody holds, for `owner` until then; None: there is none.

        Feeds of one seller are worked on one after the other, in the order in which they came.

        Args:
            owner: The worker; no other has that name.
            at: The machine's time.
            until: Likewise.
            now: The operator's time: when processing began, if it begins now.
        """
        ...

    async def advance(
        self,
        feed_id: str,
        owner: str,
        *,
        until: Instant,
        progress: Progress,
        findings: Sequence[Finding] = (),
    ) -> bool:
        """Records how far the feed is and what was found on the way, together, and holds it longer.

        False: somebody else holds the feed, and nothing was recorded.
        """
        ...

    async def findings(self, feed_id: str) -> list[Finding]:
        """Everything that `advance` recorded, in order."""
        ...

    async def finish(
        self, feed_id: str, owner: str, status: Status, report: FeedDocument, *, ended: Instant
    ) -> bool:
        """Ends the feed with its report. False: somebody else holds the feed, and nothing was changed."""
        ...

    async def release(self, owner: str) -> None:
        """Gives back what `owner` holds, so that others need not wait for the lease."""
        ...

    async def old_documents(self, before: Instant, limit: int) -> list[str]:
        """Ids of documents from before that instant which no open feed needs, the oldest first."""
        ...

    async def forget_documents(self, document_ids: Sequence[str]) -> None:
        """Forgets documents whose bytes are gone."""
        ...

    async def purge_feeds(self, before: Instant, limit: int) -> int:
        """Forgets up to `limit` feeds that ended and are from before that instant; returns how many."""
        ...
