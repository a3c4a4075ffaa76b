"""Finding who a payment may belong to: indexed look-ups, the same for the writer and for readers.

A plan yields look-ups one by one and is sent their rows; `in_transaction` answers it from the writer's
own unit of work (what it decides must see what was decided before it), `in_snapshot` from a reader.
`owners_many` finds the same for thousands of payments at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from sqlalchemy import Boolean, ColumnElement, and_, bindparam, func, literal_column, select

from branchtui.contract.customers import CustomerStatus
from branchtui.format.folding import fold
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.store import tables
from branchtui.ledger.store.mapping import compiled, mapping_of, select_equal
from branchtui.ledger.store.owner_store import OwnerRow
from branchtui.ledger.store.rows import Account, Customer, Payment
from branchtui.ledger.store.search import prefix_end
from branchtui.ledger.store.unit import equal_to
from branchtui.ledger.store.wanted import Rows
from branchtui.ledger.workflows import matching, payer_habits, payer_memory
from branchtui.ledger.workflows.customer_search import NAME_INDEXES, STATUSES
from branchtui.ledger.workflows.matching import Evidence, Found, Suggestion
from branchtui.ledger.workflows.references import NUMBER_MAX, is_digits, prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.reader import Reader
    from branchtui.ledger.store.unit import Tx

_MASKED_MAX: Final = 50
_ALIKE_MAX: Final = 60
_AFTER_DIGITS: Final = chr(ord("9") + 1)

_customers, _accounts = tables.customers, tables.accounts


Placed = TypeVar("Placed", Customer, OwnerRow)


@dataclass(frozen=True, slots=True)
class LookUp:
    """One indexed statement over all columns of `row_type`; `fits` says in Python what it says in SQL.

    `is_equal`: it asks for the rows whose columns equal `bound`, which a reader may ask for several at once.
    """

    row_type: type[Any]
    statement: str
    bound: dict[str, Any]
    fits: Callable[[Any], bool]
    is_equal: bool = False

    @property
    def rows(self) -> Rows:
        """What a unit of work is asked for; one column's value is looked for together with those of others."""
        of_one_column = self.is_equal and len(self.bound) == 1
        return Rows(self.statement, self.bound, self.row_type if of_one_column else None)


def evidence_of(payment: Payment) -> Evidence:
    """What a stored payment says about who paid."""
    return Evidence(
        payment.account_ref, payment.payer_phone, PhoneForm(payment.phone_form), payment.payer_name
    )


def in_transaction(tx: Tx, evidence: Evidence, scope: frozenset[str]) -> Found[Customer]:
    """Who answers to the evidence among the customers of `scope`, as the batch leaves them so far.

    Numbers among words are looked up where they count in a decision: beside a phone that may be somebody's.
    """
    plan = _plan(evidence, scope, evidence.numbers_within if evidence.phone_form in PHONE_COLUMNS else ())
    try:
        asked = next(plan)
        while True:
            if tx.is_far and asked.row_type is Customer and (owner_id := asked.bound.get("id")):
                # Whoever is found by an account is asked for his others next.
                tx.expect(asked.rows, equal_to(Account, "customer_id", owner_id))
            asked = plan.send(tx.select(asked.row_type, asked.rows, asked.fits))
    except StopIteration as done:
        found: Found[Customer] = done.value
        return found


async def in_snapshot(reader: Reader, evidence: Evidence, scope: frozenset[str]) -> Found[Customer]:
    """The same among what is committed, and whose numbers a reference holds in any case: they may be proposed."""
    plan = _plan(evidence, scope, evidence.numbers_within)
    try:
        asked = next(plan)
        while True:
            if asked.is_equal:
                rows = await reader.find(asked.row_type, **asked.bound)
            else:
                rows = await reader.rows(asked.row_type, asked.statement, asked.bound)
            asked = plan.send(rows)
    except StopIteration as done:
        found: Found[Customer] = done.value
        return found


async def suggestions(core: Core, payment: Payment, at_us: int) -> tuple[Suggestion, ...]:
    """Who a payment that waits may belong to, best first, with reasons."""
    evidence = evidence_of(payment)
    scope = core.tree.below(payment.branch_id)
    branches = json.dumps(sorted(scope))
    return matching.suggest(
        evidence,
        await in_snapshot(core.reader, evidence, scope),
        masked=await _masked(core.reader, evidence, branches),
        alike=await _alike(core.reader, evidence, branches),
        learned=await payer_memory.learned(core.reader, evidence, scope, at_us),
        habit=await payer_habits.habit(core, payment, scope),
    )


def _plan(
    evidence: Evidence, scope: frozenset[str], within_it: tuple[str, ...]
) -> Generator[LookUp, list[Any], Found[Customer]]:
    folded = evidence.folded_reference
    named: dict[str, Customer] = {}
    ours = False
    if folded and len(folded) <= NUMBER_MAX:
        named = yield from _named(folded)
        ours = is_digits(folded)
        prefix = prefix_of(folded)
        if not named and prefix is not None:
            for look_up in begins_with(prefix):
                ours = ours or bool((yield look_up))
    elif folded:
        ours = is_digits(folded)
    phoned: dict[str, Customer] = {}
    for look_up in _phoned(evidence):
        for customer in (yield look_up):
            phoned[customer.id] = customer
    held: dict[str, Customer] = {}
    for number in () if named else within_it:
        if number != folded:
            held |= yield from _named(number)
    return Found(within(named, scope), within(phoned, scope), ours, within(held, scope))


def _named(number: str) -> Generator[LookUp, list[Any], dict[str, Customer]]:
    """The customers (by id) who have a number, as their own or as that of an account."""
    named: dict[str, Customer] = {}
    of_customers, of_accounts = _numbered(number)
    for customer in (yield of_customers):
        named[customer.id] = customer
    # A customer's own account number is that of the wallet.
    for account in (yield of_accounts):
        if account.customer_id is not None and account.customer_id not in named:
            (customer,) = yield _equal(Customer, id=account.customer_id)
            named[customer.id] = customer
    return named


def foreseen(evidence: Evidence) -> list[Rows]:
    """What `in_transaction` asks in any case, whatever the answers are: it may come together."""
    folded = evidence.folded_reference
    numbered = _numbered(folded) if folded and len(folded) <= NUMBER_MAX else ()
    return [each.rows for each in (*numbered, *_phoned(evidence))]


def _numbered(folded: str) -> tuple[LookUp, LookUp]:
    """Customers, and accounts: who has this number."""
    return _equal(Customer, customer_no_key=folded), _equal(Account, account_no_key=folded)


def _phoned(evidence: Evidence) -> list[LookUp]:
    """Customers who have this phone, in each writing that it may have."""
    columns = PHONE_COLUMNS.get(evidence.phone_form, ())
    return [_equal(Customer, **{column: evidence.phone}) for column in columns]


PHONE_COLUMNS: Final = {
    PhoneForm.E164: ("mobile_no",),
    PhoneForm.SHA256: ("phone_sha_international", "phone_sha_local"),
}
"""Where a customer's phone stands, as a provider may write it."""


def within(found: Mapping[str, Placed], scope: frozenset[str]) -> tuple[Placed, ...]:
    """Those of the customers (by id) who are of these branches, by number."""
    seen = [customer for customer in found.values() if customer.branch_id in scope]
    return tuple(sorted(seen, key=lambda customer: customer.customer_no)) if len(seen) > 1 else tuple(seen)


def _equal(row_type: type[Any], **equal: Any) -> LookUp:
    statement = select_equal(row_type, tuple(sorted(equal)))
    return LookUp(
        row_type,
        statement,
        equal,
        lambda row: all(getattr(row, name) == equal[name] for name in equal),
        is_equal=True,
    )


def begins_with(prefix: str) -> tuple[LookUp, LookUp]:
    """Whether any number of a customer begins with these letters and a digit: his own, or an account's."""
    return _begins(Customer, "customer_no_key", prefix), _begins(Account, "account_no_key", prefix)


def _begins(row_type: type[Any], column: str, prefix: str) -> LookUp:
    """Whether any number of a customer begins with these letters and a digit."""
    low, high = f"{prefix}0", f"{prefix}{_AFTER_DIGITS}"

    def fits(row: Any) -> bool:
        return low <= getattr(row, column) < high and getattr(row, "customer_id", "") is not None

    return LookUp(row_type, _BEGINS[row_type], {"low": low, "high": high}, fits)


def _begins_statement(row_type: type[Any], column: ColumnElement[Any], *also: ColumnElement[bool]) -> str:
    inside = and_(column >= bindparam("low"), column < bindparam("high"), *also)
    return compiled(select(*mapping_of(row_type).select_list).where(inside).limit(1))


_BEGINS: Final = {
    Customer: _begins_statement(Customer, _customers.c.customer_no_key),
    Account: _begins_statement(Account, _accounts.c.account_no_key, _accounts.c.customer_id.is_not(None)),
}


# The sign keeps the index of the other conditions in use: a branch has many rows, a phone has few.
_CUSTOMERS_WITHIN: Final = literal_column(
    "+customers.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
)
_MASKED: Final = compiled(
    select(*mapping_of(Customer).select_list)
    .where(
        _customers.c.phone_tail == bindparam("tail"),
        func.instr(_customers.c.name_key, bindparam("word")) > 0,
        _CUSTOMERS_WITHIN,
    )
    .limit(_MASKED_MAX)
)


# Their ids alone, which an index has: of too many nobody's row is read.
_BEGUN: Final = """SELECT customers.id FROM customers INDEXED BY {0}
  WHERE customers.branch_id IN (SELECT value FROM json_each(:branches))
  AND customers.status IN (SELECT value FROM json_each(:statuses))
  AND customers.{1} >= :{2} AND customers.{1} < :{2}_end LIMIT {3}"""


class _Called(NamedTuple):
    """As much of a customer as tells whether the name is the payer's."""

    id: str
    customer_no: str
    name_key: str


def _alike_statement() -> str:
    columns = ", ".join(f"customers.{name}" for name in _Called._fields)
    first, last = (
        _BEGUN.format(NAME_INDEXES[column], column, bound, _ALIKE_MAX + 1)
        for column, bound in (("name_key", "first"), ("reversed_name_key", "last"))
    )
    return (
        f"WITH first_names AS MATERIALIZED ({first}), last_names AS MATERIALIZED ({last}) SELECT {columns} "  # noqa: S608 - names of our own schema
        f"FROM customers WHERE (SELECT count(*) FROM first_names) <= {_ALIKE_MAX} "
        f"AND (SELECT count(*) FROM last_names) <= {_ALIKE_MAX} "
        "AND customers.id IN (SELECT id FROM first_names UNION SELECT id FROM last_names)"
    )


_ALIKE: Final = _alike_statement()
_NEVER_TAKEN_IN: Final = frozenset({CustomerStatus.REJECTED, CustomerStatus.WITHDRAWN})
_TAKEN_IN: Final = json.dumps([each for each in STATUSES if each not in _NEVER_TAKEN_IN])
"""Whoever never became a customer is proposed by no likeness of a name."""


async def _masked(reader: Reader, evidence: Evidence, branches: str) -> list[Customer]:
    """Customers whose phone ends as the mask does and who have the payer's first name."""
    words = fold(evidence.name or "").split()
    if evidence.phone_form is not PhoneForm.MASKED or len(evidence.tail) < 3 or not words:
        return []
    bound = {"tail": evidence.tail, "word": words[0], "branches": branches}
    return await reader.rows(Customer, _MASKED, bound)


async def _alike(reader: Reader, evidence: Evidence, branches: str) -> list[Customer]:
    """The customer who is far ahead of all who share one of the payer's outer names and the beginning of the other.

    With too many of them nobody can be.
    """
    words = fold(evidence.name or "").split()
    if len(words) < 2:
        return []
    bound = {"branches": branches, "statuses": _TAKEN_IN}
    for name, whole, begun in (("first", words[0], words[-1]), ("last", words[-1], words[0])):
        bound[name] = f"{whole} {begun[:3]}"
        bound[f"{name}_end"] = prefix_end(bound[name])
    called = [_Called(*values) for values in await reader.values(_ALIKE, bound)]
    found = matching.far_ahead(evidence, called)
    customer = None if found is None else await reader.get(Customer, found[1].id)
    return [] if customer is None else [customer]
