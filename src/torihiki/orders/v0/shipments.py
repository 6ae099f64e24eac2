"""What a seller says of a shipment or of a pickup, read from the wire (contract 1.7, 4.1, 4.2)."""

from __future__ import annotations

from torihiki.kernel.dates import parse_date
from torihiki.kernel.problem import invalid_input
from torihiki.orders.model import Confirmation, PackageItem
from torihiki.orders.pickups import PickupItem, PickupReport
from torihiki.orders.shipments import no_such_item
from torihiki.orders.v0.bodies import Json, decoded_body, read_members
from torihiki.orders.v0.schemas import ConfirmShipmentRequest, UpdateShipmentStatusRequest


def parse_confirmation(body: bytes) -> Confirmation:
    """The body of confirmShipment; a member that may be left out is, where it is an empty text.

    Raises:
        Problem: It cannot be read, or lacks what it must have. What goes with the order is for the rules.
    """
    value = decoded_body(body)
    package = value.get("packageDetail")
    if isinstance(package, dict) and isinstance(package.get("orderItems"), dict):
        # As was seen (contract 4.1): the object is taken for an item without an id.
        raise no_such_item()
    sent = read_members(value, ConfirmShipmentRequest, complete=True)
    package = sent["packageDetail"]
    shipped = parse_date(package["shipDate"])
    if shipped is None:
        raise invalid_input()
    return Confirmation(
        marketplace_id=sent["marketplaceId"],
        reference=package.get("packageReferenceId"),
        carrier_code=package["carrierCode"],
        carrier_name=package.get("carrierName") or None,
        shipping_method=package.get("shippingMethod") or None,
        tracking_number=package["trackingNumber"],
        ship_date=shipped,
        ship_from_supply_source_id=package.get("shipFromSupplySourceId") or None,
        cod_collection_method=sent.get("codCollectionMethod") or None,
        items=tuple(_package_item(item) for item in package["orderItems"]),
    )


def _package_item(item: Json) -> PackageItem:
    return PackageItem(
        order_item_id=item["orderItemId"],
        quantity=item["quantity"],
        transparency_codes=tuple(item.get("transparencyCodes", ())),
    )


def parse_pickup_report(body: bytes) -> PickupReport:
    """The body of updateShipmentStatus.

    Raises:
        Problem: It cannot be read, or lacks what it must have. What goes with the order is for the rules.
    """
    sent = read_members(decoded_body(body), UpdateShipmentStatusRequest, complete=True)
    items = sent.get("orderItems")
    return PickupReport(
        marketplace_id=sent["marketplaceId"],
        status=sent["shipmentStatus"],
        items=None
        if items is None
        else tuple(
            PickupItem(order_item_id=item.get("orderItemId") or None, quantity=item.get("quantity"))
            for item in items
        ),
    )
