"""Reads requests of Feeds 2021-06-30 and renders the answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import unquote_plus, unquote_to_bytes

import msgspec
from msgspec import UNSET

from torihiki.feeds.model import Asked, Feed, Listing, Selection, Status
from torihiki.feeds.rules import FEEDS_KEPT, INVALID_REQUEST
from torihiki.feeds.v2021_06_30 import schemas
from torihiki.kernel.dates import parse_date
from torihiki.kernel.instant import Instant, wire_time
from torihiki.kernel.problem import Problem, invalid_input

PAGE_SIZE_DEFAULT: Final = 10
PAGE_SIZE_MAX: Final = 100
FILTER_MAX: Final = 10
"""Values of feedTypes, and of marketplaceIds."""

_TOKEN: Final = "nextToken"  # noqa: S105 - the name of a parameter
_STATUSES: Final = tuple(schemas.ProcessingStatus)
PARAMETERS: Final = frozenset(
    {"feedTypes", "marketplaceIds", "pageSize", "processingStatuses", "createdSince", "createdUntil",
     _TOKEN}
)  # fmt: skip
"""Every parameter that getFeeds reads."""

_MEDIA_TYPE: Final = re.compile(r"[!-~]+/[ -~]+", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RAW_TOKEN: Final = re.compile(r"[+/=]")
_INTEGER: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)

T = TypeVar("T")


def parse_document(body: bytes) -> str:
    """The content type of a document that is going to be uploaded.

    Raises:
        Problem: The body does not say one.
    """
    asked = _decoded(body, schemas.CreateFeedDocumentSpecification)
    # It goes into a header of the upload, and is compared with that byte by byte.
    if not _MEDIA_TYPE.fullmatch(asked.content_type) or asked.content_type.endswith(" "):
        raise invalid_input(INVALID_REQUEST)
    return asked.content_type


def parse_feed(body: bytes) -> Asked:
    """What createFeed is asked for.

    Raises:
        Problem: A member is missing, or is none that Amazon takes; the text never says which (contract 6).
    """
    asked = _decoded(body, schemas.CreateFeedSpecification)
    texts = (asked.feed_type, asked.input_feed_document_id, *asked.marketplace_ids)
    if any(map(_CONTROL.search, texts)):
        raise invalid_input(INVALID_REQUEST)
    return Asked(
        feed_type=asked.feed_type,
        marketplace_ids=tuple(dict.fromkeys(asked.marketplace_ids)),
        input_document_id=asked.input_feed_document_id,
    )


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid_input(INVALID_REQUEST) from error


def parse_get_feeds(query: bytes, now: Instant) -> tuple[Selection | str, int]:
    """What is wanted (a selection, or the nextToken that stands for it) and the page size.

    Raises:
        Problem: Neither feedTypes nor nextToken is there, another parameter is beside nextToken, or one cannot be read.
    """
    given = _parameters(query)
    token = given.get(_TOKEN)
    if token:
        if len(given) > 1:
            raise invalid_input(details=f"{_TOKEN} must be the only parameter.")
        return token, PAGE_SIZE_DEFAULT
    refusals: list[str] = []
    types = _list(given, "feedTypes", refusals)
    if not types:
        raise invalid_input("Missing or invalid request parameters: [feedTypes]", None)
    marketplaces = _list(given, "marketplaceIds", refusals)
    statuses = tuple(dict.fromkeys(_items(given.get("processingStatuses"))))
    if not set(statuses) <= set(_STATUSES):
        allowed = f"Member must satisfy enum value set: [{', '.join(_STATUSES)}]"
        refusals.append(
            _refusal(
                _printed(statuses),
                "processingStatuses",
                f"Member must satisfy constraint: [{allowed}]",
            )
        )
    size = _page_size(given, refusals)
    since, until = _dates(given, now)
    if refusals:
        noun = "error" if len(refusals) == 1 else "errors"
        raise invalid_input(f"{len(refusals)} validation {noun} detected: {'; '.join(refusals)}")
    selection = Selection(
        feed_types=types,
        marketplace_ids=marketplaces,
        statuses=tuple(map(Status, statuses)),
        since=since,
        until=until,
    )
    return selection, size


def _parameters(query: bytes) -> dict[str, str]:
    """The first value of each known parameter, decoded (contract 1.2).

    Raises:
        Problem: The query is not ASCII, a value is not UTF-8 or has a control character; or a nextToken was not
            percent-encoded, which Amazon refuses with a null message (contract 1.9 row 6).
    """
    if not query.isascii():
        raise invalid_input()
    found: dict[str, str] = {}
    for part in query.decode().split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name not in PARAMETERS or name in found:
            continue
        if name == _TOKEN and _RAW_TOKEN.search(value):
            raise invalid_input(None, None)
        try:
            text = unquote_to_bytes(value.replace("+", " ")).decode()
        except UnicodeDecodeError as error:
            raise invalid_input() from error
        if _CONTROL.search(text):
            raise invalid_input()
        found[name] = text
    return found


def _items(text: str | None) -> list[str]:
    return [item for item in (text or "").split(",") if item]


def _printed(items: tuple[str, ...]) -> str:
    return f"[{', '.join(items)}]"


def _refusal(value: str, member: str, constraint: str) -> str:
    """As Amazon's validator words it (contract 1.9 rows 4, 5b, 5c, by analogy)."""
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


def _list(given: Mapping[str, str], name: str, refusals: list[str]) -> tuple[str, ...]:
    items = tuple(dict.fromkeys(_items(given.get(name))))
    if len(items) > FILTER_MAX:
        refusals.append(
            _refusal(
                _printed(items), name, f"Member must have length less than or equal to {FILTER_MAX}"
            )
        )
    return items


def _page_size(given: Mapping[str, str], refusals: list[str]) -> int:
    text = given.get("pageSize")
    if text is None:
        return PAGE_SIZE_DEFAULT
    why = None
    if not _INTEGER.fullmatch(text):
        why = "Member must be an integer"
    elif int(text) > PAGE_SIZE_MAX:
        why = f"Member must have value less than or equal to {PAGE_SIZE_MAX}"
    elif int(text) < 1:
        why = "Member must have value greater than or equal to 1"
    if why is not None:
        refusals.append(_refusal(text, "pageSize", why))
        return PAGE_SIZE_DEFAULT
    return int(text)


def _dates(given: Mapping[str, str], now: Instant) -> tuple[Instant, Instant]:
    """Both bounds, included; by default from ninety days ago to now.

    Raises:
        Problem: One is unreadable; the details name every bad one (contract 1.9 row 2).
    """
    dates = {
        name: parse_date(given[name]) if name in given else default
        for name, default in (("createdSince", now - FEEDS_KEPT), ("createdUntil", now))
    }
    bad = [name for name, date in dates.items() if date is None]
    since, until = dates.values()
    if since is None or until is None:
        raise _bad_dates(bad)
    return since, until


def _bad_dates(names: list[str]) -> Problem:
    return invalid_input(
        "This is an invalid input", f"Invalid Date-Time field(s) [{', '.join(names)}]."
    )


def render_new_document(document_id: str, url: str) -> bytes:
    """The success body of createFeedDocument."""
    return msgspec.json.encode(
        schemas.CreateFeedDocumentResponse(feed_document_id=document_id, url=url)
    )


def render_document(document_id: str, url: str) -> bytes:
    """The success body of getFeedDocument."""
    return msgspec.json.encode(schemas.FeedDocument(feed_document_id=document_id, url=url))


def render_new_feed(feed_id: str) -> bytes:
    """The success body of createFeed."""
    return msgspec.json.encode(schemas.CreateFeedResponse(feed_id=feed_id))


def render_feed(feed: Feed) -> bytes:
    """The success body of getFeed."""
    return msgspec.json.encode(_shown(feed))


def render_feeds(listing: Listing) -> bytes:
    """The success body of getFeeds."""
    return msgspec.json.encode(
        schemas.GetFeedsResponse(
            feeds=tuple(map(_shown, listing.feeds)),
            next_token=UNSET if listing.next_token is None else listing.next_token,
        )
    )


def render_cancelled() -> bytes:
    """The success body of cancelFeed; an object, since there are clients that read every 200 as JSON."""
    return msgspec.json.encode(schemas.CancelFeedResponse())


def _shown(feed: Feed) -> schemas.Feed:
    members: dict[str, Any] = {}
    if feed.started is not None:
        members["processing_start_time"] = wire_time(feed.started)
    if feed.ended is not None:
        members["processing_end_time"] = wire_time(feed.ended)
    if feed.result_document_id is not None:
        members["result_feed_document_id"] = feed.result_document_id
    return schemas.Feed(
        feed_id=feed.feed_id,
        feed_type=feed.feed_type,
        created_time=wire_time(feed.created),
        processing_status=schemas.ProcessingStatus(feed.status.value),
        marketplace_ids=feed.marketplace_ids,
        **members,
    )
