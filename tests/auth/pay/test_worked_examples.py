"""The two worked examples of the contract, to the hash (contract 2.6)."""

from __future__ import annotations

import hashlib

from torihiki.auth.pay.canonical import READINGS, Canonical, SignedParts
from torihiki.auth.pay.signatures import string_to_sign

HEADERS = {
    b"accept": b"application/json",
    b"content-type": b"application/json",
    b"x-amz-pay-date": b"20240501T120000Z",
    b"x-amz-pay-host": b"pay-api.amazon.jp",
    b"x-amz-pay-region": b"jp",
}
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
A = SignedParts(
    method="GET",
    path=b"/v2/reports",
    query=b"createdSince=20240401T000000Z&pageSize=10&processingStatuses=COMPLETED%2CFAILED"
    b"&reportTypes=_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_",
    signed_headers=b"accept;content-type;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region",
    headers=HEADERS,
    body_hash=EMPTY,
)
BODY = (
    b'{"reportType":"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_",'
    b'"startTime":"20220804T000000Z","endTime":"20220804T235959Z"}'
)
B = SignedParts(
    method="POST",
    path=b"/live/v2/reports",
    query=b"",
    signed_headers=b"accept;content-type;x-amz-pay-date;x-amz-pay-host;"
    b"x-amz-pay-idempotency-key;x-amz-pay-region",
    headers=HEADERS | {b"x-amz-pay-idempotency-key": b"0123456789abcdef0123456789abcdef"},
    body_hash=hashlib.sha256(BODY).hexdigest(),
)


def hashes(parts: SignedParts) -> list[str]:
    canonical = Canonical(parts)
    return [hashlib.sha256(canonical.request(one)).hexdigest() for one in READINGS]


def test_get_with_a_query_has_the_hash_of_example_a() -> None:
    expected = "4d38fdf91a80567c71ee162f2d1e67feb7da51de1a6a96886c37390891850fa4"
    assert hashes(A)[0] == expected
    request = Canonical(A).request(READINGS[0])
    assert request.count(b"\n") == 10
    assert (
        string_to_sign("AMZN-PAY-RSASSA-PSS-V2", request) == f"AMZN-PAY-RSASSA-PSS-V2\n{expected}"
    )


def test_post_with_a_body_has_the_hash_of_example_b() -> None:
    assert B.body_hash == "1708dd70cb9badfb5953864dad62f190434508203b803c833670d4e0c268deb8"
    assert hashes(B)[0] == "fcc3c58ca05070553596817c89237b41f84ce336359ba2043c1b7179535e7ffc"


def test_what_is_in_the_documented_form_already_reads_the_same_in_every_way() -> None:
    """So a wrong signature of such a request costs one RSA verification, not eleven."""
    assert len(set(hashes(A))) == len(set(hashes(B))) == 1


def test_query_that_came_unsorted_and_raw_has_the_hash_of_example_a_too() -> None:
    raw = (
        b"reportTypes=_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"
        b"&processingStatuses=COMPLETED,FAILED&&pageSize=10&createdSince=20240401T000000Z&"
    )
    found = hashes(A._replace(query=raw, path=b"//v2/r%65ports"))
    assert hashes(A)[0] in found
    assert len(found) == 11
