"""Reports as a merchant's program gets them from a server with its worker: asked for, waited for, downloaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from tests.auth.pay.sdk_signers import NOTHING, Query
from tests.server.plain import fetch

SECONDS: Final = 30.0
"""How long a worker may take."""


class Program(Protocol):
    """Makes signed requests that must succeed."""

    def ask(self, method: str, resource: str, query: Query = NOTHING, body: Any = None) -> Any: ...


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def content(program: Program, report_id: str) -> str:
    """The file of a report, once the worker has made it."""
    report: dict[str, Any] = {}

    def is_over() -> bool:
        report.update(program.ask("GET", f"/reports/{report_id}"))
        return bool(report["processingStatus"] != "IN_PROGRESS")

    until(is_over)
    assert report["processingStatus"] == "COMPLETED", report
    found = program.ask("GET", f"/report-documents/{report['reportDocumentId']}")
    url = urlsplit(found["url"])
    answer = fetch(f"{url.scheme}://{url.netloc}", f"{url.path}?{url.query}")
    assert answer.status == 200, answer
    return answer.body.decode()


def document(program: Program, report_type: str, start: str, end: str) -> str:
    """The file of a new report of that type and range."""
    body = {"reportType": report_type, "startTime": start, "endTime": end}
    return content(program, program.ask("POST", "/reports", body=body)["reportId"])
