"""Money keyed and shown: exact, or refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchtui.format.money import AMOUNT_MINOR_MAX, MoneyError, money, parse_money


@given(st.integers(1, AMOUNT_MINOR_MAX), st.sampled_from(["KES", "JPY", "KWD", "CLF", "USD"]))
def test_an_amount_shown_and_keyed_again_is_the_same(amount_minor: int, currency: str) -> None:
    """Nothing is lost between the screen and the wire, with or without commas."""
    assert parse_money(money(amount_minor, currency), currency) == amount_minor
    assert parse_money(money(amount_minor, currency).replace(",", ""), currency) == amount_minor


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [
        (125000, "KES", "1,250.00"),
        (5, "KES", "0.05"),
        (-5, "KES", "-0.05"),
        (-125000, "KES", "-1,250.00"),
        (1250, "JPY", "1,250"),
        (1250555, "KWD", "1,250.555"),
        (0, "KES", "0.00"),
    ],
)
def test_money_is_shown_with_the_decimals_of_its_currency(
    amount_minor: int, currency: str, shown: str
) -> None:
    """ISO 4217 gives the decimals; thousands have commas."""
    assert money(amount_minor, currency) == shown


@pytest.mark.parametrize(
    ("keyed", "amount_minor"),
    [("1250", 125000), ("1,250.00", 125000), ("1250.5", 125050), (" 1250 ", 125000), (".5", 50), ("0.01", 1)],
)
def test_the_usual_ways_to_key_an_amount_are_taken(keyed: str, amount_minor: int) -> None:
    """Commas at the thousands and a decimal point, or plain digits."""
    assert parse_money(keyed, "KES") == amount_minor


@pytest.mark.parametrize(
    ("keyed", "sentence"),
    [
        ("", "Key an amount."),
        ("1,250.555", "1,250.555 has three decimals; KES has two."),
        ("1e5", "e is not one"),
        ("1_000", "_ is not one"),
        ("-5", "without a sign"),
        ("+5", "without a sign"),
        ("1 250", "without spaces"),
        ("12,50", "commas are not at the thousands"),
        ("1,2500", "commas are not at the thousands"),
        (",250", "commas are not at the thousands"),
        ("1250,00", "commas are not at the thousands"),
        ("1.2.3", "is not an amount"),
        (".", "is not an amount"),
        ("0", "more than zero"),
        ("0.00", "more than zero"),
        ("10000000000000.01", "the most one amount may be"),
        ("٣", "is not one"),
        ("１２", "is not one"),
        ("NaN", "N is not one"),
        ("9" * 50, "too long"),
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(keyed: str, sentence: str) -> None:
    """Never an exponent, a sign, an underscore, a space, a foreign digit, a fourth of a cent."""
    with pytest.raises(MoneyError) as refused:
        parse_money(keyed, "KES")
    assert sentence in str(refused.value)


def test_a_currency_without_decimals_says_so() -> None:
    """JPY has none."""
    with pytest.raises(MoneyError, match=r"5\.5 has one decimal; JPY has none\."):
        parse_money("5.5", "JPY")


@given(st.text(max_size=30))
def test_any_text_is_an_amount_in_range_or_a_sentence(keyed: str) -> None:
    """No keyed text raises anything but `MoneyError`."""
    try:
        assert 1 <= parse_money(keyed, "KES") <= AMOUNT_MINOR_MAX
    except MoneyError as refused:
        assert str(refused)
