"""Confirmations of shipments from many clients at once: against one commit for each, and against the bare statements."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

from whenever import Instant, TimeDelta

from bench import pgbench
from bench.dataset import SELLER
from bench.load import Case, interleaved
from bench.report import Line
from bench.servers import Api, Running, Store, floor, serving, torihiki
from bench.stores import Backend, Bench, empty
from torihiki.admin.demo import demo_orders
from torihiki.kernel.marketplace import JAPAN

CLIENTS: Final = 64
ORDERS: Final = 20_000
PIECES: Final = 500
"""Of the one item of each order; a package takes one of them."""
TEMPLATES: Final = 2_000
"""Demo orders among which those are found that wait for their shipment."""

_WRITES: Final = """
local orders = {}
for line in io.lines("%s") do
  local order, item = line:match("(%%S+) (%%S+)")
  orders[#orders + 1] = { order, item }
end
local sent = %d
local headers = { ["x-amz-access-token"] = "%s", ["content-type"] = "application/json" }
request = function()
  local order = orders[sent %% #orders + 1]
  local reference = math.floor(sent / #orders) + 1
  sent = sent + 1
  return wrk.format("POST", "/orders/v0/orders/" .. order[1] .. "/shipmentConfirmation", headers, string.format(
    '{"marketplaceId":"%s","packageDetail":{"packageReferenceId":"%%d","carrierCode":"UPS",' ..
    '"trackingNumber":"1Z86V80303%%08d","shipDate":"%s","orderItems":[{"orderItemId":"%%s","quantity":1}]}}',
    reference, sent, order[2]))
end
"""


class Confirmations(Case):
    """A new package for one order after the other, and for the first again when all have one.

    Args:
        running: Who is told.
        orders: AmazonOrderId and OrderItemId of each order.
        token: The access token.
        shipped: When the packages left.
    """

    connections = CLIENTS

    def __init__(
        self, running: Running, orders: list[tuple[str, str]], token: str, shipped: Instant
    ) -> None:
        super().__init__(running, ["confirmShipment"], token)
        self._orders = orders
        self._token = token
        self._shipped = shipped
        self._sent = 0

    def run(self, seconds: int) -> Any:  # noqa: ANN401 - a sample, whose class the caller knows
        """Loads the server once."""
        sample = super().run(seconds)
        # Those that were under way when the time was up were taken too.
        self._sent += int(sample.rate * seconds) + 2 * CLIENTS
        return sample

    def _requests(self, folder: Path) -> str:
        orders = folder / "orders"
        orders.write_text("\n".join(" ".join(one) for one in self._orders), encoding="utf-8")
        moment = self._shipped.format_iso(unit="second")
        return _WRITES % (orders, self._sent, self._token, JAPAN, moment)


def _lines(until: Instant) -> Iterator[tuple[str, str, bytes]]:
    """Orders that wait for their shipment, made from the demo's: order id, item id, line of the import."""
    templates = [
        record
        for record in map(json.loads, demo_orders(TEMPLATES, 1, until))
        if record["order"]["OrderStatus"] == "Unshipped"
        and record["order"]["FulfillmentChannel"] == "MFN"
        and record["order"]["MarketplaceId"] == JAPAN
    ]
    for index in range(ORDERS):
        record = templates[index % len(templates)]
        order, item = record["order"], record["orderItems"][0]
        number = f"900-{index // 10_000_000:07}-{index % 10_000_000:07}"
        order["AmazonOrderId"], item["OrderItemId"] = number, f"9{index:013}"
        item["QuantityOrdered"] = order["NumberOfItemsUnshipped"] = PIECES
        record |= {"sellerId": SELLER, "orderItems": [item]}
        record.pop("regulatedInfo", None)
        yield number, item["OrderItemId"], json.dumps(record).encode()


def confirmable(
    bench: Bench, backend: Backend, name: str, until: Instant
) -> tuple[Store, list[tuple[str, str]]]:
    """A new database with orders that wait for their shipment; AmazonOrderId and OrderItemId of each."""
    path = bench.work / "shipments.ndjson"
    orders: list[tuple[str, str]] = []
    with path.open("wb") as file:
        for order_id, item_id, line in _lines(until):
            orders.append((order_id, item_id))
            file.write(line + b"\n")
    store = empty(bench, backend, name)
    torihiki("import", "orders", str(path), store=store)
    return store, orders


def shipments(bench: Bench, backend: Backend, now: Instant) -> list[Line]:
    """Confirmations a second."""
    until = now - TimeDelta(hours=24)
    store, orders = confirmable(bench, backend, "shipments", until)
    if backend == "postgresql":
        return _against_pgbench(bench, store, orders, now)
    copies = {}
    for variant in ("commit-each", "unsynchronised"):
        data = bench.work / f"sqlite-shipments-{variant}"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(store.data, data)
        copies[variant] = Store(data=data)
    bodies = bench.work / "shipments-floor"
    bodies.mkdir(exist_ok=True)
    (bodies / "nothing").write_bytes(b"")
    with (
        serving(store) as ours,
        serving(copies["commit-each"], "commit-each") as each,
        serving(copies["unsynchronised"], "unsynchronised") as unsafe,
        floor(bodies) as constant,
    ):
        cases = [
            Confirmations(server, orders, Api(server, one, SELLER).token, until)
            for server, one in (
                (ours, store),
                (each, copies["commit-each"]),
                (unsafe, copies["unsynchronised"]),
            )
        ]
        bottom = _Wide(constant, ["/nothing"], None)
        interleaved([*cases, bottom], rounds=bench.rounds, seconds=bench.seconds)
    rates = [case.middle.rate for case in cases]
    slowest = cases[0].middle.p99 / 1000
    return [
        Line(
            measure="confirmShipment, 64 clients / one commit each",
            value=f"{rates[0]:,.0f} of {rates[1]:,.0f} r/s, p99 {slowest:.0f} ms",
            ratio=rates[0] / rates[1],
            goal=2.0,
        ),
        Line(
            measure="the same / without synchronisation",
            value=f"{rates[0]:,.0f} of {rates[2]:,.0f} r/s",
            ratio=rates[0] / rates[2],
        ),
        Line(
            measure="the same / floor A",
            value=f"{rates[0]:,.0f} of {bottom.middle.rate:,.0f} r/s",
            ratio=rates[0] / bottom.middle.rate,
            stretch=0.22,
        ),
    ]


class _Wide(Case):
    """Reads from as many clients as there are confirmations."""

    connections = CLIENTS


def _against_pgbench(
    bench: Bench, store: Store, orders: list[tuple[str, str]], now: Instant
) -> list[Line]:
    plain: list[float] = []
    # pgbench leaves columns of the right length that no server can read, so each has orders of its own.
    half = len(orders) // 2
    with serving(store) as server:
        case = Confirmations(server, orders[:half], Api(server, store, SELLER).token, now)
        case.run(1)
        for _ in range(bench.rounds):
            case.samples.append(case.run(bench.seconds))
            plain.append(
                pgbench.changes(
                    bench, str(store.database), range(half, len(orders)), CLIENTS, bench.seconds
                )
            )
    rate, bare = case.middle.rate, median(plain)
    return [
        Line(
            measure="confirmShipment, 64 clients / pgbench with the same statements",
            value=f"{rate:,.0f} of {bare:,.0f} a second, p99 {case.middle.p99 / 1000:.0f} ms",
            ratio=rate / bare,
            goal=0.5,
            stretch=0.8,
        )
    ]
