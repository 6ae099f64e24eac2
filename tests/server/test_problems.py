"""Error bodies, byte for byte (contract 1.8, 1.9)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.problem import (
    Kind,
    Problem,
    invalid_input,
    quota_exceeded,
    unauthorized,
    unavailable,
)
from torihiki.server.problems import INTERNAL_FAILURE, UNAVAILABLE, render

EXPIRED = "The access token you provided has expired."


@pytest.mark.parametrize(
    ("problem", "status", "length"),
    [
        (unauthorized(), 403, 143),
        (unauthorized(EXPIRED), 403, 185),
        (invalid_input(), 400, 185),
        (quota_exceeded(), 429, 156),
    ],
    ids=["row 12", "row 11", "row 3", "row 15"],
)
def test_bodies_have_the_lengths_that_were_captured(
    problem: Problem, status: int, length: int
) -> None:
    answer = render(problem)
    assert (answer.status, len(answer.body)) == (status, length)


def test_internal_failure_has_the_length_that_was_captured() -> None:
    """Row 16."""
    assert (INTERNAL_FAILURE.status, len(INTERNAL_FAILURE.body)) == (500, 158)


def test_older_gateway_body_has_the_length_that_was_captured() -> None:
    """models#772: 136 bytes, message first, five-space inner indent, no details (contract 1.8)."""
    problem = invalid_input("Missing or invalid request parameters: [marketplaceIds]", None)
    answer = render(problem)
    assert len(answer.body) == 136
    assert answer.body == (
        b'{\n  "errors": [\n    {\n'
        b'     "message": "Missing or invalid request parameters: [marketplaceIds]",\n'
        b'     "code": "InvalidInput"\n'
        b"    }\n  ]\n}"
    )


def test_plain_refusal_is_pretty_printed_with_details_last() -> None:
    assert render(unauthorized(EXPIRED)).body == (
        b'{\n  "errors": [\n    {\n'
        b'      "code": "Unauthorized",\n'
        b'      "message": "Access to requested resource is denied.",\n'
        b'      "details": "The access token you provided has expired."\n'
        b"    }\n  ]\n}"
    )


def test_message_can_be_null_and_then_names_another_error_type() -> None:
    """Row 6."""
    answer = render(invalid_input(None, None))
    assert json.loads(answer.body) == {"errors": [{"message": None, "code": "InvalidInput"}]}
    assert (b"x-amzn-errortype", b"InvalidQueryStringException") in answer.headers


def test_quotes_and_equal_signs_are_escaped_as_gson_does() -> None:
    """Contract 1.8: `'` and `=` were seen escaped, `<`, `>` and `&` belong to the same escaper."""
    body = render(invalid_input("Value '[A=B]' <&>")).body
    assert b"Value \\u0027[A\\u003dB]\\u0027 \\u003c\\u0026\\u003e" in body
    assert json.loads(body)["errors"][0]["message"] == "Value '[A=B]' <&>"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=20) | st.none())
def test_any_message_gives_json_that_says_it_unchanged(message: str, details: str | None) -> None:
    details = None if details is None else details.encode("utf-8", "replace").decode()
    error = json.loads(render(invalid_input(message, details)).body)["errors"][0]
    assert error["message"] == message
    assert error.get("details") == details


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_refusal_has_a_status_and_a_code(kind: Kind) -> None:
    answer = render(Problem(kind, "Why."))
    assert 400 <= answer.status < 600
    assert json.loads(answer.body)["errors"][0]["code"]


def test_unavailable_is_a_503() -> None:
    """Row 17; the same answer whether rendered or ready-made."""
    assert render(unavailable()) == UNAVAILABLE
    assert UNAVAILABLE.status == 503
