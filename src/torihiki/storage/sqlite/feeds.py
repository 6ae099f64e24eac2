"""Feeds in SQLite, as `feeds.store.FeedStore` promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

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
from torihiki.storage import feed_keys, statements
from torihiki.storage.sqlite.database import Database

_SQL: Final = statements.load("torihiki.storage.sqlite", "feeds.sql")


class SqliteFeedStore:
    """The `FeedStore` of one SQLite database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_document(self, document: FeedDocument) -> None:
        """See `FeedStore`."""
        await self._database.write(
            lambda connection: _add_document(connection, document),
        )

    async def document(self, seller_id: str, document_id: str) -> FeedDocument | None:
        """See `FeedStore`."""
        given = {"seller_id": seller_id, "document_id": document_id}
        rows = self._database.read(_SQL["document"], given)
        return _document(*rows[0]) if rows else None

    async def add_feed(self, feed: NewFeed) -> str | None:
        """See `FeedStore`."""
        row = {
            "seller_id": feed.seller_id,
            "feed_type": feed.feed_type,
            "marketplace_ids": _json(feed.marketplace_ids),
            "created_us": micros(feed.created),
            "input_document_id": feed.input_document_id,
            "result_document_id": feed.result_document_id,
        }

        def change(connection: sqlite3.Connection) -> str | None:
            rows = connection.execute(_SQL["add_feed"], row).fetchall()
            return feed_keys.feed_id(rows[0][0]) if rows else None

        return await self._database.write(change)

    async def feed(self, seller_id: str, feed_id: str) -> Feed | None:
        """See `FeedStore`."""
        given = {"seller_id": seller_id, "feed_key": feed_keys.feed_key(feed_id)}
        rows = self._database.read(_SQL["feed"], given)
        return _feed(*rows[0]) if rows else None

    async def page(
        self, seller_id: str, selection: Selection, *, after: Cursor | None, limit: int
    ) -> Page:
        """See `FeedStore`."""
        given = {
            "seller_id": seller_id,
            "feed_types": _json(selection.feed_types) if selection.feed_types else None,
            "statuses": _json(selection.statuses) if selection.statuses else None,
            "marketplace_ids": _json(selection.marketplace_ids)
            if selection.marketplace_ids
            else None,
            "page": limit + 1,
            **feed_keys.bounds(selection, after),
        }
        rows = self._database.read(_SQL["page"], given)
        feeds = tuple(_feed(*row) for row in rows[:limit])
        if len(rows) <= limit:
            return Page(feeds=feeds, after=None)
        last = feeds[-1]
        return Page(feeds=feeds, after=Cursor(at_us=micros(last.created), feed_id=last.feed_id))

    async def cancel(self, seller_id: str, feed_id: str) -> Status | None:
        """See `FeedStore`."""
        given = {"seller_id": seller_id, "feed_key": feed_keys.feed_key(feed_id)}

        def change(connection: sqlite3.Connection) -> Status | None:
            rows = connection.execute(_SQL["feed"], given).fetchall()
            connection.execute(_SQL["cancel"], given)
            return _feed(*rows[0]).status if rows else None

        return await self._database.write(change)

    async def claim(self, owner: str, *, at: Instant, until: Instant, now: Instant) -> Claim | None:
        """See `FeedStore`."""
        looked = {"at_us": micros(at)}
        held = {"owner": owner, "until_us": micros(until), "now_us": micros(now)}
        if not self._database.read(_SQL["claimable"], looked):
            # Workers ask every second; they take the write lock only where there is work.
            return None

        def change(connection: sqlite3.Connection) -> Claim | None:
            found = connection.execute(_SQL["claimable"], looked).fetchone()
            if found is None:
                return None
            rows = connection.execute(_SQL["hold"], {"feed_key": found[0], **held}).fetchall()
            return _claim(*rows[0])

        return await self._database.write(change)

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
        row = {
            "feed_key": feed_keys.feed_key(feed_id),
            "owner": owner,
            "until_us": micros(until),
            "progress": _json(progress),
        }
        found = {
            "feed_key": row["feed_key"],
            "messages": progress.messages,
            "findings": msgspec.json.encode(findings),
        }

        def change(connection: sqlite3.Connection) -> bool:
            if connection.execute(_SQL["advance"], row).rowcount == 0:
                return False
            if findings:
                connection.execute(_SQL["add_findings"], found)
            return True

        return await self._database.write(change)

    async def findings(self, feed_id: str) -> list[Finding]:
        """See `FeedStore`."""
        rows = self._database.read(_SQL["findings"], {"feed_key": feed_keys.feed_key(feed_id)})
        return [finding for (row,) in rows for finding in feed_keys.FINDINGS.decode(row)]

    async def finish(
        self, feed_id: str, owner: str, status: Status, report: FeedDocument, *, ended: Instant
    ) -> bool:
        """See `FeedStore`."""
        row = {
            "feed_key": feed_keys.feed_key(feed_id),
            "owner": owner,
            "status": status,
            "ended_us": micros(ended),
        }

        def change(connection: sqlite3.Connection) -> bool:
            if connection.execute(_SQL["finish"], row).rowcount == 0:
                return False
            connection.execute(_SQL["forget_findings"], {"feed_key": row["feed_key"]})
            _add_document(connection, report)
            return True

        return await self._database.write(change)

    async def release(self, owner: str) -> None:
        """See `FeedStore`."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(_SQL["release"], {"owner": owner})

        await self._database.write(change)

    async def old_documents(self, before: Instant, limit: int) -> list[str]:
        """See `FeedStore`."""
        given = {"before_us": micros(before), "page": limit}
        return [document_id for (document_id,) in self._database.read(_SQL["old_documents"], given)]

    async def forget_documents(self, document_ids: Sequence[str]) -> None:
        """See `FeedStore`."""

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany(_SQL["forget_document"], [(one,) for one in document_ids])

        await self._database.write(change)

    async def purge_feeds(self, before: Instant, limit: int) -> int:
        """See `FeedStore`."""
        given = {"before_us": micros(before), "page": limit}

        def change(connection: sqlite3.Connection) -> int:
            return connection.execute(_SQL["purge_feeds"], given).rowcount

        return await self._database.write(change)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _instant(value_us: int | None) -> Instant | None:
    return None if value_us is None else from_micros(value_us)


def _add_document(connection: sqlite3.Connection, document: FeedDocument) -> None:
    row = {
        "document_id": document.document_id,
        "seller_id": document.seller_id,
        "content_type": document.content_type,
        "created_us": micros(document.created),
    }
    connection.execute(_SQL["add_document"], row)


def _document(document_id: str, seller_id: str, content_type: str, created_us: int) -> FeedDocument:
    return FeedDocument(
        document_id=document_id,
        seller_id=seller_id,
        content_type=content_type,
        created=from_micros(created_us),
    )


def _feed(*row: Any) -> Feed:  # noqa: ANN401 - a row of the statements `feed` and `page`
    key, feed_type, marketplace_ids, created_us, status, started_us, ended_us, result = row
    return Feed(
        feed_id=feed_keys.feed_id(key),
        feed_type=feed_type,
        marketplace_ids=feed_keys.STRINGS.decode(marketplace_ids),
        created=from_micros(created_us),
        status=Status(status),
        started=_instant(started_us),
        ended=_instant(ended_us),
        result_document_id=None if ended_us is None else result,
    )


def _claim(*row: Any) -> Claim:  # noqa: ANN401 - a row of the statement `hold`
    key, seller_id, feed_type, marketplace_ids, input_id, result_id, progress, content_type = row
    return Claim(
        feed_id=feed_keys.feed_id(key),
        seller_id=seller_id,
        feed_type=feed_type,
        marketplace_ids=feed_keys.STRINGS.decode(marketplace_ids),
        input_document_id=input_id,
        result_document_id=result_id,
        content_type=content_type,
        progress=feed_keys.PROGRESS.decode(progress),
    )
