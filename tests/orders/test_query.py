"""What the query string of getOrders selects (contract 1.2, 1.3, 1.10)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.orders.asking import FIELDS, FULL, MEMBERS, asked, at, ids, selected
from tests.orders.lines import JAPAN, US
from torihiki.kernel.instant import TimeDelta
from torihiki.orders.model import DateField, DeliveryWindow, Selection


def test_least_request_takes_every_default() -> None:
    """O-3, O-7, O-12."""
    selection, size = asked(FULL)
    assert size is None
    assert selection == Selection(
        by=DateField.CREATED,
        since=at("2026-01-01T00:00:00Z"),
        until=at("2026-11-22T09:30:00Z"),
        marketplace_ids=(US,),
    )


def test_every_parameter_lands_in_its_place() -> None:
    """O-4 to O-17: all filters combine."""
    selection, size = asked(
        f"MarketplaceIds={US},{JAPAN}&LastUpdatedAfter=2026-01-01T00:00:00%2B09:00"
        "&LastUpdatedBefore=2026-02-01T00:00:00Z&OrderStatuses=Shipped,Canceled&FulfillmentChannels=AFN,MFN"
        "&PaymentMethods=COD,CVS,Other&BuyerEmail=a%40example.test&MaxResultsPerPage=7"
        "&EasyShipShipmentStatuses=Delivered&ElectronicInvoiceStatuses=Accepted,Errored"
        "&AmazonOrderIds=249-7000000-0000001,249-7000000-0000002&ActualFulfillmentSupplySourceId=source"
        "&IsISPU=true&StoreChainStoreId=store&EarliestDeliveryDateBefore=2026-01-05"
        "&EarliestDeliveryDateAfter=2026-01-04&LatestDeliveryDateBefore=2026-01-07&LatestDeliveryDateAfter=2026-01-06"
    )
    assert size == 7
    assert selection == Selection(
        by=DateField.LAST_UPDATED,
        since=at("2025-12-31T15:00:00Z"),
        until=at("2026-02-01T00:00:00Z"),
        marketplace_ids=(US, JAPAN),
        order_statuses=("Shipped", "Canceled"),
        fulfillment_channels=("AFN", "MFN"),
        payment_methods=("COD", "CVS", "Other"),
        easy_ship_shipment_statuses=("Delivered",),
        electronic_invoice_statuses=("Accepted", "Errored"),
        is_ispu=True,
        order_ids=("249-7000000-0000001", "249-7000000-0000002"),
        buyer_email="a@example.test",
        supply_source_id="source",
        store_chain_store_id="store",
        delivery=DeliveryWindow(
            earliest_from=at("2026-01-04T00:00:00Z"),
            earliest_to=at("2026-01-05T00:00:00Z"),
            latest_from=at("2026-01-06T00:00:00Z"),
            latest_to=at("2026-01-07T00:00:00Z"),
        ),
    )


@pytest.mark.parametrize("name", MEMBERS)
def test_every_value_of_an_enumeration_is_taken(name: str) -> None:
    """O-6, O-8, O-9, O-13, O-14: all of them together and each alone."""
    values = MEMBERS[name][1].split(", ")
    together = selected(f"{FULL}&{name}={','.join(values)}")
    assert getattr(together, FIELDS[name]) == tuple(values)
    for value in values:
        assert getattr(selected(f"{FULL}&{name}={value}"), FIELDS[name]) == (value,)


@pytest.mark.parametrize(
    ("query", "field", "values"),
    [
        ("OrderStatuses=shipped,PARTIALLYshipped", "order_statuses", ("Shipped", "PartiallyShipped")),
        ("OrderStatuses=Shipped,shipped,Shipped", "order_statuses", ("Shipped",)),
        ("OrderStatuses=", "order_statuses", ()),
        ("OrderStatuses=,", "order_statuses", ()),
        ("OrderStatuses=Shipped,", "order_statuses", ("Shipped",)),
        ("OrderStatuses=Shipped%2CPending", "order_statuses", ("Shipped", "Pending")),
        ("OrderStatuses=Shipped%2cPending", "order_statuses", ("Shipped", "Pending")),
        ("OrderStatuses=%53hipped", "order_statuses", ("Shipped",)),
        ("%4FrderStatuses=Shipped", "order_statuses", ("Shipped",)),
        ("OrderStatuses=Shipped&OrderStatuses=Pending", "order_statuses", ("Shipped",)),
        ("OrderStatuses=Shipped&OrderStatuses=Nonsense", "order_statuses", ("Shipped",)),
        ("orderStatuses=Nonsense", "order_statuses", ()),
        ("ORDERSTATUSES=Nonsense", "order_statuses", ()),
        ("OrderStatus=Nonsense", "order_statuses", ()),
        ("OrderStatuses[0]=Nonsense", "order_statuses", ()),
        ("OrderStatuses%5B%5D=Nonsense", "order_statuses", ()),
        ("FulfillmentChannels=&FulfillmentChannels=AFN", "fulfillment_channels", ()),
        ("IsISPU=true", "is_ispu", True),
        ("IsISPU=True", "is_ispu", True),
        ("IsISPU=false", "is_ispu", False),
        ("IsISPU=FALSE", "is_ispu", False),
        ("IsISPU=", "is_ispu", None),
        ("AmazonOrderIds=", "order_ids", None),
        ("AmazonOrderIds=249-7000000-0000001", "order_ids", ("249-7000000-0000001",)),
        ("BuyerEmail=", "buyer_email", None),
        ("BuyerEmail=a+b%40example.test", "buyer_email", "a b@example.test"),
        ("BuyerEmail=a%2Bb@example.test", "buyer_email", "a+b@example.test"),
        ("SellerOrderId=%E6%B3%A8%E6%96%87", "seller_order_id", "\u6ce8\u6587"),
        ("SellerOrderId=a,b", "seller_order_id", "a,b"),
        ("SellerOrderId=a=b", "seller_order_id", "a=b"),
        ("SellerOrderId=a%26b", "seller_order_id", "a&b"),
        ("SellerOrderId=x&Sellerorderid=y", "seller_order_id", "x"),
        ("StoreChainStoreId=%", "store_chain_store_id", "%"),
        ("StoreChainStoreId=%zz", "store_chain_store_id", "%zz"),
        ("ActualFulfillmentSupplySourceId=' OR 1=1 --", "supply_source_id", "' OR 1=1 --"),
        ("CreatedBefore=2026-11-22T09:28:00.75Z", "until", at("2026-11-22T09:28:00.75Z")),
        ("CreatedBefore=2026-01-01", "until", at("2026-01-01T00:00:00Z")),
        ("NextToken=", "by", DateField.CREATED),
        ("", "delivery", None),
    ],
)  # fmt: skip
def test_spelling_of_a_filter_is_read_as_amazon_does(query: str, field: str, values: Any) -> None:
    """Contract 1.2: lists with commas, the first of repeated ones, unknown and wrong-case names ignored."""
    assert getattr(selected(f"{FULL}&{query}"), field) == values


def test_parameters_that_other_clients_add_are_ignored() -> None:
    """O-12, contract 1.2: the seed's misspelt MaxResultPerPage, and what a popular client sends everywhere."""
    selection, size = asked(
        f"{FULL}&MaxResultPerPage=1000&MarketplaceId=x&marketplace_ids=x&marketplaceIds=x&=&&a&%ff=%ff"
    )
    assert (selection, size) == asked(FULL)


@pytest.mark.parametrize("value", ["1", "100", "007", "50"])
def test_page_sizes_from_one_to_a_hundred_are_taken(value: str) -> None:
    """O-12."""
    assert asked(f"{FULL}&MaxResultsPerPage={value}")[1] == int(value)


def test_fifty_ids_are_the_most() -> None:
    """O-7, O-16, contract 1.9 row 5c."""
    marketplaces = ",".join(f"M{number}" for number in range(50))
    query = f"MarketplaceIds={marketplaces}&CreatedAfter=2026-01-01&AmazonOrderIds={ids(50)}"
    selection = selected(query)
    assert selection.order_ids is not None
    assert (len(selection.marketplace_ids), len(selection.order_ids)) == (50, 50)


def test_an_id_that_stands_twice_counts_once() -> None:
    """O-16."""
    selection = selected(f"{FULL}&AmazonOrderIds={ids(1)},{ids(50)}")
    assert selection.order_ids is not None
    assert len(selection.order_ids) == 50


@pytest.mark.parametrize(
    "query",
    [
        "CreatedBefore=2026-11-22T09:28:00.75Z",
        "SellerOrderId=a&AmazonOrderIds=249-7000000-0000001&IsISPU=true&EasyShipShipmentStatuses=Lost",
        "SellerOrderId=a&OrderStatuses=&FulfillmentChannels=&BuyerEmail=",
        "SellerOrderId=&OrderStatuses=Shipped&BuyerEmail=a",
    ],
)
def test_what_does_go_together_is_taken(query: str) -> None:
    """O-11, O-18: two minutes back to the microsecond; a filter without a value excludes nothing."""
    assert isinstance(asked(f"{FULL}&{query}")[0], Selection)


def test_visibility_delay_moves_the_bound_that_was_not_sent_only() -> None:
    """O-18."""
    delay = TimeDelta(minutes=2)
    unsent, _ = asked(FULL, delay)
    sent, _ = asked(f"{FULL}&CreatedBefore=2026-11-22T09:28:00Z", delay)
    assert isinstance(unsent, Selection)
    assert isinstance(sent, Selection)
    assert (unsent.until, sent.until) == (at("2026-11-22T09:28:00Z"), at("2026-11-22T09:28:00Z"))


@pytest.mark.parametrize("token", ["a+b/c==", "x", "a%b"])
def test_encoded_next_token_comes_through_unchanged(token: str) -> None:
    """O-15."""
    encoded = f"MarketplaceIds={US}&NextToken={quote(token, safe='')}"
    assert asked(encoded) == (token, None)
    assert asked(f"{encoded}&MaxResultsPerPage=3") == (token, 3)


def test_beside_a_next_token_the_other_criteria_do_not_count() -> None:
    """O-15: neither are they needed, nor are they looked at."""
    wrong = "CreatedAfter=x&OrderStatuses=x&IsISPU=x&AmazonOrderIds=x&SellerOrderId=a&LastUpdatedAfter=x"
    assert asked(f"MarketplaceIds={US}&NextToken=x&{wrong}") == ("x", None)


def test_first_of_two_next_tokens_counts() -> None:
    """Contract 1.2."""
    assert asked(f"MarketplaceIds={US}&NextToken=x&NextToken=a+b") == ("x", None)
