"""Signed URLs: only what was signed opens, only for what it was signed for, and only in its time (R-10, O-30)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.signed_url import AccessKey, UrlRefused, UrlSigner, presign

AT = Instant.from_utc(2026, 11, 22, 9, 30)
HOST = "127.0.0.1:8900"
PATH = "/documents/amzn1.tortuga.4.0b5b"
MEDIA = "text/xml; charset=UTF-8"
LOCAL = {b"host": HOST.encode()}


def ring(*ids: int) -> KeyRing:
    keys = tuple(SecretKey(key_id=one, secret=bytes([one]) * 64) for one in ids)
    return KeyRing(keys=keys, index=bytes(64))


SIGNER = UrlSigner(ring(1), "document URL")


def signed(
    method: str = "GET",
    path: str = PATH,
    *,
    at: Instant = AT,
    expires_s: int = 30,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> str:
    return SIGNER.sign(
        method, path, at=at, expires_s=expires_s, host=HOST, headers=headers, query=query
    )


def check(
    target: str,
    method: str = "GET",
    *,
    headers: Mapping[bytes, bytes] | None = None,
    now: Instant = AT,
    signer: UrlSigner = SIGNER,
) -> Mapping[str, str]:
    """Checks a target as the server gets it: the path decoded, the query not."""
    path, _, query = target.partition("?")
    decoded = unquote_to_bytes(path).decode("utf-8", "replace")
    return signer.check(method, decoded, query.encode(), LOCAL if headers is None else headers, now)


def refusal(
    target: str,
    method: str = "GET",
    *,
    headers: Mapping[bytes, bytes] | None = None,
    now: Instant = AT,
    signer: UrlSigner = SIGNER,
) -> UrlRefused:
    with pytest.raises(UrlRefused) as caught:
        check(target, method, headers=headers, now=now, signer=signer)
    return caught.value


def test_the_signature_is_that_of_amazons_published_example() -> None:
    """The presigned GET of S3's documentation on query authentication."""
    key = AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    target = presign(
        key,
        "us-east-1",
        "GET",
        "/test.txt",
        at=Instant.from_utc(2013, 5, 24),
        expires_s=86_400,
        headers={"host": "examplebucket.s3.amazonaws.com"},
        query={},
    )
    assert target == (
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_url_has_the_members_of_s3s() -> None:
    """Contract 4.10."""
    assert dict(parse_qsl(urlsplit(signed()).query)) == {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "TORIHIKI000000000001/20261122/us-east-1/s3/aws4_request",
        "X-Amz-Date": "20261122T093000Z",
        "X-Amz-Expires": "30",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": check(signed())["X-Amz-Signature"],
    }


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
    lambda name: not name.startswith("X-Amz-")
)


@given(
    st.sampled_from(["GET", "PUT", "HEAD"]),
    st.text(st.characters(codec="utf-8"), max_size=40).map(lambda text: f"/documents/{text}"),
    st.dictionaries(names, st.text(st.characters(codec="utf-8"), max_size=40), max_size=4),
    st.integers(1, 604_800),
)
def test_what_was_signed_is_accepted_and_says_what_was_signed(
    method: str, path: str, query: dict[str, str], expires_s: int
) -> None:
    target = signed(method, path, expires_s=expires_s, query=query)
    assert target.isascii()
    members = check(target, method)
    assert {name: text for name, text in members.items() if not name.startswith("X-Amz")} == query


def meaning(target: str) -> object:
    path, _, query = target.partition("?")
    members = [
        tuple(unquote_to_bytes(part) for part in member.replace("+", " ").partition("=")[::2])
        for member in query.split("&")
    ]
    return unquote_to_bytes(path), sorted(members)


@given(st.data())
def test_no_changed_cut_or_added_byte_is_accepted(data: st.DataObject) -> None:
    """Another spelling of the same members, such as %2f for %2F, is the same URL to S3 and here."""
    query = {"response-content-disposition": 'attachment; filename="a b.csv"'}
    target = signed(query=query)
    place = data.draw(st.integers(0, len(target)))
    width = data.draw(st.integers(0, 2))
    new = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=2))
    changed = target[:place] + new + target[place + width :]
    assume(meaning(changed) != meaning(target))
    refusal(changed)


def test_every_single_letter_counts() -> None:
    """Each character of path and query in turn, replaced by its neighbour."""
    target = signed(query={"response-content-type": "text/csv"})
    for place in range(len(target)):
        changed = target[:place] + chr(ord(target[place]) ^ 1) + target[place + 1 :]
        assert meaning(changed) != meaning(target)
        refusal(changed)


@pytest.mark.parametrize(
    "more", ["&", "&x", "&x=1", "&X-Amz-Security-Token=a", "&X-Amz-Expires=30", "&X-Amz-Date="]
)
def test_added_members_are_refused(more: str) -> None:
    refusal(signed() + more)


def test_order_and_spelling_of_the_members_do_not_count() -> None:
    """Clients write queries anew; `+` and `%20` are the same to S3."""
    path, _, query = signed(query={"response-content-type": "a b"}).partition("?")
    check(f"{path}?{'&'.join(reversed(query.split('&')))}")
    check(f"{path}?{query.replace('%2F', '/').replace('%20', '+')}")
    check(f"{path}?{query.replace('%2F', '%2f')}")


@pytest.mark.parametrize("method", ["PUT", "HEAD", "POST", "DELETE", "get", ""])
def test_another_method_is_refused(method: str) -> None:
    assert refusal(signed(), method).code == "SignatureDoesNotMatch"


@given(st.text(max_size=60))
def test_another_path_is_refused(path: str) -> None:
    assume(path != PATH)
    query = signed().partition("?")[2].encode()
    with pytest.raises(UrlRefused):
        SIGNER.check("GET", path, query, LOCAL, AT)


@given(st.binary(max_size=40))
def test_another_host_is_refused(host: bytes) -> None:
    assume(host.split() != [HOST.encode()])
    assert refusal(signed(), headers={b"host": host}).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "given_media", [None, b"", b"text/xml", b"text/xml; charset=utf-8", b"text/xml;charset=UTF-8"]
)
def test_upload_with_another_content_type_is_refused(given_media: bytes | None) -> None:
    target = signed("PUT", headers={"Content-Type": MEDIA})
    headers = {**LOCAL, **({} if given_media is None else {b"content-type": given_media})}
    error = refusal(target, "PUT", headers=headers)
    assert error.code == "SignatureDoesNotMatch"
    # What a client looks at to find out which of the headers was another.
    assert f"content-type:{(given_media or b'').decode()}\n" in dict(error.details)["CanonicalRequest"]  # fmt: skip
    check(target, "PUT", headers={**LOCAL, b"content-type": MEDIA.encode()})


def test_headers_that_were_not_signed_do_not_count() -> None:
    """Contract 4.10: some clients send more than they should."""
    check(signed(), headers={**LOCAL, b"authorization": b"Bearer x", b"content-type": b"a/b"})


@given(st.integers(1, 604_800), st.integers(0, 999_999))
def test_url_is_good_to_the_second_that_it_says(expires_s: int, fraction_us: int) -> None:
    target = signed(at=AT.add(microseconds=fraction_us), expires_s=expires_s)
    last = AT.add(seconds=expires_s)
    check(target, now=last)
    error = refusal(target, now=last.add(microseconds=1))
    assert (error.code, error.message) == ("AccessDenied", "Request has expired")
    assert error.details == (
        ("X-Amz-Expires", str(expires_s)),
        ("Expires", last.format_iso(unit="second")),
        ("ServerTime", last.format_iso(unit="second")),
    )


@given(st.integers(min_value=0))
def test_url_of_the_future_is_refused_beyond_a_quarter_of_an_hour(ahead_us: int) -> None:
    assume(ahead_us < 10**15)
    now = AT.subtract(microseconds=ahead_us)
    if ahead_us <= 15 * 60 * 10**6:
        check(signed(), now=now)
    else:
        error = refusal(signed(), now=now)
        assert (error.code, error.message) == ("AccessDenied", "Request is not valid yet")


@pytest.mark.parametrize("expires_s", [-1, 0, 604_801])
def test_url_for_less_than_a_second_or_more_than_a_week_is_not_made(expires_s: int) -> None:
    with pytest.raises(ValueError, match="expires"):
        signed(expires_s=expires_s)


def test_every_key_of_the_ring_is_accepted_and_the_first_signs() -> None:
    old = signed()
    signer = UrlSigner(ring(2, 1), "document URL")
    check(old, signer=signer)
    new = signer.sign("GET", PATH, at=AT, expires_s=30, host=HOST)
    assert "TORIHIKI000000000002" in new
    check(new, signer=signer)
    assert refusal(new).code == "InvalidAccessKeyId"
    signer.replace(ring(2))
    error = refusal(old, signer=signer)
    assert error.code == "InvalidAccessKeyId"
    assert error.details == (("AWSAccessKeyId", "TORIHIKI000000000001"),)
    check(new, signer=signer)


def test_key_of_another_purpose_or_server_signs_nothing_here() -> None:
    other = UrlSigner(ring(1), "another URL")
    stranger = UrlSigner(KeyRing(keys=(SecretKey(key_id=1, secret=bytes(64)),), index=b""), "document URL")  # fmt: skip
    for signer in (other, stranger):
        target = signer.sign("GET", PATH, at=AT, expires_s=30, host=HOST)
        assert refusal(target).code == "SignatureDoesNotMatch"


def replaced(name: str, value: str | None) -> str:
    path, _, query = signed().partition("?")
    members = dict(parse_qsl(query))
    if value is None:
        del members[name]
    else:
        members[name] = value
    return f"{path}?" + "&".join(f"{key}={quote(text, '')}" for key, text in members.items())


SCOPE = "20261122/us-east-1/s3/aws4_request"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[
            (name, None)
            for name in (
                "X-Amz-Algorithm",
                "X-Amz-Credential",
                "X-Amz-Date",
                "X-Amz-Expires",
                "X-Amz-SignedHeaders",
                "X-Amz-Signature",
            )
        ],
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA512"),
        ("X-Amz-Algorithm", ""),
        ("X-Amz-Credential", ""),
        ("X-Amz-Credential", SCOPE),
        ("X-Amz-Credential", f"a/b/{SCOPE}"),
        ("X-Amz-Credential", "a/20261122/us-east-1/ec2/aws4_request"),
        ("X-Amz-Credential", "a/20261121/us-east-1/s3/aws4_request"),
        ("X-Amz-Date", "20261122T093000"),
        ("X-Amz-Date", "2026-11-22T09:30:00Z"),
        ("X-Amz-Date", "20261122T246000Z"),
        ("X-Amz-Date", ""),
        ("X-Amz-Expires", ""),
        ("X-Amz-Expires", "-1"),
        ("X-Amz-Expires", "1e3"),
        ("X-Amz-Expires", "\u0663"),
        ("X-Amz-Expires", "604801"),
        ("X-Amz-Expires", "9" * 30),
        ("X-Amz-SignedHeaders", ""),
        ("X-Amz-SignedHeaders", "content-type"),
    ],
)
def test_malformed_signature_is_a_400_of_s3s(name: str, value: str | None) -> None:
    assert refusal(replaced(name, value)).code == "AuthorizationQueryParametersError"


def test_request_without_a_signature_is_denied() -> None:
    for target in (PATH, f"{PATH}?", f"{PATH}?a=b"):
        error = refusal(target)
        assert (error.code, error.message) == ("AccessDenied", "Access Denied")


@given(st.binary(max_size=200), st.dictionaries(st.binary(max_size=9), st.binary(max_size=9)))
def test_any_other_query_is_refused_and_nothing_worse(
    query: bytes, headers: dict[bytes, bytes]
) -> None:
    with pytest.raises(UrlRefused):
        SIGNER.check("GET", PATH, query, headers, AT)


@given(
    st.sampled_from(["Credential", "Date", "Expires", "SignedHeaders", "Signature"]),
    st.text(max_size=40),
)
def test_any_other_value_of_a_member_is_refused_and_nothing_worse(name: str, text: str) -> None:
    member = f"X-Amz-{name}"
    assume(dict(parse_qsl(urlsplit(signed()).query))[member] != text)
    refusal(replaced(member, text.encode("utf-8", "replace").decode()))


def test_signature_is_compared_whole() -> None:
    """A beginning of it, or it in capitals, is another."""
    signature = check(signed())["X-Amz-Signature"]
    for other in (signature[:-1], signature.upper(), signature + "0", hashlib.sha256().hexdigest()):
        assert refusal(replaced("X-Amz-Signature", other)).code == "SignatureDoesNotMatch"


def test_hour_long_url_survives_a_day_boundary() -> None:
    """The credential's date is that of the signing, not of the request."""
    late = Instant.from_utc(2026, 11, 22, 23, 59, 59)
    check(signed(at=late, expires_s=3_600), now=late + TimeDelta(minutes=30))
