"""Bodies that come and bodies that answer (R-2, R-3, R-9, R-11 to R-13, R-16, contract 3.2, 4.1, 4.6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant
from torihiki.kernel.money import parse
from torihiki.kernel.problem import Kind, Problem
from torihiki.pay_reports.model import (
    Disbursement,
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
from torihiki.pay_reports.v2 import wire

REFUND = ReportType.REFUND.value
REPORT = {"reportType": REFUND, "startTime": "20220804T000000Z", "endTime": "20220804T235959Z"}
SCHEDULE = {
    "reportType": REFUND,
    "scheduleFrequency": "P1D",
    "nextReportCreationTime": "20220806T235959Z",
}
CREATED = Instant.parse_iso("2022-12-07T17:08:26.9Z")
DONE = Report(
    report_id="A08439021T39K6DTX4JS8",
    report_type=ReportType.SETTLEMENT,
    start_time=Instant.parse_iso("2022-11-18T15:06:30Z"),
    end_time=Instant.parse_iso("2022-12-02T15:03:50Z"),
    created_time=CREATED,
    processing_status=ProcessingStatus.COMPLETED,
    processing_start_time=CREATED,
    processing_end_time=CREATED,
    report_document_id="amzn1.tortuga.3.x.T3FKJJI01Y1E32",
    failure="for the operator only",
)
PLANNED = ReportSchedule(
    report_schedule_id="68973459224",
    report_type=ReportType.ORDER_REFERENCE,
    frequency=ScheduleFrequency.PT24H,
    next_report_creation_time=Instant.parse_iso("2022-11-18T15:06:30Z"),
)


def body(value: object) -> bytes:
    return json.dumps(value).encode()


PARSERS: Mapping[str, Callable[[bytes], object]] = {
    "report": wire.parse_create_report,
    "schedule": lambda raw: wire.parse_create_report_schedule(b"", raw),
}


def refused(raw: bytes, kind: str = "schedule") -> tuple[str | None, str | None]:
    with pytest.raises(Problem) as caught:
        PARSERS[kind](raw)
    assert caught.value.kind is Kind.INVALID_INPUT
    return caught.value.code, caught.value.message


def test_report_of_the_seeds_request_is_understood() -> None:
    """R-9"""
    assert wire.parse_create_report(body(REPORT)) == NewReport(
        report_type=ReportType.REFUND,
        start_time=Instant.parse_iso("2022-08-04T00:00:00Z"),
        end_time=Instant.parse_iso("2022-08-04T23:59:59Z"),
    )


@pytest.mark.parametrize("frequency", ScheduleFrequency)
def test_schedule_of_every_frequency_is_understood(frequency: ScheduleFrequency) -> None:
    """R-12, R-14"""
    raw = body({**SCHEDULE, "scheduleFrequency": frequency.value})
    assert wire.parse_create_report_schedule(b"", raw) == NewSchedule(
        report_type=ReportType.REFUND,
        frequency=frequency,
        first=Instant.parse_iso("2022-08-06T23:59:59Z"),
        replace=False,
    )


@pytest.mark.parametrize(
    ("query", "in_body", "replace"),
    [
        (b"", None, False),
        (b"", "", False),
        (b"", True, True),
        (b"", "true", True),
        (b"", "false", False),
        (b"", False, False),
        (b"deleteExistingSchedule=true", ..., True),
        (b"deleteExistingSchedule=true", False, True),
        (b"deleteExistingSchedule=false", "true", False),
        (b"deleteExistingSchedule=", True, True),
    ],
)
def test_flag_is_taken_from_query_or_body_and_the_query_wins(
    query: bytes,
    in_body: object,
    replace: bool,  # noqa: FBT001 - a case of a table
) -> None:
    """R-13, contract 4.6"""
    given = SCHEDULE if in_body is ... else {**SCHEDULE, "deleteExistingSchedule": in_body}
    assert wire.parse_create_report_schedule(query, body(given)).replace is replace


@pytest.mark.parametrize("value", [1, 0, "yes", [], {}, [True]])
def test_flag_that_is_neither_true_nor_false_is_refused(value: object) -> None:
    code, message = refused(body({**SCHEDULE, "deleteExistingSchedule": value}))
    assert code == "InvalidParameterValue"
    assert message == "The value provided for deleteExistingSchedule is invalid."


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"[]", b'"text"', b"1", b"{", b"{'a':1}", b'{"a":1,}', b"\xff", b"\xef\xbb\xbf{}", b"NaN",
        b'{"reportType":NaN}', b'{"a":Infinity}', b"[" * 100_000, b'{"a":' * 100_000, b'{"a":1}{"a":1}', b"9" * 5_000,
        body(REPORT)[:-1] + b',"reportType":"x"}', body(REPORT)[:-1] + b',"endTime":"20220804T235959Z"}',
    ],
)  # fmt: skip
def test_body_that_is_no_json_object_or_says_a_thing_twice_is_refused(raw: bytes) -> None:
    """R-16, contract 3.2: InvalidRequestFormat"""
    for kind in ("report", "schedule"):
        assert refused(raw, kind) == (
            "InvalidRequestFormat",
            "The body of the request is not a valid JSON object.",
        )


@pytest.mark.parametrize("name", REPORT)
@pytest.mark.parametrize("value", [..., None, ""])
def test_report_lacks_a_value(name: str, value: object) -> None:
    """R-9, R-16, contract 3.2: MissingParameterValue"""
    members: dict[str, object] = {**REPORT, name: value}
    if value is ...:
        del members[name]
    assert refused(body(members), "report") == (
        "MissingParameterValue",
        f"The value for {name} is missing.",
    )


@pytest.mark.parametrize("name", SCHEDULE)
def test_schedule_lacks_a_value(name: str) -> None:
    """R-12, R-16, contract 3.2: MissingParameterValue"""
    members = {key: value for key, value in SCHEDULE.items() if key != name}
    assert refused(body(members))[0] == "MissingParameterValue"


@pytest.mark.parametrize("name", [*REPORT, *SCHEDULE])
@pytest.mark.parametrize(
    "value", [1, 1.5, True, [], ["x"], {}, "nonsense", " ", "\ud800", "P1Y", "refund"]
)
def test_value_of_no_use_is_refused_with_its_name(name: str, value: object) -> None:
    """R-16, contract 3.2: InvalidParameterValue"""
    expected = ("InvalidParameterValue", f"The value provided for {name} is invalid.")
    if name in REPORT:
        assert refused(body({**REPORT, name: value}), "report") == expected
    if name in SCHEDULE:
        assert refused(body({**SCHEDULE, name: value})) == expected


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("reporttype", " reporttype"), ("startTimes", " startTimes"), ("", ""), ("\ud800", ""), ("<b>", ""),
        ("x" * 65, ""), ("\u65e5", ""),
    ],
)  # fmt: skip
def test_unknown_member_is_refused(name: str, shown: str) -> None:
    """R-16, contract 3.2: UnrecognizedField"""
    expected = ("UnrecognizedField", f"The request has an unrecognized field{shown}.")
    assert refused(body({**REPORT, name: 1}), "report") == expected
    assert refused(body({**SCHEDULE, name: 1})) == expected


def test_flag_of_schedules_is_unknown_to_reports() -> None:
    """Contract 3.2"""
    raw = body({**REPORT, "deleteExistingSchedule": True})
    assert refused(raw, "report")[0] == "UnrecognizedField"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([*REPORT.values(), "P1D"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
objects = st.dictionaries(
    st.sampled_from([*REPORT, *SCHEDULE, "deleteExistingSchedule"]) | st.text(max_size=5),
    json_values,
)


@given(st.binary(max_size=100) | objects.map(body), st.binary(max_size=40))
@example(b'{"reportType":"\\ud800"}', b"")
def test_any_body_is_understood_or_refused(raw: bytes, query: bytes) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: wire.parse_create_report(raw),
        lambda: wire.parse_create_report_schedule(query, raw),
    )
    for call in calls:
        outcome: object = None
        try:
            outcome = call()
        except Problem as problem:
            outcome = problem
        if isinstance(outcome, Problem):
            assert outcome.kind is Kind.INVALID_INPUT
            # What is sent must be text.
            assert msgspec.json.encode((outcome.code, outcome.message))


def keys(raw: bytes) -> list[str]:
    members: dict[str, Any] = json.loads(raw)
    return list(members)


def test_completed_report_has_its_nine_members_in_alphabetical_order() -> None:
    """R-2, contract 4.1"""
    assert wire.render_report(DONE) == (
        b'{"createdTime":"20221207T170826Z","endTime":"20221202T150350Z","processingEndTime":"20221207T170826Z",'
        b'"processingStartTime":"20221207T170826Z","processingStatus":"COMPLETED",'
        b'"reportDocumentId":"amzn1.tortuga.3.x.T3FKJJI01Y1E32","reportId":"A08439021T39K6DTX4JS8",'
        b'"reportType":"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_","startTime":"20221118T150630Z"}'
    )


def test_report_in_progress_leaves_out_what_it_has_not() -> None:
    """R-2, contract 4.1: one SDK cannot read a null."""
    waiting = msgspec.structs.replace(
        DONE,
        processing_status=ProcessingStatus.IN_PROGRESS,
        processing_start_time=None,
        processing_end_time=None,
        report_document_id=None,
    )
    assert keys(wire.render_report(waiting)) == [
        "createdTime", "endTime", "processingStatus", "reportId", "reportType", "startTime",
    ]  # fmt: skip


def test_page_has_a_token_only_where_more_follows() -> None:
    """R-7"""
    last = wire.render_reports(ReportsResult(reports=(DONE,), next_token=None))
    assert last == b'{"reports":[' + wire.render_report(DONE) + b"]}"
    more = wire.render_reports(ReportsResult(reports=(DONE, DONE), next_token="nt-1"))
    assert keys(more) == ["nextToken", "reports"]
    assert wire.render_reports(ReportsResult(reports=(), next_token=None)) == b'{"reports":[]}'


def test_ids_and_documents_are_answered() -> None:
    """R-3, R-9, R-12"""
    assert wire.render_report_id("A1") == b'{"reportId":"A1"}'
    assert wire.render_new_schedule("1") == (201, b'{"reportScheduleId":"1"}')
    document = ReportDocument(report_document_id="d", url="https://x/y?a=b&c=d")
    assert wire.render_document(document) == (
        b'{"compressionAlgorithm":"N/A","reportDocumentId":"d","url":"https://x/y?a=b&c=d"}'
    )


def test_schedule_is_answered_bare_with_the_frequency_that_was_given() -> None:
    """R-11, contract 4.7, 4.9"""
    rendered = (
        b'{"nextReportCreationTime":"20221118T150630Z","reportScheduleId":"68973459224",'
        b'"reportType":"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_","scheduleFrequency":"PT24H"}'
    )
    assert wire.render_schedule(PLANNED) == rendered
    assert wire.render_schedules([PLANNED]) == b'{"reportSchedules":[' + rendered + b"]}"
    assert wire.render_schedules([]) == b'{"reportSchedules":[]}'


def test_schedule_in_the_way_is_answered_with_an_array() -> None:
    """R-13"""
    rendered = wire.render_schedule(PLANNED)
    assert wire.render_new_schedule((PLANNED,)) == (200, b"[" + rendered + b"]")


def test_disbursement_has_milliseconds_and_its_amount_as_text() -> None:
    """Contract 4.3, 4.13"""
    paid = Disbursement(
        seller_id="A1",
        settlement_id="5984862222",
        reference_id="TRACE1",
        amount=parse("25.54", "USD"),
        at=Instant.parse_iso("2022-12-07T17:08:26.717Z"),
    )
    result = DisbursementsResult(disbursements=(paid,), next_token=None)
    assert wire.render_disbursements(result) == (
        b'{"disbursements":[{"amazonDisbursementReferenceId":"TRACE1","amount":"25.54","currencyCode":"USD",'
        b'"sellerId":"A1","settlementId":"5984862222","transactionTime":"2022-12-07T17:08:26.717Z"}]}'
    )
