"""The operations as data (R-1, contract 1.4, 3.3)."""

from __future__ import annotations

import pytest

from torihiki.kernel.operation import Operation
from torihiki.pay_reports.v2.api import OPERATIONS, plan
from torihiki.pay_reports.v2.query import DISBURSEMENTS, NEW_SCHEDULE, REPORTS, SCHEDULES

BY_NAME = {operation.name: operation for operation in OPERATIONS}


def test_operations_are_the_eight_of_the_reference_and_the_one_that_came_later() -> None:
    """R-1"""
    assert [(one.method, one.path, one.success) for one in OPERATIONS] == [
        ("GET", "/v2/reports", 200),
        ("GET", "/v2/reports/{reportId}", 200),
        ("POST", "/v2/reports", 201),
        ("GET", "/v2/report-documents/{reportDocumentId}", 200),
        ("GET", "/v2/report-schedules", 200),
        ("GET", "/v2/report-schedules/{reportScheduleId}", 200),
        ("POST", "/v2/report-schedules", 201),
        ("DELETE", "/v2/report-schedules/{reportScheduleId}", 200),
        ("GET", "/v2/disbursements", 200),
    ]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("getReports", REPORTS), ("getReportSchedules", SCHEDULES), ("createReportSchedule", NEW_SCHEDULE),
        ("getDisbursements", DISBURSEMENTS),
    ],
)  # fmt: skip
def test_declared_parameters_are_those_that_are_read(name: str, read: frozenset[str]) -> None:
    assert {parameter.name for parameter in BY_NAME[name].query} == read


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_usage_plans_are_off_unless_the_operator_wants_them(operation: Operation) -> None:
    """Contract 3.3"""
    assert operation.plan is None
    live, sandbox = plan(operation, "live"), plan(operation, "sandbox")
    if operation.method == "GET":
        assert (live.burst, live.rate, sandbox.burst, sandbox.rate) == (20, 2, 5, 1)
    else:
        assert (live.burst, live.rate, sandbox.burst, sandbox.rate) == (10, 1, 2, 1)
