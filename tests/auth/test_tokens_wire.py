"""Requests for restricted data tokens: what is read, what is overlooked, and what is refused where (contract 3.4)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.auth.model import IssuedRestrictedToken, RestrictedResource
from torihiki.auth.tokens.wire import parse_request, render_token
from torihiki.kernel.problem import Kind, Problem

JSON = b"application/json"
RESOURCE = {"method": "GET", "path": "/orders/v0/orders", "dataElements": ["buyerInfo"]}
READ = RestrictedResource(method="GET", path="/orders/v0/orders", elements=("buyerInfo",))


def body(**members: Any) -> bytes:
    return json.dumps({"restrictedResources": [RESOURCE], **members}).encode()


def with_resource(**members: Any) -> bytes:
    return body(restrictedResources=[RESOURCE, RESOURCE | members])


def refusal(content: bytes, content_type: bytes | None = JSON) -> Problem:
    with pytest.raises(Problem) as caught:
        parse_request(content_type, content)
    return caught.value


@pytest.mark.parametrize(
    "content_type",
    [JSON, None, b"", b"application/json; charset=utf-8", b"Application/JSON;x", b" application/json "],
)  # fmt: skip
def test_json_is_read_by_whatever_name(content_type: bytes | None) -> None:
    assert parse_request(content_type, body()) == (READ,)


def test_fifty_resources_are_read_in_order() -> None:
    listed = [{"method": "GET", "path": f"/{number}"} for number in range(50)]
    found = parse_request(JSON, body(restrictedResources=listed))
    assert [one.path for one in found] == [f"/{number}" for number in range(50)]


LENIENT = {
    "unknown members": (body(x=1, restrictedResources=[RESOURCE | {"y": {}}]), (READ,)),
    "no target": (body(targetApplication=None), (READ,)),
    "any target": (body(targetApplication="amzn1.sellerapps.app.x"), (READ,)),
    "element twice": (
        body(restrictedResources=[RESOURCE | {"dataElements": ["buyerInfo", "buyerInfo"]}]),
        (READ,),
    ),
    "elements null": (
        body(restrictedResources=[RESOURCE | {"dataElements": None}]),
        (RestrictedResource(method="GET", path="/orders/v0/orders"),),
    ),
    "odd method and path": (
        body(restrictedResources=[{"method": "gEt", "path": "getOrders?é"}]),
        (RestrictedResource(method="gEt", path="getOrders?é"),),
    ),
    "an object (docs#2011)": (body(restrictedResources=RESOURCE), ()),
    "longest path": (
        body(restrictedResources=[{"method": "GET", "path": "é" * 512}]),
        (RestrictedResource(method="GET", path="é" * 512),),
    ),
}


@pytest.mark.parametrize(("content", "resources"), LENIENT.values(), ids=LENIENT.keys())
def test_what_is_overlooked(content: bytes, resources: tuple[RestrictedResource, ...]) -> None:
    assert parse_request(JSON, content) == resources


NOT_PROVIDED = "Resource not provided."
NOT_JSON = "The request body is not valid JSON."
REFUSED = {
    "no body": (b"", NOT_PROVIDED),
    "no resources": (b"{}", NOT_PROVIDED),
    "wrong case": (b'{"RestrictedResources": []}', NOT_PROVIDED),
    "null": (body(restrictedResources=None), NOT_PROVIDED),
    "empty list": (body(restrictedResources=[]), NOT_PROVIDED),
    "broken": (b'{"restrictedResources": [', NOT_JSON),
    "not JSON": (b"restrictedResources=x", NOT_JSON),
    "not UTF-8": (b'{"restrictedResources": "\xff"}', NOT_JSON),
    "lone surrogate": (body(targetApplication="\ud800"), NOT_JSON),
    "deep": (b"[" * 60_000, NOT_JSON),
    "huge number": (b'{"x": 1e999}', NOT_JSON),
    "a list": (b"[]", "The request body is not an object."),
    "JSON null": (b"null", "The request body is not an object."),
    "a string for the list": (
        body(restrictedResources="/orders"),
        "restrictedResources is not a list.",
    ),
    "false for the list": (body(restrictedResources=False), "restrictedResources is not a list."),
    "fifty-one": (
        body(restrictedResources=[RESOURCE] * 51),
        "restrictedResources has more than 50 members.",
    ),
    "a string for a resource": (
        body(restrictedResources=[RESOURCE, "x"]),
        "restrictedResources[1] is not an object.",
    ),
    "no method": (
        body(restrictedResources=[{"path": "x"}]),
        "restrictedResources[0].method is missing.",
    ),
    "no path": (
        body(restrictedResources=[{"method": "GET"}]),
        "restrictedResources[0].path is missing.",
    ),
    "path null": (with_resource(path=None), "restrictedResources[1].path is missing."),
    "method a number": (with_resource(method=1), "restrictedResources[1].method is not a string."),
    "path a list": (with_resource(path=[]), "restrictedResources[1].path is not a string."),
    "path too long": (
        with_resource(path="a" * 513),
        "restrictedResources[1].path is longer than 512 characters.",
    ),
    "path with NUL": (
        with_resource(path="/\0"),
        "restrictedResources[1].path has a NUL character.",
    ),
    "elements a string": (
        with_resource(dataElements="buyerInfo"),
        "restrictedResources[1].dataElements is not a list.",
    ),
    "element a number": (
        with_resource(dataElements=["buyerInfo", 0]),
        "restrictedResources[1].dataElements[1] is not a string.",
    ),
    "element null": (
        with_resource(dataElements=[None]),
        "restrictedResources[1].dataElements[0] is missing.",
    ),
    "element with NUL": (
        with_resource(dataElements=["\0"]),
        "restrictedResources[1].dataElements[0] has a NUL character.",
    ),
    "target a number": (body(targetApplication=7), "targetApplication is not a string."),
    "target false": (body(targetApplication=False), "targetApplication is not a string."),
    "target too long": (
        body(targetApplication="a" * 513),
        "targetApplication is longer than 512 characters.",
    ),
}


@pytest.mark.parametrize(("content", "details"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_says_where(content: bytes, details: str) -> None:
    problem = refusal(content)
    assert (problem.kind, problem.code) == (Kind.INVALID_INPUT, "InvalidRequest")
    assert problem.message == "Request is missing or has invalid parameters"
    assert problem.details == details


@pytest.mark.parametrize(
    "content_type", [b"text/plain", b"application/x-www-form-urlencoded", b"json", b"application/"]
)
def test_other_content_types_are_refused(content_type: bytes) -> None:
    problem = refusal(body(), content_type)
    assert (problem.code, problem.details) == (
        "InvalidRequest",
        "The content type is not application/json.",
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "restrictedResources": JSON_VALUES
            | st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "method": st.text() | JSON_VALUES,
                        "path": st.text() | JSON_VALUES,
                        "dataElements": st.lists(st.text()) | JSON_VALUES,
                    },
                )
            ),
            "targetApplication": JSON_VALUES,
        },
    )
)
def test_any_request_is_read_or_refused_and_what_is_read_can_be_kept(request: Any) -> None:
    try:
        resources = parse_request(JSON, json.dumps(request).encode())
    except Problem:
        return
    kept = msgspec.json.encode(resources)
    assert msgspec.json.decode(kept, type=tuple[RestrictedResource, ...]) == resources


def test_success_is_flat() -> None:
    """The guide's envelope is wrong (contract 3.4)."""
    issued = IssuedRestrictedToken(token="Atz.sprdt|x", expires_in_s=3600)
    assert render_token(issued) == b'{"restrictedDataToken":"Atz.sprdt|x","expiresIn":3600}'
