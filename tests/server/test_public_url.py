"""Behind a proxy: the URLs that clients are given begin with what the operator says (createFeedDocument, putDocument)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tests.orders.lines import US
from tests.server.feeding import XML_MEDIA, Feeder
from tests.server.plain import fetch
from tests.serving import served

PUBLIC = "https://orders.example.com"
CONTENT = b"<feed/>"


def test_urls_begin_with_the_public_url_whatever_host_the_proxy_names(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--public-url", PUBLIC) as server:
        feeder = Feeder(server.add_seller([US]))
        url = feeder.document()["url"]
        feeder.close()
        assert url.startswith(f"{PUBLIC}/documents/")
        target = url.removeprefix(PUBLIC)
        for host in (urlsplit(PUBLIC).netloc, urlsplit(server.url).netloc, "upstream"):
            headers = {"content-type": XML_MEDIA, "host": host}
            for asked, status in ((target, 200), (f"{target}0", 403)):
                put = fetch(server.url, asked, method="PUT", headers=headers, body=CONTENT)
                assert put.status == status
