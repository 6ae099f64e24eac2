"""Decides who an Amazon Pay request comes from.

The checks stand in this order, the cheapest first, and before the key is looked up nothing stored has been touched:

1. size and shape of the request line                  400 InvalidRequest
2. the path is the API's; its version is v2            404 ResourceNotFound, 400 InvalidAPIVersion
3. not too many headers; the required ones have values 400 InvalidRequest, MissingHeader, MissingHeaderValue
4. Authorization can be read and signs the date        400 InvalidHeaderValue
5. date and clock, host, region, content type          400 InvalidHeaderValue
6. key id and path name one environment                400 InvalidRequest (none), 403 InvalidAuthentication (two)
7. the key is registered, good and of that environment 403 InvalidAuthentication
8. the signature                                       403 InvalidRequestSignature
9. nobody calls for somebody else                      403 InvalidAuthorizationToken

`read_claim` is 1 to 6, `known_key` 7, `caller_of` 8 and 9: only the last needs the body, so nobody without a registered
key makes the server read one. Amazon's own order is not known beyond contract 2.8.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from torihiki.auth.pay import headers as header_rules
from torihiki.auth.pay.authorization import HEADER, parse_authorization
from torihiki.auth.pay.canonical import SignedParts
from torihiki.auth.pay.keys import environment_of, loaded
from torihiki.auth.pay.model import (
    Authorization,
    DateLimits,
    PayClaim,
    PayKey,
    PayPath,
    PayRequest,
)
from torihiki.auth.pay.paths import parse_path
from torihiki.auth.pay.refusals import (
    invalid_api_version,
    invalid_authentication,
    invalid_authorization_token,
    invalid_header_value,
    invalid_request,
    not_found,
)
from torihiki.auth.pay.signatures import check_signature
from torihiki.kernel.instant import Instant
from torihiki.kernel.pay_caller import Environment, PayCaller

API_VERSION: Final = "v2"
TARGET_MAX_BYTES: Final = 4096
"""Every filter with every value, all escaped, takes a third of it."""
PARAMETERS_MAX: Final = 64
_TARGET: Final = re.compile(rb"[^\x00-\x20\x7f]*")
DEFAULT_DATE_LIMITS: Final = DateLimits()


def read_claim(
    request: PayRequest,
    *,
    now: Instant,
    also: Instant | None = None,
    limits: DateLimits = DEFAULT_DATE_LIMITS,
) -> PayClaim:
    """Who a request says it comes from.

    Args:
        request: The request without its body.
        now: The time by which callers' clocks are judged. They do not move with the operator's clock.
        also: The operator's time, by which a caller's date is good too: his clock may have been moved with it.
        limits: How far a date may be from either.

    Raises:
        Problem: It cannot be a signed request; the module says which check comes first.
    """
    _check_request_line(request)
    path = parse_path(request.target.partition(b"?")[0])
    if path is None:
        raise not_found()
    if path.version != API_VERSION:
        raise invalid_api_version(path.version)
    headers = header_rules.by_name(request.headers)
    authorization_text, date, host, region = header_rules.required(headers)
    authorization = parse_authorization(authorization_text)
    if b"x-amz-pay-date" not in authorization.names:
        raise invalid_header_value(HEADER, "SignedHeaders must name x-amz-pay-date.")
    header_rules.check_date(date, now, limits, also=also)
    header_rules.check_host(host)
    known_region = header_rules.region_of(region)
    header_rules.check_content_type(request.method, headers.get(b"content-type"))
    return PayClaim(
        request=request,
        headers=headers,
        authorization=authorization,
        path=path,
        environment=_environment(authorization, path),
        region=known_region,
    )


def known_key(claim: PayClaim, key: PayKey | None) -> PayKey:
    """The key that the claim is to be proven with.

    Args:
        claim: What the request says.
        key: What the store knows of `claim.authorization.public_key_id`; None: nothing.

    Raises:
        Problem: It opens nothing, or nothing in this environment (403 InvalidAuthentication); all such read alike.
    """
    if (
        key is None
        or key.revoked
        or key.public_key_id != claim.authorization.public_key_id
        or key.environment not in {None, claim.environment}
    ):
        raise invalid_authentication("The public key id provided is not valid.")
    return key


def caller_of(claim: PayClaim, key: PayKey, body: bytes) -> PayCaller:
    """Who calls, proven.

    Args:
        claim: What the request says.
        key: From `known_key`.
        body: The exact bytes that came; empty if none did.

    Raises:
        Problem: The signature is not of this request by this key, or the call is on somebody else's behalf (403).
    """
    path, _, query = claim.request.target.partition(b"?")
    parts = SignedParts(
        method=claim.request.method,
        path=path,
        query=query,
        signed_headers=claim.authorization.signed_headers,
        headers=claim.headers,
        body_hash=hashlib.sha256(body).hexdigest(),
    )
    check_signature(parts, claim.authorization, loaded(key.public_key_pem))
    # Passed over it would show the caller's own reports for those of the merchant that he asked about.
    if claim.headers.get(b"x-amz-pay-authtoken"):
        raise invalid_authorization_token()
    return PayCaller(
        merchant_id=key.merchant_id,
        environment=claim.environment,
        public_key_id=key.public_key_id,
    )


def _check_request_line(request: PayRequest) -> None:
    """Bounds what the readings of a query cost, and keeps line breaks out of what is signed line by line."""
    if not (request.method.isascii() and request.method.isalpha()):
        raise invalid_request("The request method is malformed.")
    target = request.target
    if len(target) > TARGET_MAX_BYTES:
        raise invalid_request(f"The request target is longer than {TARGET_MAX_BYTES} bytes.")
    if not _TARGET.fullmatch(target):
        raise invalid_request("The request target has a blank or a control character.")
    if target.count(b"&") >= PARAMETERS_MAX:
        raise invalid_request(f"The request has more than {PARAMETERS_MAX} parameters.")


def _environment(authorization: Authorization, path: PayPath) -> Environment:
    """What key id and path agree on (contract 1.2)."""
    of_key = environment_of(authorization.public_key_id)
    environment = of_key or path.environment
    if environment is None:
        raise invalid_request(
            "The path must begin with /live or /sandbox, because the public key id begins with neither."
        )
    if path.environment not in {None, environment}:
        raise invalid_authentication(
            "The public key id is not one of the environment that the path names."
        )
    return environment
