"""Lists of credit accounts, their transactions and statements; figures that come with them (contract, section 7)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, bindparam, func, literal_column, select, text

from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.credit import CreditStatus
from branchtui.contract.credit_statements import MailState
from branchtui.format.folding import fold
from branchtui.ledger.days import day_key
from branchtui.ledger.phones import region_of
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import (
    Account,
    ClosedDay,
    CreditAccount,
    CreditAllocation,
    CreditOpenItem,
    CreditStatement,
    CreditTransaction,
    Customer,
    Settlement,
    StatementMail,
)
from branchtui.ledger.workflows import customer_search
from branchtui.ledger.workflows.credit_rules import Standing
from branchtui.ledger.workflows.credit_views import Mails

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core

CANDIDATES: Final = 500
"""Accounts that one way of searching looks at."""

_c, _t, _s = tables.credit_accounts.c, tables.credit_transactions.c, tables.credit_statements.c


@dataclass(frozen=True, slots=True)
class Listed:
    """An account with what the engine keeps of its customer and branch, for the orders of the list."""

    id: str
    owed_minor: int
    settles_on: str
    created_at: int
    name_key: str
    account_no: str
    branch_id: str


def _amount_minor(text: str) -> int:
    found = int(text)
    if not 0 <= found <= MAX_AMOUNT_MINOR:
        raise ValueError(text)
    return found


_WORDS: Final = """credit_accounts.id IN (SELECT id FROM (
  SELECT credit_accounts.id FROM customers_search CROSS JOIN customers CROSS JOIN credit_accounts
  WHERE customers_search MATCH :words__match AND customers.row_no = customers_search.rowid
  AND credit_accounts.customer_id = customers.id AND NOT EXISTS (SELECT 1 FROM json_each(:words__needles)
    WHERE instr(' ' || customers.search_text, value) = 0) LIMIT 501)
  UNION ALL SELECT id FROM (SELECT credit_accounts.id FROM accounts CROSS JOIN credit_accounts
  WHERE accounts.account_no_key >= :words__number AND accounts.account_no_key < :words__number_end
  AND credit_accounts.id = accounts.id LIMIT 501))"""

_BEGINS: Final = """credit_accounts.id IN (SELECT id FROM (
  SELECT credit_accounts.id FROM credit_accounts CROSS JOIN customers
  WHERE credit_accounts.name_key >= :begins__prefix AND credit_accounts.name_key < :begins__prefix_end
  AND customers.id = credit_accounts.customer_id AND NOT EXISTS (SELECT 1 FROM json_each(:begins__needles)
    WHERE instr(' ' || customers.search_text, value) = 0) LIMIT 501)
  UNION ALL SELECT id FROM (SELECT credit_accounts.id FROM accounts CROSS JOIN credit_accounts
  WHERE accounts.account_no_key >= :begins__number AND accounts.account_no_key < :begins__number_end
  AND credit_accounts.id = accounts.id LIMIT 501)
  UNION ALL SELECT id FROM (SELECT credit_accounts.id FROM customers CROSS JOIN credit_accounts
  WHERE customers.customer_no_key >= :begins__number AND customers.customer_no_key < :begins__number_end
  AND credit_accounts.customer_id = customers.id LIMIT 501)
  UNION ALL SELECT id FROM (SELECT credit_accounts.id FROM json_each(:begins__phones) CROSS JOIN customers
  CROSS JOIN credit_accounts WHERE customers.mobile_no >= value AND customers.mobile_no < value || ':'
  AND credit_accounts.customer_id = customers.id LIMIT 501))"""

_FILTERS: Final[Mapping[str, Any]] = {
    "branch": _c.branch_id == bindparam("branch"),
    # The sign keeps the order's own index in use.
    "branches": literal_column(
        "+credit_accounts.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
    ),
    "status": _c.status == bindparam("status"),
    "customer": _c.customer_id == bindparam("customer"),
    "over": literal_column(
        "credit_accounts.max_credit_minor IS NOT NULL AND "
        "credit_accounts.owed_minor - credit_accounts.max_credit_minor >= :over",
        Boolean,
    ),
    "words": literal_column(_WORDS, Boolean),
    "begins": literal_column(_BEGINS, Boolean),
}

CREDIT_ACCOUNTS: Final = ListSpec(
    row_type=Listed,
    name="credit-accounts",
    source=tables.credit_accounts,
    sorts={
        "name": Sort("name_key", key=fold),
        "owed": Sort("owed_minor", descending=True, key=_amount_minor),
        "next_settlement": Sort("settles_on"),
        "created": Sort("created_at", descending=True, is_time=True),
    },
    filters=_FILTERS,
)
"""The list behind `GET /v1/credit-accounts`."""

TRANSACTIONS: Final = ListSpec(
    row_type=CreditTransaction,
    name="credit-transactions",
    sorts={"newest": Sort("seq", descending=True, key=int), "oldest": Sort("seq", key=int)},
    filters={
        "account": _t.account_id == bindparam("account"),
        "from_seq": _t.seq >= bindparam("from_seq"),
        "to_seq": _t.seq <= bindparam("to_seq"),
        "open": literal_column(
            "EXISTS (SELECT 1 FROM credit_open_items WHERE credit_open_items.transaction_id = credit_transactions.id "
            "AND credit_open_items.open_minor >= :open)",
            Boolean,
        ),
    },
)
"""The list behind `GET /v1/credit-accounts/{id}/transactions`."""

STATEMENTS: Final = ListSpec(
    row_type=CreditStatement,
    name="statements",
    sorts={"newest": Sort("cycle_no", descending=True, key=int)},
    filters={"account": _s.account_id == bindparam("account")},
)
"""The list behind `GET /v1/credit-accounts/{id}/statements`."""

_PREVIOUS: Final = compiled(
    select(*mapping_of(CreditStatement).select_list).where(
        _s.account_id == bindparam("account"), _s.cycle_no == bindparam("cycle_no")
    )
)
_m = tables.statement_mails.c
_MAILS: Final = compiled(
    select(_m.account_id, _m.state, func.count())
    .where(
        _m.account_id.in_(text("SELECT value FROM json_each(:keys)")),
        _m.state != MailState.SENT.value,
    )
    .group_by(_m.account_id, _m.state)
)


def filters(
    core: Core,
    who: Principal,
    *,
    branch_ids: frozenset[str],
    whole: bool,
    q: str,
    status: CreditStatus | None,
    customer: str | None,
    over_limit: bool,
) -> dict[str, Any]:
    """The filters of `CREDIT_ACCOUNTS` for somebody's branches; `whole` where they are the whole institution."""
    home = core.tree[who.branch_id]
    found: dict[str, Any] = {}
    if len(branch_ids) == 1:
        found["branch"] = min(branch_ids)
    elif not whole:
        found["branches"] = json.dumps(sorted(branch_ids))
    if status is not None:
        found["status"] = status.value
    if customer is not None:
        found["customer"] = customer
    if over_limit:
        found["over"] = 1
    if q:
        region = region_of(home.currency, home.timezone)
        search = customer_search.parse(q, region)
        way = "words" if search.match is not None and not search.phones else "begins"
        found[way] = search.parameters(sorted(branch_ids), None, whole=whole)
    return found


async def standings(core: Core, rows: Iterable[str]) -> list[Standing]:
    """Committed accounts by id, each with what decides about it, in that order."""
    ids = list(rows)
    reader = core.reader
    credits_ = {each.id: each for each in await reader.by_keys(CreditAccount, ids)}
    accounts = {each.id: each for each in await reader.by_keys(Account, ids)}
    owners = {each.customer_id for each in credits_.values()}
    customers = {each.id: each for each in await reader.by_keys(Customer, owners)}
    today = {
        branch_id: core.today(core.tree[branch_id]).isoformat()
        for branch_id in {each.branch_id for each in accounts.values()}
    }
    closed = {
        day.branch_id for day in await reader.by_keys(ClosedDay, {day_key(*pair) for pair in today.items()})
    }
    return [
        Standing(
            credit=credits_[each],
            account=accounts[each],
            customer=customers[credits_[each].customer_id],
            branch=core.tree[accounts[each].branch_id],
            today=today[accounts[each].branch_id],
            today_closed=accounts[each].branch_id in closed,
        )
        for each in ids
        if each in credits_ and each in accounts
    ]


async def mails(core: Core, ids: Sequence[str]) -> dict[str, Mails]:
    """Mails on their way and failed, by account, where there are any."""
    counted: dict[str, dict[str, int]] = {}
    for account_id, state, count in await core.reader.values(_MAILS, {"keys": json.dumps(list(ids))}):
        counted.setdefault(account_id, {})[state] = count
    return {
        account_id: Mails(by.get(MailState.WAITING.value, 0), by.get(MailState.FAILED.value, 0))
        for account_id, by in counted.items()
    }


async def previous_statement(core: Core, credit: CreditAccount) -> CreditStatement | None:
    """The statement of the cycle before the open one."""
    bound = {"account": credit.id, "cycle_no": credit.cycle_no - 1}
    found = await core.reader.rows(CreditStatement, _PREVIOUS, bound)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Company:
    """What comes with transactions: what is open of each, who settled, what was taken back."""

    open_minor: dict[str, int]
    settlements: dict[str, Settlement]
    reversed_ids: frozenset[str]


async def company(core: Core, transactions: Sequence[CreditTransaction]) -> Company:
    """Open amounts and settlements of a page of transactions."""
    reader = core.reader
    ids = [each.id for each in transactions]
    items = await reader.by_keys(CreditOpenItem, ids)
    settlements: dict[str, Settlement] = {}
    for each in transactions:
        paid_by = each.id if each.type == "settlement" else each.reverses_id
        found = await reader.find_one(Settlement, transaction_id=paid_by) if paid_by else None
        if found is not None:
            settlements[each.id] = found
    taken_back = {each.transaction_id for each in settlements.values() if each.reversal_id is not None}
    return Company(
        {item.transaction_id: item.open_minor for item in items}, settlements, frozenset(taken_back)
    )


async def settled(core: Core, settlement: Settlement) -> list[tuple[CreditTransaction, int]]:
    """What a committed settlement settles now: transaction and how much, in the order of buying."""
    sums: dict[str, int] = {}
    for each in await core.reader.find(CreditAllocation, credit_id=settlement.transaction_id):
        sums[each.debit_id] = sums.get(each.debit_id, 0) + each.amount_minor
    debits = await core.reader.by_keys(CreditTransaction, [key for key, amount in sums.items() if amount])
    found = [(each, sums[each.id]) for each in debits if each.id != settlement.reversal_id]
    return sorted(found, key=lambda pair: pair[0].seq)


async def mails_of(core: Core, statements: Sequence[CreditStatement]) -> dict[str, StatementMail]:
    """The mails of a page of statements, by statement."""
    found = await core.reader.by_keys(StatementMail, [each.id for each in statements])
    return {each.statement_id: each for each in found}
