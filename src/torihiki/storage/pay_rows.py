"""Rows of Amazon Pay's tables, in the forms that both databases share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from torihiki.auth.pay.model import PayKey, Region
from torihiki.auth.pay.store import Merchant, RegisteredKey
from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.pay_caller import Environment
from torihiki.pay_reports.model import (
    Account,
    ProcessingStatus,
    Report,
    ReportPage,
    ReportQuery,
    ReportSchedule,
    ReportType,
    ScheduleFrequency,
)
from torihiki.pay_reports.work import Claim, OldReport, Unreported

_END: Final = (micros(Instant.MAX) + 1, 0)
"""A place behind every report; keys begin at one."""


def merchant(row: Iterable[Any]) -> Merchant:
    """From merchant_id, seller_id, region, created_us."""
    merchant_id, seller_id, region, created_us = row
    return Merchant(
        merchant_id=merchant_id,
        seller_id=seller_id,
        region=cast("Region", region),
        created_at=from_micros(created_us),
    )


def merchant_row(merchant: Merchant) -> dict[str, Any]:
    """What `add_merchant` takes."""
    return {
        "merchant_id": merchant.merchant_id,
        "seller_id": merchant.seller_id,
        "region": merchant.region,
        "created_us": micros(merchant.created_at),
    }


def registered_key(row: Iterable[Any]) -> RegisteredKey:
    """From public_key_id, merchant_id, environment, public_key_pem, created_us, revoked_us."""
    public_key_id, merchant_id, environment, public_key_pem, created_us, revoked_us = row
    key = PayKey(
        public_key_id=public_key_id,
        merchant_id=merchant_id,
        environment=cast("Environment | None", environment),
        public_key_pem=public_key_pem,
        revoked=revoked_us is not None,
    )
    return RegisteredKey(
        key=key, created_at=from_micros(created_us), revoked_at=_instant(revoked_us)
    )


def key_row(key: PayKey, created_at: Instant) -> dict[str, Any]:
    """What `add_key` takes; a key is good when it is added."""
    return {
        "public_key_id": key.public_key_id,
        "merchant_id": key.merchant_id,
        "environment": key.environment,
        "public_key_pem": key.public_key_pem,
        "created_us": micros(created_at),
    }


def account_key(account: Account) -> dict[str, Any]:
    """What every statement on an account takes."""
    return {"merchant_id": account.merchant_id, "environment": account.environment}


def first_answer_row(
    merchant_id: str, environment: Environment, first: FirstAnswer
) -> dict[str, Any]:
    """What `keep_first_answer` takes."""
    return {
        "merchant_id": merchant_id,
        "environment": environment,
        "scope": first.scope,
        "idempotency_key": first.key,
        "request_hash": first.request_hash,
        "status": first.status,
        "body": first.body,
        "answered_us": micros(first.answered_at),
    }


def first_answer(row: Iterable[Any]) -> FirstAnswer:
    """From scope, idempotency_key, request_hash, status, body, answered_us."""
    scope, key, request_hash, status, body, answered_us = row
    return FirstAnswer(
        scope=scope,
        key=key,
        request_hash=request_hash,
        status=status,
        body=body,
        answered_at=from_micros(answered_us),
    )


def report(row: Iterable[Any]) -> Report:
    """From report_id, report_type, start_us, end_us, created_us, status, the two of processing, document_id, failure."""
    (
        report_id,
        report_type,
        start_us,
        end_us,
        created_us,
        status,
        processing_start_us,
        processing_end_us,
        document_id,
        failure,
    ) = row
    return Report(
        report_id=report_id,
        report_type=ReportType(report_type),
        start_time=from_micros(start_us),
        end_time=from_micros(end_us),
        created_time=from_micros(created_us),
        processing_status=ProcessingStatus(status),
        processing_start_time=_instant(processing_start_us),
        processing_end_time=_instant(processing_end_us),
        report_document_id=document_id,
        failure=failure,
    )


def report_row(account: Account, report: Report, settlement: int | None = None) -> dict[str, Any]:
    """What `add_report` takes; whether it is open is seen by its status."""
    is_open = report.processing_status is ProcessingStatus.IN_PROGRESS
    return {
        **account_key(account),
        "report_id": report.report_id,
        "report_type": report.report_type,
        "start_us": micros(report.start_time),
        "end_us": micros(report.end_time),
        "created_us": micros(report.created_time),
        "processing_start_us": _micros(report.processing_start_time),
        **ending(report, None),
        "settlement": settlement,
        "lease_us": 0 if is_open else None,
    }


def ending(report: Report, document_bytes: int | None) -> dict[str, Any]:
    """How the report ended, if it has."""
    return {
        "status": report.processing_status,
        "processing_end_us": _micros(report.processing_end_time),
        "document_id": report.report_document_id,
        "document_bytes": document_bytes,
        "failure": report.failure,
    }


def claim(row: Iterable[Any]) -> Claim:
    """From report_key, merchant_id, region, environment, settlement, tries, and what `report` takes."""
    report_key, merchant_id, region, environment, settlement, tries, *rest = row
    return Claim(
        report_key=report_key,
        report=report(rest),
        account=_account(merchant_id, environment),
        region=region,
        settlement=settlement,
        tries=tries,
    )


def old_report(row: Iterable[Any]) -> OldReport:
    """From report_key, document_id."""
    report_key, document_id = row
    return OldReport(report_key=report_key, document_id=document_id)


def numbers(after: int, limit: int, last: int, since: Instant) -> dict[str, int]:
    """What `unreported` takes, where `last` is the number of the last settlement."""
    through = max(after, min(after + limit, last))
    return {"after": after, "through": through, "since_us": micros(since)}


def unreported(row: Iterable[Any]) -> Unreported:
    """From number, merchant_id, environment, start_us, end_us."""
    number, merchant_id, environment, start_us, end_us = row
    return Unreported(
        number=number,
        account=_account(merchant_id, environment),
        start=from_micros(start_us),
        end=from_micros(end_us),
    )


def schedule(row: Iterable[Any]) -> ReportSchedule:
    """From schedule_id, report_type, frequency, next_us."""
    schedule_id, report_type, frequency, next_us = row
    return ReportSchedule(
        report_schedule_id=schedule_id,
        report_type=ReportType(report_type),
        frequency=ScheduleFrequency(frequency),
        next_report_creation_time=from_micros(next_us),
    )


def due_schedule(row: Iterable[Any]) -> tuple[Account, ReportSchedule]:
    """From merchant_id, environment, and what `schedule` takes."""
    merchant_id, environment, *rest = row
    return _account(merchant_id, environment), schedule(rest)


def schedule_row(account: Account, schedule: ReportSchedule) -> dict[str, Any]:
    """What `add_schedule` takes."""
    return {
        **account_key(account),
        "schedule_id": schedule.report_schedule_id,
        "report_type": schedule.report_type,
        "frequency": schedule.frequency,
        "next_us": micros(schedule.next_report_creation_time),
    }


def page_before(query: ReportQuery) -> tuple[int, int]:
    """The place that every report of the first page comes before: an instant and a key."""
    return _END if query.until is None else (micros(query.until) + 1, 0)


def page_bounds(query: ReportQuery, before: Iterable[int]) -> dict[str, int]:
    """The bounds of the page behind the place `before`, and one report more than the page has."""
    before_us, before_key = before
    return {
        "since_us": -(-query.since.timestamp(unit="nanosecond") // 1000),
        "before_us": before_us,
        "before_key": before_key,
        "page": query.page_size + 1,
    }


def page_filters(query: ReportQuery) -> tuple[list[str], list[str]] | None:
    """Every type and every status that is asked for; None: all of both."""
    if not query.report_types and not query.statuses:
        return None
    return sorted(query.report_types or ReportType), sorted(query.statuses or ProcessingStatus)


def page(rows: Sequence[Sequence[Any]], query: ReportQuery) -> ReportPage:
    """From rows of report_key and what `report` takes, one more than the page has where more follow."""
    shown = rows[: query.page_size]
    return ReportPage(
        reports=tuple(report(row[1:]) for row in shown),
        after=shown[-1][0] if len(rows) > query.page_size else None,
    )


class InTheWay(Exception):
    """Undoes the transaction that would have added a second schedule of a type."""

    def __init__(self, schedule: ReportSchedule) -> None:
        super().__init__("the type has a schedule")
        self.schedule = schedule


def _account(merchant_id: str, environment: str) -> Account:
    return Account(merchant_id=merchant_id, environment=cast("Environment", environment))


def _instant(value_us: int | None) -> Instant | None:
    return None if value_us is None else from_micros(value_us)


def _micros(instant: Instant | None) -> int | None:
    return None if instant is None else micros(instant)
