"""Forgets what has had its time: expired tokens, old entries of the audit trail, restricted fields of old orders, reports.

Ages are counted by the operator's clock; only what killed workers leave behind is as old as the machine's clock says.
Deleting is bounded and can be repeated, so any number of workers may do it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from whenever import ItemizedDelta

from torihiki.admin.rules import step_us
from torihiki.admin.store import AuditStore, RestrictedOrders
from torihiki.auth.rules import REMEMBER_EXPIRED
from torihiki.auth.store import AuthStore
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import Instant, TimeDelta, from_micros, micros
from torihiki.kernel.problem import Problem
from torihiki.pay_reports import rules
from torihiki.pay_reports.work import ReportWork
from torihiki.worker.loop import Chore

EVERY_SECONDS: Final = 60.0
ROWS: Final = 500
"""What one step deletes at the most: some milliseconds of the database's one write lock."""
ORDERS: Final = 100
"""Orders that one step erases at the most; each is several rows."""
REPORTS: Final = 100
"""Reports that one step forgets, each with its document."""
DOCUMENTS: Final = 100
"""Documents that one step looks at."""
STRAYS_SECONDS: Final = 6 * 3600.0
REPORT_DOCUMENTS: Final = "amzn1.tortuga.3."
"""What the names of the documents of reports begin with, and those of feeds do not."""
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


def cleaning_reports(
    work: ReportWork, documents: DocumentStore, machine_now: Callable[[], Instant]
) -> tuple[Chore, ...]:
    """The chores that forget old reports (R-8), and documents that workers left behind when they were killed.

    Args:
        work: Where the reports are.
        documents: Where their documents are.
        machine_now: The machine's time.
    """

    async def purge_reports(now: Instant) -> int:
        old = await work.old_reports(rules.oldest_kept(now), REPORTS)
        if old:
            # The bytes first: where a worker is killed in between, they are deleted again.
            await documents.delete([one.document_id for one in old if one.document_id is not None])
            await work.forget([one.report_key for one in old])
        return len(old)

    strays = _Strays(work, documents, machine_now)
    return (
        Chore(name="purge reports", every_s=EVERY_SECONDS, step=purge_reports),
        Chore(name="look for stray documents", every_s=STRAYS_SECONDS, step=strays.look),
    )


class _Strays:
    """Documents that were written for reports which then did not get them; see `cleaning_reports`.

    A document that belongs to a report does so until both go, so each is looked at once.
    """

    def __init__(
        self, work: ReportWork, documents: DocumentStore, machine_now: Callable[[], Instant]
    ) -> None:
        self._work = work
        self._documents = documents
        self._machine_now = machine_now
        self._since = self._before = Instant.MIN
        self._after = REPORT_DOCUMENTS

    async def look(self, _: Instant) -> int:
        """Looks at the next documents, and returns at how many; 0: it has been through all of them."""
        if self._after == REPORT_DOCUMENTS:
            self._before = self._machine_now() - UNFINISHED_KEPT
        listed = await self._documents.list(self._after, DOCUMENTS)
        listed = [one for one in listed if one.name.startswith(REPORT_DOCUMENTS)]
        if not listed:
            self._since, self._after = self._before, REPORT_DOCUMENTS
            return 0
        old = [one.name for one in listed if self._since <= one.modified < self._before]
        strays = sorted(set(old).difference(await self._work.owned(old) if old else ()))
        if strays:
            await self._documents.delete(strays)
            log = structlog.get_logger("torihiki.worker")
            log.info("stray documents removed", count=len(strays))
        self._after = listed[-1].name
        return len(listed)


def sweeping(documents: DocumentStore, machine_now: Callable[[], Instant]) -> Chore:
    """The chore that removes what killed processes left of documents.

    Args:
        documents: Where they are.
        machine_now: The machine's time, which the dates of files are of.
    """

    async def remove_leftovers(_: Instant) -> int:
        return await documents.remove_leftovers(machine_now() - UNFINISHED_KEPT)

    return Chore(name="remove leftovers", every_s=SWEEP_SECONDS, step=remove_leftovers)
