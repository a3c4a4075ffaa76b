"""How a loan falls due: reckoned from its terms, and how far it has been paid (contract, section 3). Pure.

Amounts are whole minor units; what rounding leaves over goes into the instalments so that their sum is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from dateutil.relativedelta import relativedelta

from branchtui.contract.loans import InstalmentStatus, LoanEvery, LoanMethod, LoanStatus

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_A_YEAR: Final = {LoanEvery.MONTH: 12, LoanEvery.FORTNIGHT: 26, LoanEvery.WEEK: 52}
_STEP: Final = {
    LoanEvery.MONTH: relativedelta(months=1),
    LoanEvery.FORTNIGHT: relativedelta(weeks=2),
    LoanEvery.WEEK: relativedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Part:
    """What falls due on a day: principal and interest in minor units."""

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int

    @property
    def total_minor(self) -> int:
        """Both together."""
        return self.principal_minor + self.interest_minor


@dataclass(frozen=True, slots=True)
class Paid:
    """An instalment with what has been paid of it."""

    part: Part
    paid_minor: int
    status: InstalmentStatus

    @property
    def open_minor(self) -> int:
        """What is still to be paid of it."""
        return self.part.total_minor - self.paid_minor

    @property
    def open_interest_minor(self) -> int:
        """Of that the interest, which is paid before the principal."""
        return max(self.part.interest_minor - self.paid_minor, 0)

    @property
    def open_principal_minor(self) -> int:
        """Of that the principal."""
        return self.open_minor - self.open_interest_minor


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a loan stands on a day."""

    status: LoanStatus
    instalments: tuple[Paid, ...]
    principal_open_minor: int
    interest_due_minor: int
    overdue_minor: int
    next_due: Paid | None


def reckon(
    principal_minor: int, rate: str, method: LoanMethod, start: date, count: int, every: LoanEvery
) -> list[Part]:
    """The schedule of a loan: `rate` per cent a year, `count` instalments, the first one period after `start`.

    Flat: interest on the whole principal for the whole time, in equal parts. Declining balance: equal instalments
    (an annuity), interest on what is left.
    """
    a_period = _EXACT.divide(Decimal(rate), Decimal(100 * _A_YEAR[every]))
    due = [start + _STEP[every] * place for place in range(1, count + 1)]
    if method is LoanMethod.FLAT:
        interest_minor = _whole(_EXACT.multiply(Decimal(principal_minor) * count, a_period))
        parts = zip(_split(principal_minor, count), _split(interest_minor, count), strict=True)
    else:
        parts = zip(*_annuity(principal_minor, a_period, count), strict=True)
    return [
        Part(number, day, principal, interest)
        for number, (day, (principal, interest)) in enumerate(zip(due, parts, strict=True), start=1)
    ]


def standing(parts: Sequence[Part], owed_minor: int, today: date, *, moved: bool) -> Standing:
    """Where a loan stands: what its balance no longer holds of the whole has been paid, oldest instalment first.

    `moved`: whether anything was ever booked on the account; before that nothing is owed and nothing paid.
    """
    whole = sum(part.total_minor for part in parts)
    left = min(max(whole - owed_minor, 0), whole) if moved else 0
    found: list[Paid] = []
    for part in parts:
        paid = min(left, part.total_minor)
        left -= paid
        found.append(Paid(part, paid, _status(part, paid, today)))
    due = [each for each in found if each.part.due_date <= today]
    overdue_minor = sum(each.open_minor for each in found if each.part.due_date < today) if moved else 0
    if not moved:
        status = LoanStatus.AGREED
    elif owed_minor <= 0:
        status = LoanStatus.PAID
    else:
        status = LoanStatus.IN_ARREARS if overdue_minor else LoanStatus.ACTIVE
    return Standing(
        status=status,
        instalments=tuple(found),
        principal_open_minor=sum(each.open_principal_minor for each in found),
        interest_due_minor=sum(each.open_interest_minor for each in due) if moved else 0,
        overdue_minor=overdue_minor,
        next_due=next((each for each in found if each.open_minor), None),
    )


def _status(part: Part, paid_minor: int, today: date) -> InstalmentStatus:
    if paid_minor == part.total_minor:
        return InstalmentStatus.PAID
    if part.due_date < today:
        return InstalmentStatus.OVERDUE
    return InstalmentStatus.PARTLY_PAID if paid_minor else InstalmentStatus.DUE


def _split(amount_minor: int, count: int) -> list[int]:
    """An amount in parts that differ by one minor unit at most."""
    return [
        amount_minor * place // count - amount_minor * (place - 1) // count for place in range(1, count + 1)
    ]


def _annuity(principal_minor: int, a_period: Decimal, count: int) -> tuple[list[int], list[int]]:
    if not a_period:
        return _split(principal_minor, count), [0] * count
    grown = _EXACT.power(1 + a_period, count)
    instalment = _whole(_EXACT.divide(principal_minor * a_period * grown, grown - 1))
    left = principal_minor
    principal: list[int] = []
    interest: list[int] = []
    for place in range(1, count + 1):
        part = _whole(_EXACT.multiply(Decimal(left), a_period))
        paid = left if place == count else min(max(instalment - part, 0), left)
        interest.append(part)
        principal.append(paid)
        left -= paid
    return principal, interest


def _whole(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_HALF_EVEN))
