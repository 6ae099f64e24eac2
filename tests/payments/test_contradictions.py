"""Lines that cannot be true beside what the ledger has: each is refused by its number, and nothing of it is kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import (
    MERCHANTS,
    ONE_TIME,
    SECRET,
    Json,
    adjustment,
    amount,
    charge,
    line,
    refund,
)
from tests.payments.telling import SUMS, T1, T2, T3, T4, posted
from torihiki.kernel.line_import import LineError
from torihiki.kernel.money import Money
from torihiki.payments import operations
from torihiki.payments.model import KnownOther, pack
from torihiki.payments.operations import PaymentImport, PaymentReport
from torihiki.payments.recording import Recorder

TAKEN = "`adjustmentId` is that of another adjustment already"
OTHER_CHARGE = "`chargeAmount` is in another currency than the charge was before"
OTHER_REFUND = "`refundAmount` is in another currency than the charge"


async def imported(ledger: MemoryLedger, *found: Json) -> PaymentReport:
    """One import."""
    importing = PaymentImport(ledger, Recorder())
    for one in found:
        await importing.add(line(one))
    return await importing.finish()


def report(imported: int, new: int, **errors: str) -> PaymentReport:
    """`errors` are reasons by `line` and its number."""
    return PaymentReport(
        imported=imported,
        new=new,
        failed=len(errors),
        errors=[LineError(line=int(name[4:]), reason=text) for name, text in errors.items()],
    )


OTHERS = [
    adjustment(at="20260401T100000Z"),
    adjustment("Adjustment"),
    adjustment(total=amount("500.00")),
    adjustment(total=amount("-1000", "JPY")),
    adjustment(chargeId=None),
    adjustment(percentageFee=amount("0.29")),
    adjustment(fixedFee=amount("0.29")),
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("batch", [1, 1000])
async def test_adjustment_with_the_id_of_another_is_refused(
    other: Json, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same batch, in the next one and in a later import, each time again; what was posted stays."""
    monkeypatch.setattr(operations, "IMPORT_BATCH", batch)
    ledger = MemoryLedger(MERCHANTS)
    assert await imported(ledger, adjustment(), other) == report(1, 1, line2=TAKEN)
    assert await imported(ledger, other, adjustment()) == report(1, 0, line1=TAKEN)
    assert posted(ledger, "transaction_type", "transaction_amount") == [("Chargeback", "-10.00")]
    assert SECRET not in TAKEN


@pytest.mark.parametrize("batch", [1, 1000])
async def test_same_adjustment_again_is_nothing_new(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However its numbers are written, and with another description."""
    monkeypatch.setattr(operations, "IMPORT_BATCH", batch)
    ledger = MemoryLedger(MERCHANTS)
    same = [
        adjustment(),
        adjustment(total=amount(-10)),
        adjustment(at="2026-03-20T19:00:00+09:00", fixedFee=amount(0)),
        adjustment(description=f"{SECRET} words"),
    ]
    assert await imported(ledger, *same) == report(4, 1)
    assert await imported(ledger, *same) == report(4, 0)
    assert len(ledger.postings) == 1
    assert SECRET not in str(ledger.events)


async def test_adjustment_that_an_older_version_stored_is_nothing_new() -> None:
    """It kept no more than that it was posted."""
    ledger = MemoryLedger(MERCHANTS)
    await imported(ledger, adjustment())
    ((key, _),) = ledger.known.items()
    ledger.known[key] = pack(KnownOther(states=("Posted",)))
    ledger.events.clear()
    for _ in range(2):
        assert await imported(ledger, adjustment()) == report(1, 0)
    assert len(ledger.postings) == 1


@given(st.lists(st.sampled_from([adjustment(), *OTHERS]), min_size=1), st.integers(1, 4))
async def test_first_of_many_adjustments_with_one_id_is_kept(found: list[Json], batch: int) -> None:
    """Each line is imported or refused, and no money disappears without a word."""
    ledger = MemoryLedger(MERCHANTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "IMPORT_BATCH", batch)
        made = await imported(ledger, *found)
    refused = [number for number, one in enumerate(found, 1) if one != found[0]]
    assert made == report(
        len(found) - len(refused), 1, **{f"line{number}": TAKEN for number in refused}
    )
    assert len(ledger.postings) == 1


YEN = amount("1000", "JPY")


@pytest.mark.parametrize("state", ["RefundInitiated", "Refunded", "Declined"])
async def test_refund_in_another_currency_than_its_charge_is_refused(state: str) -> None:
    """Amazon refunds in the currency of the charge; the fee would come back though none was taken in it."""
    ledger = MemoryLedger(MERCHANTS)
    wrong = refund(state, T3, total=YEN)
    assert await imported(ledger, wrong, charge()) == report(1, 1, line1=OTHER_REFUND)
    assert await imported(ledger, wrong, wrong) == report(
        0, 0, line1=OTHER_REFUND, line2=OTHER_REFUND
    )
    assert await imported(ledger, refund(state, T3)) == report(1, 1)
    assert posted(ledger, *SUMS)[0] == ("Capture", "10.00", "-0.29", "-0.30", "9.41")
    assert len(ledger.postings) == (2 if state == "Refunded" else 1)


async def test_charge_does_not_change_its_currency() -> None:
    """Whatever the order of the lines, the earlier state counts; a wrong one takes nothing with it."""
    course = [charge("Authorized", T1), charge(at=T2, total=YEN), refund(at=T3, total=YEN)]
    for order in itertools.permutations(course):
        ledger = MemoryLedger(MERCHANTS)
        made = await imported(ledger, *order)
        assert (made.imported, made.new, made.failed) == (1, 1, 2)
        assert [error.reason for error in made.errors] == [
            OTHER_REFUND if "refundId" in one else OTHER_CHARGE
            for one in order
            if one is not course[0]
        ]
        assert ledger.postings == []
        assert await imported(ledger, charge(at=T2), refund(at=T3)) == report(2, 2)
        assert [row[0:2] for row in posted(ledger, *SUMS)] == [
            ("Capture", "10.00"),
            ("Refund", "-10.00"),
        ]


async def test_refund_that_was_imported_before_its_charge_stays_and_counts_for_nothing() -> None:
    """Which of them is wrong cannot be told, and a charge is not to be lost for it."""
    ledger = MemoryLedger(MERCHANTS)
    assert await imported(ledger, refund(at=T3, total=YEN)) == report(1, 1)
    assert await imported(ledger, charge()) == report(1, 1)
    again = refund(at=T4, refund_id=f"{ONE_TIME}-R000002", total=YEN)
    assert await imported(ledger, again) == report(0, 0, line1=OTHER_REFUND)
    assert await imported(ledger, refund(at=T3, total=YEN)) == report(1, 0)
    (first, last) = posted(ledger, *SUMS)
    assert (first[1:3], last[1:3]) == (("-1000", "39"), ("10.00", "-0.29"))


def dollars(minor: int) -> Json:
    return amount(f"{minor // 100}.{minor % 100:02d}")


def parts(minors: list[int], first: int) -> list[Json]:
    return [
        refund("Refunded", T4, f"{ONE_TIME}-R{number:06d}", dollars(minor))
        for number, minor in enumerate(minors, first)
    ]


MINORS = st.lists(st.integers(1, 3000), max_size=4)


@given(
    captured=st.integers(1, 3000),
    before=MINORS,
    after=MINORS,
    known=st.booleans(),
    together=st.booleans(),
)
async def test_fees_never_come_back_beyond_what_was_taken_once_the_capture_is_known(
    captured: int, before: list[int], after: list[int], *, known: bool, together: bool
) -> None:
    """In one batch that is always; refunds of a batch before the capture's can have given more, and none comes then."""
    ledger = MemoryLedger(MERCHANTS)
    first, last = parts(before, 1), parts(after, 101)
    capture = charge("Captured", T2, total=dollars(3000), captureAmount=dollars(captured))
    opening = [charge("Authorized", T1, total=dollars(3000))] if known else []
    imports = (
        [[*first, *last, *opening, capture]] if together else [opening, first, [capture], last]
    )
    for each in imports:
        assert (await imported(ledger, *each)).failed == 0
    taken, back, late = 0, 0, 0
    for _, one in ledger.postings:
        fee = one.fact.values["percentage_fee"]
        assert isinstance(fee, Money)
        if one.fact.values["transaction_type"] == "Capture":
            taken = -fee.minor
        else:
            assert fee.minor >= 0
            back += fee.minor
            late += fee.minor if taken else 0
    if together:
        assert back <= taken
    assert late <= max(0, taken - (back - late))
