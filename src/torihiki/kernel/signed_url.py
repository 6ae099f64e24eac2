"""Signed URLs in the form of S3's: whoever has one may do one thing with one path for a while, without a login.

The signature is AWS4-HMAC-SHA256 in the query (contract 4.10 of Amazon Pay), with keys derived from the server's own. It
binds method, path, every member of the query and the signed headers; the body is not signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from torihiki.kernel.instant import Instant, TimeDelta, wire_time
from torihiki.kernel.key_ring import KeyRing

ALGORITHM: Final = "AWS4-HMAC-SHA256"
EXPIRES_MAX_S: Final = 7 * 24 * 3600
"""A week, as S3."""
AHEAD_MAX: Final = TimeDelta(minutes=15)
"""How far in the future a URL may be dated, as S3: machines that sign and check need not agree to the second."""

_UNRESERVED: Final = "-_.~"
_SERVICE: Final = "s3"
_END: Final = "aws4_request"
_SIGNATURE: Final = "X-Amz-Signature"
_NEEDED: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    _SIGNATURE,
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_CREDENTIAL: Final = re.compile(r"([!-.0-~]{1,64})/([0-9]{8})/([a-z0-9-]{1,32})/s3/aws4_request")
_DATE: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_KEY_BYTES: Final = 32

Pairs = Sequence[tuple[str, str]]


class UrlRefused(Exception):
    """A URL that opens nothing, in S3's words.

    Args:
        code: S3's code; "AuthorizationQueryParametersError" is a 400, the others are 403.
        message: S3's text.
        details: Further members of the error document, in order.
    """

    def __init__(self, code: str, message: str, details: Pairs = ()) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.details = tuple(details)


class AccessKey(NamedTuple):
    """What signs: the id that stands in the URL, and the secret that does not."""

    access_key_id: str
    secret: str


class UrlSigner:
    """Signs URLs and checks them, with keys derived from a ring, others for each `purpose`.

    Args:
        ring: The current key signs; every key is accepted, and the URL says which it was.
        purpose: What the URLs are for; a URL signed for another purpose is refused.
        region: The region that stands in the URLs; it has no meaning.
    """

    def __init__(self, ring: KeyRing, purpose: str, region: str = "us-east-1") -> None:
        self._purpose = purpose
        self._region = region
        self.replace(ring)

    def replace(self, ring: KeyRing) -> None:
        """From now on these are the keys; URLs signed with keys that are gone are refused."""
        keys = [
            AccessKey(f"TORIHIKI{key.key_id:012}", key.derive(self._purpose, _KEY_BYTES).hex())
            for key in ring.keys
        ]
        self._current = keys[0]
        self._secrets = {key.access_key_id: key.secret for key in keys}

    def sign(
        self,
        method: str,
        path: str,
        *,
        at: Instant,
        expires_s: int,
        host: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        """Path and query of the URL, percent-encoded; scheme and host come before it.

        Args:
            method: What the URL is good for.
            path: Decoded, from the first slash.
            at: From when on; the fraction of the second is dropped.
            expires_s: For how many seconds, 1 to a week.
            host: The Host header that the request will bear, with its port where that is not the scheme's own.
            headers: Further headers that the request must bear with these values; names in any case.
            query: Further members, such as `response-content-type`.
        """
        if not 0 < expires_s <= EXPIRES_MAX_S:
            raise ValueError("a URL expires after 1 second to a week")
        return presign(
            self._current,
            self._region,
            method,
            path,
            at=at,
            expires_s=expires_s,
            headers={"host": host, **(headers or {})},
            query=query or {},
        )

    def check(
        self, method: str, path: str, query: bytes, headers: Mapping[bytes, bytes], now: Instant
    ) -> Mapping[str, str]:
        """The members of the query, all of which were signed.

        Args:
            method: The request's.
            path: The request's, decoded.
            query: The request's, as it came. Another order or spelling of the same members is the same query.
            headers: The request's, names in lower case; those that were not signed do not count.
            now: A URL that is older than it may be is refused, and so is one dated more than `AHEAD_MAX` ahead.

        Raises:
            UrlRefused: The URL was not signed here for this request, or its time is over.
        """
        members = _members(query)
        named = _named(members)
        access_key_id, scope = _credential(named)
        at = _check_time(named, now)
        secret = self._secrets.get(access_key_id)
        if secret is None:
            raise UrlRefused(
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                [("AWSAccessKeyId", access_key_id)],
            )
        given = named[_SIGNATURE]
        canonical = _canonical_request(
            method,
            path,
            [member for member in members if member[0] != _SIGNATURE.encode()],
            _signed_headers(named["X-Amz-SignedHeaders"], headers),
        )
        to_sign = _string_to_sign(at, scope, canonical)
        wanted = _signature(secret, scope, to_sign)
        if not hmac.compare_digest(wanted.encode(), given.encode()):
            raise UrlRefused(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                [
                    ("AWSAccessKeyId", access_key_id),
                    ("StringToSign", to_sign),
                    ("SignatureProvided", given),
                    ("CanonicalRequest", canonical),
                ],
            )
        return named


def presign(
    key: AccessKey,
    region: str,
    method: str,
    path: str,
    *,
    at: Instant,
    expires_s: int,
    headers: Mapping[str, str],
    query: Mapping[str, str],
) -> str:
    """Path and query of a URL that this key signs; see `UrlSigner.sign`. `headers` are all that are signed."""
    signed = sorted((name.lower().encode(), value.encode()) for name, value in headers.items())
    date = _date(at)
    scope = f"{date[:8]}/{region}/{_SERVICE}/{_END}"
    members = [
        (name.encode(), value.encode())
        for name, value in (
            *query.items(),
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", f"{key.access_key_id}/{scope}"),
            ("X-Amz-Date", date),
            ("X-Amz-Expires", str(expires_s)),
            ("X-Amz-SignedHeaders", ";".join(name.decode() for name, _ in signed)),
        )
    ]
    canonical = _canonical_request(method, path, members, signed)
    signature = _signature(key.secret, scope, _string_to_sign(date, scope, canonical))
    return f"{_path(path)}?{_query(members)}&{_SIGNATURE}={signature}"


def _date(at: Instant) -> str:
    return wire_time(at).replace("-", "").replace(":", "")


def _quoted(text: bytes) -> str:
    return quote_from_bytes(text, _UNRESERVED)


def _path(path: str) -> str:
    return quote_from_bytes(path.encode("utf-8", "surrogateescape"), "/" + _UNRESERVED)


def _query(members: Iterable[tuple[bytes, bytes]]) -> str:
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in members)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _canonical_request(
    method: str,
    path: str,
    members: Iterable[tuple[bytes, bytes]],
    headers: Sequence[tuple[bytes, bytes]],
) -> str:
    lines = [
        f"{name.decode()}:{b' '.join(value.split()).decode('utf-8', 'surrogateescape')}"
        for name, value in headers
    ]
    names = ";".join(name.decode() for name, _ in headers)
    return "\n".join(
        (method, _path(path), _query(members), *lines, "", names, "UNSIGNED-PAYLOAD")
    )  # fmt: skip


def _string_to_sign(date: str, scope: str, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{date}\n{scope}\n{digest}"


def _signature(secret: str, scope: str, to_sign: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _members(query: bytes) -> list[tuple[bytes, bytes]]:
    members = []
    for member in query.split(b"&") if query else ():
        name, _, value = member.replace(b"+", b" ").partition(b"=")
        members.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return members


def _malformed(message: str) -> UrlRefused:
    return UrlRefused("AuthorizationQueryParametersError", message)


def _named(members: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The members by name; all that a signature needs are there, each once."""
    named: dict[str, str] = {}
    for raw_name, raw_value in members:
        name = raw_name.decode("utf-8", "replace")
        if name in named and name in _NEEDED:
            raise _malformed(f"{name} must be given once")
        named[name] = raw_value.decode("utf-8", "replace")
    if not any(name in named for name in _NEEDED):
        raise UrlRefused("AccessDenied", "Access Denied")
    if not all(name in named for name in _NEEDED):
        raise _malformed(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    if named["X-Amz-Algorithm"] != ALGORITHM:
        raise _malformed(f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    return named


def _credential(named: Mapping[str, str]) -> tuple[str, str]:
    """Access key id and scope."""
    found = _CREDENTIAL.fullmatch(named["X-Amz-Credential"])
    if found is None:
        raise _malformed(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    access_key_id, day, region = found.groups()
    if named["X-Amz-Date"][:8] != day:
        raise _malformed(
            f'Invalid credential date "{day}". This date is not the same as X-Amz-Date: "{named["X-Amz-Date"][:8]}".'
        )
    return access_key_id, f"{day}/{region}/{_SERVICE}/{_END}"


def _check_time(named: Mapping[str, str], now: Instant) -> str:
    """The date as it is written."""
    date, expires = named["X-Amz-Date"], named["X-Amz-Expires"]
    found = _DATE.fullmatch(date)
    try:
        at = None if found is None else Instant.from_utc(*map(int, found.groups()))
    except ValueError:
        at = None
    if at is None:
        raise _malformed(
            'X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd\'T\'HHmmss\'Z\'"'
        )  # fmt: skip
    if _NUMBER.fullmatch(expires) is None:
        raise _malformed("X-Amz-Expires should be a number")
    if int(expires) > EXPIRES_MAX_S:
        raise _malformed(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{EXPIRES_MAX_S} seconds"
        )
    if at - now > AHEAD_MAX:
        raise UrlRefused(
            "AccessDenied",
            "Request is not valid yet",
            [("X-Amz-Date", date), ("ServerTime", wire_time(now))],
        )
    age = now - at
    if age > TimeDelta(seconds=int(expires)):
        raise UrlRefused(
            "AccessDenied",
            "Request has expired",
            [
                ("X-Amz-Expires", expires),
                ("Expires", wire_time(at + TimeDelta(seconds=int(expires)))),
                ("ServerTime", wire_time(now)),
            ],
        )
    return date


def _signed_headers(written: str, headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The signed headers with the request's values; one that the request lacks is empty."""
    names = written.split(";")
    if "host" not in names:
        raise _malformed("X-Amz-SignedHeaders must name host")
    return [
        (name.encode(), headers.get(name.encode(), b"")) for name in sorted(set(names))
    ]  # fmt: skip
