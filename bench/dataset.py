"""The orders that everything is measured on: the demo's, as one seller's, with rare values at known places.

The files are made once for a work directory and found again by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from whenever import Instant, TimeDelta

from torihiki.admin.demo import DEMO_SELLERS, demo_orders
from torihiki.kernel.marketplace import AUSTRALIA, BRAZIL, JAPAN, SINGAPORE

SELLER: Final = DEMO_SELLERS[0].seller_id
_REGION: Final = {"ATVPDKIKX0DER": SINGAPORE, BRAZIL: SINGAPORE}
"""A seller account is of one region, and so are its marketplaces: which of them a demo order goes to instead."""
MARKETPLACES: Final = (JAPAN, AUSTRALIA, SINGAPORE)
SOME: Final = 50
"""One order in that many has the values that are meant to match 2 %."""
FEW: Final = 10_000
"""One order in that many has the values that are meant to match 0.01 %."""
SOME_STATUS: Final = "ReturningToSeller"
FEW_STATUS: Final = "Undeliverable"
FRESH_DAYS: Final = 7
"""Orders pass out of sight two years after their date, so old files are made anew."""

_DECODE: Final = msgspec.json.Decoder(dict[str, Any]).decode
_ENCODE: Final = msgspec.json.Encoder().encode


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A file of orders.

    Args:
        path: NDJSON, as `torihiki import orders` takes it.
        count: How many orders it holds.
        until: The date of the newest order.
        ids: AmazonOrderIds of orders that are in sight, from everywhere in the file.
        own_ids: Of such orders, the SellerOrderIds that the seller gave.
        emails: Of such orders, buyers' addresses.
    """

    path: Path
    count: int
    until: Instant
    ids: list[str]
    own_ids: list[str]
    emails: list[str]

    @property
    def first(self) -> Instant:
        """A date that almost all orders in sight lie behind."""
        return self.until - TimeDelta(hours=24 * 720)


def _hook(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    if kind is Instant:
        return Instant.parse_iso(str(value))
    raise NotImplementedError(kind)


def _crafted(index: int, line: bytes) -> tuple[dict[str, Any], bytes]:
    """An order as the one seller's, with the rare values whose turn it is."""
    record = _DECODE(line)
    record["sellerId"] = SELLER
    order = record["order"]
    order["MarketplaceId"] = _REGION.get(order["MarketplaceId"], order["MarketplaceId"])
    if order.get("EasyShipShipmentStatus") in {SOME_STATUS, FEW_STATUS}:
        order["EasyShipShipmentStatus"] = "Delivered"
    for every, word, year in ((SOME, "some", 2031), (FEW, "few", 2033)):
        match index % every:
            case 7:
                order["EasyShipShipmentStatus"] = SOME_STATUS if every == SOME else FEW_STATUS
            case 8:
                order["FulfillmentInstruction"] = {"FulfillmentSupplySourceId": f"source-{word}"}
            case 9:
                record["orderItems"][0]["StoreChainStoreId"] = f"store-{word}"
            case 10:
                order["BuyerInfo"] = {"BuyerEmail": f"{word}@marketplace.amazon.com"}
            case 11:
                order["SellerOrderId"] = f"OWN-{word}"
            case 12:
                order["EarliestDeliveryDate"] = f"{year}-03-01T00:00:00Z"
                order["LatestDeliveryDate"] = f"{year}-03-05T00:00:00Z"
            case _:
                pass
    return record, _ENCODE(record)


def _crafted_lines(count: int, until: Instant, dataset: Dataset) -> Iterator[bytes]:
    """The lines; what the measurements ask for by value is noted in `dataset` on the way."""
    visible = str(dataset.first)
    step = max(count // 20_000, 1)
    for index, line in enumerate(demo_orders(count, 1, until)):
        record, crafted = _crafted(index, line)
        yield crafted
        order = record["order"]
        if index % step or order["PurchaseDate"] < visible:
            continue
        dataset.ids.append(order["AmazonOrderId"])
        if order["SellerOrderId"] != order["AmazonOrderId"]:
            dataset.own_ids.append(order["SellerOrderId"])
        if email := order["BuyerInfo"].get("BuyerEmail"):
            dataset.emails.append(email)


def made(work: Path, count: int, now: Instant) -> Dataset:
    """The file of `count` orders in the work directory, made if it is missing or older than a week."""
    manifest = work / f"orders-{count}.json"
    if manifest.exists():
        found = msgspec.json.decode(manifest.read_bytes(), type=Dataset, dec_hook=_hook)
        if found.path.exists() and now - found.until < TimeDelta(hours=24 * FRESH_DAYS):
            return found
    until = now.round("hour", mode="floor")
    path = work / f"orders-{count}.ndjson"
    dataset = Dataset(path=path, count=count, until=until, ids=[], own_ids=[], emails=[])
    with path.open("wb") as target:
        for line in _crafted_lines(count, until, dataset):
            target.write(line + b"\n")
    manifest.write_bytes(msgspec.json.encode(dataset, enc_hook=str))
    return dataset
