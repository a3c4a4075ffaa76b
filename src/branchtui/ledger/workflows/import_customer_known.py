"""What the lists of the institution say to a file of customers: code values and staff by whatever names them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from branchtui.contract.codes import CodeName
from branchtui.format.folding import fold
from branchtui.ledger.feeds.finding import CellError, Finding, error, shown
from branchtui.ledger.store import customer_store
from branchtui.ledger.workflows.customer_values import CODED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import CodeValue, Staff
    from branchtui.ledger.workflows.membership import Rules

LISTS: Final[dict[str, CodeName]] = {
    **CODED,
    "labels": CodeName.LABEL,
    "address_type": CodeName.ADDRESS_TYPE,
    "identifier_type": CodeName.IDENTIFIER_TYPE,
}
"""Columns whose cells are values of a list."""


OWN_NUMBERS: Final = {
    "customer_no": "Customer number",
    "account_no": "Account number",
    "external_id": "External id",
}
"""Columns whose values are one customer's alone."""


def number_taken(column: str, number: str) -> Finding:
    """A number of one customer alone that another one has."""
    return error("reference-taken", f"{OWN_NUMBERS[column]} {shown(number)} is taken.", column, number)


def rules_hash(rules: Rules) -> str:
    """What tells one state of the membership settings from another."""
    return hashlib.sha256(rules.model_dump_json().encode()).hexdigest()[:16]


class CodeLists:
    """Every list at once: which value a cell names, by its id or its name in any case."""

    def __init__(self, values: Iterable[CodeValue]) -> None:
        self._by_name: dict[tuple[str, str], CodeValue] = {}
        self._by_id: dict[str, CodeValue] = {}
        for value in values:
            self._by_name[value.code, value.name_key] = value
            self._by_id[value.id] = value
        self._found: dict[tuple[str, str], CodeValue] = {}

    @classmethod
    def read(cls, connection: Connection) -> CodeLists:
        """The lists as they stand."""
        return cls(customer_store.code_lists(connection, [each.value for each in CodeName]))

    def value(self, column: str, given: str) -> CodeValue:
        """The value that a cell names.

        Raises:
            CellError: it is none of the list, of another list, or offered no more.
        """
        found = self._found.get((column, given))
        if found is None:
            found = self._found[column, given] = self._look_up(column, given)
        return found

    def standing(self, value_id: str) -> CodeValue | None:
        """The value with this id, while it is offered."""
        found = self._by_id.get(value_id)
        return found if found is not None and found.active else None

    def names(self, column: str) -> list[str]:
        """What the list of a column offers, in its order."""
        code = LISTS[column].value
        offered = [each for each in self._by_id.values() if each.code == code and each.active]
        return [each.name for each in sorted(offered, key=lambda each: (each.position, each.id))]

    def _look_up(self, column: str, given: str) -> CodeValue:
        code = LISTS[column].value
        value = self._by_id.get(given)
        if value is None or value.code != code:
            value = self._by_name.get((code, fold(given)))
        said = _plain(column)
        if value is None:
            others = sorted(of for of, name in self._by_name if name == fold(given))
            where = f" It is a value of {_plain(others[0]).lower()}." if others else ""
            raise CellError("code-unknown", f"{said}: {shown(given)} is none of the list.{where}")
        if not value.active:
            raise CellError("code-inactive", f"{said}: {value.name} is offered no more.")
        return value


class StaffBook:
    """The staff that a sender may see: whom a cell names, by number, name or id."""

    def __init__(self, core: Core, staff: Iterable[Staff]) -> None:
        self._core = core
        self._by_key: dict[str, list[Staff]] = {}
        self._by_id: dict[str, Staff] = {}
        for each in staff:
            self._by_id[each.id] = each
            self._by_key.setdefault(each.name_key, []).append(each)
            if each.staff_no:
                # A number names one alone, also where another one is called so.
                self._by_key[fold(each.staff_no)] = [each]
        self._found: dict[tuple[str, str], Staff] = {}

    @classmethod
    def read(cls, core: Core, connection: Connection, who: Principal) -> StaffBook:
        """Those of the sender's branches, and of the branches above, who serve them too."""
        seen = who.scope.branch_ids | core.tree.above(who.branch_id)
        return cls(core, customer_store.staff_of(connection, sorted(seen)))

    def member(self, given: str, branch_id: str) -> Staff:
        """Whom a cell names, for a customer of this branch.

        Raises:
            CellError: nobody, several, somebody of another branch, or who has left.
        """
        found = self._found.get((given, branch_id))
        if found is None:
            found = self._found[given, branch_id] = self._look_up(given, branch_id)
        return found

    def standing(self, staff_id: str, branch_id: str) -> Staff | None:
        """Whoever has this id, while he serves this branch."""
        found = self._by_id.get(staff_id)
        return found if found is not None and found.active and self._serves(found, branch_id) else None

    def number(self, staff_id: str) -> int:
        """What the mark of somebody is made of."""
        return self._by_id[staff_id].number

    def serving(self, branch_ids: Iterable[str]) -> list[Staff]:
        """Who may be given customers of these branches, by name."""
        above = frozenset[str]().union(*(self._core.tree.above(each) for each in branch_ids))
        there = (each for each in self._by_id.values() if each.active and each.branch_id in above)
        return sorted(there, key=lambda each: (each.name_key, each.id))

    def _serves(self, staff: Staff, branch_id: str) -> bool:
        return staff.branch_id in self._core.tree.above(branch_id)

    def _look_up(self, given: str, branch_id: str) -> Staff:
        by_id = self._by_id.get(given)
        named = [by_id] if by_id else self._by_key.get(fold(given), [])
        if not named:
            raise CellError("staff-unknown", f"There is no member of staff {shown(given)}.")
        fitting = [each for each in named if each.active and self._serves(each, branch_id)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            said = f"{len(fitting)} members of staff are called {shown(given)}. Write the staff number."
            raise CellError("staff-ambiguous", said)
        one = named[0]
        if self._serves(one, branch_id):
            raise CellError("staff-inactive", f"{one.name} has left.")
        theirs, ours = self._core.tree[one.branch_id].name, self._core.tree[branch_id].name
        raise CellError("staff-of-another-branch", f"{one.name} is of {theirs}, the customer of {ours}.")


def _plain(column: str) -> str:
    return column.replace("_", " ").capitalize()
