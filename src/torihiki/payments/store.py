"""What the operations on payments need from storage. No rule lives behind it: what is decided comes in as a function.

Everything is found by key: an event by (account, object id, state, time), what is known by (account, object id), postings
that wait by (account, currency, time of posting), settlements by (account, end). Nothing is ever changed or removed but
what is known of an object and the number of the settlement that a posting is in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from torihiki.kernel.instant import Instant
from torihiki.payments.model import (
    Account,
    Accounting,
    Disbursement,
    Event,
    EventKey,
    Settlement,
    Standing,
)
from torihiki.payments.recording import Recorder


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch.

    Args:
        new: How many of the events the ledger did not have.
        unknown: Merchants that do not exist, of whose events nothing was kept.
        refused: Events that contradict what the ledger knows, of which nothing was kept, and why.
    """

    new: int
    unknown: frozenset[str]
    refused: Mapping[EventKey, str] = {}


class LedgerStore(Protocol):
    """The ledger and its settlements. Every method raises `Problem` (unavailable) when the database is."""

    async def append(self, events: Sequence[Event], recorder: Recorder) -> Appended:
        """Appends those events that the ledger does not have, all or none; durable when it returns.

        In one transaction, with nobody else appending to the same accounts meanwhile: leaves out the events whose
        identity is there; looks up what is known of `recorder.wanted` and then of `recorder.linked`; calls
        `recorder.record`; writes the identity of each entry's event, a line for each of its facts (found by account,
        report and `at`; lines at the same time in the order of appending), its posting, and what is known now in
        the place of what was.
        """
        ...

    async def settle(
        self, account: Account, until: Instant, close: Callable[[Standing], Settlement | None]
    ) -> list[Settlement]:
        """Closes the period of each currency of a live account; durable when it returns the new settlements.

        In one transaction. If the account is closed until then or further already, nothing happens. Otherwise for
        each currency that has a balance carried or postings before `until` that are in no settlement: calls `close`,
        and where that returns a settlement keeps it, with `opening_rows` and `closing_rows`, and puts exactly those
        postings into it. The account counts as closed until then if there was one. A settlement's lines are in the
        order of the time of posting, then of appending. A number that was not used is given again. `Standing.start` is what
        `period_start` makes of the end of the currency's last settlement and the first posting behind it; one that is
        older and came late changes nothing.
        """
        ...

    async def accountings(self) -> list[Accounting]:
        """Where each merchant stands who has something to settle (`open_since` is not None)."""
        ...

    async def accounting(self, merchant_id: str) -> Accounting | None:
        """The same of one merchant; None: he has no live postings, or does not exist."""
        ...

    async def disbursements(
        self, account: Account, start: Instant, end: Instant, after: int | None, limit: int
    ) -> list[tuple[int, Disbursement]]:
        """Up to `limit` disbursements of [start, end], the newest first, each with its settlement's number.

        Numbers only grow, so the page behind a disbursement is the one whose numbers are below `after`.
        """
        ...
