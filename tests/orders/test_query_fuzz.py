"""Whatever the query string is: a selection, a token or a refusal, and never anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, quote_from_bytes, urlencode

from hypothesis import example, given
from hypothesis import strategies as st

from tests.orders.lines import US
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.orders.model import DateField, Selection
from torihiki.orders.v0.query import PARAMETERS, parse_get_orders
from torihiki.orders.v0.wire import parse_next_token
from torihiki.server.problems import render

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")

names = st.sampled_from(sorted(PARAMETERS)) | st.text(max_size=12).map(quote)
telling = st.sampled_from(
    [
        US, "", ",", "2026-01-01", "2026-11-22T09:30:00Z", "2026-01-01T00:00:00+09:00", "9999-12-31T23:59:59Z",
        "0001-01-01", "Shipped", "shipped,Pending", "AFN", "COD", "true", "False", "0", "1", "100", "101", "-1",
        "249-7000000-0000001", "%00", "%ff", "%ED%A0%80", "%E2%80%A8", "%", "%2", "%2C", "+", "/", "=",
        "\u00e9", "9" * 20, "'", "%27%3D%3C", "%F0%9F%8D%A3",
    ]
)  # fmt: skip
values = telling | st.text(max_size=30) | st.binary(max_size=20).map(quote_from_bytes)
pieces = st.lists(st.tuples(names, values), max_size=12).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
queries = st.one_of(
    st.binary(max_size=200),
    pieces.map(lambda text: text.encode("utf-8", "surrogatepass")),
    pieces.map(lambda text: f"MarketplaceIds={US}&CreatedAfter=2026-01-01&{text}".encode("utf-8", "replace")),
    pieces.map(lambda text: f"MarketplaceIds={US}&NextToken={text}".encode("utf-8", "replace")),
)  # fmt: skip


Outcome = TypeVar("Outcome")


def attempted(call: Callable[[], Outcome]) -> Outcome | Problem:
    """What comes of the call; only a refusal may be raised."""
    try:
        return call()
    except Problem as problem:
        return problem


@given(queries)
@example(b"")
@example(b"\x00")
@example(b"&" * 10_000)
@example(b"MarketplaceIds=" + b"," * 30_000)
@example(b"MarketplaceIds=A&CreatedAfter=" + b"9" * 30_000)
def test_any_query_is_understood_or_refused(query: bytes) -> None:
    outcome = attempted(lambda: parse_get_orders(query, NOW, TimeDelta()))
    if isinstance(outcome, Problem):
        assert outcome.kind is Kind.INVALID_INPUT
        assert render(outcome).status == 400
        return
    wanted, size = outcome
    assert size is None or 1 <= size <= 100
    if isinstance(wanted, Selection):
        assert 1 <= len(wanted.marketplace_ids) <= 50
        assert wanted.order_ids is None or 1 <= len(wanted.order_ids) <= 50
        assert wanted.until <= NOW
    else:
        assert wanted


@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda raw: b"NextToken=" + raw))
def test_any_query_of_the_items_is_understood_or_refused(query: bytes) -> None:
    outcome = attempted(lambda: parse_next_token(query))
    if isinstance(outcome, Problem):
        assert outcome.kind is Kind.INVALID_INPUT
    else:
        assert outcome is None or outcome


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100))
def test_any_printable_text_filter_survives_encoding(text: str) -> None:
    """O-10, O-11: what a client encodes is what is looked for."""
    for encode in (quote, lambda raw: urlencode({"": raw})[1:]):
        query = f"MarketplaceIds={US}&CreatedAfter=2026-01-01&SellerOrderId={encode(text)}"
        wanted, _ = parse_get_orders(query.encode(), NOW, TimeDelta())
        assert isinstance(wanted, Selection)
        assert wanted.seller_order_id == text


@given(
    st.sampled_from([DateField.CREATED, DateField.LAST_UPDATED]),
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
)
def test_bounds_are_taken_when_ordered_and_two_minutes_old(
    field: DateField, since_ago: int, until_ago: int
) -> None:
    """O-4, O-18."""
    stem = "Created" if field is DateField.CREATED else "LastUpdated"
    since, until = NOW - TimeDelta(seconds=since_ago), NOW - TimeDelta(seconds=until_ago)
    query = f"MarketplaceIds={US}&{stem}After={since}&{stem}Before={until}"
    try:
        wanted, _ = parse_get_orders(query.encode(), NOW, TimeDelta())
    except Problem:
        assert until < since or until_ago < 120
    else:
        assert isinstance(wanted, Selection)
        assert (wanted.by, wanted.since, wanted.until) == (field, since, until)
        assert since <= until <= NOW - TimeDelta(minutes=2)
