"""Feeds in PostgreSQL, as `feeds.store.FeedStore` promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

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
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.storage import feed_keys
from torihiki.storage.postgres import named
from torihiki.storage.postgres.database import Database
from torihiki.storage.postgres.pool import Connection

_SQL: Final = named.load(__package__, "feeds.sql")


class PostgresFeedStore:
    """The `FeedStore` of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_document(self, document: FeedDocument) -> None:
        """See `FeedStore`."""
        await self._rows("add_document", **_document_row(document))

    async def document(self, seller_id: str, document_id: str) -> FeedDocument | None:
        """See `FeedStore`."""
        rows = await self._rows("document", seller_id=seller_id, document_id=document_id)
        return _document(rows[0]) if rows else None

    async def add_feed(self, feed: NewFeed) -> str | None:
        """See `FeedStore`."""
        rows = await self._rows(
            "add_feed",
            seller_id=feed.seller_id,
            feed_type=feed.feed_type,
            marketplace_ids=feed.marketplace_ids,
            created_us=micros(feed.created),
            input_document_id=feed.input_document_id,
            result_document_id=feed.result_document_id,
        )
        return feed_keys.feed_id(rows[0]["feed_key"]) if rows else None

    async def feed(self, seller_id: str, feed_id: str) -> Feed | None:
        """See `FeedStore`."""
        rows = await self._rows("feed", seller_id=seller_id, feed_key=feed_keys.feed_key(feed_id))
        return _feed(rows[0]) if rows else None

    async def page(
        self, seller_id: str, selection: Selection, *, after: Cursor | None, limit: int
    ) -> Page:
        """See `FeedStore`."""
        rows = await self._rows(
            "page",
            seller_id=seller_id,
            feed_types=selection.feed_types or None,
            statuses=selection.statuses or None,
            marketplace_ids=selection.marketplace_ids or None,
            page=limit + 1,
            **feed_keys.bounds(selection, after),
        )
        feeds = tuple(map(_feed, rows[:limit]))
        if len(rows) <= limit:
            return Page(feeds=feeds, after=None)
        last = feeds[-1]
        return Page(feeds=feeds, after=Cursor(at_us=micros(last.created), feed_id=last.feed_id))

    async def cancel(self, seller_id: str, feed_id: str) -> Status | None:
        """See `FeedStore`."""
        given = {"seller_id": seller_id, "feed_key": feed_keys.feed_key(feed_id)}
        if await self._rows("cancel", **given):
            return Status.IN_QUEUE
        rows = await self._rows("feed", **given)
        return _feed(rows[0]).status if rows else None

    async def claim(self, owner: str, *, at: Instant, until: Instant, now: Instant) -> Claim | None:
        """See `FeedStore`."""
        rows = await self._rows(
            "claim", owner=owner, at_us=micros(at), until_us=micros(until), now_us=micros(now)
        )
        return _claim(rows[0]) if rows else None

    async def advance(
        self,
        feed_id: str,
        owner: str,
        *,
        until: Instant,
        progress: Progress,
        findings: Sequence[Finding] = (),
    ) -> bool:
        """See `FeedStore`."""
        key = feed_keys.feed_key(feed_id)
        row = {
            "feed_key": key,
            "owner": owner,
            "until_us": micros(until),
            "progress": msgspec.json.encode(progress).decode(),
        }

        async def change(connection: Connection) -> bool:
            if not await _SQL["advance"].on(connection, **row):
                return False
            if findings:
                await _SQL["add_findings"].on(
                    connection,
                    feed_key=key,
                    messages=progress.messages,
                    findings=msgspec.json.encode(findings),
                )
            return True

        return await self._database.write(change)

    async def findings(self, feed_id: str) -> list[Finding]:
        """See `FeedStore`."""
        rows = await self._rows("findings", feed_key=feed_keys.feed_key(feed_id))
        return [finding for row in rows for finding in feed_keys.FINDINGS.decode(row["findings"])]

    async def finish(
        self, feed_id: str, owner: str, status: Status, report: FeedDocument, *, ended: Instant
    ) -> bool:
        """See `FeedStore`."""
        key = feed_keys.feed_key(feed_id)
        row = {"feed_key": key, "owner": owner, "status": status, "ended_us": micros(ended)}

        async def change(connection: Connection) -> bool:
            if not await _SQL["finish"].on(connection, **row):
                return False
            await _SQL["forget_findings"].on(connection, feed_key=key)
            await _SQL["add_document"].on(connection, **_document_row(report))
            return True

        return await self._database.write(change)

    async def release(self, owner: str) -> None:
        """See `FeedStore`."""
        await self._rows("release", owner=owner)

    async def old_documents(self, before: Instant, limit: int) -> list[str]:
        """See `FeedStore`."""
        rows = await self._rows("old_documents", before_us=micros(before), page=limit)
        return [row["document_id"] for row in rows]

    async def forget_documents(self, document_ids: Sequence[str]) -> None:
        """See `FeedStore`."""
        await self._rows("forget_documents", document_ids=document_ids)

    async def purge_feeds(self, before: Instant, limit: int) -> int:
        """See `FeedStore`."""
        rows = await self._rows("purge_feeds", before_us=micros(before), page=limit)
        return int(rows[0]["feeds"])

    async def _rows(self, statement: str, **parameters: Any) -> list[asyncpg.Record]:  # noqa: ANN401 - what it binds
        return await self._database.rows(_SQL[statement], parameters)


def _instant(value_us: int | None) -> Instant | None:
    return None if value_us is None else from_micros(value_us)


def _document_row(document: FeedDocument) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "seller_id": document.seller_id,
        "content_type": document.content_type,
        "created_us": micros(document.created),
    }


def _document(row: asyncpg.Record) -> FeedDocument:
    return FeedDocument(
        document_id=row["document_id"],
        seller_id=row["seller_id"],
        content_type=row["content_type"],
        created=from_micros(row["created_us"]),
    )


def _feed(row: asyncpg.Record) -> Feed:
    ended = _instant(row["ended_us"])
    return Feed(
        feed_id=feed_keys.feed_id(row["feed_key"]),
        feed_type=row["feed_type"],
        marketplace_ids=tuple(row["marketplace_ids"]),
        created=from_micros(row["created_us"]),
        status=Status(row["status"]),
        started=_instant(row["started_us"]),
        ended=ended,
        result_document_id=None if ended is None else row["result_document_id"],
    )


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        feed_id=feed_keys.feed_id(row["feed_key"]),
        seller_id=row["seller_id"],
        feed_type=row["feed_type"],
        marketplace_ids=tuple(row["marketplace_ids"]),
        input_document_id=row["input_document_id"],
        result_document_id=row["result_document_id"],
        content_type=row["content_type"],
        progress=feed_keys.PROGRESS.decode(row["progress"]),
    )
