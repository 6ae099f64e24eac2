"""What PostgreSQL does by itself: pgbench sending the two statements of a change, with columns of the real sizes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from bench import postgres
from bench.stores import Bench
from torihiki.storage.postgres.named import load

_SIZES: Final = """
SELECT round(avg(length(o.document))), round(avg(length(o.ending))), round(avg(length(o.personal))),
       round(avg(length(d.items))), round(avg(coalesce(length(d.restricted_items), 0))), round(avg(length(d.withheld))),
       round(avg(length(d.fulfillment)))
FROM orders AS o JOIN order_details AS d ON d.order_key = o.order_key
WHERE o.order_number >= 90000000000000000
"""
_COLUMNS: Final = (
    "document",
    "ending",
    "personal",
    "items",
    "restricted_items",
    "withheld",
    "fulfillment",
)
_ENTRY: Final = "1Z86V8030300000000 UPS 101"
_TPS: Final = re.compile(r"tps = ([0-9.]+)")


def _script(database: str, name: str, places: range) -> str:
    """One transaction of pgbench for each statement, as the server sends them: read, then write that version."""
    sql = load("torihiki.storage.postgres", "orders.sql")
    sizes = postgres.execute(database, _SIZES, name).split("|")
    seller, facet = postgres.execute(
        database,
        "SELECT seller_key, facet FROM orders WHERE order_number >= 90000000000000000 LIMIT 1",
        name,
    ).split("|")
    blobs = {
        column: f"repeat('x', {size or 0})::bytea"
        for column, size in zip(_COLUMNS, sizes, strict=True)
    }
    values = blobs | {
        "order_key": ":order_key::bigint",
        "version": "(:version::text)",
        "facet": facet,
        "updated": ":now::bigint",
        "earliest": "NULL",
        "latest": "NULL",
        "erasable": "NULL",
        "regulated": "NULL::bytea",
        "at": "ARRAY[:now::bigint]",
        "events": "ARRAY['package_confirmed']",
        "by": "ARRAY['amzn1.sp.solution.bench']",
        "statuses": "ARRAY['PartiallyShipped']",
        "details": f"ARRAY['{_ENTRY}'::bytea]",
        "seller": seller,
        "number": ":number::bigint",
    }
    read, write = (
        _filled(sql[statement].text, sql[statement].names, values)
        for statement in ("kept", "change")
    )
    return (
        f"\\set number 90000000000000000 + random({places[0]}, {places[-1]})\n"
        "\\set now 1790000000000000 + random(0, 1000000)\n"
        f"{read}\n\\gset\n{write};\n"
    )


def _filled(text: str, names: tuple[str, ...], values: dict[str, str]) -> str:
    filled = re.sub(r"\$([0-9]+)", lambda found: values[names[int(found[1]) - 1]], text)
    return filled.rstrip().removesuffix(";")


def changes(bench: Bench, url: str, places: range, clients: int, seconds: int) -> float:
    """How many changes a second the bare server makes to the orders at these places, which it leaves unreadable.

    Raises:
        RuntimeError: pgbench failed.
    """
    server, _, name = url.rpartition("/")
    script = bench.work / "changes.sql"
    script.write_text(_script(server + "/", name, places), encoding="utf-8")
    found = postgres.binaries()
    program = "pgbench" if found is None else str(found / "pgbench")
    done = subprocess.run(
        [program, "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds), "-f", str(script), url],
        capture_output=True,
        text=True,
        check=False,
        env={"PGOPTIONS": "-c synchronous_commit=on -c jit=off", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    rate = _TPS.search(done.stdout)
    if done.returncode or rate is None:
        raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
    return float(rate[1])


def here() -> bool:
    """Whether pgbench is installed."""
    found = postgres.binaries()
    return found is not None and Path(found / "pgbench").exists()
