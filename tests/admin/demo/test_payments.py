"""The demo's payments, as the import and the settlements see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

import pytest
from msgspec import json
from tests.payments.ledger import MemoryLedger
from whenever import Instant

from torihiki.admin.demo.marketplaces import JP_SELLER, US_SELLER
from torihiki.admin.demo.payments import PAYMENTS_WINDOW_DAYS, demo_payments
from torihiki.admin.demo.payments_course import OUTCOMES
from torihiki.kernel.fact import Fact, ReportType
from torihiki.kernel.money import Money
from torihiki.payments.lines import parse_line
from torihiki.payments.model import Environment, Merchant, Permission, Region
from torihiki.payments.operations import PaymentImport, close_due
from torihiki.payments.recording import Recorder
from torihiki.payments.schemas import ChargeState, PermissionState, RefundState

MIDNIGHT = Instant.from_utc(2026, 11, 22)
COUNT = 400
GOLDEN = "b1045133b02c665af4d578af04b7fac2ad92ab8bf45e2d42bddc8f8f1d2df96a"

MERCHANTS = {
    seller.seller_id: Merchant(
        merchant_id=seller.seller_id,
        region=region,
        created=MIDNIGHT.add(hours=-24 * (PAYMENTS_WINDOW_DAYS + 10)),
    )
    for seller, region in ((JP_SELLER, Region.JAPAN), (US_SELLER, Region.NORTH_AMERICA))
}


async def imported(lines: Iterator[bytes]) -> MemoryLedger:
    ledger = MemoryLedger(MERCHANTS)
    found = PaymentImport(ledger, Recorder())
    for line in lines:
        await found.add(line)
    report = await found.finish()
    assert (report.failed, report.imported) == (0, report.new)
    return ledger


@pytest.fixture
async def ledger() -> MemoryLedger:
    return await imported(demo_payments(COUNT, 1, MIDNIGHT))


def test_small_run_never_changes_a_byte() -> None:
    """A change of this sum is a change of everybody's demo: make it on purpose or not at all."""
    digest = sha256(b"\n".join(demo_payments(200, 1, MIDNIGHT))).hexdigest()
    assert digest == GOLDEN


def test_first_payments_are_the_same_whatever_the_count() -> None:
    short = list(demo_payments(len(OUTCOMES), 1, MIDNIGHT))
    assert list(islice(demo_payments(5000, 1, MIDNIGHT), len(short))) == short


@pytest.mark.parametrize("count", [0, 1, len(OUTCOMES), len(OUTCOMES) + 1, 100])
def test_each_payment_is_a_permission(count: int) -> None:
    permissions = {
        event.key
        for event in map(parse_line, demo_payments(count, 3, MIDNIGHT))
        if isinstance(event.body, Permission)
    }
    assert len(permissions) == count


@pytest.mark.parametrize(
    "until", [Instant.from_utc(2027, 2, 28, 23, 59, 59), Instant.from_utc(2008, 2, 29)]
)
def test_any_end_serves_and_nothing_is_later(until: Instant) -> None:
    events = [parse_line(line) for line in demo_payments(COUNT, 1, until)]
    assert max(event.updated for event in events) < until
    # The newcomer sees something of the last two days too, and the oldest are months back.
    assert max(event.updated for event in events) > until.add(hours=-48)
    earliest = min(event.updated for event in events)
    assert until.add(hours=-24 * (PAYMENTS_WINDOW_DAYS + 1)) <= earliest
    assert earliest < until.add(hours=-24 * (PAYMENTS_WINDOW_DAYS - 2))


def test_states_of_a_payment_come_in_the_order_of_time_and_its_parents_first() -> None:
    seen: dict[object, Instant] = {}
    wanted = Recorder.wanted
    for line in demo_payments(COUNT, 1, MIDNIGHT):
        event = parse_line(line)
        assert all(key in seen for key in wanted([event]) - {event.key})
        assert event.key not in seen or seen[event.key] <= event.updated
        seen[event.key] = event.updated


def test_first_payments_show_every_state_and_kind_of_both_worlds() -> None:
    first = [parse_line(line) for line in demo_payments(len(OUTCOMES), 1, MIDNIGHT)]
    states = {event.state for event in first}
    assert states >= {*PermissionState, *ChargeState, *RefundState, "Posted"}
    assert {event.key.account.environment for event in first} == {Environment.LIVE}
    worlds = Counter(
        (event.key.account.merchant_id, event.key.account.environment)
        for event in map(parse_line, demo_payments(COUNT, 1, MIDNIGHT))
    )
    assert len(worlds) == 4
    assert min(worlds.values()) > 20


def test_ids_are_unique_and_those_of_another_seed_are_others() -> None:
    def ids(seed: int) -> set[Any]:
        return {parse_line(line).key.object_id for line in demo_payments(2000, seed, MIDNIGHT)}

    assert not ids(1) & ids(2)
    charges = [
        found["charge"]
        for line in demo_payments(2000, 1, MIDNIGHT)
        if "charge" in (found := json.decode(line))
    ]
    by_id: dict[str, str] = {}
    for charge in charges:
        permission = by_id.setdefault(charge["chargeId"], charge["chargePermissionId"])
        assert permission == charge["chargePermissionId"]


def net(fact: Fact) -> int:
    found = fact.values["net_amount"]
    assert isinstance(found, Money)
    return found.minor


async def test_several_settlements_are_closed_and_every_one_sums_to_zero(
    ledger: MemoryLedger,
) -> None:
    """R-5; issue 5: a newcomer's first getReports is not empty."""
    settlements = await close_due(ledger, MIDNIGHT)
    count = Counter(one.account.merchant_id for one in settlements)
    assert count[JP_SELLER.seller_id] >= 9
    assert count[US_SELLER.seller_id] >= 60
    for settlement in settlements:
        assert sum(net(fact) for fact in ledger.rows(settlement)) == 0
    paid: Counter[str] = Counter()
    for settlement in settlements:
        paid[settlement.currency] += settlement.paid
    # Plausible: some thousands of dollars, and most of a million yen.
    assert 500_000 < paid["USD"] < 5_000_000
    assert 500_000 < paid["JPY"] < 5_000_000
    assert all(one.end <= MIDNIGHT for one in settlements)


async def test_every_report_of_both_merchants_has_rows(ledger: MemoryLedger) -> None:
    reports = Counter((account.merchant_id, fact.report) for account, fact in ledger.facts)
    for merchant_id in MERCHANTS:
        for report in set(ReportType) - {ReportType.SETTLEMENT, ReportType.SANDBOX_SETTLEMENT}:
            assert reports[merchant_id, report] > 1
    kinds = {str(one.fact.values["transaction_type"]) for _, one in ledger.postings}
    assert kinds >= {"Capture", "Refund", "Chargeback", "A-to-z Guarantee Claim", "Adjustment"}
    recurring = {
        fact.values["order_reference_id"]
        for fact in ledger.told(ReportType.ORDER_REFERENCE)
        if "note" not in fact.values
    }
    assert len(recurring) > 10


async def test_same_demo_again_adds_nothing(ledger: MemoryLedger) -> None:
    found = PaymentImport(ledger, Recorder())
    for line in demo_payments(COUNT, 1, MIDNIGHT):
        await found.add(line)
    assert (await found.finish()).new == 0
