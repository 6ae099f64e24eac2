"""The operations of Orders v0 as data (contract 1.1): what routing, usage plans, documents and tests read."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from torihiki.kernel.operation import Operation, Parameter, Restricted
from torihiki.kernel.quota import UsagePlan
from torihiki.kernel.roles import ROLES
from torihiki.orders.v0.schemas import (
    ConfirmShipmentRequest,
    OrderAddress,
    OrderBuyerInfo,
    OrderItemsBuyerInfoList,
    OrderItemsList,
    OrderRegulatedInfo,
    OrdersList,
    UpdateShipmentStatusRequest,
    UpdateVerificationStatusRequest,
)

READ_ROLES: Final = ROLES - {"Brand Analytics"}
"""Any one of these opens the reads without personal data (contract 3.3)."""

CONFIRM_SHIPMENT_ROLES: Final = frozenset(
    {"Direct-to-Consumer Shipping (Restricted)", "Inventory and Order Tracking"}
)
"""Any one of these opens confirmShipment: the first by the seed (O-28), the second by Amazon's current pages too."""

SHIPMENT_STATUS_ROLES: Final = frozenset({"Inventory and Order Tracking"})
"""Opens updateShipmentStatus (contract 3.3)."""

_ORDER_ELEMENTS: Final = Restricted(
    elements=frozenset({"shippingAddress", "buyerInfo", "buyerTaxInformation"}), selectable=True
)
_ITEM_ELEMENTS: Final = Restricted(elements=frozenset({"buyerInfo"}), selectable=True)
_ADDRESS: Final = Restricted(elements=frozenset({"shippingAddress"}), selectable=False)
_BUYER: Final = Restricted(elements=frozenset({"buyerInfo"}), selectable=False)
_REGULATED: Final = Restricted(elements=frozenset(), selectable=False, required=True)

_ERRORS: Final = (400, 403, 404, 429, 500, 503)
_SEARCH: Final = UsagePlan(rate=0.0167, burst=20)
_READ: Final = UsagePlan(rate=0.5, burst=30)


# msgspec knows no union of two objects, so this one is written as what it becomes in the document.
_OrderOrNone = Annotated[
    Any,
    msgspec.Meta(
        description="Empty where there is no such order.",
        extra_json_schema={
            "anyOf": [
                {"$ref": "#/components/schemas/Order"},
                {"type": "object", "maxProperties": 0},
            ]
        },
    ),
]


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope of every success body (contract 1.4)."""


class GetOrdersResponse(_Payload, frozen=True, kw_only=True):
    """A page of orders."""

    payload: OrdersList


class GetOrderResponse(_Payload, frozen=True, kw_only=True):
    """An order, or an empty object where there is none."""

    payload: _OrderOrNone


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


class GetOrderRegulatedInfoResponse(_Payload, frozen=True, kw_only=True):
    """What an order has to be checked for, and how far the check is."""

    payload: OrderRegulatedInfo


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
    name: str,
    suffix: str,
    response: type,
    restricted: Restricted,
    summary: str,
    *,
    pages: bool = False,
) -> Operation:
    return Operation(
        name=name,
        method="GET",
        path=f"/orders/v0/orders/{{orderId}}{suffix}",
        plan=_READ,
        roles=READ_ROLES,
        restricted=restricted,
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
        restricted=_ORDER_ELEMENTS,
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
    _read("getOrder", "", GetOrderResponse, _ORDER_ELEMENTS, "Gives one order."),
    _read(
        "getOrderBuyerInfo",
        "/buyerInfo",
        GetOrderBuyerInfoResponse,
        _BUYER,
        "Gives the buyer of an order.",
    ),
    _read(
        "getOrderAddress",
        "/address",
        GetOrderAddressResponse,
        _ADDRESS,
        "Gives the shipping address of an order.",
    ),
    _read(
        "getOrderItems",
        "/orderItems",
        GetOrderItemsResponse,
        _ITEM_ELEMENTS,
        "Lists the items of an order.",
        pages=True,
    ),
    _read(
        "getOrderItemsBuyerInfo",
        "/orderItems/buyerInfo",
        GetOrderItemsBuyerInfoResponse,
        _BUYER,
        "Lists the buyer's wishes for the items of an order.",
        pages=True,
    ),
    Operation(
        name="updateShipmentStatus",
        method="POST",
        path="/orders/v0/orders/{orderId}/shipment",
        plan=UsagePlan(rate=5, burst=15),
        roles=SHIPMENT_STATUS_ROLES,
        request=UpdateShipmentStatusRequest,
        success=204,
        errors=(*_ERRORS, 413, 415),
        summary="Tells how far the pickup of an order in the store is.",
    ),
    _read(
        "getOrderRegulatedInfo",
        "/regulatedInfo",
        GetOrderRegulatedInfoResponse,
        _REGULATED,
        "Gives what an order has to be checked for, and how far the check is.",
    ),
    Operation(
        name="updateVerificationStatus",
        method="PATCH",
        path="/orders/v0/orders/{orderId}/regulatedInfo",
        plan=_READ,
        roles=READ_ROLES,
        request=UpdateVerificationStatusRequest,
        success=204,
        errors=(*_ERRORS, 413, 415),
        summary="Approves or rejects an order that had to be checked, or tells how far the check is.",
    ),
    Operation(
        name="confirmShipment",
        method="POST",
        path="/orders/v0/orders/{orderId}/shipmentConfirmation",
        plan=UsagePlan(rate=2, burst=10),
        roles=CONFIRM_SHIPMENT_ROLES,
        request=ConfirmShipmentRequest,
        success=204,
        # Amazon declares neither 413 nor 415 here (contract 1.1): both are a 400.
        errors=_ERRORS,
        summary="Adds a package to an order, or edits the one of that reference.",
    ),
)
"""In the order of contract 1.1."""
