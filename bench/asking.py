"""The paths that are asked for: many of each kind, from everywhere in the orders."""

from __future__ import annotations

import random
from typing import Final
from urllib.parse import urlencode

from whenever import TimeDelta

from bench.dataset import FEW_STATUS, MARKETPLACES, SOME_STATUS, Dataset

VARIANTS: Final = 2_000
ORDERS: Final = "/orders/v0/orders"


def orders(size: int, **more: str) -> str:
    """One call of getOrders for all marketplaces, unless `more` names some."""
    query = {"MarketplaceIds": ",".join(MARKETPLACES), "MaxResultsPerPage": str(size), **more}
    return f"{ORDERS}?{urlencode(query, safe=',')}"


class Asker:
    """Makes paths for one set of orders; the same ones in every run.

    Args:
        dataset: The orders.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._random = random.Random(7)

    def date(self, latest: float) -> str:
        """A date within the first part of the visible orders, `latest` of 0 to 1."""
        first = self._dataset.first
        seconds = (self._dataset.until - first).total("seconds") * latest
        moment = first + TimeDelta(seconds=int(self._random.uniform(0, seconds)))
        return moment.format_iso(unit="second")

    def pages(
        self, size: int, *, by: str = "CreatedAfter", latest: float = 0.95, **more: str
    ) -> list[str]:
        """Pages of `size` that start anywhere."""
        return [orders(size, **{by: self.date(latest)}, **more) for _ in range(VARIANTS)]

    def singles(self) -> list[str]:
        """Single orders."""
        ids = self._dataset.ids
        return [f"{ORDERS}/{one}" for one in self._random.choices(ids, k=VARIANTS)]

    def by_value(self, size: int, name: str, values: list[str], each: int = 1) -> list[str]:
        """Pages of the orders that have one of some random values."""
        return [
            orders(
                size,
                CreatedAfter=self.date(0.01),
                **{name: ",".join(self._random.choices(values, k=each))},
            )
            for _ in range(VARIANTS)
        ]

    def filters(self, size: int) -> dict[str, list[str]]:
        """Pages under every filter and some combinations; the first is without any.

        All start within the first days that are visible, so that even one order in 10,000 fills a page.
        """
        early = 0.02
        found = {"none": self.pages(size, latest=early)}
        for name, more in CONDITIONS.items():
            found[name] = self.pages(size, latest=early, **more)
        found["LastUpdatedAfter"] = self.pages(size, by="LastUpdatedAfter", latest=early)
        for name in UPDATED:
            found[f"LastUpdatedAfter, {name}"] = self.pages(
                size, by="LastUpdatedAfter", latest=early, **CONDITIONS[name]
            )
        found["BuyerEmail, a few orders"] = self.by_value(size, "BuyerEmail", self._dataset.emails)
        if self._dataset.own_ids:
            found["SellerOrderId"] = self.by_value(size, "SellerOrderId", self._dataset.own_ids)
        ids = self._dataset.ids[: max(int(len(self._dataset.ids) * early), 50)]
        found["AmazonOrderIds, 50"] = self.by_value(size, "AmazonOrderIds", ids, 50)
        return found


_SHIPPED = {"OrderStatuses": "Shipped"}
CONDITIONS: Final[dict[str, dict[str, str]]] = {
    "one marketplace": {"MarketplaceIds": MARKETPLACES[0]},
    "OrderStatuses, most": _SHIPPED,
    "OrderStatuses, 4 %": {"OrderStatuses": "Canceled"},
    "FulfillmentChannels": {"FulfillmentChannels": "MFN"},
    "PaymentMethods": {"PaymentMethods": "COD,CVS"},
    "EasyShipShipmentStatuses, 2 %": {"EasyShipShipmentStatuses": SOME_STATUS},
    "EasyShipShipmentStatuses, 0.01 %": {"EasyShipShipmentStatuses": FEW_STATUS},
    "ElectronicInvoiceStatuses": {"ElectronicInvoiceStatuses": "Accepted"},
    "IsISPU": {"IsISPU": "true"},
    "status and channel and payment": {
        **_SHIPPED,
        "FulfillmentChannels": "MFN",
        "PaymentMethods": "Other",
    },
    "2 % and marketplace and status": {
        **_SHIPPED,
        "MarketplaceIds": MARKETPLACES[0],
        "EasyShipShipmentStatuses": SOME_STATUS,
    },
    "supply source, 2 %": {"ActualFulfillmentSupplySourceId": "source-some"},
    "supply source, 0.01 %": {"ActualFulfillmentSupplySourceId": "source-few"},
    "supply source 2 % and status": {
        **_SHIPPED,
        "ActualFulfillmentSupplySourceId": "source-some",
    },
    "StoreChainStoreId, 2 %": {"StoreChainStoreId": "store-some"},
    "StoreChainStoreId, 0.01 %": {"StoreChainStoreId": "store-few"},
    "BuyerEmail, 2 %": {"BuyerEmail": "some@marketplace.amazon.com"},
    "BuyerEmail, 0.01 %": {"BuyerEmail": "few@marketplace.amazon.com"},
    "SellerOrderId, 0.01 %": {"SellerOrderId": "OWN-few"},
    "delivery window, 2 %": {
        "LatestDeliveryDateAfter": "2031-03-01T00:00:00Z",
        "LatestDeliveryDateBefore": "2031-04-01T00:00:00Z",
    },
    "delivery window, 0.01 %": {
        "EarliestDeliveryDateAfter": "2033-01-01T00:00:00Z",
        "LatestDeliveryDateBefore": "2033-04-01T00:00:00Z",
    },
    "delivery window, most": {"LatestDeliveryDateAfter": "2016-01-01T00:00:00Z"},
}
UPDATED: Final = (
    "one marketplace",
    "OrderStatuses, most",
    "EasyShipShipmentStatuses, 2 %",
    "EasyShipShipmentStatuses, 0.01 %",
    "supply source, 0.01 %",
)
