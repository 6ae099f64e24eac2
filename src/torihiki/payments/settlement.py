"""When settlement periods close, and what becomes of the money in them. Whole minor units throughout.

Every settlement sums to zero: the postings, what is paid out (a Transfer row), held back (a Reserve row) or cannot be
paid out (a Carryover row). What is held back or carried over opens the next one, in a row of the same kind.
Nothing is settled in the sandbox: its report lists postings by their time, on request (contract 4.5, 4.11).
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Final

import msgspec
from whenever import ZonedDateTime

from torihiki.kernel.fact import Fact
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.money import Money
from torihiki.payments.model import (
    Accounting,
    Disbursement,
    Merchant,
    Region,
    Settlement,
    Standing,
)
from torihiki.payments.rows import Transaction, settlement_row

TRANSFER_DESCRIPTION: Final = (
    "SellerPayments_DateRangeReport_transfer_accounting_ending_with_trace_id"
)
"""As in the file of contract 5.2."""
PREVIOUS_RESERVE: Final = "Previous Reserve Balance"
"""As in the file of contract 5.2."""
CURRENT_RESERVE: Final = "Current Reserve Balance"
"""By its likeness to the other; no file with such a row is public."""
CARRYOVER: Final = "Balance carried over to the next settlement"
"""The text in Amazon's files is not public."""
PREVIOUS_CARRYOVER: Final = "Balance carried over from the previous settlement"
"""Nor is this one."""

PERIOD_MAX: Final = TimeDelta(hours=24 * 30)
"""No period is longer at Amazon (contract 4.8)."""


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """When periods of a region close (contract 4.12).

    Args:
        wait: Days to the first close, at the next midnight.
        every: Days from one close to the next.
        zone: Whose midnight it is.
        from_creation: Whether the days count from the account's creation, not from the first transaction.
    """

    wait: int
    every: int
    zone: str
    from_creation: bool = False


RHYTHMS: Final = {
    Region.NORTH_AMERICA: Rhythm(wait=14, every=1, zone="America/Los_Angeles"),
    Region.EUROPE: Rhythm(wait=14, every=1, zone="UTC"),
    Region.JAPAN: Rhythm(wait=16, every=14, zone="Asia/Tokyo", from_creation=True),
}
"""That periods close at midnight is inferred from the file of contract 5.2, which ends three seconds after that of its
own offset. The zones are those of the times in the files."""


def next_close(accounting: Accounting) -> Instant | None:
    """When the first period closes by itself that has something to settle, which may be long ago; None: none has.

    A close at will leaves the rhythm as it is: the next one by itself comes when it would have come anyway.
    """
    if accounting.open_since is None:
        return None
    rhythm = RHYTHMS[accounting.merchant.region]
    begun = accounting.merchant.created if rhythm.from_creation else accounting.first_posted
    first = _first_close(rhythm, begun)
    after = max(accounting.open_since, accounting.closed_until or accounting.open_since)
    times = (_day(after, rhythm.zone) - first) // rhythm.every
    if after >= begun:
        # What is older, a history that was imported, closes in the same steps; only the account itself has to wait.
        times = max(times, 0)
    if _midnight(first + times * rhythm.every, rhythm.zone) <= after:
        times += 1
    return _midnight(first + times * rhythm.every, rhythm.zone)


def period_start(
    merchant: Merchant, before: Instant, posted: Instant | None, until: Instant
) -> Instant:
    """Where a period begins: where the one before ended; or, if it were too long then, as late as the rhythm allows.

    A time without transactions is in no settlement, so the one before may have ended long ago.

    Args:
        merchant: Whose rhythm it is.
        before: Until when the account is closed, or the end of the settlement before in this currency.
        posted: The first transaction behind that; None: there is none.
        until: The end.
    """
    if until - before <= PERIOD_MAX:
        return before
    rhythm = RHYTHMS[merchant.region]
    latest = until.subtract(microseconds=1) if posted is None else posted
    # The rhythms that count from the first transaction close every day, wherever that was.
    first = _first_close(rhythm, merchant.created)
    passed = (_day(latest, rhythm.zone) - first) // rhythm.every
    return max(before, _midnight(first + passed * rhythm.every, rhythm.zone))


def _first_close(rhythm: Rhythm, begun: Instant) -> int:
    """The ordinal of the day at whose beginning the first period closes."""
    due = begun.add(hours=24 * rhythm.wait)
    first = _day(due, rhythm.zone)
    return first if _midnight(first, rhythm.zone) == due else first + 1


def _day(at: Instant, zone: str) -> int:
    """The ordinal of the day that it is there."""
    local = at.to_tz(zone)
    return date(local.year, local.month, local.day).toordinal()


def _midnight(day: int, zone: str) -> Instant:
    """The beginning of a day there."""
    found = date.fromordinal(day)
    return ZonedDateTime(found.year, found.month, found.day, tz=zone).to_instant()


def settlement_id(number: int) -> str:
    """The ten digits that stand for a settlement's number, another for each number below 9 * 10^9."""
    # Multiplying by a number that shares no factor with the range loses nothing.
    return str(10**9 + (number * 2_718_281_827 + 1_618_033_988) % (9 * 10**9))


def close(
    standing: Standing, until: Instant, *, reserve: int = 0, on_hold: bool = False
) -> Settlement | None:
    """Closes the period of one currency; None: there is nothing to tell, and what is carried stays carried.

    Args:
        standing: What there is to settle.
        until: The end; all that the standing counts lies before it.
        reserve: How much of a positive balance is held back at most, in minor units.
        on_hold: The account is on hold or its bank has changed, so nothing is paid out (contract 4.12, 5.3).
    """
    balance = standing.carried + standing.net
    paid = reserved = carried_over = 0
    if balance < 0 or on_hold:
        carried_over = balance
    else:
        reserved = min(reserve, balance)
        paid = balance - reserved
    if not standing.postings and not paid:
        return None
    return Settlement(
        account=standing.account,
        currency=standing.currency,
        number=standing.number,
        settlement_id=settlement_id(standing.number),
        start=standing.start,
        end=until,
        postings=standing.postings,
        opening=standing.carried,
        net=standing.net,
        paid=paid,
        reserved=reserved,
        carried_over=carried_over,
        opening_carryover=standing.carried_over,
    )


def carried(settlement: Settlement) -> int:
    """What the next settlement in this currency opens with."""
    return settlement.reserved + settlement.carried_over


def _balance_row(
    settlement: Settlement, kind: str, minor: int, at: Instant, description: str
) -> Fact:
    return settlement_row(
        Transaction(kind=kind, amount=Money(minor, settlement.currency), description=description),
        at,
    ).fact


def opening_rows(settlement: Settlement) -> list[Fact]:
    """The rows that stand before those of the postings."""
    owed = settlement.opening_carryover
    rows = (
        ("Reserve", settlement.opening - owed, PREVIOUS_RESERVE),
        ("Carryover", owed, PREVIOUS_CARRYOVER),
    )
    return [
        _balance_row(settlement, kind, minor, settlement.start, description)
        for kind, minor, description in rows
        if minor
    ]


def closing_rows(settlement: Settlement) -> list[Fact]:
    """The rows that stand behind those of the postings."""
    rows = (
        ("Reserve", settlement.reserved, CURRENT_RESERVE),
        ("Carryover", settlement.carried_over, CARRYOVER),
        ("Transfer", settlement.paid, TRANSFER_DESCRIPTION),
    )
    return [
        _balance_row(settlement, kind, -minor, settlement.end, description)
        for kind, minor, description in rows
        if minor
    ]


def disbursement(settlement: Settlement) -> Disbursement | None:
    """The payment that the Transfer row tells of; None: nothing was paid out."""
    if not settlement.paid:
        return None
    name = f"{settlement.account.merchant_id}/{settlement.settlement_id}".encode()
    return Disbursement(
        account=settlement.account,
        settlement_id=settlement.settlement_id,
        reference_id=hashlib.sha256(name).hexdigest()[:16].upper(),
        amount=Money(settlement.paid, settlement.currency),
        at=settlement.end,
    )
