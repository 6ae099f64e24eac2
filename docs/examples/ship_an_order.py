"""Ships an order of a demo seller with Amazon's official Python SDK, served by Torihiki.

Run it beside `make run`. The first argument is the data directory (default: torihiki-data).
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from spapi import SPAPIClient, SPAPIConfig
from spapi.api.orders_v0.orders_v0_api import OrdersV0Api
from spapi.models.orders_v0.confirm_shipment_order_item import ConfirmShipmentOrderItem
from spapi.models.orders_v0.confirm_shipment_request import ConfirmShipmentRequest
from spapi.models.orders_v0.package_detail import PackageDetail

data = sys.argv[1] if len(sys.argv) > 1 else "torihiki-data"
torihiki = Path(sys.executable).with_name("torihiki")
shown = subprocess.run(
    [torihiki, "credentials", "--data", data, "--json"], check=False, stdout=subprocess.PIPE
)
if shown.returncode:
    sys.exit(shown.returncode)  # torihiki has said why
credentials = json.loads(shown.stdout)
if not credentials["sellers"]:
    sys.exit("The server has no seller of the demo: start it with --demo.")
endpoint, seller = credentials["endpoint"], credentials["sellers"][0]
lwa = seller["lwa"]

config = SPAPIConfig(
    client_id=lwa["client_id"],
    client_secret=lwa["client_secret"],
    refresh_token=lwa["refresh_token"],
    region="NA",
)
client = SPAPIClient(config, oauth_endpoint=f"{endpoint}/auth/o2/token", endpoint=endpoint)
orders = OrdersV0Api(client.api_client)

waiting = orders.get_orders(
    marketplace_ids=seller["marketplace_ids"],
    created_after="2024-01-01",
    order_statuses=["Unshipped"],
    fulfillment_channels=["MFN"],
    max_results_per_page=1,
).payload.orders
if not waiting:
    sys.exit("No order waits to be shipped.")
order = waiting[0]
items = orders.get_order_items(order.amazon_order_id).payload.order_items
now = datetime.now(UTC)  # noqa: TID251 - a client has a clock of its own
package = PackageDetail(
    package_reference_id="1",
    carrier_code="Yamato Transport",
    tracking_number="470012345678",
    ship_date=now,
    order_items=[
        ConfirmShipmentOrderItem(order_item_id=item.order_item_id, quantity=item.quantity_ordered)
        for item in items
    ],
)
orders.confirm_shipment(
    order.amazon_order_id,
    ConfirmShipmentRequest(marketplace_id=order.marketplace_id, package_detail=package),
)
shipped = orders.get_order(order.amazon_order_id).payload
pieces = f"{shipped.number_of_items_shipped} of {sum(item.quantity_ordered for item in items)}"
print(
    f"{order.amazon_order_id} was {order.order_status} and is {shipped.order_status}: {pieces} pieces"
)
