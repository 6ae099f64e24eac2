"""Runs the worker until it is told to stop: as a command of its own, or as the child process of a server.

As a child it ends with its server, however that ends: its standard input is a pipe that the server holds open and that
the system closes when the server is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from typing import Final

import structlog

from torihiki import clock
from torihiki.bootstrap.feeding import FeedOrders
from torihiki.bootstrap.given import ages
from torihiki.bootstrap.layouts import report_layouts
from torihiki.bootstrap.logs import configure
from torihiki.bootstrap.reporting import PayWork
from torihiki.bootstrap.stores import Stores, open_stores, operator_now, require_store
from torihiki.config import Settings, from_environment
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant, from_micros
from torihiki.kernel.problem import Problem
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.v0.states import opened
from torihiki.storage.documents import open_documents, reach_documents
from torihiki.storage.reasons import reason
from torihiki.storage.schema import UnsuitableDatabase
from torihiki.worker.cleaner import cleaning, sweeping
from torihiki.worker.feeds import FeedWork
from torihiki.worker.loop import run_chores
from torihiki.worker.reports import Contents

_CANNOT_WORK: Final = (OSError, Problem, UnsuitableDatabase)


def work(settings: Settings) -> str | None:
    """Works until SIGTERM or SIGINT; a text says why the database or the documents could not be opened.

    Once they were open they may come and go.
    """
    configure(settings.log_level)
    try:
        require_store(settings)
        asyncio.run(_until_told(_work_alone(settings), (signal.SIGTERM, signal.SIGINT)))
    except _CANNOT_WORK as error:
        return reason(error)
    return None


async def _until_told(work: Coroutine[None, None, None], signals: Sequence[signal.Signals]) -> None:
    working = asyncio.ensure_future(work)
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _work_alone(settings: Settings) -> None:
    # Beside a server it is the server that has looked.
    await reach_documents(settings.documents, settings.data)
    await _work(settings)


async def _work(settings: Settings) -> None:
    async with open_stores(settings) as stores:
        documents = open_documents(settings.documents, settings.data)
        feeds = _feed_work(settings, stores, documents)
        pay = _pay_work(settings, stores, documents)
        try:
            await run_chores(
                (
                    *cleaning(stores.auth, stores.audit, stores.restricted, ages(settings)),
                    sweeping(documents, _machine_now),
                    *feeds.chores(),
                    *pay.chores(),
                ),
                now=lambda: operator_now(stores),
                monotonic=clock.monotonic,
            )
        finally:
            # Where the database is away, others wait until the lease is over.
            with contextlib.suppress(Problem):
                await feeds.release()
                await pay.release()


def _feed_work(settings: Settings, stores: Stores, documents: DocumentStore) -> FeedWork:
    fulfillment = Fulfillment(stores.orders, opened, strict=settings.strict)
    return FeedWork(
        stores.feeds,
        documents,
        FeedOrders(stores.orders, opened, fulfillment),
        machine_now=_machine_now,
        owner=secrets.token_hex(8),
    )


def _pay_work(settings: Settings, stores: Stores, documents: DocumentStore) -> PayWork:
    return PayWork(
        stores,
        Contents(stores.report_rows, report_layouts(settings)),
        documents,
        now=lambda: operator_now(stores),
        machine_now=_machine_now,
        owner=secrets.token_hex(8),
    )


def _machine_now() -> Instant:
    return from_micros(clock.machine_us())


NICE: Final = 10
"""By how much the worker gives way to the server beside it: reports can wait, callers cannot."""


def child() -> int:
    """Works with the settings that the server put into the environment, until it is told to stop or its server is gone.

    Ctrl+C reaches every process of a terminal; here it is the server that decides what follows. Returns the exit status.
    """
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_server, name="lifeline", daemon=True).start()
    settings = from_environment()
    configure(settings.log_level)
    try:
        asyncio.run(_until_told(_work(settings), (signal.SIGTERM,)))
    except _CANNOT_WORK as error:
        structlog.get_logger("torihiki.worker").warning(
            "worker cannot work now", error=reason(error)
        )
        return 1
    except Exception:  # noqa: BLE001 - the server tries again; the log says why
        structlog.get_logger("torihiki.worker").exception("worker failed")
        return 1
    return 0


def _end_with_the_server() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(child())
