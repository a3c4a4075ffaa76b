"""Credit accounts, transactions and settlements as the contract shows them, and what this user may do to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from branchtui.contract import credit as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.credit import (
    CreditStatus,
    SettlementMode,
    SettlementState,
    SettlementTender,
    TransactionType,
)
from branchtui.contract.customers import CustomerBrief, CustomerStatus
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.journal import balances
from branchtui.ledger.store.rows import CreditOpenItem, CreditTransaction, Settlement
from branchtui.ledger.workflows import credit_rules
from branchtui.ledger.workflows.credit_book import settled_by
from branchtui.ledger.workflows.credit_frequency import Frequency, in_words, next_dates
from branchtui.ledger.workflows.credit_rules import REVERSE, CreditAction, Standing

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.rows import Account, CreditAccount, CreditStatement, Customer
    from branchtui.ledger.store.unit import Tx


@dataclass(frozen=True, slots=True)
class Mails:
    """Mails of an account's statements that are on their way, and that failed."""

    waiting: int = 0
    failed: int = 0


def account_answer(
    who: Principal,
    at: Standing,
    *,
    mails: Mails | None = None,
    cycle: wire.Cycle | None = None,
    previous: wire.Cycle | None = None,
    touched: tuple[Account, ...] = (),
    warnings: tuple[wire.CreditWarning, ...] = (),
) -> wire.CreditAccount:
    """A credit account as `who` sees it, `actions` and `refused` included."""
    credit, frequency = at.credit, None
    if credit.frequency is not None:
        frequency = Frequency.loaded(credit.frequency)
    refusals = {action.value: credit_rules.refuse(action, who, at) for action in CreditAction}
    mails = mails or Mails()
    return wire.CreditAccount(
        id=credit.id,
        version=credit.version,
        actions=tuple(name for name, refusal in refusals.items() if refusal is None),
        refused=refused(refusals),
        branch_id=at.account.branch_id,
        customer_id=credit.customer_id,
        customer=brief(at.customer),
        account_no=at.account.account_no,
        currency=credit.currency,
        status=CreditStatus(credit.status),
        opening_credit_minor=credit.opening_credit_minor,
        carry_forward_minor=credit.cycle_opening_minor if credit.cycle_no > 1 else 0,
        max_credit_minor=credit.max_credit_minor,
        restrict_credit=bool(credit.restrict_credit),
        owed_minor=credit.owed_minor,
        available_minor=credit_rules.available_minor(credit),
        over_limit_minor=credit_rules.over_limit_minor(credit),
        settle_every=frequency.answer() if frequency is not None else None,
        settle_every_words=in_words(frequency) if frequency is not None else "",
        next_settlements=_next(credit, frequency),
        statement_email=credit.statement_email,
        mails_waiting=mails.waiting,
        mails_failed=mails.failed,
        cycle=cycle,
        previous_cycle=previous,
        created_by=credit.created_by,
        created_at=as_datetime(credit.created_at),
        balances=balances(touched),
        warnings=warnings,
    )


def _next(credit: CreditAccount, frequency: Frequency | None) -> tuple[date, ...]:
    if frequency is None or credit.next_close_on is None:
        return ()
    return next_dates(frequency, date.fromisoformat(credit.next_close_on))


def refused(refusals: dict[str, Refusal | None]) -> dict[str, RefusedAction]:
    """Why each of these may not be done, for those that may not."""
    return {
        name: RefusedAction(code=refusal.code, message=refusal.detail, approval=refusal.extra.get("approval"))
        for name, refusal in refusals.items()
        if refusal is not None
    }


def brief(customer: Customer) -> CustomerBrief:
    """A customer as other resources name one."""
    return CustomerBrief(
        id=customer.id,
        customer_no=customer.customer_no,
        name=customer.name,
        account_no=customer.account_no,
        status=CustomerStatus(customer.status),
    )


def cycle_of(credit: CreditAccount) -> wire.Cycle:
    """The cycle that is open."""
    return wire.Cycle(
        cycle_no=credit.cycle_no,
        opened_at=as_datetime(credit.cycle_started_at),
        closed_on=date.fromisoformat(credit.next_close_on) if credit.next_close_on else None,
        opening_minor=credit.cycle_opening_minor,
        purchases_minor=credit.cycle_purchases_minor,
        refunds_minor=credit.cycle_refunds_minor,
        adjustments_minor=credit.cycle_adjustments_minor,
        payments_minor=credit.cycle_payments_minor,
        closing_minor=credit.owed_minor,
    )


def cycle_of_statement(statement: CreditStatement) -> wire.Cycle:
    """A cycle that has ended."""
    return wire.Cycle(
        cycle_no=statement.cycle_no,
        opened_at=as_datetime(statement.opened_at),
        closed_on=date.fromisoformat(statement.closed_on),
        opening_minor=statement.opening_minor,
        purchases_minor=statement.purchases_minor,
        refunds_minor=statement.refunds_minor,
        adjustments_minor=statement.adjustments_minor,
        payments_minor=statement.payments_minor,
        closing_minor=statement.closing_minor,
        statement_id=statement.id,
    )


def transaction_answer(
    who: Principal,
    at: Standing,
    transaction: CreditTransaction,
    open_minor: int,
    settlement: Settlement | None,
    *,
    is_reversed: bool = False,
) -> wire.CreditTransaction:
    """A transaction as `who` sees it; `settlement` is the one that made it, if any."""
    refusals = (
        {REVERSE: credit_rules.refuse_reversal(who, settlement, at)}
        if settlement is not None and settlement.transaction_id == transaction.id
        else {}
    )
    return wire.CreditTransaction(
        **_members(at, transaction, open_minor, settlement),
        is_reversed=is_reversed,
        actions=tuple(name for name, refusal in refusals.items() if refusal is None),
        refused=refused(refusals),
    )


def _members(
    at: Standing, transaction: CreditTransaction, open_minor: int, settlement: Settlement | None
) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "account_id": transaction.account_id,
        "seq": transaction.seq,
        "type": TransactionType(transaction.type),
        "amount_minor": transaction.amount_minor,
        "open_minor": open_minor,
        "owed_after_minor": transaction.owed_after_minor,
        "currency": at.credit.currency,
        "posted_at": as_datetime(transaction.posted_at),
        "pos_ref": transaction.pos_ref,
        "narration": transaction.narration,
        "settlement_id": settlement.id if settlement is not None else None,
        "tender": SettlementTender(settlement.tender) if settlement is not None else None,
        "created_by": transaction.created_by,
    }


def posted_answer(
    tx: Tx, at: Standing, transaction: CreditTransaction, warnings: tuple[wire.CreditWarning, ...]
) -> wire.PostedTransaction:
    """A transaction that the running command has just made; `at` is how the account stands behind it."""
    item = tx.get(CreditOpenItem, transaction.id)
    return wire.PostedTransaction(
        **_members(at, transaction, item.open_minor if item is not None else 0, None),
        owed_minor=at.credit.owed_minor,
        available_minor=credit_rules.available_minor(at.credit),
        balances=balances([at.account]),
        warnings=warnings,
    )


def settlement_answer(
    who: Principal,
    at: Standing,
    settlement: Settlement,
    lines: tuple[wire.SettledLine, ...],
    *,
    touched: tuple[Account, ...] = (),
) -> wire.Settlement:
    """A settlement as `who` sees it."""
    refusal = credit_rules.refuse_reversal(who, settlement, at)
    cheque = json.loads(settlement.cheque) if settlement.cheque else None
    return wire.Settlement(
        id=settlement.id,
        version=settlement.version,
        actions=(REVERSE,) if refusal is None else (),
        refused=refused({REVERSE: refusal}),
        account_id=settlement.account_id,
        account_no=at.account.account_no,
        customer=brief(at.customer),
        settlement_no=settlement.settlement_no,
        transaction_id=settlement.transaction_id,
        tender=SettlementTender(settlement.tender),
        mode=SettlementMode(settlement.mode),
        reference=settlement.reference,
        cheque=None
        if cheque is None
        else wire.Cheque(
            number=cheque["number"], bank=cheque["bank"], date=date.fromisoformat(cheque["date"])
        ),
        amount_minor=settlement.amount_minor,
        overpayment_minor=settlement.overpayment_minor,
        currency=at.credit.currency,
        state=SettlementState(settlement.state),
        lines=lines,
        posted_at=as_datetime(settlement.posted_at),
        created_by=settlement.created_by,
        reversed_at=as_datetime(settlement.reversed_at) if settlement.reversed_at is not None else None,
        reversed_by=settlement.reversed_by,
        reason=settlement.reason,
        owed_minor=at.credit.owed_minor,
        available_minor=credit_rules.available_minor(at.credit),
        balances=balances(touched),
    )


def lines_of(tx: Tx, credit_transaction_id: str) -> tuple[wire.SettledLine, ...]:
    """What a settlement settles now, in the order in which it was bought."""
    found: list[tuple[CreditTransaction, int]] = []
    for debit_id, amount in settled_by(tx, credit_transaction_id).items():
        debit = tx.get(CreditTransaction, debit_id)
        assert debit is not None, "an allocation names a transaction that exists"
        if debit.reverses_id != credit_transaction_id:
            found.append((debit, amount))
    found.sort(key=lambda pair: pair[0].seq)
    return tuple(settled_line(debit, amount) for debit, amount in found)


def settled_line(debit: CreditTransaction, amount_minor: int) -> wire.SettledLine:
    """A line of a settlement."""
    return wire.SettledLine(
        transaction_id=debit.id,
        type=TransactionType(debit.type),
        pos_ref=debit.pos_ref,
        amount_minor=amount_minor,
    )
