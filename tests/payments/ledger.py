"""The ledger as dictionaries: the whole of what a store promises, in the plainest words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torihiki.kernel.fact import Fact, ReportType
from torihiki.kernel.instant import Instant
from torihiki.payments.model import (
    Account,
    Accounting,
    Disbursement,
    Environment,
    Event,
    EventKey,
    Known,
    Merchant,
    ObjectKey,
    Posting,
    Settlement,
    Standing,
    pack,
    unpack,
)
from torihiki.payments.recording import Recorder
from torihiki.payments.settlement import (
    carried,
    closing_rows,
    disbursement,
    opening_rows,
    period_start,
)
from torihiki.payments.store import Appended


class MemoryLedger:
    """A `LedgerStore`; what is known goes through its stored form."""

    def __init__(self, merchants: Mapping[str, Merchant]) -> None:
        self.merchants = merchants
        self.events: set[EventKey] = set()
        self.known: dict[ObjectKey, bytes] = {}
        self.facts: list[tuple[Account, Fact]] = []
        self.postings: list[tuple[Account, Posting]] = []
        self.settled: dict[int, int] = {}
        """Number of the settlement that a posting is in, by its place in `postings`."""
        self.settlements: list[Settlement] = []
        self.closed: dict[Account, Instant] = {}

    def _known(self, keys: set[ObjectKey]) -> dict[ObjectKey, Known]:
        return {key: unpack(self.known[key]) for key in keys if key in self.known}

    async def append(self, events: Sequence[Event], recorder: Recorder) -> Appended:
        new = [event for event in events if event.identity not in self.events]
        found = self._known(recorder.wanted(new))
        found |= self._known(recorder.linked(found))
        recorded = recorder.record(new, found, self.merchants)
        for entry in recorded.entries:
            account = entry.event.key.account
            assert entry.event.identity not in self.events
            self.events.add(entry.event.identity)
            self.facts += [(account, fact) for fact in entry.facts]
            if entry.posting is not None:
                self.postings.append((account, entry.posting))
        self.known |= {key: pack(known) for key, known in recorded.known.items()}
        ids = {event.key.account.merchant_id for event in events}
        unknown = frozenset(ids - self.merchants.keys())
        return Appended(new=len(recorded.entries), unknown=unknown, refused=recorded.refused)

    async def settle(
        self, account: Account, until: Instant, close: Callable[[Standing], Settlement | None]
    ) -> list[Settlement]:
        assert account.environment is Environment.LIVE
        if account in self.closed and self.closed[account] >= until:
            return []
        made = []
        for currency in self._currencies(account):
            places = [
                place
                for place in self._waiting(account)
                if self.postings[place][1].net.currency == currency
                and self.postings[place][1].fact.at < until
            ]
            last = self._last(account, currency)
            opening = 0 if last is None else carried(last)
            if not places and not opening:
                continue
            posted = [self.postings[place][1] for place in places]
            times = [posting.fact.at for posting in posted]
            ends = [one for one in (last and last.end, self.closed.get(account)) if one]
            if not ends:
                start = min(times)
            else:
                merchant = self.merchants[account.merchant_id]
                on_time = min((at for at in times if at >= max(ends)), default=None)
                start = period_start(merchant, max(ends), on_time, until)
            standing = Standing(
                account=account,
                currency=currency,
                number=len(self.settlements) + 1,
                start=start,
                carried=opening,
                carried_over=0 if last is None else last.carried_over,
                postings=len(posted),
                net=sum(posting.net.minor for posting in posted),
            )
            settlement = close(standing)
            if settlement is not None:
                self.settlements.append(settlement)
                self.settled |= dict.fromkeys(places, settlement.number)
                made.append(settlement)
        if made:
            self.closed[account] = until
        return made

    def _currencies(self, account: Account) -> list[str]:
        return sorted({one.net.currency for owner, one in self.postings if owner == account})

    def _waiting(self, account: Account) -> list[int]:
        return [
            place
            for place, (owner, _) in enumerate(self.postings)
            if owner == account and place not in self.settled
        ]

    def _last(self, account: Account, currency: str) -> Settlement | None:
        of_it = [
            one for one in self.settlements if (one.account, one.currency) == (account, currency)
        ]
        return of_it[-1] if of_it else None

    def rows(self, settlement: Settlement) -> list[Fact]:
        """The lines of a settlement, in order."""
        places = [place for place, number in self.settled.items() if number == settlement.number]
        facts = [self.postings[place][1].fact for place in sorted(places)]
        facts.sort(key=lambda fact: fact.at)
        return [*opening_rows(settlement), *facts, *closing_rows(settlement)]

    def told(self, report: ReportType, environment: Environment = Environment.LIVE) -> list[Fact]:
        """The lines of another report, in the order of appending."""
        return [
            fact
            for account, fact in self.facts
            if fact.report is report and account.environment is environment
        ]

    async def accountings(self) -> list[Accounting]:
        found = [await self.accounting(merchant_id) for merchant_id in sorted(self.merchants)]
        return [one for one in found if one is not None and one.open_since is not None]

    async def accounting(self, merchant_id: str) -> Accounting | None:
        account = Account(merchant_id=merchant_id, environment=Environment.LIVE)
        posted = [one.fact.at for owner, one in self.postings if owner == account]
        if merchant_id not in self.merchants or not posted:
            return None
        since = [self.postings[place][1].fact.at for place in self._waiting(account)]
        for currency in self._currencies(account):
            last = self._last(account, currency)
            if last is not None and carried(last) > 0:
                since.append(last.end)
        return Accounting(
            merchant=self.merchants[merchant_id],
            first_posted=min(posted),
            open_since=min(since, default=None),
            closed_until=self.closed.get(account),
        )

    async def disbursements(
        self, account: Account, start: Instant, end: Instant, after: int | None, limit: int
    ) -> list[tuple[int, Disbursement]]:
        found = [
            (one.number, paid)
            for one in reversed(self.settlements)
            if one.account == account
            and start <= one.end < end
            and (after is None or one.number < after)
            and (paid := disbursement(one)) is not None
        ]
        return found[:limit]
