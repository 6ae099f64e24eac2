"""Flat files: what is read from them (O-30)."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds.documents import HEADINGS, order_id, row, shipment, table
from torihiki.feeds.formats.flat import MISSING_FIELD, NOT_A_TABLE, UNKNOWN_FIELD, read_flat
from torihiki.feeds.formats.reading import Unreadable
from torihiki.feeds.model import Finding, Message, Severity, ShippedItem
from torihiki.feeds.rules import MESSAGES_MAX
from torihiki.kernel.instant import Instant

ONE = order_id(1)
MIDNIGHT = Instant.parse_iso("2026-11-21T00:00:00Z")


def read(document: str | bytes, charset: str | None = None) -> list[Message]:
    content = document if isinstance(document, bytes) else document.encode()
    return list(itertools.chain.from_iterable(read_flat(content, charset)))


def unreadable(document: str | bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(document)
    return caught.value


def test_row_without_an_item_is_the_whole_order_and_each_row_is_a_package() -> None:
    assert read(table(row(ONE), row(ONE, "40000000000001", "2"), row(ONE, "40000000000001"))) == [
        Message(number="1", shipment=shipment(ONE, ship_date=MIDNIGHT)),
        Message(
            number="2",
            shipment=shipment(
                ONE,
                ship_date=MIDNIGHT,
                items=(ShippedItem(order_item_id="40000000000001", quantity=2),),
            ),
        ),
        Message(
            number="3",
            shipment=shipment(
                ONE,
                ship_date=MIDNIGHT,
                items=(ShippedItem(order_item_id="40000000000001", quantity=None),),
            ),
        ),
    ]


def test_columns_come_in_any_order_and_spelling() -> None:
    headings = ("Ship-Date ", "carrier_name", "SHIP-FROM-SUPPLY-SOURCE-ID", "order-id")
    (message,) = read(table(("2026-11-21", "Yun", "s-1", ONE), headings=headings))
    assert message.shipment == shipment(
        ONE,
        ship_date=MIDNIGHT,
        carrier_code="Other",
        carrier_name="Yun",
        shipping_method=None,
        tracking_number="",
        ship_from_supply_source_id="s-1",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way_and_empty_ones_do_not_count(end: str) -> None:
    text = table(row(ONE), ("",), row(order_id(2)), end=end)
    assert [message.number for message in read(text)] == ["1", "3"]


def test_cells_may_be_quoted_and_rows_may_be_short() -> None:
    text = "order-id\tship-date\tcarrier-name\ttracking-number\r\n" f'"{ONE}"\t2026-11-21\t"He said ""Yun"""\r\n'  # fmt: skip
    (message,) = read(text)
    assert message.shipment is not None
    assert message.shipment.carrier_name == 'He said "Yun"'


def test_line_of_the_template_may_stand_above_the_headings() -> None:
    text = "TemplateType=OrderFulfillment\tVersion=2011.1102\tDo not modify\n" + table(row(ONE))
    assert [message.number for message in read(text)] == ["1"]


@pytest.mark.parametrize(
    ("codec", "charset", "name"),
    [
        ("utf-8", None, "日本郵便"),
        ("utf-8-sig", None, "日本郵便"),
        ("utf-16", None, "日本郵便"),
        ("latin-1", None, "Brömse"),
        ("latin-1", "ISO-8859-1", "Brömse"),
        ("euc_jp", "EUC-JP", "日本郵便"),
        ("cp932", "Shift_JIS", "日本郵便"),
    ],
)
def test_file_is_read_in_its_encoding(codec: str, charset: str | None, name: str) -> None:
    (message,) = read(table(row(ONE, carrier="Other", name=name)).encode(codec), charset)
    assert message.shipment is not None
    assert message.shipment.carrier_name == name


def test_file_that_is_not_utf_8_is_what_spreadsheets_write_there() -> None:
    content = table(row(ONE, carrier="Other", name="日本郵便①")).encode("cp932")
    found = itertools.chain.from_iterable(read_flat(content, None, "Windows-31J"))
    assert [one.shipment.carrier_name for one in found if one.shipment] == ["日本郵便①"]
    assert unreadable_in(content, "Windows-31J") is None
    assert unreadable_in(table(row(ONE, name="ö")).encode("latin-1"), "EUC-JP") == NOT_A_TABLE


def unreadable_in(content: bytes, otherwise: str) -> str | None:
    try:
        list(read_flat(content, None, otherwise))
    except Unreadable as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (row(""), "order-id is missing."),
        (row(ONE, date=""), "ship-date is missing."),
        (row(ONE, date="21.11.2026"), "ship-date is not an ISO 8601 date: 21.11.2026"),
        (row(ONE, carrier=""), "carrier-code or carrier-name is missing."),
        (row(ONE, "1", "0"), "quantity is not a positive whole number: 0"),
        (row(ONE, "1", "1.0"), "quantity is not a positive whole number: 1.0"),
        (row(ONE, "", "1"), "quantity stands without an order-item-id."),
    ],
)
def test_bad_row_is_refused_and_the_others_are_read(bad: tuple[str, ...], text: str) -> None:
    before, refused, after = read(table(row(ONE), bad, row(ONE)))
    assert before.shipment is not None
    assert after.shipment is not None
    assert refused.shipment is None
    assert [(one.message, one.text) for one in refused.findings] == [("2", text)]


def test_unknown_heading_is_a_warning_about_the_document() -> None:
    heading, message = read(table((*row(ONE), "x"), headings=(*HEADINGS, "colour")))
    assert not heading.counts
    assert heading.findings == (
        Finding(
            message="0",
            severity=Severity.WARNING,
            code=UNKNOWN_FIELD,
            text="The field heading colour is not known, so the values in this field were ignored.",
        ),
    )
    assert message.counts


@pytest.mark.parametrize(
    ("document", "code", "text"),
    [
        ("", NOT_A_TABLE, "empty"),
        ("\n\n \t \n", NOT_A_TABLE, "empty"),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<AmazonEnvelope/>', MISSING_FIELD, "order-id"),
        ("order-id\tcarrier-code\n1\tUPS\n", MISSING_FIELD, "ship-date"),
        (b"PK\x03\x04\0\0binary", MISSING_FIELD, "order-id"),
        (b"o\0r\0d\0e\0r\0", NOT_A_TABLE, "not text"),
        (table(row(ONE)) + '"' + "x" * 200_000, NOT_A_TABLE, "field larger than field limit"),
        ("\t".join(["order-id"] * 1000), NOT_A_TABLE, "columns"),
    ],
)  # fmt: skip
def test_file_without_orders_is_refused_as_a_whole(
    document: str | bytes, code: str, text: str
) -> None:
    refused = unreadable(document)
    assert refused.code == code
    assert text in refused.text


def test_records_are_bounded() -> None:
    text = "order-id\tship-date\n" + "1\t2026-11-21\n" * MESSAGES_MAX
    assert sum(len(messages) for messages in read_flat(text.encode())) == MESSAGES_MAX
    assert "more than" in unreadable(text + "1\t2026-11-21\n").text


@given(st.data())
@settings(max_examples=300)
def test_damaged_file_is_read_or_refused_and_never_fails_otherwise(data: st.DataObject) -> None:
    content = bytearray(table(row(ONE, "1", "1"), row(order_id(2), name="日本")).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    charset = data.draw(st.sampled_from([None, "utf-8", "Shift_JIS", "nonsense"]))
    with contextlib.suppress(Unreadable):
        read(bytes(content), charset)
