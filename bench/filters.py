"""Every filter and some combinations against no filter, at the same page size."""

from __future__ import annotations

from typing import Final

from bench.asking import Asker
from bench.dataset import SELLER, Dataset
from bench.load import Case, interleaved
from bench.report import Line
from bench.servers import Api, serving
from bench.stores import Backend, Bench, filled, warm

GOAL: Final = 3.0
STRETCH: Final = 1.5


def filters(bench: Bench, backend: Backend, dataset: Dataset, size: int) -> list[Line]:
    """How many times as long a page takes under each filter."""
    store = filled(bench, backend, dataset)
    warm(store)
    with serving(store) as server:
        api = Api(server, store, SELLER)
        asked = Asker(dataset).filters(size)
        cases = {name: Case(server, paths, api.token) for name, paths in asked.items()}
        found = {name: case.once(api.get).count(b'"AmazonOrderId"') for name, case in cases.items()}
        quick = [case for case in cases.values() if not case.samples]
        interleaved(quick, rounds=bench.rounds, seconds=1)
    plain = cases["none"].middle
    lines: list[Line] = []
    for name, case in cases.items():
        if name == "none":
            continue
        ours = case.middle
        lines.append(
            Line(
                measure=name,
                value=f"{ours.rate:,.0f} of {plain.rate:,.0f} r/s, {found[name]} of {found['none']} orders on a page",
                ratio=case.times(cases["none"]),
                goal=GOAL,
                stretch=STRETCH,
                at_most=True,
            )
        )
    return lines
