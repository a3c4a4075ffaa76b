"""How a loan falls due, and how far it is paid: exact to the minor unit (contract, section 3)."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchtui.contract.loans import InstalmentStatus, LoanEvery, LoanMethod, LoanStatus
from branchtui.ledger.workflows.loan_schedules import Part, reckon, standing

START = date(2026, 1, 31)


def test_a_flat_loan_is_in_equal_parts() -> None:
    """Flat: interest on the whole principal for the whole time."""
    parts = reckon(1_200_000, "12", LoanMethod.FLAT, START, 12, LoanEvery.MONTH)
    assert {(part.principal_minor, part.interest_minor) for part in parts} == {(100_000, 12_000)}
    assert [part.due_date.isoformat() for part in parts[:3]] == ["2026-02-28", "2026-03-31", "2026-04-30"]


def test_a_declining_loan_is_an_annuity() -> None:
    """Declining balance: 100,000.00 at 12 % a year in 12 months is 8,884.88 a month (the textbook's figure)."""
    parts = reckon(10_000_000, "12", LoanMethod.DECLINING_BALANCE, START, 12, LoanEvery.MONTH)
    assert {part.total_minor for part in parts[:-1]} == {888_488}
    assert abs(parts[-1].total_minor - 888_488) < 12
    assert parts[0].interest_minor == 100_000
    assert sum(part.principal_minor for part in parts) == 10_000_000
    assert abs(sum(part.interest_minor for part in parts) - 661_855) < 12


@pytest.mark.parametrize(
    ("every", "due"),
    [
        (LoanEvery.WEEK, ["2026-02-07", "2026-02-14"]),
        (LoanEvery.FORTNIGHT, ["2026-02-14", "2026-02-28"]),
        (LoanEvery.MONTH, ["2026-02-28", "2026-03-31"]),
    ],
)
def test_instalments_are_as_far_apart_as_was_agreed(every: LoanEvery, due: list[str]) -> None:
    """Short months end on their last day, and the day comes back after them."""
    parts = reckon(1_000, "10", LoanMethod.FLAT, START, 2, every)
    assert [part.due_date.isoformat() for part in parts] == due


@settings(max_examples=300, deadline=None)
@given(
    principal=st.integers(1, 10**12),
    rate=st.decimals(0, 120, places=2).map(lambda found: str(abs(Decimal(found)))),
    method=st.sampled_from([LoanMethod.FLAT, LoanMethod.DECLINING_BALANCE]),
    count=st.integers(1, 120),
    every=st.sampled_from([LoanEvery.WEEK, LoanEvery.FORTNIGHT, LoanEvery.MONTH]),
)
def test_the_principal_of_a_schedule_adds_up(
    principal: int, rate: str, method: LoanMethod, count: int, every: LoanEvery
) -> None:
    """VAL-1: whole minor units; rounding loses and makes nothing, whatever the terms."""
    parts = reckon(principal, rate, method, START, count, every)
    assert len(parts) == count
    assert sum(part.principal_minor for part in parts) == principal
    assert all(part.principal_minor >= 0 and part.interest_minor >= 0 for part in parts)
    assert all(first.due_date < second.due_date for first, second in itertools.pairwise(parts))
    if Decimal(rate) == 0:
        assert not any(part.interest_minor for part in parts)


PARTS = [
    Part(1, date(2026, 2, 28), 100, 10),
    Part(2, date(2026, 3, 31), 100, 10),
    Part(3, date(2026, 4, 30), 100, 10),
]


@pytest.mark.parametrize(
    ("owed", "today", "status", "paid", "interest_due", "overdue"),
    [
        (330, date(2026, 2, 1), LoanStatus.ACTIVE, [0, 0, 0], 0, 0),
        (330, date(2026, 2, 28), LoanStatus.ACTIVE, [0, 0, 0], 10, 0),
        (330, date(2026, 3, 1), LoanStatus.IN_ARREARS, [0, 0, 0], 10, 110),
        (325, date(2026, 3, 1), LoanStatus.IN_ARREARS, [5, 0, 0], 5, 105),
        (320, date(2026, 3, 1), LoanStatus.IN_ARREARS, [10, 0, 0], 0, 100),
        (220, date(2026, 3, 1), LoanStatus.ACTIVE, [110, 0, 0], 0, 0),
        (100, date(2026, 3, 31), LoanStatus.ACTIVE, [110, 110, 10], 0, 0),
        (0, date(2026, 9, 9), LoanStatus.PAID, [110, 110, 110], 0, 0),
        (400, date(2026, 2, 1), LoanStatus.ACTIVE, [0, 0, 0], 0, 0),
    ],
)
def test_the_oldest_instalment_is_paid_first_and_interest_before_principal(
    owed: int, today: date, status: LoanStatus, paid: list[int], interest_due: int, overdue: int
) -> None:
    """Decision 0030: what the balance no longer holds of the whole has been paid."""
    stands = standing(PARTS, owed, today, moved=True)
    assert stands.status is status
    assert [each.paid_minor for each in stands.instalments] == paid
    assert (stands.interest_due_minor, stands.overdue_minor) == (interest_due, overdue)
    assert sum(each.open_minor for each in stands.instalments) == min(owed, 330)


def test_what_was_only_agreed_is_neither_owed_nor_paid() -> None:
    """Decision 0030: opening a loan moves no money."""
    stands = standing(PARTS, 0, date(2027, 1, 1), moved=False)
    assert stands.status is LoanStatus.AGREED
    assert (stands.overdue_minor, stands.interest_due_minor, stands.principal_open_minor) == (0, 0, 300)
    assert {each.status for each in stands.instalments} == {InstalmentStatus.OVERDUE}
