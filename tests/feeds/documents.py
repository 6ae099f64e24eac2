"""Feed documents as sellers write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from torihiki.feeds.model import Message, Shipment, ShippedItem
from torihiki.kernel.instant import Instant

DATE = "2026-11-21T09:47:06Z"
HEADINGS = (
    "order-id", "order-item-id", "quantity", "ship-date", "carrier-code", "carrier-name",
    "tracking-number", "ship-method", "ship_from_supply_source_id",
)  # fmt: skip


def order_id(number: int) -> str:
    return f"902-7700000-{number:07}"


def envelope(messages: Iterable[str], *, encoding: str = "UTF-8", kind: str = "OrderFulfillment") -> str:  # fmt: skip
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n'
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">\n'
        "<Header><DocumentVersion>1.01</DocumentVersion>"
        "<MerchantIdentifier>My Store</MerchantIdentifier></Header>\n"
        f"<MessageType>{kind}</MessageType>\n{''.join(messages)}</AmazonEnvelope>\n"
    )


def element(name: str, text: str | int | None) -> str:
    return "" if text is None else f"<{name}>{escape(str(text))}</{name}>"


def item(code: str | None = None, quantity: int | None = None, more: str = "") -> str:
    return (
        f"<Item>{element('AmazonOrderItemCode', code)}{element('Quantity', quantity)}{more}</Item>"
    )


def fulfillment(
    number: int | str,
    order: str | None,
    *,
    items: Sequence[str] = (),
    carrier: str | None = "UPS",
    name: str | None = None,
    tracking: str | None = "1Z999AA10123456784",
    date: str | None = DATE,
    reference: str | None = None,
    merchant_order: str | None = None,
    more: str = "",
) -> str:
    data = (
        element("CarrierCode", carrier)
        + element("CarrierName", name)
        + element("ShippingMethod", "Ground")
        + element("ShipperTrackingNumber", tracking)
    )
    return (
        f"<Message><MessageID>{number}</MessageID><OrderFulfillment>"
        + element("AmazonOrderID", order)
        + element("MerchantOrderID", merchant_order)
        + element("MerchantFulfillmentID", reference)
        + element("FulfillmentDate", date)
        + f"<FulfillmentData>{data}</FulfillmentData>"
        + more
        + "".join(items)
        + "</OrderFulfillment></Message>\n"
    )


def table(*rows: Sequence[str], headings: Sequence[str] = HEADINGS, end: str = "\n") -> str:
    return "".join("\t".join(row) + end for row in (headings, *rows))


def row(
    order: str,
    item_id: str = "",
    quantity: str = "",
    *,
    date: str = "2026-11-21",
    carrier: str = "UPS",
    name: str = "",
) -> tuple[str, ...]:
    return (order, item_id, quantity, date, carrier, name, "1Z999AA10123456784", "Ground", "")


def written(messages: Iterable[Message]) -> str:
    """The envelope that these messages are read from."""
    return envelope(_written(message) for message in messages)


def _written(message: Message) -> str:
    shipment = message.shipment
    assert shipment is not None
    return fulfillment(
        message.number,
        shipment.order_id or None,
        merchant_order=shipment.merchant_order_id or None,
        items=[_item(one) for one in shipment.items or ()],
        carrier=shipment.carrier_code,
        name=shipment.carrier_name,
        tracking=shipment.tracking_number or None,
        date=shipment.ship_date.format_iso(),
        reference=shipment.reference,
        more=element("ShipFromSupplySourceId", shipment.ship_from_supply_source_id)
        + element("CODCollectionMethod", shipment.cod_collection_method),
    )


def _item(one: ShippedItem) -> str:
    codes = "".join(element("TransparencyCode", code) for code in one.transparency_codes)
    return item(one.order_item_id, one.quantity, codes)


def shipment(order: str, **changes: object) -> Shipment:
    """What `fulfillment` says with its defaults."""
    members: dict[str, object] = {
        "order_id": order,
        "merchant_order_id": "",
        "reference": None,
        "carrier_code": "UPS",
        "carrier_name": None,
        "shipping_method": "Ground",
        "tracking_number": "1Z999AA10123456784",
        "ship_date": Instant.parse_iso(DATE),
        "ship_from_supply_source_id": None,
        "cod_collection_method": None,
        "items": None,
    }
    return Shipment(**(members | changes))  # type: ignore[arg-type]  # the members are those of the struct
