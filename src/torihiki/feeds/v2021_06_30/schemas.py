"""The wire types of Feeds 2021-06-30, whose success bodies have no envelope (contract 6)."""

from __future__ import annotations

import enum
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, UnsetType

TEXT_MAX: Final = 255
"""Characters of a text in a request; no real value comes near."""
MARKETPLACES_MAX: Final = 25

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]


class ProcessingStatus(enum.StrEnum):
    """How far a feed is."""

    CANCELLED = "CANCELLED"
    DONE = "DONE"
    FATAL = "FATAL"
    IN_PROGRESS = "IN_PROGRESS"
    IN_QUEUE = "IN_QUEUE"


class CreateFeedDocumentSpecification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is going to be uploaded; the upload must bear the same Content-Type."""

    content_type: Annotated[_Text, msgspec.Meta(examples=["text/xml; charset=UTF-8"])]


class CreateFeedDocumentResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where to upload it, for five minutes."""

    feed_document_id: str
    url: str


class CreateFeedSpecification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be done with a document that was uploaded. Options have no effect."""

    feed_type: Annotated[_Text, msgspec.Meta(examples=["POST_ORDER_FULFILLMENT_DATA"])]
    marketplace_ids: Annotated[
        tuple[_Text, ...], msgspec.Meta(min_length=1, max_length=MARKETPLACES_MAX)
    ]
    input_feed_document_id: _Text
    feed_options: dict[str, str] | UnsetType = UNSET


class CreateFeedResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The feed's id."""

    feed_id: str


class Feed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A feed; members that there is nothing to say about are left out."""

    feed_id: str
    feed_type: str
    created_time: str
    processing_status: ProcessingStatus
    marketplace_ids: tuple[str, ...]
    processing_start_time: str | UnsetType = UNSET
    processing_end_time: str | UnsetType = UNSET
    result_feed_document_id: str | UnsetType = UNSET


class GetFeedsResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of feeds."""

    feeds: tuple[Feed, ...]
    next_token: str | UnsetType = UNSET


class FeedDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where to download a document, for five minutes; it is never compressed."""

    feed_document_id: str
    url: str


class CancelFeedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing."""
