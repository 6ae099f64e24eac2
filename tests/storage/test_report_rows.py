"""What `ReportRows` promises, on every backend: the rows that were there, once, in order, by the layout of today."""

from __future__ import annotations

import itertools
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.payments.ledger import MemoryLedger
from tests.payments.objects import adjustment, permission, refund
from tests.storage.conftest import Backend
from tests.storage.ledger_samples import (
    ALWAYS,
    Ledger,
    add_merchant,
    all_of,
    capture,
    event,
    expected,
    made,
    moment,
    opened,
    reporting,
    settled,
    small_steps,
    time,
    told,
)

from torihiki.kernel.fact import Fact, ReportType, Value
from torihiki.kernel.instant import TimeDelta
from torihiki.pay_reports.layouts import LAYOUTS, parse_overrides
from torihiki.pay_reports.rows import ID_MARK, RowMaker
from torihiki.payments.model import Account, Environment, Region, Settlement, Standing
from torihiki.payments.recording import Recorder
from torihiki.payments.settlement import close
from torihiki.storage.ledger_runs import Line, runs_of

__all__ = ["small_steps"]

RECORDER = Recorder()
NAMES = itertools.count(1)


@pytest.fixture
async def ledger(backend: Backend) -> Ledger:
    return await opened(backend)


async def new_account(
    ledger: Ledger, environment: Environment = Environment.LIVE
) -> tuple[Account, MemoryLedger]:
    merchant = await add_merchant(ledger, f"A{next(NAMES):012}", Region.NORTH_AMERICA)
    account = Account(merchant_id=merchant.merchant_id, environment=environment)
    return account, MemoryLedger({merchant.merchant_id: merchant})


async def appended(
    ledger: Ledger, model: MemoryLedger, account: Account, hours: list[int], first: int = 1
) -> None:
    """A capture at each of the hours, in one batch."""
    events = [
        event(capture(number, hour), account.merchant_id, account.environment)
        for number, hour in enumerate(hours, first)
    ]
    await ledger.store.append(events, RECORDER)
    await model.append(events, RECORDER)


@pytest.mark.usefixtures("small_steps")
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    batches=st.lists(st.lists(st.integers(0, 90), max_size=12), max_size=8),
    cuts=st.lists(st.integers(-5, 95), max_size=4),
)
async def test_stretches_that_meet_tell_every_row_once_either_way(
    ledger: Ledger, batches: list[list[int]], cuts: list[int]
) -> None:
    """Issue 5: any split of a time into periods gives the same rows."""
    account, model = await new_account(ledger)
    first = 1
    for hours in batches:
        await appended(ledger, model, account, hours, first)
        first += len(hours)
    borders = [ALWAYS[0], *sorted(map(moment, cuts)), ALWAYS[1]]
    found: list[bytes] = []
    for stretch in itertools.pairwise(borders):
        rows = await told(ledger, account, ReportType.CAPTURE, stretch)
        assert rows == expected(model, account, ReportType.CAPTURE, stretch)
        again = await told(ledger, account, ReportType.CAPTURE, stretch, newest_first=True)
        assert again == rows[::-1]
        found += rows
    assert found == expected(model, account, ReportType.CAPTURE)
    assert len(found) == sum(map(len, batches))


async def test_borders_are_kept_to_the_microsecond(ledger: Ledger) -> None:
    account, model = await new_account(ledger)
    await appended(ledger, model, account, [5])
    at, little = moment(5), TimeDelta(microseconds=1)
    for start, before, is_there in (
        (at, at + little, True),
        (at - little, at, False),
        (at + little, at + little + little, False),
        (at, at, False),
        (at + TimeDelta(nanoseconds=1), ALWAYS[1], False),
        (ALWAYS[0], at + TimeDelta(nanoseconds=1), True),
    ):
        rows = await told(ledger, account, ReportType.CAPTURE, (start, before))
        assert bool(rows) is is_there, (start, before)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("newest_first", [False, True])
async def test_rows_that_come_meanwhile_are_left_out_and_none_is_lost(
    backend: Backend,
    ledger: Ledger,
    newest_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    account, model = await new_account(ledger)
    random = Random(5)
    await appended(ledger, model, account, random.choices(range(100), k=60))
    wanted = expected(model, account, ReportType.CAPTURE)
    peer = await opened(backend)
    parts = ledger.rows.rows(
        reporting(account), ReportType.CAPTURE, *ALWAYS, newest_first=newest_first
    )
    found, first = b"", 1000
    async for part in parts:
        found += part
        await appended(peer, model, account, random.choices(range(100), k=5), first)
        first += 5
    rows = found.splitlines(keepends=True)
    assert rows == (wanted[::-1] if newest_first else wanted)
    assert await told(ledger, account, ReportType.CAPTURE) == expected(
        model, account, ReportType.CAPTURE
    )


async def test_settlement_in_the_sandbox_lists_what_was_posted_with_the_id_that_it_is_given(
    ledger: Ledger,
) -> None:
    """Contract 4.5, 4.11."""
    account, model = await new_account(ledger, Environment.SANDBOX)
    await appended(ledger, model, account, [3, 1, 2])
    facts = [one.fact for _, one in sorted(model.postings, key=lambda one: one[1].fact.at)]
    wanted = made(model, account, facts, "1234567890")
    parts = ledger.rows.rows(
        reporting(account), ReportType.SANDBOX_SETTLEMENT, *ALWAYS, settlement_id="1234567890"
    )
    assert await all_of(parts) == wanted
    assert b'"1234567890"' in wanted[0]
    assert await told(ledger, account, ReportType.CAPTURE) == []
    live = msgspec.structs.replace(account, environment=Environment.LIVE)
    assert await told(ledger, live, ReportType.SANDBOX_SETTLEMENT) == []


async def test_settlement_of_another_account_is_not_there(ledger: Ledger) -> None:
    account, model = await new_account(ledger)
    other, _ = await new_account(ledger)
    await appended(ledger, model, account, [1])
    until = moment(9)
    (one,) = await ledger.store.settle(account, until, lambda standing: close(standing, until))
    assert await settled(ledger, one)
    sandbox = msgspec.structs.replace(account, environment=Environment.SANDBOX)
    for owner in (other, sandbox):
        assert await ledger.rows.period(reporting(owner), one.number) is None
        assert await all_of(ledger.rows.settlement(reporting(owner), one.number)) == []
    assert await ledger.rows.period(reporting(account), one.number + 1) is None
    # Rows of a settlement are found by its number only.
    assert await told(ledger, account, ReportType.SETTLEMENT) == []


def overridden(report_type: ReportType, *, drop: int) -> bytes:
    """An operator's file: the shipped layout without some columns, the others backwards."""
    layout = LAYOUTS[report_type]
    columns = [one for place, one in enumerate(layout.columns[::-1]) if place != drop]
    return msgspec.json.encode(
        {report_type: msgspec.structs.replace(layout, columns=tuple(columns))}
    )


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(
    "report_type",
    [
        ReportType.ORDER_REFERENCE,
        ReportType.BILLING_AGREEMENT,
        ReportType.AUTHORIZATION,
        ReportType.CAPTURE,
        ReportType.REFUND,
    ],
)
async def test_rows_that_are_stored_follow_another_layout(
    backend: Backend, ledger: Ledger, report_type: ReportType
) -> None:
    """Whoever gets a real file of an inferred report corrects it for the past too (contract 5.6)."""
    account, model = await new_account(ledger)
    found = [
        permission("Chargeable", time(1)),
        permission("Closed", time(3)),
        permission("Chargeable", time(2), "B01-3333333-4444444", chargePermissionType="Recurring"),
        *(capture(number, number) for number in range(1, 8)),
        *(refund("Refunded", time(20 + n), f"P01-1111111-2222222-R{n:06}") for n in range(1, 6)),
        {
            **capture(50, 4),
            "statusDetails": {"state": "Authorized", "lastUpdatedTimestamp": time(4)},
        },
    ]
    events = [event(one, account.merchant_id) for one in found]
    await ledger.store.append(events, RECORDER)
    await model.append(events, RECORDER)
    before = await told(ledger, account, report_type)
    assert before == expected(model, account, report_type)
    assert before
    layouts = parse_overrides(overridden(report_type, drop=1))
    corrected = await opened(backend, layouts)
    maker = RowMaker(layouts)
    assert maker.fingerprint(report_type, "na") != RowMaker().fingerprint(report_type, "na")
    wanted = expected(model, account, report_type, maker=maker)
    for newest_first in (False, True):
        rows = await told(corrected, account, report_type, newest_first=newest_first)
        assert rows == (wanted[::-1] if newest_first else wanted)
    assert before != wanted
    # What comes now is made by the new layout, and the old process still tells everything by its own.
    more = [
        event(adjustment(), account.merchant_id),
        event(permission("Closed", time(40)), account.merchant_id),
    ]
    await corrected.store.append(more, RECORDER)
    await model.append(more, RECORDER)
    for process, its in ((ledger, RowMaker()), (corrected, maker)):
        assert await told(process, account, report_type) == expected(
            model, account, report_type, maker=its
        )


async def test_settlements_that_are_closed_follow_another_layout(
    backend: Backend, ledger: Ledger
) -> None:
    account, model = await new_account(ledger)
    await appended(ledger, model, account, [1, 2, 3])
    until = moment(9)

    def closing(standing: Standing) -> Settlement | None:
        return close(standing, until, reserve=100)

    (one,) = await ledger.store.settle(account, until, closing)
    assert [one] == await model.settle(account, until, closing)
    layouts = parse_overrides(overridden(ReportType.SETTLEMENT, drop=0))
    corrected = await opened(backend, layouts)
    facts = model.rows(model.settlements[0])
    wanted = made(model, account, facts, one.settlement_id, maker=RowMaker(layouts))
    assert await settled(corrected, one) == wanted
    assert await settled(ledger, one) != wanted
    assert len(wanted) == 5


def test_no_value_brings_the_mark_of_the_settlement_id_into_a_row() -> None:
    mark = ID_MARK.decode()
    values: dict[str, Value] = {
        "posted": moment(1),
        "description": f"a{mark}b{mark}",
        "order_id": mark,
    }
    row = RowMaker().row(Fact(report=ReportType.SETTLEMENT, at=moment(1), values=values), "eu")
    assert row.count(ID_MARK) == 1
    assert row.split(b",")[1] == b'"%b"' % ID_MARK
    assert b'"a b "' in row


def test_row_that_is_no_single_line_is_refused() -> None:
    fact = Fact(report=ReportType.CAPTURE, at=moment(1), values={})
    for row in (b"", b"a", b"a\nb\n", b"a\n\n"):
        with pytest.raises(ValueError, match="one line"):
            list(runs_of([Line(0, fact, row)]))
