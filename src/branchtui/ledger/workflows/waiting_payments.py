"""Payments that wait because their one owner is being transferred, tried again when that has ended (section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import PaymentState
from branchtui.ledger import audit
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import Account, Payment, PaymentWait
from branchtui.ledger.workflows import matching, owners, payment_steps, payments
from branchtui.ledger.workflows.payment_rules import decide_account

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import Tx

AT_ONCE_MAX: Final = 500
"""Payments of one customer that are tried within one transaction; what is beyond stays in the queue."""


def try_again(core: Core, tx: Tx, command: Command, customer: Customer) -> int:
    """Give the customer what waited for the transfer to end; returns how many payments that were.

    The evidence is looked at once more: what has become ambiguous since stays in the queue. Entries are numbered
    from 0 within the command's operation.
    """
    given = 0
    for wait in sorted(tx.find(PaymentWait, customer_id=customer.id), key=lambda each: each.payment_id)[
        :AT_ONCE_MAX
    ]:
        tx.remove(wait)
        payment = tx.get(Payment, wait.payment_id)
        if payment is None or payment.state != PaymentState.UNASSOCIATED:
            continue
        # The customer may have gone to a branch that the payee's does not cover: he is known from when it came.
        scope = core.tree.below(payment.branch_id) | {customer.branch_id}
        evidence = owners.evidence_of(payment)
        strict = bool(core.tree[payment.branch_id].unknown_reference_waits)
        found = owners.in_transaction(tx, evidence, scope)
        decision = matching.decide(evidence, found, unknown_waits=strict)
        if decision.customer is None or decision.customer.id != customer.id or decision.tier is None:
            continue
        held = tx.find(Account, customer_id=customer.id)
        wallet = decide_account(customer, held, payment.currency, None)
        if isinstance(wallet, Refusal):
            continue
        after = payments.give_waiting(
            core, tx, command, payment, wallet, decision.tier, decision.reasons, row_no=given
        )
        _tell_chain(tx, command, payment, after)
        given += 1
    return given


def _tell_chain(tx: Tx, command: Command, before: Payment, after: Payment) -> None:
    event = audit.Event(
        action=payment_steps.ASSOCIATED,
        object=payment_steps.path_of(after),
        before={"state": before.state},
        after={
            "version": after.version,
            "state": after.state,
            "customer_id": after.customer_id,
            "account_id": after.account_id,
        },
    )
    audit.append(
        tx,
        event,
        branch_id=after.branch_id,
        principal=command.principal,
        at_us=command.at_us,
        operation_key=command.key,
        request_id=command.request_id,
    )
