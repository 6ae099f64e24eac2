"""What was tried to break Amazon Pay Reports on a running server, and holds (issue 5, bad input and proof)."""

from __future__ import annotations

import csv
import http.client
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from tests.auth.pay.sdk_signers import authorization
from tests.orders.lines import US
from tests.payments.objects import (
    CHARGE,
    ONE_TIME,
    Json,
    adjustment,
    amount,
    charge,
    line,
    permission,
    refund,
)
from tests.server.paying import (
    CAPTURE,
    SETTLEMENT,
    Merchant,
    exchange,
    refused,
    report_body,
    schedule_body,
    with_headers,
)
from tests.server.plain import fetch
from tests.server.reporting import content, document, until
from tests.serving import Served, served

NOW = "2026-05-01T12:00:00Z"
ORDERS = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_"
LARGEST = "999999999999999999"
"""The largest amount of a currency without a minor unit."""


@pytest.fixture(scope="module")
def server(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on each database, whose clock stands where each test begins."""
    with served(tmp_path_factory.mktemp("broken") / "data", database=database) as found:
        found.set_clock(now=NOW, running=False)
        yield found


@pytest.fixture
def merchant(server: Served) -> Iterator[Merchant]:
    yield Merchant(server)
    server.set_clock(now=NOW, running=False)


def post(server: Served, *lines: bytes) -> Json:
    """What an import reports; the thread's own connection, because these run beside each other."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        token = {"authorization": f"Bearer {server.credentials['operator_token']}"}
        connection.request("POST", "/-/api/v1/payments", b"\n".join(lines), token)
        answer = connection.getresponse()
        report: Json = json.loads(answer.read())
        assert answer.status == 200, report
        return report
    finally:
        connection.close()


def fields(text: str) -> list[list[str]]:
    """The rows of a file as a reader of CSV sees them, without what stands above them."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    return rows[6:] if rows[0][0] == "Amazon Payments Advanced" else rows[1:]


def settled(merchant: Merchant) -> list[list[list[str]]]:
    """The rows of each settlement report, the oldest first."""
    query = {"reportTypes": SETTLEMENT, "pageSize": "100", "createdUntil": "20990101T000000Z"}
    reports = merchant.ask("GET", "/reports", query)["reports"]
    return [fields(content(merchant, one["reportId"])) for one in reversed(reports)]


def at_once(*works: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for one in [pool.submit(work) for work in works]:
            one.result()


def capture(number: int, currency: str, at: str, merchant_id: str) -> bytes:
    total = amount("100" if currency == "JPY" else "100.10", currency)
    found = charge(charge_id=f"{ONE_TIME}-C{number:06}", total=total, at=at)
    return line(found, merchant_id=merchant_id)


def test_imports_closings_and_a_jumping_clock_lose_no_posting_and_double_none(
    server: Served, merchant: Merchant
) -> None:
    """Issue 5, 7: rows that come late, early and while periods close, in two currencies, from three importers."""
    server.set_clock(now="2026-05-01T12:00:00Z", running=True)
    path = f"/merchants/{merchant.merchant_id}/settlements"
    over = threading.Event()

    def importer(place: int) -> Callable[[], None]:
        def imports() -> None:
            for batch in range(6):
                numbers = range(place * 1000 + batch * 20, place * 1000 + batch * 20 + 20)
                post(
                    server,
                    *(
                        capture(
                            one,
                            "JPY" if one % 3 else "USD",
                            f"2026-{3 + one % 3:02}-{1 + one % 28:02}T{one % 24:02}:00:00Z",
                            merchant.merchant_id,
                        )
                        for one in numbers
                    ),
                )

        return imports

    def closes() -> None:
        for number in range(12):
            closed = server.operator.post(
                path, json={"reserve": number * 7, "onHold": number % 4 == 3}
            )
            # From then on the clock stands before the last close.
            assert closed.status_code in ({201} if number <= 8 else {201, 409})
            server.set_clock(advance="PT1S" if number != 5 else "P2D")
            if number == 8:
                server.set_clock(now="2026-05-01T13:00:00Z", running=True)
        over.set()

    at_once(*(importer(place) for place in (1, 2, 3)), closes)
    server.set_clock(now="2026-06-20T00:00:00Z", running=False)
    expected = Counter(
        f"{ONE_TIME}-C{place * 1000 + number:06}" for place in (1, 2, 3) for number in range(120)
    )
    files: list[list[list[str]]] = []

    def all_told() -> bool:
        files[:] = settled(merchant)
        return sum(row[4] == "Capture" for rows in files for row in rows) >= len(expected)

    until(all_told)
    assert Counter(row[2] for rows in files for row in rows if row[4] == "Capture") == expected
    for rows in files:
        assert sum(Decimal(row[14]) for row in rows) == 0
        assert len({(row[1], row[8]) for row in rows}) == 1


def test_refunds_beyond_every_integer_are_imported_and_settled(
    server: Served, merchant: Merchant
) -> None:
    """Thirty refunds of the largest amount sum to more than any integer of a database or of MessagePack."""
    total = amount(LARGEST, "JPY")
    report = post(
        server,
        line(charge(total=total), merchant_id=merchant.merchant_id),
        *(
            line(
                refund(refund_id=f"{ONE_TIME}-R{number:06}", total=total),
                merchant_id=merchant.merchant_id,
            )
            for number in range(30)
        ),
    )
    assert (report["imported"], report["new"]) == (31, 31)
    (made,) = server.ask("POST", f"/merchants/{merchant.merchant_id}/settlements")["settlements"]
    # The fee of the capture comes back with the first refund.
    assert made["carriedOver"] == str(-29 * int(LARGEST))
    until(lambda: len(settled(merchant)) == 1)
    (rows,) = settled(merchant)
    assert sum(int(row[14]) for row in rows) == 0
    assert len(rows) == 32


def test_adjustment_may_have_the_id_of_the_charge_that_it_is_about(
    server: Served, merchant: Merchant
) -> None:
    """Issue 5, 7: its importer chooses the id, and the natural one is that of the charge; nothing is posted twice for it."""
    for one in (
        charge(),
        adjustment(adjustment_id=CHARGE),
        charge(at="20260302T100001Z"),
        refund(),
    ):
        assert post(server, line(one, merchant_id=merchant.merchant_id))["new"] == 1
    another = adjustment(adjustment_id=CHARGE, at="20260321T100000Z")
    refused = post(server, line(another, merchant_id=merchant.merchant_id))
    assert (refused["new"], refused["failed"]) == (0, 1)
    (made,) = server.ask("POST", f"/merchants/{merchant.merchant_id}/settlements")["settlements"]
    assert (made["transactions"], made["netAmount"]) == (3, "-10.00")


@pytest.mark.parametrize("year", [1970, 2036, 2250, 8999])
def test_lists_have_pages_in_every_year_of_the_clock(
    server: Served, merchant: Merchant, year: int
) -> None:
    """R-7: the lower bound of a list is in its token, however far the operator's clock was moved."""
    server.set_clock(now=f"{year}-06-01T00:00:00Z", running=False)
    made = [merchant.report() for _ in range(12)]
    page = merchant.ask("GET", "/reports")
    assert [one["reportId"] for one in page["reports"]] == made[:1:-1]
    rest = merchant.ask("GET", "/reports", {"nextToken": page["nextToken"]})
    assert [one["reportId"] for one in rest["reports"]] == made[1::-1]


HOSTILE = (
    '=HYPERLINK("x")', '"', '","', '""', "a\r\nb", "\ufeffx", "\u202eevil", "a\x00b", "\\", "日本\U0001f600",
    "\u2028", "\x85", "'; DROP TABLE pay_reports; --", "<script>", " lead", "x" * 2000, "{{settlement_id}}",
)  # fmt: skip


def test_hostile_texts_stay_in_their_fields(server: Served, merchant: Merchant) -> None:
    """Contract 5.1: whatever names and notes hold, each row has its columns and its neighbours are as they were."""
    lines = []
    for number, text in enumerate(HOSTILE):
        permission_id = f"P01-0000000-{number:07}"
        found = permission(
            permission_id=permission_id,
            buyer={"name": text, "email": text},
            merchantMetadata={"merchantReferenceId": text, "merchantStoreName": text, "noteToBuyer": text},
        )  # fmt: skip
        paid = charge(
            charge_id=f"{permission_id}-C000001",
            permission_id=permission_id,
            merchantMetadata={"merchantReferenceId": text},
        )
        lines += [line(one, merchant_id=merchant.merchant_id) for one in (found, paid)]
    assert post(server, *lines)["failed"] == 0
    server.ask("POST", f"/merchants/{merchant.merchant_id}/settlements")
    until(lambda: len(settled(merchant)) == 1)
    shown = [
        "".join(" " if ord(one) < 32 or one in "\x7f\x85\u2028\u2029" else one for one in text)
        for text in HOSTILE
    ]
    months = ("20260301T000000Z", "20260331T235959Z")
    for report_type, column in ((ORDERS, 1), (ORDERS, 11), (CAPTURE, 1), (CAPTURE, 11)):
        rows = fields(document(merchant, report_type, *months))
        assert sorted(row[column] for row in rows) == sorted(shown)
        assert {len(row) for row in rows} == {21}
    (rows,) = settled(merchant)
    assert sorted(row[6] for row in rows if row[4] == "Capture") == sorted(shown)
    assert {row[1] for row in rows} == {rows[0][1]}
    assert {len(row) for row in rows} == {15}


def test_period_has_its_first_and_all_of_its_last_second(server: Served) -> None:
    """R-9: [startTime, endTime] in whole seconds, given in any zone, and the local hour that comes twice."""
    seller = server.ask("POST", "/sellers", {"name": "A seller", "marketplaceIds": [US]})
    made = {"sellerId": seller["sellerId"], "region": "na"}
    merchant_id = server.ask("POST", "/merchants", made)["merchantId"]
    merchant = Merchant(server, merchant_id=merchant_id)
    times = (
        "2025-11-02T08:29:59.999999Z", "2025-11-02T08:30:00Z", "2025-11-02T09:00:00.5Z",
        "2025-11-02T09:29:59.999999Z", "2025-11-02T09:30:00Z",
    )  # fmt: skip
    post(server, *(capture(number, "JPY", at, merchant_id) for number, at in enumerate(times)))
    for start, end in (
        ("20251102T083000Z", "20251102T092959Z"),
        ("2025-11-02T01:30:00-07:00", "2025-11-02T18:29:59+0900"),
        ("2025-11-02T08-30-00Z", "2025-11-02T09-29-59"),
    ):
        rows = fields(document(merchant, CAPTURE, start, end))
        assert [(row[0][-1], row[4], row[8]) for row in rows] == [
            ("3", "100", "2025-11-02T01:29:59 -0800"),
            ("2", "100", "2025-11-02T01:00:00 -0800"),
            ("1", "100", "2025-11-02T01:30:00 -0700"),
        ]
    (row,) = fields(document(merchant, CAPTURE, "20251102T093000Z", "20251102T093000Z"))
    assert row[0].endswith("C000004")


def test_url_ends_by_the_operators_clock_and_with_its_report(
    server: Served, merchant: Merchant
) -> None:
    """R-3, R-8: 30 seconds, not 31; none for a stranger, nor after 90 days."""
    server.set_clock(now="2026-07-01T00:00:00Z", running=False)
    post(server, capture(1, "USD", "2026-03-08T10:00:00Z", merchant.merchant_id))
    report_id = merchant.report(reportType=CAPTURE, startTime="20260301T000000Z")
    content(merchant, report_id)
    document_id = merchant.ask("GET", f"/reports/{report_id}")["reportDocumentId"]
    url = urlsplit(merchant.ask("GET", f"/report-documents/{document_id}")["url"])

    def status(method: str = "GET", path: str = url.path) -> int:
        return fetch(server.url, f"{path}?{url.query}", method=method).status

    assert [status(), status("HEAD"), status("PUT"), status("DELETE")] == [200, 200, 403, 405]
    assert status(path=url.path[:-1] + "X") == 403
    assert status(path=f"/documents/../documents/{document_id}") in {403, 404}
    for stranger in (Merchant(server, 1), merchant.in_sandbox()):
        answer = stranger.send("GET", f"/report-documents/{document_id}")
        assert refused(answer) == (404, "ResourceNotFound")
    server.set_clock(advance="PT29S")
    assert status() == 200
    server.set_clock(advance="PT2S")
    assert status() == 403
    server.set_clock(now="2026-09-29T00:00:00Z", running=False)
    assert merchant.send("GET", f"/report-documents/{document_id}").status == 200
    server.set_clock(advance="PT1S")
    for path in (f"/report-documents/{document_id}", f"/reports/{report_id}"):
        assert refused(merchant.send("GET", path)) == (404, "ResourceNotFound")


def test_years_of_clock_owe_one_report_of_a_schedule(server: Served, merchant: Merchant) -> None:
    """R-14: PT5M and ten years, with the type cancelled, replaced and listed meanwhile."""
    body = schedule_body(scheduleFrequency="PT5M", nextReportCreationTime="20260501T120500Z")
    merchant.ask("POST", "/report-schedules", body=body)
    server.set_clock(now="2036-05-01T12:02:03Z", running=False)
    until(lambda: bool(merchant.ask("GET", "/reports")["reports"]))
    (made,) = merchant.ask("GET", "/reports")["reports"]
    assert (made["startTime"], made["endTime"]) == ("20260501T120000Z", "20360501T115959Z")
    (schedule,) = merchant.ask("GET", "/report-schedules")["reportSchedules"]
    assert schedule["nextReportCreationTime"] == "20360501T120500Z"


def test_schedule_stays_ahead_when_the_clock_is_set_back_until_it_is_replaced(
    server: Served, merchant: Merchant
) -> None:
    """As docs/operating.md says; what was made ahead is listed for who asks for its time."""
    body = schedule_body(scheduleFrequency="PT1H", nextReportCreationTime="20260501T130000Z")
    merchant.ask("POST", "/report-schedules", body=body)
    server.set_clock(now="2036-05-01T12:30:00Z", running=False)
    until(lambda: bool(merchant.ask("GET", "/reports")["reports"]))
    server.set_clock(now="2026-05-01T18:00:00Z", running=False)
    (ahead,) = merchant.ask("GET", "/report-schedules")["reportSchedules"]
    assert ahead["nextReportCreationTime"] == "20360501T130000Z"
    assert merchant.ask("GET", "/reports") == {"reports": []}
    (made,) = merchant.ask("GET", "/reports", {"createdUntil": "20360601T000000Z"})["reports"]
    assert made["createdTime"] == "20360501T123000Z"
    again = body | {"nextReportCreationTime": "20260501T170000Z", "deleteExistingSchedule": True}
    merchant.ask("POST", "/report-schedules", body=again)
    until(lambda: bool(merchant.ask("GET", "/reports")["reports"]))
    (due,) = merchant.ask("GET", "/reports")["reports"]
    # One frequency back: the hours before are nobody's.
    assert (due["startTime"], due["endTime"]) == ("20260501T170000Z", "20260501T175959Z")
    (schedule,) = merchant.ask("GET", "/report-schedules")["reportSchedules"]
    assert schedule["nextReportCreationTime"] == "20260501T190000Z"


def test_schedules_that_are_replaced_and_cancelled_at_once_leave_one_or_none(
    merchant: Merchant,
) -> None:
    """R-12, R-13, R-15"""
    body = schedule_body(deleteExistingSchedule=True)

    def turns() -> None:
        for _ in range(6):
            made = merchant.ask("POST", "/report-schedules", body=body)["reportScheduleId"]
            gone = merchant.send("DELETE", f"/report-schedules/{made}", sdk="dotnet")
            assert gone.status in {200, 404}, gone

    at_once(turns, turns, turns, turns)
    assert merchant.ask("GET", "/report-schedules")["reportSchedules"] == []


def test_forms_that_no_sdk_sends_are_refused_or_read_never_an_error(merchant: Merchant) -> None:
    """R-16"""
    for target in (
        "//v2//reports//", "/live//v2/reports", "/v2/reports?", "/v2/reports??", "/v2/reports?a=b?c=d",
    ):  # fmt: skip
        assert answered(merchant, target) == 200, target
    for target in (
        "/v2/reports/%ff%00", "/v2/Reports", "/v2/reports;x=1", "/v2/reports/..", "/v2/reports%2F", "/v2",
        "/v2/reports/../report-schedules",
    ):  # fmt: skip
        assert answered(merchant, target) == 404, target
    for body in (b'{"\\ud800":1}', b'{"reportType":' + b"9" * 5000 + b"}", b'{"' + b"n" * 300_000 + b'":1}'):  # fmt: skip
        assert merchant.send("POST", "/reports", body=body).status == 400
    for changes in ({"startTime": "0001-01-01T00:00:00+14:00"}, {"endTime": "9999-12-31T23:59:59-14:00"}):  # fmt: skip
        answer = merchant.send("POST", "/reports", body=report_body(**changes))
        assert refused(answer) == (400, "InvalidParameterValue")
    ever = merchant.report(startTime="00010101T000000Z", endTime="99991231T235959Z")
    until(lambda: merchant.ask("GET", f"/reports/{ever}")["processingStatus"] == "CANCELLED")


def answered(merchant: Merchant, target: str) -> int:
    """The status of a signed GET whose target is sent, and was signed, as it stands here."""
    sent = merchant.sign("GET", "/reports", sdk="php")
    path, _, query = target.partition("?")
    method, _, _, *rest = sent.canonical.split("\n")
    names = rest[-2]
    signature = authorization(merchant.account, names, "\n".join((method, path, query, *rest)))
    sent = with_headers(sent._replace(target=target.encode()), {"authorization": signature})
    return exchange(merchant.server.url, sent).status
