"""Reads requests for restricted data tokens, as leniently as Amazon does, and renders the answer (contract 3.4)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from torihiki.auth.model import IssuedRestrictedToken, RestrictedResource
from torihiki.kernel.problem import Kind, Problem

BODY_MAX_BYTES: Final = 64 * 1024
RESOURCES_MAX: Final = 50
TEXT_MAX_CHARACTERS: Final = 512
"""The longest path of any operation takes a quarter of it; what was asked for is kept with the token."""
JSON: Final = b"application/json"


class RequestedResource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One call that the token is for; getOrders, getOrder and getOrderItems need `dataElements`."""

    method: Annotated[str, msgspec.Meta(examples=["GET"])]
    path: Annotated[str, msgspec.Meta(examples=["/orders/v0/orders/{orderId}"])]
    data_elements: list[str] | UnsetType = UNSET


class CreateRestrictedDataTokenRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The request, for the documents."""

    restricted_resources: Annotated[
        list[RequestedResource], msgspec.Meta(min_length=1, max_length=RESOURCES_MAX)
    ]
    target_application: str | UnsetType = UNSET


class CreateRestrictedDataTokenResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The success body; it has no envelope."""

    restricted_data_token: str
    expires_in: int


def invalid_request(details: str) -> Problem:
    """A 400 in the words of this operation, whose code is its own."""
    return Problem(
        Kind.INVALID_INPUT,
        "Request is missing or has invalid parameters",
        details,
        code="InvalidRequest",
    )


def parse_request(content_type: bytes | None, body: bytes) -> tuple[RestrictedResource, ...]:
    """What a token is asked for.

    Members that are not known are ignored. `restrictedResources` may be an object, which names nothing: developers saw
    that minted and then refused at every use. `targetApplication` must be a string and has no effect.

    Args:
        content_type: The header; None: taken for JSON.
        body: As it came.

    Raises:
        Problem: It cannot be read; the details say where.
    """
    if content_type and content_type.partition(b";")[0].strip().lower() != JSON:
        raise invalid_request("The content type is not application/json.")
    request = _decoded(body)
    target = request.get("targetApplication")
    if target is not None:
        _text(target, "targetApplication")
    listed = request.get("restrictedResources")
    if listed is None or listed == []:
        raise invalid_request("Resource not provided.")
    if isinstance(listed, dict):
        return ()
    if not isinstance(listed, list):
        raise invalid_request("restrictedResources is not a list.")
    if len(listed) > RESOURCES_MAX:
        raise invalid_request(f"restrictedResources has more than {RESOURCES_MAX} members.")
    return tuple(
        _resource(member, f"restrictedResources[{number}]") for number, member in enumerate(listed)
    )


def render_token(issued: IssuedRestrictedToken) -> bytes:
    """The success body."""
    return msgspec.json.encode(
        CreateRestrictedDataTokenResponse(
            restricted_data_token=issued.token, expires_in=issued.expires_in_s
        )
    )


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise invalid_request("The request body is not valid JSON.") from error
    if not isinstance(request, dict):
        raise invalid_request("The request body is not an object.")
    return request


def _resource(member: object, where: str) -> RestrictedResource:
    if not isinstance(member, dict):
        raise invalid_request(f"{where} is not an object.")
    return RestrictedResource(
        method=_text(member.get("method"), f"{where}.method"),
        path=_text(member.get("path"), f"{where}.path"),
        elements=_elements(member.get("dataElements"), f"{where}.dataElements"),
    )


def _elements(listed: object, where: str) -> tuple[str, ...]:
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise invalid_request(f"{where} is not a list.")
    names = [_text(name, f"{where}[{number}]") for number, name in enumerate(listed)]
    return tuple(dict.fromkeys(names))


def _text(value: object, where: str) -> str:
    if value is None:
        raise invalid_request(f"{where} is missing.")
    if not isinstance(value, str):
        raise invalid_request(f"{where} is not a string.")
    if len(value) > TEXT_MAX_CHARACTERS:
        raise invalid_request(f"{where} is longer than {TEXT_MAX_CHARACTERS} characters.")
    if "\0" in value:
        raise invalid_request(f"{where} has a NUL character.")
    return value
