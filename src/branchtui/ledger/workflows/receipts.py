"""Receipts of journal entries: printed once, then as copies that say so; proved by their check code."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, and_, bindparam, literal_column

from branchtui.contract import receipts as wire
from branchtui.ledger import audit, numbers
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import invalid, not_found
from branchtui.ledger.receipt_codes import check_code, is_same
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Customer, JournalEntry, Receipt
from branchtui.ledger.store.search import prefix_end
from branchtui.ledger.workflows import vouchers
from branchtui.ledger.workflows.payment_steps import visible
from branchtui.ledger.workflows.payment_views import brief
from branchtui.ledger.workflows.receipt_paper import Printed, facts_of, receipt_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

ACTION: Final = "receipt.print"
_COUNTER: Final = "receipt_no"
_r = tables.receipts.c

RECEIPTS: Final = ListSpec(
    row_type=Receipt,
    name="receipts",
    sorts={"newest": Sort("issued_at", descending=True, is_time=True)},
    filters={
        "branch": _r.branch_id == bindparam("branch"),
        "branches": literal_column(
            "+receipts.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        ),
        "q": and_(_r.receipt_no >= bindparam("q__number"), _r.receipt_no < bindparam("q__number_end")),
    },
)
"""The list behind `GET /v1/receipts`."""


def filters(scope: Scope, q: str | None) -> dict[str, Any]:
    """The filters of `RECEIPTS` for a user's branches, and a number or its beginning."""
    found: dict[str, Any] = {}
    if q:
        number = "".join(q.split()).upper()
        number = number if number.startswith("R") else f"R{number}"
        found["q"] = {"number": number, "number_end": prefix_end(number)}
    if len(scope.branch_ids) == 1 and not q:
        found["branch"] = min(scope.branch_ids)
    elif not scope.top:
        found["branches"] = json.dumps(sorted(scope.branch_ids))
    return found


def print_receipt(core: Core, tx: Tx, command: Command, entry_id: str, asked: wire.PrintReceipt) -> Reply:
    """`POST /v1/transactions/{id}/receipts`: the receipt as lines; every print but the first says COPY and its number.

    Raises:
        Refusal: 404 for an entry that is not the caller's to see, 422 for one that is nobody's.
    """
    who = command.principal
    entry = tx.get(JournalEntry, entry_id)
    if entry is None or not who.scope.covers(entry.branch_id):
        raise not_found("transaction")
    return _print(core, tx, command, entry, asked)


def print_voucher_receipt(
    core: Core, tx: Tx, command: Command, voucher_id: str, asked: wire.PrintReceipt
) -> Reply:
    """`POST /v1/vouchers/{id}/receipts`: the slip of the sale, with the voucher's code.

    Raises:
        Refusal: 404 for a voucher that is not the caller's to see.
    """
    voucher, _, _ = vouchers.visible(tx, command.principal, voucher_id)
    entry = tx.get(JournalEntry, voucher.entry_id)
    assert entry is not None, "a voucher names the entry of its sale"
    return _print(core, tx, command, entry, asked)


def _print(core: Core, tx: Tx, command: Command, entry: JournalEntry, asked: wire.PrintReceipt) -> Reply:
    who, facts = command.principal, facts_of(tx, entry)
    if facts is None:
        raise invalid("/columns", "This entry moves nobody's money: there is no receipt of it.")
    known = tx.find_one(Receipt, entry_id=entry.id)
    if known is None:
        receipt = Receipt(
            id=core.new_id(),
            version=1,
            branch_id=entry.branch_id,
            receipt_no=f"R{numbers.reserve(tx, _COUNTER):06d}",
            entry_id=entry.id,
            kind=entry.kind,
            customer_id=facts.customer.id if facts.customer else None,
            account_no=facts.account_no,
            amount_minor=facts.amount_minor,
            currency=facts.currency,
            booked_at=entry.booked_at,
            issued_by=who.username,
            issued_at=command.at_us,
            copies=0,
        )
    else:
        receipt = replace(known, version=known.version + 1, copies=known.copies + 1)
    tx.put(receipt)
    code = check_code(core.institution.secret, receipt)
    printed = Printed(receipt, code, who.username, command.at_us, asked.columns)
    answer = wire.PrintedReceipt(
        **receipt_answer(receipt, facts.customer, was_reversed=facts.was_reversed).model_dump(),
        copy_no=receipt.copies,
        columns=asked.columns,
        check_code=code,
        lines=receipt_lines(core, facts, printed),
    )
    path = f"/v1/receipts/{receipt.id}"
    after = {"version": receipt.version, "receipt_no": receipt.receipt_no, "copies": receipt.copies}
    copy = f", copy {receipt.copies}" if receipt.copies else ""
    return reply(
        answer,
        event=audit.Event(action=command.action, object=path, after=after),
        branch_id=receipt.branch_id,
        status=201,
        resource=path,
        version=receipt.version,
        location=path,
        summary=f"receipt {receipt.receipt_no}{copy}",
        amount_minor=receipt.amount_minor,
        currency=receipt.currency,
    )


def print_payment_receipt(
    core: Core, tx: Tx, command: Command, payment_id: str, asked: wire.PrintReceipt
) -> Reply:
    """`POST /v1/payments/{id}/receipts`: of the entry that last moved the payment's money.

    Raises:
        Refusal: 404 for a payment that is not the caller's to see.
    """
    payment = visible(tx, command.principal, payment_id)
    entries = tx.find(JournalEntry, subject_id=payment.id)
    latest = max(entries, key=lambda entry: (entry.booked_at, entry.row_no, entry.id))
    return print_receipt(core, tx, command, latest.id, asked)


async def answers(core: Core, receipts: Sequence[Receipt]) -> tuple[wire.Receipt, ...]:
    """Receipts of a page."""
    owners = {each.customer_id for each in receipts if each.customer_id}
    customers = {each.id: each for each in await core.reader.by_keys(Customer, owners)}
    gone = await _reversed(core, receipts)
    return tuple(
        receipt_answer(each, customers.get(each.customer_id or ""), was_reversed=each.entry_id in gone)
        for each in receipts
    )


async def check(core: Core, who: Principal, receipt_no: str, keyed: str) -> wire.CheckedReceipt:
    """Whether a paper is ours: by any teller, of whichever branch; who holds the code has the paper.

    A number that does not exist and a code that is another's are answered alike.
    """
    receipt = await core.reader.find_one(Receipt, receipt_no=receipt_no.upper())
    if receipt is None or not is_same(check_code(core.institution.secret, receipt), keyed):
        return wire.CheckedReceipt(is_genuine=False)
    (answer,) = await answers(core, [receipt])
    if not who.scope.covers(receipt.branch_id):
        answer = answer.model_copy(update={"customer": None})
    return wire.CheckedReceipt(is_genuine=True, receipt=answer)


def receipt_answer(receipt: Receipt, customer: Customer | None, *, was_reversed: bool) -> wire.Receipt:
    """A stored receipt as the contract's."""
    return wire.Receipt(
        id=receipt.id,
        version=receipt.version,
        branch_id=receipt.branch_id,
        receipt_no=receipt.receipt_no,
        transaction_id=receipt.entry_id,
        kind=receipt.kind,
        customer=None if customer is None else brief(customer),
        account_no=receipt.account_no,
        amount_minor=receipt.amount_minor,
        currency=receipt.currency,
        booked_at=as_datetime(receipt.booked_at),
        issued_by=receipt.issued_by,
        issued_at=as_datetime(receipt.issued_at),
        copies=receipt.copies,
        was_reversed=was_reversed,
    )


_REVERSED: Final = """SELECT reversal.reversal_of FROM journal_entries AS entries
CROSS JOIN journal_entries AS reversal
WHERE entries.id IN (SELECT value FROM json_each(:ids))
  AND reversal.subject_id = entries.subject_id AND reversal.reversal_of = entries.id"""


async def _reversed(core: Core, receipts: Sequence[Receipt]) -> set[str]:
    """The entries among those of the receipts that were taken back."""
    bound = {"ids": json.dumps([each.entry_id for each in receipts])}
    return {entry_id for (entry_id,) in await core.reader.values(_REVERSED, bound)}
