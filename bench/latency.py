"""How long answers take at a fixed rate: reads beside durable writes, and pages while the worker makes reports."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from statistics import median
from typing import Final

from whenever import Instant, TimeDelta

from bench import postgres
from bench.asking import ORDERS, Asker
from bench.backlog import Backlog
from bench.dataset import SELLER, Dataset, made
from bench.disk import synchronised
from bench.report import Line
from bench.report_rows import RING
from bench.servers import Api, Running, Store, floor, serving, torihiki
from bench.shipments import confirmable
from bench.steady import Timed, steadily, together
from bench.stores import Backend, Bench, empty, warm
from torihiki.kernel.key_ring import format_ring
from torihiki.kernel.marketplace import JAPAN

RATE: Final = 400
RUN_TIMES: Final = 10
"""How many times as long as those of other parts the runs are."""
SLOWEST_MAX_MS: Final = 10.0
SLOWEST_STRETCH_MS: Final = 4.0
BUSY_MAX: Final = 3.0
BUSY_STRETCH: Final = 1.5
PAGES_OF: Final = 100_000
"""Orders among which the pages are."""
ROWS_MAX: Final = 300_000
"""Rows of each report that is made meanwhile."""
TAB: Final = "\t"
GET: Final = "getOrder"
POST: Final = "confirmShipment"
PAGE: Final = "getOrders, 20 orders"


def latency(bench: Bench, backend: Backend, orders: int, rows: int) -> list[Line]:
    """Milliseconds, and what they become while reports are made."""
    now = Instant.now()
    dataset = made(bench.work, min(orders, PAGES_OF), now)
    return [
        *_beside_writes(bench, backend, now),
        *_beside_reports(bench, backend, dataset, min(rows, ROWS_MAX)),
    ]


def _beside_writes(bench: Bench, backend: Backend, now: Instant) -> list[Line]:
    """Reads and durable writes at once, in turns with the same requests to floor A, and with the bare disk."""
    shipped = now - TimeDelta(hours=24)
    store, orders = confirmable(bench, backend, "latency", shipped)
    writes = _confirmations(orders, shipped)
    paths = random.Random(7)
    bodies = bench.work / "latency-floor"
    bodies.mkdir(exist_ok=True)
    ours: list[dict[str, Timed]] = []
    bottom: list[dict[str, Timed]] = []
    disk: list[Timed] = []
    seconds = RUN_TIMES * bench.seconds
    with serving(store, pinned=False) as server, floor(bodies, pinned=False) as constant:
        api = Api(server, store, SELLER)
        (bodies / "order").write_bytes(api.get(f"{ORDERS}/{orders[0][0]}"))
        (bodies / "nothing").write_bytes(b"")

        def both(running: Running, seconds: int) -> dict[str, Timed]:
            requests = RATE * seconds
            reads = [f"{ORDERS}/{paths.choice(orders)[0]}" for _ in range(requests)]
            sent = list(islice(writes, requests))
            if running is constant:
                reads = ["/order"] * requests
                sent = [f"POST\t/nothing\t{line.rpartition(TAB)[2]}" for line in sent]
            kinds = {GET: [f"GET\t{path}" for path in reads], POST: sent}
            return steadily(running, kinds, rate=RATE, headers=_headers(api))

        for running in (constant, server):
            both(running, 1)
        for _ in range(bench.rounds):
            bottom.append(both(constant, seconds))
            disk.append(synchronised(bench.work, rate=RATE, seconds=seconds))
            ours.append(both(server, seconds))
    bare = _line(f"{RATE} writes a second, bare disk", together(disk))
    return [*_lines_of_writes(backend, ours, bottom), bare]


def _confirmations(orders: Sequence[tuple[str, str]], shipped: Instant) -> Iterator[str]:
    """A new package for one order after the other, and for the first again when all have one."""
    moment = shipped.format_iso(unit="second")
    for reference in count(1):
        for number, (order_id, item_id) in enumerate(orders):
            package = {
                "packageReferenceId": str(reference),
                "carrierCode": "UPS",
                "trackingNumber": f"1Z86V{reference:05}{number:08}",
                "shipDate": moment,
                "orderItems": [{"orderItemId": item_id, "quantity": 1}],
            }
            body = json.dumps({"marketplaceId": JAPAN, "packageDetail": package})
            yield f"POST\t{ORDERS}/{order_id}/shipmentConfirmation\t{body}"


def _headers(api: Api) -> dict[str, str]:
    return {"x-amz-access-token": api.token, "content-type": "application/json"}


def _lines_of_writes(
    backend: Backend, ours: Sequence[Mapping[str, Timed]], bottom: Sequence[Mapping[str, Timed]]
) -> list[Line]:
    judged = backend == "sqlite"
    reached = {name: together(run[name] for run in ours) for name in (GET, POST)}
    below = {name: together(run[name] for run in bottom) for name in (GET, POST)}
    slowest = max(timed.slowest for timed in reached.values())
    at_best = max(timed.slowest for timed in below.values())
    each = [max(timed.slowest for timed in run.values()) for run in ours]
    late = max(timed.late[-1] for timed in reached.values()) / 1000
    busy = median(share for timed in reached.values() for share in timed.strangers)
    lines = [
        Line(
            measure=f"slowest answer at {RATE} GET/s and {RATE} POST/s, ms",
            value=f"floor A: {at_best:.2f} ms; of the runs {_range(each)}; the client late by {late:.2f} ms at the most"
            f"; others took {busy:.0%} of the machine",
            ratio=slowest,
            goal=SLOWEST_MAX_MS if judged else None,
            stretch=SLOWEST_STRETCH_MS if judged else None,
            at_most=True,
        )
    ]
    for name in (GET, POST):
        for said, timed in ((name, reached[name]), (f"{name}, floor A", below[name])):
            lines.append(_line(said, timed))
    return lines


def _line(measure: str, timed: Timed) -> Line:
    return Line(
        measure=f"{measure}: slowest, ms",
        value=f"{timed}, {len(timed.took):,} answers",
        ratio=timed.slowest,
    )


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def _beside_reports(bench: Bench, backend: Backend, dataset: Dataset, rows: int) -> list[Line]:
    """Pages alone, and while the server's own worker makes one report after the other; floor A likewise."""
    store = _with_ledger(bench, backend, dataset, rows)
    warm(store)
    asker = Asker(dataset)
    bodies = bench.work / "latency-floor"
    bodies.mkdir(exist_ok=True)
    seconds = RUN_TIMES * bench.seconds
    runs: dict[str, list[Timed]] = {name: [] for name in ("idle", "busy", "floor", "floor busy")}
    shares: list[float] = []
    with serving(store, pinned=False) as server, floor(bodies, pinned=False) as constant:
        api = Api(server, store, SELLER)
        backlog = Backlog(server, store)
        paths = asker.pages(20)
        (bodies / "page").write_bytes(api.get(paths[0]))
        choice = random.Random(7)

        def pages(running: Running, seconds: int = seconds) -> Timed:
            asked = ["/page"] if running is constant else paths
            lines = [f"GET\t{choice.choice(asked)}" for _ in range(RATE * seconds)]
            return steadily(running, {PAGE: lines}, rate=RATE, headers=_headers(api))[PAGE]

        for running in (constant, server):
            pages(running, 1)
        for _ in range(bench.rounds):
            runs["floor"].append(pages(constant))
            runs["idle"].append(pages(server))
            with backlog.busy():
                runs["floor busy"].append(pages(constant))
                started, used = time.monotonic(), backlog.worker_seconds()
                runs["busy"].append(pages(server))
                shares.append((backlog.worker_seconds() - used) / (time.monotonic() - started))
    return _lines_of_reports(runs, shares, backlog.made, rows)


def _lines_of_reports(
    runs: Mapping[str, Sequence[Timed]], shares: Sequence[float], reports: int, rows: int
) -> list[Line]:
    p99 = {name: median(run.at(0.99) for run in found) for name, found in runs.items()}
    strangers = median(share for found in runs.values() for run in found for share in run.strangers)
    each = [
        busy.at(0.99) / idle.at(0.99) for busy, idle in zip(runs["busy"], runs["idle"], strict=True)
    ]
    lines = [
        Line(
            measure=f"p99 at {RATE} r/s while reports are made / idle",
            value=f"{p99['busy']:.2f} of {p99['idle']:.2f} ms, single rounds {_range(each)}"
            f"; others took {strangers:.0%} of the machine",
            ratio=p99["busy"] / p99["idle"],
            goal=BUSY_MAX,
            stretch=BUSY_STRETCH,
            at_most=True,
        ),
        Line(
            measure="the same of floor A",
            value=f"{p99['floor busy']:.2f} of {p99['floor']:.2f} ms",
            ratio=p99["floor busy"] / p99["floor"],
        ),
        Line(
            measure="the worker meanwhile, part of a core",
            value=f"{_range(shares)}, {reports} reports of {rows:,} rows in all",
            ratio=median(shares),
        ),
    ]
    told = {
        "idle": PAGE,
        "busy": f"{PAGE}, reports",
        "floor": "floor A",
        "floor busy": "floor A, reports",
    }
    return lines + [_line(said, together(runs[name])) for name, said in told.items()]


def _with_ledger(bench: Bench, backend: Backend, dataset: Dataset, rows: int) -> Store:
    """A database with the file's orders and a ledger of so many rows in each report, made once."""
    name = f"latency{rows}"
    data = bench.work / f"{backend}-{name}"
    done, filled_with = data / "filled-with", f"{dataset.until} {dataset.count}"
    if done.exists() and done.read_text(encoding="utf-8") == filled_with:
        if backend == "sqlite":
            return Store(data=data)
        if bench.cluster is not None and postgres.exists(bench.cluster, name):
            return Store(data=data, database=bench.cluster + name)
    store = empty(bench, backend, name, key=format_ring(RING))
    torihiki("import", "orders", str(dataset.path), store=store)
    target = store.database or str(store.data / "torihiki.sqlite3")
    command = [sys.executable, "-m", "bench.report_rows", "fill", target, str(rows)]
    subprocess.run(command, check=True, capture_output=True)
    if bench.cluster is not None and backend == "postgresql":
        postgres.execute(bench.cluster, "VACUUM ANALYZE", name)
    done.write_text(filled_with, encoding="utf-8")
    return store
