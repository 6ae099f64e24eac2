"""What one merchant sees of another, live of sandbox, and a key that was taken back of anything: nothing (issue 5, 2)."""

from __future__ import annotations

import pytest

from tests.auth.pay.knocking import pair
from tests.auth.pay.sdk_signers import authorization
from tests.server.paying import (
    CAPTURE,
    Merchant,
    Paying,
    exchange,
    refused,
    report_body,
    schedule_body,
    with_headers,
)
from torihiki.kernel.instant import TimeDelta
from torihiki.pay_reports.model import ProcessingStatus, ReportType

HOUR = TimeDelta(hours=1)


@pytest.fixture
def merchant(paying: Paying) -> Merchant:
    return Merchant(paying.server)


def sees_nothing(paying: Paying, owner: Merchant, stranger: Merchant) -> None:
    """Not in lists, not by id, not by a page token, not by cancelling."""
    reports = [owner.report() for _ in range(2)]
    schedule = owner.ask("POST", "/report-schedules", body=schedule_body())["reportScheduleId"]
    document = paying.completed(owner, b"secret").report_document_id
    token = owner.ask("GET", "/reports", {"pageSize": "1"})["nextToken"]
    assert stranger.ask("GET", "/reports") == {"reports": []}
    assert stranger.ask("GET", "/report-schedules") == {"reportSchedules": []}
    for resource in (
        *(f"/reports/{one}" for one in reports),
        f"/report-schedules/{schedule}",
        f"/report-documents/{document}",
    ):
        assert refused(stranger.send("GET", resource)) == (404, "ResourceNotFound")
        assert owner.send("GET", resource).status == 200
    gone = stranger.send("DELETE", f"/report-schedules/{schedule}")
    assert refused(gone) == (404, "ResourceNotFound")
    stolen = stranger.send("GET", "/reports", {"nextToken": token})
    assert refused(stolen) == (400, "InvalidParameterValue")
    assert owner.ask("GET", f"/report-schedules/{schedule}")["reportScheduleId"] == schedule


def test_merchants_see_nothing_of_each_other(paying: Paying, merchant: Merchant) -> None:
    sees_nothing(paying, merchant, Merchant(paying.server, number=1))


def test_live_and_sandbox_see_nothing_of_each_other(paying: Paying, merchant: Merchant) -> None:
    sees_nothing(paying, merchant, merchant.in_sandbox())
    other = Merchant(paying.server)
    sees_nothing(paying, other.in_sandbox(), other)


def test_same_idempotency_key_is_another_in_each_world(paying: Paying, merchant: Merchant) -> None:
    """Contract 3.4: a key belongs to a merchant; the environments are apart like everything else."""
    worlds = (merchant, merchant.in_sandbox(), Merchant(paying.server))
    made = {
        one.ask("POST", "/reports", body=report_body(), x_amz_pay_idempotency_key="k")["reportId"]
        for one in worlds
    }
    assert len(made) == 3


@pytest.mark.parametrize("region", ["us", "eu"])
def test_request_that_names_another_region_is_let_in(merchant: Merchant, region: str) -> None:
    """Contract 1.1: one server stands for the hosts of all regions; the merchant's own is in Japan."""
    report_id = merchant.report()
    merchant.account = merchant.account._replace(region=region, host="pay-api.amazon.com")
    assert merchant.ask("GET", f"/reports/{report_id}")["reportId"] == report_id


def test_key_that_was_revoked_opens_nothing_at_once(paying: Paying, merchant: Merchant) -> None:
    """Also what was signed before; another key of the same merchant stays good."""
    second = Merchant(paying.server, number=1, merchant_id=merchant.merchant_id)
    sent = merchant.sign("GET", "/reports")
    assert exchange(paying.server.url, sent).status == 200
    path = f"/merchants/{merchant.merchant_id}/keys/{merchant.account.public_key_id}"
    paying.server.ask("DELETE", path)
    assert refused(exchange(paying.server.url, sent)) == (403, "InvalidAuthentication")
    assert refused(merchant.send("GET", "/reports")) == (403, "InvalidAuthentication")
    assert second.send("GET", "/reports").status == 200


def test_key_that_was_unknown_is_good_at_once_when_it_is_registered(paying: Paying) -> None:
    merchant = Merchant(paying.server)
    new = "LIVE-NEW456789012345678901234"
    merchant.account = merchant.account._replace(public_key_id=new)
    assert refused(merchant.send("GET", "/reports")) == (403, "InvalidAuthentication")
    made = {"publicKeyId": new, "publicKeyPem": pair(0)[1]}
    paying.server.ask("POST", f"/merchants/{merchant.merchant_id}/keys", made)
    assert merchant.send("GET", "/reports").status == 200


def test_list_has_filters_and_an_order_of_its_own(paying: Paying, merchant: Merchant) -> None:
    """R-6: types, states and creation times; 90 days unless less is asked for; the newest first."""
    at = paying.completed(merchant, b"").created_time
    ages = {
        "now": paying.completed(merchant, b"", report_type=ReportType.CAPTURE),
        "hour": paying.completed(merchant, b"", created_time=at - HOUR, report_document_id=None,
                                 processing_status=ProcessingStatus.CANCELLED),
        "oldest": paying.completed(merchant, b"", created_time=at - 90 * 24 * HOUR),
        "gone": paying.completed(merchant, b"", created_time=at - 90 * 24 * HOUR - TimeDelta(seconds=1)),
    }  # fmt: skip
    listed = merchant.ask("GET", "/reports")["reports"]
    ids = [one["reportId"] for one in listed]
    assert ids[2:] == [ages["hour"].report_id, ages["oldest"].report_id]
    assert ages["now"].report_id in ids[:2]
    assert refused(merchant.send("GET", f"/reports/{ages['gone'].report_id}"))[0] == 404
    cancelled = merchant.ask("GET", "/reports", {"processingStatuses": "CANCELLED,FAILED"})
    assert [one["reportId"] for one in cancelled["reports"]] == [ages["hour"].report_id]
    assert "reportDocumentId" not in cancelled["reports"][0]
    captures = merchant.ask("GET", "/reports", {"reportTypes": CAPTURE})["reports"]
    assert [one["reportId"] for one in captures] == [ages["now"].report_id]


@pytest.mark.parametrize(
    "query",
    [
        "reportTypes={0},{1}",
        "reportTypes={0}%2C{1}",
        "reportTypes={0}&reportTypes={1}",
        "reportTypes.1={0}&reportTypes.2={1}",
        "reportTypes={0}, {1}".replace(" ", "%20"),
        "reportTypes=%20{0}+,{1},&unknown=1&createdSince=",
    ],
)
def test_lists_are_read_in_every_form(merchant: Merchant, query: str) -> None:
    """Contract 1.5: commas, escaped commas, repeated names, numbered names."""
    wanted = {merchant.report(), merchant.report(reportType=CAPTURE)}
    merchant.report(reportType="_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_")
    text = query.format("_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_", CAPTURE)
    sent = merchant.sign("GET", "/reports", sdk="php")
    path, _, rest = sent.canonical.split("\n", 3)[1:]
    canonical = f"GET\n{path}\n{text}\n{rest}"
    names = rest.split("\n")[-2]
    headers = {"authorization": authorization(merchant.account, names, canonical)}
    queried = with_headers(sent._replace(target=f"{path}?{text}".encode()), headers)
    answer = exchange(merchant.server.url, queried)
    assert {one["reportId"] for one in answer.json()["reports"]} == wanted
