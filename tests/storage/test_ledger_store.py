"""What `LedgerStore` promises, on every backend, beside the ledger in memory that its operations are proven on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Mapping
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.payments.ledger import MemoryLedger
from tests.payments.objects import SECRET, adjustment, amount, permission, refund
from tests.storage.conftest import Backend
from tests.storage.ledger_samples import (
    ALWAYS,
    HOURS,
    OBJECTS,
    Ledger,
    add_merchant,
    all_of,
    capture,
    event,
    expected,
    made,
    moment,
    opened,
    paid_out,
    reporting,
    settled,
    small_steps,
    time,
    told,
)

from torihiki.bootstrap.files import KEY_BYTES, key_ring, write_key_ring
from torihiki.kernel.fact import ReportType
from torihiki.payments.model import (
    Account,
    Environment,
    Event,
    Known,
    Merchant,
    ObjectKey,
    Recorded,
    Region,
    Settlement,
    Standing,
)
from torihiki.payments.recording import Recorder
from torihiki.payments.settlement import close, settlement_id
from torihiki.payments.store import Appended

__all__ = ["small_steps"]

RECORDER = Recorder()
NAMES = itertools.count(1)
ON_A_DATABASE = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""Each example has a merchant of its own, so that one database serves all."""


@pytest.fixture
async def ledger(backend: Backend) -> Ledger:
    return await opened(backend)


def live(merchant_id: str) -> Account:
    return Account(merchant_id=merchant_id, environment=Environment.LIVE)


async def new_merchant(ledger: Ledger, region: Region = Region.JAPAN) -> tuple[str, MemoryLedger]:
    """A merchant, and an empty ledger in memory that knows nobody else."""
    merchant = await add_merchant(ledger, f"A{next(NAMES):012}", region)
    return merchant.merchant_id, MemoryLedger({merchant.merchant_id: merchant})


async def both_append(ledger: Ledger, model: MemoryLedger, events: list[Event]) -> None:
    assert await ledger.store.append(events, RECORDER) == await model.append(events, RECORDER)


async def both_settle(
    ledger: Ledger,
    model: MemoryLedger,
    merchant_id: str,
    hour: int,
    *,
    reserve: int = 0,
    on_hold: bool = False,
) -> list[Settlement]:
    """Closes in both; numbers, which a whole database shares, are taken over from the one on disk."""
    account, until = live(merchant_id), moment(hour)
    closing = partial(close, until=until, reserve=reserve, on_hold=on_hold)
    found = await ledger.store.settle(account, until, closing)
    numbers = {one.currency: one.number for one in found}

    def numbered(standing: Standing) -> Settlement | None:
        number = numbers.get(standing.currency, standing.number)
        return closing(replace(standing, number=number))

    assert found == await model.settle(account, until, numbered)
    return found


async def check(ledger: Ledger, model: MemoryLedger, merchant_id: str) -> None:
    """That everything reads as the ledger in memory has it."""
    for environment in Environment:
        account = Account(merchant_id=merchant_id, environment=environment)
        for report_type in ReportType:
            wanted = expected(model, account, report_type)
            assert await told(ledger, account, report_type) == wanted
    for settlement in model.settlements:
        wanted = made(model, settlement.account, model.rows(settlement), settlement.settlement_id)
        assert await settled(ledger, settlement) == wanted
        assert await settled(ledger, settlement, newest_first=True) == wanted[::-1]
    assert await ledger.store.accounting(merchant_id) == await model.accounting(merchant_id)
    account = live(merchant_id)
    for start, end in ((*ALWAYS,), (moment(20), moment(60))):
        everything = await model.disbursements(account, start, end, None, 1000)
        for page in (1, 2, 1000):
            assert await paid_out(ledger.store, account, start, end, page) == everything


BATCHES = st.lists(st.lists(st.tuples(OBJECTS, st.booleans()), max_size=8), max_size=8)
CLOSES = st.lists(
    st.tuples(HOURS, st.sampled_from([0, 0, 500, 10**9]), st.sampled_from([False, False, True])),
    max_size=8,
)


@pytest.mark.usefixtures("small_steps")
@ON_A_DATABASE
@given(batches=BATCHES, closes=CLOSES, random=st.randoms(use_true_random=False))
async def test_ledger_is_what_the_one_in_memory_is_whatever_comes_when(
    ledger: Ledger,
    batches: list[list[tuple[dict[str, object], bool]]],
    closes: list[tuple[int, int, bool]],
    random: Random,
) -> None:
    """Issue 5, item 7: nothing missing, nothing twice; states come late, again, and after periods are closed."""
    merchant_id, model = await new_merchant(ledger, random.choice(list(Region)))
    appends, closings = batches[::-1], closes[::-1]
    while appends or closings:
        if random.random() * (len(appends) + len(closings)) < len(appends):
            events = [
                event(found, merchant_id, "sandbox" if in_sandbox else "live")
                for found, in_sandbox in appends.pop()
            ]
            await both_append(ledger, model, events)
        else:
            hour, reserve, on_hold = closings.pop()
            await both_settle(ledger, model, merchant_id, hour, reserve=reserve, on_hold=on_hold)
    await both_settle(ledger, model, merchant_id, 200)
    assert len(model.settled) == sum(owner == live(merchant_id) for owner, _ in model.postings)
    await check(ledger, model, merchant_id)


MONTHS_APART = st.builds(
    lambda hour, month: hour + 24 * 35 * month, st.integers(0, 30), st.integers(0, 3)
)
TAKEN = st.tuples(MONTHS_APART, st.sampled_from(["USD", "EUR"]))


@pytest.mark.usefixtures("small_steps")
@ON_A_DATABASE
@given(
    steps=st.lists(st.lists(TAKEN, max_size=6) | MONTHS_APART, max_size=10),
    region=st.sampled_from(Region),
)
async def test_period_that_begins_behind_a_long_silence_has_every_posting_once(
    ledger: Ledger, steps: list[list[tuple[int, str]] | int], region: Region
) -> None:
    """Contract 4.8; the postings were imported before the period before was closed, after that, or late: in the
    same currency, or when the account was closed for the sake of another one."""
    merchant_id, model = await new_merchant(ledger, region)
    numbers = itertools.count(1)
    for step in [*steps, 24 * 200]:
        if isinstance(step, int):
            await both_settle(ledger, model, merchant_id, step, reserve=500)
        else:
            found = [capture(next(numbers), hour, 100, currency) for hour, currency in step]
            await both_append(ledger, model, [event(one, merchant_id) for one in found])
    assert len(model.settled) == len(model.postings)
    await check(ledger, model, merchant_id)


async def test_same_events_again_add_nothing(backend: Backend, ledger: Ledger) -> None:
    merchant_id, model = await new_merchant(ledger)
    events = [event(capture(number, number), merchant_id) for number in range(1, 6)]
    await both_append(ledger, model, [*events, *events[:2]])
    assert (await ledger.store.append(events[::-1], RECORDER)).new == 0
    peer = await opened(backend)
    assert (await peer.store.append(events, RECORDER)).new == 0
    await check(ledger, model, merchant_id)


async def test_events_of_merchants_that_do_not_exist_are_named_and_left_out(
    ledger: Ledger,
) -> None:
    merchant_id, model = await new_merchant(ledger)
    events = [event(capture(1, 1), "ANOBODY"), event(capture(1, 1), merchant_id)]
    appended = await ledger.store.append(events, RECORDER)
    assert appended == Appended(new=1, unknown=frozenset({"ANOBODY"}))
    assert (
        await ledger.store.settle(live("ANOBODY"), moment(9), partial(close, until=moment(9))) == []
    )
    assert await ledger.store.settle(live("A\0"), moment(9), partial(close, until=moment(9))) == []
    assert await ledger.store.accounting("ANOBODY") is None
    await model.append(events[1:], RECORDER)
    await check(ledger, model, merchant_id)
    assert await told(ledger, live("ANOBODY"), ReportType.CAPTURE) == []


async def test_batch_that_fails_leaves_nothing(ledger: Ledger) -> None:
    merchant_id, model = await new_merchant(ledger)

    batch = [event(capture(number, number), merchant_id) for number in range(1, 5)]

    class Broken(Recorder):
        def record(
            self,
            events: Iterable[Event],
            known: Mapping[ObjectKey, Known],
            merchants: Mapping[str, Merchant],
        ) -> Recorded:
            found = super().record(events, known, merchants)
            facts = found.entries[-1].facts
            # A value of the wrong kind is found when its row is made, after everything else.
            bad = replace(facts[-1], values={"created": "yesterday"})
            last = replace(found.entries[-1], facts=(*facts, bad))
            return replace(found, entries=[*found.entries[:-1], last])

    with pytest.raises(TypeError):
        await ledger.store.append(batch, Broken())
    await both_append(ledger, model, batch)
    await check(ledger, model, merchant_id)


async def test_importers_of_the_same_file_at_the_same_time_add_each_event_once(
    backend: Backend, ledger: Ledger
) -> None:
    """Two processes, in batches that overlap and name the accounts in other orders; periods close meanwhile."""
    first, one_model = await new_merchant(ledger)
    second, other_model = await new_merchant(ledger, Region.NORTH_AMERICA)
    peer = await opened(backend)
    events = [
        event(capture(number, number % 90), (first, second)[number % 2], environment)
        for number in range(1, 121)
        for environment in ("live", "sandbox")
    ]

    async def imported(of: Ledger, seed: int) -> int:
        order = Random(seed).sample(events, len(events))
        batches = [order[low : low + 24] for low in range(0, len(order), 24)]
        return sum([(await of.store.append(batch, RECORDER)).new for batch in batches])

    async def closed(of: Ledger, merchant_id: str) -> list[Settlement]:
        found = []
        for hour in (10, 30, 50, 95):
            how = partial(close, until=moment(hour))
            found += await of.store.settle(live(merchant_id), moment(hour), how)
        return found

    async with asyncio.timeout(60):
        *added, _, _, _ = await asyncio.gather(
            imported(ledger, 1),
            imported(peer, 2),
            imported(peer, 3),
            closed(ledger, first),
            closed(peer, second),
            closed(peer, first),
        )
    assert sum(added) == len(events)
    for merchant_id, model in ((first, one_model), (second, other_model)):
        await model.append(events, RECORDER)
        until = moment(500)
        await ledger.store.settle(live(merchant_id), until, partial(close, until=until))
        region = model.merchants[merchant_id].region
        captures = expected(model, live(merchant_id), ReportType.CAPTURE)
        assert sorted(await told(ledger, live(merchant_id), ReportType.CAPTURE)) == sorted(captures)
        rows = []
        for number in range(1, 20):
            parts = ledger.rows.settlement(reporting(live(merchant_id)), number)
            rows += await all_of(parts)
        posted = [row.split(b",")[2] for row in rows if b'"Capture"' in row]
        assert len(posted) == len(set(posted)) == 60, region


async def test_settlement_numbers_are_given_once_and_none_is_lost(
    backend: Backend, ledger: Ledger
) -> None:
    peer = await opened(backend)
    merchants = [(await new_merchant(ledger))[0] for _ in range(6)]
    await ledger.store.append([event(capture(1, 1), one) for one in merchants], RECORDER)
    until = moment(5)
    found = await asyncio.gather(
        *(
            (ledger, peer)[place % 2].store.settle(live(one), until, partial(close, until=until))
            for place, one in enumerate(merchants)
        )
    )
    numbers = [one.number for settlements in found for one in settlements]
    assert sorted(numbers) == list(range(1, 7))
    assert {one.settlement_id for each in found for one in each} == set(map(settlement_id, numbers))
    waiting = {one.merchant.merchant_id for one in await ledger.store.accountings()}
    assert waiting == set()


async def test_closing_without_a_settlement_uses_no_number_and_closes_nothing(
    ledger: Ledger,
) -> None:
    merchant_id, _ = await new_merchant(ledger)
    await ledger.store.append([event(capture(1, 1), merchant_id)], RECORDER)
    seen: list[Standing] = []

    def refuse(standing: Standing) -> None:
        seen.append(standing)

    account = live(merchant_id)
    assert await ledger.store.settle(account, moment(7), refuse) == []
    assert await ledger.store.settle(account, moment(7), refuse) == []
    found = await ledger.store.settle(account, moment(6), partial(close, until=moment(6)))
    assert [one.number for one in seen] == [found[0].number] * 2
    assert found[0].postings == 1


async def test_only_who_has_something_to_settle_is_accounted_for(ledger: Ledger) -> None:
    one, _ = await new_merchant(ledger)
    other, _ = await new_merchant(ledger)
    await ledger.store.append(
        [event(capture(1, 3), other), event(capture(1, 3), one, "sandbox")], RECORDER
    )
    assert [each.merchant.merchant_id for each in await ledger.store.accountings()] == [other]
    assert await ledger.store.accounting(one) is None
    await ledger.store.settle(live(other), moment(9), partial(close, until=moment(9)))
    assert await ledger.store.accountings() == []
    closed = await ledger.store.accounting(other)
    assert closed is not None
    assert (closed.open_since, closed.closed_until) == (None, moment(9))
    assert closed.first_posted == moment(3)


async def test_sums_beyond_sixty_four_bits_are_exact(ledger: Ledger) -> None:
    merchant_id, model = await new_merchant(ledger)
    whole = 10**15
    events = [
        event(
            adjustment("Adjustment", time(number), f"ADJ-{number}", amount(whole, "USD")),
            merchant_id,
        )
        for number in range(1, 101)
    ]
    await both_append(ledger, model, events)
    (settlement,) = await both_settle(ledger, model, merchant_id, 120)
    assert settlement.paid == 100 * whole * 100 > 2**63
    await check(ledger, model, merchant_id)


async def test_nothing_that_speaks_of_people_is_at_rest_in_clear(ledger: Ledger) -> None:
    merchant_id, model = await new_merchant(ledger)
    events = [
        event(found, merchant_id)
        for found in (permission(), capture(1, 1), refund("Refunded", time(2)))
    ]
    await both_append(ledger, model, events)
    rows = await told(ledger, live(merchant_id), ReportType.CAPTURE)
    at_rest = ledger.stores.at_rest()
    for words in (" buyer", " billing", " shipping", "@example.test"):
        assert (SECRET + words).encode() not in at_rest
    assert any(f"{SECRET} buyer".encode() in row for row in rows)


async def test_everything_is_sealed_anew_for_another_key(backend: Backend, ledger: Ledger) -> None:
    merchant_id, model = await new_merchant(ledger)
    await both_append(ledger, model, [event(permission(), merchant_id)])
    await both_append(ledger, model, [event(capture(n, n), merchant_id) for n in range(1, 9)])
    ring = key_ring(backend.keys).with_new(bytes(range(KEY_BYTES)))
    write_key_ring(backend.keys, ring)
    counts = {}
    for name in ("reseal_runs", "reseal_objects"):
        for again in range(2):
            after, count = -1, 0
            while (found := await getattr(ledger.resealing, name)(after, 3)) is not None:
                assert found[0] > after
                after, count = found[0], count + found[1]
            counts[name, again] = count
    assert counts["reseal_runs", 0] > 3
    assert counts["reseal_objects", 0] == 9
    assert counts["reseal_runs", 1] == counts["reseal_objects", 1] == 0
    write_key_ring(backend.keys, ring.only_current())
    fresh = await opened(backend)
    await check(fresh, model, merchant_id)
    await both_append(fresh, model, [event(refund("Refunded", time(50)), merchant_id)])
    await check(fresh, model, merchant_id)
