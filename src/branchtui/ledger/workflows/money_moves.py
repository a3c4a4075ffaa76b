"""Payouts and offsets: money that leaves an account, or pays the same customer's loan (contract, sections 3 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract import loans as wire
from branchtui.contract.problem import Codes
from branchtui.contract.tenders import Tender
from branchtui.format.money import money
from branchtui.ledger import audit, operations
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.days import is_closed
from branchtui.ledger.journal import EntryDraft, institution_account, natural_minor, post_entry, transfer
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.tenders import PAID_FROM
from branchtui.ledger.workflows.account_rules import (
    OFFSETS,
    AccountAction,
    refuse,
    refuse_more_than_held,
)
from branchtui.ledger.workflows.accounts import path_of

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

PAYOUT: Final = "account.payout"
OFFSET: Final = "account.offset"
"""Kinds of journal entries; their subject is the account that is paid out, or the loan."""


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be moved: out of `account`, or from `source` onto the loan `account`."""

    action: AccountAction
    customer: Customer
    account: Account
    amount_minor: int
    source: Account | None = None

    @property
    def most_minor(self) -> int:
        """The most that could be moved now."""
        stands = natural_minor(self.account.kind, self.account.balance_minor)
        if self.source is not None:
            stands = min(stands, natural_minor(self.source.kind, self.source.balance_minor))
        return max(stands, 0)

    def changes(self) -> tuple[wire.BalanceChange, ...]:
        """Every account of the customer, before and after."""
        touched = (self.account,) if self.source is None else (self.source, self.account)
        return tuple(
            wire.BalanceChange(
                account_id=each.id,
                account_no=each.account_no,
                kind=each.kind,
                currency=each.currency,
                before_minor=natural_minor(each.kind, each.balance_minor),
                after_minor=natural_minor(each.kind, each.balance_minor) - self.amount_minor,
            )
            for each in touched
        )

    def answer(self, entry_id: str | None = None, asked: wire.NewPayout | None = None) -> wire.MoneyMoved:
        """What it does, or did."""
        return wire.MoneyMoved(
            entry_id=entry_id,
            customer_id=self.customer.id,
            amount_minor=self.amount_minor,
            currency=self.account.currency,
            max_minor=self.most_minor,
            tender=asked.tender if asked else None,
            reference=asked.reference if asked else None,
            changes=self.changes(),
        )


def payout(core: Core, tx: Tx, command: Command, account_id: str, asked: wire.NewPayout) -> Reply:
    """`POST /v1/accounts/{id}/payouts`: the account against the tender.

    Raises:
        Refusal: 403 `needs-checker` for a teller and above the limit, 404, 409 `insufficient-balance`,
            `customer-not-active`, `account-not-open`, `day-closed` or `possible-duplicate`, 422.
    """
    move = payout_of(tx, command.principal, account_id, asked)
    verify_payout(asked)
    refuse_move(core, tx, command.principal, move)
    guard = operations.signature(command, account_id, asked.amount_minor, asked.tender.value)
    operations.refuse_duplicate(tx, command, guard)
    branch = core.tree[move.customer.branch_id]
    tender = institution_account(tx, branch, PAID_FROM[asked.tender], move.account.currency, command.at_us)
    draft = EntryDraft(
        kind=PAYOUT,
        branch_id=branch.id,
        subject_id=move.account.id,
        legs=transfer(move.account, tender, move.amount_minor),
        business_date=core.today(branch).isoformat(),
        narration=asked.narration or f"Paid out by {asked.tender.value.replace('_', ' ')}",
        reference=asked.reference,
    )
    entry_id = core.new_id()
    post_entry(tx, command, draft, new_id=entry_id)
    return _done(command, move, move.answer(entry_id, asked), guard)


def offset(core: Core, tx: Tx, command: Command, account_id: str, asked: wire.NewOffset) -> Reply:
    """`POST /v1/accounts/{id}/offset`: savings, shares or overpayment against the same customer's loan.

    Raises:
        Refusal: 403 `needs-checker` above the limit, 404, 409 `insufficient-balance`, `more-than-owed`,
            `customer-not-active`, `account-not-open`, `day-closed` or `possible-duplicate`, 422.
    """
    move = offset_of(tx, command.principal, account_id, asked)
    refuse_card_number("narration", asked.narration)
    refuse_move(core, tx, command.principal, move)
    guard = operations.signature(command, account_id, asked.from_account_id, asked.amount_minor)
    operations.refuse_duplicate(tx, command, guard)
    assert move.source is not None, "an offset takes from somewhere"
    branch = core.tree[move.customer.branch_id]
    draft = EntryDraft(
        kind=OFFSET,
        branch_id=branch.id,
        subject_id=move.account.id,
        legs=transfer(move.source, move.account, move.amount_minor),
        business_date=core.today(branch).isoformat(),
        narration=asked.narration or f"Offset from {move.source.kind} {move.source.account_no}",
    )
    entry_id = core.new_id()
    post_entry(tx, command, draft, new_id=entry_id)
    return _done(command, move, move.answer(entry_id), guard)


def payout_of(tx: Tx, who: Principal, account_id: str, asked: wire.NewPayout) -> Move:
    """What a payout would move.

    Raises:
        Refusal: 404.
    """
    account, customer = owned(tx, who, account_id)
    return Move(AccountAction.PAYOUT, customer, account, asked.amount_minor)


def offset_of(tx: Tx, who: Principal, account_id: str, asked: wire.NewOffset) -> Move:
    """What an offset would move.

    Raises:
        Refusal: 404.
    """
    account, customer = owned(tx, who, account_id)
    source = tx.get(Account, asked.from_account_id)
    if source is None or source.customer_id != customer.id:
        raise not_found("account")
    return Move(AccountAction.OFFSET, customer, account, asked.amount_minor, source)


def owned(tx: Tx, who: Principal, account_id: str) -> tuple[Account, Customer]:
    """A customer's account, with its owner.

    Raises:
        Refusal: 404.
    """
    account = tx.get(Account, account_id)
    owner_id = account.customer_id if account is not None else None
    customer = tx.get(Customer, owner_id) if owner_id is not None else None
    if account is None or customer is None or not who.scope.covers(customer.branch_id):
        raise not_found("account")
    return account, customer


def refusal_of(core: Core, tx: Tx, who: Principal, move: Move) -> Refusal | None:
    """Why `who` may not make this move now, or None."""
    branch = core.tree[move.customer.branch_id]
    today = core.today(branch).isoformat()
    refusal = refuse(move.action, who, move.customer, move.account, move.amount_minor)
    late = refusal if refusal is not None and refusal.code == Codes.NEEDS_CHECKER else None
    if refusal is not None and late is None:
        return refusal
    if move.source is not None and (wrong := refuse_source(move.source, move)):
        return wrong
    if is_closed(tx, branch.id, today):
        return conflict(Codes.DAY_CLOSED, "Today is closed. Nothing was moved.")
    return late


def refuse_move(core: Core, tx: Tx, who: Principal, move: Move) -> None:
    """Refuse a move that may not be made."""
    refusal = refusal_of(core, tx, who, move)
    if refusal is not None:
        raise refusal


def verify_payout(asked: wire.NewPayout) -> None:
    """Refuse a tender that nobody is paid by, and all but cash without a reference (422)."""
    if asked.tender not in PAID_FROM:
        raise invalid("/tender", f"Nobody is paid out by {asked.tender.value}.")
    if asked.tender is not Tender.CASH and not asked.reference:
        raise invalid("/reference", "A payout needs a reference unless it is in cash.", "needed")
    for name in ("reference", "narration"):
        refuse_card_number(name, getattr(asked, name))


def refuse_source(source: Account, move: Move) -> Refusal | None:
    """Why a loan cannot be offset from this account, or None."""
    if source.kind not in OFFSETS:
        return invalid("/from_account_id", f"A loan is not offset from a {source.kind} account.")
    if source.currency != move.account.currency:
        return invalid("/from_account_id", f"Account {source.account_no} is in {source.currency}.")
    if source.status != "open":
        return conflict(Codes.ACCOUNT_NOT_OPEN, f"Account {source.account_no} is {source.status}.")
    held = natural_minor(source.kind, source.balance_minor)
    return refuse_more_than_held(source, held, move.amount_minor)


def _done(command: Command, move: Move, answer: wire.MoneyMoved, guard: str) -> Reply:
    account = move.account
    amount = f"{money(move.amount_minor, account.currency)} {account.currency}"
    event = audit.Event(
        action=command.action,
        object=path_of(account.id),
        before={each.account_no: each.before_minor for each in answer.changes},
        after={each.account_no: each.after_minor for each in answer.changes} | {"entry_id": answer.entry_id},
    )
    return reply(
        answer,
        event=event,
        branch_id=move.customer.branch_id,
        status=201,
        resource=path_of(account.id),
        summary=f"{move.action.value} {amount}, {account.kind} {account.account_no} of {move.customer.customer_no}",
        amount_minor=move.amount_minor,
        currency=account.currency,
        guard=guard,
    )
