"""Values of the feeds family. Frozen, and free of wire names."""

from __future__ import annotations

import enum

import msgspec

from torihiki.kernel.instant import Instant


class Status(enum.StrEnum):
    """How far a feed is; the values are Amazon's."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    """Every message was looked at; the report says what became of each."""
    CANCELLED = "CANCELLED"
    FATAL = "FATAL"
    """There was nothing that could be looked at; the report says why."""


class FeedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a seller: what he uploads, or the report on it.

    Args:
        content_type: As he said that he uploads it; the reports' own.
    """

    document_id: str
    seller_id: str
    content_type: str
    created: Instant


class NewFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed on its way into the store.

    Args:
        result_document_id: Under which its report will be kept: fixed from the start, so that a worker that takes over
            writes to the same place.
    """

    seller_id: str
    feed_type: str
    marketplace_ids: tuple[str, ...]
    created: Instant
    input_document_id: str
    result_document_id: str


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as its seller sees it.

    Args:
        feed_id: Digits; never given twice.
        started: When a worker first took it; None: not yet.
        ended: None: not yet, or it was cancelled.
        result_document_id: None: there is no report.
    """

    feed_id: str
    feed_type: str
    marketplace_ids: tuple[str, ...]
    created: Instant
    status: Status
    started: Instant | None
    ended: Instant | None
    result_document_id: str | None


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which feeds of a seller are asked for; all conditions must hold, an empty one always does.

    Args:
        since: Creation, ends included.
        until: As `since`.
    """

    feed_types: tuple[str, ...]
    marketplace_ids: tuple[str, ...]
    statuses: tuple[Status, ...]
    since: Instant
    until: Instant


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """The place of the last feed of a page.

    Args:
        at_us: Its creation, in microseconds.
        feed_id: Parts feeds of one instant.
    """

    at_us: int
    feed_id: str


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """All that the next page needs to know: what a nextToken holds."""

    selection: Selection
    after: Cursor
    page_size: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Feeds, the newest first; `after` None: this was the last page."""

    feeds: tuple[Feed, ...]
    after: Cursor | None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What createFeed is asked for."""

    feed_type: str
    marketplace_ids: tuple[str, ...]
    input_document_id: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A page of feeds, and the token of the next one, if there is one."""

    feeds: tuple[Feed, ...]
    next_token: str | None


class Severity(enum.StrEnum):
    """How bad a finding is; the values are those of the reports."""

    FATAL = "Fatal"
    """Of a document: nothing of it was applied."""
    ERROR = "Error"
    """Of a message: it was not applied."""
    WARNING = "Warning"


class Finding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Something that the report tells the seller.

    Args:
        message: The MessageID or the number of the record, as the seller counts; "0": the document as a whole.
        code: Amazon's number for it.
        order_id: As the message gives it, or empty.
        item_id: As `order_id`; of a message with several items the first one.
    """

    message: str
    severity: Severity
    code: str
    text: str
    order_id: str = ""
    item_id: str = ""


class ShippedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item in a shipment.

    Args:
        quantity: None: whatever of it has not been shipped.
    """

    order_item_id: str
    quantity: int | None
    transparency_codes: tuple[str, ...] = ()


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """What one message confirms.

    Args:
        order_id: Amazon's; empty: `merchant_order_id` names the order.
        merchant_order_id: The seller's own.
        reference: What tells the packages of an order apart; None: the server counts.
        items: None: everything of the order that has not been shipped.
    """

    order_id: str
    merchant_order_id: str
    reference: str | None
    carrier_code: str
    carrier_name: str | None
    shipping_method: str | None
    tracking_number: str
    ship_date: Instant
    ship_from_supply_source_id: str | None
    cod_collection_method: str | None
    items: tuple[ShippedItem, ...] | None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a document.

    Args:
        number: As in `Finding.message`.
        shipment: None: it cannot be applied, and `findings` say why.
        findings: What is wrong with it, or odd.
        counts: False: it is no message at all, and its findings are about the document.
    """

    number: str
    shipment: Shipment | None
    findings: tuple[Finding, ...] = ()
    counts: bool = True


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the messages of a feed are.

    Args:
        messages: How many were looked at.
        errors: How many of these were not applied.
        warnings: How many were applied with a warning.
    """

    messages: int = 0
    errors: int = 0
    warnings: int = 0


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A feed that a worker holds.

    Args:
        content_type: That of its input document; None: the document is forgotten.
        progress: How far its messages are.
    """

    feed_id: str
    seller_id: str
    feed_type: str
    marketplace_ids: tuple[str, ...]
    input_document_id: str
    result_document_id: str
    content_type: str | None
    progress: Progress
