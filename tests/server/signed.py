"""A running server's documents, with URLs as its other operations give them."""

from __future__ import annotations

import socket
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tests.server.plain import Answered, fetch
from torihiki.bootstrap.files import key_ring
from torihiki.kernel.instant import Instant
from torihiki.kernel.signed_url import UrlSigner
from torihiki.server.bindings.documents import PURPOSE

NOW = Instant.from_utc(2026, 11, 22, 9, 30)
"""What the clock of the fixture `server` shows, stopped."""
CONTENT = bytes(range(256)) * 4_000
MEDIA = "text/xml; charset=UTF-8"
UNFINISHED = ".put-"


class Documents:
    """The documents of a running server, with URLs as its other operations give them."""

    def __init__(self, url: str, data: Path, now: Instant) -> None:
        self.url = url
        self.data = data
        self.now = now

    def sign(
        self, method: str, name: str, *, expires_s: int = 30, query: Mapping[str, str] | None = None
    ) -> str:
        return UrlSigner(key_ring(self.data), PURPOSE).sign(
            method,
            f"/documents/{name}",
            at=self.now,
            expires_s=expires_s,
            host=urlsplit(self.url).netloc,
            headers={"content-type": MEDIA} if method == "PUT" else {},
            query=query,
        )

    def put(self, name: str, content: bytes) -> Answered:
        return fetch(
            self.url,
            self.sign("PUT", name),
            method="PUT",
            headers={"content-type": MEDIA},
            body=content,
        )

    def get(self, name: str, method: str = "GET", **headers: str) -> Answered:
        named = {header.replace("_", "-"): text for header, text in headers.items()}
        return fetch(self.url, self.sign("GET", name), method=method, headers=named)

    def head_of_put(self, name: str, *lines: str) -> bytes:
        return self._head("PUT", name, f"content-type: {MEDIA}", *lines)

    def head_of_get(self, name: str, *lines: str) -> bytes:
        return self._head("GET", name, *lines)

    def _head(self, method: str, name: str, *lines: str) -> bytes:
        first = f"{method} {self.sign(method, name)} HTTP/1.1"
        host = f"host: {urlsplit(self.url).netloc}"
        return "\r\n".join([first, host, *lines, "", ""]).encode()


def members(answer: Answered) -> dict[str, str | None]:
    """The members of an error document of S3's."""
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')
    root = ET.fromstring(answer.body)
    found = {one.tag: one.text for one in root}
    assert list(found)[:2] == ["Code", "Message"]
    assert list(found)[-2:] == ["RequestId", "HostId"]
    assert found["RequestId"] == answer.headers["x-amz-request-id"]
    assert found["RequestId"] == answer.headers["x-amzn-requestid"]
    return found


def kept_files(data: Path, prefix: str = "") -> list[str]:
    return sorted(p.name for p in (data / "documents").iterdir() if p.name.startswith(prefix))


def connected(url: str) -> socket.socket:
    return socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=20)
