"""Loans as they were agreed, and as they stand (contract, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from branchtui.contract import loans as wire
from branchtui.contract.customers import AccountKind
from branchtui.contract.loans import LoanEvery, LoanMethod
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.problems import invalid
from branchtui.ledger.store.rows import Account, LoanInstalment, LoanTerms
from branchtui.ledger.workflows import loan_schedules
from branchtui.ledger.workflows.loan_schedules import Paid, Part

if TYPE_CHECKING:
    from branchtui.ledger.store.reader import Reader
    from branchtui.ledger.store.unit import Tx


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms of a loan with its schedule."""

    terms: LoanTerms
    parts: tuple[Part, ...]


def agree(account_id: str, new: wire.NewLoan) -> tuple[LoanTerms, list[LoanInstalment]]:
    """The rows of a new loan: its schedule is reckoned, or taken as it was given.

    Raises:
        Refusal: 422 for terms that are not whole, or a schedule that is not one of them.
    """
    parts = _given(new) if new.schedule is not None else _reckoned(new)
    method = LoanMethod.GIVEN if new.schedule is not None else new.method
    terms = LoanTerms(
        account_id=account_id,
        principal_minor=new.principal_minor,
        interest_minor=sum(part.interest_minor for part in parts),
        rate=new.rate,
        method=method.value,
        every=new.every.value,
        start_date=new.start_date.isoformat(),
        instalments=len(parts),
    )
    rows = [
        LoanInstalment(
            account_id, part.number, part.due_date.isoformat(), part.principal_minor, part.interest_minor
        )
        for part in parts
    ]
    return terms, rows


def forget(tx: Tx, account: Account) -> None:
    """Delete what was agreed about a loan that goes with its customer; nothing was ever owed on it."""
    if account.kind != AccountKind.LOAN:
        return
    for row in (*tx.find(LoanInstalment, account_id=account.id), *tx.find(LoanTerms, account_id=account.id)):
        tx.remove(row)


def in_transaction(tx: Tx, accounts: Sequence[Account]) -> dict[str, Agreed]:
    """The terms of those accounts that are loans with terms, by account."""
    found: dict[str, Agreed] = {}
    for account in accounts:
        if account.kind != AccountKind.LOAN:
            continue
        terms = tx.get(LoanTerms, account.id)
        if terms is not None:
            found[account.id] = Agreed(terms, _parts(tx.find(LoanInstalment, account_id=account.id)))
    return found


async def read(reader: Reader, accounts: Sequence[Account]) -> dict[str, Agreed]:
    """The same among what is committed."""
    found: dict[str, Agreed] = {}
    for account in accounts:
        if account.kind != AccountKind.LOAN:
            continue
        terms = await reader.get(LoanTerms, account.id)
        if terms is not None:
            rows = await reader.find(LoanInstalment, account_id=account.id)
            found[account.id] = Agreed(terms, _parts(rows))
    return found


def figures(account: Account, agreed: Agreed, today: date) -> wire.Loan:
    """A loan in a few figures."""
    stands = _standing(account, agreed, today)
    terms, due = agreed.terms, stands.next_due
    return wire.Loan(
        status=stands.status,
        principal_minor=terms.principal_minor,
        interest_minor=terms.interest_minor,
        rate=terms.rate,
        method=LoanMethod(terms.method),
        every=LoanEvery(terms.every),
        start_date=date.fromisoformat(terms.start_date),
        instalments=terms.instalments,
        principal_open_minor=stands.principal_open_minor,
        interest_due_minor=stands.interest_due_minor,
        overdue_minor=stands.overdue_minor,
        next_due_date=due.part.due_date if due else None,
        next_due_minor=due.open_minor if due else 0,
    )


def schedule(account: Account, found: Mapping[str, Agreed], today: date) -> wire.Schedule:
    """The schedule of an account; one without terms has none."""
    agreed = found.get(account.id)
    instalments = _standing(account, agreed, today).instalments if agreed else ()
    return wire.Schedule(
        account_id=account.id,
        account_no=account.account_no,
        currency=account.currency,
        owed_minor=natural_minor(account.kind, account.balance_minor),
        loan=figures(account, agreed, today) if agreed else None,
        instalments=tuple(_instalment(each) for each in instalments),
    )


def _standing(account: Account, agreed: Agreed, today: date) -> loan_schedules.Standing:
    owed_minor = natural_minor(account.kind, account.balance_minor)
    # Every movement raises the version; an account that was only opened has its first.
    return loan_schedules.standing(agreed.parts, owed_minor, today, moved=account.version > 1)


def _instalment(paid: Paid) -> wire.Instalment:
    return wire.Instalment(
        number=paid.part.number,
        due_date=paid.part.due_date,
        principal_minor=paid.part.principal_minor,
        interest_minor=paid.part.interest_minor,
        paid_minor=paid.paid_minor,
        open_minor=paid.open_minor,
        status=paid.status,
    )


def _parts(rows: Sequence[LoanInstalment]) -> tuple[Part, ...]:
    ordered = sorted(rows, key=lambda each: each.number)
    return tuple(
        Part(each.number, date.fromisoformat(each.due_date), each.principal_minor, each.interest_minor)
        for each in ordered
    )


def _reckoned(new: wire.NewLoan) -> list[Part]:
    if new.rate is None:
        raise invalid("/loan/rate", "A loan needs a rate, 0 where it bears no interest.", "needed")
    if new.instalments is None:
        raise invalid("/loan/instalments", "A loan needs a number of instalments, or its schedule.", "needed")
    if new.method is LoanMethod.GIVEN:
        raise invalid("/loan/schedule", "A schedule that is given is sent along.", "needed")
    try:
        return loan_schedules.reckon(
            new.principal_minor, new.rate, new.method, new.start_date, new.instalments, new.every
        )
    except (OverflowError, ValueError) as error:
        raise invalid("/loan/start_date", "The last instalment would be due beyond the calendar.") from error


def _given(new: wire.NewLoan) -> list[Part]:
    assert new.schedule is not None, "asked for where it was sent"
    if new.instalments not in {None, len(new.schedule)}:
        raise invalid(
            "/loan/instalments", f"The schedule has {len(new.schedule)} instalments, not {new.instalments}."
        )
    total = sum(each.principal_minor for each in new.schedule)
    if total != new.principal_minor:
        raise invalid("/loan/schedule", "The principal of the instalments does not add up to the loan's.")
    last = new.start_date
    for place, each in enumerate(new.schedule):
        if each.due_date < last:
            raise invalid(
                f"/loan/schedule/{place}/due_date", "Instalments follow each other, none before the start."
            )
        if each.principal_minor + each.interest_minor == 0:
            raise invalid(f"/loan/schedule/{place}/principal_minor", "An instalment is more than nothing.")
        last = each.due_date
    return [
        Part(number, each.due_date, each.principal_minor, each.interest_minor)
        for number, each in enumerate(new.schedule, start=1)
    ]
