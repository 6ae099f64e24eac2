"""Who does not get in, and how Amazon Pay says so (issue 5, 2; R-16; contract 2.7, 2.8, 3)."""

from __future__ import annotations

import base64
import re

import pytest

from tests.auth.pay.knocking import pair
from tests.auth.pay.sdk_signers import SIGNERS, Account, Sent
from tests.server.paying import (
    CLOCK,
    REFUND,
    Merchant,
    Paying,
    exchange,
    header_of,
    machine_now,
    message,
    refused,
    report_body,
    with_headers,
    written,
)
from tests.server.plain import fetch
from torihiki.kernel.instant import TimeDelta
from torihiki.pay_reports.v2.api import OPERATIONS

DATE = "x-amz-pay-date"
REQUIRED = ("authorization", DATE, "x-amz-pay-host", "x-amz-pay-region")


@pytest.fixture(scope="module")
def merchant(paying: Paying) -> Merchant:
    return Merchant(paying.server)


def attempt(merchant: Merchant, sent: Sent) -> tuple[int, str]:
    return refused(exchange(merchant.server.url, sent))


def changed(merchant: Merchant, name: str, value: str | None) -> tuple[int, str]:
    """What becomes of a good request, one of whose headers was changed after it was signed."""
    return attempt(merchant, with_headers(merchant.sign("GET", "/reports"), {name: value}))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_unsigned_request_is_refused(paying: Paying, operation: object) -> None:
    for prefix in ("", "/live", "/sandbox"):
        for one in OPERATIONS:
            if one is operation:
                answer = fetch(paying.server.url, prefix + one.path, method=one.method, body=b"{}")
                assert refused(answer) == (400, "MissingHeader")
                assert message(answer) == "The header authorization is missing."


def test_each_required_header_must_be_there_and_have_a_value(merchant: Merchant) -> None:
    for name in REQUIRED:
        assert changed(merchant, name, None) == (400, "MissingHeader")
        assert changed(merchant, name, "") == (400, "MissingHeaderValue")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (DATE, "yesterday"),
        (DATE, "20310501"),
        (DATE, "2031-05-01T120000Z"),
        (DATE, "20310501T120000+0000"),
        (DATE, "20311301T120000Z"),
        (DATE, "20310501T120000Z, 20310501T120000Z"),
        ("x-amz-pay-region", "mars"),
        ("x-amz-pay-host", "https://pay-api.amazon.jp/"),
        ("authorization", "AMZN-PAY-RSASSA-PSS-V3 PublicKeyId=a, SignedHeaders=b, Signature=c"),
        ("authorization", "Bearer x"),
        ("authorization", "AMZN-PAY-RSASSA-PSS-V2"),
        ("authorization", f"AMZN-PAY-RSASSA-PSS-V2 {'x' * 9_000}"),
        ("authorization", "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature=&&"),
        ("authorization", "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=a, SignedHeaders=accept, Signature=AAAA"),
    ],
)  # fmt: skip
def test_header_with_a_bad_value_is_refused(merchant: Merchant, name: str, value: str) -> None:
    assert changed(merchant, name, value) == (400, "InvalidHeaderValue")


def test_body_of_another_content_type_is_refused(merchant: Merchant) -> None:
    sent = merchant.sign("POST", "/reports", body=report_body(), content_type="text/plain")
    plain = with_headers(sent, {"content-type": "text/plain"})
    assert attempt(merchant, plain) == (400, "InvalidHeaderValue")


@pytest.mark.parametrize("sdk", ["php", "node"])
def test_date_in_the_future_is_refused_in_amazons_words(merchant: Merchant, sdk: str) -> None:
    """Contract 2.7: the sentence that developers saw."""
    at = machine_now() + TimeDelta(seconds=60)
    answer = merchant.send("GET", "/reports", sdk=sdk, at=at)
    assert refused(answer) == (400, "InvalidHeaderValue")
    date = at.format_iso(unit="second", basic=sdk == "php")
    assert (
        message(answer) == f"The value {date} provided for x-amz-pay-date should not be in future"
    )


def test_date_is_good_for_a_quarter_of_an_hour_and_a_little_ahead(merchant: Merchant) -> None:
    now = machine_now()
    for seconds in (-14 * 60, -30, 3):
        assert merchant.send("GET", "/reports", at=now + TimeDelta(seconds=seconds)).status == 200
    for seconds in (-15 * 60 - 5, -86_400, 86_400):
        answer = merchant.send("GET", "/reports", at=now + TimeDelta(seconds=seconds))
        assert refused(answer) == (400, "InvalidHeaderValue")


def test_date_by_the_operators_clock_is_good_too(merchant: Merchant) -> None:
    """Decision 19: a program whose clock was moved with the operator's."""
    assert merchant.send("GET", "/reports", at=CLOCK).status == 200
    assert merchant.send("GET", "/reports", at=CLOCK - TimeDelta(minutes=15)).status == 200
    for beside in (TimeDelta(seconds=6), TimeDelta(minutes=-16)):
        answer = merchant.send("GET", "/reports", at=CLOCK + beside)
        assert refused(answer) == (400, "InvalidHeaderValue")
        assert "should not be in future" in message(answer)


def test_same_signature_is_good_again(merchant: Merchant) -> None:
    """SDKs repeat a request as it was (contract 2.4)."""
    sent = merchant.sign("GET", "/reports")
    assert [exchange(merchant.server.url, sent).status for _ in range(3)] == [200] * 3


def test_forged_signature_is_refused_with_the_string_to_sign(merchant: Merchant) -> None:
    """Contract 2.8."""
    sent = merchant.sign("GET", "/reports", {"pageSize": "1"})
    for value in (
        header_of(merchant.sign("GET", "/reports", {"pageSize": "2"}), "authorization"),
        re.sub("Signature=.*", f"Signature={base64.b64encode(bytes(256)).decode()}", header_of(sent, "authorization")),
        re.sub("Signature=.*", "Signature=AAAA", header_of(sent, "authorization")),
        header_of(sent, "authorization").replace("-V2 ", " "),
    ):  # fmt: skip
        answer = exchange(merchant.server.url, with_headers(sent, {"authorization": value}))
        assert refused(answer) == (403, "InvalidRequestSignature")
        begin = re.escape("Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS")
        assert re.fullmatch(rf"{begin}(-V2)?\n[0-9a-f]{{64}}\]", message(answer))


def flipped(text: bytes, place: int) -> bytes:
    """The text with another letter or digit in that place."""
    other = b"b" if text[place : place + 1] != b"b" else b"c"
    return text[:place] + other + text[place + 1 :]


def test_no_byte_can_be_changed(merchant: Merchant) -> None:
    """Of method, path, query, signed headers and body."""
    sent = merchant.sign(
        "POST",
        "/report-schedules",
        {"deleteExistingSchedule": "true"},
        report_body(),
        x_amz_pay_idempotency_key="abc",
    )
    tampered = [sent._replace(target=flipped(sent.target, n)) for n in range(9, len(sent.target))]
    tampered += [sent._replace(body=flipped(sent.body, n)) for n in range(0, len(sent.body), 7)]
    tampered += [sent._replace(method=one) for one in ("PUT", "GET", "PATCH")]
    for name, value in sent.headers:
        if name not in {"content-length", "authorization"}:
            other = flipped(value.encode(), len(value) - 2).decode()
            tampered.append(with_headers(sent, {name: other}))
    for one in tampered:
        answer = exchange(merchant.server.url, one)
        assert refused(answer)[0] in {400, 403, 404, 405}, (one, answer)
    assert merchant.ask("GET", "/report-schedules") == {"reportSchedules": []}


def test_body_that_was_cut_or_grew_is_refused(merchant: Merchant) -> None:
    sent = merchant.sign("POST", "/reports", body=report_body(), sdk="php")
    for body in (b"", b"{}", sent.body[:-1], sent.body + b" ", written(report_body(startTime="1"))):
        assert attempt(merchant, sent._replace(body=body)) == (403, "InvalidRequestSignature")


def test_key_that_opens_nothing_is_refused(paying: Paying, merchant: Merchant) -> None:
    """Unknown, and of another pair than the one that signed; all unknown ones read alike."""
    unknown = Account(pair()[0], "LIVE-" + "Z" * 24)
    stranger = merchant.account._replace(private_key_pem=pair(1)[0])
    for account, reason in (
        (unknown, "InvalidAuthentication"),
        (unknown._replace(public_key_id="LIVE-%00'OR'1'='1"), "InvalidAuthentication"),
        (stranger, "InvalidRequestSignature"),
    ):
        other = Merchant.__new__(Merchant)
        other.server, other.account = paying.server, account
        assert refused(other.send("GET", "/reports")) == (403, reason)


def test_key_that_names_no_environment_needs_a_path_that_does(merchant: Merchant) -> None:
    """Contract 1.2."""
    sent = merchant.sign("GET", "/reports")
    bare = header_of(sent, "authorization").replace("PublicKeyId=LIVE-", "PublicKeyId=")
    named = with_headers(sent, {"authorization": bare})
    nowhere = named._replace(target=sent.target.replace(b"/live", b""))
    assert attempt(merchant, nowhere) == (400, "InvalidRequest")
    elsewhere = sent._replace(target=sent.target.replace(b"/live", b"/sandbox"))
    assert attempt(merchant, elsewhere) == (403, "InvalidAuthentication")


def test_call_on_behalf_of_somebody_else_is_refused(merchant: Merchant) -> None:
    answer = merchant.send("GET", "/reports", x_amz_pay_authtoken="token")
    assert refused(answer) == (403, "InvalidAuthorizationToken")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/v1/reports", 400, "InvalidAPIVersion"),
        ("/live/v3/reports", 400, "InvalidAPIVersion"),
        ("/v20/", 400, "InvalidAPIVersion"),
        ("/v2", 404, "ResourceNotFound"),
        ("/v2/", 404, "ResourceNotFound"),
        ("/sandbox/v2?x=1", 404, "ResourceNotFound"),
        ("/v2/charges/P01-1-1-C1", 404, "ResourceNotFound"),
        ("/v2/reports/a/b", 404, "ResourceNotFound"),
        ("/v2/Reports", 404, "ResourceNotFound"),
        ("//v2//disbursements//1", 404, "ResourceNotFound"),
        ("/v2/%72eport-types", 404, "ResourceNotFound"),
    ],
)
def test_path_that_is_not_there_is_refused_before_anybody_is_asked_who_he_is(
    paying: Paying, path: str, status: int, reason: str
) -> None:
    for method in ("GET", "POST", "DELETE", "PATCH"):
        assert refused(fetch(paying.server.url, path, method=method)) == (status, reason)


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_method_that_a_path_does_not_have_is_refused(paying: Paying, path: str) -> None:
    """Contract 3.2: a 405, which says what there is."""
    known = {operation.method for operation in OPERATIONS if operation.path == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - known:
        for target in (path, f"/sandbox{path}/?"):
            answer = fetch(paying.server.url, target, method=method)
            assert refused(answer) == (405, "UnsupportedOperation")
            assert answer.headers["allow"] == ", ".join(sorted(known))


def test_request_that_is_too_large_in_any_way_is_refused(merchant: Merchant) -> None:
    long = merchant.sign("GET", "/reports", {"x": "y" * 5_000})
    many = merchant.sign("GET", "/reports", {f"x{n}": "1" for n in range(70)})
    headed = with_headers(merchant.sign("GET", "/reports"), {f"x{n}": "1" for n in range(100)})
    heavy = with_headers(merchant.sign("GET", "/reports"), {"x": "y" * 20_000})
    for sent in (long, many, headed, heavy):
        assert attempt(merchant, sent) == (400, "InvalidRequest")


def test_paths_are_read_as_sdks_write_them(merchant: Merchant) -> None:
    """Contract 1.3: last slashes, bare question marks and repeated slashes; the signature is of what was sent."""
    for sdk in sorted(SIGNERS):
        for resource in ("/reports", "/reports/", "//reports//"):
            assert merchant.send("GET", resource, sdk=sdk).status == 200
    sent = merchant.sign("GET", "/reports", sdk="php")
    bare = sent._replace(target=sent.target + b"?")
    assert exchange(merchant.server.url, bare).status == 200


def test_id_of_any_text_is_not_found(merchant: Merchant) -> None:
    for resource in ("reports", "report-schedules", "report-documents"):
        for one in ("x", "%2F", "..", "%00", "%FF", "a" * 200, "%E5%8F%96", "'", "%2e%2e%2f"):
            answer = merchant.send("GET", f"/{resource}/{one}", sdk="php")
            assert refused(answer) == (404, "ResourceNotFound"), one


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("reportTypes", "nonsense", "InvalidParameterValue"),
        ("reportTypes", f"{REFUND},nonsense", "InvalidParameterValue"),
        ("processingStatuses", "CANCELED", "InvalidParameterValue"),
        ("createdSince", "yesterday", "InvalidParameterValue"),
        ("createdUntil", "20311301T000000Z", "InvalidParameterValue"),
        ("pageSize", "0", "InvalidParameterValue"),
        ("pageSize", "101", "InvalidParameterValue"),
        ("pageSize", "ten", "InvalidParameterValue"),
        ("nextToken", "nt-0a1b2c3d-0000-4000-8000-000000000000", "InvalidParameterValue"),
        ("nextToken", "nonsense", "InvalidParameterValue"),
    ],
)
def test_parameter_with_a_bad_value_is_refused(
    merchant: Merchant, name: str, value: str, reason: str
) -> None:
    """R-6, R-7, R-16; the sentence is Amazon's (contract 3.1)."""
    answer = merchant.send("GET", "/reports", {name: value})
    assert refused(answer) == (400, reason)
    assert message(answer) == f"The value provided for {name} is invalid."
