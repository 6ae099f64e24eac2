"""Every refusal of Amazon Pay has its one shape (R-16; contract 1.7, 3.1, 3.2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.paying import Merchant
from tests.server.running import running
from torihiki.kernel.problem import Kind, Problem, quota_exceeded, timed_out, unavailable
from torihiki.server.pay_problems import refusal

STATUSES = {400, 403, 404, 405, 408, 429, 500, 503}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_problem_is_a_reason_code_and_a_message(kind: Kind) -> None:
    answer = refusal(Problem(kind, 'It\'s "<odd>" \u4e2d', "details"))
    assert answer.status in STATUSES
    assert answer.media == b"application/json"
    body = json.loads(answer.body)
    assert list(body) == ["reasonCode", "message"]
    assert body["message"] == 'It\'s "<odd>" \u4e2d'
    assert body["reasonCode"].isalpha()


@pytest.mark.parametrize(
    ("problem", "status", "reason"),
    [
        (None, 500, "InternalServerError"),
        (quota_exceeded(), 429, "TooManyRequests"),
        (unavailable(), 503, "ServiceUnavailable"),
        (timed_out(), 408, "RequestTimeout"),
        (Problem(Kind.INVALID_INPUT, None), 400, "InvalidRequest"),
        (Problem(Kind.INVALID_INPUT, "x", code="MissingHeader"), 400, "MissingHeader"),
    ],
)
def test_reason_codes_are_amazons(problem: Problem | None, status: int, reason: str) -> None:
    answer = refusal(problem)
    assert (answer.status, json.loads(answer.body)["reasonCode"]) == (status, reason)


def test_log_names_merchant_and_environment(tmp_path: Path) -> None:
    """Never the signature, nor what was asked for."""
    with running(tmp_path / "data", "--access-log") as server:
        merchant = Merchant(server)
        assert merchant.send("GET", "/reports", {"pageSize": "7"}).status == 200
        answer = merchant.send("GET", "/reports", {"pageSize": "0"})
        lines = [one for one in server.logged() if one.get("operation") == "getReports"]
        assert [one["status"] for one in lines] == [200, 400]
        for line in lines:
            assert line["merchant"] == merchant.merchant_id
            assert line["environment"] == "live"
        assert lines[1]["request_id"] == answer.headers["x-amz-pay-request-id"]
        assert "Signature" not in server.said()
        assert "pageSize" not in server.said()
