"""Amazon Pay Reports over HTTP, each operation as each of Amazon's SDKs calls it (issue 5, 1 and 2; R-1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.auth.pay.sdk_signers import SALT_20, SIGNERS
from tests.server.paying import (
    CAPTURE,
    REFUND,
    Merchant,
    Paying,
    refused,
    report_body,
    schedule_body,
)
from tests.server.plain import fetch

CONTENT = b'"AmazonRefundId"\n"P01-4968629-7654321-R017571"\n'
SHOWN = {"createdTime": "20310501T120000Z", "reportType": REFUND}


@pytest.fixture
def merchant(paying: Paying) -> Merchant:
    return Merchant(paying.server)


sdks = pytest.mark.parametrize("sdk", sorted(SIGNERS))


@sdks
def test_reports_are_requested_listed_and_shown(merchant: Merchant, sdk: str) -> None:
    """R-1, R-6, R-9: getReports, createReport, getReportById; members in Amazon's order (contract 4.1)."""
    assert merchant.ask("GET", "/reports", sdk=sdk) == {"reports": []}
    made = merchant.send(
        "POST", "/reports", body=report_body(), sdk=sdk, x_amz_pay_idempotency_key=f"key-{sdk}"
    )
    assert made.status == 201
    report_id = made.json()["reportId"]
    assert made.json() == {"reportId": report_id}
    shown = merchant.ask("GET", f"/reports/{report_id}", sdk=sdk)
    assert list(shown) == sorted(shown)
    assert shown.items() >= {"reportId": report_id, **SHOWN}.items()
    other = merchant.report(reportType=CAPTURE)
    lists: list[tuple[dict[str, Any], list[str]]] = [
        ({"reportTypes": [REFUND]}, [report_id]),
        ({"reportTypes": [CAPTURE, REFUND], "pageSize": "100"}, [other, report_id]),
        ({"reportTypes": [CAPTURE], "processingStatuses": ["COMPLETED", "FAILED"]}, []),
        ({"createdSince": "2031-05-01T21:00:00+09:00", "createdUntil": "20310501T120000Z"}, [other, report_id]),
        ({"createdUntil": "20310501T115959Z"}, []),
    ]  # fmt: skip
    for query, found in lists:
        page = merchant.ask("GET", "/reports", query, sdk=sdk)
        assert [one["reportId"] for one in page["reports"]] == found, query


@sdks
def test_pages_follow_each_other_by_their_tokens(merchant: Merchant, sdk: str) -> None:
    """R-7: a nextToken comes where there is more, stands alone, and every report comes once."""
    made = [merchant.report() for _ in range(5)]
    page = merchant.ask("GET", "/reports", {"pageSize": "2", "reportTypes": REFUND}, sdk=sdk)
    found = [one["reportId"] for one in page["reports"]]
    while token := page.get("nextToken"):
        beside = merchant.send("GET", "/reports", {"nextToken": token, "pageSize": "2"}, sdk=sdk)
        assert refused(beside) == (400, "InvalidParameterCombination")
        page = merchant.ask("GET", "/reports", {"nextToken": token}, sdk=sdk)
        found += [one["reportId"] for one in page["reports"]]
    assert found == made[::-1]


@sdks
def test_document_is_at_a_url_for_thirty_seconds(
    paying: Paying, merchant: Merchant, sdk: str
) -> None:
    """R-3, R-10: getReportDocument; the URL is good without any header of Amazon Pay's."""
    report = paying.completed(merchant, CONTENT)
    found = merchant.ask("GET", f"/report-documents/{report.report_document_id}", sdk=sdk)
    assert list(found) == ["compressionAlgorithm", "reportDocumentId", "url"]
    assert found["compressionAlgorithm"] == "N/A"
    assert found["reportDocumentId"] == report.report_document_id
    target = found["url"].removeprefix(paying.server.url)
    assert "X-Amz-Expires=30&" in target
    try:
        assert fetch(paying.server.url, target).body == CONTENT
        paying.server.set_clock(advance="PT30S")
        got = fetch(paying.server.url, target)
        assert (got.status, got.body) == (200, CONTENT)
        assert got.headers["content-type"] == "text/csv; charset=UTF-8"
        name = f'attachment; filename="{report.report_document_id}.csv"'
        assert got.headers["content-disposition"] == name
        paying.server.set_clock(advance="PT1S")
        late = fetch(paying.server.url, target)
        assert late.status == 403
        assert b"<Message>Request has expired</Message>" in late.body
    finally:
        paying.server.set_clock(now="2031-05-01T12:00:00Z", running=False)


@sdks
def test_schedules_are_made_listed_replaced_and_cancelled(merchant: Merchant, sdk: str) -> None:
    """R-11, R-12, R-13, R-15: createReportSchedule, getReportSchedules, getReportScheduleById, cancelReportSchedule."""
    assert merchant.ask("GET", "/report-schedules", sdk=sdk) == {"reportSchedules": []}
    made = merchant.send("POST", "/report-schedules", body=schedule_body(), sdk=sdk)
    assert made.status == 201
    schedule_id = made.json()["reportScheduleId"]
    shown = {
        "nextReportCreationTime": "20310601T000000Z",
        "reportScheduleId": schedule_id,
        "reportType": REFUND,
        "scheduleFrequency": "P1D",
    }
    assert merchant.ask("GET", f"/report-schedules/{schedule_id}", sdk=sdk) == shown
    in_the_way = merchant.send(
        "POST", "/report-schedules", body=schedule_body(scheduleFrequency="PT1H"), sdk=sdk
    )
    assert (in_the_way.status, in_the_way.json()) == (200, [shown])
    queried = merchant.ask(
        "POST", "/report-schedules", {"deleteExistingSchedule": "true"}, schedule_body(), sdk=sdk,
        x_amz_pay_idempotency_key="replaced",
    )["reportScheduleId"]  # fmt: skip
    assert queried != schedule_id
    said = schedule_body(deleteExistingSchedule=True)
    last = merchant.ask("POST", "/report-schedules", body=said, sdk=sdk)["reportScheduleId"]
    assert refused(merchant.send("GET", f"/report-schedules/{queried}", sdk=sdk))[0] == 404
    types = {"reportTypes": [REFUND, CAPTURE]}
    listed = merchant.ask("GET", "/report-schedules", types, sdk=sdk)["reportSchedules"]
    assert listed == [shown | {"reportScheduleId": last}]
    none = merchant.ask("GET", "/report-schedules", {"reportTypes": CAPTURE}, sdk=sdk)
    assert none == {"reportSchedules": []}
    ended = merchant.send("DELETE", f"/report-schedules/{last}", sdk=sdk)
    assert (ended.status, ended.body) == (200, b"{}")
    gone = merchant.send("DELETE", f"/report-schedules/{last}", sdk=sdk)
    assert refused(gone) == (404, "ResourceNotFound")
    assert merchant.ask("GET", "/report-schedules", sdk=sdk) == {"reportSchedules": []}


@sdks
def test_payouts_are_listed(merchant: Merchant, sdk: str) -> None:
    """getDisbursements (contract 4.13), with the empty nextToken that SDKs' samples send (contract 1.5)."""
    query = {"startTime": "2031-01-01T00-00-00Z", "endTime": "20310501T000000Z", "nextToken": ""}
    assert merchant.ask("GET", "/disbursements", query, sdk=sdk) == {"disbursements": []}
    odd = merchant.send("GET", "/disbursements", {"startTime": "yesterday"}, sdk=sdk)
    assert refused(odd) == (400, "InvalidParameterValue")


@sdks
def test_old_algorithm_is_good_too(merchant: Merchant, sdk: str) -> None:
    merchant.account = merchant.account._replace(algorithm=SALT_20)
    assert merchant.ask("GET", "/reports", {"pageSize": "1"}, sdk=sdk) == {"reports": []}


@sdks
@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_key_without_a_prefix_works_where_the_path_says(
    paying: Paying, merchant: Merchant, sdk: str, environment: str
) -> None:
    """Contract 1.2: one key for both environments, which see nothing of each other."""
    bare = f"{merchant.merchant_id}ABCDEFGHIJ"
    keys = f"/merchants/{merchant.merchant_id}/keys"
    pem = paying.server.ask("GET", keys)["keys"][0]["publicKeyPem"]
    made = paying.server.ask("POST", keys, {"publicKeyId": bare, "publicKeyPem": pem})
    assert made["environment"] is None
    report_id = merchant.report()
    merchant.account = merchant.account._replace(public_key_id=bare, environment=environment)
    found = merchant.ask("GET", "/reports", sdk=sdk)["reports"]
    assert [one["reportId"] for one in found] == ([report_id] if environment == "live" else [])
