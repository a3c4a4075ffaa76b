"""Journal entries as the contract shows them: whose money, how much, by which tender, and the legs of one."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from branchtui.contract import transactions as wire
from branchtui.contract.operations import short_reference
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Customer, JournalEntry
from branchtui.ledger.tenders import TENDER_OF
from branchtui.ledger.workflows.payment_views import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core


@dataclass(frozen=True, slots=True)
class LegLine:
    """A leg with what is to be said of its account."""

    entry_id: str
    line: int
    amount_minor: int
    balance_after_minor: int
    account_no: str
    kind: str
    currency: str
    customer_id: str | None


LEGS: Final = """SELECT legs.entry_id, legs.line, legs.amount_minor, legs.balance_after_minor,
  accounts.account_no, accounts.kind, accounts.currency, accounts.customer_id
FROM legs CROSS JOIN accounts
WHERE legs.entry_id IN (SELECT value FROM json_each(:ids)) AND accounts.id = legs.account_id
ORDER BY legs.entry_id, legs.line"""


async def answers(core: Core, entries: Sequence[JournalEntry]) -> tuple[wire.Transaction, ...]:
    """Entries of a page, without their legs."""
    legs = await legs_of(core, [entry.id for entry in entries])
    owners = {leg.customer_id: leg.customer_id for each in legs.values() for leg in each if leg.customer_id}
    customers = {each.id: each for each in await core.reader.by_keys(Customer, owners)}
    return tuple(transaction_answer(entry, legs[entry.id], customers) for entry in entries)


async def legs_of(core: Core, ids: Sequence[str]) -> dict[str, list[LegLine]]:
    """The legs of these entries, by entry, in their order."""
    found: dict[str, list[LegLine]] = defaultdict(list)
    for values in await core.reader.values(LEGS, {"ids": json.dumps(list(ids))}):
        leg = LegLine(*values)
        found[leg.entry_id].append(leg)
    return found


async def visible(core: Core, who: Principal, entry_id: str) -> JournalEntry:
    """The entry, where it is the caller's to see; raises 404."""
    entry = await core.reader.get(JournalEntry, entry_id)
    if entry is None or not who.scope.covers(entry.branch_id):
        raise not_found("transaction")
    return entry


async def whole(core: Core, who: Principal, entry_id: str) -> wire.Transaction:
    """One entry with its legs, and the entry that took it back."""
    entry = await visible(core, who, entry_id)
    legs = (await legs_of(core, [entry.id]))[entry.id]
    owners = {leg.customer_id for leg in legs if leg.customer_id}
    customers = {each.id: each for each in await core.reader.by_keys(Customer, owners)}
    siblings = await core.reader.find(JournalEntry, subject_id=entry.subject_id)
    reversed_by = next((each.id for each in siblings if each.reversal_of == entry.id), None)
    return transaction_answer(entry, legs, customers).model_copy(
        update={"legs": tuple(_leg_answer(leg) for leg in legs), "reversed_by": reversed_by}
    )


def transaction_answer(
    entry: JournalEntry, legs: Sequence[LegLine], customers: dict[str, Customer]
) -> wire.Transaction:
    """A stored entry as the contract's, without its legs."""
    owned = next((leg for leg in legs if leg.customer_id is not None), None)
    customer = customers.get(owned.customer_id or "") if owned is not None else None
    tender = next(
        (TENDER_OF[leg.kind] for leg in legs if leg.customer_id is None and leg.kind in TENDER_OF), None
    )
    return wire.Transaction(
        id=entry.id,
        branch_id=entry.branch_id,
        kind=entry.kind,
        booked_at=as_datetime(entry.booked_at),
        business_date=date.fromisoformat(entry.business_date),
        amount_minor=sum(leg.amount_minor for leg in legs if leg.amount_minor > 0),
        currency=legs[0].currency,
        customer=None if customer is None else brief(customer),
        account_no=None if owned is None else owned.account_no,
        tender=tender,
        narration=entry.narration,
        reference=entry.reference,
        created_by=entry.created_by,
        operation=short_reference(entry.operation_key),
        reversal_of=entry.reversal_of,
    )


def _leg_answer(leg: LegLine) -> wire.TransactionLeg:
    return wire.TransactionLeg(
        line=leg.line,
        account_no=leg.account_no,
        account_kind=leg.kind,
        customer_id=leg.customer_id,
        debit_minor=leg.amount_minor if leg.amount_minor > 0 else None,
        credit_minor=-leg.amount_minor if leg.amount_minor < 0 else None,
        currency=leg.currency,
        balance_after_minor=natural_minor(leg.kind, leg.balance_after_minor),
    )
