"""`python -m bench`: every measure, or the parts that are named."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from whenever import Instant

from bench import load, postgres
from bench.dataset import Dataset, made
from bench.filters import filters
from bench.imports import imports
from bench.latency import latency
from bench.pages import SMALL, against_floor, depth, growth
from bench.report import Line, as_json, table
from bench.reports import reports
from bench.restricted import restricted
from bench.shipments import shipments
from bench.signing import signed
from bench.starting import starting
from bench.stores import Backend, Bench

PARTS = (
    "pages",
    "restricted",
    "growth",
    "filters",
    "import",
    "start",
    "shipments",
    "reports",
    "signed",
    "latency",
)
WITHOUT_ORDERS = ("reports", "signed", "latency")
"""Parts that do not go by a file of so many orders as are given."""
DATABASES = ("sqlite", "postgresql")
QUICK_ORDERS = 20_000
QUICK_ROWS = 100_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless given"
    )
    parser.add_argument("--orders", type=int, default=1_000_000, help="orders in the database")
    parser.add_argument(
        "--import-orders", type=int, help="orders of the import; as many unless given"
    )
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of each report")
    parser.add_argument("--database", action="append", choices=DATABASES, help="both unless given")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each case")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of each run")
    parser.add_argument(
        "--work", type=Path, help="where orders and databases are kept for the next run"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few orders, one short run: shows that it works"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if given.quick:
        given.orders, given.rounds, given.seconds = min(given.orders, QUICK_ORDERS), 1, 1
        given.rows = min(given.rows, QUICK_ROWS)
    given.parts = given.parts or list(PARTS)
    given.database = given.database or list(DATABASES)
    return given


@contextlib.contextmanager
def _bench(given: argparse.Namespace) -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        work = given.work
        if work is None:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torihiki-bench-")))
        work = work.resolve()
        work.mkdir(parents=True, exist_ok=True)
        cluster = None
        if "postgresql" in given.database:
            found = postgres.binaries()
            if found is None:
                print("PostgreSQL is not installed: SQLite only.", file=sys.stderr)
            else:
                cluster = stack.enter_context(postgres.cluster(work, found))
        yield Bench(work=work, cluster=cluster, rounds=given.rounds, seconds=given.seconds)


def _of_orders(
    bench: Bench, given: argparse.Namespace, backend: Backend, part: str, dataset: Dataset
) -> Iterator[tuple[str, list[Line]]]:
    """One part that goes by the orders of a file."""
    now = Instant.now()
    match part:
        case "pages":
            yield f"Pages, {backend}", against_floor(bench, backend, dataset)
        case "restricted":
            yield f"Restricted data, {backend}", restricted(bench, backend, dataset)
        case "growth":
            small = made(bench.work, min(SMALL, given.orders // 2), now)
            lines = growth(bench, backend, small, dataset)
            yield f"Growth, {backend}", lines + depth(bench, backend, dataset)
        case "filters":
            for size in (20, 100):
                lines = filters(bench, backend, dataset, size)
                yield f"Filters at {size} orders, times as long as none, {backend}", lines
        case "import":
            large = made(bench.work, given.import_orders or given.orders, now)
            yield f"Import, {backend}", imports(bench, backend, large)
        case "shipments":
            yield f"Shipments, {backend}", shipments(bench, backend, now)
        case "start":
            yield f"Start, {backend}", starting(bench, backend, dataset)
        case _:
            raise ValueError(part)


def _measured(bench: Bench, given: argparse.Namespace) -> Iterator[tuple[str, list[Line]]]:
    """Each part on each database, as it is finished."""
    parts = [part for part in given.parts if part not in WITHOUT_ORDERS]
    for backend in (one for one in bench.backends if one in given.database):
        for part in parts:
            print(f"{part} on {backend} ...", file=sys.stderr)
            dataset = made(bench.work, given.orders, Instant.now())
            yield from _of_orders(bench, given, backend, part, dataset)
        if "reports" in given.parts:
            print(f"reports on {backend} ...", file=sys.stderr)
            yield f"Reports, {backend}", reports(bench, backend, given.rows)
        if "signed" in given.parts:
            print(f"signed on {backend} ...", file=sys.stderr)
            yield f"Signed requests, {backend}", signed(bench, backend)
        if "latency" in given.parts:
            print(f"latency on {backend} ...", file=sys.stderr)
            yield f"Latency, {backend}", latency(bench, backend, given.orders, given.rows)


def main() -> int:
    """Measures and prints; the exit status."""
    given = _arguments()
    if given.parts != ["reports"] and (lacking := load.missing()):
        print(f"Cannot measure: {lacking}.", file=sys.stderr)
        return 2
    found: dict[str, list[Line]] = {}
    with _bench(given) as bench:
        for title, lines in _measured(bench, given):
            found[title] = lines
            if not given.json:
                print(table(title, lines), flush=True)
    if given.json:
        print(as_json(found).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
