"""Whatever is changed after it was signed, and whoever else signed it, is refused (R-16)."""

from __future__ import annotations

import base64
import hashlib
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.auth.pay.knocking import (
    CREATE_REPORT,
    GET_REPORTS,
    LIVE_ID,
    NOW,
    account,
    header,
    knock,
    pair,
    refused,
    registered,
    request_of,
    with_header,
)
from tests.auth.pay.sdk_signers import SALT_20, SALT_32, SALTS, SIGNERS, Call, Sent
from torihiki.auth.pay.canonical import READINGS
from torihiki.auth.pay.rules import caller_of, read_claim
from torihiki.kernel.pay_caller import PayCaller
from torihiki.kernel.problem import Problem

POSTED = SIGNERS["php"](account(), CREATE_REPORT._replace(query={"deleteExistingSchedule": "true"}))
WRONG_SIGNATURE = "InvalidRequestSignature"


def outcome(sent: Sent) -> PayCaller | Problem:
    try:
        return knock(sent)
    except Problem as problem:
        return problem


def flipped(text: bytes, position: int, bit: int = 0) -> bytes:
    return text[:position] + bytes([text[position] ^ 1 << bit]) + text[position + 1 :]


def test_request_as_it_was_signed_is_let_in() -> None:
    assert knock(POSTED).public_key_id == LIVE_ID


@pytest.mark.parametrize("bit", [0, 1, 2])
def test_no_byte_of_the_target_can_be_changed(bit: int) -> None:
    for position in range(len(POSTED.target)):
        changed = POSTED._replace(target=flipped(POSTED.target, position, bit))
        assert isinstance(outcome(changed), Problem), changed.target


def test_no_byte_of_the_body_can_be_changed_added_or_left_out() -> None:
    body = POSTED.body
    for position in range(len(body)):
        refused(POSTED._replace(body=flipped(body, position)), WRONG_SIGNATURE)
        refused(POSTED._replace(body=body[:position]), WRONG_SIGNATURE)
    for other in (body + b" ", b" " + body, body + b"\n", body + body, b""):
        refused(POSTED._replace(body=other), WRONG_SIGNATURE)


def test_no_byte_of_a_signed_header_can_be_changed() -> None:
    signed = header(POSTED, "authorization").partition("SignedHeaders=")[2].partition(",")[0]
    assert len(signed.split(";")) == 6
    for name in signed.split(";"):
        value = header(POSTED, name)
        for position in range(len(value)):
            other = flipped(value.encode(), position).decode()
            assert isinstance(outcome(with_header(POSTED, name, other)), Problem), (name, other)
        assert isinstance(outcome(with_header(POSTED, name, value + "x")), Problem)
        assert isinstance(outcome(with_header(POSTED, name, None)), Problem)
        twice = POSTED._replace(headers=[*POSTED.headers, (name, value)])
        assert isinstance(outcome(twice), Problem)


def test_no_character_of_authorization_can_be_changed() -> None:
    value = header(POSTED, "authorization")
    for position in range(len(value)):
        other = flipped(value.encode(), position).decode()
        assert isinstance(outcome(with_header(POSTED, "authorization", other)), Problem), other


def test_the_method_is_signed() -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "PUSH"):
        refused(POSTED._replace(method=method), WRONG_SIGNATURE)


@pytest.mark.parametrize("named", [SALT_20, SALT_32])
def test_algorithm_cannot_be_named_for_another(named: str) -> None:
    other = SALT_32 if named == SALT_20 else SALT_20
    sent = SIGNERS["node"](account()._replace(algorithm=named), GET_REPORTS)
    swapped = header(sent, "authorization").replace(f"{named} ", f"{other} ", 1)
    refused(with_header(sent, "authorization", swapped), WRONG_SIGNATURE)


@pytest.mark.parametrize("named", [SALT_20, SALT_32])
@pytest.mark.parametrize("length", [0, 19, 20, 21, 32, 33, 222])
def test_salt_of_another_length_is_refused(
    named: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = SALTS[named]
    monkeypatch.setitem(SALTS, named, length)
    sent = SIGNERS["node"](account()._replace(algorithm=named), GET_REPORTS)
    if length == right:
        assert knock(sent).public_key_id == LIVE_ID
    else:
        refused(sent, WRONG_SIGNATURE)


@pytest.mark.parametrize("sdk", sorted(SIGNERS))
def test_signature_of_another_key_is_refused(sdk: str) -> None:
    refused(SIGNERS[sdk](account(number=1), GET_REPORTS), WRONG_SIGNATURE)
    refused(SIGNERS[sdk](account(), GET_REPORTS), WRONG_SIGNATURE, registered(number=1))


@pytest.mark.parametrize("length", [1, 255, 257, 512, 1024])
def test_signature_of_another_length_is_refused(length: int) -> None:
    value = header(POSTED, "authorization").partition("Signature=")[0]
    text = base64.b64encode(b"\x01" * length).decode()
    refused(with_header(POSTED, "authorization", f"{value}Signature={text}"), WRONG_SIGNATURE)


def test_message_has_the_string_to_sign_that_the_developer_can_compare() -> None:
    """Contract 2.8: as developers saw it, with the algorithm and the hash of the canonical request."""
    for sdk in ("php", "java", "dotnet"):
        sent = SIGNERS[sdk](account(number=1), GET_REPORTS)
        digest = hashlib.sha256(sent.canonical.encode()).hexdigest()
        assert refused(sent, WRONG_SIGNATURE).message == (
            f"Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2\n{digest}]"
        )


@given(st.binary(max_size=3000))
def test_message_does_not_grow_with_the_request(body: bytes) -> None:
    message = refused(POSTED._replace(body=b"x" + body), WRONG_SIGNATURE).message
    assert message is not None
    assert len(message) < 200


def test_date_must_be_signed() -> None:
    names = header(POSTED, "authorization")
    for other in ("x-amz-pay-host", "x-amz-pay-datex", "X-Amz-Pay-Dat"):
        value = names.replace("x-amz-pay-date", other)
        message = refused(with_header(POSTED, "authorization", value), "InvalidHeaderValue").message
        assert message is not None
        assert message.endswith("SignedHeaders must name x-amz-pay-date.")


def test_call_for_somebody_else_is_refused_only_after_the_signature() -> None:
    """No authorization token is ever given out, so none is good; passed over, it would show the wrong merchant's."""
    call = GET_REPORTS._replace(headers={"x-amz-pay-authtoken": "amzn1.token"})
    for sdk in SIGNERS:
        refused(SIGNERS[sdk](account(), call), "InvalidAuthorizationToken")
        refused(SIGNERS[sdk](account(number=1), call), WRONG_SIGNATURE)


def test_key_of_4096_bits_is_good() -> None:
    private, public = pair(2, 4096)
    sent = SIGNERS["ruby"](account()._replace(private_key_pem=private), GET_REPORTS)
    refused(sent, WRONG_SIGNATURE)
    key = msgspec.structs.replace(registered(), merchant_id="A2", public_key_pem=public)
    assert knock(sent, key).merchant_id == "A2"


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(sorted(SIGNERS)),
    st.lists(st.tuples(st.text("ab", max_size=2), st.text("ab ", max_size=2)), max_size=3),
    st.lists(st.tuples(st.text("ab", max_size=2), st.text("ab ", max_size=2)), max_size=3),
)
def test_query_that_means_something_else_is_refused(
    sdk: str, signed: list[tuple[str, str]], arrived: list[tuple[str, str]]
) -> None:
    """The readings make equal only what differs in order, in escapes and in parameters without a value."""

    def meaning(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return sorted((name, value) for name, value in pairs if value)

    sent = SIGNERS[sdk](account(), Call("GET", "/reports", NOW, dict(signed)))
    path = sent.target.partition(b"?")[0]
    query = "&".join(f"{name}={value}".replace(" ", "%20") for name, value in arrived).encode()
    found = outcome(sent._replace(target=path + b"?" + query))
    if meaning(arrived) != meaning(list(dict(signed).items())):
        assert isinstance(found, Problem)


def test_the_longest_query_that_fits_nothing_costs_little() -> None:
    """Each reading differs here, so that every one is verified; an attacker gets no more than this out of a request."""
    assert len(READINGS) == 11
    pairs = "&".join(f"%7e*'{number}%zz={'+' * 50}" for number in range(62)) + "&e="
    target = f"//v2/r%65ports?{pairs}".encode()
    sent = SIGNERS["java"](account(number=1), GET_REPORTS)._replace(target=target)
    sent = with_header(sent, "user-agent", "a\t\t b")
    value = header(sent, "authorization").replace("accept;", "accept;user-agent;")
    sent = with_header(sent, "authorization", value)
    claim = read_claim(request_of(sent), now=NOW)
    key = registered()
    started = time.perf_counter()
    with pytest.raises(Problem):
        caller_of(claim, key, b"")
    # About two milliseconds; the rest is for a busy machine.
    assert time.perf_counter() - started < 0.25
