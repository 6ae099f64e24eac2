"""What becomes of the money of settlement periods: not a minor unit is lost or made in them."""

from __future__ import annotations

from functools import partial

from hypothesis import example, given
from hypothesis import strategies as st

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import AMERICAN, MERCHANTS
from torihiki.kernel.fact import Fact, ReportType
from torihiki.kernel.instant import Instant
from torihiki.kernel.money import Money
from torihiki.payments.model import (
    Account,
    Environment,
    Posting,
    Settlement,
    Standing,
)
from torihiki.payments.rows import Transaction, settlement_row
from torihiki.payments.settlement import (
    carried,
    close,
    closing_rows,
    disbursement,
    opening_rows,
    settlement_id,
)

ACCOUNT = Account(merchant_id=AMERICAN, environment=Environment.LIVE)
START = Instant.from_utc(2026, 3, 1)
END = Instant.from_utc(2026, 3, 15)
MOMENTS = st.integers(0, 40).map(lambda hours: START.add(hours=hours))


def standing(
    carried_in: int = 0,
    postings: int = 0,
    net: int = 0,
    currency: str = "USD",
    carried_over: int = 0,
) -> Standing:
    return Standing(
        account=ACCOUNT,
        currency=currency,
        number=7,
        start=START,
        carried=carried_in,
        carried_over=carried_over,
        postings=postings,
        net=net,
    )


def closed(found: Standing, *, reserve: int = 0, on_hold: bool = False) -> Settlement:
    settlement = close(found, END, reserve=reserve, on_hold=on_hold)
    assert settlement is not None
    return settlement


def rows(facts: list[Fact]) -> list[tuple[object, ...]]:
    for fact in facts:
        assert fact.report is ReportType.SETTLEMENT
        assert fact.values["posted"] == fact.at
        assert fact.values["net_amount"] == fact.values["transaction_amount"]
        for fee in ("percentage_fee", "fixed_fee", "total_fee"):
            assert fact.values[fee] == Money(0, str(fact.values["currency"]))
    return [
        (fact.values["transaction_type"], net(fact).text, fact.values["description"], fact.at)
        for fact in facts
    ]


def net(fact: Fact) -> Money:
    found = fact.values["net_amount"]
    assert isinstance(found, Money)
    return found


def test_positive_balance_is_paid_out_by_a_transfer() -> None:
    """The texts are those of the file in contract 5.2."""
    settlement = closed(standing(2400, 1, 154))
    assert rows(opening_rows(settlement)) == [
        ("Reserve", "24.00", "Previous Reserve Balance", START)
    ]
    description = "SellerPayments_DateRangeReport_transfer_accounting_ending_with_trace_id"
    assert rows(closing_rows(settlement)) == [("Transfer", "-25.54", description, END)]
    assert carried(settlement) == 0


def test_negative_balance_is_carried_over() -> None:
    settlement = closed(standing(0, 1, -971))
    assert opening_rows(settlement) == []
    ((kind, amount, _, at),) = rows(closing_rows(settlement))
    assert (kind, amount, at) == ("Carryover", "9.71", END)
    assert carried(settlement) == -971
    assert disbursement(settlement) is None


def test_balance_opens_the_next_period_as_what_it_was_left_behind() -> None:
    """Only what was held back was a reserve; a part of each is two rows."""
    debt = closed(standing(-971, 1, 100, carried_over=-971))
    assert rows(opening_rows(debt)) == [
        ("Carryover", "-9.71", "Balance carried over from the previous settlement", START)
    ]
    both = closed(standing(100, 1, 100, carried_over=-200))
    assert [row[:2] for row in rows(opening_rows(both))] == [
        ("Reserve", "3.00"),
        ("Carryover", "-2.00"),
    ]
    for settlement in (debt, both):
        told = [*opening_rows(settlement), *closing_rows(settlement)]
        assert sum(net(fact).minor for fact in told) == -settlement.net


def test_nothing_is_transferred_when_the_balance_is_zero() -> None:
    settlement = closed(standing(-500, 2, 500))
    assert len(opening_rows(settlement)) == 1
    assert closing_rows(settlement) == []
    assert disbursement(settlement) is None
    assert carried(settlement) == 0


def test_reserve_is_held_back_and_no_more_than_there_is() -> None:
    settlement = closed(standing(0, 1, 1000), reserve=300)
    assert [row[:2] for row in rows(closing_rows(settlement))] == [
        ("Reserve", "-3.00"),
        ("Transfer", "-7.00"),
    ]
    assert carried(settlement) == 300
    settlement = closed(standing(0, 1, 200), reserve=300)
    assert [row[:2] for row in rows(closing_rows(settlement))] == [("Reserve", "-2.00")]
    assert closed(standing(0, 1, -200), reserve=300).carried_over == -200


def test_account_on_hold_carries_everything_over() -> None:
    settlement = closed(standing(0, 1, 1000), reserve=300, on_hold=True)
    assert [row[:2] for row in rows(closing_rows(settlement))] == [("Carryover", "-10.00")]
    assert carried(settlement) == 1000


def test_period_with_nothing_to_tell_is_no_settlement() -> None:
    assert close(standing(), END) is None
    assert close(standing(-500), END) is None
    assert close(standing(500), END, on_hold=True) is None
    assert close(standing(500), END, reserve=500) is None
    assert closed(standing(500)).paid == 500
    assert closed(standing(500), reserve=200).paid == 300


def test_disbursement_is_what_the_transfer_row_says() -> None:
    """Contract 4.13."""
    settlement = closed(standing(0, 1, 1980, "JPY"))
    found = disbursement(settlement)
    assert found is not None
    assert found.amount == Money(1980, "JPY")
    assert found.amount.text == "1980"
    assert (found.settlement_id, found.at) == (settlement.settlement_id, END)
    assert found.reference_id.isalnum()
    assert len(found.reference_id) == 16
    other = disbursement(closed(standing(0, 1, 1, "JPY")))
    assert other is not None
    assert other.reference_id == found.reference_id


NUMBERS = st.integers(1, 9 * 10**9 - 1)


@given(NUMBERS, NUMBERS)
@example(1, 1 + 9 * 10**9 // 2)
@example(1, 1 + 9 * 10**9 // 3)
@example(1, 1 + 9 * 10**9 // 5)
def test_each_settlement_has_ten_digits_of_its_own(one: int, other: int) -> None:
    assert (settlement_id(one) == settlement_id(other)) == (one == other)
    assert len(settlement_id(one)) == 10
    assert settlement_id(one).isdecimal()


def test_settlement_ids_never_change() -> None:
    assert [settlement_id(number) for number in (1, 2, 3)] == [
        "5336315815",
        "8054597642",
        "1772879469",
    ]


POSTINGS = st.lists(
    st.tuples(
        MOMENTS,
        st.sampled_from(["USD", "JPY", "KWD"]),
        st.integers(-(10**12), 10**12) | st.integers(-3, 3),
        st.integers(-100, 100),
        st.integers(-100, 100),
        # How many closes have passed when it is imported.
        st.integers(0, 4),
    ),
    max_size=30,
)
CLOSES = st.lists(
    st.tuples(
        MOMENTS, st.sampled_from([0, 0, 1, 500, 10**13]), st.sampled_from([False, False, True])
    ),
    max_size=6,
)


def _posting(at: Instant, currency: str, amount: int, percentage: int, fixed: int) -> Posting:
    transaction = Transaction(
        kind="Capture",
        amount=Money(amount, currency),
        percentage_fee=percentage,
        fixed_fee=fixed,
    )
    return settlement_row(transaction, at)


@given(POSTINGS, CLOSES)
async def test_whatever_the_periods_settlements_are_the_ledger_and_each_sums_to_zero(
    postings: list[tuple[Instant, str, int, int, int, int]],
    closes: list[tuple[Instant, int, bool]],
) -> None:
    """Issue 5, item 7: nothing missing, nothing twice, to the minor unit, in yen and thousandths too."""
    ledger = MemoryLedger(MERCHANTS)
    seen: list[Fact] = []
    balances: dict[str, int] = {}
    endings: dict[str, list[tuple[object, Money]]] = {}
    # The last one takes everything that is left.
    closes = [*closes, (START.add(hours=1000), 0, False)]
    for passed, (until, reserve, on_hold) in enumerate(closes):
        for at, currency, amount, percentage, fixed, when in postings:
            if when == passed or (passed == len(closes) - 1 and when > passed):
                posting = _posting(at, currency, amount, percentage, fixed)
                ledger.postings.append((ACCOUNT, posting))
        how = partial(close, until=until, reserve=reserve, on_hold=on_hold)
        for settlement in await ledger.settle(ACCOUNT, until, how):
            told = ledger.rows(settlement)
            assert sum(net(fact).minor for fact in told) == 0
            assert {net(fact).currency for fact in told} == {settlement.currency}
            assert settlement.opening == balances.get(settlement.currency, 0)
            before = endings.get(settlement.currency, [])
            opened = [(fact.values["transaction_type"], -net(fact)) for fact in told[:2]]
            assert opened[: len(before)] == before
            assert len(opening_rows(settlement)) == len(before)
            endings[settlement.currency] = [
                (kind, net(fact))
                for fact in closing_rows(settlement)
                if (kind := fact.values["transaction_type"]) != "Transfer"
            ]
            inner = told[len(opening_rows(settlement)) : len(told) - len(closing_rows(settlement))]
            assert len(inner) == settlement.postings
            assert all(fact.at < settlement.end for fact in inner)
            assert settlement.start < settlement.end
            assert settlement.paid >= 0
            assert settlement.reserved >= 0
            balances[settlement.currency] = carried(settlement)
            seen += inner
    assert len(ledger.settled) == len(ledger.postings) == len(postings)
    assert sorted(map(id, seen)) == sorted(id(one.fact) for _, one in ledger.postings)
    for currency in {one.net.currency for _, one in ledger.postings}:
        earned = sum(one.net.minor for _, one in ledger.postings if one.net.currency == currency)
        paid = sum(one.paid for one in ledger.settlements if one.currency == currency)
        assert paid + balances.get(currency, 0) == earned
        assert balances.get(currency, 0) <= 0
