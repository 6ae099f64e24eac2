"""What the two POSTs of Amazon Pay Reports take and refuse (issue 5, 2; R-9, R-12, R-13, R-16), and how much is read."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.auth.pay.sdk_signers import Sent
from tests.server.paying import (
    CAPTURE,
    SANDBOX_SETTLEMENT,
    SETTLEMENT,
    Merchant,
    Paying,
    exchange,
    refused,
    report_body,
    schedule_body,
    with_headers,
    written,
)
from tests.server.running import Running, running

MEGABYTE = 1024 * 1024
HUGE = 100 * MEGABYTE
GROWN_MAX_KIB = 24 * 1024


@pytest.fixture(scope="module")
def merchant(paying: Paying) -> Merchant:
    return Merchant(paying.server)


NO_OBJECTS = (b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"{" * 5_000, b'{"a":NaN}', b"[" * 100_000, b'{"a":1,"a":1}')  # fmt: skip


@pytest.mark.parametrize("resource", ["/reports", "/report-schedules"])
def test_body_that_is_no_json_object_is_refused(merchant: Merchant, resource: str) -> None:
    for body in NO_OBJECTS:
        answer = merchant.send("POST", resource, body=body)
        assert refused(answer) == (400, "InvalidRequestFormat"), body[:20]


BAD_VALUES: tuple[Any, ...] = (1, True, 1.5, [], {}, "nonsense", "\x00", "x" * 10_000)


@pytest.mark.parametrize(
    ("resource", "good"), [("/reports", report_body()), ("/report-schedules", schedule_body())]
)
def test_each_member_must_be_there_and_of_its_kind(
    merchant: Merchant, resource: str, good: dict[str, Any]
) -> None:
    for name in good:
        without = {one: text for one, text in good.items() if one != name}
        for body in (without, good | {name: None}, good | {name: ""}):
            answer = merchant.send("POST", resource, body=body)
            assert refused(answer) == (400, "MissingParameterValue")
            assert answer.json()["message"] == f"The value for {name} is missing."
        for value in BAD_VALUES:
            answer = merchant.send("POST", resource, body=good | {name: value})
            assert refused(answer) == (400, "InvalidParameterValue"), value
            assert answer.json()["message"] == f"The value provided for {name} is invalid."
    answer = merchant.send("POST", resource, body=good | {"extra": 1})
    assert refused(answer) == (400, "UnrecognizedField")


def test_range_that_ends_before_it_begins_is_refused(merchant: Merchant) -> None:
    """R-9; one of a single second is good (contract 4.8)."""
    body = report_body(startTime="20310402T000000Z", endTime="20310401T000000Z")
    assert refused(merchant.send("POST", "/reports", body=body)) == (400, "InvalidParameterValue")
    assert merchant.report(startTime="20310401T000000Z", endTime="20310401T000000Z")


def test_live_settlement_is_never_asked_for(merchant: Merchant) -> None:
    """R-5, contract 9 row 11."""
    for resource, body in (("/reports", report_body()), ("/report-schedules", schedule_body())):
        answer = merchant.send("POST", resource, body=body | {"reportType": SETTLEMENT})
        assert refused(answer) == (400, "InvalidParameterValue")


def test_sandbox_has_schedules_and_reports_of_its_own(merchant: Merchant) -> None:
    sandbox = merchant.in_sandbox()
    assert sandbox.report(reportType=SANDBOX_SETTLEMENT)
    # It exists in the live environment only, and is taken: there it ends cancelled (contract 4.11).
    assert sandbox.report(reportType=CAPTURE)


@pytest.mark.parametrize(
    ("flag", "in_query", "replaced"),
    [
        (True, None, True),
        ("true", None, True),
        ("TRUE", None, True),
        (False, None, False),
        ("false", None, False),
        (None, None, False),
        ("", None, False),
        (None, "true", True),
        (None, "false", False),
        (True, "false", False),
        (False, "true", True),
    ],
)
def test_flag_that_replaces_is_read_in_body_and_query(
    paying: Paying, flag: object, in_query: str | None, *, replaced: bool
) -> None:
    """R-13: the query wins; SDKs send it in the body, as a boolean or a text (contract 4.6)."""
    merchant = Merchant(paying.server)
    first = merchant.ask("POST", "/report-schedules", body=schedule_body())["reportScheduleId"]
    body = schedule_body(deleteExistingSchedule=flag)
    query = {} if in_query is None else {"deleteExistingSchedule": in_query}
    answer = merchant.send("POST", "/report-schedules", query, body)
    if replaced:
        assert answer.status == 201
        assert merchant.send("GET", f"/report-schedules/{first}").status == 404
    else:
        assert (answer.status, answer.json()[0]["reportScheduleId"]) == (200, first)


def test_flag_that_is_neither_true_nor_false_is_refused(merchant: Merchant) -> None:
    flags: tuple[Any, ...] = ("yes", 1, [], {})
    for flag in flags:
        body = schedule_body(deleteExistingSchedule=flag)
        answer = merchant.send("POST", "/report-schedules", body=body)
        assert refused(answer) == (400, "InvalidParameterValue")
    answer = merchant.send(
        "POST", "/report-schedules", {"deleteExistingSchedule": "1"}, schedule_body()
    )
    assert refused(answer) == (400, "InvalidParameterValue")


def test_body_that_a_read_brings_is_part_of_what_was_signed_and_else_nothing(
    merchant: Merchant,
) -> None:
    """Contract 2.3: one SDK sends `null`, another `{}`."""
    for body in (b"null", b"{}", b"x" * 10_000):
        assert merchant.send("GET", "/reports", body=body).status == 200
    sent = merchant.sign("GET", "/reports")
    assert refused(exchange(merchant.server.url, sent._replace(body=b"null")))[0] == 403


def test_body_has_an_end(merchant: Merchant) -> None:
    """A mebibyte is read, and found to be none of ours; one more byte is not."""
    most = written({"reportType": "x" * (MEGABYTE - 17)})
    assert len(most) == MEGABYTE
    assert refused(merchant.send("POST", "/reports", body=most))[1] == "MissingParameterValue"
    assert refused(merchant.send("POST", "/reports", body=most + b" ")) == (400, "InvalidRequest")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose memory can be looked at."""
    with running(tmp_path_factory.mktemp("alone") / "data") as found:
        yield found


def resident_kib(server: Running) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


def streamed(server: Running, sent: Sent, *, said: bool) -> tuple[int, bytes]:
    """How much of a huge body the server took before its answer was there, and the answer's first bytes."""
    place = urlsplit(server.url)
    length = f"content-length: {HUGE}" if said else "transfer-encoding: chunked"
    lines = [f"{name}: {value}" for name, value in sent.headers if name != "content-length"]
    head = "\r\n".join(
        [f"{sent.method} {sent.target.decode()} HTTP/1.1", f"host: {place.netloc}", length, *lines]
    )
    chunk = b"x" * 65_536
    framed = chunk if said else b"10000\r\n" + chunk + b"\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=20) as peer:
        peer.sendall(head.encode() + b"\r\n\r\n")
        peer.settimeout(0)
        answered, given = b"", 0
        deadline = time.monotonic() + 20
        while given < HUGE and time.monotonic() < deadline:
            try:
                answered = peer.recv(65_536)
                break
            except BlockingIOError:
                pass
            try:
                given += peer.send(framed[given % len(framed) :])
            except BlockingIOError:
                time.sleep(0.001)
        return given, answered


@pytest.mark.parametrize("said", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_huge_body_is_refused_early_and_takes_no_memory(
    alone: Running, *, said: bool, signed: bool
) -> None:
    """Nobody without a registered key makes the server read one."""
    merchant = Merchant(alone)
    sent = merchant.sign("POST", "/reports", body=report_body())
    if not signed:
        sent = with_headers(sent, {"authorization": None})
    before = resident_kib(alone)
    for _ in range(3):
        given, answer = streamed(alone, sent, said=said)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert (b'"InvalidRequest"' if signed else b'"MissingHeader"') in answer
        assert given < HUGE / 5
    assert resident_kib(alone) - before < GROWN_MAX_KIB
    assert merchant.ask("GET", "/reports") == {"reports": []}
