"""Restricted data on against off: the same pages, unsealed on the way and written into the audit trail, and without."""

from __future__ import annotations

from typing import Final

from bench.asking import Asker
from bench.dataset import SELLER, Dataset
from bench.load import Case, interleaved
from bench.report import Line
from bench.servers import Api, serving
from bench.stores import Backend, Bench, filled, warm

GOAL: Final = 1.6
STRETCH: Final = 1.2


def restricted(bench: Bench, backend: Backend, dataset: Dataset) -> list[Line]:
    """How many times as long a read takes that shows restricted data."""
    store = filled(bench, backend, dataset)
    warm(store)
    asker = Asker(dataset)
    asked = {
        "getOrders, 20 orders": asker.pages(20),
        "getOrders, 100 orders": asker.pages(100),
        "getOrder": asker.singles(),
    }
    with serving(store) as server:
        api = Api(server, store, SELLER)
        token = api.restricted_token()
        pairs = {
            name: (Case(server, paths, token), Case(server, paths, api.token))
            for name, paths in asked.items()
        }
        cases = [case for pair in pairs.values() for case in pair]
        interleaved(cases, rounds=bench.rounds, seconds=bench.seconds)
    return [
        Line(
            measure=f"{name}: restricted data on / off",
            value=f"{on.middle.rate:,.0f} of {off.middle.rate:,.0f} r/s, "
            f"{on.middle.cpu_us:.0f} and {off.middle.cpu_us:.0f} us CPU",
            ratio=on.times(off),
            goal=GOAL,
            stretch=STRETCH,
            at_most=True,
        )
        for name, (on, off) in pairs.items()
    ]
