"""Signs requests as five SDKs of Amazon Pay do, each with its own idea of the canonical request (contract 2.4).

It shares nothing with the server that verifies: what both get wrong alike would not be found. Each signer returns what
goes over the wire.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from whenever import Instant

SALT_20 = "AMZN-PAY-RSASSA-PSS"
SALT_32 = "AMZN-PAY-RSASSA-PSS-V2"
SALTS = {SALT_20: 20, SALT_32: 32}
JSON = "application/json"
JAVASCRIPT_SAFE = "!*'()"
NOTHING: Mapping[str, str] = MappingProxyType({})
REGION_CODES = {"us": "na", "na": "na", "eu": "eu", "de": "eu", "uk": "eu", "jp": "jp"}

Query = Mapping[str, str] | Mapping[str, list[str]] | Mapping[str, str | list[str]]
Pairs = list[tuple[str, str]]


class Account(NamedTuple):
    """What an SDK is configured with."""

    private_key_pem: str
    public_key_id: str
    region: str = "jp"
    environment: str = "live"
    host: str = "pay-api.amazon.jp"
    algorithm: str = SALT_32


class Call(NamedTuple):
    """What the program asks the SDK for; `resource` is what follows the version, as in /reports."""

    method: str
    resource: str
    at: Instant
    query: Query = NOTHING
    body: bytes = b""
    headers: Mapping[str, str] = NOTHING


class Sent(NamedTuple):
    """What goes over the wire, and for tests the canonical request that was signed."""

    method: str
    target: bytes
    headers: list[tuple[str, str]]
    body: bytes
    canonical: str


Signer = Callable[[Account, Call], Sent]


@functools.cache
def _private_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def authorization(account: Account, signed_headers: str, canonical: str) -> str:
    """The Authorization header for a canonical request."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = _private_key(account.private_key_pem).sign(
        f"{account.algorithm}\n{digest}".encode(),
        PSS(MGF1(SHA256()), SALTS[account.algorithm]),
        SHA256(),
    )
    return (
        f"{account.algorithm} PublicKeyId={account.public_key_id}, "
        f"SignedHeaders={signed_headers}, Signature={base64.b64encode(signature).decode()}"
    )


def _canonical(call: Call, body: bytes, path: str, query: str, signed: Pairs) -> tuple[str, str]:
    """The canonical request and the list of names, from names and values as the SDK orders them."""
    names = ";".join(name for name, _ in signed)
    lines = [call.method, path, query]
    lines += [f"{name.lower()}:{value}" for name, value in signed]
    lines += ["", names, hashlib.sha256(body).hexdigest()]
    return "\n".join(lines), names


def _prefix(account: Account, *, always: bool = False) -> str:
    """The path before the resource; ids with a prefix tell the environment themselves."""
    if account.public_key_id.upper().startswith(("LIVE", "SANDBOX")) and not always:
        return "/v2"
    return f"/{account.environment}/v2"


def _compact(at: Instant) -> str:
    return _extended(at).replace("-", "").replace(":", "")


def _extended(at: Instant) -> str:
    return at.format_iso(unit="second")


def _required(account: Account, region: str, date: str) -> dict[str, str]:
    return {
        "accept": JSON,
        "content-type": JSON,
        "x-amz-pay-date": date,
        "x-amz-pay-host": account.host,
        "x-amz-pay-region": region,
    }


def _joined(query: str) -> str:
    return f"?{query}" if query else ""


def _lists_joined(query: Query) -> Pairs:
    return [
        (name, ",".join(value) if isinstance(value, list) else value)
        for name, value in query.items()
    ]


def _sent(
    account: Account, call: Call, target: str, headers: Iterable[tuple[str, str]], names: str,
    canonical: str, body: bytes,
) -> Sent:  # fmt: skip
    return Sent(
        call.method,
        target.encode(),
        [*headers, ("authorization", authorization(account, names, canonical))],
        body,
        canonical,
    )


def node(account: Account, call: Call) -> Sent:
    """Extended date, the user agent signed, headers of the caller in his own case, values as encodeURIComponent has them."""
    path = _prefix(account) + call.resource
    query = "&".join(
        f"{name}={quote(value, safe=JAVASCRIPT_SAFE)}"
        for name, value in sorted(_lists_joined(call.query))
    )
    headers = dict(call.headers)
    headers |= _required(account, REGION_CODES[account.region], _extended(call.at))
    headers["user-agent"] = "amazon-pay-api-sdk-nodejs/2.3.4 (JS/20.20.2; linux)"
    signed = sorted(headers.items(), key=lambda pair: pair[0].lower())
    canonical, names = _canonical(call, call.body, path, query, signed)
    # Node's own URL parser escapes the apostrophe after all was signed.
    target = path + _joined(query.replace("'", "%27"))
    return _sent(account, call, target, signed, names, canonical, call.body)


def php(account: Account, call: Call) -> Sent:
    """Lists as name.1, name.2; empty values left out; of the caller's headers the idempotency key alone is signed."""
    path = _prefix(account) + call.resource
    flat: Pairs = []
    for name, value in call.query.items():
        if isinstance(value, list):
            flat += [(f"{name}.{number}", one) for number, one in enumerate(value, 1)]
        elif value:
            flat.append((name, value))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(flat))
    headers = _required(account, REGION_CODES[account.region], _compact(call.at))
    others: Pairs = [("user-agent", "amazon-pay-api-sdk-php/2.7.2"), ("x-amz-pay-sdk-type", "PHP")]
    for name, value in call.headers.items():
        if name.lower() == "x-amz-pay-idempotency-key" and value:
            headers[name.lower()] = value
        else:
            others.append((name, value))
    signed = sorted(headers.items())
    canonical, names = _canonical(call, call.body, path, query, signed)
    return _sent(
        account, call, path + _joined(query), [*signed, *others], names, canonical, call.body
    )


def java(account: Account, call: Call) -> Sent:
    """Signs the documented form, and sends the query as it is, in a hash map's order; the region in upper case."""
    path = _prefix(account) + call.resource
    pairs: Pairs = []
    for name, value in call.query.items():
        pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    raw = "&".join(f"{name}={value}" for name, value in reversed(pairs))
    if call.method == "GET" and call.resource.count("/") == 1:
        path, raw = path + "/", "?" + raw
    else:
        raw = _joined(raw)
    coded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in pairs)
    headers = _required(account, REGION_CODES[account.region].upper(), _compact(call.at))
    headers |= {name.lower(): value for name, value in call.headers.items()}
    signed = [(name, re.sub(r"\s", " ", value.strip())) for name, value in sorted(headers.items())]
    canonical, names = _canonical(
        call,
        call.body,
        quote(re.sub("/+", "/", path), safe="/"),
        "&".join(f"{name}={value}" for name, value in coded),
        signed,
    )
    return _sent(account, call, path + raw, sorted(headers.items()), names, canonical, call.body)


def dotnet(account: Account, call: Call) -> Sent:
    """A slash after every path, an idempotency key on every POST, a body on every DELETE."""
    path = f"{_prefix(account)}{call.resource}/"
    body = call.body or (b"{}" if call.method == "DELETE" else b"")
    coded = sorted(
        (quote(name, safe=""), quote(value, safe="")) for name, value in _lists_joined(call.query)
    )
    query = "&".join(f"{name}={value}" for name, value in coded)
    headers = _required(account, REGION_CODES[account.region], _compact(call.at))
    if call.method == "POST":
        headers["x-amz-pay-idempotency-key"] = hashlib.sha256(body).hexdigest()[:32]
    headers |= {name.lower(): value for name, value in call.headers.items()}
    signed = [(name, re.sub(r"\s+", " ", value.strip())) for name, value in sorted(headers.items())]
    canonical, names = _canonical(call, body, path, query, signed)
    return _sent(
        account, call, path + _joined(query), sorted(headers.items()), names, canonical, body
    )


def ruby(account: Account, call: Call) -> Sent:
    """The environment in every path, a form's escapes in the query, the length of the body signed; salt 32 only."""
    account = account._replace(algorithm=SALT_32)
    path = _prefix(account, always=True) + call.resource
    # Python leaves the tilde alone, Ruby does not; an asterisk is the other way round.
    query = urlencode(sorted(call.query.items()), doseq=True, safe="*").replace("~", "%7E")
    headers = _required(account, REGION_CODES[account.region], _compact(call.at))
    headers |= {"x-amz-pay-sdk-type": "Ruby", "x-amz-pay-sdk-version": "1.2.0"}
    if call.body:
        headers["content-length"] = str(len(call.body))
    headers |= {name.lower(): value.strip() for name, value in call.headers.items()}
    signed = sorted(headers.items())
    canonical, names = _canonical(call, call.body, path, query, signed)
    return _sent(account, call, path + _joined(query), signed, names, canonical, call.body)


SIGNERS: dict[str, Signer] = {
    "node": node,
    "php": php,
    "java": java,
    "dotnet": dotnet,
    "ruby": ruby,
}
