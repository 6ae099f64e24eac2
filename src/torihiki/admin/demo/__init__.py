"""The demo's sellers, orders and payments: believable, invented, and the same bytes for the same arguments."""

from __future__ import annotations

from torihiki.admin.demo.marketplaces import DEMO_SELLERS, DemoSeller
from torihiki.admin.demo.orders import demo_orders
from torihiki.admin.demo.payments import DEMO_REGIONS, demo_payments
from torihiki.admin.demo.showcase import SHOWCASE_SIZE

__all__ = [
    "DEMO_REGIONS",
    "DEMO_SELLERS",
    "SHOWCASE_SIZE",
    "DemoSeller",
    "demo_orders",
    "demo_payments",
]
