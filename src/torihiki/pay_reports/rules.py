"""Pure decisions on reports: who may ask for which, how they proceed, what of the ledger they tell, how ids look."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Problem
from torihiki.pay_reports.model import (
    Account,
    Environment,
    NewReport,
    Policy,
    ProcessingStatus,
    Report,
    ReportType,
)
from torihiki.pay_reports.refusals import invalid_value

KEPT: Final = TimeDelta(hours=90 * 24)
"""How long a report can be seen (R-8), and how far back lists begin (R-6)."""

PAGE_SIZE_DEFAULT: Final = 10
PAGE_SIZE_MAX: Final = 100

REPORT_ID_BYTES: Final = 16
SCHEDULE_ID_BYTES: Final = 16
DOCUMENT_ID_BYTES: Final = 32
"""Random bytes that the makers of ids take."""

_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,100}", re.ASCII)
_ALPHANUMERICS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def whole_second(instant: Instant) -> Instant:
    """The instant without its fraction: what is filtered and sorted must be what is shown."""
    return instant.round("second", mode="floor")


def oldest_kept(now: Instant) -> Instant:
    """Reports created before are not there any more (R-8)."""
    return whole_second(now) - KEPT


def has_rows(report_type: ReportType, environment: Environment) -> bool:
    """Whether such a report exists in that world; one that does not is cancelled for lack of data (contract 4.11)."""
    if environment == "sandbox":
        return report_type is ReportType.SANDBOX_SETTLEMENT
    return report_type is not ReportType.SANDBOX_SETTLEMENT


def refused_type(
    report_type: ReportType, environment: Environment, policy: Policy
) -> Problem | None:
    """Why a report of that type can be neither requested nor scheduled, if so (R-5, contract 4.5, 4.11, 9.5, 9.6, 9.11).

    The live settlement report comes of settlements alone. A sandbox caller who asks for it is refused likewise: that it
    is never asked for is a matter of the type, not of the world.
    """
    strictly_refused = policy.strict_types and not has_rows(report_type, environment)
    no_captures = report_type is ReportType.CAPTURE and not policy.capture_reports
    if report_type is ReportType.SETTLEMENT or strictly_refused or no_captures:
        return invalid_value("reportType")
    return None


def refused_range(new: NewReport, policy: Policy) -> Problem | None:
    """Why a report cannot have that range, if so: its end lies before its start, or too far behind it (contract 4.8)."""
    length = new.end_time - new.start_time
    too_long = policy.range_max is not None and length > policy.range_max
    return invalid_value("endTime") if too_long or length < TimeDelta() else None


def span(report: Report) -> tuple[Instant, Instant]:
    """The instants of its rows, from the first, before the second.

    The second that `end_time` names is included: people ask for a day as `000000Z` to `235959Z` (R-9).
    """
    last = min(report.end_time, Instant.MAX - TimeDelta(seconds=1))
    return report.start_time, last + TimeDelta(seconds=1)


def begun(report: Report, now: Instant) -> Report:
    """The report in work; one whose worker was lost begins anew.

    Raises:
        ValueError: It is over.
    """
    _check_open(report)
    return msgspec.structs.replace(report, processing_start_time=whole_second(now))


def completed(report: Report, now: Instant, document_id: str) -> Report:
    """The report with its document.

    Raises:
        ValueError: It is over, or was not begun.
    """
    return _ended(report, ProcessingStatus.COMPLETED, now, document_id=document_id)


def cancelled(report: Report, now: Instant) -> Report:
    """The report that had nothing to tell (R-4).

    Raises:
        ValueError: It is over, or was not begun.
    """
    return _ended(report, ProcessingStatus.CANCELLED, now)


def failed(report: Report, now: Instant, failure: str) -> Report:
    """The report that could not be made; `failure` tells the operator why.

    Raises:
        ValueError: It is over, or was not begun.
    """
    return _ended(report, ProcessingStatus.FAILED, now, failure=failure)


def _ended(
    report: Report,
    status: ProcessingStatus,
    now: Instant,
    *,
    document_id: str | None = None,
    failure: str = "",
) -> Report:
    _check_open(report)
    if report.processing_start_time is None:
        raise ValueError("the report was not begun")
    # A clock that was set back must not show a report that ended before it began.
    end = max(whole_second(now), report.processing_start_time)
    return msgspec.structs.replace(
        report,
        processing_status=status,
        processing_end_time=end,
        report_document_id=document_id,
        failure=failure,
    )


def _check_open(report: Report) -> None:
    if report.processing_status is not ProcessingStatus.IN_PROGRESS:
        raise ValueError(f"the report is {report.processing_status} already")


def context(operation: str, account: Account) -> bytes:
    """What a page token is bound to."""
    return f"{operation}\0{account.environment}\0{account.merchant_id}".encode()


def is_id(text: str) -> bool:
    """Whether the text could be an id; what could not is not looked up."""
    return _ID.fullmatch(text) is not None


def report_id(random: bytes) -> str:
    """An id such as `A08439021T39K6DTX4JS8` (contract 4.2) from `REPORT_ID_BYTES`."""
    rest, digits = divmod(int.from_bytes(random), 10**8)
    return f"A{digits:08}T{_alphanumerics(rest, 11)}"


def schedule_id(random: bytes) -> str:
    """An id of eleven digits (contract 4.2) from `SCHEDULE_ID_BYTES`; unique enough among one merchant's schedules."""
    return str(10**10 + int.from_bytes(random) % (9 * 10**10))


def document_id(random: bytes) -> str:
    """An id such as `amzn1.tortuga.3.{uuid}.T3FKJJI01Y1E32` (contract 4.2) from `DOCUMENT_ID_BYTES`."""
    digits = random[:16].hex()
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return f"amzn1.tortuga.3.{uuid}.T{_alphanumerics(int.from_bytes(random[16:]), 13)}"


def _alphanumerics(number: int, length: int) -> str:
    found = []
    for _ in range(length):
        number, place = divmod(number, len(_ALPHANUMERICS))
        found.append(_ALPHANUMERICS[place])
    return "".join(found)
