"""Liveness, readiness and metrics, for whoever watches the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from torihiki.kernel.operation import Operation
from torihiki.server.call import Answer, Call, Handler
from torihiki.server.metrics import Metrics


class Health(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Readiness(msgspec.Struct, frozen=True):
    """Requests can be served; where they cannot, the answer is a 503 like any other."""

    status: str
    database: str


OPERATIONS: Final = (
    Operation(
        name="health",
        method="GET",
        path="/-/health",
        response=Health,
        summary="Says that the process lives.",
    ),
    Operation(
        name="ready",
        method="GET",
        path="/-/ready",
        response=Readiness,
        errors=(503,),
        summary="Says whether the database can be read.",
    ),
    Operation(
        name="metrics",
        method="GET",
        path="/-/metrics",
        summary="Gives the metrics of this process in Prometheus' text form.",
    ),
)


def bind(metrics: Metrics, check: Callable[[], Awaitable[object]]) -> dict[str, Handler]:
    """The handlers.

    Args:
        metrics: What is shown.
        check: Reads something from the database; raises `Problem` (unavailable) where it cannot.
    """

    async def health(_: Call) -> Answer:
        return Answer(msgspec.json.encode(Health("ok")))

    async def ready(_: Call) -> Answer:
        await check()
        return Answer(msgspec.json.encode(Readiness("ok", "ok")))

    async def show_metrics(_: Call) -> Answer:
        return Answer(metrics.render(), media=b"text/plain; version=0.0.4; charset=utf-8")

    return {"health": health, "ready": ready, "metrics": show_metrics}
