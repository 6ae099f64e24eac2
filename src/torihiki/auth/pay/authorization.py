"""Reads the Authorization header of a signed request, as leniently as contract 2.2 says."""

from __future__ import annotations

import base64
import functools
import re
import string
from collections import Counter
from typing import Final

from torihiki.auth.pay.model import Authorization
from torihiki.auth.pay.refusals import invalid_header_value

SALT_BYTES: Final = {"AMZN-PAY-RSASSA-PSS": 20, "AMZN-PAY-RSASSA-PSS-V2": 32}
"""The algorithms, and the length of the salt that each fixes (contract 2.1)."""

HEADER: Final = "authorization"
HEADER_MAX_BYTES: Final = 8192
SIGNED_HEADERS_MAX: Final = 64
NAMED_MAX: Final = 2

_PARTS: Final = {b"publickeyid", b"signedheaders", b"signature"}
_SIGNATURE: Final = re.compile(rb"[ \t,]signature=([^,]*)", re.IGNORECASE)
KEPT: Final = 256
"""Headers that are kept without their signatures: those of one client are the same but for these."""

# An id that was never registered, a placeholder say, is not malformed: it is unknown.
_PUBLIC_KEY_ID: Final = re.compile(rb"[!-~]{1,128}")
_NAME_CHARACTERS: Final = f"!#$%&'*+-.^_`|~{string.digits}{string.ascii_letters};".encode()
"""What header names are made of, and the semicolon between two."""


def parse_authorization(value: bytes) -> Authorization:
    """What the header says. Parts come in any order and parts of other names are ignored.

    Raises:
        Problem: It cannot be read (400 InvalidHeaderValue); the message says what is wrong and repeats nothing.
    """
    if len(value) > HEADER_MAX_BYTES:
        raise invalid_header_value(HEADER, f"It is longer than {HEADER_MAX_BYTES} bytes.")
    found = _SIGNATURE.search(value)
    start, end = (len(value), len(value)) if found is None else found.span(1)
    algorithm, public_key_id, signed_headers, names = _said(value[:start] + value[end:])
    return Authorization(
        algorithm=algorithm,
        public_key_id=public_key_id,
        signed_headers=signed_headers,
        names=names,
        signature=_decoded(value[start:end].strip(b" \t")),
    )


@functools.lru_cache(maxsize=KEPT)
def _said(value: bytes) -> tuple[str, str, bytes, tuple[bytes, ...]]:
    """All but the signature: algorithm, key id, and the signed headers verbatim and one by one."""
    name, _, rest = value.partition(b" ")
    algorithm = name.decode("latin-1")
    if algorithm not in SALT_BYTES:
        raise invalid_header_value(HEADER, f"It begins with none of {', '.join(SALT_BYTES)}.")
    public_key_id, signed_headers = _parts(rest)
    if not _PUBLIC_KEY_ID.fullmatch(public_key_id):
        raise invalid_header_value(HEADER, "PublicKeyId is malformed.")
    return algorithm, public_key_id.decode(), signed_headers, _names(signed_headers)


def _parts(rest: bytes) -> tuple[bytes, bytes]:
    """The key id and the signed headers; there must be a signature, too."""
    found: dict[bytes, bytes] = {}
    for part in rest.split(b","):
        name, equals, value = part.strip(b" \t").partition(b"=")
        key = name.lower()
        if not equals or key not in _PARTS:
            continue
        if key in found:
            raise invalid_header_value(HEADER, "A part of it stands twice.")
        found[key] = value
    if len(found) < len(_PARTS):
        raise invalid_header_value(
            HEADER, "It needs PublicKeyId, SignedHeaders and Signature, separated by commas."
        )
    return found[b"publickeyid"], found[b"signedheaders"]


def _names(signed_headers: bytes) -> tuple[bytes, ...]:
    names = tuple(signed_headers.lower().split(b";"))
    if (
        len(names) > SIGNED_HEADERS_MAX
        or b"" in names
        or signed_headers.translate(None, _NAME_CHARACTERS)
    ):
        raise invalid_header_value(
            HEADER, f"SignedHeaders is not a list of 1 to {SIGNED_HEADERS_MAX} names."
        )
    # Node's SDK may name one in two cases; more would make what is hashed grow beyond the request.
    if len(set(names)) < len(names) and max(Counter(names).values()) > NAMED_MAX:
        raise invalid_header_value(HEADER, "SignedHeaders names a header more than twice.")
    return names


def _decoded(signature: bytes) -> bytes:
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise invalid_header_value(HEADER, "Signature is not base64.") from error
    # Several texts decode to the same bytes; only the one that encoders write is good.
    if not raw or base64.b64encode(raw) != signature:
        raise invalid_header_value(HEADER, "Signature is not base64.")
    return raw
