"""Which headers a request needs, what may stand in them, and in which order they are missed (contract 1.6, 2.7, 2.8)."""

from __future__ import annotations

import msgspec
import pytest

from tests.auth.pay.knocking import (
    BARE_ID,
    CREATE_REPORT,
    GET_REPORTS,
    LIVE_ID,
    NOW,
    SANDBOX_ID,
    account,
    claim_of,
    header,
    knock,
    refused,
    registered,
    with_header,
)
from tests.auth.pay.sdk_signers import SALT_20, SIGNERS, Sent
from torihiki.auth.pay.headers import HEADERS_MAX, HEADERS_MAX_BYTES, idempotency_key
from torihiki.auth.pay.model import DateLimits, PayKey
from torihiki.auth.pay.rules import known_key
from torihiki.kernel.instant import TimeDelta
from torihiki.kernel.problem import Kind, Problem

SENT = SIGNERS["php"](account(), GET_REPORTS)
REQUIRED = ("authorization", "x-amz-pay-date", "x-amz-pay-host", "x-amz-pay-region")
BAD = "InvalidHeaderValue"
IDEMPOTENCY = "x-amz-pay-idempotency-key"


def posted(key: str | None) -> Sent:
    headers = {} if key is None else {IDEMPOTENCY: key}
    return SIGNERS["node"](account(), CREATE_REPORT._replace(headers=headers))


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_header_is_named(name: str) -> None:
    problem = refused(with_header(SENT, name, None), "MissingHeader")
    assert problem.message == f"The header {name} is missing."


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", ["", " ", "\t "])
def test_empty_header_is_named(name: str, value: str) -> None:
    problem = refused(with_header(SENT, name, value), "MissingHeaderValue")
    assert problem.message == f"The header {name} has no value."


def test_headers_are_missed_in_a_fixed_order() -> None:
    sent = SENT._replace(headers=[])
    for name in REQUIRED:
        assert name in str(refused(sent, "MissingHeader").message)
        sent = with_header(sent, name, header(SENT, name))


@pytest.mark.parametrize("seconds", [-900, -899, -30, 0, 4, 5])
@pytest.mark.parametrize("sdk", ["php", "node"])
def test_date_within_the_limits_is_let_in(sdk: str, seconds: int) -> None:
    """Both forms; the SDKs repeat a request up to half a minute later with the same date (contract 2.4)."""
    at = NOW + TimeDelta(seconds=seconds)
    assert knock(SIGNERS[sdk](account(), GET_REPORTS._replace(at=at))).public_key_id == LIVE_ID


@pytest.mark.parametrize(
    ("sdk", "text"), [("php", "20240501T120006Z"), ("node", "2024-05-01T12:00:06Z")]
)
def test_date_in_the_future_is_refused_in_amazons_words(sdk: str, text: str) -> None:
    sent = SIGNERS[sdk](account(), GET_REPORTS._replace(at=NOW + TimeDelta(seconds=6)))
    assert refused(sent, BAD).message == (
        f"The value {text} provided for x-amz-pay-date should not be in future"
    )


def test_date_too_far_in_the_past_is_refused() -> None:
    sent = SIGNERS["java"](account(), GET_REPORTS._replace(at=NOW - TimeDelta(seconds=901)))
    assert refused(sent, BAD).message == (
        "The value 20240501T114459Z provided for x-amz-pay-date"
        " should not be more than 900 seconds in the past"
    )


def test_limits_can_be_set() -> None:
    limits = DateLimits(future=TimeDelta(seconds=0), past=TimeDelta(seconds=1))
    for seconds, good in ((-2, False), (-1, True), (0, True), (1, False)):
        sent = SIGNERS["php"](account(), GET_REPORTS._replace(at=NOW + TimeDelta(seconds=seconds)))
        if good:
            assert claim_of(sent, limits=limits).environment == "live"
        else:
            with pytest.raises(Problem):
                claim_of(sent, limits=limits)


@pytest.mark.parametrize(
    "value",
    [
        "x", "20240501", "20240501T120000", "20240501T120000+0000", "2024-05-01T120000Z",
        "20240501T12:00:00Z", "2024-0501T12:00:00Z", "20240501T120000.000Z", "20240501t120000z",
        "20240230T120000Z", "20241301T120000Z", "20240501T240000Z", "20240501T120060Z",
        "00000101T000000Z", "\u0662\u0660\u0662\u06640501T120000Z", "20240501T120000Z,20240501T120000Z",
        "Wed, 01 May 2024 12:00:00 GMT", "1714564800", "9" * 5000,
    ],
)  # fmt: skip
def test_date_that_cannot_be_read_is_refused_and_not_repeated(value: str) -> None:
    problem = refused(with_header(SENT, "x-amz-pay-date", value), BAD)
    assert problem.message == "The value provided for x-amz-pay-date is invalid."


@pytest.mark.parametrize("value", ["us", "DE", "Uk", "NA", "eu", "JP"])
def test_region_is_known_in_any_case_by_any_alias(value: str) -> None:
    sent = SIGNERS["node"](account(), GET_REPORTS)
    assert claim_of(with_header(sent, "x-amz-pay-region", value)).region in {"na", "eu", "jp"}


@pytest.mark.parametrize("value", ["fr", "jpn", "j p", "jp,jp", "\xff"])
def test_unknown_region_is_refused(value: str) -> None:
    refused(with_header(SENT, "x-amz-pay-region", value), BAD)


@pytest.mark.parametrize("value", ["pay-api.amazon.jp", "127.0.0.1:8900", "localhost", "[::1]:443"])
def test_any_host_is_let_in(value: str) -> None:
    assert knock(SIGNERS["node"](account()._replace(host=value), GET_REPORTS)).merchant_id


@pytest.mark.parametrize("value", ["https://x", "a/b", "a b", "a,a", "a:", "a:123456", "x" * 254])
def test_what_is_no_host_is_refused(value: str) -> None:
    refused(with_header(SENT, "x-amz-pay-host", value), BAD)


@pytest.mark.parametrize(
    "value", ["application/json", "APPLICATION/JSON", "application/json ; charset=utf-8", "", None]
)
def test_json_or_no_content_type_is_let_in(value: str | None) -> None:
    assert claim_of(with_header(posted(None), "content-type", value)).request.method == "POST"


@pytest.mark.parametrize("value", ["text/plain", "application/x-www-form-urlencoded", "json"])
def test_body_of_another_type_is_refused(value: str) -> None:
    refused(with_header(posted(None), "content-type", value), BAD)
    assert claim_of(with_header(SENT, "content-type", value)).request.method == "GET"


@pytest.mark.parametrize(
    "value", ["a", "A-z_0", "0" * 32, "0a1b2c3d-0000-4000-8000-000000000000", None]
)
def test_idempotency_key_is_optional_and_may_be_a_uuid(value: str | None) -> None:
    """Contract 3.4."""
    assert idempotency_key(claim_of(posted(value))) == value


@pytest.mark.parametrize("value", ["a" * 37, "a b", "a.b", "a,a", "\u00e9"])
def test_malformed_idempotency_key_is_refused(value: str) -> None:
    claim = claim_of(with_header(posted("x"), IDEMPOTENCY, value))
    for strict in (False, True):
        with pytest.raises(Problem) as caught:
            idempotency_key(claim, strict=strict)
        assert caught.value.code == BAD


@pytest.mark.parametrize(
    ("value", "reason"), [(None, "MissingHeader"), ("", "MissingHeaderValue"), ("a" * 33, BAD)]
)
def test_strict_idempotency_key_is_required_and_short(value: str | None, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        idempotency_key(claim_of(posted(value)), strict=True)
    assert (caught.value.code, caught.value.kind) == (reason, Kind.INVALID_INPUT)


def test_idempotency_key_has_no_effect_on_other_methods() -> None:
    sent = with_header(SENT, IDEMPOTENCY, "not good!")
    assert idempotency_key(claim_of(sent), strict=True) is None


@pytest.mark.parametrize(
    "algorithm", ["", "AMZN-PAY-RSASSA-PSS-V3", "amzn-pay-rsassa-pss", "Bearer"]
)
def test_unknown_algorithm_is_refused(algorithm: str) -> None:
    value = algorithm + " " + header(SENT, "authorization").partition(" ")[2]
    refused(with_header(SENT, "authorization", value), BAD)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        " ",
        " PublicKeyId=a",
        " PublicKeyId=a, SignedHeaders=x-amz-pay-date",
        " PublicKeyId=, SignedHeaders=x-amz-pay-date, Signature=AAAA",
        " PublicKeyId=a\u00e9, SignedHeaders=x-amz-pay-date, Signature=AAAA",
        f" PublicKeyId={'a' * 129}, SignedHeaders=x-amz-pay-date, Signature=AAAA",
        " PublicKeyId=a, SignedHeaders=, Signature=AAAA",
        " PublicKeyId=a, SignedHeaders=x-amz-pay-date;, Signature=AAAA",
        " PublicKeyId=a, SignedHeaders=A;x-amz-pay-date;a;A, Signature=AAAA",
        " PublicKeyId=a, SignedHeaders=x amz, Signature=AAAA",
        f" PublicKeyId=a, SignedHeaders=x-amz-pay-date{';a;b' * 32}, Signature=AAAA",
        " PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature=",
        " PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature=AAA",
        " PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature=AA-_",
        " PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature=AB==",
        " PublicKeyId=a, PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature=AAAA",
        f" PublicKeyId=a, SignedHeaders=x-amz-pay-date, Signature={'A' * 8192}",
    ],
)
def test_broken_authorization_is_refused_and_not_repeated(rest: str) -> None:
    problem = refused(with_header(SENT, "authorization", SALT_20 + rest), BAD)
    message = problem.message or ""
    assert message.startswith("The value provided for authorization is invalid. ")
    assert len(message) < 200


def test_too_many_or_too_long_headers_are_refused() -> None:
    room = HEADERS_MAX - len(SENT.headers)
    more = [(f"x-{number}", "") for number in range(room)]
    assert knock(SENT._replace(headers=[*SENT.headers, *more])).merchant_id
    refused(SENT._replace(headers=[*SENT.headers, *more, ("x", "")]), "InvalidRequest")
    room = HEADERS_MAX_BYTES - sum(len(name) + len(value) for name, value in SENT.headers)
    assert knock(with_header(SENT, "x", "a" * (room - 1))).merchant_id
    refused(with_header(SENT, "x", "a" * room), "InvalidRequest")


def test_line_break_in_a_header_is_refused() -> None:
    """It could pass for the header on the next line of what was signed."""
    refused(with_header(SENT, "accept", "application/json\ncontent-type:x"), "InvalidRequest")


@pytest.mark.parametrize(
    ("public_key_id", "path", "reason"),
    [
        (LIVE_ID, "/sandbox/v2/reports", "InvalidAuthentication"),
        (SANDBOX_ID, "/live/v2/reports", "InvalidAuthentication"),
        (BARE_ID, "/v2/reports", "InvalidRequest"),
        (LIVE_ID, "/v1/reports", "InvalidAPIVersion"),
        (LIVE_ID, "/live/v3", "InvalidAPIVersion"),
        (LIVE_ID, "/LIVE/V2/reports", "InvalidAPIVersion"),
        (LIVE_ID, "/v2x", "InvalidAPIVersion"),
        (LIVE_ID, "/v2.0/reports", "InvalidAPIVersion"),
        (LIVE_ID, "/SANDBOX/v2/reports", "InvalidAuthentication"),
        (LIVE_ID, "/v2/reports?" + "a" * 4096, "InvalidRequest"),
        (LIVE_ID, "/v2/reports?" + "&" * 64, "InvalidRequest"),
        (LIVE_ID, "/v2/reports?a b", "InvalidRequest"),
        (LIVE_ID, "/v2/reports?a\nb", "InvalidRequest"),
    ],
)
def test_path_that_does_not_fit_is_refused(public_key_id: str, path: str, reason: str) -> None:
    """Contract 1.2: what Amazon does with the first three is not known."""
    sent = SIGNERS["php"](account(public_key_id), GET_REPORTS)._replace(target=path.encode())
    refused(sent, reason, registered(public_key_id, environment=None))


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"",
        b"*",
        b"/reports",
        b"/vendor/v2",
        b"/v",
        b"/v" + b"2" * 18,
        b"/liv/v2/reports",
        b"v2/reports",
    ],
)
def test_path_of_another_api_is_not_found(target: bytes) -> None:
    with pytest.raises(Problem) as caught:
        claim_of(SENT._replace(target=target))
    assert (caught.value.kind, caught.value.code) == (Kind.NOT_FOUND, "ResourceNotFound")


@pytest.mark.parametrize(
    "key",
    [
        None,
        registered(environment="sandbox"),
        msgspec.structs.replace(registered(), revoked=True),
        registered("LIVE-" + "A" * 24),
    ],
    ids=["unknown", "of the other environment", "revoked", "another"],
)
def test_key_that_opens_nothing_is_refused_in_one_way(key: PayKey | None) -> None:
    claim = claim_of(SENT)
    with pytest.raises(Problem) as caught:
        known_key(claim, key)
    problem = caught.value
    assert (problem.kind, problem.code) == (Kind.UNAUTHORIZED, "InvalidAuthentication")
    assert problem.message == "The public key id provided is not valid."


@pytest.mark.parametrize("hours", [-1, 1])
def test_header_checks_come_before_the_key_is_looked_up(hours: int) -> None:
    """So nobody makes the server ask its database with a request that cannot be good."""
    at = NOW + TimeDelta(hours=hours)
    sent = SIGNERS["php"](account("LIVE-UNKNOWN"), GET_REPORTS._replace(at=at))
    with pytest.raises(Problem) as caught:
        claim_of(sent)
    assert caught.value.code == BAD
