"""Conditions on which a client wants a document, in the order of RFC 9110, 13.2.2, refused as S3 refuses them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime

import pytest

from tests.server.plain import Answered
from tests.server.signed import CONTENT, NOW, Documents, members
from tests.serving import Served

BAD_DATES = (
    "",
    "yesterday",
    "0",
    "2001-01-01T00:00:00Z",
    "Mon, 31 Feb 2001 00:00:00 GMT",
    "Mon, 01 Jan 2001 00:00:00 +0000",
    "Mon, 01 Jan 2001 00:00:00",
    "Mon, 01 Jan 99999 00:00:00 GMT",
    "\xb2\xff",
)


@pytest.fixture(scope="module")
def documents(server: Served) -> Documents:
    found = Documents(server.url, server.data, NOW)
    assert found.put("kept", CONTENT).status == 200
    return found


@pytest.fixture(scope="module")
def kept(documents: Documents) -> Answered:
    return documents.get("kept", "HEAD")


@pytest.fixture(scope="module")
def tag(kept: Answered) -> str:
    return kept.headers["etag"]


@pytest.fixture(scope="module")
def seconds(kept: Answered) -> int:
    return int(parsedate_to_datetime(kept.headers["last-modified"]).timestamp())


def date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def test_document_that_did_not_change_since_is_not_sent_again(
    documents: Documents, kept: Answered, seconds: int
) -> None:
    for since in (seconds, seconds + 1, 2_000_000_000):
        answer = documents.get("kept", if_modified_since=date(since))
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == kept.headers["etag"]
        assert answer.headers["last-modified"] == kept.headers["last-modified"]
    assert documents.get("kept", if_modified_since=date(seconds - 1)).body == CONTENT


def test_document_that_changed_since_is_not_sent(documents: Documents, seconds: int) -> None:
    for until in (seconds, seconds + 1):
        assert documents.get("kept", if_unmodified_since=date(until)).body == CONTENT
    for until in (0, seconds - 1):
        answer = documents.get("kept", if_unmodified_since=date(until))
        assert answer.status == 412
        found = members(answer)
        assert (found["Code"], found["Condition"]) == ("PreconditionFailed", "If-Unmodified-Since")


def test_document_that_is_another_one_is_not_sent(documents: Documents, tag: str) -> None:
    """Compared strongly: a weak tag is never the same."""
    for given in (tag, f'"x", {tag}', f"{tag},W/{tag}", "*"):
        assert documents.get("kept", if_match=given).body == CONTENT
    for given in ('"x"', f"W/{tag}", tag.strip('"'), ""):
        answer = documents.get("kept", if_match=given)
        assert answer.status == 412
        found = members(answer)
        assert (found["Code"], found["Condition"]) == ("PreconditionFailed", "If-Match")


def test_every_form_of_a_date_is_read(documents: Documents) -> None:
    """RFC 9110, 5.6.7: all of them are the same day."""
    for written in (
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ):
        assert documents.get("kept", if_unmodified_since=written).status == 412
        assert documents.get("kept", if_modified_since=written).status == 200


@pytest.mark.parametrize("written", BAD_DATES)
def test_what_is_no_date_is_no_condition(documents: Documents, written: str) -> None:
    assert documents.get("kept", if_unmodified_since=written).body == CONTENT
    assert documents.get("kept", if_modified_since=written).body == CONTENT


MATCHES = (None, True, False)


def every_request(
    tag: str, seconds: int
) -> Iterator[tuple[tuple[bool | None, ...], dict[str, str]]]:
    """Whether each of the four conditions is fulfilled, or not there (None), and the headers."""
    for fulfilled in itertools.product(MATCHES, repeat=4):
        match, unmodified, none_match, modified = fulfilled
        headers = {}
        if match is not None:
            headers["if_match"] = tag if match else '"x"'
        if unmodified is not None:
            headers["if_unmodified_since"] = date(seconds if unmodified else seconds - 1)
        if none_match is not None:
            headers["if_none_match"] = '"x"' if none_match else f"W/{tag}"
        if modified is not None:
            headers["if_modified_since"] = date(seconds - 1 if modified else seconds)
        yield fulfilled, headers


@pytest.mark.parametrize(
    "asked", [{}, {"range": "bytes=0-1"}, {"range": "bytes=9999999-"}], ids=str
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_are_looked_at_in_their_order(
    documents: Documents, tag: str, seconds: int, method: str, asked: dict[str, str]
) -> None:
    """A tag stands above the date of its kind, what must be so above what the client has, and all above the range."""
    whole = documents.get("kept", method, **asked)
    assert whole.status in {200, 206, 416}
    for fulfilled, headers in every_request(tag, seconds):
        match, unmodified, none_match, modified = fulfilled
        status = whole.status
        if (unmodified if match is None else match) is False:
            status = 412
        elif (modified if none_match is None else none_match) is False:
            status = 304
        answer = documents.get("kept", method, **asked, **headers)
        assert answer.status == status, headers
        if status == whole.status:
            assert answer.body == whole.body or status == 416
        if method == "HEAD" or status == 304:
            assert answer.body == b""


def test_range_is_sent_of_the_version_that_the_client_began_with(
    documents: Documents, tag: str, seconds: int
) -> None:
    """If-Range, behind the other conditions. A date is never good enough: a document may change twice in a second."""
    assert documents.get("kept", range="bytes=0-1", if_range=tag, if_match=tag).status == 206
    assert documents.get("kept", range="bytes=0-1", if_range=tag, if_match='"x"').status == 412
    assert documents.get("kept", range="bytes=0-1", if_range=date(seconds)).status == 200


def test_conditions_open_nothing(documents: Documents) -> None:
    """A document without the right URL is refused as ever, and one that is not there is not."""
    assert documents.get("never-there", if_match="*").status == 404
    other = Documents(documents.url, documents.data, NOW.add(hours=-1))
    assert other.get("kept", if_none_match="*").status == 403
