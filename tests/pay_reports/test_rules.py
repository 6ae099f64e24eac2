"""Which reports there are in which world, how they proceed, what they cover, how ids look (R-4, R-5, R-8, R-9)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Problem
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import (
    Environment,
    NewReport,
    Policy,
    ProcessingStatus,
    Report,
    ReportType,
)

NOW = Instant.parse_iso("2026-11-22T09:30:00.75Z")
SECOND = TimeDelta(seconds=1)
REPORT = Report(
    report_id="A08439021T39K6DTX4JS8",
    report_type=ReportType.REFUND,
    start_time=NOW - TimeDelta(hours=24),
    end_time=NOW,
    created_time=rules.whole_second(NOW),
)
TRANSACTIONS = {
    ReportType.ORDER_REFERENCE,
    ReportType.BILLING_AGREEMENT,
    ReportType.AUTHORIZATION,
    ReportType.CAPTURE,
    ReportType.REFUND,
}


def code(problem: Problem | None) -> str | None:
    if problem is None:
        return None
    assert problem.message == "The value provided for reportType is invalid."
    return problem.code


def allowed(environment: Environment, policy: Policy) -> set[ReportType]:
    return {one for one in ReportType if code(rules.refused_type(one, environment, policy)) is None}


@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_every_report_but_the_live_settlement_can_be_asked_for(environment: Environment) -> None:
    """R-5, contract 4.5, 4.11: what does not exist in a world is taken and then cancelled."""
    assert allowed(environment, Policy()) == set(ReportType) - {ReportType.SETTLEMENT}


def test_strict_server_refuses_what_exists_in_the_other_world_only() -> None:
    """Contract 4.11"""
    strict = Policy(strict_types=True)
    assert allowed("live", strict) == TRANSACTIONS
    assert allowed("sandbox", strict) == {ReportType.SANDBOX_SETTLEMENT}


def test_server_without_capture_reports_refuses_them() -> None:
    """Contract 4.5, 9.6"""
    without = Policy(capture_reports=False)
    assert ReportType.CAPTURE not in allowed("live", without)
    assert ReportType.CAPTURE in allowed("live", Policy())


def test_sandbox_has_rows_in_its_settlement_only_and_live_in_all_others() -> None:
    """R-5, contract 4.11"""
    sandbox = {one for one in ReportType if rules.has_rows(one, "sandbox")}
    live = {one for one in ReportType if rules.has_rows(one, "live")}
    assert sandbox == {ReportType.SANDBOX_SETTLEMENT}
    assert live == set(ReportType) - sandbox


def asked(length: TimeDelta) -> NewReport:
    return NewReport(report_type=ReportType.REFUND, start_time=NOW, end_time=NOW + length)


def test_report_may_cover_a_moment_or_years_but_not_end_before_it_starts() -> None:
    """R-9, contract 4.8"""
    assert rules.refused_range(asked(TimeDelta()), Policy()) is None
    assert rules.refused_range(asked(TimeDelta(hours=100_000)), Policy()) is None
    refusal = rules.refused_range(asked(-SECOND), Policy())
    assert refusal is not None
    assert refusal.message == "The value provided for endTime is invalid."


def test_operator_can_limit_the_range() -> None:
    limit = TimeDelta(hours=90 * 24)
    assert rules.refused_range(asked(limit), Policy(range_max=limit)) is None
    assert rules.refused_range(asked(limit + SECOND), Policy(range_max=limit)) is not None


@given(
    st.integers(-62_135_596_800, 253_402_300_799).map(Instant.from_timestamp),
    st.integers(0, 10**6).map(lambda seconds: TimeDelta(seconds=seconds)),
)
def test_last_second_of_a_report_is_in_it(start: Instant, length: TimeDelta) -> None:
    """R-9: a day is asked for as 000000Z to 235959Z."""
    end = start + min(length, rules.whole_second(Instant.MAX) - start)
    report = Report(
        report_id="A",
        report_type=ReportType.REFUND,
        start_time=start,
        end_time=end,
        created_time=NOW,
    )
    first, before = rules.span(report)
    assert first == start
    assert before > start
    assert before == Instant.MAX or before == end + SECOND


def test_report_is_begun_and_completed() -> None:
    """R-2, R-4"""
    begun = rules.begun(REPORT, NOW)
    assert begun.processing_status is ProcessingStatus.IN_PROGRESS
    assert begun.processing_start_time == Instant.parse_iso("2026-11-22T09:30:00Z")
    done = rules.completed(begun, NOW + SECOND, "document")
    assert done.processing_status is ProcessingStatus.COMPLETED
    assert done.processing_end_time == Instant.parse_iso("2026-11-22T09:30:01Z")
    assert done.report_document_id == "document"


def test_report_without_data_is_cancelled_and_has_no_document() -> None:
    """R-4"""
    over = rules.cancelled(rules.begun(REPORT, NOW), NOW)
    assert over.processing_status is ProcessingStatus.CANCELLED
    assert over.report_document_id is None


def test_failed_report_tells_the_operator_why() -> None:
    """R-4"""
    over = rules.failed(rules.begun(REPORT, NOW), NOW, "disk full")
    assert over.processing_status is ProcessingStatus.FAILED
    assert (over.report_document_id, over.failure) == (None, "disk full")


def test_report_that_a_lost_worker_had_begun_begins_anew() -> None:
    again = rules.begun(rules.begun(REPORT, NOW), NOW + SECOND)
    assert again.processing_start_time == Instant.parse_iso("2026-11-22T09:30:01Z")


MOVES: tuple[Callable[[Report], Report], ...] = (
    lambda one: rules.begun(one, NOW),
    lambda one: rules.completed(one, NOW, "d"),
    lambda one: rules.cancelled(one, NOW),
    lambda one: rules.failed(one, NOW, ""),
)


def test_report_that_is_over_stays_so() -> None:
    """R-4"""
    begun = rules.begun(REPORT, NOW)
    for over in (
        rules.completed(begun, NOW, "d"), rules.cancelled(begun, NOW), rules.failed(begun, NOW, "")
    ):  # fmt: skip
        for move in MOVES:
            with pytest.raises(ValueError, match=f"is {over.processing_status} already"):
                move(over)


def test_report_that_was_not_begun_cannot_end() -> None:
    with pytest.raises(ValueError, match="not begun"):
        rules.completed(REPORT, NOW, "d")


def test_report_never_ends_before_it_began_whatever_the_clock_does() -> None:
    begun = rules.begun(REPORT, NOW)
    over = rules.cancelled(begun, NOW - TimeDelta(hours=1))
    assert over.processing_end_time == begun.processing_start_time


@given(st.binary(min_size=32, max_size=32))
def test_ids_have_the_forms_of_amazons(random: bytes) -> None:
    """Contract 4.2"""
    report_id = rules.report_id(random[: rules.REPORT_ID_BYTES])
    schedule_id = rules.schedule_id(random[: rules.SCHEDULE_ID_BYTES])
    document_id = rules.document_id(random[: rules.DOCUMENT_ID_BYTES])
    assert re.fullmatch(r"A\d{8}T[0-9A-Z]{11}", report_id)
    assert len(report_id) == len("A08439021T39K6DTX4JS8")
    assert re.fullmatch(r"[1-9]\d{10}", schedule_id)
    uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    assert re.fullmatch(rf"amzn1\.tortuga\.3\.{uuid}\.T[0-9A-Z]{{13}}", document_id)
    assert all(map(rules.is_id, (report_id, schedule_id, document_id)))


@pytest.mark.parametrize("text", ["", "\0", "a b", "a/b", "\u0661", "a\n", "x" * 101, "%00", "'"])
def test_what_cannot_be_an_id_is_not_looked_up(text: str) -> None:
    assert not rules.is_id(text)


def test_ids_that_were_seen_elsewhere_are_looked_up() -> None:
    """Contract 4.2"""
    assert rules.is_id("59007019641")
    assert rules.is_id("amzn1.tortuga.3.45ee712dc-3512-6cbd-ad71-ab3cb4cffef7.T3FKJJI01Y1E32")
