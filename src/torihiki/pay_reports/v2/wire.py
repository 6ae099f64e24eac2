"""The JSON of Amazon Pay Reports: bodies that come and bodies that answer.

Members are sent in alphabetical order, as Amazon does and a test of its own SDK checks, and those without a value are left
out, because one SDK cannot read a null (contract 4.1).
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable
from typing import Annotated, Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from torihiki.kernel.instant import Instant
from torihiki.pay_reports.model import (
    DisbursementsResult,
    NewReport,
    NewSchedule,
    ProcessingStatus,
    Report,
    ReportDocument,
    ReportSchedule,
    ReportsResult,
    ReportType,
    ScheduleFrequency,
)
from torihiki.pay_reports.refusals import (
    invalid_format,
    invalid_value,
    missing_value,
    unrecognized_field,
)
from torihiki.pay_reports.v2.query import parse_date, parse_delete_existing, parse_flag

NOTHING: Final = b"{}"
"""The body that answers Cancel Report Schedule: one SDK parses every body, and none can be sent that is no object."""

UNCOMPRESSED: Final = "N/A"

_Time = Annotated[str, msgspec.Meta(examples=["20221118T150630Z"])]
Choice = TypeVar("Choice", bound=enum.StrEnum)


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are declared in the order in which they are sent."""


class ReportWire(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A report, and how far it is."""

    created_time: _Time
    end_time: _Time
    processing_end_time: _Time | UnsetType = UNSET
    processing_start_time: _Time | UnsetType = UNSET
    processing_status: ProcessingStatus
    report_document_id: str | UnsetType = UNSET
    report_id: str
    report_type: ReportType
    start_time: _Time


class GetReportsResponse(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A page of reports."""

    next_token: str | UnsetType = UNSET
    reports: tuple[ReportWire, ...]


class CreateReportRequest(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A report to be made."""

    end_time: _Time
    report_type: ReportType
    start_time: _Time


class CreateReportResponse(_Wire, frozen=True, kw_only=True, rename="camel"):
    """The report's id."""

    report_id: str


class ReportDocumentWire(_Wire, frozen=True, kw_only=True, rename="camel"):
    """Where a report can be fetched, for thirty seconds."""

    compression_algorithm: str
    report_document_id: str
    url: str


class ReportScheduleWire(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A schedule."""

    next_report_creation_time: _Time
    report_schedule_id: str
    report_type: ReportType
    schedule_frequency: ScheduleFrequency


class GetReportSchedulesResponse(_Wire, frozen=True, kw_only=True, rename="camel"):
    """All schedules that match."""

    report_schedules: tuple[ReportScheduleWire, ...]


class CreateReportScheduleRequest(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A schedule to be made."""

    delete_existing_schedule: bool | str | UnsetType = UNSET
    next_report_creation_time: _Time
    report_type: ReportType
    schedule_frequency: ScheduleFrequency


class CreateReportScheduleResponse(_Wire, frozen=True, kw_only=True, rename="camel"):
    """The schedule's id."""

    report_schedule_id: str


class DisbursementWire(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A payout; its time has milliseconds and another form than those of reports (contract 4.3)."""

    amazon_disbursement_reference_id: str
    amount: str
    currency_code: str
    seller_id: str
    settlement_id: str
    transaction_time: str


class GetDisbursementsResponse(_Wire, frozen=True, kw_only=True, rename="camel"):
    """A page of payouts."""

    disbursements: tuple[DisbursementWire, ...]
    next_token: str | UnsetType = UNSET


def parse_create_report(body: bytes) -> NewReport:
    """The report that the body asks for (R-9).

    Raises:
        Problem: It is no JSON object, or a member is unknown, missing or none of its kind.
    """
    members = _members(body, ("reportType", "startTime", "endTime"))
    return NewReport(
        report_type=_choice(members, "reportType", ReportType),
        start_time=_date(members, "startTime"),
        end_time=_date(members, "endTime"),
    )


def parse_create_report_schedule(query: bytes, body: bytes) -> NewSchedule:
    """The schedule that the body asks for (R-12); `deleteExistingSchedule` is in the query or in the body (R-13).

    Raises:
        Problem: As for `parse_create_report`.
    """
    members = _members(
        body,
        ("reportType", "scheduleFrequency", "nextReportCreationTime"),
        optional="deleteExistingSchedule",
    )
    in_body = _flag(members.get("deleteExistingSchedule"))
    in_query = parse_delete_existing(query)
    return NewSchedule(
        report_type=_choice(members, "reportType", ReportType),
        frequency=_choice(members, "scheduleFrequency", ScheduleFrequency),
        first=_date(members, "nextReportCreationTime"),
        replace=in_body if in_query is None else in_query,
    )


def render_reports(result: ReportsResult) -> bytes:
    """A page of reports."""
    return msgspec.json.encode(
        GetReportsResponse(
            next_token=_or_unset(result.next_token), reports=tuple(map(_report, result.reports))
        )
    )


def render_report(report: Report) -> bytes:
    """One report."""
    return msgspec.json.encode(_report(report))


def render_report_id(report_id: str) -> bytes:
    """The answer to Create Report."""
    return msgspec.json.encode(CreateReportResponse(report_id=report_id))


def render_document(document: ReportDocument) -> bytes:
    """Where a document can be fetched."""
    return msgspec.json.encode(
        ReportDocumentWire(
            compression_algorithm=UNCOMPRESSED,
            report_document_id=document.report_document_id,
            url=document.url,
        )
    )


def render_schedules(schedules: Iterable[ReportSchedule]) -> bytes:
    """All schedules that match."""
    return msgspec.json.encode(
        GetReportSchedulesResponse(report_schedules=tuple(map(_schedule, schedules)))
    )


def render_schedule(schedule: ReportSchedule) -> bytes:
    """One schedule, bare (contract 4.9)."""
    return msgspec.json.encode(_schedule(schedule))


def render_new_schedule(result: str | tuple[ReportSchedule, ...]) -> tuple[int, bytes]:
    """Status and body of the answer to Create Report Schedule: the new id, or the array of those in the way (R-13)."""
    if isinstance(result, str):
        return 201, msgspec.json.encode(CreateReportScheduleResponse(report_schedule_id=result))
    return 200, msgspec.json.encode([_schedule(schedule) for schedule in result])


def render_disbursements(result: DisbursementsResult) -> bytes:
    """A page of payouts."""
    found = tuple(
        DisbursementWire(
            amazon_disbursement_reference_id=one.reference_id,
            amount=one.amount.text,
            currency_code=one.amount.currency,
            seller_id=one.seller_id,
            settlement_id=one.settlement_id,
            transaction_time=one.at.format_iso(unit="millisecond"),
        )
        for one in result.disbursements
    )
    return msgspec.json.encode(
        GetDisbursementsResponse(disbursements=found, next_token=_or_unset(result.next_token))
    )


def wire_time(instant: Instant) -> str:
    """The compact form, in whole seconds (contract 4.3): `20221118T150630Z`."""
    return instant.format_iso(unit="second", basic=True)


def _report(report: Report) -> ReportWire:
    return ReportWire(
        created_time=wire_time(report.created_time),
        end_time=wire_time(report.end_time),
        processing_end_time=_time_or_unset(report.processing_end_time),
        processing_start_time=_time_or_unset(report.processing_start_time),
        processing_status=report.processing_status,
        report_document_id=_or_unset(report.report_document_id),
        report_id=report.report_id,
        report_type=report.report_type,
        start_time=wire_time(report.start_time),
    )


def _schedule(schedule: ReportSchedule) -> ReportScheduleWire:
    return ReportScheduleWire(
        next_report_creation_time=wire_time(schedule.next_report_creation_time),
        report_schedule_id=schedule.report_schedule_id,
        report_type=schedule.report_type,
        schedule_frequency=schedule.frequency,
    )


def _or_unset(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def _time_or_unset(instant: Instant | None) -> str | UnsetType:
    return UNSET if instant is None else wire_time(instant)


def _members(body: bytes, required: tuple[str, ...], optional: str | None = None) -> dict[str, Any]:
    """The members of the body, of which the required ones have a value."""
    members = _decoded(body)
    for name in members:
        if name not in required and name != optional:
            raise unrecognized_field(name)
    for name in required:
        if members.get(name) is None or members[name] == "":
            raise missing_value(name)
    return members


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        # Not msgspec: only this one tells of a member that stands twice.
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise invalid_format() from error
    if not isinstance(value, dict):
        raise invalid_format()
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _choice(members: dict[str, Any], name: str, kind: type[Choice]) -> Choice:
    value = members[name]
    try:
        return kind(value if isinstance(value, str) else "")
    except ValueError as error:
        raise invalid_value(name) from error


def _date(members: dict[str, Any], name: str) -> Instant:
    value = members[name]
    parsed = parse_date(value) if isinstance(value, str) else None
    if parsed is None:
        raise invalid_value(name)
    return parsed


def _flag(value: object) -> bool:
    """`deleteExistingSchedule` of a body: a boolean, or its name as one SDK's guide has it; nothing is false."""
    if value is None or value == "":
        return False
    flag = parse_flag(value) if isinstance(value, str) else value
    if not isinstance(flag, bool):
        raise invalid_value("deleteExistingSchedule")
    return flag
