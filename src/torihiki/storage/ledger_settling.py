"""Rows of accounts and settlements, in the forms that both databases share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import msgspec

from torihiki.kernel.fact import Fact, ReportType, Value
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.payments.model import (
    Account,
    Accounting,
    Disbursement,
    Environment,
    Merchant,
    Region,
    Settlement,
    Standing,
)
from torihiki.payments.settlement import closing_rows, disbursement, opening_rows, period_start
from torihiki.storage.ledger_runs import Sum, first_from, pack_values, unpack_values

Close = Callable[[Standing], Settlement | None]

EVER_US: Final = micros(Instant.MIN)
"""Before every posting."""


class Last(msgspec.Struct, frozen=True):
    """What the settlement before leaves behind: its end, its last run, and what it carries."""

    end_us: int
    last_run: int
    reserved: int
    carried_over: int

    @property
    def carried(self) -> int:
        """All that the next one opens with."""
        return self.reserved + self.carried_over


def last_settlement(row: Iterable[Any] | None) -> Last | None:
    """From end_us, last_run, reserved, carried_over; None: there is none."""
    if row is None:
        return None
    end_us, last_run, reserved, carried_over = row
    return Last(end_us, last_run, int(reserved), int(carried_over))


class Closing(msgspec.Struct, frozen=True):
    """How the periods of a merchant are closed, in each of his currencies.

    Args:
        closed_us: Until when the account is closed; None: it never was.
        until: Their end.
        close: Decides.
    """

    merchant: Merchant
    closed_us: int | None
    until: Instant
    close: Close

    def since_us(self, last: Last | None) -> int:
        """Before then is what came late: a close settles every currency, also one that had nothing to settle."""
        ends = (EVER_US if last is None else last.end_us, self.closed_us)
        return max(end_us for end_us in ends if end_us is not None)

    def settlement(
        self, currency: str, number: int, last: Last | None, waiting: Sum
    ) -> Settlement | None:
        """The next one; None: there is nothing to settle, or `close` makes none of it."""
        opening = 0 if last is None else last.carried
        start = self._start(last, waiting.first_us)
        if start is None or not (waiting.postings or opening):
            return None
        return self.close(
            Standing(
                account=live(self.merchant.merchant_id),
                currency=currency,
                number=number,
                start=start,
                carried=opening,
                carried_over=0 if last is None else last.carried_over,
                postings=waiting.postings,
                net=waiting.net,
            )
        )

    def _start(self, last: Last | None, first_us: int | None) -> Instant | None:
        posted = None if first_us is None else from_micros(first_us)
        since_us = self.since_us(last)
        if since_us == EVER_US:
            return posted
        # Rows are found by the start. A later one loses none, because it is never behind the first posting that waits
        # and did not come late.
        return period_start(self.merchant, from_micros(since_us), posted, self.until)


def settlement_row(
    settlement: Settlement, account_key: int, series_key: int, last: Last | None, last_run: int
) -> dict[str, Any]:
    """What `add_settlement` takes."""
    return {
        "number": settlement.number,
        "account_key": account_key,
        "series_key": series_key,
        "settlement_id": settlement.settlement_id,
        "start_us": micros(settlement.start),
        "end_us": micros(settlement.end),
        "after_run": 0 if last is None else last.last_run,
        "last_run": last_run,
        "postings": settlement.postings,
        **{name: str(getattr(settlement, name)) for name in _AMOUNTS},
        "balance_rows": _pack_balance(settlement),
    }


_AMOUNTS: Final = ("opening", "net", "paid", "reserved", "carried_over")


def paid_out(account: Account, row: Iterable[Any]) -> tuple[int, Disbursement] | None:
    """From number, currency, settlement_id, start_us, end_us, postings, opening, net, paid, reserved, carried_over."""
    number, currency, settlement_id, start_us, end_us, postings, *amounts = row
    settlement = Settlement(
        account=account,
        currency=currency,
        number=number,
        settlement_id=settlement_id,
        start=from_micros(start_us),
        end=from_micros(end_us),
        postings=postings,
        **dict(zip(_AMOUNTS, map(int, amounts), strict=True)),
    )
    found = disbursement(settlement)
    return None if found is None else (number, found)


def _pack_balance(settlement: Settlement) -> bytes:
    """The rows that stand before and behind those of the postings."""
    rows = (opening_rows(settlement), closing_rows(settlement))
    return msgspec.msgpack.encode([pack_values([fact.values for fact in one]) for one in rows])


def balance_facts(packed: bytes) -> tuple[list[Fact], list[Fact]]:
    """The facts of the rows before and behind the postings, as a settlement keeps them."""
    opening, ending = msgspec.msgpack.decode(packed, type=tuple[bytes, bytes])
    return _facts(opening), _facts(ending)


def _facts(packed: bytes) -> list[Fact]:
    return [settlement_fact(values) for values in unpack_values(packed)]


def settlement_fact(values: Mapping[str, Value]) -> Fact:
    """The fact of a settlement's row again."""
    at = cast("Instant", values["posted"])
    return Fact(report=ReportType.SETTLEMENT, at=at, values=values)


def merchant(row: Iterable[Any]) -> Merchant:
    """From merchant_id, region, created_us."""
    merchant_id, region, created_us = row
    return Merchant(merchant_id=merchant_id, region=Region(region), created=from_micros(created_us))


class Open(msgspec.Struct, frozen=True):
    """What waits in one currency of a merchant.

    Args:
        first_us: The first posting of all.
        late_us: The first of those that came too late for the settlement that they belonged to.
        next_us: The first of those in runs that begin where the last settlement ended, or later.
        around: The times of runs that began before that end and go on behind it.
        last: The last settlement.
    """

    first_us: int
    late_us: int | None
    next_us: int | None
    around: list[bytes]
    last: Last | None

    @property
    def since(self) -> list[int]:
        """The first posting that waits, and the end of the settlement that left money behind."""
        found = [one for one in (self.late_us, self.next_us) if one is not None]
        if self.last is not None:
            end_us = self.last.end_us
            found += [
                one for times in self.around if (one := first_from(times, end_us)) is not None
            ]
            if self.last.carried > 0:
                found.append(end_us)
        return found


def accounting(row: Iterable[Any], closed_us: int | None, currencies: list[Open]) -> Accounting:
    """Where a merchant stands, of whom there is a posting; `row` as for `merchant`."""
    since = min((one for found in currencies for one in found.since), default=None)
    return Accounting(
        merchant=merchant(row),
        first_posted=from_micros(min(found.first_us for found in currencies)),
        open_since=None if since is None else from_micros(since),
        closed_until=None if closed_us is None else from_micros(closed_us),
    )


def live(merchant_id: str) -> Account:
    """The account of a merchant that is settled."""
    return Account(merchant_id=merchant_id, environment=Environment.LIVE)
