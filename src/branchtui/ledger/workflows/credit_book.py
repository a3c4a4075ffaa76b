"""The one place that writes a credit account's transactions: journal, number, open amounts, figures together.

Over all transactions of an account the open amounts add up to what is owed; what was paid or given back is used
for what is owed at once, the oldest first, so that an account never has both open debits and unused credits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from branchtui.contract.credit import TransactionType
from branchtui.ledger.days import day_key, is_closed
from branchtui.ledger.journal import EntryDraft, InvariantBroken, post_entry, refuse_beyond
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import (
    Account,
    ClosedDay,
    CreditAccount,
    CreditAllocation,
    CreditOpenItem,
    CreditTransaction,
    Customer,
)
from branchtui.ledger.workflows.credit_cycles import close_due
from branchtui.ledger.workflows.credit_plans import matches
from branchtui.ledger.workflows.credit_rules import Standing

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.journal import LegDraft
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

KINDS: Final = {
    TransactionType.OPENING: "credit.opening",
    TransactionType.PURCHASE: "credit.purchase",
    TransactionType.REFUND: "credit.refund",
    TransactionType.ADJUSTMENT: "credit.adjustment",
    TransactionType.SETTLEMENT: "credit.settlement",
    TransactionType.REVERSAL: "credit.reversal",
}
"""Kinds of journal entries; each has the transaction as its subject."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What is to be entered: `amount_minor` positive is owed more, negative less, in minor units.

    `lines` are debits that a credit settles before the oldest, by transaction id; `limit_minor` is the limit it was
    checked against; `reverses` is the credit that a reversal takes back.
    """

    type: TransactionType
    amount_minor: int
    pos_ref: str | None = None
    narration: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    limit_minor: int | None = None
    reverses: CreditTransaction | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A movement in the books: its transaction, and the accounts as they are now."""

    transaction: CreditTransaction
    credit: CreditAccount
    account: Account


_FIGURES: Final = {
    TransactionType.PURCHASE: ("cycle_purchases_minor", 1),
    TransactionType.REFUND: ("cycle_refunds_minor", -1),
    TransactionType.ADJUSTMENT: ("cycle_adjustments_minor", 1),
}
"""The figure of a cycle that a movement counts in, and the sign with which; all else is a payment."""


def standing(core: Core, tx: Tx, who: Principal, credit_id: str) -> Standing:
    """A credit account with what decides about it, as the running command sees it.

    Raises:
        Refusal: 404 for one that is not the caller's to see.
    """
    tx.expect((CreditAccount, credit_id), (Account, credit_id))
    credit, account = tx.get(CreditAccount, credit_id), tx.get(Account, credit_id)
    if credit is None or account is None or not who.scope.covers(account.branch_id):
        raise not_found("credit account")
    branch = core.tree[account.branch_id]
    today = core.today(branch).isoformat()
    tx.expect((Customer, credit.customer_id), (ClosedDay, day_key(branch.id, today)))
    customer = tx.get(Customer, credit.customer_id)
    assert customer is not None, "a credit account names a customer that exists"
    return Standing(credit, account, customer, branch, today, is_closed(tx, branch.id, today))


def post(
    core: Core,
    tx: Tx,
    command: Command,
    at: Standing,
    movement: Movement,
    legs: tuple[LegDraft, ...],
    *,
    reversal_of: str | None = None,
    row_no: int = 0,
) -> Entered:
    """Write the journal entry of `movement` and its transaction. `legs` move the account by the same amount."""
    transaction_id, entry_id = core.new_id(), core.new_id()
    draft = EntryDraft(
        kind=KINDS[movement.type],
        branch_id=at.branch.id,
        subject_id=transaction_id,
        legs=legs,
        business_date=at.today,
        narration=movement.narration,
        reference=movement.pos_ref,
        reversal_of=reversal_of,
    )
    post_entry(tx, command, draft, row_no=row_no, new_id=entry_id)
    return enter(core, tx, command, at.account.id, movement, entry_id, transaction_id, row_no=row_no)


def enter(
    core: Core,
    tx: Tx,
    command: Command,
    credit_id: str,
    movement: Movement,
    entry_id: str,
    transaction_id: str,
    *,
    row_no: int = 0,
) -> Entered:
    """Enter what the journal entry `entry_id` has moved: cycles that are over are closed before it.

    Raises:
        InvariantBroken: the account does not stand where its transactions say.
    """
    credit, account = tx.get(CreditAccount, credit_id), tx.get(Account, credit_id)
    assert credit is not None, "only an account with terms is entered into"
    assert account is not None, "the terms are those of an account"
    credit = close_due(core, tx, credit, command.at_us, by=command)
    owed = credit.owed_minor + movement.amount_minor
    if owed != account.balance_minor:
        raise InvariantBroken(f"credit account {account.account_no} owes {account.balance_minor}, not {owed}")
    transaction = CreditTransaction(
        id=transaction_id,
        account_id=credit.id,
        seq=credit.last_seq + 1,
        type=movement.type.value,
        amount_minor=movement.amount_minor,
        owed_after_minor=owed,
        limit_minor=movement.limit_minor,
        entry_id=entry_id,
        pos_ref=movement.pos_ref,
        narration=movement.narration,
        reverses_id=movement.reverses.id if movement.reverses is not None else None,
        operation_key=command.key,
        row_no=row_no,
        created_by=command.principal.username,
        # Never before the one before it, nor before its cycle began, even if the clock steps back (DUR-6).
        posted_at=max(command.at_us, credit.last_at, credit.cycle_started_at),
    )
    tx.put(transaction)
    credit = replace(
        _counted(credit, movement), owed_minor=owed, last_seq=transaction.seq, last_at=transaction.posted_at
    )
    item = CreditOpenItem(transaction.id, credit.id, transaction.seq, movement.amount_minor)
    book = _Book(core, tx, command)
    if movement.reverses is not None:
        credit = book.take_back(credit, movement.reverses, item)
    else:
        for debit_id, amount in movement.lines:
            debit = tx.get(CreditOpenItem, debit_id)
            assert debit is not None, "a line names what is open"
            item = book.pair(item, debit, amount)
        if item.open_minor:
            tx.put(item)
        credit = replace(credit, unapplied_minor=credit.unapplied_minor + max(0, -item.open_minor))
    credit = book.settle_open(credit)
    tx.put(credit)
    return Entered(transaction, credit, account)


def open_items(tx: Tx, credit_id: str) -> list[CreditOpenItem]:
    """What is open on an account, the oldest first."""
    return sorted(tx.find(CreditOpenItem, account_id=credit_id), key=lambda item: item.seq)


def settled_by(tx: Tx, credit_transaction_id: str) -> dict[str, int]:
    """What a credit settles now: debit transaction to how much, in minor units."""
    found: dict[str, int] = {}
    for allocation in tx.find(CreditAllocation, credit_id=credit_transaction_id):
        found[allocation.debit_id] = found.get(allocation.debit_id, 0) + allocation.amount_minor
    return {debit_id: amount for debit_id, amount in found.items() if amount}


def _counted(credit: CreditAccount, movement: Movement) -> CreditAccount:
    """The figures of the open cycle with one more movement; an opening comes before the first cycle.

    Raises:
        Refusal: 422 where a figure would pass what is counted: much was bought and paid in one cycle.
    """
    amount = movement.amount_minor
    if movement.type is TransactionType.OPENING:
        return replace(credit, cycle_opening_minor=amount, cycle_first_seq=credit.last_seq + 2)
    name, sign = _FIGURES.get(movement.type, ("cycle_payments_minor", -1))
    figure = getattr(credit, name) + sign * amount
    refuse_beyond(figure)
    return replace(credit, **{name: figure})


@dataclass(frozen=True, slots=True)
class _Book:
    """Open items and allocations of one command."""

    core: Core
    tx: Tx
    command: Command

    def allocate(self, credit_id: str, debit_id: str, account_id: str, amount_minor: int) -> None:
        """Note that a credit settles so much of a debit; negative takes it back."""
        self.tx.put(
            CreditAllocation(
                id=self.core.new_id(),
                account_id=account_id,
                credit_id=credit_id,
                debit_id=debit_id,
                amount_minor=amount_minor,
                operation_key=self.command.key,
                at=self.command.at_us,
            )
        )

    def keep(self, item: CreditOpenItem) -> CreditOpenItem:
        """Keep an item while something of it is open."""
        if item.open_minor:
            self.tx.put(item)
        else:
            self.tx.remove(item)
        return item

    def pair(self, credit: CreditOpenItem, debit: CreditOpenItem, amount: int) -> CreditOpenItem:
        """Settle `amount` of `debit` with `credit`; returns what is left of the credit, which is not kept yet."""
        if not 0 < amount <= min(-credit.open_minor, debit.open_minor):
            raise InvariantBroken(f"{amount} of transaction {debit.transaction_id} would be settled (INV-10)")
        self.allocate(credit.transaction_id, debit.transaction_id, debit.account_id, amount)
        self.keep(replace(debit, open_minor=debit.open_minor - amount))
        return replace(credit, open_minor=credit.open_minor + amount)

    def take_back(
        self, credit: CreditAccount, reversed_: CreditTransaction, item: CreditOpenItem
    ) -> CreditAccount:
        """Open again what `reversed_` settled, and settle the reversal `item` with it."""
        settled = settled_by(self.tx, reversed_.id)
        self.tx.expect(*((CreditOpenItem, debit_id) for debit_id in settled))
        for debit_id, amount in settled.items():
            self.allocate(reversed_.id, debit_id, credit.id, -amount)
            debit = self.tx.get(CreditTransaction, debit_id)
            assert debit is not None, "an allocation names a transaction that exists"
            still = self.tx.get(CreditOpenItem, debit_id)
            open_minor = amount + (still.open_minor if still is not None else 0)
            self.tx.put(CreditOpenItem(debit_id, credit.id, debit.seq, open_minor))
        unused = self.tx.get(CreditOpenItem, reversed_.id)
        if unused is not None:
            self.tx.remove(unused)
            credit = replace(credit, unapplied_minor=credit.unapplied_minor + unused.open_minor)
        self.allocate(reversed_.id, item.transaction_id, credit.id, item.open_minor)
        return credit

    def settle_open(self, credit: CreditAccount) -> CreditAccount:
        """Use what is unused for what is open, the oldest for the oldest."""
        if not credit.unapplied_minor or credit.owed_minor + credit.unapplied_minor <= 0:
            return credit
        items = open_items(self.tx, credit.id)
        now = {item.transaction_id: item for item in items}
        used = 0
        unused = [item for item in items if item.open_minor < 0]
        for paid, debit, amount in matches(unused, [item for item in items if item.open_minor > 0]):
            left = self.pair(now[paid.transaction_id], now[debit.transaction_id], amount)
            now[debit.transaction_id] = replace(
                now[debit.transaction_id], open_minor=now[debit.transaction_id].open_minor - amount
            )
            now[paid.transaction_id] = self.keep(left)
            used += amount
        return replace(credit, unapplied_minor=credit.unapplied_minor - used)
