"""The lists of payments and of messages kept apart, and how a payment is found (contract, section 5).

"I paid, where is it?" is one search over all states: by the payer's name, code, reference, phone in any
writing, payment number, amount, and by the number or name of the customer who has it. Each way looks at
the newest `CANDIDATES` rows that pass the other filters, by an index of its own.
"""

from __future__ import annotations

import contextlib
import json
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, bindparam, literal_column

from branchtui.contract.payments import CallbackState, PaymentState
from branchtui.format.money import MoneyError, parse_money
from branchtui.ledger.clock import as_us
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.names import is_family_first, plain_name, search_text
from branchtui.ledger.phones import PhoneUnreadable, read_phone, read_phones, region_of, shared_digits
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import Apart, ListSpec, Sort
from branchtui.ledger.store.rows import CallbackEvent, Payment
from branchtui.ledger.store.search import (
    TRIGRAM,
    digits,
    number_key,
    prefix_end,
    trigram_match,
    within,
    words,
)
from branchtui.ledger.workflows.customer_search import NAME_INDEXES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.workflows.matching import Evidence

CANDIDATES: Final = 500
INSIDE: Final = "inside"
BEGINS: Final = "begins"

_NUMBERS: Final = 100


def searched_text(says: Evidence, code: str | None, payment_no: str, region: str) -> str:
    """What search looks into: the payer's name, code, number and reference, and the phone in both writings."""
    written: list[str | None] = [code, payment_no, says.reference]
    folded = says.folded_reference
    if folded and folded != says.reference:
        written.append(folded)
    if says.phone_form is PhoneForm.E164 and says.phone:
        phone = read_phones(region)(says.phone)
        written += [phone.international, phone.local]
    elif says.phone_form is PhoneForm.MASKED:
        written.append(says.phone)
    return search_text(says.name or "", tuple(written))


def filters(
    scope: frozenset[str],
    *,
    whole: bool,
    home: Branch,
    q: str | None = None,
    state: str | None = None,
    customer: str | None = None,
    date_from: date | None = None,
    date_to: date | None = None,
) -> dict[str, Any]:
    """The filters of `PAYMENTS` for a user's branches; `whole` where these are the whole institution.

    Days are those of the user's branch `home`; amounts are read in its currency, phones in its region.
    """
    inside = sorted(scope)
    since = None if date_from is None else _day_begins(date_from, home.timezone)
    until = None
    if date_to is not None and date_to < date.max:  # nothing comes after the last day there is
        until = _day_begins(date_to + timedelta(days=1), home.timezone)
    if q:
        looked_for = _parse(q, region_of(home.currency, home.timezone))
        if "match" in looked_for:
            match, within_scope = looked_for["match"], None if whole else inside
            looked_for["match"] = within(match, within_scope, state)
            looked_for["owner_match"] = within(match, within_scope)
        given = {
            "scope": json.dumps(inside),
            "statuses": json.dumps(STATUSES),
            "amount": _amount(q, home.currency),
            "state": state,
            "since": since,
            "until": until,
            "customer": customer,
        }
        return {INSIDE if "match" in looked_for else BEGINS: looked_for | given}
    found: dict[str, Any] = {"state": state, "customer": customer, "since": since, "until": until}
    found = {name: value for name, value in found.items() if value is not None}
    if len(inside) == 1:
        found["branch"] = inside[0]
    elif not whole:
        found["branches"] = json.dumps(inside)
    return found


def event_filters(scope: frozenset[str], *, unowned: bool, state: str | None) -> dict[str, Any]:
    """The filters of `EVENTS`; `unowned` shows what names none of our short codes (contract, section 10)."""
    seen = {"branches": json.dumps(sorted(scope)), "unowned": int(unowned)}
    return {"seen": seen} | ({"held": None} if state is None else {"state": state})


def _parse(q: str, region: str) -> dict[str, Any]:
    """What a query looks for, as parameters; without `match` when every word is too short for the text index.

    Words of two letters stand at the beginning of a word, where the index has a space before them.
    """
    number, phone = digits(q), None
    with contextlib.suppress(PhoneUnreadable):
        phone = read_phone(q, region) if number else None
    needles: list[str] = []
    match = None
    if number:
        shared = shared_digits(number, region)
        match = trigram_match([shared]) if len(shared) >= TRIGRAM else None
    else:
        parts: list[str] = []
        for word in words(plain_name(q)):
            placed = word if is_family_first(word) else f" {word}"
            part = word if len(word) >= TRIGRAM else placed
            (parts if len(part) >= TRIGRAM else needles).append(part)
        match = trigram_match(parts) if parts else None
    # Nothing begins with a control sign: a query of signs alone finds nobody instead of everybody.
    begun, named = number_key(number or "".join(q.split())) or "\x01", plain_name(q) or "\x01"
    found = {
        "needles": json.dumps(needles),
        "number": begun,
        "number_end": prefix_end(begun),
        "phone": phone.e164 if phone else None,
        "prefix": named,
        "prefix_end": prefix_end(named),
    }
    return found if match is None else found | {"match": match}


def _amount(q: str, currency: str) -> int | None:
    try:
        return parse_money(q, currency)
    except MoneyError:
        return None


def _day_begins(day: date, timezone: str) -> int:
    return as_us(datetime.combine(day, time(), ZoneInfo(timezone)))


_CHECKS: Final = """+payments.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND (:{0}__state IS NULL OR +payments.state = :{0}__state)
  AND (:{0}__since IS NULL OR +payments.paid_at >= :{0}__since)
  AND (:{0}__until IS NULL OR +payments.paid_at < :{0}__until)
  AND (:{0}__customer IS NULL OR +payments.customer_id = :{0}__customer)"""

_TEXT: Final = """SELECT row_no FROM (SELECT payments.row_no FROM payments_search CROSS JOIN payments
  INDEXED BY payments_brief WHERE payments_search MATCH :{0}__match AND payments.row_no = payments_search.rowid AND {1}
  AND NOT EXISTS (SELECT 1 FROM json_each(:{0}__needles) WHERE instr(' ' || payments.search_text, value) = 0)
  ORDER BY payments_search.rowid DESC LIMIT {2})"""

STATES: Final = tuple(each.value for each in PaymentState if each is not PaymentState.OTHER)
"""All in which a payment is kept."""

# The order's own index would be walked for an amount that may be rare.
_SUM: Final = """SELECT row_no FROM (SELECT payments.row_no FROM payments INDEXED BY payments_amount
  WHERE (:{0}__state IS NULL OR :{0}__state = '{3}') AND payments.state = '{3}'
  AND payments.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND payments.amount_minor = :{0}__amount AND {1} ORDER BY payments.paid_at DESC LIMIT {2})"""

# Only what is associated names a customer: in another state nobody's payments are looked for by whose they are.
_OWNER: Final = """SELECT row_no FROM (SELECT payments.row_no FROM payments
  WHERE (:{0}__state IS NULL OR :{0}__state = '{3}') AND payments.customer_id IN ({1}) AND {2}
  ORDER BY payments.row_no DESC LIMIT {4})"""

_HERE: Final = "+customers.branch_id IN (SELECT value FROM json_each(:{0}__scope))"

_OWNER_NUMBERED: Final = """SELECT id FROM (SELECT customers.id FROM customers
  WHERE customers.customer_no_key >= :{0}__number AND customers.customer_no_key < :{0}__number_end
  AND {1} LIMIT {2})"""

_OWNER_OF_ACCOUNT: Final = """SELECT id FROM (SELECT customers.id FROM accounts CROSS JOIN customers
  WHERE accounts.account_no_key >= :{0}__number AND accounts.account_no_key < :{0}__number_end
  AND customers.id = accounts.customer_id AND {1} LIMIT {2})"""

_OWNER_OF_PHONE: Final = """SELECT id FROM (SELECT customers.id FROM customers
  WHERE customers.mobile_no = :{0}__phone AND {1} LIMIT {2})"""

_OWNER_NAMED: Final = """SELECT id FROM (SELECT customers.id FROM customers_search CROSS JOIN customers
  INDEXED BY customers_brief WHERE customers_search MATCH :{0}__owner_match AND customers.row_no = customers_search.rowid AND {1}
  AND NOT EXISTS (SELECT 1 FROM json_each(:{0}__needles) WHERE instr(' ' || customers.search_text, value) = 0)
  LIMIT {2})"""

_OWNER_BEGINS: Final = """SELECT id FROM (SELECT customers.id FROM customers INDEXED BY {3}
  WHERE customers.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND customers.status IN (SELECT value FROM json_each(:{0}__statuses))
  AND customers.{1} >= :{0}__prefix AND customers.{1} < :{0}__prefix_end LIMIT {2})"""


def _owners(name: str) -> str:
    """The customers whose payments are meant: by number, phone and name."""
    here = _HERE.format(name)
    ways = [
        _OWNER_NUMBERED.format(name, here, _NUMBERS),
        _OWNER_OF_ACCOUNT.format(name, here, _NUMBERS),
        _OWNER_OF_PHONE.format(name, here, _NUMBERS),
    ]
    if name == INSIDE:
        ways.append(_OWNER_NAMED.format(name, here, CANDIDATES))
    else:
        ways += [
            _OWNER_BEGINS.format(name, column, CANDIDATES, index) for column, index in NAME_INDEXES.items()
        ]
    return " UNION ALL ".join(ways)


def _condition(name: str) -> ColumnElement[bool]:
    """Payments among the candidates of a search; its parameters begin with `name`."""
    checks, cap = _CHECKS.format(name), CANDIDATES + 1
    # A state at a time: so the index gives the newest first, and no common amount is sorted as a whole.
    ways = [_SUM.format(name, checks, cap, state) for state in STATES]
    ways.append(_OWNER.format(name, _owners(name), checks, PaymentState.ASSOCIATED.value, cap))
    if name == INSIDE:
        ways.insert(0, _TEXT.format(name, checks, cap))
    return literal_column(f"payments.row_no IN ({' UNION ALL '.join(ways)})", Boolean)


_p, _e = tables.payments.c, tables.callback_events.c
# The sign keeps the order's own index in use: a page ends long before a wide scope does.
_BRANCHES: Final = "+{0}.branch_id IN (SELECT value FROM json_each(:{1}))"
_FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "branch": _p.branch_id == bindparam("branch"),
    "branches": literal_column(_BRANCHES.format("payments", "branches"), Boolean),
    "state": _p.state == bindparam("state"),
    "customer": _p.customer_id == bindparam("customer"),
    "since": _p.paid_at >= bindparam("since"),
    "until": _p.paid_at < bindparam("until"),
    INSIDE: _condition(INSIDE),
    BEGINS: _condition(BEGINS),
}

PAYMENTS: Final = ListSpec(
    row_type=Payment,
    name="payments",
    sorts={
        "newest": Sort("paid_at", descending=True, is_time=True),
        "oldest": Sort("paid_at", is_time=True),
    },
    filters=_FILTERS,
    caps={INSIDE: CANDIDATES, BEGINS: CANDIDATES},
    brief={"newest": "payments_brief", "oldest": "payments_brief"},
    apart=Apart("state", STATES, few=frozenset({"customer", INSIDE, BEGINS})),
)
"""The list behind `GET /v1/payments`."""

_SEEN: Final = (
    f"({_BRANCHES.format('callback_events', 'seen__branches')}"
    " OR (callback_events.branch_id IS NULL AND :seen__unowned = 1))"
)

EVENTS: Final = ListSpec(
    row_type=CallbackEvent,
    name="callback-events",
    sorts={
        "newest": Sort("received_at", descending=True, is_time=True),
        "oldest": Sort("received_at", is_time=True),
    },
    filters={
        "state": _e.state == bindparam("state"),
        "held": _e.state.in_(
            [literal_column(f"'{each.value}'") for each in (CallbackState.QUARANTINED, CallbackState.PARKED)]
        ),
        "seen": literal_column(_SEEN, Boolean),
    },
)
"""The list behind `GET /v1/callback-events`."""
