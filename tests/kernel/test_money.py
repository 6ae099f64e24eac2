"""Money is exact, and what is no money is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torihiki.kernel.money import MINOR_MAX, Money, NotMoney, minor_digits, parse

currencies = st.sampled_from(["USD", "EUR", "GBP", "JPY", "KRW", "KWD", "BHD"])
amounts = st.builds(Money, st.integers(-MINOR_MAX, MINOR_MAX), currencies)


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "text"),
    [
        ("14.00", "USD", 1400, "14.00"),
        ("-0.29", "USD", -29, "-0.29"),
        ("-0.00", "USD", 0, "0.00"),
        ("14.5", "EUR", 1450, "14.50"),
        (14, "USD", 1400, "14.00"),
        (Decimal("14.5"), "USD", 1450, "14.50"),
        (Decimal("1E+2"), "USD", 10000, "100.00"),
        (Decimal("-0.07"), "USD", -7, "-0.07"),
        ("1200", "JPY", 1200, "1200"),
        (-1200, "KRW", -1200, "-1200"),
        ("1.005", "KWD", 1005, "1.005"),
        ("0.001", "BHD", 1, "0.001"),
    ],
)
def test_amount_is_read_to_the_minor_unit_and_written_with_all_its_digits(
    amount: str | int | Decimal, currency: str, minor: int, text: str
) -> None:
    money = parse(amount, currency)
    assert money == Money(minor, currency)
    assert money.text == text


@given(amounts)
def test_text_of_any_amount_is_read_as_the_same_amount(money: Money) -> None:
    if abs(money.minor) <= MINOR_MAX:
        assert parse(money.text, money.currency) == money
        assert parse(Decimal(money.text), money.currency) == money


@pytest.mark.parametrize(
    "amount",
    [
        "", " 1", "1 ", "+1", "1,000.00", "1e3", "0x1", ".5", "5.", "01", "--1", "1.2.3", "NaN", "Infinity", "\u0661",
        "1.001", "1.000", "1\n", True, 10**18, "9" * 5_000, Decimal("NaN"), Decimal("-Infinity"),
        Decimal("0.001"), Decimal("1E+1000000"), Decimal("1E-1000000"), Decimal("0E-1000000"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount: str | int | Decimal) -> None:
    with pytest.raises(NotMoney):
        parse(amount, "USD")


def test_number_too_long_to_be_written_out_is_refused() -> None:
    with pytest.raises(NotMoney):
        parse(10**5_000, "USD")


@pytest.mark.parametrize(
    ("amount", "currency"), [("100.5", "JPY"), ("100.00", "JPY"), ("1.0001", "KWD")]
)
def test_fraction_finer_than_the_minor_unit_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(NotMoney, match="digits behind the point"):
        parse(amount, currency)


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDX", "U$D", "\uff35\uff33\uff24"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(NotMoney, match="currency"):
        parse("1", currency)


@given(st.text() | st.decimals() | st.integers(), currencies)
def test_anything_is_an_amount_or_refused(amount: str | int | Decimal, currency: str) -> None:
    try:
        money = parse(amount, currency)
    except NotMoney:
        return
    assert abs(money.minor) <= MINOR_MAX
    assert Decimal(money.text) == Decimal(amount)


@given(currencies, st.lists(st.integers(-(10**12), 10**12), max_size=50))
def test_sums_are_exact(currency: str, minors: list[int]) -> None:
    total = Money(0, currency)
    for minor in minors:
        total = total + Money(minor, currency)
        total = total - (-Money(minor, currency))
    assert total == Money(2 * sum(minors), currency)
    assert Decimal(total.text) == Decimal(2 * sum(minors)).scaleb(-minor_digits(currency))


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(NotMoney, match="USD and JPY"):
        Money(1, "USD") + Money(1, "JPY")
    with pytest.raises(NotMoney, match="JPY and USD"):
        Money(1, "JPY") - Money(1, "USD")
