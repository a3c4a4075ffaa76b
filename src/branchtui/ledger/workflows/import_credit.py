"""Credit accounts from a table: the rules of one that is opened by hand, with a sentence for each cell.

A row names its customer by `customer_no`, or a new one by names. What the file opens is in the books with it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from branchtui.contract.credit import NewSettleEvery
from branchtui.contract.customers import CustomerStatus, LegalForm, NewCustomer
from branchtui.ledger.feeds.amounts import amount_reader
from branchtui.ledger.feeds.cells import left_by_a_spreadsheet
from branchtui.ledger.feeds.dates import date_reader
from branchtui.ledger.feeds.finding import ERROR, CellError, Finding, error, warning
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import import_store
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.workflows import credit_frequency, customers, membership
from branchtui.ledger.workflows.credit_accounts import Terms, refuse_opening
from branchtui.ledger.workflows.credit_frequency import Frequency
from branchtui.ledger.workflows.import_credit_write import Taking, foreign_books, refuse_beyond
from branchtui.ledger.workflows.import_parties import sender_of
from branchtui.ledger.workflows.import_rows import NO_SYNONYMS, Checked, Setting, Taken, level_of
from branchtui.ledger.workflows.reading import is_email

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.table_row import Row
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.import_store import Party
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx

COLUMNS: Final = (
    "customer_no",
    "first_name",
    "last_name",
    "name",
    "mobile_no",
    "account_no",
    "max_credit",
    "restrict_credit",
    "opening_credit",
    "settle_every",
    "settle_unit",
    "settle_weekday",
    "settle_nth",
    "settle_day",
    "settle_anchor",
    "statement_email",
)
_NO_LIMIT: Final = frozenset({"none", "no limit", "unlimited"})
_YES: Final = frozenset({"yes", "y", "true", "1"})
_NO: Final = frozenset({"no", "n", "false", "0"})
_LONGEST: Final = 254
_SHORT_NUMBER: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_NOTHING: Final = re.compile(r"0+(?:[.,]0*)?", re.ASCII)
"""How a limit or an opening credit of zero is written."""
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]*", re.ASCII)
_RHYTHM: Final = {
    "settle_unit": "unit",
    "settle_weekday": "weekday",
    "settle_nth": "nth",
    "settle_day": "day_of_month",
}


class CreditAccountRows:
    """The kind `credit-accounts`."""

    columns: tuple[str, ...] = COLUMNS
    amount_columns: tuple[str, ...] = ("opening_credit", "max_credit")
    date_columns: tuple[str, ...] = ("settle_anchor",)
    synonyms: Mapping[str, str] = NO_SYNONYMS
    chunk_rows: int = 5_000

    def missing(self, header: Sequence[str], setting: Setting) -> list[str]:
        """Mandatory columns that the header does not have; a number, or names, say who the customer is."""
        found = [name for name in ("max_credit", "restrict_credit") if name not in header]
        if not {"customer_no", "last_name", "name"} & set(header):
            found.insert(0, "customer_no")
        return found

    def checker(self, core: Core, setting: Setting, header: Sequence[str]) -> _Check:
        """A fresh judge for one file."""
        return _Check(core, setting, header)

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Open the accounts; those whose customer has left, or whose number was taken since, are refused."""
        return Taking(core, tx, import_, at_us).take(rows)


class _Unread(Exception):
    """A cell that cannot be read: its finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(slots=True)
class _Row:
    """A row on its way: its cells by name, and what is wrong with it."""

    row_no: int
    cells: dict[str, str]
    findings: list[Finding]

    def say(self, column: str, code: str, message: str) -> None:
        """One more thing that keeps it out."""
        self.findings.append(error(code, message, column, self.cells.get(column, "")))


class _Check:
    """Judges the rows of one file. Of two rows with one account number the later is wrong."""

    def __init__(self, core: Core, setting: Setting, header: Sequence[str]) -> None:
        self._core = core
        self._setting = setting
        self._places = {name: place for place, name in enumerate(header) if name in COLUMNS}
        self._below = core.tree.below(setting.branch_id)
        self._branch = core.tree[setting.branch_id]
        self._amount = amount_reader(setting.decimal, setting.currency)
        self._date = date_reader(setting.date_order)
        self._numbers: dict[str, int] = {}
        self._who: Principal | None = None
        self._rules = membership.Rules()

    def check(self, connection: Connection, rows: Sequence[Row]) -> list[Checked]:
        """The verdict on each row, with one look at the ledger for all of them."""
        named = [self._named(row) for row in rows]
        there = [each for each in named if each is not None]
        parties = import_store.parties_by_number(
            connection, {row.cells["customer_no"] for row in there} - {""}
        )
        taken = import_store.accounts_by_number(connection, {row.cells["account_no"] for row in there} - {""})
        self._who = self._who or sender_of(self._core, connection, self._setting.created_by)
        self._rules = membership.rules_in(import_store.settings(connection))
        return [
            self._unread(row) if made is None else self._judge(row, made, parties, set(taken))
            for row, made in zip(rows, named, strict=True)
        ]

    def _named(self, row: Row) -> _Row | None:
        if row.is_blank or not row.is_readable:
            return None
        cells = {
            name: row.cells[self._places[name]].strip() if name in self._places else "" for name in COLUMNS
        }
        return _Row(row.row_no, cells, list(row.findings))

    def _unread(self, row: Row) -> Checked:
        if row.is_blank and row.is_readable:
            findings = (warning("blank-row", "The row is blank; it was passed over."), *row.findings)
            return Checked(row.row_no, level_of(findings), findings, row.cells, is_blank=True)
        return Checked(row.row_no, ERROR, row.findings, row.cells)

    def _judge(self, row: Row, made: _Row, parties: dict[str, Party], taken: set[str]) -> Checked:
        for column, value in made.cells.items():
            if is_unsafe(value) or len(value) > _LONGEST:
                made.say(column, "text", "The text is too long, or holds control or direction characters.")
            elif left := left_by_a_spreadsheet(value):
                made.say(column, *left)
        who = self._customer(made, parties)
        self._number(made, taken)
        terms = self._terms(made)
        level = level_of(made.findings)
        parsed = None
        amount = terms["opening_credit_minor"] if terms is not None else 0
        if level != ERROR and terms is not None:
            parsed = {"amount_minor": amount, **who, **terms}
        return Checked(
            row.row_no,
            level,
            tuple(made.findings),
            row.cells,
            parsed,
            amount,
            f"{made.cells['customer_no'] or made.cells['name'] or made.cells['last_name']} "
            f"{made.cells['max_credit']}"
            if parsed
            else "",
        )

    def _customer(self, made: _Row, parties: dict[str, Party]) -> dict[str, Any]:
        number = made.cells["customer_no"]
        if number:
            party = parties.get(number)
            if party is None or party.branch_id not in self._below:
                made.say("customer_no", "customer-unknown", f"There is no customer {number} in this branch.")
                return {}
            if party.status != CustomerStatus.ACTIVE:
                made.say("customer_no", "customer-not-active", f"Customer {number} is {party.status}.")
            home = self._core.tree[party.branch_id]
            if home.currency != self._setting.currency:
                made.findings.append(foreign_books(home.name, home.currency, self._setting.currency))
            return {"customer_id": party.id}
        return self._new_customer(made)

    def _new_customer(self, made: _Row) -> dict[str, Any]:
        given = {name: made.cells[name] or None for name in ("first_name", "last_name", "name", "mobile_no")}
        form = LegalForm.ENTITY if given["name"] else LegalForm.PERSON
        try:
            person = NewCustomer.model_validate(
                given | {"legal_form": form, "branch_id": self._branch.id, "active": True}
            )
            customers.phone_of(person, self._core.today(self._branch), self._branch, self._rules)
        except ValidationError as failure:
            first = failure.errors(include_url=False)[0]
            made.say(str(first["loc"][0]), "customer", f"{first['loc'][0]}: {first['msg']}.")
            return {}
        except Refusal as refusal:
            column = (refusal.errors[0].pointer or "/").removeprefix("/") if refusal.errors else "last_name"
            made.say(column, "customer", refusal.detail)
            return {}
        return {"customer": person.model_dump(mode="json")}

    def _number(self, made: _Row, taken: set[str]) -> None:
        number = made.cells["account_no"]
        if not number:
            return
        first = self._numbers.setdefault(number, made.row_no)
        if first != made.row_no:
            made.say("account_no", "reference-repeated", f"Account {number} stands in row {first:,} already.")
        elif number in taken:
            made.say("account_no", "reference-taken", f"Account number {number} is taken.")
        elif len(number) > 20 or not _NUMBER.fullmatch(number):
            made.say("account_no", "account", "An account number has at most 20 letters, digits, . / or -.")

    def _terms(self, made: _Row) -> dict[str, Any] | None:
        try:
            limit = self._limit(made)
            restrict = _yes_or_no(made)
            opening = self._amount_of(made, "opening_credit") if made.cells["opening_credit"] else 0
            frequency = self._frequency(made)
        except _Unread as unread:
            made.findings.append(unread.finding)
            return None
        email = made.cells["statement_email"] or None
        if email is not None and not is_email(email):
            made.say("statement_email", "email", f"{email} is no e-mail address.")
        terms = Terms(limit, restrict, opening, frequency, email)
        self._refuse(made, terms)
        return {
            "account_no": made.cells["account_no"] or None,
            "max_credit_minor": limit,
            "restrict": restrict,
            "opening_credit_minor": opening,
            "frequency": frequency.dumped() if frequency is not None else None,
            "statement_email": email,
        }

    def _refuse(self, made: _Row, terms: Terms) -> None:
        """What is true of every account, and what this user may not do alone."""
        assert self._who is not None, "who sent the file is looked up first"
        currency = self._setting.currency
        try:
            refuse_opening(terms, currency)
        except Refusal as refusal:
            made.say("opening_credit", "credit-limit-exceeded", refusal.detail)
        beyond = refuse_beyond(self._who, terms, currency)
        if beyond is not None:
            made.say("max_credit", beyond.code, beyond.detail)

    def _limit(self, made: _Row) -> int | None:
        text = made.cells["max_credit"]
        if text.casefold() in _NO_LIMIT:
            return None
        return self._amount_of(made, "max_credit")

    def _amount_of(self, made: _Row, column: str) -> int:
        text = made.cells[column]
        if _NOTHING.fullmatch(text):
            return 0
        return int(_read(self._amount, made, column))

    def _frequency(self, made: _Row) -> Frequency | None:
        cells = made.cells
        if not cells["settle_every"]:
            for column in (*_RHYTHM, "settle_anchor"):
                if cells[column]:
                    raise _Unread(error("settle", "Say every how many: settle_every.", "settle_every", ""))
            return None
        given: dict[str, Any] = {"every": cells["settle_every"]}
        given |= {name: cells[column].casefold() for column, name in _RHYTHM.items() if cells[column]}
        for name in ("every", "nth", "day_of_month"):
            if _SHORT_NUMBER.fullmatch(str(given.get(name, ""))):
                given[name] = int(given[name])
        if cells["settle_anchor"]:
            given["anchor"] = _read(self._date, made, "settle_anchor")
        try:
            new = NewSettleEvery.model_validate_json(json.dumps(given))
            return credit_frequency.asked(new, self._core.today(self._branch))
        except ValidationError as failure:
            name = str(failure.errors(include_url=False)[0]["loc"][0])
            column = next((each for each, known in _RHYTHM.items() if known == name), f"settle_{name}")
            said = f"{cells.get(column, '')} is nothing that can stand here."
            raise _Unread(error("settle", said, column, cells.get(column, ""))) from failure
        except Refusal as refusal:
            name = (refusal.errors[0].pointer or "").rpartition("/")[2]
            column = next((each for each, known in _RHYTHM.items() if known == name), "settle_every")
            raise _Unread(error("settle", refusal.detail, column, cells[column])) from refusal


def _read(read: Callable[[str], Any], made: _Row, column: str) -> Any:
    try:
        return read(made.cells[column])
    except CellError as failure:
        raise _Unread(error(failure.code, str(failure), column, made.cells[column])) from failure


def _yes_or_no(made: _Row) -> bool:
    text = made.cells["restrict_credit"].casefold()
    if text in _YES | _NO:
        return text in _YES
    said = "Does the limit restrict? Write yes or no."
    raise _Unread(error("restrict", said, "restrict_credit", made.cells["restrict_credit"]))
