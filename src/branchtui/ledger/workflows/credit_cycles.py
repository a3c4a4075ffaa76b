"""Cycles that are over: each ends exactly once, by whoever comes first (contract, section 7).

A cycle ends in one transaction with its statement, its mail and the figures of the next one. The worker of any
process ends what is due; what is posted to an account ends its own first, so that nothing bought after a
settlement date ever stands in the statement before it, however late the worker is.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from branchtui.contract.credit_statements import MailState
from branchtui.ledger import audit
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store.rows import Account, CreditAccount, CreditStatement, Customer, StatementMail
from branchtui.ledger.workflows.credit_frequency import Frequency, end_of_day_us, in_words, next_dates

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

CLOSED = "credit-account.close-cycle"
"""What the audit chain calls it."""

WAKE = "credit-worker"
"""Called when something may be due for the worker of this process."""


def path_of(credit_id: str) -> str:
    """Where a credit account is found."""
    return f"/v1/credit-accounts/{credit_id}"


def next_close(frequency: Frequency | None, from_day: date, timezone: str) -> tuple[str | None, int | None]:
    """The next settlement date from `from_day` on, as ISO date, and the instant at which it is over."""
    found = next_dates(frequency, from_day, 1) if frequency is not None else ()
    return (found[0].isoformat(), end_of_day_us(found[0], timezone)) if found else (None, None)


def close_due(
    core: Core, tx: Tx, credit: CreditAccount, at_us: int, *, by: Command | None = None
) -> CreditAccount:
    """End every cycle of `credit` that is over at `at_us`; returns the account as it is then, already put.

    `by` is the command that met it; None for the worker.
    """
    closed: list[CreditStatement] = []
    account = tx.get(Account, credit.id)
    assert account is not None, "the terms are those of an account"
    while credit.next_close_at is not None and credit.next_close_at <= at_us:
        customer = tx.get(Customer, credit.customer_id)
        assert customer is not None, "a credit account names a customer that exists"
        branch = core.tree[account.branch_id]
        statement = _statement(core, credit, account, customer, branch, at_us)
        tx.put(statement)
        if credit.statement_email is not None:
            tx.put(_mail(statement, credit.statement_email, at_us))
        credit = _next_cycle(credit, statement, branch)
        closed.append(statement)
    if closed:
        tx.put(credit)
        _tell(tx, account.branch_id, credit, closed, at_us, by.request_id if by is not None else None)
    return credit


def move_to(core: Core, tx: Tx, credit: CreditAccount, timezone: str, command: Command) -> None:
    """The open cycle ends with its day where the account goes: at once, where that day is over there already.

    Call it while the account is still of the branch it leaves, in whose time zone the cycles before it ended.
    """
    credit = close_due(core, tx, credit, command.at_us, by=command)
    if credit.next_close_on is None:
        return
    over = end_of_day_us(date.fromisoformat(credit.next_close_on), timezone)
    # No statement ends before what stands on it.
    tx.put(replace(credit, next_close_at=max(over, command.at_us, credit.last_at)))


def _tell(
    tx: Tx,
    branch_id: str,
    credit: CreditAccount,
    closed: list[CreditStatement],
    at_us: int,
    request_id: str | None,
) -> None:
    after = {
        "cycles": [statement.cycle_no for statement in closed],
        "statement_id": closed[-1].id,
        "closing_minor": closed[-1].closing_minor,
    }
    audit.append(
        tx,
        audit.Event(action=CLOSED, object=path_of(credit.id), after=after),
        branch_id=branch_id,
        principal=system_principal(branch_id),
        at_us=at_us,
        operation_key=None,
        request_id=request_id,
    )


def close_account(core: Core, tx: Tx, credit_id: str, at_us: int) -> int:
    """The worker's step: end what is over on one account; returns how many cycles ended."""
    credit = tx.get(CreditAccount, credit_id)
    return 0 if credit is None else close_due(core, tx, credit, at_us).cycle_no - credit.cycle_no


def _statement(
    core: Core, credit: CreditAccount, account: Account, customer: Customer, branch: Branch, at_us: int
) -> CreditStatement:
    assert credit.next_close_on is not None, "a cycle that is over has a settlement date"
    assert credit.next_close_at is not None, "a settlement date is over at an instant"
    return CreditStatement(
        id=core.new_id(),
        account_id=credit.id,
        cycle_no=credit.cycle_no,
        first_seq=credit.cycle_first_seq,
        last_seq=credit.last_seq,
        opened_at=credit.cycle_started_at,
        closed_at=credit.next_close_at,
        closed_on=credit.next_close_on,
        opening_minor=credit.cycle_opening_minor,
        purchases_minor=credit.cycle_purchases_minor,
        refunds_minor=credit.cycle_refunds_minor,
        adjustments_minor=credit.cycle_adjustments_minor,
        payments_minor=credit.cycle_payments_minor,
        closing_minor=credit.owed_minor,
        header=json.dumps(_header(core, credit, account, customer, branch), ensure_ascii=False),
        created_at=at_us,
    )


def _header(
    core: Core, credit: CreditAccount, account: Account, customer: Customer, branch: Branch
) -> dict[str, Any]:
    """Who and what a statement is about, as it was then."""
    frequency = Frequency.loaded(credit.frequency) if credit.frequency else None
    return {
        "institution": core.institution.name,
        "branch_name": branch.name,
        "branch_code": branch.code,
        "timezone": branch.timezone,
        "customer_no": customer.customer_no,
        "customer_name": customer.name,
        "account_no": account.account_no,
        "currency": credit.currency,
        "max_credit_minor": credit.max_credit_minor,
        "settles": in_words(frequency) if frequency else "",
    }


def _mail(statement: CreditStatement, address: str, at_us: int) -> StatementMail:
    return StatementMail(
        statement_id=statement.id,
        account_id=statement.account_id,
        address=address,
        state=MailState.WAITING.value,
        tries=0,
        next_try_at=at_us,
        last_error=None,
        sent_at=None,
        holder=None,
        leased_until=0,
    )


def _next_cycle(credit: CreditAccount, statement: CreditStatement, branch: Branch) -> CreditAccount:
    assert credit.frequency is not None, "only an account with a rhythm has cycles that end"
    frequency = Frequency.loaded(credit.frequency)
    after = next_dates(frequency, date.fromisoformat(statement.closed_on), 2)
    following = [day for day in after if day.isoformat() > statement.closed_on]
    on, at = (
        (following[0].isoformat(), end_of_day_us(following[0], branch.timezone))
        if following
        else (None, None)
    )
    return replace(
        credit,
        cycle_no=credit.cycle_no + 1,
        cycle_first_seq=credit.last_seq + 1,
        cycle_started_at=statement.closed_at,
        cycle_opening_minor=credit.owed_minor,
        cycle_purchases_minor=0,
        cycle_refunds_minor=0,
        cycle_adjustments_minor=0,
        cycle_payments_minor=0,
        next_close_on=on,
        next_close_at=at,
    )
