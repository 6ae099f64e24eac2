"""Values of the report family. Times of reports and schedules are whole seconds, as they are on the wire."""

from __future__ import annotations

import enum

import msgspec

from torihiki.kernel.fact import ReportType
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.money import Money
from torihiki.kernel.pay_caller import Environment

__all__ = ["Environment", "ReportType"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Whose reports they are: a merchant in one of the two worlds. Every method of a store takes it from the caller."""

    merchant_id: str
    environment: Environment


class ProcessingStatus(enum.StrEnum):
    """How far a report is (R-4). It has two Ls where charges have one."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ScheduleFrequency(enum.StrEnum):
    """How often a schedule makes a report (R-14), and the alias that one SDK knows (contract 4.7)."""

    PT5M = "PT5M"
    PT15M = "PT15M"
    PT30M = "PT30M"
    PT1H = "PT1H"
    PT2H = "PT2H"
    PT4H = "PT4H"
    PT8H = "PT8H"
    PT12H = "PT12H"
    PT84H = "PT84H"
    P1D = "P1D"
    P2D = "P2D"
    P3D = "P3D"
    P7D = "P7D"
    P14D = "P14D"
    P15D = "P15D"
    P18D = "P18D"
    P30D = "P30D"
    PT24H = "PT24H"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was asked for, whatever became of it (R-2).

    Args:
        report_id: Opaque.
        report_type: What it tells.
        start_time: Its rows begin here.
        end_time: And end with this second, which is included.
        created_time: When it was asked for; the lists go by it.
        processing_status: How far it is.
        processing_start_time: None: nobody has begun.
        processing_end_time: None: it is not over.
        report_document_id: None unless it is completed.
        failure: Why it failed, for the operator; never on the wire.
    """

    report_id: str
    report_type: ReportType
    start_time: Instant
    end_time: Instant
    created_time: Instant
    processing_status: ProcessingStatus = ProcessingStatus.IN_PROGRESS
    processing_start_time: Instant | None = None
    processing_end_time: Instant | None = None
    report_document_id: str | None = None
    failure: str = ""


class ReportDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Where a completed report can be fetched for thirty seconds (R-3)."""

    report_document_id: str
    url: str


class ReportSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule (R-11). What was made before `next_report_creation_time` covers everything up to a frequency before it."""

    report_schedule_id: str
    report_type: ReportType
    frequency: ScheduleFrequency
    next_report_creation_time: Instant


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which reports are wanted (R-6).

    Args:
        report_types: Empty: all.
        statuses: Empty: all.
        since: The earliest creation time, included; never before what is kept.
        until: The latest, included; None on a later page, which goes on behind the report where the last one ended.
        page_size: Reports on a page.
    """

    report_types: frozenset[ReportType]
    statuses: frozenset[ProcessingStatus]
    since: Instant
    until: Instant | None
    page_size: int


class ReportPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page from the store; `after` is the key of its last report, None where nothing follows."""

    reports: tuple[Report, ...]
    after: int | None


class ReportsResult(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it is answered."""

    reports: tuple[Report, ...]
    next_token: str | None


class NewReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that somebody asks for."""

    report_type: ReportType
    start_time: Instant
    end_time: Instant


class NewSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule that somebody asks for.

    Args:
        report_type: There is one schedule for each (R-12).
        frequency: How often.
        first: The first due time; may be past.
        replace: Whether it takes the place of one that is there.
    """

    report_type: ReportType
    frequency: ScheduleFrequency
    first: Instant
    replace: bool


class Disbursement(msgspec.Struct, frozen=True, kw_only=True):
    """A payout of a settlement (contract 4.13).

    Args:
        seller_id: The merchant.
        settlement_id: As it stands in the settlement report.
        reference_id: As it stands on the bank statement.
        amount: What was paid out, positive.
        at: When; milliseconds count.
    """

    seller_id: str
    settlement_id: str
    reference_id: str
    amount: Money
    at: Instant


class DisbursementQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which payouts are wanted; `until` is None on a later page, as in `ReportQuery`."""

    since: Instant
    until: Instant | None
    page_size: int


class DisbursementPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page from the store; `after` is the key of its last payout, None where nothing follows."""

    disbursements: tuple[Disbursement, ...]
    after: int | None


class DisbursementsResult(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it is answered."""

    disbursements: tuple[Disbursement, ...]
    next_token: str | None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Where Amazon's own sources disagree, what this server does (contract 9).

    Args:
        conflict_is_error: A second schedule of a type is refused instead of answered with an array (R-13).
        strict_types: A report that exists in the other world only is refused instead of cancelled (contract 4.11).
        capture_reports: Capture reports are there, as the seed says; Amazon was seen to have none (contract 4.5).
        range_max: The longest range of a report that is asked for; None: any.
    """

    conflict_is_error: bool = False
    strict_types: bool = False
    capture_reports: bool = True
    range_max: TimeDelta | None = None
