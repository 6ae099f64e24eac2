"""Builds what was signed from what arrived: there is one documented form, and each SDK has its own idea of it.

A reading is one SDK's idea. Readings make equal only what differs in escapes (a plus and a blank included), in the order
of parameters, in parameters without a value and in repeated slashes; operations must not tell such requests apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

Form = Callable[[bytes], bytes]

_SLASHES: Final = re.compile(rb"/{2,}")
_WHITESPACE: Final = re.compile(rb"\s")
_WHITESPACE_RUN: Final = re.compile(rb"\s+")
_JAVASCRIPT_SAFE: Final = "!*'()"
"""What encodeURIComponent leaves alone beside the unreserved characters."""


class Reading(NamedTuple):
    """How path, query and header values are brought into the form that was signed."""

    path: Form
    query: Form
    value: Form


class SignedParts(NamedTuple):
    """What a signature covers.

    Args:
        method: In upper case.
        path: As it came.
        query: As it came, without the question mark.
        signed_headers: Verbatim.
        headers: Values by lower-case name.
        body_hash: Of the body, in lower-case hexadecimal.
    """

    method: str
    path: bytes
    query: bytes
    signed_headers: bytes
    headers: Mapping[bytes, bytes]
    body_hash: str


def _verbatim(part: bytes) -> bytes:
    return part


def _collapsed(path: bytes) -> bytes:
    return _SLASHES.sub(b"/", path)


def _recoded(path: bytes) -> bytes:
    return quote(unquote_to_bytes(_collapsed(path)), safe="/").encode() or b"/"


def _pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values, decoded; a plus is a plus."""
    split = (part.partition(b"=") for part in query.split(b"&") if part)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in split]


def _sorted(pairs: list[tuple[bytes, bytes]], safe: str = "") -> bytes:
    coded = sorted((quote(name, safe=safe), quote(value, safe=safe)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in coded).encode()


def _rfc3986(query: bytes) -> bytes:
    return _sorted(_pairs(query))


def _rfc3986_without_empty(query: bytes) -> bytes:
    return _sorted([pair for pair in _pairs(query) if pair[1]])


def _javascript(query: bytes) -> bytes:
    return _sorted(_pairs(query), _JAVASCRIPT_SAFE)


def _form(query: bytes) -> bytes:
    coded = _sorted(_pairs(query.replace(b"+", b"%20")), "* ")
    return coded.replace(b" ", b"+").replace(b"~", b"%7E")


def _blanks(value: bytes) -> bytes:
    return _WHITESPACE.sub(b" ", value)


def _one_blank(value: bytes) -> bytes:
    return _WHITESPACE_RUN.sub(b" ", value)


AS_RECEIVED: Final = Reading(_verbatim, _verbatim, _verbatim)
DOCUMENTED: Final = Reading(_recoded, _rfc3986, _verbatim)
"""What Amazon's guide tells developers to sign (contract 2.3)."""

READINGS: Final = (
    AS_RECEIVED,
    Reading(_verbatim, _rfc3986, _verbatim),
    Reading(_verbatim, _javascript, _verbatim),
    Reading(_verbatim, _form, _verbatim),
    Reading(_verbatim, _rfc3986_without_empty, _verbatim),
    # Only Java and .NET touch the path, and only they blanks in values; their query is always the documented one.
    Reading(_collapsed, _verbatim, _verbatim),
    Reading(_collapsed, _rfc3986, _verbatim),
    Reading(_recoded, _verbatim, _verbatim),
    DOCUMENTED,
    Reading(_recoded, _rfc3986, _blanks),
    Reading(_recoded, _rfc3986, _one_blank),
)
"""The usual first (contract 2.4, 2.5). Each costs an RSA verification if it differs from those before it."""


class Canonical:
    """The canonical requests of one request; each form of a part is made once, and only when it is asked for."""

    __slots__ = ("_made", "_names", "_parts")

    def __init__(self, parts: SignedParts) -> None:
        self._parts = parts
        self._names = parts.signed_headers.lower().split(b";")
        self._made: dict[tuple[Form, bytes], bytes] = {}

    def request(self, reading: Reading) -> bytes:
        """The canonical request as this reading has it (contract 2.3).

        A signed header that is not there counts as empty, because some HTTP clients leave empty ones out.
        """
        parts = self._parts
        lines = [
            parts.method.encode(),
            self._in(reading.path, parts.path),
            self._in(reading.query, parts.query),
        ]
        lines += [
            name + b":" + self._in(reading.value, parts.headers.get(name, b""))
            for name in self._names
        ]
        lines += (b"", parts.signed_headers, parts.body_hash.encode())
        return b"\n".join(lines)

    def _in(self, form: Form, part: bytes) -> bytes:
        if form is _verbatim:
            return part
        made = self._made.get((form, part))
        if made is None:
            made = self._made[form, part] = form(part)
        return made
