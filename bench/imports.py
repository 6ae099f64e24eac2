"""The import against parsing alone, and against the fastest load of the finished rows into the same tables."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from itertools import islice
from subprocess import run
from typing import Final

import asyncpg

from bench.dataset import Dataset
from bench.report import Line
from bench.servers import Store, torihiki
from bench.stores import Backend, Bench, drop, empty

GOALS: Final[dict[Backend, tuple[float, float]]] = {
    "sqlite": (0.19, 0.30),
    "postgresql": (0.25, 0.40),
}
TABLES: Final = ("orders", "order_details")
ROWS: Final = 10_000
COPIED: Final = "copied"
_PARSE: Final = """
import sys, time
from torihiki.orders.v0.documents import parse_line
started = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    for line in file:
        parse_line(line)
print(time.perf_counter() - started)
"""


def imports(bench: Bench, backend: Backend, dataset: Dataset) -> list[Line]:
    """One import of the whole file, and what it is held against."""
    command = [sys.executable, "-c", _PARSE, str(dataset.path)]
    before = float(run(command, capture_output=True, check=True, text=True).stdout)
    store = empty(bench, backend, "import")
    whole = torihiki("import", "orders", str(dataset.path), store=store)
    after = float(run(command, capture_output=True, check=True, text=True).stdout)
    bare = empty(bench, backend, "bare")
    loaded = (
        _bare_sqlite(store, bare)
        if backend == "sqlite"
        else asyncio.run(_bare_copy(bench, store, bare))
    )
    (bench.work / COPIED).unlink(missing_ok=True)
    drop(bench, backend, "import")
    drop(bench, backend, "bare")
    parsing = (before + after) / 2
    goal, stretch = GOALS[backend]
    each = 1e6 / dataset.count
    return [
        Line(
            measure=f"parsing alone / import of {dataset.count:,} orders",
            value=f"{parsing:.1f} of {whole:.1f} s, {parsing * each:.0f} and {whole * each:.0f} us an order",
            ratio=parsing / whole,
            goal=goal,
            stretch=stretch,
        ),
        Line(
            measure=f"bare load of the same rows / import of {dataset.count:,} orders",
            value=f"{loaded:.1f} of {whole:.1f} s, {loaded * each:.0f} us an order",
            ratio=loaded / whole,
        ),
    ]


def _bare_sqlite(source: Store, target: Store) -> float:
    """Seconds of `executemany` alone, with the server's settings and indexes in place."""
    reader = sqlite3.connect(source.data / "torihiki.sqlite3")
    writer = sqlite3.connect(target.data / "torihiki.sqlite3", isolation_level=None)
    for setting in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "cache_size = -262144",
        "temp_store = MEMORY",
    ):
        writer.execute(f"PRAGMA {setting}")
    writer.execute("DELETE FROM order_details")
    writer.execute("DELETE FROM orders")
    writer.execute("DELETE FROM facets")
    spent = 0.0
    for table in ("facets", *TABLES):
        width = len(reader.execute(f"SELECT * FROM {table} LIMIT 0").description)
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' * width)})"
        rows = reader.execute(f"SELECT * FROM {table}")
        while chunk := list(islice(rows, ROWS)):
            started = time.perf_counter()
            writer.execute("BEGIN")
            writer.executemany(statement, chunk)
            writer.execute("COMMIT")
            spent += time.perf_counter() - started
    reader.close()
    writer.close()
    return spent


async def _bare_copy(bench: Bench, source: Store, target: Store) -> float:
    """Seconds of COPY from a binary file, with the indexes in place."""
    one = await asyncpg.connect(source.database)
    other = await asyncpg.connect(target.database)
    spent = 0.0
    file = bench.work / COPIED
    try:
        await other.execute("TRUNCATE orders, order_details, facets CASCADE")
        for table in ("facets", *TABLES):
            await one.copy_from_table(table, output=file, format="binary")
            started = time.perf_counter()
            await other.copy_to_table(table, source=file, format="binary")
            spent += time.perf_counter() - started
    finally:
        await one.close()
        await other.close()
    return spent
