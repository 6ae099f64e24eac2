"""Tells a ledger about states of objects, and reads what it then has to say."""

from __future__ import annotations

from collections.abc import Iterable

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import AMERICAN, MERCHANTS, Json, line
from torihiki.kernel.fact import Fact
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.payments.lines import parse_line
from torihiki.payments.recording import Recorder

T1, T2, T3, T4 = (f"2026030{day}T100000Z" for day in (2, 3, 4, 5))


def at(text: str) -> Instant:
    return Instant.parse_iso(text)


async def told(
    *found: Json,
    merchant_id: str = AMERICAN,
    environment: str = "live",
    recorder: Recorder | None = None,
) -> MemoryLedger:
    """A ledger after these states, one batch each."""
    ledger = MemoryLedger(MERCHANTS)
    await tell(ledger, found, merchant_id, environment, recorder)
    return ledger


async def tell(
    ledger: MemoryLedger,
    found: Iterable[Json],
    merchant_id: str = AMERICAN,
    environment: str = "live",
    recorder: Recorder | None = None,
) -> int:
    """Appends; how many were new."""
    new = 0
    for one in found:
        event = parse_line(line(one, merchant_id, environment))
        new += (await ledger.append([event], recorder or Recorder())).new
    return new


def words(facts: Iterable[Fact]) -> list[tuple[object, ...]]:
    return [
        (fact.values["state"], fact.values.get("reason_code"), fact.at.format_iso()[8:10])
        for fact in facts
    ]


def posted(ledger: MemoryLedger, *names: str) -> list[tuple[object, ...]]:
    return [
        tuple(
            value.text if isinstance(value := one.fact.values.get(name), Money) else value
            for name in names
        )
        for _, one in ledger.postings
    ]


SUMS = ("transaction_type", "transaction_amount", "percentage_fee", "fixed_fee", "net_amount")
