"""Page tokens have Amazon's form, carry what a page sequence needs, and open nowhere else (R-7, contract 4.2)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.instant import Instant
from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.seal import NotSealed
from torihiki.pay_reports.cursors import Bookmark, PageTokens
from torihiki.pay_reports.model import ProcessingStatus, ReportType

OLD = SecretKey(key_id=1, secret=b"1" * 32)
NEW = SecretKey(key_id=2, secret=b"2" * 32)
TOKENS = PageTokens(KeyRing(keys=(OLD,), index=b""))
HERE = b"getReports\0live\0A1"
MARK = Bookmark(page_size=10, since=Instant.from_timestamp(1_700_000_000), after=77)

bookmarks = st.builds(
    Bookmark,
    report_types=st.frozensets(st.sampled_from(ReportType)),
    statuses=st.frozensets(st.sampled_from(ProcessingStatus)),
    page_size=st.integers(1, 100),
    since=st.integers(0, Instant.MAX.timestamp()).map(Instant.from_timestamp),
    after=st.integers(0, 2**39 - 1),
)


@given(bookmarks, st.binary())
def test_token_is_nt_and_a_uuid_and_opens_to_what_was_sealed(
    bookmark: Bookmark, context: bytes
) -> None:
    """R-7"""
    token = TOKENS.seal(bookmark, context)
    assert re.fullmatch(r"nt-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", token)
    assert TOKENS.open(token, context) == bookmark


def test_token_does_not_open_in_another_place_or_with_a_bit_changed() -> None:
    token = TOKENS.seal(MARK, HERE)
    for context in (
        b"",
        b"getReports\0sandbox\0A1",
        b"getReports\0live\0A2",
        b"getDisbursements\0live\0A1",
    ):
        with pytest.raises(NotSealed):
            TOKENS.open(token, context)
    number = int(token[3:].replace("-", ""), 16)
    for bit in range(128):
        digits = f"{number ^ 1 << bit:032x}"
        forged = f"nt-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        with pytest.raises(NotSealed):
            TOKENS.open(forged, HERE)


@given(st.text())
def test_no_other_text_opens(text: str) -> None:
    token = TOKENS.seal(MARK, HERE)
    for forged in (
        text,
        f"nt-{text}",
        token + text if text else "",
        token.upper(),
        token[3:],
        token.replace("-", ""),
    ):
        with pytest.raises(NotSealed):
            TOKENS.open(forged, HERE)


def test_key_that_is_replaced_opens_until_it_is_gone() -> None:
    tokens = PageTokens(KeyRing(keys=(OLD,), index=b""))
    token = tokens.seal(MARK, HERE)
    tokens.replace(KeyRing(keys=(NEW, OLD), index=b""))
    assert tokens.open(token, HERE) == MARK
    assert tokens.seal(MARK, HERE) != token
    tokens.replace(KeyRing(keys=(NEW,), index=b""))
    with pytest.raises(NotSealed):
        tokens.open(token, HERE)


@pytest.mark.parametrize(
    "bookmark",
    [
        Bookmark(page_size=128, since=Instant.from_timestamp(0), after=1),
        Bookmark(page_size=1, since=Instant.from_timestamp(0), after=2**39),
        Bookmark(page_size=1, since=Instant.from_timestamp(0), after=-1),
    ],
)
def test_bookmark_that_does_not_fit_is_never_cut(bookmark: Bookmark) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        TOKENS.seal(bookmark, HERE)
