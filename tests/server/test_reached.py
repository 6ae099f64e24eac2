"""What the URLs begin with that a client is given: the name that it used, if that can be one of this server's."""

from __future__ import annotations

from typing import Any

import pytest

from torihiki.kernel.instant import Instant
from torihiki.kernel.operation import Operation
from torihiki.server.call import Call, Message
from torihiki.server.reached import Reached, parse_public_url, reached


async def nothing() -> Message:
    return {"type": "http.disconnect"}


def url(host: bytes | None, server: Any = ("127.0.0.1", 8900), scheme: str = "http") -> str:
    call = Call(
        operation=Operation(name="x", method="GET", path="/x", summary="X."),
        path={},
        query=b"",
        headers={} if host is None else {b"host": host},
        receive=nothing,
        now=Instant.from_utc(2026, 11, 22),
        caller=None,
        request_id="r",
        scope={"scheme": scheme, "server": server},
    )
    return reached(call).url("/documents/x?y=z")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8900", "localhost:8900", "torihiki.internal", "torihiki:80", "[::1]:8900", "10.1.2.3:1", "a_b"],
)  # fmt: skip
def test_client_gets_the_name_that_it_used(host: str) -> None:
    assert url(host.encode()) == f"http://{host}/documents/x?y=z"
    assert url(host.encode(), scheme="https") == f"https://{host}/documents/x?y=z"


@pytest.mark.parametrize(
    "host",
    [
        None, b"", b"sellingpartnerapi-na.amazon.com", b"SellingPartnerAPI-fe.amazon.com:443",
        b"api.amazon.co.jp", b"x.s3.amazonaws.com", b"a b", b"a/b", b"user@host", b"host:99999999", b"\xff",
        b"host#", b'a"b', b"27.0.0.1:8900",
    ],
)  # fmt: skip
def test_client_whose_host_header_cannot_be_right_gets_the_address_of_the_socket(
    host: bytes | None,
) -> None:
    """Contract 7.2: python-amazon-sp-api cuts the first letter; others send Amazon's name wherever they are led."""
    assert url(host) == "http://127.0.0.1:8900/documents/x?y=z"


def test_cut_localhost_is_made_whole() -> None:
    assert url(b"ocalhost:8900") == "http://localhost:8900/documents/x?y=z"


def test_address_of_ip_version_6_is_written_in_brackets() -> None:
    assert url(None, ("::1", 8900)) == "http://[::1]:8900/documents/x?y=z"
    assert url(b"::1]:8900", ("::1", 8900)) == "http://[::1]:8900/documents/x?y=z"


def test_server_without_an_address_is_this_machine() -> None:
    assert url(None, None) == "http://127.0.0.1/documents/x?y=z"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (None, None),
        ("https://orders.example.com", Reached("https", "orders.example.com")),
        ("https://orders.example.com/", Reached("https", "orders.example.com")),
        ("http://10.1.2.3:8900", Reached("http", "10.1.2.3:8900")),
        ("https://[2001:db8::1]:8443", Reached("https", "[2001:db8::1]:8443")),
    ],
)
def test_public_url_is_scheme_and_host(given: str | None, where: Reached | None) -> None:
    assert parse_public_url(given) == where


@pytest.mark.parametrize(
    "given",
    [
        "", "orders.example.com", "ftp://orders.example.com", "https://", "https://a/b", "https://a?b=c", "https://a#b",
        "https://user@a", "https://a b", "https://a:port", "https://[::1",
    ],
)  # fmt: skip
def test_public_url_that_is_more_or_less_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"--public-url|Invalid IPv6 URL"):
        parse_public_url(given)
