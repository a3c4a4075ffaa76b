"""Which entries of overlapping statements are payments already, whatever a bank does with its references."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchtui.ledger.workflows.statement_codes import (
    Codes,
    Decision,
    Fate,
    Held,
    Wanted,
    base_of,
    dated,
    series,
)

DAYS = ("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04")
Booking = tuple[str, str, int]
"""Reference, day, amount."""

_bookings = st.lists(
    st.tuples(st.sampled_from(["FT000001", "FT000002"]), st.sampled_from(DAYS), st.sampled_from([100, 200])),
    max_size=14,
)
_windows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3)).map(sorted).map(tuple), min_size=1, max_size=6
)


class Ledger:
    """Payments by code, as statements bring them in."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.made: Counter[Booking] = Counter()

    def bring(self, bookings: list[Booking], *, strict: bool = False) -> list[Decision]:
        """One statement, entry by entry."""
        codes = Codes(self.held.get)
        decisions: list[Decision] = []
        new: dict[str, Held] = {}
        for base, day, amount in bookings:
            found = codes.decide(Wanted(base, day, amount, "KES", strict))
            decisions.append(found)
            if found.fate is Fate.NEW:
                assert found.code not in self.held
                assert found.code not in new
                new[found.code] = Held("1", amount, "KES", day, "statement")
                self.made[base, day, amount] += 1
        self.held |= new
        return decisions


@settings(max_examples=300, deadline=None)
@given(_bookings, _windows)
def test_overlapping_statements_bring_each_booking_once(
    bookings: list[Booking], windows: list[tuple[int, int]]
) -> None:
    """Statements of whole days, in any order, one over the other, with references that repeat: each booking once."""
    ledger = Ledger()
    in_order = sorted(bookings, key=lambda each: each[1])
    covered: set[str] = set()
    for first, last in windows:
        days = set(DAYS[first : last + 1])
        covered |= days
        decisions = ledger.bring([each for each in in_order if each[1] in days])
        assert all(each.fate is not Fate.QUARANTINED for each in decisions)
    assert ledger.made == Counter(each for each in bookings if each[1] in covered)


@settings(max_examples=100, deadline=None)
@given(_bookings)
def test_the_same_statement_again_brings_nothing(bookings: list[Booking]) -> None:
    """Contract, section 5: every entry finds the payment that it is."""
    ledger = Ledger()
    ledger.bring(bookings)
    assert all(each.fate is Fate.KNOWN for each in ledger.bring(bookings))


def test_a_reference_with_another_amount_on_its_day_is_left_to_a_person() -> None:
    """INV-6: quarantined, never dropped and never a second payment."""
    ledger = Ledger()
    ledger.bring([("FT000001", DAYS[0], 100)])
    (found,) = ledger.bring([("FT000001", DAYS[0], 200)])
    assert (found.fate, found.code, found.held) == (Fate.QUARANTINED, "FT000001", ledger.held["FT000001"])


def test_a_standing_order_keeps_its_reference_and_is_a_payment_each_time() -> None:
    """The same reference and amount on another day is another booking."""
    ledger = Ledger()
    for day in DAYS:
        (found,) = ledger.bring([("SO000001", day, 100)])
        assert found.fate is Fate.NEW
    assert set(ledger.held) == {"SO000001", "SO000001/261102", "SO000001/261103", "SO000001/261104"}


def test_what_another_door_brought_is_found_whatever_its_day() -> None:
    """A slip is keyed on the day the customer comes."""
    codes = Codes({"FT000001": Held("1", 100, "KES", "2026-10-30", "manual")}.get)
    assert codes.decide(Wanted("FT000001", DAYS[0], 100, "KES")).fate is Fate.KNOWN
    codes = Codes({"FT000001": Held("1", 100, "KES", "2026-10-30", "manual")}.get)
    assert codes.decide(Wanted("FT000001", DAYS[0], 90, "KES")).fate is Fate.QUARANTINED


@pytest.mark.parametrize("is_strict", [True, False])
def test_what_was_reversed_as_never_come_and_comes_is_left_to_a_person(is_strict: bool) -> None:
    """INV-6: neither known, and dropped, nor a second payment under its code."""
    reversed_ = Held("1", 100, "KES", DAYS[0], "manual", is_reversed=True)
    found = Codes({"FT000001": reversed_}.get).decide(Wanted("FT000001", DAYS[0], 100, "KES", is_strict))
    assert (found.fate, found.held) == (Fate.QUARANTINED, reversed_)
    assert "reversed as if it had never come" in found.because


@pytest.mark.parametrize(("amount", "fate"), [(100, Fate.KNOWN), (90, Fate.QUARANTINED)])
def test_a_provider_of_mobile_money_never_repeats_a_code(amount: int, fate: Fate) -> None:
    """The code alone decides, in the ledger and within the file."""
    ledger = Ledger()
    first, second = ledger.bring([("SKA1", DAYS[0], 100), ("SKA1", DAYS[1], amount)], strict=True)
    assert (first.fate, second.fate) == (Fate.NEW, fate)
    (third,) = ledger.bring([("SKA1", DAYS[2], amount)], strict=True)
    assert third.fate is fate


@pytest.mark.parametrize("reference", [None, "", "1", "0000", "x" * 60, "réf-000001", "12-34"])
def test_what_names_nothing_is_no_code(reference: str | None) -> None:
    """Counts within a file, words for nothing, what no code may hold: the entry itself makes its code."""
    found = base_of(reference, "2026-11-03", "0170", ("W. Kamau", "100245"))
    assert found.startswith("261103-")
    assert found == base_of(reference, "2026-11-03", "0170", ("w  kamau", "100 245"))
    assert found != base_of(reference, "2026-11-03", "0171", ("W. Kamau", "100245"))
    assert found != base_of(reference, "2026-11-04", "0170", ("W. Kamau", "100245"))


def test_the_series_of_a_reference_is_what_is_looked_up_first() -> None:
    """Reference, reference and day, then a count."""
    found = series("FT000001", "2026-11-03")
    assert next(found) == "FT000001"
    assert next(found) == dated("FT000001", "2026-11-03") == "FT000001/261103"
    assert next(found) == "FT000001/261103/2"


@pytest.mark.parametrize(
    ("other_day", "amount", "fate"),
    [
        (DAYS[0], 100, Fate.QUARANTINED),
        (DAYS[0], 90, Fate.NEW),
        (DAYS[2], 100, Fate.NEW),
        (DAYS[1], 100, Fate.NEW),
        ("", 100, Fate.NEW),
    ],
)
def test_a_payment_that_is_there_under_the_banks_other_day_is_asked_about(
    other_day: str, amount: int, fate: Fate
) -> None:
    """One format counts by the day of value, another by that of booking: it is neither doubled nor lost."""
    ledger = Ledger()
    ledger.bring([("FT000001", DAYS[0], 100)])
    wanted = Wanted("FT000001", DAYS[1], amount, "KES", other_day=other_day)
    assert Codes(ledger.held.get).decide(wanted).fate is fate


def test_the_banks_other_day_is_not_looked_at_where_an_entry_of_the_file_is_that_payment() -> None:
    """Two bookings of one reference on two days, of which each is told with the day of the other."""
    ledger = Ledger()
    ledger.bring([("FT000001", DAYS[0], 100)])
    codes = Codes(ledger.held.get)
    fates = [
        codes.decide(Wanted("FT000001", day, 100, "KES", other_day=other)).fate
        for day, other in ((DAYS[0], DAYS[1]), (DAYS[1], DAYS[0]))
    ]
    assert fates == [Fate.KNOWN, Fate.NEW]
