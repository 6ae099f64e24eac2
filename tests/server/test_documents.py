"""Documents by signed URLs, as S3 serves them (R-10, O-30; contract 4.10 of Amazon Pay)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from tests.server.plain import fetch
from tests.server.signed import CONTENT, MEDIA, NOW, Documents, members
from tests.serving import Served
from torihiki.kernel.problem import unavailable
from torihiki.server.s3_errors import refusal


@pytest.fixture(scope="module")
def documents(server: Served) -> Documents:
    found = Documents(server.url, server.data, NOW)
    assert found.put("kept", CONTENT).status == 200
    return found


def test_uploaded_document_is_downloaded_again_by_an_ordinary_client(documents: Documents) -> None:
    """putDocument and getDocument: no login, no header but the Content-Type that was agreed."""
    with httpx2.Client(base_url=documents.url) as client:
        put = client.put(
            httpx2.URL(documents.url + documents.sign("PUT", "one")),
            content=CONTENT,
            headers={"content-type": MEDIA},
        )
        assert (put.status_code, put.content) == (200, b"")
        got = client.get(httpx2.URL(documents.url + documents.sign("GET", "one")))
    assert (got.status_code, got.content) == (200, CONTENT)
    assert got.headers["etag"] == put.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f-]+"', got.headers["etag"])
    assert got.headers["content-type"] == "binary/octet-stream"
    assert got.headers["content-length"] == str(len(CONTENT))
    assert got.headers["accept-ranges"] == "bytes"
    modified = parsedate_to_datetime(got.headers["last-modified"])
    assert abs((datetime.now(UTC) - modified).total_seconds()) < 60


def test_empty_document_is_a_document(documents: Documents) -> None:
    assert documents.put("empty", b"").status == 200
    answer = documents.get("empty")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


def test_second_upload_replaces_the_first(documents: Documents) -> None:
    documents.put("twice", b"first")
    documents.put("twice", b"second one")
    assert documents.get("twice").body == b"second one"


SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1000-", 1_000, SIZE),
        ("bytes=262100-262200", 262_100, 262_201),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-300000", SIZE - 300_000, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=0-{SIZE * 2}", 0, SIZE),
        (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE),
    ],
)
def test_range_is_sent_as_a_206(documents: Documents, asked: str, start: int, stop: int) -> None:
    answer = documents.get("kept", range=asked)
    assert answer.status == 206
    assert answer.body == CONTENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
def test_range_without_a_byte_is_a_416(documents: Documents, asked: str) -> None:
    answer = documents.get("kept", range=asked)
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    found = members(answer)
    assert found["Code"] == "InvalidRange"
    assert found["RangeRequested"] == asked
    assert found["ActualObjectSize"] == str(SIZE)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-2", "bytes=-", "bytes=a-b", "items=0-1", "", "bytes 0-1"]
)
def test_range_that_s3_does_not_read_is_ignored(documents: Documents, asked: str) -> None:
    answer = documents.get("kept", range=asked)
    assert (answer.status, answer.body) == (200, CONTENT)


def test_range_of_another_version_is_not_sent(documents: Documents) -> None:
    """If-Range, with which a download is resumed."""
    tag = documents.get("kept", "HEAD").headers["etag"]
    assert documents.get("kept", range="bytes=0-1", if_range=tag).status == 206
    assert documents.get("kept", range="bytes=0-1", if_range='"other"').status == 200


def test_version_that_the_client_has_is_not_sent_again(documents: Documents) -> None:
    tag = documents.get("kept", "HEAD").headers["etag"]
    answer = documents.get("kept", if_none_match=f'"x", {tag}')
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    assert documents.get("kept", if_none_match='"x"').status == 200


@pytest.mark.parametrize("asked", [{}, {"range": "bytes=5-9"}, {"range": f"bytes={SIZE}-"}])
def test_head_is_get_without_the_body(documents: Documents, asked: dict[str, str]) -> None:
    """headDocument, with the URL of a GET."""
    head, get = documents.get("kept", "HEAD", **asked), documents.get("kept", **asked)
    assert (head.status, head.body) == (get.status, b"")
    own = {"x-amzn-requestid", "x-amz-request-id", "date"}
    assert {n: v for n, v in head.headers.items() if n not in own} == {
        n: v for n, v in get.headers.items() if n not in own
    }


def test_signed_members_set_the_headers(documents: Documents) -> None:
    query = {
        "response-content-type": "text/csv; charset=utf-8",
        "response-content-disposition": 'attachment; filename="a b.csv"',
        "response-content-encoding": "gzip",
        "response-cache-control": "no-store",
        "response-content-language": "ja",
        "response-expires": "0",
    }
    answer = fetch(documents.url, documents.sign("GET", "kept", query=query))
    assert answer.status == 200
    sent = {f"response-{name}": text for name, text in answer.headers.items()}
    assert query.items() <= sent.items()


def test_member_that_no_header_can_hold_is_refused(documents: Documents) -> None:
    for text in ("a\r\nset-cookie: b", "\u65e5\u672c"):
        target = documents.sign("GET", "kept", query={"response-content-type": text})
        answer = fetch(documents.url, target)
        assert (answer.status, members(answer)["Code"]) == (400, "InvalidArgument")


def test_url_is_good_for_its_seconds_on_the_operators_clock(server: Served) -> None:
    """Contract 4.10: 403 with S3's XML after that."""
    documents = Documents(server.url, server.data, NOW)
    documents.put("short", b"x")
    target = documents.sign("GET", "short", expires_s=30)
    try:
        server.set_clock(now="2026-11-22T09:30:30Z")
        assert fetch(server.url, target).status == 200
        server.set_clock(now="2026-11-22T09:30:31Z")
        answer = fetch(server.url, target)
    finally:
        server.set_clock(now="2026-11-22T09:30:00Z")
    assert answer.status == 403
    found = members(answer)
    request_id = answer.headers["x-amz-request-id"]
    assert found == {
        "Code": "AccessDenied",
        "Message": "Request has expired",
        "X-Amz-Expires": "30",
        "Expires": "2026-11-22T09:30:30Z",
        "ServerTime": "2026-11-22T09:30:31Z",
        "RequestId": request_id,
        "HostId": "torihiki",
    }


def test_url_opens_nothing_but_what_it_was_signed_for(documents: Documents) -> None:
    documents.put("other", b"other")
    get, put = documents.sign("GET", "kept"), documents.sign("PUT", "kept")
    media = {"content-type": MEDIA}
    tried = [
        fetch(documents.url, get.replace("kept", "other")),
        fetch(documents.url, get.replace("kept", "kept/")),
        fetch(documents.url, get + "&response-content-type=text/html"),
        fetch(documents.url, get[:-1] + ("0" if get[-1] != "0" else "1")),
        fetch(documents.url, get, method="PUT", headers=media, body=b"x"),
        fetch(documents.url, put, headers=media),
        fetch(documents.url, put, method="PUT", headers={"content-type": "text/xml"}, body=b"x"),
        fetch(documents.url.replace("127.0.0.1", "localhost"), get),
    ]
    for answer in tried:
        assert (answer.status, members(answer)["Code"]) == (403, "SignatureDoesNotMatch")
    assert documents.get("kept").body == CONTENT


def test_path_alone_opens_nothing(documents: Documents) -> None:
    """Nor does it tell what is there."""
    for name in ("kept", "never-there"):
        answer = fetch(documents.url, f"/documents/{name}")
        assert (answer.status, members(answer)["Code"]) == (403, "AccessDenied")


def test_login_is_neither_needed_nor_looked_at(documents: Documents) -> None:
    answer = documents.get("kept", authorization="Bearer x", x_amz_access_token="Atza|x")
    assert answer.status == 200


def test_document_that_is_not_there_is_a_404(documents: Documents) -> None:
    for name in ("never-there", ".hidden", "a%20b", "..", "x" * 201):
        target = documents.sign("GET", name.replace("%20", " "))
        answer = fetch(documents.url, target)
        assert answer.status == 404
        assert members(answer)["Code"] == "NoSuchKey"
        assert members(answer)["Key"] == name.replace("%20", " ")


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(documents: Documents, method: str) -> None:
    answer = fetch(documents.url, documents.sign(method, "kept"), method=method)
    assert answer.status == 405
    assert members(answer)["Code"] == "MethodNotAllowed"
    assert members(answer)["Method"] == method
    assert answer.headers["allow"] == "GET, HEAD, PUT"


def test_hostile_queries_are_refused_in_xml(documents: Documents) -> None:
    for query in ("%ff=%00", "X-Amz-Date=%0d%0a", "X-Amz-Signature=" + "a" * 40_000, "&&&", "%"):
        answer = fetch(documents.url, f"/documents/kept?{query}")
        assert answer.status in {400, 403}
        members(answer)


def test_what_the_handlers_do_not_answer_is_refused_in_xml_too() -> None:
    away, broken = refusal(unavailable(), "r-1"), refusal(None, "r-2")
    assert (away.status, broken.status) == (503, 500)
    assert b"<Code>ServiceUnavailable</Code>" in away.body
    assert b"<Code>InternalError</Code>" in broken.body
    assert (b"x-amz-request-id", b"r-1") in away.headers
