"""Finding customers: by words in any order, phone in any writing, any of their numbers (contract, section 3).

Every search is bounded: at most `CANDIDATES` rows are looked at before they are put in order, and each
of its ways is a range of an index or a text index. A search never leaves the branches in scope; scope
and status are checked among the candidates, so that nobody's customers crowd out one's own.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, bindparam, literal_column

from branchtui.ledger.clock import as_us
from branchtui.ledger.names import is_family_first, plain_name
from branchtui.ledger.phones import PhoneUnreadable, read_phone
from branchtui.ledger.store import tables
from branchtui.ledger.store.lists import ListSpec, Sort
from branchtui.ledger.store.rows import Customer
from branchtui.ledger.store.search import TRIGRAM, digits, fold, number_key, prefix_end, trigram_match, words

if TYPE_CHECKING:
    from collections.abc import Mapping

CANDIDATES: Final = 500
"""Rows that one way of searching looks at; beyond it the person is better served by another letter."""

INSIDE: Final = "inside"
BEGINS: Final = "begins"

_NUMBERS: Final = 100
_PHONE_SIGNS: Final = re.compile(r"[+.\-()]+")


@dataclass(frozen=True, slots=True)
class Search:
    """What a query looks for, folded.

    `match` is a text-index expression, None where every word is too short for one; then `prefix`
    carries the search: the beginning of the name, or of the other name. `needles` must all stand in the
    text that search looks into. `number` is the beginning of a customer, account or external number.
    """

    match: str | None
    prefix: str
    needles: tuple[str, ...]
    number: str

    def parameters(self, scope: list[str], status: str | None) -> dict[str, Any]:
        """The parameters of the filter that carries this search."""
        return {
            **({} if self.match is None else {"match": self.match}),
            "prefix": self.prefix,
            "prefix_end": prefix_end(self.prefix),
            "needles": json.dumps(self.needles),
            "number": self.number,
            "number_end": prefix_end(self.number),
            "scope": json.dumps(scope),
            "status": status,
        }


def parse(query: str, region: str) -> Search:
    """What `query` looks for; phones are read as they are written in `region`.

    Words of three letters and more are looked for anywhere, those of two at the beginning of a word, by
    the text index. One letter, and two where words are not parted (Han, Hangul, Kana), begin a name or
    narrow what the other words find.
    """
    text = plain_name(query)
    number = digits(query)
    if number:
        return _number(query, number, region)
    parts: list[str] = []
    short: list[str] = []
    for word in words(text):
        plain = _PHONE_SIGNS.sub("", word) if digits(word) else word
        if len(plain) >= TRIGRAM:
            parts.append(plain)
        elif len(plain) == TRIGRAM - 1 and not is_family_first(plain):
            parts.append(" " + plain)
        elif plain:
            short.append(plain)
    reference = number_key("".join(text.split()))
    if parts:
        return Search(trigram_match(parts), text, tuple(_needle(word) for word in short), reference)
    first, rest = (short[0], short[1:]) if short else (text, [])
    return Search(None, first, tuple(_needle(word) for word in rest), reference)


def _number(query: str, number: str, region: str) -> Search:
    """A phone or another number: how it begins, or how it ends, in the writing that is stored."""
    forms = {number, number.removeprefix("00")}
    with contextlib.suppress(PhoneUnreadable):
        forms.add(read_phone(query, region).international)
    long = sorted(form for form in forms if len(form) >= TRIGRAM)
    ends = [end for form in long for end in (f" {form}", f"{form} ")]
    match = " OR ".join(trigram_match([end]) for end in ends) or None
    return Search(match, number, (), number)


def _needle(word: str) -> str:
    """A short word stands at the beginning of a word; where words are not parted, anywhere."""
    return word if is_family_first(word) else " " + word


def filters(
    scope: frozenset[str], *, whole: bool, search: Search | None, status: str | None
) -> dict[str, Any]:
    """The filters of `CUSTOMERS` for a user's branches; `whole` where these are the whole institution."""
    inside = sorted(scope)
    if search is not None:
        return {INSIDE if search.match is not None else BEGINS: search.parameters(inside, status)}
    found: dict[str, Any] = {} if status is None else {"status": status}
    if len(inside) == 1:
        found["branch"] = inside[0]
    elif not whole:
        found["branches"] = json.dumps(inside)
    return found


_CHECKS: Final = """+customers.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND (:{0}__status IS NULL OR +customers.status = :{0}__status)"""

_NEEDLES: Final = """NOT EXISTS (SELECT 1 FROM json_each(:{0}__needles)
  WHERE instr(' ' || customers.search_text, value) = 0)"""

_INSIDE: Final = """SELECT id FROM (SELECT customers.id FROM customers_search CROSS JOIN customers
  WHERE customers_search MATCH :{0}__match AND customers.row_no = customers_search.rowid
  AND {1} AND {2} LIMIT {3})"""

_BEGINNING: Final = """SELECT id FROM (SELECT customers.id FROM customers
  WHERE customers.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND customers.{4} >= :{0}__prefix AND customers.{4} < :{0}__prefix_end AND {1} AND {2} LIMIT {3})"""

_NUMBERED: Final = """SELECT id FROM (SELECT customers.id FROM customers
  WHERE customers.{3} >= :{0}__number AND customers.{3} < :{0}__number_end AND {1} LIMIT {2})"""

_ACCOUNT: Final = """SELECT id FROM (SELECT customers.id FROM accounts CROSS JOIN customers
  WHERE accounts.account_no_key >= :{0}__number AND accounts.account_no_key < :{0}__number_end
  AND customers.id = accounts.customer_id AND {1} LIMIT {2})"""


def candidates(name: str, *, inside: bool) -> str:
    """A statement of the ids of the customers that a search finds, `inside` where it has a `match`.

    Its parameters are those of `Search.parameters`, each behind `name__`.
    """
    checks, needles, cap = _CHECKS.format(name), _NEEDLES.format(name), CANDIDATES + 1
    ways = [
        _BEGINNING.format(name, checks, needles, cap, column) for column in ("name_key", "reversed_name_key")
    ]
    ways += [
        _NUMBERED.format(name, checks, _NUMBERS, column) for column in ("customer_no_key", "external_id_key")
    ]
    ways.append(_ACCOUNT.format(name, checks, _NUMBERS))
    if inside:
        ways.insert(0, _INSIDE.format(name, checks, needles, cap))
    return " UNION ALL ".join(ways)


def _condition(name: str) -> ColumnElement[bool]:
    """Customers among the candidates of a search; its parameters begin with `name`."""
    return literal_column(f"customers.id IN ({candidates(name, inside=name == INSIDE)})", Boolean)


def _day(text: str) -> int:
    """The first instant of a day in UTC, for an order by time."""
    return as_us(datetime.combine(date.fromisoformat(text), time(), ZoneInfo("UTC")))


_c = tables.customers.c
_FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "branch": _c.branch_id == bindparam("branch"),
    # The sign keeps the order's own index in use: a page ends long before a wide scope does.
    "branches": literal_column("+customers.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
    "status": _c.status == bindparam("status"),
    INSIDE: _condition(INSIDE),
    BEGINS: _condition(BEGINS),
}

CUSTOMERS: Final = ListSpec(
    row_type=Customer,
    name="customers",
    sorts={
        "name": Sort("name_key", key=fold),
        "customer_no": Sort("customer_no"),
        "created": Sort("created_at", descending=True, key=_day),
    },
    filters=_FILTERS,
    caps={INSIDE: CANDIDATES, BEGINS: CANDIDATES},
)
"""The list behind `GET /v1/customers`."""
