"""Many payments at once: the same rows, entries and matches as `record_payment` makes one by one.

What their owners are found by is looked up for all together, and everything is written in one sweep.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.payments import PaymentSource, PaymentState
from branchtui.ledger import numbers
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.journal import (
    PROVIDER_FLOAT,
    UNALLOCATED,
    EntryDraft,
    institution_account,
    post_entries_bulk,
    transfer,
)
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.mapping import insert_rows, select_among
from branchtui.ledger.store.rows import Account, Payment, PaymentWait
from branchtui.ledger.store.text_index import filled_at_once
from branchtui.ledger.store.wanted import Rows
from branchtui.ledger.workflows import matching
from branchtui.ledger.workflows.owners_many import many_in_transaction
from branchtui.ledger.workflows.payment_rules import decide_account
from branchtui.ledger.workflows.payment_search import searched_text
from branchtui.ledger.workflows.payment_steps import ASSOCIATED, RECEIVED
from branchtui.ledger.workflows.payments import COUNTER, first_open_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.owner_store import OwnerRow
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import BulkTx

_NO_REASONS: Final = "[]"
# Made once: `json.dumps` with this option would make one a payment.
_REASONS: Final = json.JSONEncoder(ensure_ascii=False).encode
FEW: Final = 100
"""Payments below this number enter the text index one by one: filling it at once makes the engine prepare anew."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment to be booked: `row_no` numbers its first entry in the operation. See `IncomingPayment`."""

    row_no: int
    provider: str
    code: str
    branch_id: str
    amount_minor: int
    currency: str
    paid_at_us: int
    payer_phone: str | None
    phone_form: str
    payer_name: str | None
    account_ref: str | None

    @property
    def evidence(self) -> matching.Evidence:
        """What it says about who paid."""
        return matching.Evidence(
            self.account_ref, self.payer_phone, PhoneForm(self.phone_form), self.payer_name
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """What the payments of one branch and currency have in common."""

    branch: Branch
    scope: frozenset[str]
    day: str
    region: str
    float_: Account
    unallocated: Account


def book_receipts(
    core: Core, tx: BulkTx, command: Command, receipts: Sequence[Receipt], *, matched_by: str
) -> list[str]:
    """Book payments whose codes nobody has; returns their ids, in the same order.

    Each is given to its owner where tiers 1 to 3 find one, in the name of `matched_by`. Writes at once.
    """
    places = {
        key: _place(core, tx, command, *key) for key in {(each.branch_id, each.currency) for each in receipts}
    }
    evidences = [each.evidence for each in receipts]
    found = many_in_transaction(
        tx.connection,
        [
            (says, places[each.branch_id, each.currency].scope)
            for says, each in zip(evidences, receipts, strict=True)
        ],
    )
    decisions = [
        matching.decide(says, answer, unknown_waits=bool(core.tree[each.branch_id].unknown_reference_waits))
        for says, answer, each in zip(evidences, found, receipts, strict=True)
    ]
    held = _accounts(tx, {each.customer.id for each in decisions if each.customer is not None})
    first_no = numbers.reserve(tx, COUNTER, len(receipts))
    rows: list[tuple[Any, ...]] = []
    drafts: list[EntryDraft] = []
    row_nos: list[int] = []
    for at, (receipt, says, decision) in enumerate(zip(receipts, evidences, decisions, strict=True)):
        place = places[receipt.branch_id, receipt.currency]
        account, waits_because = _whither(receipt, decision, held)
        payment_id, payment_no = core.new_id(), f"{first_no + at:06d}"
        rows.append(
            _row(
                receipt,
                says,
                decision,
                account,
                waits_because,
                payment_id,
                payment_no,
                place,
                command,
                matched_by,
            )
        )
        drafts.append(
            _entry(receipt, RECEIVED, payment_id, payment_no, place.float_, place.unallocated, place.day)
        )
        row_nos.append(receipt.row_no)
        if account is not None:
            drafts.append(
                _entry(receipt, ASSOCIATED, payment_id, payment_no, place.unallocated, account, place.day)
            )
            row_nos.append(receipt.row_no + 1)
    post_entries_bulk(tx, command, drafts, row_nos=row_nos, new_id=core.new_id)
    insert_payments(tx, rows)
    insert_rows(
        tx.connection,
        PaymentWait,
        [
            (row[0], decision.waits_for.id)
            for row, decision in zip(rows, decisions, strict=True)
            if decision.waits_for is not None
        ],
    )
    return [row[0] for row in rows]


def _place(core: Core, tx: BulkTx, command: Command, branch_id: str, currency: str) -> _Place:
    branch = core.tree[branch_id]
    return _Place(
        branch,
        core.tree.below(branch_id),
        first_open_day(core, tx, branch),
        region_of(branch.currency, branch.timezone),
        institution_account(tx, branch, PROVIDER_FLOAT, currency, command.at_us),
        institution_account(tx, branch, UNALLOCATED, currency, command.at_us),
    )


def _accounts(tx: BulkTx, customer_ids: set[str]) -> dict[str, list[Account]]:
    """The accounts of these customers, by customer; what is posted to them afterwards finds them read."""
    held: dict[str, list[Account]] = {}
    if customer_ids:
        bound = {"keys": json.dumps(sorted(customer_ids))}
        statement = select_among(Account, "customer_id")
        for account in tx.select(
            Account, Rows(statement, bound), lambda each: each.customer_id in customer_ids
        ):
            held.setdefault(account.customer_id or "", []).append(account)
    return held


def _whither(
    receipt: Receipt, decision: matching.Decision[OwnerRow], held: dict[str, list[Account]]
) -> tuple[Account | None, str | None]:
    """The account that the money goes to, or why it waits."""
    if decision.customer is None or decision.tier is None:
        return None, decision.waits_because
    wallet = decide_account(decision.customer, held.get(decision.customer.id, []), receipt.currency, None)
    return (None, wallet.detail) if isinstance(wallet, Refusal) else (wallet, None)


def _row(
    receipt: Receipt,
    says: matching.Evidence,
    decision: matching.Decision[OwnerRow],
    account: Account | None,
    waits_because: str | None,
    payment_id: str,
    payment_no: str,
    place: _Place,
    command: Command,
    matched_by: str,
) -> tuple[Any, ...]:
    """A payment in the order of its columns."""
    return (
        payment_id,
        1,
        receipt.branch_id,
        payment_no,
        PaymentSource.STATEMENT.value,
        receipt.provider,
        receipt.code,
        receipt.payer_phone,
        receipt.phone_form,
        receipt.payer_name,
        receipt.account_ref,
        receipt.amount_minor,
        receipt.currency,
        receipt.paid_at_us,
        command.at_us,
        (PaymentState.ASSOCIATED if account else PaymentState.UNASSOCIATED).value,
        waits_because,
        account.customer_id if account else None,
        account.id if account else None,
        decision.tier if account else None,
        _REASONS(decision.reasons) if account else _NO_REASONS,
        matched_by if account else None,
        command.at_us if account else None,
        searched_text(says, receipt.code, payment_no, place.region),
    )


def insert_payments(tx: BulkTx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert payments, each the values of its columns; search finds them from then on."""
    if len(rows) < FEW:
        insert_rows(tx.connection, Payment, rows)
        return
    with filled_at_once(tx.connection, "payments"):
        insert_rows(tx.connection, Payment, rows)


def _entry(
    receipt: Receipt, kind: str, payment_id: str, payment_no: str, debit: Account, credit: Account, day: str
) -> EntryDraft:
    return EntryDraft(
        kind=kind,
        branch_id=receipt.branch_id,
        subject_id=payment_id,
        legs=transfer(debit, credit, receipt.amount_minor),
        business_date=day,
        narration=f"Payment {payment_no}",
        reference=receipt.code,
    )
