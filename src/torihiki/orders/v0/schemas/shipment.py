"""The wire types of what a seller says of a shipment or of a pickup in the store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from torihiki.orders.v0.schemas.bounded import LIST_BOUND

# Control characters have no place in the report of a feed, whose XML cannot hold them.
Label = Annotated[
    str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", description="One line of text.")
]
RequiredLabel = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        description="One line of text.",
    ),
]
Moment = Annotated[
    str, Meta(min_length=1, max_length=100, extra_json_schema={"format": "date-time"})
]
Pieces = Annotated[int, Meta(ge=1, le=10**9)]


class ShipmentStatus(StrEnum):
    """How far a pickup in the store is, in the order in which Amazon's refusal lists them (contract 1.9 row 5)."""

    READY_FOR_PICKUP = "ReadyForPickup"
    """It lies ready for the buyer."""
    REFUSED_PICKUP = "RefusedPickup"
    """The buyer did not take it."""
    PICKED_UP = "PickedUp"
    """The buyer has it."""


class ConfirmShipmentOrderItem(Struct, frozen=True, kw_only=True, rename="camel"):
    """Pieces of one item that are in the package."""

    order_item_id: RequiredLabel
    quantity: Pieces
    transparency_codes: Annotated[tuple[RequiredLabel, ...], LIST_BOUND] | UnsetType = UNSET


class PackageDetail(Struct, frozen=True, kw_only=True, rename="camel"):
    """A package: what is in it, who carries it, and since when.

    Without `packageReferenceId`, a positive number as text, it is a new package that gets the next free number.
    """

    package_reference_id: Annotated[str, Meta(max_length=2_000)] | UnsetType = UNSET
    carrier_code: RequiredLabel
    carrier_name: Label | UnsetType = UNSET
    shipping_method: Label | UnsetType = UNSET
    tracking_number: RequiredLabel
    ship_date: Moment
    ship_from_supply_source_id: Label | UnsetType = UNSET
    order_items: Annotated[
        tuple[ConfirmShipmentOrderItem, ...], Meta(min_length=1, max_length=1_000)
    ]


class ConfirmShipmentRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of confirmShipment."""

    package_detail: PackageDetail
    cod_collection_method: Literal["", "DirectPayment"] | UnsetType = UNSET
    marketplace_id: RequiredLabel


class ShipmentItem(Struct, frozen=True, kw_only=True, rename="camel"):
    """Pieces of one item that were picked up, or were not."""

    order_item_id: Label | UnsetType = UNSET
    quantity: Pieces | UnsetType = UNSET


class UpdateShipmentStatusRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of updateShipmentStatus; without items it speaks of the whole order."""

    marketplace_id: RequiredLabel
    shipment_status: ShipmentStatus
    order_items: Annotated[tuple[ShipmentItem, ...], LIST_BOUND] | UnsetType = UNSET
