"""What decides about customers beside their own rows: the transfer under way, money that is left, records that wait.

Asked once for a whole page by readers (`of_page`), and inside a transaction for one (`in_transaction`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_records import RecordStatus
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.transfers import TransferState
from branchtui.format.money import money
from branchtui.ledger.journal import CREDIT_NORMAL, natural_minor
from branchtui.ledger.store.rows import Account, BalanceRecord, Branch, Leg, Transfer, User
from branchtui.ledger.workflows import membership
from branchtui.ledger.workflows.customer_rules import Standing, is_new

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import Tx

_PROPOSED: Final = TransferState.PROPOSED.value
_LEAVE: Final = frozenset({CustomerStatus.PENDING.value, CustomerStatus.ACTIVE.value})
"""Only of these it matters what they would leave behind."""

_BALANCES: Final = """SELECT customer_id, account_no, kind, currency, balance_minor FROM accounts
  WHERE customer_id IN (SELECT value FROM json_each(:keys)) AND balance_minor <> 0"""

_MOVED: Final = """SELECT DISTINCT customer_id FROM accounts
  WHERE customer_id IN (SELECT value FROM json_each(:keys))
    AND EXISTS (SELECT 1 FROM legs WHERE legs.account_id = accounts.id)"""

_PEOPLE: Final = """SELECT username, person_id FROM users
  WHERE username IN (SELECT value FROM json_each(:keys))"""

_ELSEWHERE: Final = """SELECT r.customer_id, b.code, b.name, r.account_kind, r.amount_minor, r.currency, r.external_ref
  FROM balance_records AS r
  JOIN customers AS c ON c.id = r.customer_id JOIN branches AS b ON b.id = r.branch_id
  WHERE r.customer_id IN (SELECT value FROM json_each(:keys)) AND r.status = :waiting
    AND r.branch_id <> c.branch_id
  ORDER BY r.id"""

_RECORDS: Final = """SELECT customer_id, COUNT(*) FROM balance_records
  WHERE customer_id IN (SELECT value FROM json_each(:keys)) AND status = :waiting GROUP BY customer_id"""


_VERBS: Final = {
    (True, True): "holds",
    (True, False): "is overdrawn by",
    (False, True): "owes",
    (False, False): "is overpaid by",
}
"""What an account does, by whether it holds a customer's money and whether its balance is positive."""


def in_transaction(tx: Tx, customer: Customer) -> Standing:
    """How a customer stands, as a transaction sees it."""
    transfer = None
    if customer.status == CustomerStatus.TRANSFER_IN_PROGRESS:
        transfer = tx.find_one(Transfer, customer_id=customer.id, state=_PROPOSED)
    balances, records, moved, maker, elsewhere = "", 0, False, None, ""
    approval = membership.rules(tx).approval
    if customer.status in _LEAVE:
        held = sorted(tx.find(Account, customer_id=customer.id), key=lambda each: each.account_no)
        balances = said(
            [
                (each.account_no, each.kind, each.currency, each.balance_minor)
                for each in held
                if each.balance_minor
            ]
        )
        if customer.status == CustomerStatus.PENDING:
            moved = any(tx.find(Leg, account_id=each.id) for each in held)
        waiting = tx.find(BalanceRecord, customer_id=customer.id, status=RecordStatus.NOT_ACCOUNTED.value)
        records = len(waiting)
        left = [each for each in waiting if each.branch_id != customer.branch_id]
        if left:
            first = min(left, key=lambda each: each.id)
            branch = tx.get(Branch, first.branch_id)
            assert branch is not None, "a record is of a branch"
            of_first = (first.account_kind, first.amount_minor, first.currency, first.external_ref)
            elsewhere = waits_elsewhere([(branch.code, branch.name, *of_first)] * len(left))
    if approval and is_new(customer):
        maker = tx.find_one(User, username=customer.created_by)
    return Standing(
        customer,
        transfer,
        balances,
        records,
        approval,
        moved,
        maker.person_id if maker is not None else None,
        elsewhere,
    )


async def of_page(core: Core, customers: Sequence[Customer]) -> list[Standing]:
    """How the customers of a page stand; two questions for all of them, and two more for those who are new."""
    leaving = json.dumps([each.id for each in customers if each.status in _LEAVE])
    left: dict[str, list[tuple[Any, ...]]] = {}
    waiting: dict[str, int] = {}
    if leaving != "[]":
        for owner, *account in await core.reader.values(_BALANCES, {"keys": leaving}):
            left.setdefault(owner, []).append(tuple(account))
        bound = {"keys": leaving, "waiting": RecordStatus.NOT_ACCOUNTED.value}
        waiting = {str(owner): int(count) for owner, count in await core.reader.values(_RECORDS, bound)}
    away: dict[str, list[tuple[Any, ...]]] = {}
    if waiting:
        bound = {"keys": json.dumps(sorted(waiting)), "waiting": RecordStatus.NOT_ACCOUNTED.value}
        for owner, *record in await core.reader.values(_ELSEWHERE, bound):
            away.setdefault(owner, []).append(tuple(record))
    moved: set[str] = set()
    makers: dict[str, str] = {}
    approval = membership.rules_in(core.settings).approval
    if pending := [each for each in customers if each.status == CustomerStatus.PENDING]:
        keys = {"keys": json.dumps([each.id for each in pending])}
        moved = {str(owner) for (owner,) in await core.reader.values(_MOVED, keys)}
    if approval and (new := {each.created_by for each in customers if is_new(each)}):
        names = {"keys": json.dumps(sorted(new))}
        makers = {str(name): str(person) for name, person in await core.reader.values(_PEOPLE, names)}
    found: list[Standing] = []
    for each in customers:
        transfer = None
        if each.status == CustomerStatus.TRANSFER_IN_PROGRESS:
            transfer = await core.reader.find_one(Transfer, customer_id=each.id, state=_PROPOSED)
        balances = said(sorted(left.get(each.id, [])))
        records = waiting.get(each.id, 0)
        maker = makers.get(each.created_by)
        elsewhere = waits_elsewhere(away.get(each.id, []))
        found.append(
            Standing(each, transfer, balances, records, approval, each.id in moved, maker, elsewhere)
        )
    return found


def waits_elsewhere(records: Sequence[tuple[Any, ...]]) -> str:
    """Where balance records of a customer wait unseen by his branch, in a sentence; empty for none.

    A record is its branch's code and name, account kind, amount in minor units, currency and reference.
    """
    if not records:
        return ""
    code, name, kind, amount_minor, currency, reference = records[0]
    what = f"{kind} {money(amount_minor, currency)} {currency}"
    what += f", reference {reference}" if reference else ""
    if len(records) == 1:
        return f"One waits in {code} {name}: {what}. That branch posts or deletes it."
    return f"{len(records):,} wait in {code} {name}, the first: {what}. That branch posts or deletes them."


def said(accounts: Sequence[tuple[Any, ...]]) -> str:
    """Which accounts are not empty, in a sentence: number, kind, currency and signed balance of each; empty for none."""
    if not accounts:
        return ""
    number, kind, currency, signed_minor = accounts[0]
    amount = natural_minor(kind, signed_minor)
    verb = _VERBS[kind in CREDIT_NORMAL, amount > 0]
    more = f" and {len(accounts) - 1} more are not empty" if len(accounts) > 1 else ""
    return f"The {kind} account {number} {verb} {money(abs(amount), currency)} {currency}{more}."
