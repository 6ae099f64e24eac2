"""Merchants, reports and schedules for the tests of Amazon Pay's stores."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from tests.storage.conftest import Stores, add_seller

from torihiki.auth.pay.store import Merchant
from torihiki.kernel.idempotency import FirstAnswer
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports.model import (
    Account,
    ProcessingStatus,
    Report,
    ReportQuery,
    ReportSchedule,
    ReportType,
    ScheduleFrequency,
)

NOW: Final = Instant.from_utc(2026, 11, 22, 9, 30)
MERCHANT: Final = "A1MERCHANT0001"
OTHER: Final = "A2MERCHANT0002"
LIVE: Final = Account(merchant_id=MERCHANT, environment="live")
SANDBOX: Final = Account(merchant_id=MERCHANT, environment="sandbox")
OTHERS: Final = Account(merchant_id=OTHER, environment="live")
POST: Final = "POST /v2/reports"


def later(seconds: int) -> Instant:
    return NOW + TimeDelta(seconds=seconds)


def merchant(merchant_id: str = MERCHANT, seller_id: str = "S1", **changes: Any) -> Merchant:
    made = Merchant(merchant_id=merchant_id, seller_id=seller_id, region="jp", created_at=NOW)
    return msgspec.structs.replace(made, **changes)


async def add_merchants(stores: Stores) -> None:
    """The merchants of the accounts above, in an order that is not that of their ids."""
    for merchant_id, seller_id in ((OTHER, "S2"), (MERCHANT, "S1")):
        await add_seller(stores, seller_id)
        assert await stores.pay_accounts.add_merchant(merchant(merchant_id, seller_id))


def report(number: int = 1, **changes: Any) -> Report:
    made = Report(
        report_id=f"A{number:08}T",
        report_type=ReportType.CAPTURE,
        start_time=later(-3600),
        end_time=later(-1),
        created_time=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def over(number: int, document_id: str | None = None, **changes: Any) -> Report:
    """A report that is over: completed where it has a document, else cancelled."""
    status = ProcessingStatus.COMPLETED if document_id else ProcessingStatus.CANCELLED
    made = report(
        number,
        processing_status=status,
        processing_start_time=NOW,
        processing_end_time=later(2),
        report_document_id=document_id,
    )
    return msgspec.structs.replace(made, **changes)


def query(**changes: Any) -> ReportQuery:
    made = ReportQuery(
        report_types=frozenset(),
        statuses=frozenset(),
        since=later(-1000),
        until=later(1000),
        page_size=100,
    )
    return msgspec.structs.replace(made, **changes)


def schedule(number: int = 1, **changes: Any) -> ReportSchedule:
    made = ReportSchedule(
        report_schedule_id=str(10**10 + number),
        report_type=ReportType.CAPTURE,
        frequency=ScheduleFrequency.PT5M,
        next_report_creation_time=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def answer(key: str = "key", **changes: Any) -> FirstAnswer:
    made = FirstAnswer(
        scope=POST,
        key=key,
        request_hash=b"\x00\xff" * 16,
        status=201,
        body=b'{"reportId":"A00000001T"}',
        answered_at=NOW,
    )
    return msgspec.structs.replace(made, **changes)
