"""Every form in which the SDKs write a query, and every way to get one wrong (R-6, R-7, R-11, contract 1.5, 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import Kind, Problem
from torihiki.pay_reports.model import (
    DisbursementQuery,
    ProcessingStatus,
    ReportQuery,
    ReportType,
)
from torihiki.pay_reports.v2.query import (
    DISBURSEMENTS,
    NEW_SCHEDULE,
    REPORTS,
    parse_date,
    parse_delete_existing,
    parse_get_disbursements,
    parse_get_report_schedules,
    parse_get_reports,
)

NOW = Instant.parse_iso("2026-11-22T09:30:00.5Z")
OLDEST = Instant.parse_iso("2026-08-24T09:30:00Z")
REFUND = ReportType.REFUND.value
CAPTURE = ReportType.CAPTURE.value
TOKEN = "nt-50c2d472-2c4f-2d48-3b38-1116b37e0404"
BOTH = frozenset({ReportType.REFUND, ReportType.CAPTURE})


def wanted(query: str) -> ReportQuery:
    found = parse_get_reports(query.encode(), NOW)
    assert isinstance(found, ReportQuery)
    return found


def refusal(call: Callable[[], object]) -> tuple[str | None, str | None]:
    with pytest.raises(Problem) as caught:
        call()
    assert caught.value.kind is Kind.INVALID_INPUT
    return caught.value.code, caught.value.message


def invalid(name: str) -> tuple[str, str]:
    return "InvalidParameterValue", f"The value provided for {name} is invalid."


def test_query_without_parameters_wants_ten_of_the_last_ninety_days() -> None:
    """R-6"""
    everything = ReportQuery(
        report_types=frozenset(),
        statuses=frozenset(),
        since=OLDEST,
        until=Instant.parse_iso("2026-11-22T09:30:00Z"),
        page_size=10,
    )
    assert wanted("") == everything
    assert wanted("reportTypes=&createdSince=&createdUntil=&pageSize=&nextToken=") == everything
    assert wanted("reportType=nonsense&PageSize=0&a.1=b&=&&&") == everything


@pytest.mark.parametrize(
    "query",
    [
        f"reportTypes={REFUND},{CAPTURE}",
        f"reportTypes={REFUND}%2C{CAPTURE}",
        f"reportTypes={REFUND}%2c+{CAPTURE}",
        f"reportTypes={REFUND},%20{CAPTURE},",
        f"reportTypes={REFUND}&reportTypes={CAPTURE}",
        f"reportTypes.1={REFUND}&reportTypes.2={CAPTURE}",
        f"reportTypes%2E1={REFUND}&report%54ypes={CAPTURE}&reportTypes.3={CAPTURE}",
    ],
)
def test_list_is_understood_in_every_form_that_sdks_send(query: str) -> None:
    """R-6, R-11, contract 1.5"""
    assert wanted(query).report_types == BOTH
    assert parse_get_report_schedules(query.encode()) == BOTH


def test_all_filters_are_understood_together() -> None:
    """R-6"""
    query = (
        f"pageSize=100&processingStatuses.1=COMPLETED&processingStatuses.2=FAILED&reportTypes={REFUND}"
        "&createdSince=20261001T000000Z&createdUntil=2026-10-31T00%3A00%3A00%2B09%3A00"
    )
    assert wanted(query) == ReportQuery(
        report_types=frozenset({ReportType.REFUND}),
        statuses=frozenset({ProcessingStatus.COMPLETED, ProcessingStatus.FAILED}),
        since=Instant.parse_iso("2026-10-01T00:00:00Z"),
        until=Instant.parse_iso("2026-10-30T15:00:00Z"),
        page_size=100,
    )


def test_lists_never_begin_before_what_is_kept() -> None:
    """R-8"""
    assert wanted("createdSince=00010101T000000Z").since == OLDEST


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("20221118T150630Z", "2022-11-18T15:06:30Z"),
        ("2022-11-18T15:06:30Z", "2022-11-18T15:06:30Z"),
        ("2022-11-18T15:06:30.999Z", "2022-11-18T15:06:30Z"),
        ("2022-11-18T15:06:30.123456789012Z", "2022-11-18T15:06:30Z"),
        ("20221118T150630,5Z", "2022-11-18T15:06:30Z"),
        ("2022-11-18T15-06-30Z", "2022-11-18T15:06:30Z"),
        ("2022-11-19T00:06:30+09:00", "2022-11-18T15:06:30Z"),
        ("2022-11-19T00:06:30+0900", "2022-11-18T15:06:30Z"),
        ("20221118T080630-07", "2022-11-18T15:06:30Z"),
        ("20221118T150630", "2022-11-18T15:06:30Z"),
        ("20221118t150630z", "2022-11-18T15:06:30Z"),
        ("20161231T235960Z", "2016-12-31T23:59:59Z"),
    ],
)
def test_dates_are_understood_in_every_form(text: str, instant: str) -> None:
    """R-2, contract 4.3"""
    assert parse_date(text) == Instant.parse_iso(instant)


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2022-11-18", "20221118", "20221118T150630ZZ", "20221118T1506Z", "2022-11-18 15:06:30Z",
        "20221318T150630Z", "20220230T150630Z", "20221118T240000Z", "20221118T150661Z", "2022-1118T150630Z",
        "20221118T15:0630Z", "20221118T150630+25:00", "\uff12\uff1022-11-18T15:06:30Z", "99991231T235959-10:00",
        "00010101T000000+10:00", "1668783990", "20221118T150630.Z", "20221118T150630Z\n",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.text() | st.from_regex(r"\d{8}T\d{6}Z", fullmatch=True))
def test_any_text_is_a_date_or_none(text: str) -> None:
    parse_date(text)


def test_bare_plus_of_an_offset_is_no_space() -> None:
    """Contract 4.3: one SDK sends query values as they are."""
    query = wanted("createdSince=2026-10-01T00:00:00+09:00")
    assert query.since == Instant.parse_iso("2026-09-30T15:00:00Z")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("reportTypes=refund", "reportTypes"),
        (f"reportTypes={REFUND.lower()}", "reportTypes"),
        (f"reportTypes={REFUND},nonsense", "reportTypes"),
        ("reportTypes.1=nonsense", "reportTypes"),
        ("reportTypes=_GET_CSV_CUSTOM_OFFAMAZONPAYMENTS_MULTI_CURRENCY_PAYMENTS_DATA_", "reportTypes"),
        ("processingStatuses=CANCELED", "processingStatuses"),
        ("processingStatuses=completed", "processingStatuses"),
        ("createdSince=yesterday", "createdSince"),
        ("createdSince=20261001T000000Z&createdSince=20261001T000000Z", "createdSince"),
        ("createdUntil=2026-10-01", "createdUntil"),
        ("createdSince=20261002T000000Z&createdUntil=20261001T000000Z", "createdUntil"),
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("pageSize=-1", "pageSize"),
        ("pageSize=1.0", "pageSize"),
        ("pageSize=ten", "pageSize"),
        ("pageSize=%D9%A1", "pageSize"),
        (f"pageSize={'9' * 5000}", "pageSize"),
        ("pageSize=10&pageSize=10", "pageSize"),
        (f"nextToken={TOKEN}&nextToken={TOKEN}", "nextToken"),
    ],
)  # fmt: skip
def test_bad_value_is_refused_with_its_name(query: str, name: str) -> None:
    """R-6, R-16, contract 3.2: InvalidParameterValue"""
    assert refusal(lambda: wanted(query)) == invalid(name)


@pytest.mark.parametrize("size", ["1", "10", "100"])
def test_page_has_one_to_a_hundred_reports(size: str) -> None:
    """R-6"""
    assert wanted(f"pageSize={size}").page_size == int(size)


def test_next_token_stands_alone() -> None:
    """R-7"""
    assert parse_get_reports(f"nextToken={TOKEN}".encode(), NOW) == TOKEN
    alone = f"reportTypes=&unknown=&nextToken={TOKEN}&pageSize="
    assert parse_get_reports(alone.encode(), NOW) == TOKEN


@pytest.mark.parametrize(
    "other",
    [
        "pageSize=10", "pageSize=nonsense", f"reportTypes={REFUND}", "reportTypes.1=x", "processingStatuses=FAILED",
        "createdSince=20261001T000000Z", "createdUntil=20261001T000000Z", f"reportType={REFUND}", "unknown=1",
    ],
)  # fmt: skip
def test_any_parameter_beside_the_next_token_is_an_error(other: str) -> None:
    """R-7, contract 3.2: InvalidParameterCombination"""
    for query in (f"{other}&nextToken={TOKEN}", f"nextToken={TOKEN}&{other}"):
        code, _ = refusal(lambda query=query: parse_get_reports(query.encode(), NOW))  # type: ignore[misc]  # a default
        assert code == "InvalidParameterCombination"


def test_value_that_is_no_text_is_refused() -> None:
    """Contract 3.2: InvalidRequest"""
    assert refusal(lambda: wanted("createdSince=%ff"))[0] == "InvalidRequest"
    assert refusal(lambda: parse_get_reports(b"nextToken=\xff", NOW))[0] == "InvalidRequest"


def test_disbursements_are_asked_for_by_a_range() -> None:
    """Contract 4.13"""
    query = b"startTime=2022-08-04T00-00-00Z&endTime=20220904T000000Z&pageSize=30&nextToken="
    assert parse_get_disbursements(query, NOW) == DisbursementQuery(
        since=Instant.parse_iso("2022-08-04T00:00:00Z"),
        until=Instant.parse_iso("2022-09-04T00:00:00Z"),
        page_size=30,
    )
    assert parse_get_disbursements(b"", NOW) == DisbursementQuery(
        since=OLDEST, until=Instant.parse_iso("2026-11-22T09:30:00Z"), page_size=10
    )
    assert parse_get_disbursements(f"nextToken={TOKEN}".encode(), NOW) == TOKEN


def test_disbursements_refuse_what_reports_refuse() -> None:
    backwards = b"startTime=20220904T000000Z&endTime=20220804T000000Z"
    assert refusal(lambda: parse_get_disbursements(backwards, NOW)) == invalid("endTime")
    together = f"startTime=20220904T000000Z&nextToken={TOKEN}".encode()
    code, _ = refusal(lambda: parse_get_disbursements(together, NOW))
    assert code == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("query", "flag"),
    [
        ("", None), ("deleteExistingSchedule=", None), ("deleteExistingSchedule=true", True),
        ("deleteExistingSchedule=FALSE", False), ("deleteexistingschedule=true", None),
    ],
)  # fmt: skip
def test_flag_of_the_query_is_true_false_or_not_there(query: str, flag: bool | None) -> None:  # noqa: FBT001 - a case of a table
    """R-13"""
    assert parse_delete_existing(query.encode()) is flag


@pytest.mark.parametrize("value", ["1", "yes", "null", "true,true"])
def test_flag_that_is_neither_true_nor_false_is_refused(value: str) -> None:
    query = f"deleteExistingSchedule={value}".encode()
    assert refusal(lambda: parse_delete_existing(query)) == invalid("deleteExistingSchedule")


names = st.sampled_from([*sorted(REPORTS | DISBURSEMENTS | NEW_SCHEDULE), "reportTypes.1", ".1"])
telling = st.sampled_from(
    [
        "", REFUND, f"{REFUND},{CAPTURE}", "COMPLETED", "true", "20221118T150630Z", "2022-08-04T00-00-00Z", "1", "100",
        TOKEN, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "%00", "%ff", "%ED%A0%80", "%", "%2", "+", "=", ",",
    ]
)  # fmt: skip
values = telling | st.text(max_size=20).map(quote) | st.binary(max_size=10).map(quote_from_bytes)
queries = st.binary(max_size=200) | st.lists(
    st.tuples(names | st.text(max_size=8), values), max_size=8
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "replace"))

Outcome = TypeVar("Outcome")


def attempted(call: Callable[[], Outcome]) -> Outcome | Problem:
    """What comes of the call; only a refusal may be raised."""
    try:
        return call()
    except Problem as problem:
        return problem


@given(queries)
@example(b"&" * 10_000)
@example(b"reportTypes=" + b"," * 30_000)
def test_any_query_is_understood_or_refused(query: bytes) -> None:
    found = attempted(lambda: parse_get_reports(query, NOW))
    if isinstance(found, ReportQuery):
        assert 1 <= found.page_size <= 100
        assert found.since >= OLDEST
    outcomes = (
        found,
        attempted(lambda: parse_get_report_schedules(query)),
        attempted(lambda: parse_get_disbursements(query, NOW)),
        attempted(lambda: parse_delete_existing(query)),
    )
    for outcome in outcomes:
        if isinstance(outcome, Problem):
            assert outcome.kind is Kind.INVALID_INPUT
            assert outcome.code
            assert outcome.message
