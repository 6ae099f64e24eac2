"""From the start of the command to the first answer on a database with orders, and the memory of an idle server."""

from __future__ import annotations

import time
from statistics import median

from bench.dataset import Dataset
from bench.report import Line
from bench.servers import serving
from bench.stores import Backend, Bench, filled, warm

TIMES = 7
SETTLED_SECONDS = 1.0


def starting(bench: Bench, backend: Backend, dataset: Dataset) -> list[Line]:
    """Seconds and megabytes; medians of several starts."""
    store = filled(bench, backend, dataset)
    warm(store)
    seconds: list[float] = []
    memory: list[float] = []
    for _ in range(TIMES):
        started = time.perf_counter()
        with serving(store) as server:
            seconds.append(time.perf_counter() - started)
            time.sleep(SETTLED_SECONDS)
            memory.append(server.memory()["VmRSS"] / 1e6)
    return [
        Line(
            measure="start to first answer, seconds",
            value=f"{min(seconds):.2f} to {max(seconds):.2f}",
            ratio=median(seconds),
            goal=0.5,
            stretch=0.35,
            at_most=True,
        ),
        Line(
            measure="idle memory, MB",
            value=f"{min(memory):.0f} to {max(memory):.0f}",
            ratio=median(memory),
            goal=60,
            at_most=True,
        ),
    ]
