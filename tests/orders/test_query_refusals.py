"""What the query string of getOrders is refused for, and in which words (contract 1.9, 1.10)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.orders.asking import FULL, GENERIC, MEMBERS, MISSING, at, ids, refused, selected
from tests.orders.lines import US
from torihiki.orders.model import Selection


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("value", ["Nonsense", "Shipped,Nonsense,AFN,COD,Delivered,Accepted", " "])
def test_value_that_is_not_in_an_enumeration_is_named(name: str, value: str) -> None:
    """Contract 1.9 row 4."""
    member = MEMBERS[name][0]
    message, details = refused(f"{FULL}&{name}={quote(value)}")
    assert message is not None
    shown = ", ".join(value.split(","))
    head = f"1 validation error detected: Value '[{shown}]' at '{member}' failed to satisfy constraint: "
    assert message.startswith(head)
    values = message.removeprefix(
        f"{head}Member must satisfy constraint: [Member must satisfy enum value set: ["
    ).removesuffix("]]")
    assert sorted(values.split(", ")) == sorted(MEMBERS[name][1].split(", "))
    assert details == ""


def test_seller_fulfilled_is_no_filter_value() -> None:
    """O-8, contract 1.9 row 4: the text that was observed, to the letter."""
    assert refused(f"{FULL}&FulfillmentChannels=SellerFulfilled") == (
        (
            "1 validation error detected: Value '[SellerFulfilled]' at 'fulfillmentChannel' failed to satisfy "
            "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [AFN, MFN]]"
        ),
        "",
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&",
        "CreatedAfter=2026-01-01",
        "MarketplaceIds=&CreatedAfter=2026-01-01",
        "MarketplaceIds=,&CreatedAfter=2026-01-01",
        "MarketplaceIds&CreatedAfter=2026-01-01",
        f"MarketplaceIds[0]={US}&CreatedAfter=2026-01-01",
        f"marketplaceIds={US}&CreatedAfter=2026-01-01",
        f"MarketplaceIds=&MarketplaceIds={US}&CreatedAfter=2026-01-01",
        "NextToken=abc",
        "CreatedAfter=nonsense&OrderStatuses=Nonsense&MaxResultsPerPage=0",
    ],
)
def test_request_without_marketplaces_gets_the_gateways_answer(query: str) -> None:
    """O-7, contract 1.9 row 1, and 1.10: it comes before every other check; its body has no details."""
    assert refused(query) == (MISSING, None)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "lastUpdatedAfter, createdAfter"),
        ("CreatedBefore=2026-01-01", "lastUpdatedAfter, createdAfter"),
        ("LastUpdatedBefore=2026-01-01", "lastUpdatedAfter, createdAfter"),
        ("AmazonOrderIds=249-7000000-0000001", "lastUpdatedAfter, createdAfter"),
        ("createdAfter=2026-01-01", "lastUpdatedAfter, createdAfter"),
        ("CreatedAfter=", "createdAfter"),
        ("CreatedAfter", "createdAfter"),
        ("CreatedAfter=null", "createdAfter"),
        ("CreatedAfter=2026-01-01T00:00:00+09:00", "createdAfter"),
        ("LastUpdatedAfter=now", "lastUpdatedAfter"),
        ("CreatedAfter=x&LastUpdatedAfter=x", "lastUpdatedAfter, createdAfter"),
        ("LastUpdatedAfter=2026-01-01&CreatedAfter=x", "createdAfter"),
        ("CreatedAfter=2026-01-01&CreatedBefore=x", "createdBefore"),
        ("LastUpdatedAfter=2026-01-01&LastUpdatedBefore=", "lastUpdatedBefore"),
        ("CreatedAfter=2026-01-01&CreatedAfter=x", None),
        ("CreatedAfter=x&CreatedAfter=2026-01-01", "createdAfter"),
        ("CreatedAfter=2026-01-01&EarliestDeliveryDateAfter=x", "earliestDeliveryDateAfter"),
        ("CreatedAfter=2026-01-01&EarliestDeliveryDateBefore=x", "earliestDeliveryDateBefore"),
        (
            "CreatedAfter=2026-01-01&LatestDeliveryDateAfter=x&LatestDeliveryDateBefore=x",
            "latestDeliveryDateBefore, latestDeliveryDateAfter",
        ),
        ("CreatedAfter=x&OrderStatuses=Nonsense&MaxResultsPerPage=0", "createdAfter"),
        ("CreatedAfter=x&LastUpdatedBefore=2026-11-22T09:30:00Z", "createdAfter"),
    ],
)
def test_date_that_cannot_be_read_is_named(query: str, names: str | None) -> None:
    """O-3, contract 1.9 rows 2 and 2b, and 1.10: dates come before enumerations and exclusions."""
    full = f"MarketplaceIds={US}&{query}"
    if names is None:
        assert selected(full).since == at("2026-01-01T00:00:00Z")
        return
    message, details = refused(full)
    assert message == "This is an invalid input"
    assert details is not None
    listed = details.removeprefix("Invalid Date-Time field(s) [").removesuffix("].")
    assert details == f"Invalid Date-Time field(s) [{listed}]."
    assert sorted(listed.split(", ")) == sorted(names.split(", "))


def test_both_lower_bounds_are_named_in_the_order_that_was_observed() -> None:
    """Contract 1.9 row 2: lastUpdatedAfter first."""
    assert refused(f"MarketplaceIds={US}") == (
        "This is an invalid input",
        "Invalid Date-Time field(s) [lastUpdatedAfter, createdAfter].",
    )


@pytest.mark.parametrize(
    ("value", "constraint"),
    [
        ("0", "Member must have value greater than or equal to 1"),
        ("-1", "Member must have value greater than or equal to 1"),
        ("-0", "Member must have value greater than or equal to 1"),
        ("101", "Member must have value less than or equal to 100"),
        ("999999999", "Member must have value less than or equal to 100"),
        ("", "Member must be an integer"),
        ("abc", "Member must be an integer"),
        ("1.5", "Member must be an integer"),
        ("1.0", "Member must be an integer"),
        ("1e1", "Member must be an integer"),
        ("0x10", "Member must be an integer"),
        ("1_0", "Member must be an integer"),
        (" 5", "Member must be an integer"),
        ("+5", "Member must be an integer"),
        ("5,6", "Member must be an integer"),
        ("NaN", "Member must be an integer"),
        ("null", "Member must be an integer"),
        ("9" * 5000, "Member must be an integer"),
        ("\u0665", "Member must be an integer"),
    ],
)
def test_any_other_page_size_is_refused(value: str, constraint: str) -> None:
    """O-12, contract 1.9 row 5b."""
    expected = (
        (
            f"1 validation error detected: Value '{value}' at 'maxResultsPerPage' failed to satisfy constraint: "
            f"{constraint}"
        ),
        "",
    )
    assert refused(f"{FULL}&MaxResultsPerPage={quote(value)}") == expected
    assert refused(f"{FULL}&NextToken=x&MaxResultsPerPage={quote(value)}") == expected


@pytest.mark.parametrize("value", ["yes", "1", "0", "tru", "true,false", "null"])
def test_ispu_that_is_no_boolean_is_refused(value: str) -> None:
    """O-17."""
    assert refused(f"{FULL}&IsISPU={value}") == (
        (
            f"1 validation error detected: Value '{value}' at 'isISPU' failed to satisfy constraint: "
            "Member must satisfy enum value set: [true, false]"
        ),
        "",
    )


@pytest.mark.parametrize(
    "value",
    [
        "1",
        "249-7000000-000001",
        "249-7000000-00000011",
        "249-70000000-000001",
        "24970000000000001",
        "249-7000000-000000a",
        "249-7000000-0000001 ",
        "\u0662\u0664\u0669-7000000-0000001",
        "249_7000000_0000001",
        "TEST_CASE_200",
    ],
)
def test_order_id_of_another_form_is_refused(value: str) -> None:
    """O-16."""
    message, details = refused(f"{FULL}&AmazonOrderIds=249-7000000-0000001,{quote(value)}")
    assert details == ""
    assert message is not None
    assert message.startswith(
        f"1 validation error detected: Value '[249-7000000-0000001, {value}]' at 'amazonOrderIds' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: "
    )


def test_one_id_more_than_fifty_is_refused() -> None:
    """O-7, O-16, contract 1.9 row 5c."""
    message, _ = refused(f"{FULL}&AmazonOrderIds={ids(51)}")
    assert message is not None
    assert message.startswith("1 validation error detected: Value '[249-7000000-0000000, ")
    assert message.endswith(
        "' at 'amazonOrderIds' failed to satisfy constraint: Member must have length less than or equal to 50"
    )
    marketplaces = ",".join(f"M{number}" for number in range(51))
    for rest in ("CreatedAfter=2026-01-01", "NextToken=x"):
        message, _ = refused(f"MarketplaceIds={marketplaces}&{rest}")
        assert message is not None
        assert message.endswith(
            "' at 'marketplaceIds' failed to satisfy constraint: Member must have length less than or equal to 50"
        )


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("BuyerEmail", "buyerEmail"),
        ("SellerOrderId", "sellerOrderId"),
        ("ActualFulfillmentSupplySourceId", "actualFulfillmentSupplySourceId"),
        ("StoreChainStoreId", "storeChainStoreId"),
    ],
)
def test_text_that_no_order_can_have_is_refused(name: str, member: str) -> None:
    """The text itself is not repeated: it may be an address."""
    assert isinstance(selected(f"{FULL}&{name}={'x' * 2_000}"), Selection)
    assert refused(f"{FULL}&{name}={'x' * 2_001}") == (
        (
            f"1 validation error detected: Value '...' at '{member}' failed to satisfy constraint: "
            "Member must have length less than or equal to 2000"
        ),
        "",
    )


def test_marketplace_id_of_a_hundred_characters_is_the_longest() -> None:
    """Fifty of them fit into a NextToken."""
    assert isinstance(selected(f"MarketplaceIds={'x' * 100}&CreatedAfter=2026-01-01"), Selection)
    assert refused(f"MarketplaceIds={US},{'x' * 101}&CreatedAfter=2026-01-01") == (
        (
            "1 validation error detected: Value '...' at 'marketplaceIds' failed to satisfy constraint: "
            "Member must have length less than or equal to 100"
        ),
        "",
    )


def test_all_bad_values_are_told_in_one_message() -> None:
    """Contract 1.9 row 5: "<n> validation errors detected: " and the items joined by "; "."""
    message, _ = refused(
        f"{FULL}&OrderStatuses=x&PaymentMethods=y&MaxResultsPerPage=0&IsISPU=z&AmazonOrderIds=1"
    )
    assert message is not None
    assert message.startswith("5 validation errors detected: Value '[x]' at 'orderStatus' failed")
    assert message.count("; Value '") == 4


@pytest.mark.parametrize(
    "query",
    [
        "CreatedAfter=2026-01-01&LastUpdatedAfter=2026-01-01",
        "CreatedAfter=2026-01-01&LastUpdatedBefore=2026-01-01",
        "CreatedAfter=2026-01-01&CreatedBefore=2026-01-02&LastUpdatedBefore=2026-01-02",
        "LastUpdatedAfter=2026-01-01&CreatedBefore=2026-01-02",
        "CreatedAfter=2026-01-02&CreatedBefore=2026-01-01T23:59:59Z",
        "LastUpdatedAfter=2026-01-02&LastUpdatedBefore=2026-01-01",
        "CreatedAfter=2026-01-01&CreatedBefore=2026-11-22T09:30:00Z",
        "CreatedAfter=2026-01-01&CreatedBefore=2026-11-22T09:28:00.750001Z",
        "LastUpdatedAfter=2026-01-01&LastUpdatedBefore=2026-11-22T09:29:00Z",
        "CreatedAfter=2026-01-01&CreatedBefore=2026-11-23",
        "CreatedAfter=2026-01-01&SellerOrderId=a&FulfillmentChannels=AFN",
        "CreatedAfter=2026-01-01&SellerOrderId=a&OrderStatuses=Shipped",
        "CreatedAfter=2026-01-01&SellerOrderId=a&PaymentMethods=COD",
        "CreatedAfter=2026-01-01&SellerOrderId=a&BuyerEmail=a",
        "LastUpdatedAfter=2026-01-01&SellerOrderId=a",
        "LastUpdatedAfter=2026-01-01&LastUpdatedBefore=2026-01-02&SellerOrderId=a",
        "CreatedAfter=2026-01-01&SellerOrderId=%00",
        "CreatedAfter=2026-01-01&BuyerEmail=a%0Ab",
        "CreatedAfter=2026-01-01&BuyerEmail=%ff",
        "CreatedAfter=2026-01-01&StoreChainStoreId=%ED%A0%80",
        "CreatedAfter=2026-01-01&OrderStatuses=%C0%80",
    ],
)
def test_what_does_not_go_together_gets_the_general_text(query: str) -> None:
    """O-4, O-11, O-18, contract 1.9 rows 3 and 8."""
    assert refused(f"MarketplaceIds={US}&{query}") == (GENERIC, "")


def test_bytes_beyond_ascii_are_refused() -> None:
    """They must be percent-encoded."""
    assert refused(f"{FULL}&BuyerEmail=\u00e9".encode()) == (GENERIC, "")
    assert refused(FULL.encode() + b"&x=\xff") == (GENERIC, "")


@pytest.mark.parametrize("token", ["a+b", "a/b", "ab=", "ab==", "=", "+"])
def test_next_token_that_is_not_encoded_gets_a_null_message(token: str) -> None:
    """O-15, contract 1.9 row 6."""
    assert refused(f"MarketplaceIds={US}&NextToken={token}") == (None, None)
    assert refused(f"{FULL}&NextToken={token}&MaxResultsPerPage=abc") == (None, None)
