"""Writing the rows of an import as customers, after a last look at what changed since the check."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json

from branchtui.contract.customers import AccountKind, AccountStatus
from branchtui.ledger import numbers
from branchtui.ledger.feeds.finding import Finding, error
from branchtui.ledger.phones import Phone
from branchtui.ledger.store import customer_store, import_store
from branchtui.ledger.store.rows import Account, Address, Identifier
from branchtui.ledger.store.search import facet_mark
from branchtui.ledger.workflows import customer_filing, membership
from branchtui.ledger.workflows.customer_filing import GROUP, LABEL, ORGANISATION, STAFF
from branchtui.ledger.workflows.customer_rows import customer_row
from branchtui.ledger.workflows.customer_values import value_errors
from branchtui.ledger.workflows.import_customer_cells import DAYS
from branchtui.ledger.workflows.import_customer_known import (
    CodeLists,
    StaffBook,
    number_taken,
    rules_hash,
)
from branchtui.ledger.workflows.import_parties import sender_of
from branchtui.ledger.workflows.import_rows import Taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from branchtui.contract.customers import LegalForm
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Customer, CustomerFacet, Import
    from branchtui.ledger.store.unit import BulkTx

_LOOK_AHEAD: Final = 5_000
_WALLET: Final = AccountKind.WALLET.value
_OPEN: Final = AccountStatus.OPEN.value
_LISTED: Final = (("group_id", GROUP), ("organisation_id", ORGANISATION))
_MARKING: Final = frozenset({"labels", "group_id", "organisation_id", "staff_id"})
_CODED: Final = (
    "gender",
    "client_type",
    "classification",
    "group_id",
    "organisation_id",
    "constitution",
    "business_line",
)

Said = dict[str, Any]
"""What a row was found to say, as the check has kept it."""


@dataclass(slots=True)
class _Made:
    """Rows on their way into the ledger."""

    customers: list[Customer] = field(default_factory=list)
    facets: list[CustomerFacet] = field(default_factory=list)
    wallets: list[Account] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)


class Brought:
    """The numbers that the rows of a file bring themselves, read once a file: none of them is given to another row."""

    def __init__(self) -> None:
        self._of: tuple[str, int] = ("", 0)
        self._numbers: dict[str, set[str]] = {}

    def numbers(self, connection: Connection, import_: Import) -> dict[str, set[str]]:
        """By the column of the number."""
        if self._of == (import_.id, import_.preview_version):
            return self._numbers
        found: dict[str, set[str]] = {"customer_no": set(), "account_no": set()}
        # Most files have no such column; then there is nothing to look for.
        brings = not found.keys().isdisjoint(json.loads(import_.recognised)["columns"])
        after = 0
        while brings and (rows := import_store.staged(connection, import_.id, after, _LOOK_AHEAD)):
            for row in rows:
                said = from_json(row.parsed)
                for column, known in found.items():
                    if number := said.get(column):
                        known.add(number)
            after = rows[-1].row_no
        self._of, self._numbers = (import_.id, import_.preview_version), found
        return found


class Taking:
    """Rows that were good at the check become customers, in one transaction."""

    def __init__(
        self, core: Core, tx: BulkTx, import_: Import, form: LegalForm, brought: Brought, at_us: int
    ) -> None:
        self._core = core
        self._tx = tx
        self._import = import_
        self._form = form
        self._brought = brought
        self._at_us = at_us
        connection = tx.connection
        self._codes = CodeLists.read(connection)
        self._staff = StaffBook.read(core, connection, sender_of(core, connection, import_.created_by))
        self._rules = membership.rules_in(import_store.settings(connection))
        self._rules_hash = rules_hash(self._rules)
        self._today: dict[str, date] = {}

    def take(self, rows: Sequence[tuple[int, str]]) -> Taken:
        """Insert `rows` (number and parsed JSON) as customers; those that fit no longer come back with why."""
        said: list[tuple[int, Said]] = [(row_no, from_json(parsed)) for row_no, parsed in rows]
        refused = self._refused(said)
        fit = [(row_no, each) for row_no, each in said if row_no not in refused]
        customer_nos = self._numbers("customer_no", said)
        account_nos = self._numbers("account_no", said)
        made = _Made()
        digest = hashlib.sha256()
        for row_no, each in fit:
            own = each.get("customer_no") or next(customer_nos)
            self._make(made, row_no, each, own, each.get("account_no") or next(account_nos))
            digest.update(f"{made.customers[-1].id}:1\n".encode())
        if fit:
            customer_store.insert_customers(
                self._tx.connection,
                made.customers,
                made.facets,
                made.wallets,
                made.addresses,
                made.identifiers,
            )
        return Taken(len(fit), 0, digest.hexdigest(), refused)

    # ── what has changed since ───────────────────────────────────────────────────────────────────────────────────

    def _refused(self, said: Sequence[tuple[int, Said]]) -> dict[int, Finding]:
        """The rows that fit no longer, each with why."""
        connection = self._tx.connection

        def given(column: str) -> set[str]:
            return {value for _, each in said if (value := each.get(column))}

        taken: dict[str, Any] = {
            "customer_no": customer_store.by_number(connection, given("customer_no")),
            "external_id": customer_store.by_external_id(connection, given("external_id")),
            "account_no": customer_store.account_numbers_taken(connection, given("account_no")),
        }
        keys = {own["number_key"] for _, each in said if (own := each.get("identifier"))}
        identifiers = customer_store.identifiers_taken(connection, keys)
        refused: dict[int, Finding] = {}
        for row_no, each in said:
            finding = self._changed_since(each, taken, identifiers)
            if finding is not None:
                refused[row_no] = finding
        return refused

    def _changed_since(
        self, each: Said, taken: dict[str, Any], identifiers: set[tuple[str, str]]
    ) -> Finding | None:
        for column, others in taken.items():
            if others and (number := each.get(column)) and number in others:
                return number_taken(column, number)
        own = each.get("identifier")
        if own and (own["identifier_type"], own["number_key"]) in identifiers:
            return error("reference-taken", "Another customer has this identifier.", "identifier_no")
        for value_id in _code_ids(each):
            if self._codes.standing(value_id) is None:
                return error("code-inactive", "A value of a list that the row names is offered no more.")
        staff_id = each["coded"].get("staff_id")
        if staff_id and self._staff.standing(staff_id, each["branch_id"]) is None:
            return error("staff-inactive", "The member of staff has left the office.", "staff")
        return None if each["rules"] == self._rules_hash else self._against_rules(each)

    def _against_rules(self, each: Said) -> Finding | None:
        """The institution asks for something else by now."""
        values = each | each["coded"]
        values |= {name: date.fromisoformat(values[name]) for name in DAYS if values.get(name)}
        values["mobile_no"] = each.get("phone")
        values["group"], values["organisation"] = values.get("group_id"), values.get("organisation_id")
        values["addresses"], values["identifiers"] = each.get("address"), each.get("identifier")
        errors = value_errors(self._form, values, self._day(each["branch_id"]), self._rules)
        return error(errors[0].code, errors[0].message) if errors else None

    # ── what is written ──────────────────────────────────────────────────────────────────────────────────────────

    def _numbers(self, column: str, said: Sequence[tuple[int, Said]]) -> Iterator[str]:
        """Numbers for the rows that bring none; none that a row brings, here or further down in the file."""
        missing = sum(1 for _, each in said if not each.get(column))
        if not missing:
            return iter(())
        series = numbers.next_customer_nos if column == "customer_no" else numbers.next_account_nos
        return iter(
            series(self._tx, missing, self._brought.numbers(self._tx.connection, self._import)[column])
        )

    def _make(self, made: _Made, row_no: int, each: Said, customer_no: str, account_no: str) -> None:
        branch = self._core.tree[each["branch_id"]]
        phone = each.get("phone")
        customer = customer_row(
            self._form,
            each,
            new_id=self._core.new_id(),
            customer_no=customer_no,
            account_no=account_no,
            branch_id=branch.id,
            phone=Phone(*phone) if phone else None,
            today=self._day(branch.id).isoformat(),
            created_by=self._import.created_by,
            at_us=self._at_us,
            coded=each["coded"],
            import_id=self._import.id,
            import_row_no=row_no,
        )
        if marks := self._marks(each["coded"]):
            customer = replace(customer, facets="".join(sorted(marks)))
            made.facets += customer_filing.facet_rows(customer)
        made.customers.append(customer)
        made.wallets.append(
            Account(
                id=self._core.new_id(),
                version=1,
                account_no=account_no,
                customer_id=customer.id,
                branch_id=branch.id,
                kind=_WALLET,
                currency=branch.currency,
                status=_OPEN,
                product=None,
                balance_minor=0,
                created_at=self._at_us,
            )
        )
        if "address" in each:
            made.addresses.append(self._part(Address, customer.id, each["address"]))
        if "identifier" in each:
            made.identifiers.append(self._part(Identifier, customer.id, each["identifier"]))

    def _part(self, row_type: type[Any], customer_id: str, columns: dict[str, Any]) -> Any:
        return row_type(
            id=self._core.new_id(),
            version=1,
            customer_id=customer_id,
            created_by=self._import.created_by,
            created_at=self._at_us,
            **columns,
        )

    def _marks(self, coded: dict[str, Any]) -> set[str]:
        """Under what the customer is listed."""
        if _MARKING.isdisjoint(coded):
            return set()
        wanted = [(LABEL, each) for each in coded.get("labels", ())]
        wanted += [(kind, coded[column]) for column, kind in _LISTED if column in coded]
        found = {
            facet_mark(kind, value.number)
            for kind, value_id in wanted
            if (value := self._codes.standing(value_id)) is not None
        }
        if "staff_id" in coded:
            found.add(facet_mark(STAFF, self._staff.number(coded["staff_id"])))
        return found

    def _day(self, branch_id: str) -> date:
        found = self._today.get(branch_id)
        if found is None:
            found = self._today[branch_id] = self._core.today(self._core.tree[branch_id])
        return found


def _code_ids(each: Said) -> Iterator[str]:
    coded = each["coded"]
    yield from coded.get("labels", ())
    yield from (coded[name] for name in _CODED if name in coded)
    for part, name in (("address", "address_type"), ("identifier", "identifier_type")):
        if each.get(part):
            yield each[part][name]
