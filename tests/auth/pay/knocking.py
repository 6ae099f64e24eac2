"""Keys, calls and the whole way through the door, for the tests of this folder."""

from __future__ import annotations

import functools

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.auth.pay.sdk_signers import Account, Call, Sent
from torihiki.auth.pay.model import DateLimits, PayClaim, PayKey, PayRequest
from torihiki.auth.pay.rules import DEFAULT_DATE_LIMITS, caller_of, known_key, read_claim
from torihiki.kernel.instant import Instant
from torihiki.kernel.pay_caller import Environment, PayCaller
from torihiki.kernel.problem import Kind, Problem

NOW = Instant.from_utc(2024, 5, 1, 12)
LIVE_ID = "LIVE-ABCDEFGHIJKLMNOPQRSTUVWX"
SANDBOX_ID = "SANDBOX-ABCDEFGHIJKLMNOPQRSTUVWX"
BARE_ID = "ABCDEFGHIJKLMNOPQRSTUVWX"
MERCHANT = "A1EXAMPLEMERCHANT"
GET_REPORTS = Call(
    "GET",
    "/reports",
    NOW,
    {
        "reportTypes": [
            "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_",
            "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_CAPTURE_DATA_",
        ],
        "processingStatuses": "COMPLETED",
        "createdSince": "2024-04-01T09:00:00+09:00",
        "pageSize": "10",
    },
)
CREATE_REPORT = Call(
    "POST",
    "/reports",
    NOW,
    body=b'{"reportType":"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_",'
    b'"startTime":"20240401T000000Z","endTime":"20240501T000000Z"}',
    headers={"X-Amz-Pay-Idempotency-Key": "0123456789abcdef0123456789abcdef"},
)


@functools.cache
def pair(number: int = 0, bits: int = 2048) -> tuple[str, str]:
    """A private and a public key as PEM, the same ones for the same number."""
    assert number >= 0
    key = rsa.generate_private_key(65537, bits)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def account(public_key_id: str = LIVE_ID, *, number: int = 0) -> Account:
    environment = "sandbox" if public_key_id.startswith("SANDBOX") else "live"
    return Account(pair(number)[0], public_key_id, environment=environment)


def registered(
    public_key_id: str = LIVE_ID, *, environment: Environment | None = "live", number: int = 0
) -> PayKey:
    return PayKey(
        public_key_id=public_key_id,
        merchant_id=MERCHANT,
        environment=environment,
        public_key_pem=pair(number)[1],
    )


def request_of(sent: Sent) -> PayRequest:
    return PayRequest(
        method=sent.method,
        target=sent.target,
        headers=tuple((name.encode(), value.encode()) for name, value in sent.headers),
    )


def claim_of(
    sent: Sent, *, now: Instant = NOW, limits: DateLimits = DEFAULT_DATE_LIMITS
) -> PayClaim:
    return read_claim(request_of(sent), now=now, limits=limits)


def knock(sent: Sent, key: PayKey | None = None, *, now: Instant = NOW) -> PayCaller:
    """The caller of what was sent; the key that is registered may be another than the one it names."""
    claim = claim_of(sent, now=now)
    return caller_of(claim, known_key(claim, key or registered()), sent.body)


def refused(sent: Sent, reason: str, key: PayKey | None = None, *, now: Instant = NOW) -> Problem:
    """The refusal of what was sent, which has that reason code and the kind that goes with it."""
    with pytest.raises(Problem) as caught:
        knock(sent, key, now=now)
    problem = caught.value
    forbidden = {"InvalidAuthentication", "InvalidRequestSignature", "InvalidAuthorizationToken"}
    kind = Kind.UNAUTHORIZED if reason in forbidden else Kind.INVALID_INPUT
    assert (problem.code, problem.kind) == (reason, kind), problem.message
    return problem


def with_header(sent: Sent, name: str, value: str | None) -> Sent:
    """The same with another value in a header; None: without it."""
    others = [pair for pair in sent.headers if pair[0].lower() != name.lower()]
    if value is not None:
        others.append((name, value))
    return sent._replace(headers=others)


def header(sent: Sent, name: str) -> str:
    (value,) = [text for one, text in sent.headers if one.lower() == name.lower()]
    return value
