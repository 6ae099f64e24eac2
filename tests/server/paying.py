"""Merchants of Amazon Pay and their programs: requests signed by the SDKs' own ideas, sent as they are."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from tests.auth.pay.knocking import pair
from tests.auth.pay.sdk_signers import NOTHING, SIGNERS, Account, Call, Query, Sent
from tests.orders.lines import US
from tests.server.plain import Answered
from tests.serving import Served
from torihiki.bootstrap.stores import Stores, open_stores
from torihiki.config import Settings
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.pay_reports import model
from torihiki.pay_reports.model import ProcessingStatus, Report, ReportType
from torihiki.storage.documents import open_documents

CLOCK = Instant.from_utc(2031, 5, 1, 12)
"""What the operator's clock shows, stopped: far from any machine's."""
REFUND = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_"
CAPTURE = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_CAPTURE_DATA_"
SETTLEMENT = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"
SANDBOX_SETTLEMENT = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA_"
IDS = itertools.count(10**8)


def machine_now() -> Instant:
    return Instant.now()


class Operated(Protocol):
    """A running server with its operator's API."""

    @property
    def url(self) -> str: ...

    def ask(self, method: str, path: str, body: Any = None) -> Any: ...


class Merchant:
    """One merchant's program, configured for the live environment with a key of its own.

    Args:
        server: Where it is known.
        number: Which key pair it has.
        environment: Where its key is good; its id says so.
    """

    def __init__(
        self, server: Operated, number: int = 0, environment: str = "live", merchant_id: str = ""
    ) -> None:
        self.server = server
        self.merchant_id = merchant_id
        if not merchant_id:
            seller = server.ask("POST", "/sellers", {"name": "Kanda Books", "marketplaceIds": [US]})
            made = {"sellerId": seller["sellerId"], "region": "jp"}
            self.merchant_id = server.ask("POST", "/merchants", made)["merchantId"]
        key = {"environment": environment, "publicKeyPem": pair(number)[1]}
        found = server.ask("POST", f"/merchants/{self.merchant_id}/keys", key)
        self.account = Account(pair(number)[0], found["publicKeyId"], environment=environment)

    def in_sandbox(self) -> Merchant:
        """The same merchant with a key for the sandbox."""
        return Merchant(self.server, environment="sandbox", merchant_id=self.merchant_id)

    def sign(
        self,
        method: str,
        resource: str,
        query: Query = NOTHING,
        body: Any = None,
        *,
        sdk: str = "ruby",
        at: Instant | None = None,
        **headers: str,
    ) -> Sent:
        """A request as that SDK would send it; the names of further headers have underscores for dashes."""
        content = body if isinstance(body, bytes) else b"" if body is None else written(body)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        call = Call(method, resource, at or machine_now(), query, content, named)
        return SIGNERS[sdk](self.account, call)

    def send(self, method: str, resource: str, query: Query = NOTHING, body: Any = None, **more: Any) -> Answered:  # fmt: skip
        """The answer to a request, which says in Amazon Pay's way how it went."""
        return checked(exchange(self.server.url, self.sign(method, resource, query, body, **more)))

    def ask(self, method: str, resource: str, query: Query = NOTHING, body: Any = None, **more: Any) -> Any:  # fmt: skip
        """What a request that must succeed is answered."""
        answer = self.send(method, resource, query, body, **more)
        assert answer.status in {200, 201}, answer
        return answer.json()

    def report(self, **changes: str) -> str:
        """The id of a new report."""
        report_id: str = self.ask("POST", "/reports", body=report_body(**changes))["reportId"]
        return report_id


def written(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def report_body(**changes: str) -> dict[str, str]:
    made = {"reportType": REFUND, "startTime": "20310401T000000Z", "endTime": "20310430T235959Z"}
    return made | changes


def schedule_body(**changes: Any) -> dict[str, Any]:
    made = {
        "reportType": REFUND,
        "scheduleFrequency": "P1D",
        "nextReportCreationTime": "20310601T000000Z",
    }
    return made | changes


def exchange(url: str, sent: Sent) -> Answered:
    """The answer to exactly these bytes; a body whose length the SDK did not say gets it."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.putrequest(sent.method, sent.target.decode("latin-1"), skip_accept_encoding=True)
        for name, value in sent.headers:
            connection.putheader(name, value)
        if sent.body and not any(name.lower() == "content-length" for name, _ in sent.headers):
            connection.putheader("content-length", str(len(sent.body)))
        connection.endheaders(sent.body or None)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, named, answer.read())
    finally:
        connection.close()


def checked(answer: Answered) -> Answered:
    """Contract 1.7: the request id is on every answer, and a body is JSON; nothing is of the Selling Partner API."""
    assert len(answer.headers["x-amz-pay-request-id"]) == 36
    assert not [name for name in answer.headers if name.startswith("x-amzn")]
    assert answer.headers["content-type"] == "application/json"
    if answer.status >= 400:
        assert list(answer.json()) == ["reasonCode", "message"]
        assert written(answer.json()) == answer.body or not answer.body.isascii()
    return answer


def refused(answer: Answered) -> tuple[int, str]:
    """Status and reason code of a refusal."""
    checked(answer)
    assert answer.status >= 400, answer
    return answer.status, answer.json()["reasonCode"]


def message(answer: Answered) -> str:
    text: str = answer.json()["message"]
    return text


class Paying(NamedTuple):
    """A running server, and its stores beside it.

    Args:
        server: The server.
        settings: What it was started with, as far as stores go.
    """

    server: Served
    settings: Settings

    def within(self, work: Callable[[Stores], Awaitable[None]]) -> None:
        """Does something in the database of the server."""

        async def done() -> None:
            async with open_stores(self.settings) as stores:
                await work(stores)

        asyncio.run(done())

    def completed(self, merchant: Merchant, content: bytes, **changes: Any) -> Report:
        """A report of the merchant that is over, with its document."""
        number = next(IDS)
        values: dict[str, Any] = {
            "report_id": f"A{number}",
            "report_type": ReportType.REFUND,
            "start_time": CLOCK - TimeDelta(hours=24),
            "end_time": CLOCK,
            "created_time": CLOCK,
            "processing_status": ProcessingStatus.COMPLETED,
            "processing_start_time": CLOCK,
            "processing_end_time": CLOCK,
            "report_document_id": f"amzn1.tortuga.3.0a1b2c3d-0000-4000-8000-000{number}.T3FKJJI01Y1E32",
        }  # fmt: skip
        report = Report(**(values | changes))
        account = model.Account(
            merchant_id=merchant.merchant_id,
            environment="live" if merchant.account.environment == "live" else "sandbox",
        )

        async def add(stores: Stores) -> None:
            if report.report_document_id is not None:
                kept = open_documents(self.settings.documents, self.settings.data)
                await kept.put(report.report_document_id, _parts(content))
            await stores.pay_reports.add_report(account, report)

        self.within(add)
        return report


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content


def header_of(sent: Sent, name: str) -> str:
    (value,) = [text for one, text in sent.headers if one.lower() == name]
    return value


def with_headers(sent: Sent, changes: Mapping[str, str | None]) -> Sent:
    """The same request with other values in headers, unsigned; None: without."""
    kept = [one for one in sent.headers if one[0].lower() not in changes]
    return sent._replace(headers=[*kept, *((n, v) for n, v in changes.items() if v is not None)])
