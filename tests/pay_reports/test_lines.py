"""Fields, lines and layouts, and how an operator replaces them (contract 5)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.fact import NAMES, ReportType, Value
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money, parse
from torihiki.pay_reports.layouts import (
    INFERRED,
    LAYOUTS,
    SETTLEMENT_ID,
    BadLayout,
    Kind,
    Layout,
    parse_overrides,
    schema,
)
from torihiki.pay_reports.lines import BOM, ZONES, head, render_line, split_line, time_text

REFUND = LAYOUTS[ReportType.REFUND]
SETTLEMENT = LAYOUTS[ReportType.SETTLEMENT]
SETTLEMENTS = {ReportType.SETTLEMENT, ReportType.SANDBOX_SETTLEMENT}


@pytest.mark.parametrize("report_type", ReportType)
def test_layout_shows_all_that_the_report_can_tell_and_nothing_else(
    report_type: ReportType,
) -> None:
    """R-5"""
    facts = [column.fact for column in LAYOUTS[report_type].columns]
    assert len(set(facts)) == len(facts)
    told = ReportType.SETTLEMENT if report_type in SETTLEMENTS else report_type
    assert {fact for fact in facts if fact != SETTLEMENT_ID} == NAMES[told]


def test_only_the_settlement_has_a_mark_a_preamble_and_trailing_commas() -> None:
    for report_type, layout in LAYOUTS.items():
        is_settlement = report_type in SETTLEMENTS
        assert head(layout).startswith(BOM) is is_settlement
        assert head(layout).endswith(b",\n") is is_settlement
        assert head(layout).count(b"\n") == (6 if is_settlement else 1)


@given(st.lists(st.text() | st.none(), min_size=12, max_size=12))
def test_any_text_comes_out_of_a_reader_as_it_went_in_but_for_control_characters(
    texts: list[str | None],
) -> None:
    columns = tuple(msgspec.structs.replace(column, kind=Kind.TEXT) for column in REFUND.columns)
    values: dict[str, Value] = {
        column.fact or "": text for column, text in zip(columns, texts, strict=True)
    }
    line = render_line(Layout(columns=columns), values, "UTC").decode()
    # Files are split into lines first, by whatever Python or others take for the end of one.
    assert len(line.splitlines()) == 1
    (read,) = csv.reader(io.StringIO(line), strict=True)
    for given_text, found in zip(texts, read, strict=True):
        assert len(found) == len(given_text or "")
        for before, after in zip(given_text or "", found, strict=True):
            assert after == before or (after == " " and not before.isprintable())


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "JPY", "KWD"]))
def test_amounts_of_a_line_are_exact_and_never_touched_by_a_guard_against_formulas(
    minor: int, currency: str
) -> None:
    values = {
        "transaction_amount": Money(minor, currency),
        "percentage_fee": Money(minor, currency),
    }
    before, behind = split_line(SETTLEMENT, values, "UTC")
    (read,) = csv.reader(io.StringIO((before + b"1" + behind).decode()))
    assert parse(read[10], currency) == Money(minor, currency)
    assert parse(Decimal(read[11]), currency) == Money(minor, currency)


def test_fee_of_nothing_is_a_plain_zero_and_an_amount_of_nothing_is_not() -> None:
    """Contract 5.1"""
    nothing = Money(0, "USD")
    line = b"".join(
        split_line(SETTLEMENT, {"fixed_fee": nothing, "transaction_amount": nothing}, "UTC")
    )
    assert line.endswith(b'"0.00","0","0","0",""\n')


@pytest.mark.parametrize(
    "values",
    [
        {"refund_amount": "1.00"},
        {"refund_amount": Decimal(1)},
        {"updated": "2015-10-05T16:20:49 -0700"},
        {"note": Money(1, "USD")},
        {"note": Instant.from_timestamp(0)},
    ],
)
def test_value_of_another_kind_than_its_column_is_no_line(values: dict[str, Value]) -> None:
    with pytest.raises(TypeError, match="column "):
        render_line(REFUND, values, "UTC")


def test_lone_surrogate_does_not_stop_a_report() -> None:
    assert b'"a?b"' in render_line(REFUND, {"note": "a\ud800b"}, "UTC")


@pytest.mark.parametrize(
    ("at", "region", "text"),
    [
        ("2015-10-01T14:06:47Z", "na", "2015-10-01T07:06:47 -0700"),
        ("2015-12-01T14:06:47.999Z", "na", "2015-12-01T06:06:47 -0800"),
        ("2015-10-01T14:06:47Z", "eu", "2015-10-01T14:06:47 +0000"),
        ("2015-10-01T15:06:47Z", "jp", "2015-10-02T00:06:47 +0900"),
        ("9999-12-31T23:59:59Z", "jp", "9999-12-31T23:59:59 +0000"),
        ("0001-01-01T00:00:00Z", "na", "0001-01-01T00:00:00 +0000"),
        ("1850-01-01T00:00:00Z", "na", "1849-12-31T16:07:02 -0752"),
    ],
)
def test_times_are_of_the_region(at: str, region: str, text: str) -> None:
    """Contract 5.1"""
    assert time_text(Instant.parse_iso(at), ZONES[region]) == text


@given(
    st.integers(-62_135_596_800, 253_402_300_799).map(Instant.from_timestamp),
    st.sampled_from(sorted(ZONES.values())),
)
def test_every_time_can_be_written(instant: Instant, zone: str) -> None:
    assert len(time_text(instant, zone)) == len("2015-10-01T07:06:47 -0700")


def test_operator_replaces_one_layout_and_keeps_the_others() -> None:
    document = b"""{"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_": {"bom": true, "columns": [
        {"name": "AmazonAuthorizationID", "fact": "authorization_id"}, {"name": "Unknown"},
        {"name": "AuthorizationAmount", "fact": "authorization_amount", "kind": "fee"}]}}"""
    layouts = parse_overrides(document)
    layout = layouts[ReportType.AUTHORIZATION]
    assert head(layout) == BOM + b'"AmazonAuthorizationID","Unknown","AuthorizationAmount"\n'
    assert render_line(layout, {"authorization_id": "x", "note": "y"}, "UTC") == b'"x","","0"\n'
    others = set(ReportType) - {ReportType.AUTHORIZATION}
    assert all(layouts[one] is LAYOUTS[one] for one in others)


def test_shipped_layouts_are_a_file_that_an_operator_could_write() -> None:
    own = {
        name: layout for name, layout in LAYOUTS.items() if name != ReportType.SANDBOX_SETTLEMENT
    }
    assert parse_overrides(msgspec.json.encode(own)) == LAYOUTS


def test_settlement_layout_of_the_operator_is_that_of_both_settlements() -> None:
    document = b"""{"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_":
        {"columns": [{"name": "Id", "fact": "settlement_id"}]}}"""
    layouts = parse_overrides(document)
    assert layouts[ReportType.SANDBOX_SETTLEMENT] == layouts[ReportType.SETTLEMENT]
    assert split_line(layouts[ReportType.SETTLEMENT], {}, "UTC") == (b'"', b'"\n')


def _one(column: str, name: str = "REFUND") -> str:
    return f'{{"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_{name}_DATA_": {{"columns": [{column}]}}}}'


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "truncated"),
        ("[]", "object"),
        ("[" * 100_000, "object|recursion"),
        ('{"REFUND": {"columns": []}}', "no report type"),
        (_one('{"name": "A"}', "SANDBOX_SETTLEMENT"), "no report type"),
        (_one(""), "1 to 200 columns"),
        (_one('{"name": "A", "fact": "note", "colour": "red"}'), "colour"),
        (_one('{"name": "A", "fact": "captain"}'), "column 'A': there is no value 'captain'"),
        (_one('{"name": "A", "fact": "note", "kind": "time"}'), "'note' is text, not time"),
        (_one('{"name": "A", "fact": "refund_amount"}'), "'refund_amount' is amount, not text"),
        (_one('{"name": "A", "kind": "number"}'), "number"),
        (_one('{"name": ""}'), "characters"),
        (_one('{"name": "A\\nB"}'), "one line"),
        (_one('{"name": "A", "fact": "settlement_id"}'), "no value 'settlement_id'"),
        (_one('{"name": "A", "fact": "note"}', "SETTLEMENT"), "no value 'note'"),
        (_one('{"name": "A", "fact": "posted", "kind": "time"}', "SETTLEMENT"), "settlement id stands once"),
        (_one('{"name": "A"}').replace("]}}", '], "preamble": true}}'), "only a settlement"),
    ],
)  # fmt: skip
def test_bad_file_of_layouts_is_refused_with_the_place_and_the_reason(
    document: str, reason: str
) -> None:
    with pytest.raises(BadLayout, match=reason):
        parse_overrides(document.encode())


def test_schema_of_the_file_of_layouts_names_all_that_a_layout_has() -> None:
    definitions = schema()["$defs"]
    assert set(definitions["Layout"]["properties"]) == set(Layout.__struct_fields__)


def test_three_layouts_are_known_to_be_guesses() -> None:
    """Contract 5.6"""
    assert {one.name for one in INFERRED} == {
        "ORDER_REFERENCE",
        "BILLING_AGREEMENT",
        "AUTHORIZATION",
    }
