"""Loans as they were agreed, and money that leaves or changes accounts (contract, sections 3 and 9)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from branchtui.contract.base import AmountMinor, Answer, Day, Id, OpenEnum, Request
from branchtui.contract.tenders import Tender


class LoanMethod(OpenEnum):
    """How interest is reckoned. `given`: the schedule came as an older system has it."""

    FLAT = "flat"
    DECLINING_BALANCE = "declining_balance"
    GIVEN = "given"
    OTHER = "other"


class LoanEvery(OpenEnum):
    """How far instalments are apart."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"
    OTHER = "other"


class LoanStatus(OpenEnum):
    """Where a loan stands. `agreed`: nothing of it is owed yet; `in_arrears`: something is overdue."""

    AGREED = "agreed"
    ACTIVE = "active"
    IN_ARREARS = "in_arrears"
    PAID = "paid"
    OTHER = "other"


INSTALMENTS_MAX = 600

Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")]
"""Per cent a year, as a decimal text: `"18.5"`."""

PartMinor = Annotated[int, Field(ge=0, le=10**15)]


class GivenInstalment(Request):
    """An instalment of a schedule from an older system; amounts in minor units."""

    due_date: Day
    principal_minor: PartMinor
    interest_minor: PartMinor = 0


class NewLoan(Request):
    """The terms of a loan.

    Reckoned from `principal_minor`, `rate`, `method`, `start_date` and `instalments`, the first due one period after
    the start; or given as a `schedule`.
    """

    principal_minor: AmountMinor
    rate: Rate | None = None
    method: LoanMethod = LoanMethod.DECLINING_BALANCE
    start_date: Day
    instalments: Annotated[int, Field(ge=1, le=INSTALMENTS_MAX)] | None = None
    every: LoanEvery = LoanEvery.MONTH
    schedule: (
        Annotated[tuple[GivenInstalment, ...], Field(strict=False, min_length=1, max_length=INSTALMENTS_MAX)]
        | None
    ) = None


class InstalmentStatus(OpenEnum):
    """Where an instalment stands."""

    PAID = "paid"
    PARTLY_PAID = "partly_paid"
    DUE = "due"
    OVERDUE = "overdue"
    OTHER = "other"


class Instalment(Answer):
    """One instalment of a schedule: what falls due, and what has been paid of it, in minor units."""

    number: int
    due_date: date
    principal_minor: int
    interest_minor: int
    paid_minor: int
    open_minor: int
    status: InstalmentStatus


class Loan(Answer):
    """A loan in a few figures, in minor units. `interest_due_minor` is unpaid interest of what has fallen due."""

    status: LoanStatus
    principal_minor: int
    interest_minor: int = 0
    rate: str | None = None
    method: LoanMethod = LoanMethod.GIVEN
    every: LoanEvery = LoanEvery.MONTH
    start_date: date
    instalments: int
    principal_open_minor: int
    interest_due_minor: int
    overdue_minor: int
    next_due_date: date | None = None
    next_due_minor: int = 0


class Schedule(Answer):
    """`GET /v1/accounts/{id}/schedule`. Without terms there are no instalments."""

    account_id: str
    account_no: str
    currency: str
    owed_minor: int
    loan: Loan | None = None
    instalments: tuple[Instalment, ...] = ()


Reference = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Narration = Annotated[str, StringConstraints(max_length=200)]


class NewPayout(Request):
    """`POST /v1/accounts/{id}/payouts`: from savings, shares, overpayment or wallet. Only cash goes without reference."""

    amount_minor: AmountMinor
    tender: Tender
    reference: Reference | None = None
    narration: Narration = ""


class NewOffset(Request):
    """`POST /v1/accounts/{id}/offset`: a loan from the same customer's savings, shares or overpayment."""

    from_account_id: Id
    amount_minor: AmountMinor
    narration: Narration = ""


class BalanceChange(Answer):
    """An account before and after, as its owner reads it, in minor units."""

    account_id: str
    account_no: str
    kind: str
    currency: str
    before_minor: int
    after_minor: int


class MoneyMoved(Answer):
    """What a payout or an offset did, or would do: every account of the customer that it touches.

    `entry_id` names the journal entry; None where nothing was done. `max_minor` is the most that could be moved.
    """

    entry_id: str | None = None
    customer_id: str
    amount_minor: int
    currency: str
    max_minor: int
    tender: Tender | None = None
    reference: str | None = None
    changes: tuple[BalanceChange, ...]
