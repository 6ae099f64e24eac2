"""XML feeds: what is read from them, and what strangers can do with them (O-30)."""

from __future__ import annotations

import contextlib
import itertools
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds.documents import envelope, fulfillment, item, order_id, shipment, written
from torihiki.feeds.formats.envelope import NOT_THE_ENVELOPE, NOT_WELL_FORMED, read_envelope
from torihiki.feeds.formats.reading import FIELD_MAX, ITEMS_MAX, Unreadable
from torihiki.feeds.model import Message, Severity, Shipment, ShippedItem
from torihiki.feeds.rules import MESSAGES_MAX
from torihiki.kernel.instant import Instant

ONE = order_id(1)


def read(document: str | bytes, charset: str | None = None) -> list[Message]:
    content = document if isinstance(document, bytes) else document.encode()
    return list(itertools.chain.from_iterable(read_envelope(content, charset)))


def only(*messages: str) -> Message:
    (found,) = read(envelope(messages))
    return found


def refusals(message: Message) -> list[str]:
    assert message.shipment is None
    assert {finding.severity for finding in message.findings} == {Severity.ERROR}
    return [finding.text for finding in message.findings]


def unreadable(document: str | bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(document)
    return caught.value


def test_message_without_items_is_the_whole_order() -> None:
    assert only(fulfillment(7, ONE)) == Message(number="7", shipment=shipment(ONE))


def test_every_field_is_read() -> None:
    message = only(
        fulfillment(
            1,
            ONE,
            items=[
                item("40000000000001", 2, "<TransparencyCode>AZ:1</TransparencyCode>"),
                item("40000000000002"),
            ],
            carrier="Other",
            name="Yun & Söhne",
            reference="101",
            more="<ShipFromSupplySourceId>s-1</ShipFromSupplySourceId>"
            "<CODCollectionMethod>DirectPayment</CODCollectionMethod>",
        )
    )
    assert message.shipment == shipment(
        ONE,
        carrier_code="Other",
        carrier_name="Yun & Söhne",
        reference="101",
        ship_from_supply_source_id="s-1",
        cod_collection_method="DirectPayment",
        items=(
            ShippedItem(order_item_id="40000000000001", quantity=2, transparency_codes=("AZ:1",)),
            ShippedItem(order_item_id="40000000000002", quantity=None),
        ),
    )


def test_carrier_that_has_a_name_only_is_another() -> None:
    found = only(fulfillment(1, ONE, carrier=None, name="Yun Express")).shipment
    assert found is not None
    assert (found.carrier_code, found.carrier_name) == ("Other", "Yun Express")


def test_order_can_be_named_by_the_sellers_own_id() -> None:
    found = only(fulfillment(1, None, merchant_order="S-1")).shipment
    assert found == shipment("", merchant_order_id="S-1")


def test_namespaces_attributes_comments_and_cdata_do_not_count() -> None:
    document = """<?xml version="1.0"?><!-- hello --><a:AmazonEnvelope xmlns:a="urn:a" b="c">
      <a:Header/><a:MessageType> OrderFulfillment </a:MessageType><?target data?>
      <a:Message x="y"><a:MessageID>1</a:MessageID><a:OperationType>Update</a:OperationType>
      <a:OrderFulfillment><a:AmazonOrderID><![CDATA[902-7700000-0000001]]></a:AmazonOrderID>
      <a:FulfillmentDate>2026-11-21T09:47:06<!-- noon -->Z</a:FulfillmentDate><a:FulfillmentData>
      <a:CarrierCode>UPS</a:CarrierCode><a:ShippingMethod>Ground</a:ShippingMethod>
      <a:ShipperTrackingNumber>1Z999AA10123456784</a:ShipperTrackingNumber></a:FulfillmentData>
      </a:OrderFulfillment></a:Message></a:AmazonEnvelope>"""
    assert read(document) == [Message(number="1", shipment=shipment(ONE))]


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("2026-11-21T09:47:06.000Z", "2026-11-21T09:47:06Z"),
        ("2026-11-21T18:47:06+09:00", "2026-11-21T09:47:06Z"),
        ("2026-11-21T09:47:06.831329+00:00", "2026-11-21T09:47:06.831329Z"),
        ("2026-11-21T09:47:06", "2026-11-21T09:47:06Z"),
        ("2026-11-21", "2026-11-21T00:00:00Z"),
    ],
)
def test_dates_are_read_in_every_form_that_sellers_send(date: str, instant: str) -> None:
    found = only(fulfillment(1, ONE, date=date)).shipment
    assert found is not None
    assert found.ship_date == Instant.parse_iso(instant)


@pytest.mark.parametrize(
    ("encoding", "codec", "name"),
    [
        ("UTF-8", "utf-8", "日本郵便"),
        ("utf-8", "utf-8-sig", "日本郵便"),
        ("UTF-16", "utf-16", "日本郵便"),
        ("Shift_JIS", "cp932", "日本郵便①"),
        ("Windows-31J", "cp932", "髙島屋"),
        ("EUC-JP", "euc_jp", "日本郵便"),
        ("ISO-8859-1", "latin-1", "Brömse"),
        ("windows-1252", "cp1252", "Brömse €"),
    ],
)
def test_document_is_read_in_the_encoding_that_it_declares(
    encoding: str, codec: str, name: str
) -> None:
    text = envelope([fulfillment(1, ONE, carrier="Other", name=name)], encoding=encoding)
    (message,) = read(text.encode(codec))
    assert message.shipment is not None
    assert message.shipment.carrier_name == name


def test_media_type_says_the_encoding_where_the_document_does_not() -> None:
    text = envelope([fulfillment(1, ONE, carrier="Other", name="日本郵便")])
    bare = text.partition("?>")[2].lstrip()
    (message,) = read(bare.encode("cp932"), "Shift_JIS")
    assert message.shipment is not None
    assert message.shipment.carrier_name == "日本郵便"
    (declared,) = read(text.encode(), "Shift_JIS")
    assert declared == message


@pytest.mark.parametrize("encoding", ["utf-7", "ibm037", "idna", "base64_codec", "rot13"])
def test_encoding_that_nobody_needs_is_refused(encoding: str) -> None:
    assert encoding in unreadable(envelope([fulfillment(1, ONE)], encoding=encoding)).text


def test_bytes_that_are_not_of_the_encoding_are_refused() -> None:
    text = envelope([fulfillment(1, ONE, name="日本")], encoding="Shift_JIS")
    assert unreadable(text.encode("euc_jp")).code == NOT_WELL_FORMED
    assert unreadable(envelope([fulfillment(1, ONE, name="ö")]).encode("latin-1")).code == NOT_WELL_FORMED  # fmt: skip


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        (fulfillment(1, None), ["AmazonOrderID is missing."]),
        (fulfillment(1, ONE, date=None), ["FulfillmentDate is missing."]),
        (fulfillment(1, ONE, date="02/21/2022"), ["FulfillmentDate is not an ISO 8601 date: 02/21/2022"]),
        (fulfillment(1, ONE, carrier=None), ["CarrierCode or CarrierName is missing."]),
        (fulfillment(1, ONE, items=[item(None, 1)]), ["AmazonOrderItemCode is missing."]),
        (fulfillment(1, ONE, items=[item("1", 0)]), ["Quantity is not a positive whole number: 0"]),
        (fulfillment(1, ONE, items=[item("1", -1)]), ["Quantity is not a positive whole number: -1"]),
        (fulfillment(1, ONE, reference="9" * (FIELD_MAX + 1)), [f"MerchantFulfillmentID is longer than {FIELD_MAX} characters."]),
        (fulfillment(1, ONE, reference="9" * 100_000), [f"MerchantFulfillmentID is longer than {FIELD_MAX} characters."]),
        (fulfillment(1, ONE, name="a\u0085b"), ["CarrierName has a character that cannot be printed."]),
        (fulfillment("one", ONE), ["MessageID is missing or not a number."]),
        ("<Message><MessageID>1</MessageID></Message>", [
            "AmazonOrderID is missing.", "FulfillmentDate is missing.", "CarrierCode or CarrierName is missing."]),
        (fulfillment(1, ONE).replace("<OrderF", "<OperationType>Delete</OperationType><OrderF"), [
            "OperationType Delete is not possible: what was shipped stays shipped."]),
        (fulfillment(1, ONE, more=f"<AmazonOrderID>{ONE}</AmazonOrderID>"), ["AmazonOrderID stands twice."]),
    ],
)  # fmt: skip
def test_bad_message_is_refused_and_the_others_are_read(message: str, texts: list[str]) -> None:
    before, bad, after = read(envelope([fulfillment(5, order_id(5)), message, fulfillment(6, ONE)]))
    assert before.shipment == shipment(order_id(5))
    assert refusals(bad) == texts
    assert after == Message(number="6", shipment=shipment(ONE))


def test_unknown_element_is_a_warning_and_nothing_in_it_is_read() -> None:
    message = only(
        fulfillment(1, ONE, more="<Extra><Item/><AmazonOrderID>2</AmazonOrderID></Extra><Extra/>")
    )
    assert message.shipment == shipment(ONE)
    assert [(one.severity, one.text) for one in message.findings] == [
        (Severity.WARNING, "The element Extra is not known and was ignored.")
    ]


@pytest.mark.parametrize(
    ("document", "code", "text"),
    [
        ("", NOT_WELL_FORMED, "Line 1, Column 1: no element found."),
        ("hello", NOT_WELL_FORMED, "Line 1, Column 1: syntax error."),
        (envelope([fulfillment(1, ONE)])[:-20], NOT_WELL_FORMED, "unclosed token."),
        (envelope([fulfillment(1, ONE)]) + "<more/>", NOT_WELL_FORMED, "junk after document element."),
        (" " + envelope([fulfillment(1, ONE)]), NOT_WELL_FORMED, "not at start of"),
        (envelope([fulfillment(1, ONE)]).replace("</Message>", "</message>"), NOT_WELL_FORMED, "mismatched tag."),
        (envelope(["\0"]), NOT_WELL_FORMED, "not well-formed"),
        (envelope(["&nbsp;"]), NOT_WELL_FORMED, "undefined entity."),
        (envelope([fulfillment(1, ONE)]).replace("AmazonEnvelope", "OrderFulfillments"), NOT_THE_ENVELOPE, "no AmazonEnvelope"),
        (envelope([fulfillment(1, ONE)], kind="Inventory"), NOT_THE_ENVELOPE, "MessageType is not OrderFulfillment"),
        (envelope([fulfillment(1, ONE)]).replace("MessageType", "MessageTyp"), NOT_THE_ENVELOPE, "MessageType is missing"),
        (envelope([]), NOT_THE_ENVELOPE, "There is no Message."),
    ],
)  # fmt: skip
def test_document_that_is_no_envelope_is_refused_as_a_whole(
    document: str, code: str, text: str
) -> None:
    refused = unreadable(document)
    assert refused.code == code
    assert text in refused.text


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE AmazonEnvelope [<!ENTITY l0 "lol">{BOMB}]>',
        '<!DOCTYPE AmazonEnvelope [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE AmazonEnvelope [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>',
        '<!DOCTYPE AmazonEnvelope SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE AmazonEnvelope>",
    ],
)
def test_document_type_is_refused_before_anything_in_it_is_read(doctype: str) -> None:
    """Entity bombs, external entities and external parameter entities."""
    document = envelope([fulfillment(1, "&l9;")]).replace("?>", f"?>{doctype}", 1)
    assert "A document type is not allowed." in unreadable(document).text


def test_deep_nesting_is_refused_soon() -> None:
    assert "nested too deeply" in unreadable(envelope(["<a>" * 1_000_000])).text


def test_tag_without_an_end_is_refused_soon() -> None:
    started = time.monotonic()
    for endless in ("<Message ", "<!--", "<?target ", "<![CDATA["):
        refused = unreadable(envelope([endless + "x" * 8_000_000]))
        assert refused.code == NOT_WELL_FORMED
    assert time.monotonic() - started < 10


def test_message_with_too_many_items_is_refused() -> None:
    document = envelope([fulfillment(1, ONE, items=[item("1", 1)] * (ITEMS_MAX + 1))])
    assert f"more than {ITEMS_MAX} items" in unreadable(document).text


def test_hundred_thousand_messages_are_read_in_bounded_memory() -> None:
    """Each piece is forgotten before the next one is read."""
    small = "<Message><MessageID>1</MessageID></Message>"
    content = envelope([small * MESSAGES_MAX]).encode()
    count = 0
    tracemalloc.start()
    for messages in read_envelope(content):
        count += len(messages)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == MESSAGES_MAX
    assert peak < 8_000_000
    assert (
        f"more than {MESSAGES_MAX} messages"
        in unreadable(envelope([small * (MESSAGES_MAX + 1)])).text
    )


TEXTS = st.text(
    st.characters(blacklist_categories=("C", "Z"), blacklist_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)
ITEMS = st.builds(
    ShippedItem,
    order_item_id=TEXTS,
    quantity=st.none() | st.integers(1, 999_999_999),
    transparency_codes=st.lists(TEXTS, max_size=2).map(tuple),
)
SHIPMENTS = st.builds(
    Shipment,
    order_id=TEXTS,
    merchant_order_id=st.just("") | TEXTS,
    reference=st.none() | TEXTS,
    carrier_code=TEXTS,
    carrier_name=st.none() | TEXTS,
    shipping_method=st.just("Ground"),
    tracking_number=st.just("") | TEXTS,
    ship_date=st.integers(0, 4_000_000_000).map(Instant.from_timestamp),
    ship_from_supply_source_id=st.none() | TEXTS,
    cod_collection_method=st.none() | TEXTS,
    items=st.none() | st.lists(ITEMS, min_size=1, max_size=3).map(tuple),
)
MESSAGES = st.lists(
    st.builds(Message, number=st.integers(0, 10**20 - 1).map(str), shipment=SHIPMENTS),
    min_size=1,
    max_size=5,
)


@given(MESSAGES, st.sampled_from(["utf-8", "utf-16"]))
def test_what_is_written_is_read(messages: list[Message], codec: str) -> None:
    assert read(written(messages).encode(codec)) == messages


@given(st.data())
@settings(max_examples=300)
def test_damaged_document_is_read_or_refused_and_never_fails_otherwise(data: st.DataObject) -> None:
    content = bytearray(
        envelope([fulfillment(n, order_id(n), items=[item("1", 1)], name="ö") for n in (1, 2)]).encode()
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    with contextlib.suppress(Unreadable):
        assert len(read(bytes(content))) <= 2
