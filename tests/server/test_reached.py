"""What the URLs begin with that a client is given: the name that it used, if that can be one of this server's."""

from __future__ import annotations

from typing import Any

import pytest

from torihiki.kernel.instant import Instant
from torihiki.kernel.operation import Operation
from torihiki.server.call import Call, Message
from torihiki.server.reached import reached


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
