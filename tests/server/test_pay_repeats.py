"""Idempotency keys of the two POSTs: the first answer under a key is the answer ever after (contract 3.4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.server.paying import (
    CAPTURE,
    REFUND,
    Merchant,
    Paying,
    message,
    refused,
    report_body,
    schedule_body,
    written,
)
from tests.server.plain import Answered
from tests.serving import served


@pytest.fixture
def merchant(paying: Paying) -> Merchant:
    return Merchant(paying.server)


def post(merchant: Merchant, key: str, body: Any, resource: str = "/reports", **more: Any) -> Answered:  # fmt: skip
    return merchant.send("POST", resource, body=body, x_amz_pay_idempotency_key=key, **more)


def test_request_that_comes_again_changes_nothing_and_has_its_answer(merchant: Merchant) -> None:
    """However its body is written; also later, and by another SDK."""
    first = post(merchant, "k", report_body())
    again = [
        post(merchant, "k", report_body()),
        post(merchant, "k", dict(reversed(report_body().items())), sdk="node"),
        post(merchant, "k", report_body(startTime="2031-04-01T09:00:00+09:00"), sdk="java"),
    ]
    assert [(one.status, one.body) for one in again] == [(201, first.body)] * 3
    assert len(merchant.ask("GET", "/reports")["reports"]) == 1


def test_key_of_another_request_is_refused(merchant: Merchant) -> None:
    post(merchant, "k", report_body())
    for body in (report_body(reportType=CAPTURE), report_body(endTime="20310430T235958Z")):
        answer = post(merchant, "k", body)
        assert refused(answer) == (400, "DuplicateIdempotencyKey")
        assert "x-amz-pay-idempotency-key" in message(answer)
    assert len(merchant.ask("GET", "/reports")["reports"]) == 1


def test_keys_of_the_two_posts_are_apart(merchant: Merchant) -> None:
    """Contract 3.4: Amazon's own test uses one for both."""
    assert post(merchant, "k", report_body()).status == 201
    assert post(merchant, "k", schedule_body(), "/report-schedules").status == 201


def test_refused_request_leaves_its_key_free(merchant: Merchant) -> None:
    assert refused(post(merchant, "k", report_body(reportType="nonsense")))[0] == 400
    assert post(merchant, "k", report_body()).status == 201


def test_schedule_is_made_once(merchant: Merchant) -> None:
    """R-12, R-13: also where it is in its own way, and after it was cancelled."""
    path = "/report-schedules"
    first = post(merchant, "k", schedule_body(), path)
    assert post(merchant, "k", schedule_body(), path).body == first.body
    replacing = schedule_body(deleteExistingSchedule=True)
    assert refused(post(merchant, "k", replacing, path)) == (400, "DuplicateIdempotencyKey")
    merchant.ask("DELETE", f"{path}/{first.json()['reportScheduleId']}")
    assert post(merchant, "k", schedule_body(), path).body == first.body
    assert merchant.ask("GET", path) == {"reportSchedules": []}


def test_array_of_what_is_in_the_way_is_an_answer_like_others(merchant: Merchant) -> None:
    """R-13."""
    path = "/report-schedules"
    in_the_way = merchant.ask("POST", path, body=schedule_body())["reportScheduleId"]
    first = post(merchant, "k", schedule_body(), path)
    assert (first.status, len(first.json())) == (200, 1)
    merchant.ask("DELETE", f"{path}/{in_the_way}")
    again = post(merchant, "k", schedule_body(), path)
    assert (again.status, again.body) == (200, first.body)


def test_requests_at_the_same_time_make_one_report(merchant: Merchant) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(merchant, "k", report_body()), range(24)))
    assert {one.status for one in answers} == {201}
    assert len({one.body for one in answers}) == 1
    assert len(merchant.ask("GET", "/reports")["reports"]) == 1


@pytest.mark.parametrize("key", ["a" * 37, "a b", "{}", "a,b"])
def test_malformed_key_is_refused(merchant: Merchant, key: str) -> None:
    assert refused(post(merchant, key, report_body())) == (400, "InvalidHeaderValue")
    assert merchant.ask("GET", "/reports") == {"reports": []}


def test_key_has_no_effect_on_other_methods(merchant: Merchant) -> None:
    for _ in range(2):
        answer = merchant.send("GET", "/reports", x_amz_pay_idempotency_key="{}")
        assert answer.status == 200


def test_strict_server_wants_a_key_of_the_documented_form(tmp_path: Path) -> None:
    """Contract 3.4, 4.11, 4.6: what --pay-strict and --pay-schedule-conflict error change."""
    flags = ("--pay-strict", "--pay-schedule-conflict", "error")
    with served(tmp_path / "data", *flags) as server:
        merchant = Merchant(server)
        missing = merchant.send("POST", "/reports", body=report_body())
        assert refused(missing) == (400, "MissingHeader")
        uuid = post(merchant, "0a1b2c3d-0000-4000-8000-000000000000", report_body())
        assert refused(uuid) == (400, "InvalidHeaderValue")
        assert post(merchant, "a" * 32, report_body()).status == 201
        sandbox = merchant.in_sandbox()
        elsewhere = post(sandbox, "k", report_body())
        assert refused(elsewhere) == (400, "InvalidParameterValue")
        path = "/report-schedules"
        made = post(merchant, "1", schedule_body(), path).json()["reportScheduleId"]
        in_the_way = post(merchant, "2", schedule_body(), path)
        assert refused(in_the_way) == (400, "InvalidParameterValue")
        assert made in message(in_the_way)
        merchant.ask("DELETE", f"{path}/{made}")
        assert post(merchant, "2", schedule_body(), path).status == 201


def test_captures_and_long_ranges_are_refused_where_the_operator_wants_it(tmp_path: Path) -> None:
    """Contract 4.5, 4.8, 9.6: what --pay-refuse-captures and --pay-range-max change, in every server process."""
    flags = ("--pay-refuse-captures", "--pay-range-max", "P90D", "--workers", "2")
    long = report_body(startTime="20260101T000000Z", endTime="20260401T000000Z")
    longer = {**long, "endTime": "20260401T000001Z"}
    with served(tmp_path / "data", *flags) as server:
        merchant = Merchant(server)
        for _ in range(8):
            for refusable, name in (
                (report_body(reportType=CAPTURE), "reportType"),
                (longer, "endTime"),
            ):
                answer = merchant.send("POST", "/reports", body=refusable)
                assert refused(answer) == (400, "InvalidParameterValue")
                assert name in message(answer)
        scheduled = schedule_body(reportType=CAPTURE)
        answer = merchant.send("POST", "/report-schedules", body=scheduled)
        assert refused(answer) == (400, "InvalidParameterValue")
        assert merchant.ask("GET", "/reports") == {"reports": []}
        assert merchant.send("POST", "/reports", body=long).status == 201
        assert merchant.send("POST", "/reports", body=report_body()).status == 201
    with served(tmp_path / "data") as server:
        again = Merchant(server, merchant_id=merchant.merchant_id)
        for taken in (report_body(reportType=CAPTURE), longer):
            assert again.send("POST", "/reports", body=taken).status == 201


def test_calls_are_limited_where_the_operator_wants_it(tmp_path: Path) -> None:
    """Contract 3.3: buckets of each merchant, environment and operation; R-16: 429."""
    with served(tmp_path / "data", "--pay-limits") as server:
        server.set_clock(now="2031-05-01T12:00:00Z", running=False)
        merchant = Merchant(server)
        sandbox, other = merchant.in_sandbox(), Merchant(server)
        body = written(report_body(reportType=REFUND))
        for one, method, count in (
            (merchant, "GET", 20),
            (merchant, "POST", 10),
            (sandbox, "GET", 5),
            (sandbox, "POST", 2),
            (other, "GET", 20),
        ):
            sent = body if method == "POST" else None
            statuses = [one.send(method, "/reports", body=sent).status for _ in range(count)]
            assert 429 not in statuses
            assert refused(one.send(method, "/reports", body=sent)) == (429, "TooManyRequests")
        assert merchant.send("GET", "/report-schedules").status == 200
        server.set_clock(advance="PT1S")
        assert [merchant.send("GET", "/reports").status for _ in range(3)] == [200, 200, 429]
