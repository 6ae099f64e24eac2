"""Pages and single orders against floor A, a small database against a large one, and late pages against first ones."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.asking import Asker, orders
from bench.dataset import SELLER, Dataset
from bench.load import Case, interleaved
from bench.report import Line
from bench.servers import Api, Running, floor, serving
from bench.stores import Backend, Bench, filled, warm

GOALS: Final[dict[Backend, dict[str, tuple[float, float]]]] = {
    "sqlite": {"20": (0.21, 0.30), "100": (0.18, 0.28), "one": (0.42, 0.55)},
    "postgresql": {"20": (0.09, 0.15), "100": (0.09, 0.14), "one": (0.16, 0.20)},
}
WORDS: Final = {"20": "getOrders, 20 orders", "100": "getOrders, 100 orders", "one": "getOrder"}
SMALL: Final = 10_000
LATE_PAGE: Final = 1_000


def against_floor(bench: Bench, backend: Backend, dataset: Dataset) -> list[Line]:
    """The three reads, each against the server that only sends the same bytes."""
    store = filled(bench, backend, dataset)
    warm(store)
    asker = Asker(dataset)
    asked = {"20": asker.pages(20), "100": asker.pages(100), "one": asker.singles()}
    with tempfile.TemporaryDirectory() as folder, serving(store) as server:
        api = Api(server, store, SELLER)
        for name, paths in asked.items():
            bodies = sorted((api.get(path) for path in paths[:9]), key=len)
            Path(folder, name).write_bytes(bodies[4])
        with floor(Path(folder)) as constant:
            pairs = {
                name: (Case(server, paths, api.token), Case(constant, [f"/{name}"], api.token))
                for name, paths in asked.items()
            }
            cases = [case for pair in pairs.values() for case in pair]
            interleaved(cases, rounds=bench.rounds, seconds=bench.seconds)
    lines: list[Line] = []
    for name, (case, bottom) in pairs.items():
        goal, stretch = GOALS[backend][name]
        ours, least = case.middle, bottom.middle
        lines.append(
            Line(
                measure=f"{WORDS[name]} / floor A",
                value=f"{ours.rate:,.0f} of {least.rate:,.0f} r/s, {ours.cpu_us:.0f} and {least.cpu_us:.0f} us CPU, "
                f"{ours.body / 1000:.0f} KB",
                ratio=1 / case.times(bottom),
                goal=goal,
                stretch=stretch,
            )
        )
    return lines


def growth(bench: Bench, backend: Backend, small: Dataset, large: Dataset) -> list[Line]:
    """The same reads from few orders and from many."""
    stores = {dataset.count: filled(bench, backend, dataset) for dataset in (small, large)}
    for store in stores.values():
        warm(store)
    with serving(stores[small.count]) as few, serving(stores[large.count]) as many:
        tokens = [Api(few, stores[small.count], SELLER).token]
        tokens.append(Api(many, stores[large.count], SELLER).token)
        kinds: dict[str, Callable[[Asker], list[str]]] = {
            "20": lambda asker: asker.pages(20),
            "100": lambda asker: asker.pages(100),
            "one": lambda asker: asker.singles(),
        }
        pairs = {
            name: (
                Case(few, make(Asker(small)), tokens[0]),
                Case(many, make(Asker(large)), tokens[1]),
            )
            for name, make in kinds.items()
        }
        cases = [case for pair in pairs.values() for case in pair]
        interleaved(cases, rounds=bench.rounds, seconds=bench.seconds)
    return [
        Line(
            measure=f"{WORDS[name]}: {large.count:,} / {small.count:,} in the database",
            value=f"{b.middle.rate:,.0f} and {a.middle.rate:,.0f} r/s",
            ratio=1 / b.times(a),
            goal=0.92,
            stretch=1.0,
        )
        for name, (a, b) in pairs.items()
    ]


def depth(bench: Bench, backend: Backend, dataset: Dataset) -> list[Line]:
    """Page 1,000 against page 1, or the last page but one where there are fewer."""
    store = filled(bench, backend, dataset)
    warm(store)
    with serving(store) as server:
        api = Api(server, store, SELLER)
        first = orders(20, CreatedAfter=dataset.first.format_iso(unit="second"))
        wanted = min(LATE_PAGE, dataset.count // 30)
        late = _page(api, first, wanted)
        cases = _pair(server, api, first, late)
        interleaved(cases, rounds=bench.rounds, seconds=bench.seconds)
    one, other = cases[0].middle, cases[1].middle
    return [
        Line(
            measure=f"page {wanted:,} / page 1, 20 orders",
            value=f"{other.rate:,.0f} and {one.rate:,.0f} r/s",
            ratio=1 / cases[1].times(cases[0]),
            goal=0.92,
            stretch=1.0,
        )
    ]


def _pair(server: Running, api: Api, first: str, late: str) -> list[Case]:
    return [Case(server, [first], api.token), Case(server, [late], api.token)]


def _page(api: Api, first: str, number: int) -> str:
    """The path of a late page, reached as a client does: from token to token."""
    path = first
    for _ in range(number - 1):
        token = json.loads(api.get(path))["payload"]["NextToken"]
        path = orders(20, NextToken="").replace("NextToken=", f"NextToken={quote(token, safe='')}")
    return path
