"""Lists a demo seller's orders with Amazon's official Python SDK, served by Torihiki.

Run it beside `make run`. The first argument is the data directory (default: torihiki-data).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from spapi import SPAPIClient, SPAPIConfig
from spapi.api.orders_v0.orders_v0_api import OrdersV0Api

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

page = orders.get_orders(
    marketplace_ids=seller["marketplace_ids"], created_after="2024-01-01"
).payload
count = len(page.orders)
while page.next_token:
    page = orders.get_orders(
        marketplace_ids=seller["marketplace_ids"], next_token=page.next_token
    ).payload
    count += len(page.orders)
last = page.orders[-1]
items = orders.get_order_items(last.amazon_order_id).payload.order_items
print(
    f"{count} orders of {seller['seller_id']}; the newest is {last.amazon_order_id} ({last.order_status}):"
)
for item in items:
    print(f"  {item.quantity_ordered} x {item.title}")
