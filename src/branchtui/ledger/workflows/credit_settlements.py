"""Settlements of credit accounts, and taking them back (contract, section 7). Settlements are no sales."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.contract import credit as wire
from branchtui.contract.credit import SettlementMode, SettlementState, TransactionType
from branchtui.contract.problem import Codes
from branchtui.contract.tenders import Tender
from branchtui.format.money import money
from branchtui.ledger import audit, journal, numbers, operations
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.days import is_closed
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, not_found
from branchtui.ledger.store.rows import CreditTransaction, JournalEntry, Settlement
from branchtui.ledger.tenders import tender_account
from branchtui.ledger.workflows import credit_rules
from branchtui.ledger.workflows.credit_book import Movement, open_items, post, standing
from branchtui.ledger.workflows.credit_plans import Plan, plan, verify
from branchtui.ledger.workflows.credit_rules import CreditAction, Standing
from branchtui.ledger.workflows.credit_views import lines_of, settlement_answer

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Account
    from branchtui.ledger.store.unit import Tx

SETTLED: Final = "credit-account.settle"
REVERSED: Final = "settlement.reverse"
COUNTER: Final = "settlement_no"


def settle(core: Core, tx: Tx, command: Command, credit_id: str, asked: wire.NewSettlement) -> Reply:
    """`POST /v1/credit-accounts/{id}/settlements`: the tender against credit receivable.

    Raises:
        Refusal: 404, 422, 403 `needs-checker` above the own limit, 409 `already-settled`, `overpayment`,
            `batch-changed`, `account-not-active`, `customer-not-active`, `day-closed`, `possible-duplicate`.
    """
    verify(asked)
    at = standing(core, tx, command.principal, credit_id)
    _refuse(credit_rules.refuse(CreditAction.SETTLE, command.principal, at))
    planned = planned_for(tx, at, asked)
    currency = at.credit.currency
    _refuse(
        credit_rules.refuse_amount(CreditAction.SETTLE, command.principal, planned.amount_minor, currency)
    )
    guard = operations.signature(command, credit_id, planned.amount_minor, asked.tender, asked.reference)
    operations.refuse_duplicate(tx, command, guard)
    tender = tender_account(tx, at.branch, Tender(asked.tender.value), currency, command.at_us)
    settlement_no = f"S{numbers.reserve(tx, COUNTER):06d}"
    movement = Movement(
        TransactionType.SETTLEMENT,
        -planned.amount_minor,
        settlement_no,
        _narration(asked),
        lines=planned.lines,
    )
    legs = journal.transfer(tender, at.account, planned.amount_minor)
    entered = post(core, tx, command, at, movement, legs)
    settlement = _settlement(core, command, at, asked, planned, settlement_no, entered.transaction)
    tx.put(settlement)
    after = replace(at, credit=entered.credit, account=entered.account)
    event = audit.Event(
        action=command.action,
        object=path_of(settlement.id),
        after={
            "version": 1,
            "settlement_no": settlement_no,
            "account_id": credit_id,
            "amount_minor": planned.amount_minor,
            "tender": settlement.tender,
            "owed_minor": after.credit.owed_minor,
        },
    )
    return _reply(tx, command, after, settlement, event, status=201, guard=guard)


def planned_for(tx: Tx, at: Standing, asked: wire.NewSettlement) -> Plan:
    """What a settlement would pay now; raises what the plan refuses."""
    named: dict[str, CreditTransaction] = {}
    tx.expect(*((CreditTransaction, line.transaction_id) for line in asked.lines))
    for line in asked.lines:
        found = tx.get(CreditTransaction, line.transaction_id)
        if found is not None and found.account_id == at.credit.id:
            named[found.id] = found
    items = [item for item in open_items(tx, at.credit.id) if item.open_minor > 0]
    planned = plan(asked, items, named, at.credit.currency)
    if isinstance(planned, Refusal):
        raise planned
    return planned


def reverse(core: Core, tx: Tx, command: Command, settlement_id: str, reason: str) -> Reply:
    """`POST /v1/settlements/{id}/reverse`: the mirror of its entry; what it settled is open again.

    Raises:
        Refusal: 404, 422, 403 `needs-checker`, 409 `transition-not-allowed`, `customer-not-active`, `day-closed`.
    """
    refuse_card_number("reason", reason)
    settlement, at = visible(core, tx, command, settlement_id)
    _refuse(credit_rules.refuse_reversal(command.principal, settlement, at))
    paid = tx.get(CreditTransaction, settlement.transaction_id)
    assert paid is not None, "a settlement names its transaction"
    entry = tx.get(JournalEntry, paid.entry_id)
    assert entry is not None, "a transaction names its journal entry"
    movement = Movement(
        TransactionType.REVERSAL,
        settlement.amount_minor,
        settlement.settlement_no,
        reason[:200],
        reverses=paid,
    )
    legs = journal.mirror(tx, entry)
    booked = _where_it_was_booked(core, tx, at, entry)
    entered = post(core, tx, command, booked, movement, legs, reversal_of=entry.id)
    taken = replace(
        settlement,
        version=settlement.version + 1,
        state=SettlementState.REVERSED.value,
        reversal_id=entered.transaction.id,
        reversed_by=command.principal.username,
        reversed_at=entered.transaction.posted_at,
        reason=reason,
    )
    tx.put(taken)
    after = replace(at, credit=entered.credit, account=entered.account)
    event = audit.Event(
        action=command.action,
        object=path_of(settlement.id),
        before={"state": settlement.state},
        after={
            "version": taken.version,
            "state": taken.state,
            "account_id": at.credit.id,
            "owed_minor": after.credit.owed_minor,
        },
        reason=reason,
    )
    return _reply(tx, command, after, taken, event)


def _where_it_was_booked(core: Core, tx: Tx, at: Standing, entry: JournalEntry) -> Standing:
    """The account in the books of the branch whose tender took the money: the customer may have moved on since.

    Raises:
        Refusal: 409 `day-closed` there.
    """
    branch = core.tree[entry.branch_id]
    if branch.id == at.branch.id:
        return at
    today = core.today(branch).isoformat()
    if is_closed(tx, branch.id, today):
        raise conflict(
            Codes.DAY_CLOSED, f"Today is closed in {branch.name}, which took the money. Reverse it tomorrow."
        )
    return replace(at, branch=branch, today=today)


def visible(core: Core, tx: Tx, command: Command, settlement_id: str) -> tuple[Settlement, Standing]:
    """A settlement and its account; raises 404 for what is not the caller's to see."""
    settlement = tx.get(Settlement, settlement_id)
    if settlement is None:
        raise not_found("settlement")
    try:
        return settlement, standing(core, tx, command.principal, settlement.account_id)
    except Refusal as refusal:
        raise not_found("settlement") from refusal


def path_of(settlement_id: str) -> str:
    """Where a settlement is found."""
    return f"/v1/settlements/{settlement_id}"


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refusal


def _narration(asked: wire.NewSettlement) -> str:
    words = f"Settlement by {asked.tender.value.replace('_', ' ')}"
    more = asked.reference or (f"no. {asked.cheque.number}" if asked.cheque is not None else "")
    return f"{words}, {more}"[:200] if more else words


def _settlement(
    core: Core,
    command: Command,
    at: Standing,
    asked: wire.NewSettlement,
    planned: Plan,
    settlement_no: str,
    transaction: CreditTransaction,
) -> Settlement:
    return Settlement(
        id=core.new_id(),
        version=1,
        account_id=at.credit.id,
        settlement_no=settlement_no,
        transaction_id=transaction.id,
        tender=asked.tender.value,
        reference=asked.reference,
        mode=asked.mode.value,
        amount_minor=planned.amount_minor,
        overpayment_minor=planned.overpayment_minor,
        cheque=asked.cheque.model_dump_json() if asked.cheque is not None else None,
        state=SettlementState.POSTED.value,
        reversal_id=None,
        reversed_by=None,
        reversed_at=None,
        reason=None,
        created_by=command.principal.username,
        posted_at=transaction.posted_at,
    )


def _reply(
    tx: Tx,
    command: Command,
    at: Standing,
    settlement: Settlement,
    event: audit.Event,
    *,
    status: int = 200,
    guard: str | None = None,
) -> Reply:
    amount, currency = settlement.amount_minor, at.credit.currency
    touched: tuple[Account, ...] = (at.account,)
    answer = settlement_answer(
        command.principal, at, settlement, lines_of(tx, settlement.transaction_id), touched=touched
    )
    verb = "settlement" if status == 201 else "reversal of"
    mode = "" if settlement.mode == SettlementMode.ALL else f", {settlement.mode.replace('_', ' ')}"
    return reply(
        answer,
        event=event,
        branch_id=at.account.branch_id,
        status=status,
        resource=path_of(settlement.id),
        version=settlement.version,
        location=path_of(settlement.id) if status == 201 else None,
        summary=f"{verb} {settlement.settlement_no} {money(amount, currency)} {currency} on {at.account.account_no}{mode}",
        amount_minor=amount,
        currency=currency,
        guard=guard,
    )
