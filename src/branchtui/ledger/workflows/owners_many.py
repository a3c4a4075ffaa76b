"""Finding the owners of many payments at once: what `owners.in_transaction` finds for each, in a few statements.

A file names thousands of customers, so that nothing here is done once a payment that can be done once a file:
references and phones are looked up as sets, and payments that say the same have one answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from branchtui.ledger.store import owner_store
from branchtui.ledger.store.owner_store import OwnerRow
from branchtui.ledger.workflows.matching import Found
from branchtui.ledger.workflows.owners import PHONE_COLUMNS, begins_with, within
from branchtui.ledger.workflows.references import NUMBER_MAX, is_digits, prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from branchtui.ledger.feeds.incoming import PhoneForm
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.workflows.matching import Evidence

_ById = dict[str, OwnerRow]
_NOBODY: Final[_ById] = {}


class _Says(NamedTuple):
    """As much of a payment's evidence as its owners are found by: payments that share it have the same owners."""

    folded: str
    holds: tuple[str, ...]
    form: PhoneForm
    phone: str | None
    scope: frozenset[str]


def many_in_transaction(
    connection: Connection, asked: Sequence[tuple[Evidence, frozenset[str]]]
) -> list[Found[OwnerRow]]:
    """Who answers to each evidence among the customers of its scope, by what is stored (not what is yet to be)."""
    says = [
        _Says(evidence.folded_reference, evidence.numbers_within, evidence.phone_form, evidence.phone, scope)
        for evidence, scope in asked
    ]
    once = dict.fromkeys(says)
    numbers = {each.folded for each in once if 0 < len(each.folded) <= NUMBER_MAX}
    named = _named(connection, numbers.union(*(each.holds for each in once)))
    phoned = _phoned(connection, once)
    known_prefixes: dict[str, bool] = {}
    found = {
        each: Found(
            within(named.get(each.folded, _NOBODY), each.scope),
            within(phoned.get((each.form, each.phone), _NOBODY), each.scope) if phoned else (),
            _is_ours(connection, each.folded, named, known_prefixes),
            within(_held(each, named), each.scope),
        )
        for each in once
    }
    return [found[each] for each in says]


def _holds(evidence: Evidence) -> tuple[str, ...]:
    """The numbers within a reference where they count: beside a phone that may be somebody's."""
    return evidence.numbers_within if evidence.phone_form in PHONE_COLUMNS else ()


def _held(says: _Says, named: dict[str, _ById]) -> _ById:
    """Who has a number that stands in a reference which names nobody as a whole."""
    if says.folded in named:
        return _NOBODY
    return {
        owner_id: owner for number in says.holds for owner_id, owner in named.get(number, _NOBODY).items()
    }


def _named(connection: Connection, numbers: set[str]) -> dict[str, _ById]:
    """Folded number to the customers (by id) who have it, as their own or as that of an account."""
    found: dict[str, _ById] = {}
    known: _ById = {}
    if not numbers:
        return found
    for number, owner in owner_store.owners_by(connection, "customer_no_key", numbers):
        known[owner.id] = owner
        found.setdefault(number, {})[owner.id] = owner
    held = owner_store.owners_of_accounts(connection, numbers)
    missing = {owner_id for _, owner_id in held if owner_id not in known}
    known.update(owner_store.owners_by(connection, "id", missing))
    for number, owner_id in held:
        found.setdefault(number, {})[owner_id] = known[owner_id]
    return found


def _phoned(connection: Connection, asked: Iterable[_Says]) -> dict[tuple[PhoneForm, str | None], _ById]:
    """Form and phone to the customers (by id) who have it."""
    wanted: dict[PhoneForm, set[str]] = {}
    for each in asked:
        if each.form in PHONE_COLUMNS and each.phone is not None:
            wanted.setdefault(each.form, set()).add(each.phone)
    found: dict[tuple[PhoneForm, str | None], _ById] = {}
    for form, phones in wanted.items():
        for column in PHONE_COLUMNS[form]:
            for phone, owner in owner_store.owners_by(connection, column, phones):
                found.setdefault((form, phone), {})[owner.id] = owner
    return found


def _is_ours(connection: Connection, folded: str, named: dict[str, _ById], known: dict[str, bool]) -> bool:
    """Whether a reference has the look of our numbers: digits only, or, where it names nobody, a prefix of ours."""
    if is_digits(folded):
        return True
    prefix = prefix_of(folded) if len(folded) <= NUMBER_MAX and folded not in named else None
    if prefix is None:
        return False
    if prefix not in known:
        known[prefix] = any(
            connection.execute(each.statement, each.bound).fetchone() is not None
            for each in begins_with(prefix)
        )
    return known[prefix]
