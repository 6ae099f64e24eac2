"""The operations of Feeds 2021-06-30 as data (contract 6): what routing, usage plans, documents and tests read."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from torihiki.feeds.v2021_06_30 import schemas
from torihiki.feeds.v2021_06_30.wire import FILTER_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from torihiki.kernel.operation import Operation, Parameter
from torihiki.kernel.quota import UsagePlan

ROLES: Final = frozenset(
    {"Direct-to-Consumer Shipping (Restricted)", "Inventory and Order Tracking"}
)
"""Any one of these opens the feeds that confirm shipments (contract 3.3)."""

_ERRORS: Final = (400, 403, 404, 429, 500, 503)
_BODY_ERRORS: Final = (400, 403, 404, 413, 415, 429, 500, 503)
_OFTEN: Final = UsagePlan(rate=2.0, burst=15)
_SELDOM: Final = UsagePlan(rate=0.0222, burst=10)

_List = Annotated[str, msgspec.Meta(description="Values separated by commas.")]
_Date = Annotated[str, msgspec.Meta(examples=["2026-11-22T09:30:00Z"])]

OPERATIONS: Final = (
    Operation(
        name="createFeedDocument",
        method="POST",
        path="/feeds/2021-06-30/documents",
        plan=UsagePlan(rate=0.5, burst=15),
        roles=ROLES,
        request=schemas.CreateFeedDocumentSpecification,
        response=schemas.CreateFeedDocumentResponse,
        success=201,
        errors=_BODY_ERRORS,
        summary="Gives a URL to which a document can be uploaded for five minutes.",
    ),
    Operation(
        name="createFeed",
        method="POST",
        path="/feeds/2021-06-30/feeds",
        plan=UsagePlan(rate=0.0083, burst=15),
        roles=ROLES,
        request=schemas.CreateFeedSpecification,
        response=schemas.CreateFeedResponse,
        success=202,
        errors=_BODY_ERRORS,
        summary="Has an uploaded document worked on: shipments of many orders at once.",
    ),
    Operation(
        name="getFeeds",
        method="GET",
        path="/feeds/2021-06-30/feeds",
        plan=_SELDOM,
        roles=ROLES,
        query=(
            Parameter(
                name="feedTypes",
                schema=_List,
                summary=f"1 to {FILTER_MAX}; required unless there is a nextToken.",
            ),
            Parameter(name="marketplaceIds", schema=_List, summary=f"1 to {FILTER_MAX}."),
            Parameter(
                name="pageSize",
                schema=Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZE_MAX)],
                summary=f"{PAGE_SIZE_DEFAULT} if it is not given.",
            ),
            Parameter(name="processingStatuses", schema=_List, summary="Any of the five."),
            Parameter(
                name="createdSince",
                schema=_Date,
                summary="An ISO 8601 bound, included; by default ninety days ago.",
            ),
            Parameter(
                name="createdUntil",
                schema=_Date,
                summary="An ISO 8601 bound, included; by default now.",
            ),
            Parameter(
                name="nextToken",
                schema=str,
                summary="Asks for the page after the one it came with; must be the only parameter.",
            ),
        ),
        response=schemas.GetFeedsResponse,
        errors=_ERRORS,
        summary="Finds feeds, the newest first.",
    ),
    Operation(
        name="getFeed",
        method="GET",
        path="/feeds/2021-06-30/feeds/{feedId}",
        plan=_OFTEN,
        roles=ROLES,
        response=schemas.Feed,
        errors=_ERRORS,
        summary="Reads one feed.",
    ),
    Operation(
        name="cancelFeed",
        method="DELETE",
        path="/feeds/2021-06-30/feeds/{feedId}",
        plan=_OFTEN,
        roles=ROLES,
        response=schemas.CancelFeedResponse,
        errors=_ERRORS,
        summary="Takes a feed out of the queue that no worker has taken yet.",
    ),
    Operation(
        name="getFeedDocument",
        method="GET",
        path="/feeds/2021-06-30/documents/{feedDocumentId}",
        plan=_SELDOM,
        roles=ROLES,
        response=schemas.FeedDocument,
        errors=_ERRORS,
        summary="Gives a URL from which a document, such as a report, can be downloaded for five minutes.",
    ),
)
