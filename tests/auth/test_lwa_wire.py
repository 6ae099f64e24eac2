"""Whatever bytes arrive at the token endpoint, they are read or refused."""

from __future__ import annotations

import contextlib
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.auth.lwa.wire import PARAMETERS, parse_request
from torihiki.auth.model import OAuthProblem, TokenRequest
from torihiki.auth.rules import known_grant, required

FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"

content_types = st.sampled_from([None, b"", JSON, FORM]) | st.binary(max_size=30)
shaped = st.builds(
    b"".join,
    st.lists(
        st.sampled_from([b"grant_type", b"code", b"=", b"&", b"%", b"|", b"+", b"{", b"}", b'"'])
        | st.sampled_from([b":", b"[", b"]", b"\\u", b"d800", b"\xff", b"\x00", b" ", b",", b"1"]),
        max_size=30,
    ),
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
requests = st.dictionaries(st.sampled_from(sorted(PARAMETERS)), texts)


MALFORMED = "Malformed request"
TWICE = "The request has a parameter more than once: code"
NOT_TEXT = "The parameter is not a string: code"
TOO_LONG = "The parameter is too long: code"


@pytest.mark.parametrize(
    ("content_type", "body", "description"),
    [
        (FORM, b"code=a&code=b", TWICE),
        (FORM, b"code=a&code=", TWICE),
        (FORM, b"code=%ff", MALFORMED),
        (FORM, b"code=\xff", MALFORMED),
        (FORM, b"code=a%00b", MALFORMED),
        (FORM, b"code=a\x00b", MALFORMED),
        (FORM, b"code=%ED%A0%80", MALFORMED),
        (FORM, b"code=" + b"a" * 2049, TOO_LONG),
        (FORM, b"", "The request is missing a required parameter: grant_type"),
        (FORM, b"&&==&", "The request is missing a required parameter: grant_type"),
        (JSON, b'{"code":"a","code":"b"}', TWICE),
        (JSON, b'{"code":1}', NOT_TEXT),
        (JSON, b'{"code":["a"]}', NOT_TEXT),
        (JSON, b'{"code":{}}', NOT_TEXT),
        (JSON, b'{"code":false}', NOT_TEXT),
        (JSON, b'{"code":"a\\u0000"}', MALFORMED),
        (JSON, b'{"code":"\\ud800"}', MALFORMED),
        (JSON, b'{"code":"\xff"}', MALFORMED),
        (JSON, b'{"code":"' + b"a" * 2049 + b'"}', TOO_LONG),
        (JSON, b'{"code":' + b"9" * 5000 + b"}", MALFORMED),
        (JSON, b'{"x":' + b"[" * 60_000, MALFORMED),
        (JSON, b"[" * 60_000 + b"]" * 4, MALFORMED),
        (JSON, b'[["code","a"]]', MALFORMED),
        (JSON, b'"code"', MALFORMED),
        (JSON, b"null", MALFORMED),
        (JSON, b"", MALFORMED),
        (JSON, b"{", MALFORMED),
        (JSON, b"code=a", MALFORMED),
        (JSON, b"{}", "The request is missing a required parameter: grant_type"),
    ],
)
def test_broken_body_gets_a_clear_refusal(
    content_type: bytes, body: bytes, description: str
) -> None:
    with pytest.raises(OAuthProblem) as caught:
        known_grant(required(parse_request(content_type, None, body).grant_type, "grant_type"))
    found = caught.value
    assert (found.status, found.error, found.description) == (400, "invalid_request", description)


@given(content_type=content_types, authorization=st.none() | shaped, body=st.binary() | shaped)
def test_any_bytes_are_a_request_or_an_oauth_problem(
    content_type: bytes | None, authorization: bytes | None, body: bytes
) -> None:
    with contextlib.suppress(OAuthProblem):
        parse_request(content_type, authorization, body)


@given(header=st.binary(max_size=60))
def test_any_basic_header_is_read_or_refused(header: bytes) -> None:
    with contextlib.suppress(OAuthProblem):
        parse_request(None, b"Basic " + header, b"")


@given(fields=requests)
def test_form_and_json_say_the_same(fields: dict[str, str]) -> None:
    form = parse_request(FORM, None, urlencode(fields).encode())
    spelt = parse_request(JSON, None, json.dumps(fields).encode())
    assert form == spelt == TokenRequest(**fields)
