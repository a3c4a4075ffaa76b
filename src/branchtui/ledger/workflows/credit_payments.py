"""Payments that are given to a credit account: they settle what is owed, the oldest first (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.credit import TransactionType
from branchtui.contract.customers import AccountKind
from branchtui.ledger.store.rows import CreditAccount, CreditTransaction
from branchtui.ledger.workflows import credit_rules
from branchtui.ledger.workflows.credit_book import Movement, enter

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.rows import Account, JournalEntry, Payment
    from branchtui.ledger.store.unit import Tx


def refuse_idle(tx: Tx, account: Account) -> Refusal | None:
    """Refuses a payment onto a credit account that is inactive and owes nothing (409 `account-not-active`)."""
    credit = tx.get(CreditAccount, account.id) if account.kind == AccountKind.CREDIT else None
    return None if credit is None else credit_rules.refuse_idle(credit, account)


def received(
    core: Core, tx: Tx, command: Command, account: Account, payment: Payment, entry_id: str, *, row_no: int
) -> None:
    """Enter what the journal entry `entry_id` has paid; nothing for an account of another kind."""
    if account.kind != AccountKind.CREDIT or tx.get(CreditAccount, account.id) is None:
        return
    movement = Movement(
        TransactionType.PAYMENT,
        -payment.amount_minor,
        payment.payment_no,
        f"Payment {payment.payment_no} {payment.code or ''}".strip(),
    )
    enter(core, tx, command, account.id, movement, entry_id, core.new_id(), row_no=row_no)


def taken_back(
    core: Core,
    tx: Tx,
    command: Command,
    payment: Payment,
    entry: JournalEntry,
    entry_id: str,
    *,
    row_no: int = 0,
) -> None:
    """Open again what the association `entry` settled; `entry_id` is the mirror that was posted for it."""
    paid = tx.find_one(CreditTransaction, entry_id=entry.id)
    if paid is None:
        return
    movement = Movement(
        TransactionType.REVERSAL,
        payment.amount_minor,
        payment.payment_no,
        f"Payment {payment.payment_no} taken back",
        reverses=paid,
    )
    enter(core, tx, command, paid.account_id, movement, entry_id, core.new_id(), row_no=row_no)
