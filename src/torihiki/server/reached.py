"""How a client reaches this server: what URLs that it is given begin with.

A server does not know its names. It takes the one that it is told, else the one that the client used, except where that
cannot be where it is.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from torihiki.server.call import Call

_HOST: Final = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_AMAZON: Final = re.compile(r".*\.(?:amazon|amazonaws)\.[a-z.]+(?::[0-9]+)?", re.IGNORECASE)


class Reached(NamedTuple):
    """Scheme and host, the latter as it will stand in the Host header of requests to such a URL."""

    scheme: str
    host: str

    def url(self, target: str) -> str:
        """The whole URL of a path and query."""
        return f"{self.scheme}://{self.host}{target}"


def parse_public_url(url: str | None) -> Reached | None:
    """How every client reaches the server, if that is known; None: it is not.

    Raises:
        ValueError: The URL is more or less than scheme and host.
    """
    if url is None:
        return None
    scheme, host, path, query, fragment = urlsplit(url)
    if (
        scheme not in {"http", "https"}
        or _HOST.fullmatch(host) is None
        or path not in {"", "/"}
        or query
        or fragment
    ):
        raise ValueError("--public-url takes https://host or https://host:port, without a path")
    return Reached(scheme, host)


def reached(call: Call) -> Reached:
    """How the client of this request reaches the server.

    The Host header says it, but not where it is missing or none; where it names Amazon, as that of a client that was
    led here by its proxy or its agent does; and where it lacks the first letters of this server's address, as
    python-amazon-sp-api cuts off a letter too much behind `http://` (contract 7.2). Then it is the address of the socket.
    """
    scheme = str(call.scope.get("scheme", "http"))
    address, port = call.scope.get("server") or ("127.0.0.1", None)
    suffix = "" if port is None else f":{port}"
    own = (f"[{address}]" if ":" in address else address) + suffix
    given = (call.header(b"host") or b"").decode("latin-1")
    if _HOST.fullmatch(given) is None or _AMAZON.fullmatch(given):
        return Reached(scheme, own)
    for known in (own, f"localhost{suffix}"):
        if known.endswith(given) and known != given:
            return Reached(scheme, known)
    return Reached(scheme, given)
