"""Finding balance records: by their customer, their reference, or what stands in their narration (contract, section 4).

Every way is bounded and by an index, as in the list of customers. A narration has no index: it is looked
into among the newest `NEWEST` records of the list. There the customers are looked at too, so that the few
records of a short list are found whoever else bears the name.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Boolean, ColumnElement, literal_column

from branchtui.contract.balance_records import RecordStatus
from branchtui.ledger.names import plain_name
from branchtui.ledger.store.search import prefix_end, words
from branchtui.ledger.workflows import customer_search

if TYPE_CHECKING:
    from collections.abc import Mapping

CANDIDATES: Final = 500
NEWEST: Final = 500

STATUSES: Final = tuple(each.value for each in RecordStatus if each is not RecordStatus.OTHER)
"""All that a record of this ledger may be: the indexes of the list divide by it."""

_SCOPE: Final = {
    "whole": "TRUE",
    "branch": "balance_records.branch_id = :{0}__branch",
    # The sign keeps the index of the order in use.
    "branches": "+balance_records.branch_id IN (SELECT value FROM json_each(:{0}__scope))",
}

_CHECKS: Final = """+balance_records.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND (:{0}__standing IS NULL OR +balance_records.status = :{0}__standing)"""

_OF_CUSTOMERS: Final = """SELECT id FROM (SELECT balance_records.id FROM balance_records
  WHERE balance_records.customer_id IN ({0}) AND {1} LIMIT {2})"""

_REFERENCE: Final = """SELECT id FROM (SELECT balance_records.id FROM balance_records
  WHERE balance_records.branch_id IN (SELECT value FROM json_each(:{0}__scope))
  AND balance_records.external_ref >= :{0}__ref AND balance_records.external_ref < :{0}__ref_end AND {1} LIMIT {2})"""

_NEWEST: Final = """SELECT newest.id FROM (SELECT * FROM ({1}) AS recent
  ORDER BY recent.created_at DESC, recent.id DESC LIMIT {2}) AS newest
  CROSS JOIN customers WHERE customers.id = newest.customer_id AND (instr(lower(newest.narration), :{0}__text) > 0
  OR NOT EXISTS (SELECT 1 FROM json_each(:{0}__words) WHERE instr(customers.search_text, value) = 0))"""

_NEWEST_OF_ONE: Final = """SELECT * FROM (SELECT balance_records.id, balance_records.customer_id,
  balance_records.narration, balance_records.created_at FROM balance_records WHERE {0} AND balance_records.status = {1}
  ORDER BY balance_records.created_at DESC, balance_records.id DESC LIMIT {2}) AS of_one"""


class _Shape(NamedTuple):
    """What decides by which index a search runs."""

    inside: bool
    scope: str
    status: str

    @property
    def name(self) -> str:
        """The filter's."""
        return f"q_{'inside' if self.inside else 'begins'}_{self.scope}_{self.status}"

    def condition(self) -> ColumnElement[bool]:
        """Records among the candidates of a search; its parameters begin with the name."""
        name = self.name
        checks, cap = _CHECKS.format(name), CANDIDATES + 1
        customers = customer_search.candidates(name, inside=self.inside)
        scope = _SCOPE[self.scope].replace("{0}", name)
        statuses = [f":{name}__standing"] if self.status == "one" else [f"'{each}'" for each in STATUSES]
        newest = " UNION ALL ".join(_NEWEST_OF_ONE.format(scope, status, NEWEST) for status in statuses)
        ways = (
            _OF_CUSTOMERS.format(customers, checks, cap),
            _REFERENCE.format(name, checks, cap),
            _NEWEST.format(name, newest, NEWEST),
        )
        return literal_column(f"balance_records.id IN ({' UNION ALL '.join(ways)})", Boolean)


FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    shape.name: shape.condition()
    for shape in itertools.starmap(_Shape, itertools.product((True, False), _SCOPE, ("any", "one")))
}
"""One condition for each shape of a search, so that each runs by the index that fits it."""


def filters(
    branch_ids: frozenset[str],
    *,
    whole: bool,
    query: str,
    search: customer_search.Search,
    status: str | None,
) -> dict[str, Any]:
    """The filter that carries a search for `query` among the records of these branches.

    `whole` where they are the whole institution; `status` is that of the list, which has its own filter.
    """
    inside = sorted(branch_ids)
    scope = "whole" if whole else "branch" if len(inside) == 1 else "branches"
    # As the list of customers looks: numbers and phones have indexes of their own.
    by_text = search.match is not None and not search.phones
    shape = _Shape(by_text, scope, "any" if status is None else "one")
    given = search.parameters(inside, None, whole=whole) | {
        "standing": status,
        "ref": query,
        "ref_end": prefix_end(query),
        "text": query.lower(),
        "words": json.dumps(words(plain_name(query)) or [query]),
    }
    return {shape.name: given | ({"branch": inside[0]} if scope == "branch" else {})}
