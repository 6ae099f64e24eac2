"""Clients that confirm packages over connections of their own, and the ledger of what they were told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.orders.lines import US
from tests.serving import Seller

ANSWER_SECONDS = 60.0
LARGE = 240
"""Pieces of the one order that everybody confirms."""
SMALL = 3


def order_line(seller_id: str, order_id: str, pieces: int) -> dict[str, Any]:
    """A line of an import: an order that waits, with one item, whose id is `item_id` of the order's."""
    order = {
        "AmazonOrderId": order_id,
        "PurchaseDate": "2026-11-20T10:00:00Z",
        "LastUpdateDate": "2026-11-20T10:30:00Z",
        "OrderStatus": "Unshipped",
        "FulfillmentChannel": "MFN",
        "MarketplaceId": US,
        "NumberOfItemsShipped": 0,
        "NumberOfItemsUnshipped": pieces,
        "ShippingAddress": {"Name": "A name", "City": "Springfield", "CountryCode": "US"},
    }
    item = {
        "ASIN": "B00EXAMPLE",
        "OrderItemId": item_id(order_id),
        "QuantityOrdered": pieces,
        "QuantityShipped": 0,
    }
    return {"sellerId": seller_id, "order": order, "orderItems": [item]}


def item_id(order_id: str) -> str:
    return order_id.replace("-", "")


class Asked(NamedTuple):
    """A confirmation; its tracking number is its own, so that everything it left behind can be told from others.

    Args:
        reference: None: the server assigns one.
    """

    order_id: str
    reference: str | None
    quantity: int
    tracking: str
    carrier: str = "UPS"
    method: str = "Ground"

    def body(self) -> bytes:
        package = {
            "packageReferenceId": self.reference,
            "carrierCode": self.carrier,
            "shippingMethod": self.method,
            "trackingNumber": self.tracking,
            "shipDate": "2026-11-21T16:15:30Z",
            "orderItems": [{"orderItemId": item_id(self.order_id), "quantity": self.quantity}],
        }
        sent = {name: value for name, value in package.items() if value is not None}
        return json.dumps({"marketplaceId": US, "packageDetail": sent}).encode()


class Told(NamedTuple):
    """What was answered; status None: nothing, so that it may have happened or not."""

    asked: Asked
    status: int | None
    message: str = ""


class Connection:
    """One connection that stays open from request to request."""

    def __init__(self, seller: Seller) -> None:
        self._address = urlsplit(seller.url)
        self._token = seller.access_token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def confirm(self, asked: Asked) -> Told:
        try:
            return await asyncio.wait_for(self._confirm(asked), ANSWER_SECONDS)
        except (OSError, EOFError, TimeoutError):
            await self.close()
            return Told(asked, None)

    async def _confirm(self, asked: Asked) -> Told:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._address.hostname, self._address.port
            )
        reader, writer = self._streams
        body = asked.body()
        writer.write(
            f"POST /orders/v0/orders/{asked.order_id}/shipmentConfirmation HTTP/1.1\r\n"
            f"host: {self._address.netloc}\r\nx-amz-access-token: {self._token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        length = 0
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        content = await reader.readexactly(length)
        message = "" if status == 204 else json.loads(content)["errors"][0]["message"]
        return Told(asked, status, message)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


class Plan:
    """What clients ask for: packages of one large order and of many small ones, new, edited and sent twice.

    Args:
        orders: The first is the large one.
    """

    def __init__(self, random: Random, orders: list[str]) -> None:
        self._random = random
        self._large, *self._small = orders
        self._count = 0
        self._references = 0

    def next(self) -> list[Asked]:
        """The next requests of a client: one, or one that it sends twice."""
        kind = self._random.random()
        if kind < 0.35:
            return [self._new(str(self._next_reference()))]
        if kind < 0.45:
            return [self._new(None)]
        if kind < 0.55:
            return [self._new(str(self._next_reference()))] * 2
        if kind < 0.65:
            # An edit, if there is such a package and it is no other's of two pieces; else a new one.
            return [self._new(str(self._random.randint(1, 100)))]
        order_id = self._random.choice(self._small)
        reference = str(self._random.randint(1, SMALL + 1))
        return [Asked(order_id, reference, self._random.randint(1, 2), self._tracking())]

    def _new(self, reference: str | None) -> Asked:
        return Asked(self._large, reference, 1, self._tracking())

    def _next_reference(self) -> int:
        # Beyond what edits choose from, and apart from what the server assigns next.
        self._references += 1
        return 10_000 + 1_000 * self._references

    def _tracking(self) -> str:
        self._count += 1
        return f"1Z{self._count:08}"


class Ledger:
    """Everything that was sent.

    `answered` is set as soon as the server has answered once.
    """

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.answered = asyncio.Event()

    def statuses(self) -> Counter[str]:
        return Counter("none" if told.status is None else str(told.status) for told in self.told)

    def acknowledged(self) -> set[str]:
        """The tracking numbers of all that the server has promised to keep."""
        return {told.asked.tracking for told in self.told if told.status == 204}

    def refused(self) -> set[str]:
        return {told.asked.tracking for told in self.told if told.status == 400}

    def uncertain(self) -> Iterator[Asked]:
        """What got no answer, or one that says that it may be tried again; each once."""
        known = self.acknowledged() | self.refused()
        seen: set[str] = set()
        for told in self.told:
            tracking = told.asked.tracking
            if told.status in {None, 503} and tracking not in known | seen:
                seen.add(tracking)
                yield told.asked


async def press(
    seller: Seller, plan: Plan, ledger: Ledger, clients: int, stop: asyncio.Event
) -> None:
    """Clients that confirm one package after another until they are stopped, or nobody answers any more."""

    async def client() -> None:
        connection = Connection(seller)
        while not stop.is_set():
            for asked in plan.next():
                told = await connection.confirm(asked)
                ledger.told.append(told)
                if told.status is None:
                    await asyncio.sleep(0.01)
                    break
                ledger.answered.set()
                if told.status == 503:
                    await asyncio.sleep(0.005)
        await connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))


async def all_at_once(sellers: list[Seller], asked: list[Asked], clients: int) -> list[Told]:
    """The answers to all requests, over this many connections, which the sellers' servers share evenly."""
    left = list(reversed(asked))
    told: list[Told] = []

    async def client(number: int) -> None:
        connection = Connection(sellers[number % len(sellers)])
        while left:
            told.append(await connection.confirm(left.pop()))
        await connection.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return told
