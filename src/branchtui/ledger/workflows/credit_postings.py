"""Purchases, refunds and adjustments on a credit account (contract, section 7; ledger, section 0)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from branchtui.contract import credit as wire
from branchtui.contract.credit import TransactionType
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger import audit, journal, operations
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import invalid
from branchtui.ledger.store.rows import CreditOpenItem, CreditTransaction
from branchtui.ledger.workflows import credit_rules
from branchtui.ledger.workflows.credit_book import Movement, post, standing
from branchtui.ledger.workflows.credit_cycles import path_of
from branchtui.ledger.workflows.credit_rules import CreditAction, Standing
from branchtui.ledger.workflows.credit_views import posted_answer

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.journal import LegDraft
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

PURCHASED: Final = "credit-account.purchase"
REFUNDED: Final = "credit-account.refund"
ADJUSTED: Final = "credit-account.adjust"

Asked = wire.NewPurchase | wire.NewRefund | wire.NewAdjustment

log = structlog.get_logger("branchtui.ledger")


def purchase(core: Core, tx: Tx, command: Command, credit_id: str, asked: wire.NewPurchase) -> Reply:
    """`POST /v1/credit-accounts/{id}/purchases`: credit receivable against sales on account.

    The limit is looked at here, in the transaction that posts (INV-7). Where it only warns, the answer and the
    log tell of it.

    Raises:
        Refusal: 404, 409 `credit-limit-exceeded`, `account-not-active`, `customer-not-active`, `day-closed`,
            `possible-duplicate`, 403 `needs-checker` above the own limit.
    """
    at = _looked_at(core, tx, command, CreditAction.PURCHASE, credit_id, asked)
    _refuse(credit_rules.refuse_credit(at, asked.amount_minor))
    sales = journal.institution_account(
        tx, at.branch, journal.SALES_ON_ACCOUNT, at.credit.currency, command.at_us
    )
    legs = journal.transfer(at.account, sales, asked.amount_minor)
    movement = Movement(
        TransactionType.PURCHASE,
        asked.amount_minor,
        asked.pos_ref,
        asked.narration,
        limit_minor=credit_rules.checked_limit_minor(at.credit),
    )
    return _posted(core, tx, command, at, movement, legs, _warnings(at, asked.amount_minor))


def refund(core: Core, tx: Tx, command: Command, credit_id: str, asked: wire.NewRefund) -> Reply:
    """`POST /v1/credit-accounts/{id}/refunds`: sales on account against credit receivable.

    Settles the sale with the same `pos_ref` first, then the oldest; what is left lowers what is bought next.

    Raises:
        Refusal: as `purchase`, but for the limit.
    """
    at = _looked_at(core, tx, command, CreditAction.REFUND, credit_id, asked)
    sales = journal.institution_account(
        tx, at.branch, journal.SALES_ON_ACCOUNT, at.credit.currency, command.at_us
    )
    legs = journal.transfer(sales, at.account, asked.amount_minor)
    lines = _sale(tx, credit_id, asked.pos_ref, asked.amount_minor)
    movement = Movement(
        TransactionType.REFUND, -asked.amount_minor, asked.pos_ref, asked.narration, lines=lines
    )
    return _posted(core, tx, command, at, movement, legs, ())


def adjust(core: Core, tx: Tx, command: Command, credit_id: str, asked: wire.NewAdjustment) -> Reply:
    """`POST /v1/credit-accounts/{id}/adjustments`: by its sign against adjustments; upwards within the limit.

    Raises:
        Refusal: as `purchase`; 422 for zero, or without a narration that says why.
    """
    if asked.amount_minor == 0:
        raise invalid("/amount_minor", "An adjustment of nothing adjusts nothing.")
    if not asked.narration.strip():
        raise invalid("/narration", "Narration: say why it is adjusted.")
    at = _looked_at(core, tx, command, CreditAction.ADJUST, credit_id, asked)
    _refuse(credit_rules.refuse_credit(at, asked.amount_minor))
    contra = journal.institution_account(
        tx, at.branch, journal.CREDIT_ADJUSTMENTS, at.credit.currency, command.at_us
    )
    amount = asked.amount_minor
    legs = (
        journal.transfer(at.account, contra, amount)
        if amount > 0
        else journal.transfer(contra, at.account, -amount)
    )
    limit = credit_rules.checked_limit_minor(at.credit) if amount > 0 else None
    movement = Movement(TransactionType.ADJUSTMENT, amount, asked.pos_ref, asked.narration, limit_minor=limit)
    return _posted(core, tx, command, at, movement, legs, _warnings(at, amount))


def _looked_at(
    core: Core, tx: Tx, command: Command, action: CreditAction, credit_id: str, asked: Asked
) -> Standing:
    """The account, once everything but the limit was looked at."""
    for name in ("narration", "pos_ref"):
        refuse_card_number(name, getattr(asked, name))
    at = standing(core, tx, command.principal, credit_id)
    who, currency = command.principal, at.credit.currency
    _refuse(credit_rules.refuse(action, who, at))
    _refuse(credit_rules.refuse_amount(action, who, asked.amount_minor, currency))
    return at


def _refuse(refusal: Exception | None) -> None:
    if refusal is not None:
        raise refusal


def _sale(tx: Tx, credit_id: str, pos_ref: str | None, amount: int) -> tuple[tuple[str, int], ...]:
    """How much of the open sales with this reference goods that are given back settle."""
    lines: list[tuple[str, int]] = []
    sales = tx.find(CreditTransaction, account_id=credit_id, pos_ref=pos_ref) if pos_ref is not None else []
    for sale in sorted(sales, key=lambda each: each.seq):
        item = tx.get(CreditOpenItem, sale.id)
        if item is not None and item.open_minor > 0 and amount > 0:
            lines.append((sale.id, min(amount, item.open_minor)))
            amount -= min(amount, item.open_minor)
    return tuple(lines)


def _warnings(at: Standing, amount: int) -> tuple[wire.CreditWarning, ...]:
    """What goes beyond a limit that does not restrict: it is logged, and said to who did it."""
    credit = at.credit
    limit = credit.max_credit_minor
    if limit is None or credit.restrict_credit or amount <= 0 or credit.owed_minor + amount <= limit:
        return ()
    over = credit.owed_minor + amount - limit
    log.warning("a purchase went beyond a limit that does not restrict", account=credit.id, over_by=over)
    said = credit_rules.exceeded_words(credit, amount)
    return (wire.CreditWarning(code=Codes.CREDIT_LIMIT_EXCEEDED, message=said, over_by=over),)


def _posted(
    core: Core,
    tx: Tx,
    command: Command,
    at: Standing,
    movement: Movement,
    legs: tuple[LegDraft, ...],
    warnings: tuple[wire.CreditWarning, ...],
) -> Reply:
    amount, currency = movement.amount_minor, at.credit.currency
    guard = operations.signature(command, at.credit.id, movement.type.value, amount, movement.pos_ref)
    operations.refuse_duplicate(tx, command, guard)
    entered = post(core, tx, command, at, movement, legs)
    after = replace(at, credit=entered.credit, account=entered.account)
    path = path_of(at.credit.id)
    event = audit.Event(
        action=command.action,
        object=path,
        after={
            "transaction_id": entered.transaction.id,
            "type": movement.type.value,
            "amount_minor": amount,
            "owed_minor": entered.credit.owed_minor,
        },
        reason=warnings[0].code if warnings else None,
    )
    return reply(
        posted_answer(tx, after, entered.transaction, warnings),
        event=event,
        branch_id=at.account.branch_id,
        status=201,
        resource=path,
        summary=f"{movement.type.value} {money(amount, currency)} {currency} on {at.account.account_no}",
        amount_minor=abs(amount),
        currency=currency,
        guard=guard,
    )
