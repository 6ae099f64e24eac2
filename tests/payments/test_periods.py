"""When settlement periods begin and end (contract 4.8, 4.12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import AMERICAN, CREATED, EUROPEAN, MERCHANTS
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.payments.model import Account, Accounting, Environment, Merchant, Region
from torihiki.payments.operations import close_due
from torihiki.payments.rows import Transaction, settlement_row
from torihiki.payments.settlement import PERIOD_MAX, next_close, period_start

ACCOUNT = Account(merchant_id=AMERICAN, environment=Environment.LIVE)


def accounting(
    region: Region,
    first: Instant,
    closed_until: Instant | None = None,
    since: Instant | None = None,
    created: Instant = CREATED,
) -> Accounting:
    return Accounting(
        merchant=Merchant(merchant_id=AMERICAN, region=region, created=created),
        first_posted=first,
        open_since=since or first,
        closed_until=closed_until,
    )


FIRST = Instant.from_utc(2026, 3, 1, 10)


@pytest.mark.parametrize(
    ("region", "closes"),
    [
        (Region.NORTH_AMERICA, ["2026-03-16T07:00:00Z", "2026-03-17T07:00:00Z"]),
        (Region.EUROPE, ["2026-03-16T00:00:00Z", "2026-03-17T00:00:00Z"]),
        # Created on January 5th, so 21 January at midnight in Japan, and every fourteen days from there.
        (Region.JAPAN, ["2026-03-04T15:00:00Z", "2026-03-18T15:00:00Z"]),
    ],
)
def test_periods_close_in_the_rhythm_of_their_region(region: Region, closes: list[str]) -> None:
    """Contract 4.12."""
    first = next_close(accounting(region, FIRST))
    assert first is not None
    assert next_close(accounting(region, FIRST, first)) == Instant.parse_iso(closes[1])
    assert first == Instant.parse_iso(closes[0])


def test_first_period_of_a_new_account_in_japan_closes_after_sixteen_days() -> None:
    created = Instant.from_utc(2026, 3, 1, 15)
    found = next_close(accounting(Region.JAPAN, created.add(hours=1), created=created))
    assert found == Instant.from_utc(2026, 3, 17, 15)
    later = Instant.from_utc(2026, 3, 1, 15, 0, 1)
    found = next_close(accounting(Region.JAPAN, created.add(hours=1), created=later))
    assert found == Instant.from_utc(2026, 3, 18, 15)


def test_nothing_to_settle_closes_nothing() -> None:
    idle = Accounting(
        merchant=MERCHANTS[AMERICAN], first_posted=FIRST, open_since=None, closed_until=FIRST
    )
    assert next_close(idle) is None


@given(
    st.sampled_from(Region),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
    st.none() | st.integers(0, 200_000),
)
def test_next_close_is_behind_what_is_closed_and_what_waits(
    region: Region, first: int, waits: int, done: int | None
) -> None:
    posted = FIRST.add(minutes=first)
    since = posted.add(minutes=waits)
    until = None if done is None else FIRST.add(minutes=done)
    found = next_close(accounting(region, posted, until, since))
    assert found is not None
    assert found > since
    assert until is None or found > until
    again = next_close(accounting(region, posted, found, since))
    assert again is not None
    days = 14 if region is Region.JAPAN else 1
    # A day in America may have 23 or 25 hours.
    near = 1 if region is Region.NORTH_AMERICA else 0
    assert abs((again - found).total("hours") - 24 * days) <= near
    # Once the rhythm has begun, no close between the two was passed over.
    after = max(since, until or since)
    if region is Region.JAPAN:
        begun = found > CREATED.add(hours=24 * 31)
    else:
        begun = after >= posted.add(hours=24 * 15)
    assert not begun or found <= after.add(hours=24 * days + near)


def test_periods_close_at_midnight_in_summer_and_in_winter() -> None:
    summer, winter = Instant.from_utc(2026, 10, 31, 12), Instant.from_utc(2026, 11, 1, 12)
    closes = [
        next_close(accounting(Region.NORTH_AMERICA, FIRST, since=since))
        for since in (summer, winter)
    ]
    assert closes == [Instant.from_utc(2026, 11, 1, 7), Instant.from_utc(2026, 11, 2, 8)]


@pytest.mark.parametrize(
    ("region", "posted", "start"),
    [
        # It was closed on 21 January and is on every fourteenth day from there.
        (Region.JAPAN, "2026-04-10T00:00:00Z", "2026-04-01T15:00:00Z"),
        (Region.JAPAN, "2026-04-01T15:00:00Z", "2026-04-01T15:00:00Z"),
        (Region.JAPAN, None, "2026-04-01T15:00:00Z"),
        (Region.NORTH_AMERICA, "2026-04-10T06:59:59Z", "2026-04-09T07:00:00Z"),
        (Region.EUROPE, "2026-04-10T06:59:59Z", "2026-04-10T00:00:00Z"),
        (Region.EUROPE, None, "2026-04-15T00:00:00Z"),
        # What was posted soon behind the settlement before is in the period, however long it is then.
        (Region.EUROPE, "2026-01-21T15:00:00Z", "2026-01-21T15:00:00Z"),
    ],
)
def test_period_after_a_long_silence_begins_where_the_rhythm_began_it(
    region: Region, posted: str | None, start: str
) -> None:
    """Contract 4.8: none is longer than thirty days."""
    merchant = Merchant(merchant_id=AMERICAN, region=region, created=CREATED)
    before, until = Instant.from_utc(2026, 1, 21, 15), Instant.from_utc(2026, 4, 15, 15)
    first = None if posted is None else Instant.parse_iso(posted)
    assert period_start(merchant, before, first, until) == Instant.parse_iso(start)


def test_periods_follow_each_other_as_long_as_they_may() -> None:
    before = Instant.from_utc(2026, 3, 1)
    for days, start in ((30, before), (31, before.add(hours=24 * 30))):
        until = before.add(hours=24 * days)
        for posted in (None, until.subtract(seconds=1)):
            assert period_start(MERCHANTS[EUROPEAN], before, posted, until) == start


IMPORTS = st.lists(
    st.tuples(
        st.integers(0, 200 * 24),
        st.lists(st.tuples(st.integers(-200 * 24, 200 * 24), st.sampled_from(["USD", "EUR"]))),
    ),
    min_size=1,
    max_size=8,
).map(sorted)
"""When, and of when and in which currency: hours from `FIRST`; so the account is older or younger than its payments."""


@given(st.sampled_from(Region), IMPORTS)
async def test_no_period_that_closes_by_itself_is_longer_than_thirty_days(
    region: Region, imports: list[tuple[int, list[tuple[int, str]]]]
) -> None:
    """However long nothing was posted, with debts that wait for months, and with payments that are imported late."""
    merchant = Merchant(merchant_id=AMERICAN, region=region, created=CREATED)
    ledger = MemoryLedger({AMERICAN: merchant})
    for hour, posted in imports:
        await close_due(ledger, FIRST.add(hours=hour))
        for place, (at, currency) in enumerate(posted):
            transaction = Transaction(
                kind="Adjustment", amount=Money(100 * (-1) ** place, currency)
            )
            ledger.postings.append((ACCOUNT, settlement_row(transaction, FIRST.add(hours=at))))
    await close_due(ledger, FIRST.add(hours=24 * 300))
    assert len(ledger.settled) == sum(len(posted) for _, posted in imports)
    ends: dict[str, Instant] = {}
    for settlement in ledger.settlements:
        before = ends.get(settlement.currency)
        assert settlement.end - settlement.start <= PERIOD_MAX
        assert before is None or before <= settlement.start
        ends[settlement.currency] = settlement.end
        facts = ledger.rows(settlement)
        nets = [fact.values["net_amount"] for fact in facts]
        assert sum(net.minor for net in nets if isinstance(net, Money)) == 0


def test_history_that_is_older_than_its_account_closes_in_the_same_steps() -> None:
    """Of Japan, where the account's first close is sixteen days after it was made."""
    created = Instant.from_utc(2026, 3, 1, 15)
    older = created.add(hours=-24 * 100)
    found = next_close(accounting(Region.JAPAN, older, created=created))
    assert found == Instant.from_utc(2026, 3, 17, 15).add(hours=-24 * 14 * 8)
    last = created.add(hours=-1)
    found = next_close(accounting(Region.JAPAN, older, since=last, created=created))
    assert found == Instant.from_utc(2026, 3, 3, 15)
    found = next_close(
        accounting(Region.JAPAN, older, found, since=created.add(hours=1), created=created)
    )
    assert found == Instant.from_utc(2026, 3, 17, 15)
