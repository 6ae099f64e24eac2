"""Works on feeds: reads their documents, applies message after message, and writes the reports.

A document is read to its end before anything of it is applied, so that one that cannot be read changes nothing. Messages
are applied in waves; after each one what was found is recorded together with how far the feed is. A worker that is killed
leaves a wave at the most that was applied and not recorded: the next worker applies it again, which the orders notice by
the messages' sources.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from typing import Final

import structlog

from torihiki.feeds.formats.reading import INVALID, Unreadable
from torihiki.feeds.formats.reports import FLAT_TYPE, XML_TYPE, flat_report, xml_report
from torihiki.feeds.model import (
    Claim,
    FeedDocument,
    Finding,
    Message,
    Progress,
    Severity,
    Shipment,
    Status,
)
from torihiki.feeds.orders import Orders
from torihiki.feeds.rules import CONTENT_MAX_BYTES, DOCUMENTS_KEPT, FEEDS_KEPT, FLAT_FULFILLMENT
from torihiki.feeds.store import FeedStore
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.worker.held_feed import HeldFeed, Placed
from torihiki.worker.loop import Chore

POLL_SECONDS: Final = 1.0
LEASE: Final = TimeDelta(seconds=10)
"""How long a feed waits for a worker that was killed. A step takes a fraction of it."""
HELD_MAX: Final = 2
"""Feeds that are worked on in turns, so that a long one does not keep short ones waiting."""
PIECES: Final = 8
"""Pieces of a document that one step reads."""
PURGE_SECONDS: Final = 60.0
PURGED: Final = 100

NOTHING_UPLOADED: Final = "5000"
TOO_LARGE: Final = "5002"
"""Ours: Amazon's numbers for these are not known."""


class _Fatal(Exception):
    """There is nothing that could be read."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.reason = Unreadable(code, text)


class FeedWork:
    """The work of one worker.

    Args:
        store: The queue.
        documents: Where the bytes are.
        orders: What the messages are applied to.
        machine_now: The machine's time, which leases are counted by.
        owner: The worker's name; no other has it.
    """

    def __init__(
        self,
        store: FeedStore,
        documents: DocumentStore,
        orders: Orders,
        *,
        machine_now: Callable[[], Instant],
        owner: str,
    ) -> None:
        self._store = store
        self._documents = documents
        self._orders = orders
        self._machine_now = machine_now
        self._owner = owner
        self._held: deque[HeldFeed] = deque()

    def chores(self) -> tuple[Chore, ...]:
        """Working on feeds, and forgetting old ones."""
        return (
            Chore(name="work on feeds", every_s=POLL_SECONDS, step=self.step),
            Chore(name="purge feeds", every_s=PURGE_SECONDS, step=self.purge),
        )

    async def step(self, now: Instant) -> int:
        """Does a bounded part of the work on one feed; 0: there is nothing to do."""
        if len(self._held) < HELD_MAX and await self._take(now):
            return 1
        if not self._held:
            return 0
        held = self._held[0]
        if await self._work(held, now):
            self._held.rotate(-1)
        else:
            self._held.remove(held)
        return 1

    async def release(self) -> None:
        """Lets other workers take what this one holds."""
        self._held.clear()
        await self._store.release(self._owner)

    async def purge(self, now: Instant) -> int:
        """Forgets documents and feeds that have had their time, some of each; returns how many."""
        old = await self._store.old_documents(now - DOCUMENTS_KEPT, PURGED)
        if old:
            # The bytes first: what a worker leaves behind that is killed in between is deleted again.
            await self._documents.delete(old)
            await self._store.forget_documents(old)
        return len(old) + await self._store.purge_feeds(now - FEEDS_KEPT, PURGED)

    def _lease(self) -> Instant:
        return self._machine_now() + LEASE

    async def _take(self, now: Instant) -> bool:
        """Takes one more feed and its document, if there is one to be had."""
        claim = await self._store.claim(
            self._owner, at=self._machine_now(), until=self._lease(), now=now
        )
        if claim is None:
            return False
        try:
            self._held.appendleft(HeldFeed(claim, await self._content(claim)))
        except _Fatal as error:
            await self._refuse(claim, error.reason, Status.FATAL, now)
        return True

    async def _content(self, claim: Claim) -> bytes:
        document = await self._documents.open(claim.input_document_id)
        if document is None or claim.content_type is None:
            raise _Fatal(NOTHING_UPLOADED, "Nothing was uploaded to the document of the feed.")
        with closing(document):
            if document.size > CONTENT_MAX_BYTES:
                raise _Fatal(TOO_LARGE, f"The document is larger than {CONTENT_MAX_BYTES} bytes.")
            return b"".join([part async for part in document.read()])

    async def _work(self, held: HeldFeed, now: Instant) -> bool:
        """Does the next part; False: the feed is finished, or somebody else has it."""
        try:
            is_checked = held.check(PIECES)
        except Unreadable as error:
            await self._refuse(held.claim, error, Status.DONE, now)
            return False
        wave = held.wave(PIECES) if is_checked else None
        if wave is None:
            return await self._record(held, held.progress, ())
        if not wave:
            findings = await self._store.findings(held.claim.feed_id)
            await self._finish(held.claim, Status.DONE, held.progress, findings, now)
            return False
        outcomes = await asyncio.gather(
            *(self._apply(held.claim, placed, now) for placed in wave), return_exceptions=True
        )
        found: list[tuple[Finding, ...]] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            found.append(outcome)
        return await self._record(
            held, held.after_wave(found), list(itertools.chain.from_iterable(found))
        )

    async def _record(
        self, held: HeldFeed, progress: Progress, findings: Sequence[Finding]
    ) -> bool:
        """Records how far the feed is; False: somebody else has it."""
        kept = await self._store.advance(
            held.claim.feed_id,
            self._owner,
            until=self._lease(),
            progress=progress,
            findings=findings,
        )
        held.recorded(progress)
        return kept

    async def _apply(self, claim: Claim, placed: Placed, now: Instant) -> tuple[Finding, ...]:
        """What was found in a message, after it was applied if it could be.

        Raises:
            Problem: The orders cannot be reached now.
        """
        message = placed.message
        if message.shipment is None:
            return message.findings
        try:
            await self._confirm(claim, message.shipment, placed.place, now)
        except Problem as problem:
            if problem.kind is Kind.UNAVAILABLE:
                raise
            return (*message.findings, _refused(message, problem.message or "Invalid"))
        except Exception:
            # As a request that fails so: the others go on.
            log = structlog.get_logger("torihiki.worker")
            log.exception("message failed", feed=claim.feed_id, place=placed.place)
            return (*message.findings, _refused(message, "We encountered an internal error."))
        return message.findings

    async def _confirm(self, claim: Claim, shipment: Shipment, place: int, now: Instant) -> None:
        order_id = shipment.order_id
        if not order_id:
            named = await self._orders.named(
                claim.seller_id, claim.marketplace_ids, shipment.merchant_order_id, now
            )
            if len(named) != 1:
                count = "more than one order has" if named else "no order has"
                raise Problem(
                    Kind.NOT_FOUND, f"MerchantOrderID: {count} the id {shipment.merchant_order_id}."
                )
            order_id = named[0]
        is_open = any(item.quantity is None for item in shipment.items or ())
        await self._orders.confirm(
            claim.seller_id,
            order_id,
            shipment,
            await self._orders.left(claim.seller_id, order_id) if is_open else {},
            # The place, and not the seller's number, which may stand twice.
            source=f"feed:{claim.feed_id}:{place}",
            by=f"feed:{claim.feed_id}",
            now=now,
        )

    async def _refuse(self, claim: Claim, reason: Unreadable, status: Status, now: Instant) -> None:
        """Finishes a feed of which nothing was applied."""
        await self._finish(claim, status, Progress(errors=1), [reason.finding], now)

    async def _finish(
        self,
        claim: Claim,
        status: Status,
        progress: Progress,
        findings: Sequence[Finding],
        now: Instant,
    ) -> None:
        """Writes the report and ends the feed, unless somebody else has it by now."""
        if claim.feed_type == FLAT_FULFILLMENT:
            content, media = flat_report(progress, findings), FLAT_TYPE
        else:
            content = xml_report(claim.seller_id, claim.feed_id, progress, findings)
            media = XML_TYPE
        await self._documents.put(claim.result_document_id, _parts(content))
        report = FeedDocument(
            document_id=claim.result_document_id,
            seller_id=claim.seller_id,
            content_type=media,
            created=now,
        )
        await self._store.finish(claim.feed_id, self._owner, status, report, ended=now)


def _refused(message: Message, text: str) -> Finding:
    shipment = message.shipment
    items = () if shipment is None else shipment.items or ()
    return Finding(
        message=message.number,
        severity=Severity.ERROR,
        code=INVALID,
        text=text,
        order_id="" if shipment is None else shipment.order_id,
        item_id=items[0].order_item_id if items else "",
    )


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content
