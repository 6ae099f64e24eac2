"""The operations of Amazon Pay Reports v2 as data (contract 1.4): what routing, usage plans, documents and tests read.

Paths stand without the environment, which comes before them or from the key (contract 1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from torihiki.kernel.operation import Operation, Parameter
from torihiki.kernel.pay_caller import Environment
from torihiki.kernel.quota import UsagePlan
from torihiki.pay_reports.rules import PAGE_SIZE_MAX
from torihiki.pay_reports.v2 import wire

_ERRORS: Final = (400, 403, 404, 405, 429, 500, 503)
EXISTING: Final = list[wire.ReportScheduleWire]
"""The body of Create Report Schedule where its type has a schedule already (R-13)."""
_List = Annotated[str, msgspec.Meta(description="Values separated by commas.")]
_Date = Annotated[str, msgspec.Meta(examples=["20221118T150630Z"])]

_TYPES: Final = Parameter(
    name="reportTypes", schema=_List, summary="Selects those of one of the types."
)
_PAGES: Final = (
    Parameter(
        name="pageSize",
        schema=Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZE_MAX)],
        summary="How many on a page; 10 unless given.",
    ),
    Parameter(
        name="nextToken",
        schema=str,
        summary="Asks for the page after the one it came with; stands alone.",
    ),
)

_IDEMPOTENCY: Final = (
    Parameter(
        name="x-amz-pay-idempotency-key",
        schema=Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,36}$")],
        summary="A repetition with the same key has the first answer and no further effect.",
    ),
)

PLANS: Final[Mapping[tuple[Environment, bool], UsagePlan]] = {
    ("live", False): UsagePlan(rate=2, burst=20),
    ("sandbox", False): UsagePlan(rate=1, burst=5),
    ("live", True): UsagePlan(rate=1, burst=10),
    ("sandbox", True): UsagePlan(rate=1, burst=2),
}
"""By environment and whether something is changed. Amazon's figures for reports are not public; these are between those
of its other operations (contract 3.3) and hold only where the operator switches them on."""


def plan(operation: Operation, environment: Environment) -> UsagePlan:
    """The usage plan of an operation in one of the worlds, where plans are on; buckets are for each merchant there."""
    return PLANS[environment, operation.method != "GET"]


OPERATIONS: Final = (
    Operation(
        name="getReports",
        method="GET",
        path="/v2/reports",
        query=(
            _TYPES,
            Parameter(
                name="processingStatuses",
                schema=_List,
                summary="Selects reports that are so far.",
            ),
            Parameter(
                name="createdSince",
                schema=_Date,
                summary="The earliest creation time; 90 days ago unless given, and never before.",
            ),
            Parameter(
                name="createdUntil",
                schema=_Date,
                summary="The latest creation time; now unless given.",
            ),
            *_PAGES,
        ),
        response=wire.GetReportsResponse,
        errors=_ERRORS,
        summary="Lists reports of the last 90 days, the newest first.",
    ),
    Operation(
        name="getReportById",
        method="GET",
        path="/v2/reports/{reportId}",
        response=wire.ReportWire,
        errors=_ERRORS,
        summary="Gives one report, and how far it is.",
    ),
    Operation(
        name="createReport",
        method="POST",
        path="/v2/reports",
        headers=_IDEMPOTENCY,
        request=wire.CreateReportRequest,
        response=wire.CreateReportResponse,
        success=201,
        errors=_ERRORS,
        summary="Asks for a report of a range of time.",
    ),
    Operation(
        name="getReportDocument",
        method="GET",
        path="/v2/report-documents/{reportDocumentId}",
        response=wire.ReportDocumentWire,
        errors=_ERRORS,
        summary="Gives the URL of a completed report, for thirty seconds.",
    ),
    Operation(
        name="getReportSchedules",
        method="GET",
        path="/v2/report-schedules",
        query=(_TYPES,),
        response=wire.GetReportSchedulesResponse,
        errors=_ERRORS,
        summary="Lists schedules.",
    ),
    Operation(
        name="getReportScheduleById",
        method="GET",
        path="/v2/report-schedules/{reportScheduleId}",
        response=wire.ReportScheduleWire,
        errors=_ERRORS,
        summary="Gives one schedule.",
    ),
    Operation(
        name="createReportSchedule",
        method="POST",
        path="/v2/report-schedules",
        query=(
            Parameter(
                name="deleteExistingSchedule",
                schema=bool,
                summary="Replaces the schedule that the report type has; may stand in the body.",
            ),
        ),
        headers=_IDEMPOTENCY,
        request=wire.CreateReportScheduleRequest,
        response=wire.CreateReportScheduleResponse,
        success=201,
        otherwise=(200, EXISTING),
        errors=_ERRORS,
        summary="Schedules a report; answers 200 and an array where its type has a schedule already.",
    ),
    Operation(
        name="cancelReportSchedule",
        method="DELETE",
        path="/v2/report-schedules/{reportScheduleId}",
        errors=_ERRORS,
        summary="Ends a schedule.",
    ),
    Operation(
        name="getDisbursements",
        method="GET",
        path="/v2/disbursements",
        query=(
            Parameter(name="startTime", schema=_Date, summary="The earliest payout."),
            Parameter(name="endTime", schema=_Date, summary="The latest payout."),
            *_PAGES,
        ),
        response=wire.GetDisbursementsResponse,
        errors=_ERRORS,
        summary="Lists payouts, the newest first.",
    ),
)
"""R-1, and Get Disbursements, which came later."""
