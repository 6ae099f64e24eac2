"""Forgets what has had its time: tokens, entries of the audit trail, restricted fields of orders, unfinished uploads.

Ages are counted by the operator's clock, those of uploads by the machine's. Deleting is bounded and can be repeated, so
any number of workers may do it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from whenever import ItemizedDelta

from torihiki.admin.rules import step_us
from torihiki.admin.store import AuditStore, RestrictedOrders
from torihiki.auth.rules import REMEMBER_EXPIRED
from torihiki.auth.store import AuthStore
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant, TimeDelta, from_micros, micros
from torihiki.kernel.problem import Problem
from torihiki.worker.loop import Chore

EVERY_SECONDS: Final = 60.0
ROWS: Final = 500
"""What one step deletes at the most: some milliseconds of the database's one write lock."""
ORDERS: Final = 100
"""Orders that one step erases at the most; each is several rows."""
SWEEP_SECONDS: Final = 3600.0
UNFINISHED_KEPT: Final = TimeDelta(hours=24)
"""How long nothing was written to an upload that counts as given up."""


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """After how long what is forgotten.

    Args:
        audit: Entries of the audit trail, after they were written.
        restricted: Restricted fields of orders, after they were shipped or cancelled; None: never.
    """

    audit: ItemizedDelta
    restricted: ItemizedDelta | None


def parse_age(text: str) -> ItemizedDelta:
    """An ISO 8601 duration such as P30D.

    Raises:
        ValueError: It is none, or a negative one.
    """
    try:
        age = ItemizedDelta.parse_iso(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an ISO 8601 duration, such as P30D") from error
    if any(value < 0 for value in age.values()):
        raise ValueError(f"{text!r} is negative")
    return age


def moment_before(now: Instant, age: ItemizedDelta) -> Instant:
    """The instant that is that long ago; the first of the calendar where the calendar does not go so far back."""
    now_us = micros(now)
    try:
        return from_micros(now_us + step_us(now_us, -age))
    except (Problem, ValueError, OverflowError):
        return Instant.MIN


def cleaning(
    auth: AuthStore, audit: AuditStore, orders: RestrictedOrders, ages: Ages
) -> tuple[Chore, ...]:
    """The chores that forget what has had its time."""

    async def purge_expired_tokens(now: Instant) -> int:
        return await auth.purge_expired(now - REMEMBER_EXPIRED, ROWS)

    async def purge_audit_trail(now: Instant) -> int:
        return await audit.purge(moment_before(now, ages.audit), ROWS)

    chores = [
        Chore(name="purge expired tokens", every_s=EVERY_SECONDS, step=purge_expired_tokens),
        Chore(name="purge audit trail", every_s=EVERY_SECONDS, step=purge_audit_trail),
    ]
    erase_after = ages.restricted
    if erase_after is not None:

        async def erase_restricted_fields(now: Instant) -> int:
            return await orders.erase_restricted(moment_before(now, erase_after), ORDERS)

        chores.append(
            Chore(
                name="erase restricted fields", every_s=EVERY_SECONDS, step=erase_restricted_fields
            )
        )
    return tuple(chores)


def sweeping(documents: DocumentStore, machine_now: Callable[[], Instant]) -> Chore:
    """The chore that removes what killed processes left of documents.

    Args:
        documents: Where they are.
        machine_now: The machine's time, which the dates of files are of.
    """

    async def remove_leftovers(_: Instant) -> int:
        return await documents.remove_leftovers(machine_now() - UNFINISHED_KEPT)

    return Chore(name="remove leftovers", every_s=SWEEP_SECONDS, step=remove_leftovers)
