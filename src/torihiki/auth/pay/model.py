"""What a signed request says of itself, and the key that it is verified with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from torihiki.kernel.instant import TimeDelta
from torihiki.kernel.pay_caller import Environment

Region = Literal["na", "eu", "jp"]


class PayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request before its body is read.

    Args:
        method: In upper case.
        target: Path and query exactly as they came; nothing may have been decoded or normalised.
        headers: Names in any case, repeated ones included.
    """

    method: str
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]


class DateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How far a request's date may be from now; both bounds are still good.

    Args:
        future: Amazon's is seconds at the most, for it refuses ordinary cloud servers now and then (contract 2.7).
        past: Not known of Amazon; the SDKs repeat a request unchanged for half a minute (contract 2.4).
    """

    future: TimeDelta = TimeDelta(seconds=5)
    past: TimeDelta = TimeDelta(minutes=15)


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """The Authorization header.

    Args:
        algorithm: One of the two that exist.
        public_key_id: Printable ASCII, otherwise anything.
        signed_headers: Verbatim, for it is part of what was signed.
        names: What it names, in lower case and in that order.
        signature: Decoded.
    """

    algorithm: str
    public_key_id: str
    signed_headers: bytes
    names: Sequence[bytes]
    signature: bytes


class PayPath(msgspec.Struct, frozen=True, kw_only=True):
    """A path of the Amazon Pay API, for routing.

    Args:
        environment: The segment before the version; None: there is none.
        version: As in `v2`.
        segments: What follows, decoded; empty segments and a last slash do not count (contract 1.3).
    """

    environment: Environment | None
    version: str
    segments: tuple[str, ...]


class PayClaim(msgspec.Struct, frozen=True, kw_only=True):
    """Who a request says it comes from, before that is proven.

    Args:
        request: The request.
        headers: Its headers by lower-case name; the values of a repeated one joined by commas.
        authorization: Its Authorization header.
        path: Where it goes.
        environment: What key id and path agree on.
        region: Of its region header, aliases resolved.
    """

    request: PayRequest
    headers: Mapping[bytes, bytes]
    authorization: Authorization
    path: PayPath
    environment: Environment
    region: Region


class PayKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that the operator registered.

    Args:
        public_key_id: What requests name it by.
        merchant_id: For whom it speaks.
        environment: Where it is good; None: in both, as a key without a prefix may be.
        public_key_pem: As `parse_registered_key` returned it.
        revoked: Whether the operator took it back.
    """

    public_key_id: str
    merchant_id: str
    environment: Environment | None
    public_key_pem: str
    revoked: bool = False
