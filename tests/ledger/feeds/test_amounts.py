"""Amounts in files are read to the last unit: no float, in either writing and any currency (VAL-1)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.imports import DecimalWriting
from branchtui.format.money import money
from branchtui.ledger.feeds.amounts import amount_reader


@pytest.mark.parametrize("writing", [DecimalWriting.POINT, DecimalWriting.COMMA])
@pytest.mark.parametrize("currency", ["KES", "JPY", "KWD"])
@given(amount_minor=st.integers(1, MAX_AMOUNT_MINOR))
@example(amount_minor=115)
@example(amount_minor=MAX_AMOUNT_MINOR)
@example(amount_minor=MAX_AMOUNT_MINOR - 1)
def test_an_amount_written_into_a_file_and_read_again_is_the_same(
    writing: DecimalWriting, currency: str, amount_minor: int
) -> None:
    """Every unit of every amount up to the largest, with thousands signs and without."""
    written = money(amount_minor, currency)
    if writing is DecimalWriting.COMMA:
        written = written.translate(str.maketrans(",.", ".,"))
    group = "," if writing is DecimalWriting.POINT else "."
    read = amount_reader(writing, currency)

    assert read(written) == amount_minor
    assert read(written.replace(group, "")) == amount_minor
