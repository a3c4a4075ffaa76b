"""Phones of a whole file: read as one is read, and many times as fast (contract, section 5)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchtui.ledger.phones import Phone, PhoneUnreadable, read_phone, read_phones, shared_digits

REGIONS = ("KE", "UG", "TZ", "GB", "IN", "DE", "IT", "BR", "AR", "MX", "US", "ZZ")
WRITTEN = st.from_regex(r"\A(\+|00|0|)(254|256|44|39|1|)[0-9 ().-]{0,14}\Z")


def read(reader: object, written: str) -> Phone | None:
    try:
        return reader(written)  # type: ignore[operator]
    except PhoneUnreadable:
        return None


@pytest.mark.parametrize("region", REGIONS)
@settings(max_examples=100, deadline=None)
@given(written=WRITTEN)
def test_a_file_of_phones_is_read_as_each_of_them_is(region: str, written: str) -> None:
    """Contract, section 8: `+254` phones survive; whatever is written, the short way gives what the long one gives."""
    assert read(read_phones(region), written) == read(lambda each: read_phone(each, region), written)


@pytest.mark.parametrize(
    "written", ["0711222333", "+254711222333", "0711 222-333", "(0711) 222333", "254711222333"]
)
def test_the_usual_writings_mean_one_number(written: str) -> None:
    """Contract, section 5: one form inside, whatever people write."""
    assert read_phones("KE")(written) == Phone("+254711222333", "0711222333")


@pytest.mark.parametrize(
    ("digits", "region", "shared"),
    [
        ("0711222333", "KE", "711222333"),
        ("254711222333", "KE", "711222333"),
        ("0711222", "KE", "711222"),
        ("254711222", "KE", "711222"),
        ("711222333", "KE", "711222333"),
        ("071122", "KE", "071122"),
        ("25471", "KE", "25471"),
        ("100245", "KE", "100245"),
        ("447700900123", "KE", "447700900123"),
        ("0711222333", "ZZ", "0711222333"),
    ],
)
def test_what_all_writings_of_a_phone_share_is_looked_for(digits: str, region: str, shared: str) -> None:
    """Neither trunk nor country code, where enough is left to tell people apart."""
    assert shared_digits(digits, region) == shared
