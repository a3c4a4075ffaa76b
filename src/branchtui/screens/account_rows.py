"""Loans and their schedules, in words and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.rows import ROOMY, WIDE, kind_word, total_in, words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.customers import Account
    from branchtui.contract.loans import Instalment, Loan

_PER_CENT_RATE: Final = "% a year"


def loan_lines(loan: Loan, currency: str) -> list[str]:
    """The terms of a loan and where it stands, in three lines."""
    rate = f"{loan.rate}{_PER_CENT_RATE}, " if loan.rate else ""
    due = (
        f"next {money(loan.next_due_minor, currency)} on {show_date(loan.next_due_date)}"
        if loan.next_due_date
        else "nothing more falls due"
    )
    interest = (
        f"interest due {money(loan.interest_due_minor, currency)}, "
        f"overdue {money(loan.overdue_minor, currency)}"
    )
    return [
        f"Principal {total_in(loan.principal_minor, currency)}, {rate}{words(loan.method)}",
        f"{loan.instalments} instalments from {show_date(loan.start_date)}, {words(loan.status)}, {due}",
        f"Open principal {money(loan.principal_open_minor, currency)}, {interest}",
    ]


def instalment_columns(currency: str) -> list[Column[Instalment]]:
    """A schedule."""

    def amount(name: str) -> Callable[[Instalment], str]:
        return lambda one: money(getattr(one, name), currency)

    return [
        Column("#", lambda one: str(one.number), width=3, align="right"),
        Column("Due", lambda one: show_date(one.due_date), width=10),
        Column("Principal", amount("principal_minor"), width=14, align="right", from_width=WIDE),
        Column("Interest", amount("interest_minor"), width=11, align="right", from_width=WIDE),
        Column(
            "Amount", lambda one: money(one.principal_minor + one.interest_minor, currency),
            width=14, align="right", from_width=ROOMY,
        ),
        Column("Paid", amount("paid_minor"), width=14, align="right"),
        Column("Open", amount("open_minor"), width=14, align="right"),
        Column("Status", lambda one: words(one.status), width=11),
    ]  # fmt: skip


def instalment_lines(one: Instalment, currency: str) -> list[tuple[str, str]]:
    """An instalment, whole."""
    return [
        ("Instalment", str(one.number)),
        ("Due", show_date(one.due_date)),
        ("Principal", total_in(one.principal_minor, currency)),
        ("Interest", total_in(one.interest_minor, currency)),
        ("Paid", total_in(one.paid_minor, currency)),
        ("Open", total_in(one.open_minor, currency)),
        ("Status", words(one.status)),
    ]


def account_title(one: Account) -> str:
    """An account in a title: `Savings 7000000001`."""
    return f"{kind_word(one.kind)} {one.account_no}"
