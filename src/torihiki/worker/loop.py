"""Runs chores when they are due, beside one another, and outlives whatever goes wrong in them.

A chore is a step of bounded size that is repeated until nothing is left, so that no other process waits long for the
database, and a worker that is stopped or killed between two steps leaves nothing half-done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
import structlog

from torihiki.kernel.instant import Instant
from torihiki.kernel.problem import Kind, Problem
from torihiki.storage.reasons import reason

RETRY_SECONDS: Final = 10.0
"""After how long a chore that failed is tried again, unless it is due before."""
REST_MAX_SECONDS: Final = 1.0


class Chore(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is done again and again.

    Args:
        name: What it does, for the log.
        every_s: Seconds of real time from its end to its next begin.
        step: Does a bounded part of it, by what the operator's clock shows, and returns how much; 0: nothing is left.
            A step may be cancelled, and another worker may be at the same.
    """

    name: str
    every_s: float
    step: Callable[[Instant], Awaitable[int]]


async def run_chores(
    chores: Sequence[Chore],
    *,
    now: Callable[[], Awaitable[Instant]],
    monotonic: Callable[[], float],
    retry_s: float = RETRY_SECONDS,
) -> None:
    """Runs each chore now and whenever it is due again, until it is cancelled. None waits for another.

    Args:
        chores: At least one.
        now: Reads the operator's clock; each step of a chore sees one instant.
        monotonic: Seconds that never go back.
        retry_s: After how long a chore that failed is tried again, unless it is due before.
    """
    async with asyncio.TaskGroup() as group:
        for chore in chores:
            group.create_task(_repeat(chore, now, monotonic, retry_s))


async def _repeat(
    chore: Chore,
    now: Callable[[], Awaitable[Instant]],
    monotonic: Callable[[], float],
    retry_s: float,
) -> None:
    while True:
        done = await _outlive(chore, now, monotonic)
        await asyncio.sleep(chore.every_s if done else min(retry_s, chore.every_s))


async def _outlive(
    chore: Chore, now: Callable[[], Awaitable[Instant]], monotonic: Callable[[], float]
) -> bool:
    """Runs a chore to its end; False: it failed, and the log says how."""
    log = structlog.get_logger("torihiki.worker").bind(chore=chore.name)
    try:
        count = await _run(chore, now, monotonic)
    except Problem as problem:
        # What is behind other kinds may repeat what a caller sent.
        if problem.kind is Kind.UNAVAILABLE and problem.__cause__ is not None:
            log = log.bind(cause=reason(problem))
        log.warning("chore put off", problem=problem.kind.name)
        return False
    except Exception:
        log.exception("chore failed")
        return False
    if count:
        log.info("chore done", count=count)
    return True


async def _run(
    chore: Chore, now: Callable[[], Awaitable[Instant]], monotonic: Callable[[], float]
) -> int:
    """Repeats the step until nothing is left, and rests after each as long as it took: servers write too."""
    total = 0
    while True:
        started = monotonic()
        count = await chore.step(await now())
        if count == 0:
            return total
        total += count
        await asyncio.sleep(min(monotonic() - started, REST_MAX_SECONDS))
