"""Whatever bytes arrive at the door, they are let in or refused with a reason (R-16)."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.auth.pay.knocking import (
    CREATE_REPORT,
    LIVE_ID,
    NOW,
    account,
    registered,
    request_of,
)
from tests.auth.pay.sdk_signers import SIGNERS
from torihiki.auth.pay.headers import idempotency_key
from torihiki.auth.pay.model import PayRequest
from torihiki.auth.pay.paths import parse_path
from torihiki.auth.pay.rules import caller_of, known_key, read_claim
from torihiki.kernel.pay_caller import PayCaller
from torihiki.kernel.problem import Kind, Problem

GOOD = request_of(SIGNERS["php"](account(), CREATE_REPORT))
NAMES = [name for name, _ in GOOD.headers]
REASONS = {
    Kind.INVALID_INPUT: {
        "InvalidRequest", "InvalidAPIVersion", "MissingHeader", "MissingHeaderValue",
        "InvalidHeaderValue",
    },
    Kind.UNAUTHORIZED: {
        "InvalidAuthentication", "InvalidRequestSignature", "InvalidAuthorizationToken",
    },
    Kind.NOT_FOUND: {"ResourceNotFound"},
}  # fmt: skip

PIECES = (
    b"/", b"v2", b"live", b"sandbox", b"?", b"&", b"=", b"%", b"%2", b"%2F", b"%ff", b"+", b",", b";",
    b"AMZN-PAY-RSASSA-PSS ", b"PublicKeyId=", b"SignedHeaders=", b"Signature=", b"x-amz-pay-date",
    LIVE_ID.encode(), b"AAAA", b"20240501T120000Z", b"jp", b" ", b"\t", b"\n", b"\0", b"\xc3\xa9",
)  # fmt: skip

pieces = st.sampled_from(PIECES)
texts = st.binary(max_size=40) | st.lists(pieces, max_size=12).map(b"".join)
headers = st.lists(st.tuples(st.sampled_from(NAMES) | texts, texts), max_size=6)


def answered(request: PayRequest, body: bytes) -> PayCaller | Problem:
    try:
        claim = read_claim(request, now=NOW)
        with contextlib.suppress(Problem):
            idempotency_key(claim)
        return caller_of(claim, known_key(claim, registered()), body)
    except Problem as caught:
        problem = caught
    assert problem.code in REASONS[problem.kind]
    assert problem.message
    assert len(problem.message.encode()) < 300
    return problem


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(["GET", "POST", "DELETE"]) | st.text(max_size=5), texts, headers, texts)
def test_any_request_is_refused_with_a_reason(
    method: str, target: bytes, found: list[tuple[bytes, bytes]], body: bytes
) -> None:
    request = PayRequest(method=method, target=target, headers=tuple(found))
    assert isinstance(answered(request, body), Problem)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(NAMES), texts)
def test_any_value_of_one_header_is_refused_unless_it_is_not_signed(
    name: bytes, value: bytes
) -> None:
    changed = tuple((one, value if one == name else text) for one, text in GOOD.headers)
    found = answered(
        PayRequest(method="POST", target=GOOD.target, headers=changed), CREATE_REPORT.body
    )
    unsigned = {b"user-agent", b"x-amz-pay-sdk-type"}
    assert isinstance(found, Problem) or name in unsigned or (name, value.strip()) in GOOD.headers


@settings(deadline=None, max_examples=400)
@given(texts)
def test_any_target_is_refused(target: bytes) -> None:
    for start in (b"", b"/v2/reports", b"/live/v2/reports?"):
        request = PayRequest(method="POST", target=start + target, headers=GOOD.headers)
        found = answered(request, CREATE_REPORT.body)
        if not isinstance(found, Problem):
            path = parse_path(request.target.partition(b"?")[0])
            assert path is not None
            assert path.segments == ("reports",)
