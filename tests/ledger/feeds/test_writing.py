"""How a file writes amounts and dates: from all its rows, never guessed (contract, section 8; VAL-1)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchtui.contract.imports import DateOrder, DecimalWriting, Delimiter
from branchtui.ledger.feeds.amounts import DecimalEvidence, amount_reader
from branchtui.ledger.feeds.dates import DateEvidence, date_reader
from branchtui.ledger.feeds.finding import CellError

POINT, COMMA = DecimalWriting.POINT, DecimalWriting.COMMA


def writing(*texts: str, delimiter: Delimiter = Delimiter.COMMA) -> tuple[DecimalWriting, bool]:
    """The recognised writing, and whether a question stays."""
    evidence = DecimalEvidence()
    for text in texts:
        evidence.add(text)
    decided, question = evidence.decide(delimiter)
    return decided, question is not None


@pytest.mark.parametrize(
    ("texts", "delimiter", "expected"),
    [
        (("62,500.50", "10000"), Delimiter.COMMA, (POINT, False)),
        (("250,75",), Delimiter.COMMA, (COMMA, False)),
        (("250.75",), Delimiter.SEMICOLON, (POINT, False)),
        (("1.250.000",), Delimiter.COMMA, (COMMA, False)),
        (("1,250",), Delimiter.COMMA, (POINT, False)),
        (("1.250",), Delimiter.SEMICOLON, (COMMA, False)),
        (("1.5", "1,5"), Delimiter.COMMA, (POINT, False)),
        (("1.5", "1,5"), Delimiter.SEMICOLON, (COMMA, False)),
        (("1,250",), Delimiter.TAB, (POINT, True)),
        (("1250",), Delimiter.TAB, (POINT, False)),
        (("-5", "1E+05", "", "abc"), Delimiter.COMMA, (POINT, False)),
    ],
)
def test_the_decimal_sign_is_what_the_rows_show(
    texts: tuple[str, ...], delimiter: Delimiter, expected: tuple[DecimalWriting, bool]
) -> None:
    """Where they show none, the delimiter decides; where neither does, it is asked."""
    assert writing(*texts, delimiter=delimiter) == expected


@pytest.mark.parametrize(
    ("decimal", "currency", "text", "minor"),
    [
        (POINT, "KES", "62,500.50", 6_250_050),
        (POINT, "KES", "1250", 125_000),
        (POINT, "KES", " 12.05 ", 1_205),
        (POINT, "KES", "0.01", 1),
        (POINT, "KES", "007.5", 750),
        (COMMA, "KES", "250,75", 25_075),
        (COMMA, "KES", "1.250,7", 125_070),
        (COMMA, "KES", "1.250", 125_000),
        (POINT, "UGX", "1,250", 1_250),
        (POINT, "KWD", "1.250", 1_250),
        (POINT, "KES", "10,000,000,000,000.00", 10**15),
    ],
)
def test_an_amount_is_read_in_the_files_writing(
    decimal: DecimalWriting, currency: str, text: str, minor: int
) -> None:
    """VAL-1: integer minor units, by the currency's decimals."""
    assert amount_reader(decimal, currency)(text) == minor


@pytest.mark.parametrize(
    ("decimal", "text", "code"),
    [
        (POINT, "", "blank"),
        (POINT, "   ", "blank"),
        (POINT, "12.345", "decimals"),
        (COMMA, "1,250", "decimals"),
        (POINT, "1E+05", "scientific"),
        (POINT, "-5", "negative"),
        (POINT, "(5.00)", "negative"),
        (POINT, "+5", "not-an-amount"),
        (POINT, "0", "zero"),
        (POINT, "0.00", "zero"),
        (POINT, "1_000", "not-an-amount"),
        (POINT, "٣", "not-an-amount"),
        (POINT, "１", "not-an-amount"),
        (POINT, "1,25", "grouping"),
        (POINT, "1.250,75", "grouping"),
        (POINT, "12,50.00", "grouping"),
        (POINT, "10000000000000.01", "too-much"),
        (POINT, "9" * 39, "too-much"),
        (POINT, "9" * 5_000, "grouping"),
        (POINT, "NaN", "not-an-amount"),
        (POINT, "KES 5", "not-an-amount"),
        (POINT, "5 000", "not-an-amount"),
        (POINT, "0x10", "not-an-amount"),
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(decimal: DecimalWriting, text: str, code: str) -> None:
    """VAL-1: no sign, no exponent, no underscore, ASCII digits only."""
    with pytest.raises(CellError) as refused:
        amount_reader(decimal, "KES")(text)
    assert refused.value.code == code
    assert len(str(refused.value)) < 200


@given(
    st.integers(1, 10**15),
    st.sampled_from(["KES", "UGX", "KWD"]),
    st.booleans(),
    st.sampled_from([POINT, COMMA]),
)
def test_every_amount_written_in_a_writing_is_read_back(
    minor: int, currency: str, grouped: bool, decimal: DecimalWriting
) -> None:
    """Property: write, then read, gives the same minor units."""
    places = {"KES": 2, "UGX": 0, "KWD": 3}[currency]
    whole, part = divmod(minor, 10**places)
    text = f"{whole:,}" if grouped else str(whole)
    text += f".{part:0{places}d}" if places else ""
    if decimal is COMMA:
        text = text.translate(str.maketrans(",.", ".,"))
    assert amount_reader(decimal, currency)(text) == minor


def order(*texts: str) -> tuple[DateOrder | None, bool]:
    """The recognised order, and whether a question stays."""
    evidence = DateEvidence()
    for text in texts:
        evidence.add(text)
    decided, question = evidence.decide()
    return decided, question is not None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("2026-09-30",), (DateOrder.ISO, False)),
        (("30/09/2026", "01/02/2026"), (DateOrder.DAY_FIRST, False)),
        (("09/30/2026", "01/02/2026"), (DateOrder.MONTH_FIRST, False)),
        (("01/02/2026",), (None, True)),
        (("05/05/2026",), (DateOrder.DAY_FIRST, False)),
        (("30/09/2026", "09/30/2026"), (None, True)),
        (("45/02/2026", "2026-09-30"), (DateOrder.ISO, False)),
        (("", "soon"), (DateOrder.ISO, False)),
    ],
)
def test_day_and_month_are_what_the_rows_show_and_never_guessed(
    texts: tuple[str, ...], expected: tuple[DateOrder | None, bool]
) -> None:
    """Contract, section 8: what the rows leave open is asked."""
    assert order(*texts) == expected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("30/09/2026", "2026-09-30"),
        ("3.9.2026", "2026-09-03"),
        ("2026-02-28", "2026-02-28"),
        ("29/02/2028", "2028-02-29"),
        (" 2026-02-28 00:00:00 ", "2026-02-28"),
        ("2026-02-28T00:00:00.000000", "2026-02-28"),
        ("30/09/2026 0:00", "2026-09-30"),
    ],
)
def test_a_date_is_read_day_first(text: str, wanted: str) -> None:
    """In a file whose dates have the day first; ISO is understood in every file."""
    assert date_reader(DateOrder.DAY_FIRST)(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-30",
        "30/9/26",
        "31/04/2026",
        "1/13/2026",
        "today",
        "2026-9-3",
        "00/01/2026",
        "2026-02-28 08:15",
        "46295",
        "00:00",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """With a sentence, never a guess."""
    with pytest.raises(CellError):
        date_reader(DateOrder.DAY_FIRST)(text)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_the_two_orders_disagree_only_by_swapping_day_and_month(day: date) -> None:
    """Property: writing a date in an order and reading it in that order gives it back."""
    assert date_reader(DateOrder.DAY_FIRST)(day.strftime("%d/%m/%Y")) == day.isoformat()
    assert date_reader(DateOrder.MONTH_FIRST)(day.strftime("%m/%d/%Y")) == day.isoformat()
