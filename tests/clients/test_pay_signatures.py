"""Amazon Pay's own Node SDK, over TLS, is let in by the rules that verify signatures (R-1; contract 2.4, 2.5).

The door here is those rules and nothing else: what lies behind it is tested elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from whenever import Instant

from tests.auth.pay.knocking import BARE_ID, LIVE_ID, MERCHANT, SANDBOX_ID, pair
from tests.clients.pay import PayAccount, PayClient, Unreachable
from tests.server.tls import serving
from torihiki.auth.pay.model import PayKey, PayRequest
from torihiki.auth.pay.rules import caller_of, known_key, read_claim
from torihiki.bootstrap.tls import Tls
from torihiki.config import Settings
from torihiki.kernel.pay_caller import PayCaller
from torihiki.kernel.problem import Kind, Problem

SHORT_SALT, LONG_SALT = None, "AMZN-PAY-RSASSA-PSS-V2"
STATUSES = {Kind.INVALID_INPUT: 400, Kind.UNAUTHORIZED: 403, Kind.NOT_FOUND: 404}
REFUNDS = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_"
CAPTURES = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_CAPTURE_DATA_"
DOCUMENT_ID = "amzn1.tortuga.3.0a1b2c3d-0000-4000-8000-000000000000.T3FKJJI01Y1E32"
KEY = {"X-Amz-Pay-Idempotency-Key": "0123456789abcdef0123456789abcdef"}
REPORT = {"reportType": REFUNDS, "startTime": "20240401T000000Z", "endTime": "20240501T000000Z"}
SCHEDULE = {
    "reportType": REFUNDS,
    "scheduleFrequency": "P1D",
    "nextReportCreationTime": "20240501T000000Z",
    "deleteExistingSchedule": True,
}
FILE = bytes(range(256)) * 4096
DOCUMENT_PATH = "/a-document"


class Seen(NamedTuple):
    """A request that was let in."""

    method: str
    target: str
    body: bytes
    caller: PayCaller
    headers: dict[bytes, bytes]


class Door:
    """Lets in who signs with a registered key, and writes down what he asked for."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        if scope["path"] == DOCUMENT_PATH:
            unsigned = not any(name.startswith(b"x-amz") for name, _ in scope["headers"])
            await _answer(send, 200 if unsigned else 400, FILE)
            return
        try:
            self.seen.append(_let_in(scope, body))
        except Problem as problem:
            refusal = {"reasonCode": problem.code, "message": problem.message}
            await _answer(send, STATUSES[problem.kind], json.dumps(refusal).encode())
            return
        await _answer(send, 200, b'{"letIn":true}')


async def _answer(send: Any, status: int, content: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"x-amz-pay-request-id", b"an-id")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _let_in(scope: Any, body: bytes) -> Seen:
    query = scope["query_string"]
    request = PayRequest(
        method=scope["method"],
        target=scope["raw_path"] + (b"?" + query if query else b""),
        headers=tuple(scope["headers"]),
    )
    claim = read_claim(request, now=Instant.now())
    public_key_id = claim.authorization.public_key_id
    registered = PayKey(
        public_key_id=public_key_id,
        merchant_id=MERCHANT,
        environment=None if public_key_id == BARE_ID else claim.environment,
        public_key_pem=pair()[1],
    )
    caller = caller_of(claim, known_key(claim, registered), body)
    return Seen(request.method, request.target.decode(), body, caller, dict(claim.headers))


class Place(NamedTuple):
    door: Door
    port: int
    ca: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("door")
    door = Door()
    with serving(door, Tls(Settings(data=data, tls_port=0))) as (_, url):
        port = urlsplit(url).port
        assert port is not None
        yield Place(door, port, data / "ca.pem")


def account(**changes: Any) -> PayAccount:
    return PayAccount(public_key_id=LIVE_ID, private_key_pem=pair()[0])._replace(**changes)


@pytest.fixture(
    scope="module",
    params=[
        (SHORT_SALT, "jp", False),
        (LONG_SALT, "jp", False),
        (LONG_SALT, "na", False),
        (SHORT_SALT, "eu", False),
        (SHORT_SALT, "UK", False),
        (LONG_SALT, "us", True),
    ],
    ids=lambda one: f"{one[0] or 'default'} {one[1]}{' by override' * one[2]}",
)
def client(request: pytest.FixtureRequest, place: Place) -> Iterator[PayClient]:
    algorithm, region, override = request.param
    configured = account(algorithm=algorithm, region=region)
    with PayClient(configured, place.port, place.ca, override=override) as running:
        yield running


CALLS: dict[str, tuple[str, list[Any], str, str, Any]] = {
    "getReports": (
        "getReports",
        [{"reportTypes": [REFUNDS, CAPTURES], "processingStatuses": ["COMPLETED"], "pageSize": 5}],
        "GET",
        "/v2/reports",
        {
            "reportTypes": f"{REFUNDS},{CAPTURES}",
            "processingStatuses": "COMPLETED",
            "pageSize": "5",
        },
    ),
    "getReports without a filter": ("getReports", [{}], "GET", "/v2/reports", {}),
    "getReportById": ("getReportById", ["A1B2"], "GET", "/v2/reports/A1B2", {}),
    "createReport": ("createReport", [REPORT, KEY], "POST", "/v2/reports", REPORT),
    "createReport without a key": ("createReport", [REPORT], "POST", "/v2/reports", REPORT),
    "getReportDocument": (
        "getReportDocument",
        [DOCUMENT_ID],
        "GET",
        f"/v2/report-documents/{DOCUMENT_ID}",
        {},
    ),
    "getReportSchedules": (
        "getReportSchedules",
        [[REFUNDS, CAPTURES]],
        "GET",
        "/v2/report-schedules",
        {"reportTypes": f"{REFUNDS},{CAPTURES}"},
    ),
    "getReportSchedules without a filter": (
        "getReportSchedules",
        [],
        "GET",
        "/v2/report-schedules",
        {},
    ),
    "getReportScheduleById": (
        "getReportScheduleById",
        ["68973459224"],
        "GET",
        "/v2/report-schedules/68973459224",
        {},
    ),
    "createReportSchedule": (
        "createReportSchedule",
        [SCHEDULE, KEY],
        "POST",
        "/v2/report-schedules",
        SCHEDULE,
    ),
    "cancelReportSchedule": (
        "cancelReportSchedule",
        ["68973459224"],
        "DELETE",
        "/v2/report-schedules/68973459224",
        {},
    ),
}
"""What the SDK is called with, and what must arrive: method, path, and query or body."""


def let_in(place: Place, client: PayClient, operation: str, *arguments: Any) -> Seen:
    """What the door saw of a call."""
    place.door.seen.clear()
    answer = client.call(operation, *arguments)
    assert (answer.status, answer.body) == (200, {"letIn": True})
    assert answer.headers["x-amz-pay-request-id"] == "an-id"
    (seen,) = place.door.seen
    return seen


@pytest.mark.parametrize("named", CALLS)
def test_every_operation_of_the_sdk_is_let_in(place: Place, client: PayClient, named: str) -> None:
    operation, arguments, method, path, content = CALLS[named]
    seen = let_in(place, client, operation, *arguments)
    target = urlsplit(seen.target)
    given = json.loads(seen.body) if method == "POST" else dict(parse_qsl(target.query))
    assert (seen.method, target.path, given) == (method, path, content)
    assert seen.caller.merchant_id == MERCHANT
    assert seen.caller.environment == "live"


@pytest.mark.parametrize(
    "value",
    [
        "2024-04-01T09:00:00+09:00",
        "2024-04-01T09-00-00Z",
        "a b+c",
        "!*'()~-._",
        "/?#[]@:;&=$,%25",
        "\u8acb\u6c42\u66f8 \u00e9\u00df \U0001f363",
        "",
    ],
)
def test_odd_characters_in_values_arrive_as_they_were_given(
    place: Place, client: PayClient, value: str
) -> None:
    seen = let_in(place, client, "getReports", {"nextToken": value, "createdSince": value})
    arrived = dict(parse_qsl(urlsplit(seen.target).query, keep_blank_values=True))
    assert arrived == {"nextToken": value, "createdSince": value}
    body = {**REPORT, "reportType": value}
    assert json.loads(let_in(place, client, "createReport", body, KEY).body) == body


def test_header_of_the_caller_is_signed_in_the_case_that_he_wrote(
    place: Place, client: PayClient
) -> None:
    seen = let_in(place, client, "createReport", REPORT, KEY)
    assert b";X-Amz-Pay-Idempotency-Key;" in seen.headers[b"authorization"]


def test_document_is_downloaded_byte_by_byte(place: Place, client: PayClient) -> None:
    found = client.download(f"https://127.0.0.1:{place.port}{DOCUMENT_PATH}")
    assert (found.status, found.content) == (200, FILE)


@pytest.mark.parametrize("algorithm", [SHORT_SALT, LONG_SALT])
@pytest.mark.parametrize(
    ("public_key_id", "sandbox", "path", "environment"),
    [
        (SANDBOX_ID, False, "/v2/reports", "sandbox"),
        (BARE_ID, True, "/sandbox/v2/reports", "sandbox"),
        (BARE_ID, False, "/live/v2/reports", "live"),
    ],
)
def test_key_or_path_names_the_environment(
    place: Place,
    public_key_id: str,
    path: str,
    environment: str,
    algorithm: str | None,
    *,
    sandbox: bool,
) -> None:
    configured = account(public_key_id=public_key_id, sandbox=sandbox, algorithm=algorithm)
    with PayClient(configured, place.port, place.ca) as client:
        seen = let_in(place, client, "getReports")
    assert (seen.target, seen.caller.environment) == (path, environment)


@pytest.mark.parametrize("algorithm", [SHORT_SALT, LONG_SALT])
def test_sdk_with_another_key_is_refused_and_says_why(place: Place, algorithm: str | None) -> None:
    place.door.seen.clear()
    configured = account(private_key_pem=pair(1)[0], algorithm=algorithm)
    with PayClient(configured, place.port, place.ca) as client:
        answer = client.call("getReports")
    assert answer.status == 403
    assert answer.body["reasonCode"] == "InvalidRequestSignature"
    assert place.door.seen == []


def test_sdk_that_does_not_trust_the_ca_sends_nothing(place: Place) -> None:
    place.door.seen.clear()
    with (
        PayClient(account(), place.port, None) as client,
        pytest.raises(Unreachable, match="UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    ):
        client.call("getReports")
    assert place.door.seen == []
