"""The import that feeds the ledger, and the closing of settlement periods."""

from __future__ import annotations

from functools import partial

import msgspec

from torihiki.kernel.instant import Instant
from torihiki.kernel.line_import import IMPORT_BATCH, LineError, LineImport
from torihiki.kernel.problem import Kind, Problem
from torihiki.payments.lines import BadLine, parse_line
from torihiki.payments.model import Account, Accounting, Environment, Event, Settlement
from torihiki.payments.recording import Recorder, told_apart
from torihiki.payments.settlement import close, next_close
from torihiki.payments.store import LedgerStore


class PaymentReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an import.

    Args:
        imported: Lines that were taken; each is durable.
        new: How many of these the ledger did not have.
        failed: Lines that were not taken.
        errors: The first `ERRORS_REPORTED_MAX` of these.
    """

    imported: int
    new: int
    failed: int
    errors: list[LineError]


class PaymentImport(LineImport):
    """An import under way: takes lines one by one and appends them in batches.

    A line that is bad, or contradicts what the ledger has, is noted and the others are kept. What the ledger has already
    is taken and adds nothing, so an import that was killed is repeated from its start.
    """

    def __init__(self, store: LedgerStore, recorder: Recorder) -> None:
        super().__init__()
        self._store = store
        self._recorder = recorder
        self._imported = 0
        self._new = 0
        self._batch: list[tuple[int, Event]] = []

    async def add(self, line: bytes) -> None:
        """Takes the next line; blank ones are skipped. Awaits only when a batch is full."""
        if not self._counted(line):
            return
        try:
            event = told_apart(parse_line(line))
        except BadLine as error:
            self.refuse(str(error))
            return
        self._batch.append((self._line, event))
        if len(self._batch) >= IMPORT_BATCH:
            await self._write()

    async def finish(self) -> PaymentReport:
        """Writes what is left, and reports."""
        await self._write()
        return PaymentReport(
            imported=self._imported,
            new=self._new,
            failed=self._failed,
            errors=self._sorted_errors(),
        )

    async def _write(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        appended = await self._store.append([event for _, event in batch], self._recorder)
        self._new += appended.new
        for line, event in batch:
            merchant_id = event.key.account.merchant_id
            reason = appended.refused.get(event.identity)
            if merchant_id in appended.unknown:
                self.refuse(f"there is no merchant {merchant_id!r}", line)
            elif reason is not None:
                self.refuse(reason, line)
            else:
                self._imported += 1


async def close_due(store: LedgerStore, now: Instant) -> list[Settlement]:
    """Closes every period that has ended by now, one after the other as if nobody had been late."""
    settlements = []
    for accounting in await store.accountings():
        settlements += await _close_due(store, accounting, now)
    return settlements


async def _close_due(store: LedgerStore, found: Accounting, now: Instant) -> list[Settlement]:
    merchant_id = found.merchant.merchant_id
    settlements = []
    accounting: Accounting | None = found
    while accounting is not None:
        until = next_close(accounting)
        if until is None or until > now:
            break
        made = await store.settle(_live(merchant_id), until, partial(close, until=until))
        settlements += made
        # Without one somebody else has closed it meanwhile, and the next look finds what is left.
        accounting = await store.accounting(merchant_id) if made else None
    return settlements


async def close_at_will(
    store: LedgerStore,
    merchant_id: str,
    now: Instant,
    *,
    reserve: int = 0,
    on_hold: bool = False,
) -> list[Settlement]:
    """Closes a merchant's open periods now; `reserve` and `on_hold` as for `close`, in each of the currencies.

    Raises:
        Problem: Something waits, and his periods are closed until now or later: the clock was ahead, or stands (409).
    """
    settlements = await store.settle(
        _live(merchant_id), now, partial(close, until=now, reserve=reserve, on_hold=on_hold)
    )
    if not settlements:
        found = await store.accounting(merchant_id)
        if found is not None and found.open_since is not None and _is_closed(found, now):
            raise Problem(
                Kind.CONFLICT,
                f"The merchant's periods are closed until {found.closed_until} already, and it is {now}.",
            )
    return settlements


def _is_closed(found: Accounting, now: Instant) -> bool:
    return found.closed_until is not None and found.closed_until >= now


def _live(merchant_id: str) -> Account:
    return Account(merchant_id=merchant_id, environment=Environment.LIVE)
