"""The import of lines, and closing on time."""

from __future__ import annotations

import pytest

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import (
    AMERICAN,
    JAPANESE,
    MERCHANTS,
    ONE_TIME,
    amount,
    charge,
    line,
    permission,
    refund,
)
from torihiki.kernel.fact import ReportType
from torihiki.kernel.instant import Instant
from torihiki.kernel.line_import import LineError
from torihiki.kernel.problem import Problem
from torihiki.payments import operations
from torihiki.payments.model import Account, Environment
from torihiki.payments.operations import PaymentImport, close_at_will, close_due
from torihiki.payments.recording import Recorder

LIVE = Account(merchant_id=AMERICAN, environment=Environment.LIVE)


def captured(number: int, at: str, dollars: str = "10.00", currency: str = "USD") -> bytes:
    return line(charge("Captured", at, f"{ONE_TIME}-C{number:06d}", amount(dollars, currency)))


async def imported(*lines: bytes, ledger: MemoryLedger | None = None) -> MemoryLedger:
    ledger = ledger or MemoryLedger(MERCHANTS)
    found = PaymentImport(ledger, Recorder())
    for one in lines:
        await found.add(one)
    report = await found.finish()
    assert report.failed == 0
    return ledger


async def test_good_lines_are_kept_and_bad_ones_told_with_number_and_reason() -> None:
    """Issue 5, item 7."""
    ledger = MemoryLedger(MERCHANTS)
    found = PaymentImport(ledger, Recorder())
    for one in (line(permission()), b"", b"{", line(charge(), "NOBODY"), b"  ", line(charge())):
        await found.add(one)
    found.skip("the line is too long")
    report = await found.finish()
    assert (report.imported, report.new, report.failed) == (2, 2, 3)
    assert [error.line for error in report.errors] == [3, 4, 7]
    assert report.errors[1:] == [
        LineError(line=4, reason="there is no merchant 'NOBODY'"),
        LineError(line=7, reason="the line is too long"),
    ]
    assert found.lines == 7


async def test_import_again_takes_the_lines_and_adds_nothing() -> None:
    lines = [line(permission()), line(charge()), line(refund())]
    ledger = await imported(*lines)
    found = PaymentImport(ledger, Recorder())
    for one in lines:
        await found.add(one)
    report = await found.finish()
    assert (report.imported, report.new) == (3, 0)
    assert len(ledger.postings) == 2


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
async def test_size_of_the_batches_changes_nothing(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line(permission()), line(charge()), line(refund()), line(charge())]
    whole = await imported(*lines)
    monkeypatch.setattr(operations, "IMPORT_BATCH", batch)
    parts = await imported(*lines)
    assert (parts.facts, parts.postings, parts.known) == (whole.facts, whole.postings, whole.known)


async def test_periods_that_ended_while_nobody_looked_are_closed_one_by_one() -> None:
    """R-5: a settlement for each; days without a posting have none."""
    ledger = await imported(
        captured(1, "20260301T100000Z"),
        captured(2, "20260310T100000Z"),
        captured(3, "20260316T100000Z"),
        captured(4, "20260320T065959Z"),
        captured(5, "20260320T070000Z"),
    )
    assert await close_due(ledger, Instant.from_utc(2026, 3, 16, 6, 59)) == []
    made = await close_due(ledger, Instant.from_utc(2026, 3, 21, 6, 59))
    assert [(one.start.format_iso(), one.end.format_iso(), one.postings) for one in made] == [
        ("2026-03-01T10:00:00Z", "2026-03-16T07:00:00Z", 2),
        ("2026-03-16T07:00:00Z", "2026-03-17T07:00:00Z", 1),
        ("2026-03-17T07:00:00Z", "2026-03-20T07:00:00Z", 1),
    ]
    assert await close_due(ledger, Instant.from_utc(2026, 3, 21, 6, 59)) == []
    (last,) = await close_due(ledger, Instant.from_utc(2029, 3, 21))
    assert (last.end, last.postings) == (Instant.from_utc(2026, 3, 21, 7), 1)


async def test_closing_in_many_steps_is_the_same_as_closing_late() -> None:
    lines = [captured(day, f"202603{day:02d}T100000Z") for day in range(1, 29)]
    late, often = await imported(*lines), await imported(*lines)
    end = Instant.from_utc(2026, 4, 2)
    await close_due(late, end)
    for hour in range(24 * 40):
        await close_due(often, Instant.from_utc(2026, 2, 21).add(hours=hour))
    assert often.settlements == late.settlements
    assert len(late.settlements) == 14


async def test_posting_that_comes_late_goes_into_the_next_settlement() -> None:
    ledger = await imported(captured(1, "20260301T100000Z"))
    await close_due(ledger, Instant.from_utc(2026, 3, 16, 7))
    await imported(captured(2, "20260302T100000Z"), ledger=ledger)
    assert await close_due(ledger, Instant.from_utc(2026, 3, 16, 9)) == []
    (settlement,) = await close_due(ledger, Instant.from_utc(2026, 3, 17, 7))
    assert settlement.start == Instant.from_utc(2026, 3, 16, 7)
    assert [fact.at.format_iso() for fact in ledger.rows(settlement)] == [
        "2026-03-02T10:00:00Z",
        "2026-03-17T07:00:00Z",
    ]


async def test_each_currency_has_a_settlement_of_its_own() -> None:
    ledger = await imported(
        captured(1, "20260301T100000Z"), captured(2, "20260301T110000Z", "1000", "JPY")
    )
    made = await close_due(ledger, Instant.from_utc(2026, 3, 17))
    assert [(one.currency, one.paid) for one in made] == [("JPY", 961), ("USD", 941)]
    assert len({one.settlement_id for one in made}) == 2


async def test_debt_waits_for_the_next_sale() -> None:
    ledger = await imported(
        captured(1, "20260301T100000Z"),
        line(refund("Refunded", "20260318T100000Z", charge_id=f"{ONE_TIME}-C000001")),
        captured(2, "20260325T100000Z", "20.00"),
    )
    made = await close_due(ledger, Instant.from_utc(2026, 4, 10))
    assert [(one.opening, one.net, one.paid, one.carried_over) for one in made] == [
        (0, 941, 941, 0),
        (0, -971, 0, -971),
        (-971, 1912, 941, 0),
    ]
    kinds = [str(fact.values["transaction_type"]) for fact in ledger.rows(made[2])]
    assert kinds == ["Carryover", "Capture", "Transfer"]


async def test_operator_closes_at_will_and_the_rhythm_stays() -> None:
    ledger = await imported(
        captured(1, "20260301T100000Z"), captured(2, "20260303T100000Z", "20.00")
    )
    at = Instant.from_utc(2026, 3, 2)
    (settlement,) = await close_at_will(ledger, AMERICAN, at, reserve=300)
    assert (settlement.end, settlement.postings, settlement.paid) == (at, 1, 641)
    for again in (at, Instant.from_utc(2026, 3, 1)):
        with pytest.raises(Problem, match="closed until 2026-03-02T00:00:00Z already"):
            await close_at_will(ledger, AMERICAN, again)
    (settlement,) = await close_due(ledger, Instant.from_utc(2026, 3, 17))
    assert settlement.end == Instant.from_utc(2026, 3, 16, 7)
    assert (settlement.opening, settlement.paid) == (300, 2212)


async def test_close_far_ahead_that_settles_nothing_leaves_no_mark() -> None:
    """The operator moves his clock, looks, and sets it back."""
    ledger = await imported(captured(1, "20260301T100000Z"))
    assert await close_at_will(ledger, AMERICAN, Instant.from_utc(2026, 4, 1))
    assert await close_at_will(ledger, AMERICAN, Instant.from_utc(2199, 1, 1)) == []
    await imported(captured(2, "20260301T110000Z"), ledger=ledger)
    (settlement,) = await close_due(ledger, Instant.from_utc(2026, 4, 3))
    assert (settlement.end, settlement.postings) == (Instant.from_utc(2026, 4, 1, 7), 1)


async def test_balance_is_paid_at_the_next_close_without_a_sale() -> None:
    ledger = await imported(captured(1, "20260301T100000Z"))
    await close_at_will(ledger, AMERICAN, Instant.from_utc(2026, 3, 2), on_hold=True)
    (settlement,) = await close_due(ledger, Instant.from_utc(2026, 4, 17))
    assert (settlement.end, settlement.paid) == (Instant.from_utc(2026, 3, 16, 7), 941)
    assert settlement.postings == 0
    kinds = [fact.values["transaction_type"] for fact in ledger.rows(settlement)]
    assert kinds == ["Carryover", "Transfer"]


async def test_sandbox_and_other_merchants_are_not_settled_along() -> None:
    ledger = await imported(
        line(charge(at="20260301T100000Z"), environment="sandbox"),
        line(charge(at="20260301T100000Z", total=amount(100, "JPY")), JAPANESE),
    )
    (settlement,) = await close_due(ledger, Instant.from_utc(2026, 12, 1))
    assert settlement.account == Account(merchant_id=JAPANESE, environment=Environment.LIVE)
    assert await close_at_will(ledger, AMERICAN, Instant.from_utc(2026, 12, 1)) == []
    assert ledger.told(ReportType.CAPTURE, Environment.SANDBOX) == []


async def test_disbursements_are_the_transfers_newest_first() -> None:
    """Contract 4.13."""
    ledger = await imported(*(captured(day, f"202603{day:02d}T100000Z") for day in (1, 17, 18, 19)))
    made = await close_due(ledger, Instant.from_utc(2026, 4, 1))
    every = await ledger.disbursements(LIVE, made[0].end, Instant.from_utc(2026, 4, 1), None, 9)
    assert [one.settlement_id for _, one in every] == [one.settlement_id for one in made[::-1]]
    page = await ledger.disbursements(LIVE, made[1].end, made[3].end, every[0][0], 1)
    assert page == [every[1]]
