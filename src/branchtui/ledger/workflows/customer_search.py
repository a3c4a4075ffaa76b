"""Finding customers: by words in any order, phone in any writing, any of their numbers (contract, section 3).

Every search is bounded: at most `CANDIDATES` rows are looked at before they are put in order, and each
of its ways is a range of an index or a text index. A search never leaves the branches in scope: the text
index knows the branch of each row, and scope and status are checked among the candidates, so that
nobody's customers crowd out one's own, nor make a small branch wait.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, ColumnElement, bindparam, literal_column

from branchtui.contract.customers import CustomerStatus
from branchtui.format.folding import fold
from branchtui.ledger.names import is_family_first, plain_name
from branchtui.ledger.phones import beginnings
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import Apart, ListSpec, Sort
from branchtui.ledger.store.rows import Customer
from branchtui.ledger.store.search import (
    TRIGRAM,
    digits,
    number_key,
    prefix_end,
    trigram_match,
    within,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CANDIDATES: Final = 500
"""Rows that one way of searching looks at; beyond it the person is better served by another letter."""

INSIDE: Final = "inside"
BEGINS: Final = "begins"
INSIDE_MARKED: Final = "inside_marked"
BEGINS_MARKED: Final = "begins_marked"

GATHERED: Final = "gathered"
GATHERED_MAX: Final = 4_000
"""Customers of one mark that are gathered and put in order; more are walked in the order that is asked for."""

_NUMBERS: Final = 100
_BESIDE: Final = 200
"""Names that begin with the words, beside those that hold them somewhere."""

_TAIL: Final = 3
"""Digits of a phone's end that have an index."""

_PHONE_SIGNS: Final = re.compile(r"[+.\-()]+")


@dataclass(frozen=True, slots=True)
class Search:
    """What a query looks for, folded: words, or the digits of a number or a phone.

    `match` is a text-index expression, None where every word is too short for one; `prefix` begins the
    name, or the other name; `needles` must all stand in the text that search looks into. `number` begins
    a customer, account or external number. `phones` are beginnings in E.164 and `tail` the end of a
    phone; both are empty for words.
    """

    number: str
    prefix: str
    match: str | None = None
    needles: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    tail: str = ""

    def parameters(
        self, scope: list[str], status: str | None, *, whole: bool = False, marks: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The parameters of the filter that carries this search; `whole` where `scope` is everything.

        `marks` are those that every customer must have (labels, staff, ...).
        """
        match = self.match and within(self.match, None if whole else scope, status, marks)
        return {
            **({} if match is None else {"match": match}),
            "prefix": self.prefix,
            "prefix_end": prefix_end(self.prefix),
            "needles": json.dumps(self.needles),
            "number": self.number,
            "number_end": prefix_end(self.number),
            "phones": json.dumps(self.phones),
            "tail": self.tail,
            "last": self.tail[-_TAIL:],
            "scope": json.dumps(scope),
            "status": status,
            "statuses": json.dumps(STATUSES if status is None else [status]),
            **({"marks": json.dumps(marks)} if marks else {}),
        }


def parse(query: str, region: str) -> Search:
    """What `query` looks for; phones are read as they are written in `region`.

    Words of three letters and more are looked for anywhere, those of two at the beginning of a word, by
    the text index. One letter, and two where words are not parted (Han, Hangul, Kana), begin a name or
    narrow what the other words find. Four digits and more begin a number or a phone, or end a phone.
    """
    text = plain_name(query)
    number = digits(query)
    if number:
        ends = trigram_match([f" {number}"]), trigram_match([f"{number} "])
        phones = beginnings(number, region)
        return Search(number, number, " OR ".join(ends), phones=phones, tail=number)
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
        needles = tuple(_needle(word) for word in short)
        return Search(reference, text, trigram_match(parts), needles)
    first, rest = (short[0], short[1:]) if short else (text, [])
    return Search(reference, first, None, tuple(_needle(word) for word in rest))


def _needle(word: str) -> str:
    """A short word stands at the beginning of a word; where words are not parted, anywhere."""
    return word if is_family_first(word) else " " + word


def filters(
    scope: frozenset[str],
    *,
    whole: bool,
    search: Search | None,
    status: str | None,
    marks: Sequence[str] = (),
) -> dict[str, Any]:
    """The filters of `CUSTOMERS` for a user's branches; `whole` where these are the whole institution.

    `marks` narrow a search alone; without one see `customer_filters`.
    """
    inside = sorted(scope)
    if search is not None:
        # Numbers and phones have indexes of their own, which are quicker than the text's.
        by_start = search.match is None or search.phones
        way = (BEGINS_MARKED if by_start else INSIDE_MARKED) if marks else (BEGINS if by_start else INSIDE)
        return {way: search.parameters(inside, status, whole=whole, marks=marks)}
    found: dict[str, Any] = {} if status is None else {"status": status}
    if len(inside) == 1:
        found["branch"] = inside[0]
    elif not whole:
        found["branches"] = json.dumps(inside)
    return found


STATUSES: Final = tuple(each.value for each in CustomerStatus if each is not CustomerStatus.OTHER)
"""All that a customer of this ledger may be: the indexes of the list divide by it."""

NAME_INDEXES: Final = {
    "name_key": "customers_branch_status",
    "reversed_name_key": "customers_branch_status_reversed",
}
"""Where names are looked for by how they begin, in some branches, for each of some statuses."""

_CHECKS: Final = """+customers.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND (:{0}__status IS NULL OR +customers.status = :{0}__status)"""

_MARKED: Final = """
  AND NOT EXISTS (SELECT 1 FROM json_each(:{0}__marks) WHERE instr(customers.facets, value) = 0)"""

_NEEDLES: Final = """NOT EXISTS (SELECT 1 FROM json_each(:{0}__needles)
  WHERE instr(' ' || customers.search_text, value) = 0)"""

_INSIDE: Final = """SELECT {4} FROM (SELECT customers.{4} FROM customers_search CROSS JOIN customers
  INDEXED BY customers_brief WHERE customers_search MATCH :{0}__match AND customers.row_no = customers_search.rowid
  AND {1} AND {2} LIMIT {3})"""

_BEGINNING: Final = """SELECT {3} FROM (SELECT customers.{3} FROM customers INDEXED BY {5}
  WHERE customers.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND customers.status IN (SELECT value FROM json_each(:{0}__statuses))
  AND customers.{4} >= :{0}__prefix AND customers.{4} < :{0}__prefix_end AND {1} LIMIT {2})"""

_NUMBERED: Final = """SELECT {3} FROM (SELECT customers.{3} FROM customers
  WHERE customers.{4} >= :{0}__number AND customers.{4} < :{0}__number_end AND {1} LIMIT {2})"""

_ACCOUNT: Final = """SELECT {3} FROM (SELECT customers.{3} FROM accounts CROSS JOIN customers
  WHERE accounts.account_no_key >= :{0}__number AND accounts.account_no_key < :{0}__number_end
  AND customers.id = accounts.customer_id AND {1} LIMIT {2})"""

_PHONE: Final = """SELECT {3} FROM (SELECT customers.{3} FROM json_each(:{0}__phones) CROSS JOIN customers
  WHERE customers.mobile_no >= value AND customers.mobile_no < value || ':' AND {1} LIMIT {2})"""

_PHONE_END: Final = """SELECT {3} FROM (SELECT customers.{3} FROM customers
  WHERE customers.phone_tail = :{0}__last
  AND substr(customers.mobile_no, -length(:{0}__tail)) = :{0}__tail AND {1} LIMIT {2})"""


def candidates(name: str, *, inside: bool, column: str = "id", marked: bool = False) -> str:
    """A statement of the customers that a search finds, by `column`; `inside` where it uses its `match`.

    Its parameters are those of `Search.parameters`, each behind `name__`; `marked` where they name marks.
    """
    also = _MARKED.format(name) if marked else ""
    checks, needles, cap = _CHECKS.format(name) + also, _NEEDLES.format(name) + also, CANDIDATES + 1
    begins = _BESIDE if inside else cap
    ways = [
        _NUMBERED.format(name, checks, _NUMBERS, column, "customer_no_key"),
        _NUMBERED.format(name, checks, _NUMBERS, column, "external_id_key"),
        _ACCOUNT.format(name, checks, _NUMBERS, column),
        _PHONE.format(name, checks, cap, column),
        _PHONE_END.format(name, checks, cap, column),
        *(
            _BEGINNING.format(name, needles, begins, column, key, index)
            for key, index in NAME_INDEXES.items()
        ),
    ]
    if inside:
        ways.append(_INSIDE.format(name, _CHECKS.format(name), needles, cap, column))
    return " UNION ALL ".join(ways)


def _condition(name: str) -> ColumnElement[bool]:
    """Customers among the candidates of a search; its parameters begin with `name`."""
    inside, marked = name in {INSIDE, INSIDE_MARKED}, name in {INSIDE_MARKED, BEGINS_MARKED}
    found = candidates(name, inside=inside, column="row_no", marked=marked)
    return literal_column(f"customers.row_no IN ({found})", Boolean)


_c = tables.customers.c
_FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "branch": _c.branch_id == bindparam("branch"),
    # The sign keeps the order's own index in use: a page ends long before a wide scope does.
    "branches": literal_column("+customers.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
    "status": _c.status == bindparam("status"),
    **{name: _condition(name) for name in (INSIDE, BEGINS, INSIDE_MARKED, BEGINS_MARKED)},
    # Every row of an order is looked at: for marks that many have.
    "marked": literal_column(
        "NOT EXISTS (SELECT 1 FROM json_each(:marked) WHERE instr(customers.facets, value) = 0)", Boolean
    ),
    # The rows of the rarest mark, found by it: for marks that few have.
    GATHERED: literal_column(
        """customers.id IN (SELECT customer_id FROM customer_facets WHERE facet = :gathered__facet
          AND NOT EXISTS (SELECT 1 FROM json_each(:gathered__marks) WHERE instr(customer_facets.marks, value) = 0))""",
        Boolean,
    ),
}

CUSTOMERS: Final = ListSpec(
    row_type=Customer,
    name="customers",
    sorts={
        "name": Sort("name_key", key=fold),
        "customer_no": Sort("customer_no"),
        "created": Sort("created_at", descending=True, is_time=True),
    },
    filters=_FILTERS,
    caps={
        **dict.fromkeys((INSIDE, BEGINS, INSIDE_MARKED, BEGINS_MARKED), CANDIDATES),
        GATHERED: GATHERED_MAX,
    },
    brief={"name": "customers_brief"},
    apart=Apart("status", STATUSES),
)
"""The list behind `GET /v1/customers`."""
