"""Every official SDK's signature is accepted, whatever its idea of the canonical request (contract 2.4, 2.5; R-1)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.auth.pay.knocking import (
    BARE_ID,
    CREATE_REPORT,
    GET_REPORTS,
    LIVE_ID,
    MERCHANT,
    NOW,
    SANDBOX_ID,
    account,
    claim_of,
    header,
    knock,
    registered,
    with_header,
)
from tests.auth.pay.sdk_signers import SALT_20, SALT_32, SIGNERS, Call, Sent, authorization, ruby
from torihiki.auth.pay.canonical import AS_RECEIVED, Canonical, SignedParts
from torihiki.auth.pay.headers import idempotency_key
from torihiki.kernel.pay_caller import PayCaller

SCHEDULE = Call("GET", "/report-schedules/68973459224", NOW)
CANCEL = Call("DELETE", "/report-schedules/68973459224", NOW)
DOCUMENT = Call(
    "GET",
    "/report-documents/amzn1.tortuga.3.0a1b2c3d-0000-4000-8000-000000000000.T3FKJJI01Y1E32",
    NOW,
)
NEXT_PAGE = Call("GET", "/reports", NOW, {"nextToken": "nt-0a1b2c3d-0000-4000-8000-000000000000"})
NO_QUERY = Call("GET", "/report-schedules", NOW)
REPLACE = Call(
    "POST", "/report-schedules", NOW, {"deleteExistingSchedule": "true"}, b'{"a":"\xc3\xa9"}'
)
CALLS = {
    "getReports": GET_REPORTS,
    "createReport": CREATE_REPORT,
    "getReportSchedule": SCHEDULE,
    "cancelReportSchedule": CANCEL,
    "getReportDocument": DOCUMENT,
    "next page": NEXT_PAGE,
    "getReportSchedules": NO_QUERY,
    "createReportSchedule": REPLACE,
}

sdks = pytest.mark.parametrize("sdk", sorted(SIGNERS))
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
plain = st.text("abzAZ09-._~", max_size=12)
names = st.text("abzAZ09.", min_size=1, max_size=8)


@sdks
@pytest.mark.parametrize("algorithm", [SALT_20, SALT_32])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_each_sdk_is_let_in_by_both_algorithms(sdk: str, algorithm: str, call: Call) -> None:
    caller = knock(SIGNERS[sdk](account()._replace(algorithm=algorithm), call))
    assert caller == PayCaller(merchant_id=MERCHANT, environment="live", public_key_id=LIVE_ID)


@sdks
@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_key_without_prefix_is_let_in_where_the_path_says(sdk: str, environment: str) -> None:
    key = registered(BARE_ID, environment=None)
    sent = SIGNERS[sdk](account(BARE_ID)._replace(environment=environment), GET_REPORTS)
    assert sent.target.startswith(f"/{environment}/v2/reports".encode())
    assert knock(sent, key).environment == environment


@sdks
def test_sandbox_key_opens_the_sandbox(sdk: str) -> None:
    key = registered(SANDBOX_ID, environment="sandbox")
    assert knock(SIGNERS[sdk](account(SANDBOX_ID), GET_REPORTS), key).environment == "sandbox"


@sdks
def test_path_leads_to_its_resource_whatever_slashes_it_has(sdk: str) -> None:
    sent = SIGNERS[sdk](account(), GET_REPORTS)
    assert claim_of(sent).path.segments == ("reports",)
    assert claim_of(SIGNERS[sdk](account(), SCHEDULE)).path.segments == (
        "report-schedules",
        "68973459224",
    )


@sdks
@pytest.mark.parametrize("region", ["us", "na", "eu", "de", "uk", "jp"])
def test_regions_are_known_by_every_name(sdk: str, region: str) -> None:
    claim = claim_of(SIGNERS[sdk](account()._replace(region=region), GET_REPORTS))
    assert claim.region == {"us": "na", "de": "eu", "uk": "eu"}.get(region, region)


@sdks
def test_idempotency_key_is_read_in_any_case(sdk: str) -> None:
    claim = claim_of(SIGNERS[sdk](account(), CREATE_REPORT))
    assert idempotency_key(claim, strict=True) == "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("sdk", ["node", "php", "dotnet", "ruby"])
def test_usual_request_is_what_was_signed_so_that_one_verification_is_enough(sdk: str) -> None:
    """Java alone sends a query that it did not sign as it is."""
    sent = SIGNERS[sdk](account(), GET_REPORTS)
    claim = claim_of(sent)
    path, _, query = sent.target.partition(b"?")
    signed = claim.authorization.signed_headers
    parts = SignedParts("GET", path, query, signed, claim.headers, sent.canonical[-64:])
    assert Canonical(parts).request(AS_RECEIVED).decode() == sent.canonical


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["node", "php", "dotnet", "ruby"]),
    st.dictionaries(names, texts, max_size=4),
    st.binary(max_size=200),
)
@example("node", {"a": "it's!*()"}, b"null")
@example("php", {"a": "", "b": "x y~*"}, b"")
@example("ruby", {"a": "", "b": "x y~*+"}, b"")
@example("dotnet", {"a": "", "b": "x y~*+/\u30c6"}, b"")
def test_any_query_and_body_is_let_in(sdk: str, query: dict[str, str], body: bytes) -> None:
    call = Call("POST", "/reports", NOW, query, body)
    assert knock(SIGNERS[sdk](account(), call)).merchant_id == MERCHANT


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(names, plain | st.lists(plain, min_size=1, max_size=3), max_size=4))
@example({"createdSince": "2024-04-01T09:00:00+09:00", "reportTypes": ["B", "A"], "nextToken": ""})
@example({"a": "\u30c6\u30b9\u30c8"})
def test_any_query_that_java_sends_raw_and_unsorted_is_let_in(query: dict[str, str]) -> None:
    assert knock(SIGNERS["java"](account(), Call("GET", "/reports", NOW, query))).merchant_id


def test_java_collapses_slashes_before_it_signs() -> None:
    sent = SIGNERS["java"](account(), Call("GET", "//reports//A1", NOW))
    assert b"//reports" in sent.target
    assert claim_of(sent).path.segments == ("reports", "A1")
    assert knock(sent).merchant_id == MERCHANT


def test_java_escapes_a_path_before_it_signs() -> None:
    sent = SIGNERS["java"](account(), Call("GET", "/reports/caf\u00e9", NOW))
    assert claim_of(sent).path.segments == ("reports", "caf\u00e9")
    assert knock(sent).merchant_id == MERCHANT


@pytest.mark.parametrize(
    ("arrived", "path", "query"),
    [
        ("//v2/reports/%7e?b=1&a=%7e", "//v2/reports/%7e", "b=1&a=%7e"),
        ("//v2/reports/%7e?b=&a=%7e*", "//v2/reports/%7e", "a=~%2A&b="),
        ("/v2/reports?b=%2a%27&a=(x%20y)", "/v2/reports", "a=(x%20y)&b=*'"),
        ("/v2/reports?b=%20%2a&a=~+", "/v2/reports", "a=%7E+&b=+*"),
        ("/v2/reports?b=&a=+&c", "/v2/reports", "a=%2B"),
        ("//v2///reports/%7e?b=1&a=2", "/v2/reports/%7e", "b=1&a=2"),
        ("//v2/reports/%7e?b=1&a=2", "/v2/reports/%7e", "a=2&b=1"),
        ("//v2/r%65ports/%7e?b=1&a=2", "/v2/reports/~", "b=1&a=2"),
        ("//v2/r%65ports/%7e?b=1&a=2", "/v2/reports/~", "a=2&b=1"),
        ("/v2/reports?", "/v2/reports", ""),
    ],
    ids=[
        "as it came", "RFC 3986", "JavaScript", "form", "without empty values", "slashes",
        "slashes, RFC 3986", "path decoded", "path decoded, RFC 3986", "bare question mark",
    ],
)  # fmt: skip
def test_what_was_signed_is_found_by_each_reading(arrived: str, path: str, query: str) -> None:
    """Contract 2.5: the candidates for path and query."""
    sent = SIGNERS["php"](account(), Call("GET", "/reports", NOW))
    old = "GET\n/v2/reports\n\n"
    assert sent.canonical.startswith(old)
    canonical = f"GET\n{path}\n{query}\n{sent.canonical.removeprefix(old)}"
    names = canonical.split("\n")[-2]
    signed = with_header(sent, "authorization", authorization(account(), names, canonical))
    assert knock(signed._replace(target=arrived.encode())).merchant_id == MERCHANT


@sdks
def test_headers_of_the_program_are_let_in_with_their_blanks(sdk: str) -> None:
    value = "a\t b" if sdk == "java" else "a  \t b" if sdk == "dotnet" else "a b"
    call = CREATE_REPORT._replace(headers={"X-Amz-Pay-Platform-Version": value})
    assert knock(SIGNERS[sdk](account(), call)).merchant_id == MERCHANT


def test_documented_form_keeps_the_blanks_of_a_header() -> None:
    sent = SIGNERS["node"](account(), GET_REPORTS._replace(headers={"x-extra": "a\t b"}))
    query = b"&".join(reversed(sent.target.partition(b"?")[2].split(b"&")))
    assert knock(sent._replace(target=b"//v2/r%65ports?" + query)).merchant_id == MERCHANT


def test_signed_header_that_stands_twice_counts_with_its_values_joined() -> None:
    sent = SIGNERS["node"](account(), GET_REPORTS._replace(headers={"x-extra": "one,two"}))
    split = with_header(sent, "x-extra", None)
    twice = split._replace(headers=[("X-Extra", " one "), *split.headers, ("x-extra", "two")])
    assert knock(twice).merchant_id == MERCHANT


def test_empty_header_that_was_signed_may_get_lost() -> None:
    sent = SIGNERS["node"](account(), GET_REPORTS._replace(headers={"x-extra": ""}))
    assert knock(sent).merchant_id == knock(with_header(sent, "x-extra", None)).merchant_id


def test_header_that_is_named_in_two_cases_counts_twice() -> None:
    """As Node's SDK has it when a program passes a header that the SDK sets too."""
    sent = SIGNERS["node"](account(), GET_REPORTS._replace(headers={"Accept": "application/json"}))
    assert "=Accept;accept;" in header(sent, "authorization")
    once = sent._replace(headers=[pair for pair in sent.headers if pair[0] != "Accept"])
    assert knock(once).merchant_id == MERCHANT


def test_ruby_signs_the_length_of_its_body() -> None:
    sent = ruby(account(), CREATE_REPORT)
    assert ";content-type;" in header(sent, "authorization")
    assert "content-length" in header(sent, "authorization")
    assert knock(sent).merchant_id == MERCHANT


def test_any_order_of_the_parts_of_authorization_is_read() -> None:
    """Contract 2.2: leniently."""
    sent = SIGNERS["php"](account(), GET_REPORTS)
    algorithm, _, rest = header(sent, "authorization").partition(" ")
    for order in itertools.permutations(rest.split(", ")):
        for comma in (",", ", ", ",  "):
            changed: Sent = with_header(
                sent, "authorization", f"{algorithm} {comma.join(order)}{comma}x=1"
            )
            assert knock(changed).merchant_id == MERCHANT
