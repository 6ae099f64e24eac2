"""Amazon Pay's own Node SDK and the signers of four others fetch reports as merchants' programs do (R-1; issue 5).

They know nothing of the server but what `torihiki credentials` prints; the SDK comes over TLS to the host of its region.
"""

from __future__ import annotations

import json
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest
from whenever import Instant, TimeDelta

from tests.auth.pay.sdk_signers import NOTHING, SALT_20, SALT_32, SIGNERS, Account, Call, Query
from tests.clients.pay import Downloaded, PayAccount, PayAnswer, PayClient
from tests.clients.pay_files import CAPTURE_COLUMNS, REFUND_COLUMNS, moment_of, parsed, settled
from tests.server.paying import (
    CAPTURE,
    REFUND,
    SANDBOX_SETTLEMENT,
    SETTLEMENT,
    checked,
    exchange,
    machine_now,
)
from tests.server.reporting import document, until
from tests.serving import Served, served_demo

YEAR: Final = {"startTime": "20260101T000000Z", "endTime": "20261231T235959Z"}
EMPTY_YEAR: Final = {"startTime": "20200101T000000Z", "endTime": "20201231T235959Z"}
REPORT_MEMBERS: Final = [
    "createdTime", "endTime", "processingEndTime", "processingStartTime", "processingStatus",
    "reportDocumentId", "reportId", "reportType", "startTime",
]  # fmt: skip
"""In the order of the wire (contract 4.1)."""
DEFAULT: Final = None
"""The SDK's own algorithm, which has the short salt."""

pytestmark = pytest.mark.usefixtures("database")
"""Before all else, so that each database has one shop."""


@pytest.fixture(scope="module")
def shop(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("pay") / "data"
    with served_demo(data, "--tls-port", "0", database=database) as server:
        yield server


def configured(shop: Served, number: int, environment: str, algorithm: str | None) -> PayClient:
    """The SDK as a merchant sets it up from what `torihiki credentials --json` prints."""
    pay = shop.credentials["sellers"][number]["pay"]
    key = pay[environment]
    account = PayAccount(
        key["public_key_id"], key["private_key_pem"], region=pay["region"], algorithm=algorithm
    )
    port = urlsplit(shop.credentials["endpoint_tls"]).port
    assert port is not None
    return PayClient(account, port, shop.data / "ca.pem")


class Merchant:
    """One seller's program around the SDK.

    Args:
        shop: The server whose clock and worker it depends on.
        client: The SDK.
    """

    def __init__(self, shop: Served, client: PayClient) -> None:
        self.shop = shop
        self._client = client

    def call(self, operation: str, *arguments: Any) -> PayAnswer:
        answer = self._client.call(operation, *arguments)
        assert len(answer.headers["x-amz-pay-request-id"]) == 36
        return answer

    def told(self, operation: str, *arguments: Any, status: int = 200) -> Any:
        """What a call that must succeed is answered."""
        answer = self.call(operation, *arguments)
        assert answer.status == status, answer
        return answer.body

    def reports(self, **query: Any) -> list[Any]:
        """All of a list, page by page, the token alone."""
        page = self.told("getReports", {"pageSize": 25, **query})
        found = list(page["reports"])
        while token := page.get("nextToken"):
            page = self.told("getReports", {"nextToken": token})
            found += page["reports"]
        return found

    def finished(self, report_id: str) -> Any:
        """The report when it is over."""
        answers: list[Any] = []

        def is_over() -> bool:
            answers.append(self.told("getReportById", report_id))
            return bool(answers[-1]["processingStatus"] != "IN_PROGRESS")

        until(is_over)
        return answers[-1]

    def made(self, report_type: str, asked: Mapping[str, str] = YEAR) -> Any:
        """A new report, when it is over."""
        body = {"reportType": report_type, **asked}
        return self.finished(self.told("createReport", body, status=201)["reportId"])

    def url_of(self, report: Mapping[str, str]) -> str:
        assert report["processingStatus"] == "COMPLETED", report
        assert list(report) == REPORT_MEMBERS
        found = self.told("getReportDocument", report["reportDocumentId"])
        assert list(found) == ["compressionAlgorithm", "reportDocumentId", "url"]
        assert found["compressionAlgorithm"] == "N/A"
        assert found["reportDocumentId"] == report["reportDocumentId"]
        return str(found["url"])

    def download(self, url: str) -> Downloaded:
        return self._client.download(url)

    def content(self, report: Mapping[str, str]) -> bytes:
        answer = self.download(self.url_of(report))
        assert answer.status == 200, answer
        assert answer.headers["content-type"] == "text/csv; charset=UTF-8"
        assert answer.headers["content-length"] == str(len(answer.content))
        return answer.content

    def now(self) -> Instant:
        """The operator's clock."""
        return Instant.parse_iso(self.shop.ask("GET", "/clock")["now"])

    def schedule(self, report_type: str, frequency: str, first: Instant, **more: Any) -> PayAnswer:
        body = {
            "reportType": report_type,
            "scheduleFrequency": frequency,
            "nextReportCreationTime": compact(first),
            **more,
        }
        return self.call("createReportSchedule", body)

    def scheduled(self, report_type: str, frequency: str, first: Instant, **more: Any) -> str:
        """The id of a new schedule."""
        answer = self.schedule(report_type, frequency, first, **more)
        assert answer.status == 201, answer
        return str(answer.body["reportScheduleId"])

    def due(self, report_type: str, moment: Instant) -> list[Any]:
        """The reports whose period is the time before: its last second is what they show as its end."""
        last = compact(moment - TimeDelta(seconds=1))
        found = self.reports(reportTypes=[report_type])
        return [one for one in found if one["endTime"] == last]


class Place(NamedTuple):
    """A merchant's program in both of its worlds."""

    live: Merchant
    sandbox: Merchant


@pytest.fixture(
    scope="module",
    params=[(0, DEFAULT), (1, SALT_32)],
    ids=["jp with the default algorithm", "na with the long salt"],
)
def place(request: pytest.FixtureRequest, shop: Served) -> Iterator[Place]:
    number, algorithm = request.param
    with (
        configured(shop, number, "live", algorithm) as live,
        configured(shop, number, "sandbox", algorithm) as sandbox,
    ):
        yield Place(Merchant(shop, live), Merchant(shop, sandbox))


def compact(moment: Instant) -> str:
    return moment.format_iso(unit="second").replace("-", "").replace(":", "")


def test_first_get_reports_shows_settlements_page_by_page(place: Place) -> None:
    """R-5, R-6, R-7: what a newcomer sees, before he has made reports of his own; each is on one page."""
    first = place.live.told("getReports")["reports"]
    assert 0 < len(first) <= 10
    assert {one["reportType"] for one in first} == {SETTLEMENT}
    every = place.live.reports(reportTypes=[SETTLEMENT])
    ids = [one["reportId"] for one in every]
    assert [one["reportId"] for one in first] == ids[: len(first)]
    assert len(set(ids)) == len(ids)
    times = [one["createdTime"] for one in every]
    assert times == sorted(times, reverse=True)


def test_settlement_has_its_preamble_and_sums_to_zero_with_its_transfer(place: Place) -> None:
    """R-5, contract 5.2."""
    newest = place.live.finished(place.live.reports(reportTypes=[SETTLEMENT])[0]["reportId"])
    rows = settled(place.live.content(newest))
    assert len(rows) > 1
    assert sum(Decimal(row["NetTransactionAmount"]) for row in rows) == 0
    assert [row["TransactionType"] for row in rows].count("Transfer") == 1
    assert rows[-1]["TransactionType"] == "Transfer"
    assert len({row["SettlementId"] for row in rows}) == 1
    for row in rows:
        fees = Decimal(row["TransactionPercentageFee"]) + Decimal(row["TransactionFixedFee"])
        assert Decimal(row["TotalTransactionFee"]) == fees
        assert Decimal(row["NetTransactionAmount"]) == Decimal(row["TransactionAmount"]) + fees


@pytest.mark.parametrize(
    ("report_type", "columns", "number"),
    [(CAPTURE, CAPTURE_COLUMNS, "-C"), (REFUND, REFUND_COLUMNS, "-R")],
    ids=["captures", "refunds"],
)
def test_report_is_created_waited_for_downloaded_and_parsed(
    place: Place, report_type: str, columns: list[str], number: str
) -> None:
    """R-9: the rows are those of the period and no others."""
    whole = parsed(place.live.content(place.live.made(report_type)), columns)
    assert all(number in row[columns[0]] for row in whole)
    middle = {"startTime": "20260901T000000Z", "endTime": "20261101T000000Z"}
    within = parsed(place.live.content(place.live.made(report_type, middle)), columns)
    first, last = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 11))
    expected = [row for row in whole if first <= moment_of(row["LastUpdateTimestamp"]) < last]
    assert within == expected
    assert 0 < len(within) < len(whole)


def test_sandbox_settlement_is_created_with_the_key_of_the_sandbox(place: Place) -> None:
    """R-5; the two worlds know nothing of each other's reports."""
    report = place.sandbox.made(SANDBOX_SETTLEMENT)
    rows = settled(place.sandbox.content(report))
    assert "Authorization" in {row["TransactionType"] for row in rows}
    refusal = place.live.call("getReportById", report["reportId"])
    assert (refusal.status, refusal.body["reasonCode"]) == (404, "ResourceNotFound")
    assert report["reportId"] not in {one["reportId"] for one in place.live.reports()}


def test_report_without_data_is_cancelled(place: Place) -> None:
    """R-4: a member that there is nothing for is left out."""
    report = place.live.made(CAPTURE, EMPTY_YEAR)
    assert report["processingStatus"] == "CANCELLED"
    assert "reportDocumentId" not in report
    cancelled = place.live.reports(processingStatuses=["CANCELLED"], reportTypes=[CAPTURE])
    assert report["reportId"] in {one["reportId"] for one in cancelled}


def test_same_idempotency_key_is_the_same_report(place: Place) -> None:
    """Contract 3.4."""
    key = {"x-amz-pay-idempotency-key": uuid.uuid4().hex}
    body = {"reportType": REFUND, **YEAR}
    first = place.live.told("createReport", body, key, status=201)
    assert place.live.told("createReport", body, key, status=201) == first
    other = place.live.call("createReport", {**body, "reportType": CAPTURE}, key)
    assert (other.status, other.body["reasonCode"]) == (400, "DuplicateIdempotencyKey")


def test_url_is_refused_after_thirty_seconds_and_a_new_one_is_good(place: Place) -> None:
    """R-3, contract 4.10: by the operator's clock, in S3's words."""
    report = place.live.made(REFUND)
    url = place.live.url_of(report)
    content = place.live.download(url).content
    place.live.shop.set_clock(advance="PT31S")
    late = place.live.download(url)
    assert (late.status, late.headers["content-type"]) == (403, "application/xml")
    said = {one.tag: one.text for one in ET.fromstring(late.content)}
    assert (said["Code"], said["Message"]) == ("AccessDenied", "Request has expired")
    assert place.live.content(report) == content


@pytest.fixture
def plans(place: Place) -> Iterator[Merchant]:
    """The merchant, whose schedules end with the test."""
    yield place.live
    for one in place.live.told("getReportSchedules")["reportSchedules"]:
        place.live.told("cancelReportSchedule", one["reportScheduleId"])
    assert place.live.told("getReportSchedules") == {"reportSchedules": []}


def test_schedule_makes_a_report_at_each_due_time_until_it_is_cancelled(plans: Merchant) -> None:
    """R-12, R-14, R-15: the other schedule shows that the worker went on."""
    first = Instant.from_timestamp(plans.now().timestamp() + 120)
    second, third = (first + TimeDelta(minutes=5 * times) for times in (1, 2))
    refunds = plans.scheduled(REFUND, "PT5M", first)
    plans.scheduled(CAPTURE, "PT5M", first)
    shown = plans.told("getReportScheduleById", refunds)
    assert shown == {
        "nextReportCreationTime": compact(first),
        "reportScheduleId": refunds,
        "reportType": REFUND,
        "scheduleFrequency": "PT5M",
    }
    assert plans.told("getReportSchedules", [REFUND])["reportSchedules"] == [shown]
    assert plans.due(REFUND, first) == []
    for moment in (first, second):
        plans.shop.set_clock(advance="PT5M")
        until(lambda moment=moment: len(plans.due(REFUND, moment)) == 1)  # type: ignore[misc] # a bound default
        assert plans.due(REFUND, moment)[0]["startTime"] == compact(moment - TimeDelta(minutes=5))
    assert plans.told("cancelReportSchedule", refunds) in ({}, "")
    plans.shop.set_clock(advance="PT5M")
    until(lambda: len(plans.due(CAPTURE, third)) == 1)
    assert plans.due(REFUND, third) == []
    gone = plans.call("getReportScheduleById", refunds)
    assert (gone.status, gone.body["reasonCode"]) == (404, "ResourceNotFound")
    again = plans.call("cancelReportSchedule", refunds)
    assert (again.status, again.body["reasonCode"]) == (404, "ResourceNotFound")


def test_second_schedule_shows_the_first_or_replaces_it_and_its_report_has_rows(
    plans: Merchant,
) -> None:
    """R-13: the array of Amazon's guide. The replacing one covers the thirty days before its first time."""
    first = Instant.from_timestamp(plans.now().timestamp() + 60)
    before = plans.scheduled(CAPTURE, "P1D", first)
    refused = plans.schedule(CAPTURE, "P30D", first)
    assert refused.status == 200
    assert refused.body == [plans.told("getReportScheduleById", before)]
    after = plans.scheduled(CAPTURE, "P30D", first, deleteExistingSchedule=True)
    assert after != before
    assert plans.call("getReportScheduleById", before).status == 404
    (only,) = plans.told("getReportSchedules")["reportSchedules"]
    assert (only["reportScheduleId"], only["scheduleFrequency"]) == (after, "P30D")
    plans.shop.set_clock(advance="PT2M")
    until(lambda: bool(plans.due(CAPTURE, first)))
    (report,) = plans.due(CAPTURE, first)
    assert report["startTime"] == compact(first - TimeDelta(hours=30 * 24))
    assert parsed(plans.content(plans.finished(report["reportId"])), CAPTURE_COLUMNS)
    (only,) = plans.told("getReportSchedules", [CAPTURE])["reportSchedules"]
    assert only["nextReportCreationTime"] == compact(first + TimeDelta(hours=30 * 24))


class Signing:
    """A program that signs as one of the other SDKs does, over plain HTTP."""

    def __init__(self, shop: Served, number: int, sdk: str, algorithm: str) -> None:
        pay = shop.credentials["sellers"][number]["pay"]
        key = pay["live"]
        self._url = shop.url
        self._sign = SIGNERS[sdk]
        self._account = Account(
            key["private_key_pem"], key["public_key_id"], pay["region"], algorithm=algorithm
        )

    def ask(self, method: str, resource: str, query: Query = NOTHING, body: Any = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        call = Call(method, resource, machine_now(), query, sent)
        answer = checked(exchange(self._url, self._sign(self._account, call)))
        assert answer.status in {200, 201}, answer
        return answer.json()


@pytest.mark.parametrize(
    ("sdk", "algorithm", "number"),
    [
        ("php", SALT_20, 0),
        ("php", SALT_32, 1),
        ("java", SALT_20, 1),
        ("java", SALT_32, 0),
        ("dotnet", SALT_20, 0),
        ("dotnet", SALT_32, 1),
        ("ruby", SALT_32, 0),
    ],
)
def test_other_sdks_list_create_and_read(
    shop: Served, sdk: str, algorithm: str, number: int
) -> None:
    """R-1, contract 2.4: each with its own idea of the canonical request, lists and slashes included."""
    program = Signing(shop, number, sdk, algorithm)
    types: Query = {"reportTypes": [SETTLEMENT, SANDBOX_SETTLEMENT], "pageSize": "3"}
    listed = program.ask("GET", "/reports", types)["reports"]
    assert [one["reportType"] for one in listed] == [SETTLEMENT] * 3
    file = document(program, CAPTURE, YEAR["startTime"], YEAR["endTime"])
    assert parsed(file.encode(), CAPTURE_COLUMNS)
    found = program.ask("GET", "/reports", {"reportTypes": [CAPTURE]})["reports"]
    assert "COMPLETED" in {one["processingStatus"] for one in found}
