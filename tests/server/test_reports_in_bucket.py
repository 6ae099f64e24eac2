"""Reports that a worker makes into a bucket and a merchant's program downloads (issue 5, point 4)."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.payments.objects import line, permission
from tests.server.paying import Merchant
from tests.server.plain import Answered, fetch
from tests.server.running import Running, running
from tests.server.test_imports import peak_kib
from tests.storage.s3_server import BUCKET, s3_server, unfinished_uploads
from tests.worker.test_process import worker_of
from torihiki.storage.documents.bucket import PART_BYTES

ORDERS: Final = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_"
NOTE: Final = "n" * 2_000
"""Makes a row long."""
ROWS: Final = 20_000
"""Five parts of an upload."""
QUARTER: Final = "20260301T055959Z"
WHOLE: Final = "20260301T235959Z"
GROWN_MAX_KIB: Final = 75 * 1024
"""The parts that are under way take up to sixty; one more copy of the document would take forty-five. That a document of
any size takes no more is tested in tests/storage/test_documents.py."""
SECONDS: Final = 90.0

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").is_file(), reason="the system has no /proc to find processes in"
)


class Shop(NamedTuple):
    """A server whose documents are in a bucket, and a merchant who sold much.

    Args:
        server: With one worker.
        merchant: Of Japan.
        bucket: What the environment says of the bucket.
    """

    server: Running
    merchant: Merchant
    bucket: dict[str, str]

    def names(self) -> set[str]:
        """The documents that can be seen in the bucket."""
        url = f"{self.bucket['AWS_ENDPOINT_URL']}/{BUCKET}?list-type=2&prefix=reports/"
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: str = answer.read().decode()
        return set(re.findall("<Key>reports/([^<]+)</Key>", text))

    def asked(self, end: str) -> str:
        body = {"reportType": ORDERS, "startTime": "20260301T000000Z", "endTime": end}
        report_id: str = self.merchant.ask("POST", "/reports", body=body)["reportId"]
        return report_id

    def report(self, report_id: str) -> Any:
        return self.merchant.ask("GET", f"/reports/{report_id}")

    def document_id(self, report_id: str) -> str:
        """The document of the report, once a worker has made it."""
        deadline = time.monotonic() + SECONDS
        while (report := self.report(report_id))["processingStatus"] == "IN_PROGRESS":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert report["processingStatus"] == "COMPLETED", report
        found: str = report["reportDocumentId"]
        return found

    def downloaded(self, document_id: str, method: str = "GET", **headers: str) -> Answered:
        """What the URL of the document gives, with no login."""
        found = self.merchant.ask("GET", f"/report-documents/{document_id}")
        url = urlsplit(found["url"])
        assert f"{url.scheme}://{url.netloc}" == self.server.url
        return fetch(self.server.url, f"{url.path}?{url.query}", method=method, headers=headers)


def permission_id(number: int) -> str:
    return f"P03-{number:07}-0000000"


def sold(merchant_id: str, number: int) -> bytes:
    """Every four seconds a day long."""
    hour, rest = divmod(number * 4, 3600)
    at = f"20260301T{hour:02}{rest // 60:02}{rest % 60:02}Z"
    noted = {"merchantReferenceId": f"order-{number}", "noteToBuyer": NOTE}
    made = permission(at=at, permission_id=permission_id(number), merchantMetadata=noted)
    return line(made, merchant_id=merchant_id)


@pytest.fixture(scope="module")
def shop(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server on each database."""
    flags = ["--documents", f"s3://{BUCKET}/reports"]
    flags += ["--database", database] if database else []
    with s3_server() as bucket, pytest.MonkeyPatch.context() as patched:
        for name, text in bucket.items():
            patched.setenv(name, text)
        with running(tmp_path_factory.mktemp("bucket") / "data", *flags) as server:
            server.ask("PUT", "/clock", {"now": "2026-04-01T12:00:00Z", "running": False})
            merchant = Merchant(server)
            for first in range(0, ROWS, 2_000):
                numbers = range(first, first + 2_000)
                body = b"\n".join(sold(merchant.merchant_id, one) for one in numbers)
                path = "/-/api/v1/payments"
                answer = fetch(server.url, path, method="POST", headers=server.bearer, body=body)
                assert answer.json()["new"] == 2_000, answer
            yield Shop(server, merchant, bucket)


def ids(content: bytes) -> list[str]:
    """The first column, without the line above the rows."""
    rows = content.decode().splitlines()[1:]
    assert all(NOTE in row for row in rows)
    return [row.partition(",")[0].strip('"') for row in rows]


def test_report_of_many_parts_is_made_and_downloaded(shop: Shop) -> None:
    """R-3, R-4: every row once, the newest first; whole, in ranges, and described."""
    worker = worker_of(shop.server)
    quarter = shop.downloaded(shop.document_id(shop.asked(QUARTER)))
    assert ids(quarter.body) == [permission_id(one) for one in reversed(range(ROWS // 4 + 400))]
    before = peak_kib(worker)
    document_id = shop.document_id(shop.asked(WHOLE))
    grown = peak_kib(worker) - before
    whole = shop.downloaded(document_id)
    assert len(whole.body) > 5 * PART_BYTES
    assert ids(whole.body) == [permission_id(one) for one in reversed(range(ROWS))]
    assert whole.headers["content-type"] == "text/csv; charset=UTF-8"
    assert whole.headers["content-length"] == str(len(whole.body))
    described = shop.downloaded(document_id, "HEAD")
    assert described.headers["content-length"] == whole.headers["content-length"]
    across = f"bytes={PART_BYTES - 5}-{PART_BYTES + 4}"
    ranged = shop.downloaded(document_id, range=across)
    assert (ranged.status, ranged.body) == (206, whole.body[PART_BYTES - 5 : PART_BYTES + 5])
    assert document_id in shop.names()
    assert grown < GROWN_MAX_KIB, f"{grown} KiB"


def test_report_without_rows_leaves_nothing_in_the_bucket(shop: Shop) -> None:
    """R-4: it is cancelled."""
    there = shop.names()
    body = {"reportType": ORDERS, "startTime": "20250101T000000Z", "endTime": "20250201T000000Z"}
    report_id = shop.merchant.ask("POST", "/reports", body=body)["reportId"]
    deadline = time.monotonic() + SECONDS
    while shop.report(report_id)["processingStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert shop.report(report_id)["processingStatus"] == "CANCELLED"
    assert shop.names() == there


def killed_in_an_upload(shop: Shop) -> str:
    """The report whose worker was killed when parts of its document were in the bucket, and not all."""
    left = unfinished_uploads(shop.bucket)
    for _ in range(10):
        worker = worker_of(shop.server)
        report_id = shop.asked(WHOLE)
        while unfinished_uploads(shop.bucket) == left:
            if shop.report(report_id)["processingStatus"] != "IN_PROGRESS":
                break
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.3)
        if unfinished_uploads(shop.bucket) > left:
            os.kill(worker, signal.SIGKILL)
            return report_id
        os.kill(worker, signal.SIGCONT)
        shop.document_id(report_id)
    raise AssertionError("every upload was over before its worker could be stopped")


def test_worker_killed_in_an_upload_leaves_no_document_and_another_makes_the_report(
    shop: Shop,
) -> None:
    """What it had sent is an unfinished upload, which the bucket's own rule removes."""
    left = unfinished_uploads(shop.bucket)
    there = shop.names()
    report_id = killed_in_an_upload(shop)
    before = shop.names()
    document_id = shop.document_id(report_id)
    assert document_id not in before
    assert shop.names() == before | {document_id}
    assert unfinished_uploads(shop.bucket) == left + 1
    assert there <= before
    content = shop.downloaded(document_id).body
    assert ids(content) == [permission_id(one) for one in reversed(range(ROWS))]
