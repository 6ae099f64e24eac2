"""The reads of Orders v0 as data (contract 1.1): what routing, usage plans, documents and tests read."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, UnsetType

from torihiki.kernel.operation import Operation, Parameter
from torihiki.kernel.quota import UsagePlan
from torihiki.orders.v0.schemas import (
    Order,
    OrderAddress,
    OrderBuyerInfo,
    OrderItemsBuyerInfoList,
    OrderItemsList,
    OrdersList,
)

READ_ROLES: Final = frozenset(
    {
        "Inventory and Order Tracking",
        "Pricing",
        "Product Listing",
        "Amazon Fulfillment",
        "Buyer Communication",
        "Buyer Solicitation",
        "Finance and Accounting",
        "Selling Partner Insights",
        "Tax Invoicing (Restricted)",
        "Tax Remittance (Restricted)",
        "Direct-to-Consumer Shipping (Restricted)",
    }
)
"""Any one of these opens the reads without personal data (contract 3.3)."""

_ERRORS: Final = (400, 403, 404, 429, 500, 503)
_SEARCH: Final = UsagePlan(rate=0.0167, burst=20)
_READ: Final = UsagePlan(rate=0.5, burst=30)


class NoOrder(msgspec.Struct, frozen=True):
    """The payload of getOrder for an order that is not there."""


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope of every success body (contract 1.4)."""


class GetOrdersResponse(_Payload, frozen=True, kw_only=True):
    """A page of orders."""

    payload: OrdersList


class GetOrderResponse(_Payload, frozen=True, kw_only=True):
    """An order, or an empty object where there is none."""

    payload: Order | UnsetType = UNSET


class GetOrderBuyerInfoResponse(_Payload, frozen=True, kw_only=True):
    """The buyer of an order."""

    payload: OrderBuyerInfo


class GetOrderAddressResponse(_Payload, frozen=True, kw_only=True):
    """Where an order goes."""

    payload: OrderAddress


class GetOrderItemsResponse(_Payload, frozen=True, kw_only=True):
    """A page of an order's items."""

    payload: OrderItemsList


class GetOrderItemsBuyerInfoResponse(_Payload, frozen=True, kw_only=True):
    """The buyer's wishes for a page of an order's items."""

    payload: OrderItemsBuyerInfoList


_Date = Annotated[str, msgspec.Meta(examples=["2024-01-19T03:58:30Z", "2024-01-19"])]
_List = Annotated[str, msgspec.Meta(description="Values separated by commas.")]
_NEXT_TOKEN: Final = Parameter(
    name="NextToken", schema=str, summary="Asks for the page after the one it came with."
)


def _dates() -> tuple[Parameter, ...]:
    names = (
        "CreatedAfter", "CreatedBefore", "LastUpdatedAfter", "LastUpdatedBefore",
        "EarliestDeliveryDateAfter", "EarliestDeliveryDateBefore",
        "LatestDeliveryDateAfter", "LatestDeliveryDateBefore",
    )  # fmt: skip
    return tuple(
        Parameter(name=name, schema=_Date, summary="An ISO 8601 bound, included.") for name in names
    )


def _lists() -> tuple[Parameter, ...]:
    names = (
        "OrderStatuses", "FulfillmentChannels", "PaymentMethods",
        "EasyShipShipmentStatuses", "ElectronicInvoiceStatuses", "AmazonOrderIds",
    )  # fmt: skip
    return tuple(
        Parameter(name=name, schema=_List, summary="Selects orders with one of the values.")
        for name in names
    )


def _texts() -> tuple[Parameter, ...]:
    names = ("BuyerEmail", "SellerOrderId", "ActualFulfillmentSupplySourceId", "StoreChainStoreId")
    return tuple(
        Parameter(name=name, schema=str, summary="Selects orders with this value.")
        for name in names
    )


def _read(
    name: str, suffix: str, response: type, summary: str, *, pages: bool = False
) -> Operation:
    return Operation(
        name=name,
        method="GET",
        path=f"/orders/v0/orders/{{orderId}}{suffix}",
        plan=_READ,
        roles=READ_ROLES,
        query=(_NEXT_TOKEN,) if pages else (),
        response=response,
        errors=_ERRORS,
        summary=summary,
    )


OPERATIONS: Final = (
    Operation(
        name="getOrders",
        method="GET",
        path="/orders/v0/orders",
        plan=_SEARCH,
        roles=READ_ROLES,
        query=(
            Parameter(
                name="MarketplaceIds",
                schema=_List,
                required=True,
                summary="One to fifty marketplaces.",
            ),
            *_dates(),
            *_lists(),
            *_texts(),
            Parameter(
                name="IsISPU", schema=bool, summary="Selects orders that are picked up in a store."
            ),
            Parameter(
                name="MaxResultsPerPage",
                schema=Annotated[int, msgspec.Meta(ge=1, le=100)],
                summary="Orders on a page; 100 unless given.",
            ),
            _NEXT_TOKEN,
        ),
        response=GetOrdersResponse,
        errors=_ERRORS,
        summary="Lists orders that were created or updated in a range of time.",
    ),
    _read("getOrder", "", GetOrderResponse, "Gives one order."),
    _read(
        "getOrderBuyerInfo", "/buyerInfo", GetOrderBuyerInfoResponse, "Gives the buyer of an order."
    ),
    _read(
        "getOrderAddress",
        "/address",
        GetOrderAddressResponse,
        "Gives the shipping address of an order.",
    ),
    _read(
        "getOrderItems",
        "/orderItems",
        GetOrderItemsResponse,
        "Lists the items of an order.",
        pages=True,
    ),
    _read(
        "getOrderItemsBuyerInfo",
        "/orderItems/buyerInfo",
        GetOrderItemsBuyerInfoResponse,
        "Lists the buyer's wishes for the items of an order.",
        pages=True,
    ),
)
"""In the order of contract 1.1; the four writes and the regulated reads come with their rules."""
