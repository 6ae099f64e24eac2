"""Reads a JSON request body against its wire type and refuses it in Amazon's words (contract 1.9 row 5, 4.1)."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

import msgspec
from msgspec import inspect

from torihiki.kernel.dates import parse_date
from torihiki.kernel.problem import invalid_input
from torihiki.orders.v0.query import Refusals

Json = dict[str, Any]

_type_info: Final = functools.cache(inspect.type_info)

SHOWN_MAX: Final = 200
"""Characters of a refused value that its refusal repeats."""
FOUND_MAX: Final = 100
"""Reasons that a refusal names. Without an end, a body of a megabyte is answered with fifty."""


def decoded_body(body: bytes) -> Json:
    """The body as it was sent.

    Raises:
        Problem: It is no JSON object.
    """
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise invalid_input() from error
    if not isinstance(value, dict):
        raise invalid_input()
    return value


def read_members(value: Json, kind: type[msgspec.Struct], *, complete: bool = False) -> Json:
    """The members that `kind` declares, nested ones likewise; null counts as left out.

    Args:
        value: What was sent.
        kind: The type of the body.
        complete: Whether a required member that is left out is refused like a bad value. Without, the operation has a
            text of its own for it.

    Raises:
        Problem: Members have the wrong type, dates among them; or their values break a constraint.
    """
    reading = _Reading(complete=complete)
    read: Json = reading.value(value, _type_info(kind), "")
    reading.raise_if_bad()
    return read


def read_body(body: bytes, kind: type[msgspec.Struct]) -> Json:
    """`read_members` of `decoded_body`."""
    return read_members(decoded_body(body), kind)


def required_members(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names of the members that must not be left out."""
    return tuple(field.encode_name for field in msgspec.structs.fields(kind) if field.required)


class _Reading:
    """One body, and what was found wrong with it so far."""

    def __init__(self, *, complete: bool) -> None:
        self._complete = complete
        self._wrong_types: list[str] = []
        self._refusals = Refusals()
        self._found = 0

    def raise_if_bad(self) -> None:
        """Wrong types first: who cannot read a value cannot look at it."""
        if self._wrong_types:
            raise invalid_input(
                "The input you have submitted is not valid. Please check the fields with invalid type "
                f"[{', '.join(self._wrong_types)}]."
            )
        self._refusals.raise_if_any()

    def value(self, value: Any, kind: inspect.Type, path: str) -> Any:  # noqa: ANN401 - any JSON, in and out
        """The value without what its type does not declare."""
        match kind:
            case inspect.Metadata(type=inner):
                self._date(value, kind, path)
                return self.value(value, inner, path)
            case inspect.StructType() if isinstance(value, dict):
                return self._members(value, kind, path)
            case inspect.VarTupleType() if isinstance(value, list):
                return self._list(value, kind, path)
            case inspect.EnumType() if isinstance(value, str):
                self._one_of(value, [str(member.value) for member in kind.cls], path)
            case inspect.LiteralType() if isinstance(value, str):
                if value not in kind.values:
                    self._one_of(value, [str(one) for one in kind.values if one], path)
            case inspect.StrType() if isinstance(value, str):
                self._text(value, kind, path)
            case inspect.IntType() if isinstance(value, int) and not isinstance(value, bool):
                self._number(value, kind, path)
            case _:
                self._wrong_type(path)
        return value

    def _members(self, value: Json, kind: inspect.StructType, path: str) -> Json:
        prefix = f"{path}." if path else ""
        if self._complete:
            for field in kind.fields:
                if field.required and value.get(field.encode_name) is None:
                    self._refusals.add_missing(prefix + field.encode_name)
                    self._end_if_enough()
        return {
            field.encode_name: self.value(
                value[field.encode_name], field.type, prefix + field.encode_name
            )
            for field in kind.fields
            if value.get(field.encode_name) is not None
        }

    def _list(self, value: list[Any], kind: inspect.VarTupleType, path: str) -> list[Any]:
        if kind.min_length is not None and len(value) < kind.min_length:
            self._refuse([], path, _at_least("length", kind.min_length))
        if kind.max_length is not None and len(value) > kind.max_length:
            self._refuse(f"{len(value)} members", path, _at_most("length", kind.max_length))
            return []
        return [
            self.value(item, kind.item_type, f"{path}[{place}]") for place, item in enumerate(value)
        ]

    def _date(self, value: object, kind: inspect.Metadata, path: str) -> None:
        if (kind.extra_json_schema or {}).get("format") != "date-time":
            return
        if isinstance(value, str) and value and parse_date(value) is None:
            self._wrong_type(path)

    def _one_of(self, value: str, allowed: list[str], path: str) -> None:
        if value not in allowed:
            self._refuse(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")

    def _text(self, value: str, kind: inspect.StrType, path: str) -> None:
        if kind.min_length is not None and len(value) < kind.min_length:
            self._refuse(value, path, _at_least("length", kind.min_length))
        if kind.pattern is not None and re.search(kind.pattern, value) is None:
            self._refuse(value, path, "Member must be one line of text")
        if kind.max_length is not None and len(value) > kind.max_length:
            self._refuse(value, path, _at_most("length", kind.max_length))

    def _number(self, value: int, kind: inspect.IntType, path: str) -> None:
        if kind.ge is not None and value < kind.ge:
            self._refuse(value, path, _at_least("value", kind.ge))
        if kind.le is not None and value > kind.le:
            self._refuse(value, path, _at_most("value", kind.le))

    def _wrong_type(self, path: str) -> None:
        self._wrong_types.append(path)
        self._end_if_enough()

    def _refuse(self, value: object, path: str, constraint: str) -> None:
        self._refusals.add(str(value)[:SHOWN_MAX], path, constraint)
        self._end_if_enough()

    def _end_if_enough(self) -> None:
        self._found += 1
        if self._found >= FOUND_MAX:
            self.raise_if_bad()


def _at_least(what: str, bound: float) -> str:
    return f"Member must have {what} greater than or equal to {bound}"


def _at_most(what: str, bound: float) -> str:
    return f"Member must have {what} less than or equal to {bound}"
