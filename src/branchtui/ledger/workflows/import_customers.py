"""Customers from a table: the rules of one that is entered by form, with a sentence for each cell.

Every row becomes a customer with a wallet, and with the address and the identifier that it names. What a file of a
teller brings is pending: nobody becomes active by it (product, roles).
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.customers import LegalForm
from branchtui.format.folding import fold
from branchtui.ledger import names
from branchtui.ledger.access import Permission
from branchtui.ledger.feeds.finding import ERROR, CellError, shown, warning
from branchtui.ledger.feeds.table_unfit import column_name
from branchtui.ledger.phones import PhoneUnreadable, read_phones, region_of
from branchtui.ledger.store import customer_store, import_store
from branchtui.ledger.workflows import membership
from branchtui.ledger.workflows.customer_alike import NAME_AND_BIRTH, PHONE
from branchtui.ledger.workflows.customer_values import CODED, COLUMN_OF, value_errors
from branchtui.ledger.workflows.import_customer_cells import (
    DATE_COLUMNS,
    SYNONYMS,
    ByColumn,
    CellReader,
    Cells,
    columns_of,
    needed_of,
)
from branchtui.ledger.workflows.import_customer_known import (
    OWN_NUMBERS,
    CodeLists,
    StaffBook,
    number_taken,
    rules_hash,
)
from branchtui.ledger.workflows.import_customers_write import Brought, Taking
from branchtui.ledger.workflows.import_parties import sender_of
from branchtui.ledger.workflows.import_rows import Checked, Setting, Taken, level_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.table_row import Row
    from branchtui.ledger.phones import Phone
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Branch, Import
    from branchtui.ledger.store.unit import BulkTx

LABELS_MAX: Final = 20
_HEADER: Final = "The header stands here once more. Two files may have been put together."
CHUNK_ROWS: Final = 4_000
_CELL_OF: Final = {"staff_id": "staff", "addresses": "address_type", "identifiers": "identifier_type"}
"""The column that tells of a member."""


class CustomerRows:
    """A kind of customers: persons, or entities."""

    amount_columns: tuple[str, ...] = ()
    date_columns: tuple[str, ...] = DATE_COLUMNS
    synonyms: Mapping[str, str] = SYNONYMS
    chunk_rows: int = CHUNK_ROWS

    def __init__(self, form: LegalForm) -> None:
        self.form = form
        self.columns: tuple[str, ...] = columns_of(form)
        self._brought = Brought()

    def missing(self, header: Sequence[str], setting: Setting) -> list[str]:
        """The columns of names that the header does not have."""
        return [name for name in needed_of(self.form) if name not in header]

    def checker(self, core: Core, setting: Setting, header: Sequence[str]) -> _Check:
        """A fresh judge for one file."""
        return _Check(core, self.form, setting, header)

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Enter the customers; those that a number, a list or the institution's rules keep out by now are refused."""
        return Taking(core, tx, import_, self.form, self._brought, at_us).take(rows)


PERSONS: Final = CustomerRows(LegalForm.PERSON)
ENTITIES: Final = CustomerRows(LegalForm.ENTITY)


class _Ledger:
    """What the ledger holds, as the sender may know it, about some rows; read at once for all of them."""

    def __init__(self, core: Core, connection: Connection, who: Principal, rows: Iterable[Cells]) -> None:
        there = list(rows)

        def given(column: str) -> set[str]:
            return {each.cells[column] for each in there} - {""}

        self.codes = CodeLists.read(connection)
        self.staff = StaffBook.read(core, connection, who)
        self.taken: dict[str, Any] = {
            "customer_no": customer_store.by_number(connection, given("customer_no")),
            "external_id": customer_store.by_external_id(connection, given("external_id")),
            "account_no": customer_store.account_numbers_taken(connection, given("account_no")),
        }
        phones = {each.values["phone"].e164 for each in there if "phone" in each.values}
        births = {each.values["birth"] for each in there if "birth" in each.values}
        keys = {each.values["identifier"]["number_key"] for each in there if each.values.get("identifier")}
        self.phones = customer_store.by_mobile(connection, phones)
        self.births = customer_store.by_birth(connection, births)
        self.identifiers = customer_store.identifiers_taken(connection, keys)


class _Check:
    """Judges the rows of one file. Of two rows with one number the later is wrong."""

    def __init__(self, core: Core, form: LegalForm, setting: Setting, header: Sequence[str]) -> None:
        self._core = core
        self._form = form
        self._setting = setting
        places = {name: place for place, name in enumerate(header)}
        self._columns = [name for name in columns_of(form) if name in places]
        # One at least is there, and a second place makes the picker give a tuple: that of a blank cell behind the last.
        self._pick = itemgetter(*(places[name] for name in self._columns), len(header))
        self._coded_columns = [name for name in CODED if name in places]
        self._cells = CellReader(form, setting.date_order, self._columns)
        below = [core.tree[each] for each in sorted(core.tree.below(setting.branch_id))]
        self._own = core.tree[setting.branch_id]
        self._offices = {fold(name): each for each in below for name in (each.id, each.code)}
        self._today = {each.id: core.today(each) for each in below}
        self._phone: dict[str, Callable[[str], Phone]] = {
            each.id: read_phones(region_of(each.currency, each.timezone)) for each in below
        }
        self._seen: dict[tuple[str, Any], int] = {}
        self._who: Principal | None = None
        self._rules = membership.Rules()
        self._rules_hash = ""

    def check(self, connection: Connection, rows: Sequence[Row]) -> list[Checked]:
        """The verdict on each row, with one look at the ledger for all of them."""
        self._who = self._who or sender_of(self._core, connection, self._setting.created_by)
        self._rules = membership.rules_in(import_store.settings(connection))
        self._rules_hash = rules_hash(self._rules)
        read = [self._read(row) for row in rows]
        ledger = _Ledger(self._core, connection, self._who, (each for each in read if each is not None))
        return [
            _unread(row) if made is None else self._judge(row, made, ledger)
            for row, made in zip(rows, read, strict=True)
        ]

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, row: Row) -> Cells | None:
        """The row's values, as far as it says them itself."""
        if row.is_blank or not row.is_readable:
            return None
        cells = ByColumn(zip(self._columns, map(str.strip, self._pick([*row.cells, ""])), strict=False))
        made = Cells(row.row_no, cells, list(row.findings))
        self._cells.read(made)
        first = self._columns[0]
        if column_name(cells[first]) == first and self._is_header(cells):
            made.say(first, "header-repeated", _HEADER)
        values = made.values
        branch = self._office(made)
        values["branch"] = branch
        if cells["mobile_no"] and not made.is_wrong("mobile_no"):
            try:
                values["phone"] = self._phone[branch.id](cells["mobile_no"])
            except PhoneUnreadable:
                made.say("mobile_no", "phone", f"{shown(cells['mobile_no'])} is no phone number.")
        today = self._today[branch.id]
        values["address"] = self._cells.address(made, branch, today)
        values["identifier"] = self._cells.identifier(made, branch, today)
        born = values.get("date_of_birth")
        if born is not None:
            name = names.full_name(*(values.get(each) for each in ("first_name", "middle_name", "last_name")))
            values["birth"] = (fold(name), born.isoformat())
        return made

    def _is_header(self, cells: ByColumn) -> bool:
        """Whether every cell is the name of a column: nobody is called so."""
        return all(
            not cell or SYNONYMS.get(name := column_name(cell), name) == column
            for column, cell in cells.items()
        )

    def _office(self, made: Cells) -> Branch:
        given = made.cells["office"]
        if not given:
            return self._own
        found = self._offices.get(fold(given))
        if found is None:
            made.say("office", "office", f"There is no office {shown(given)} in {self._own.name}.")
        return found or self._own

    # ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self, row: Row, made: Cells, ledger: _Ledger) -> Checked:
        coded = self._coded(made, ledger)
        self._numbers(made, ledger)
        self._together(made)
        if not made.findings or level_of(made.findings) != ERROR:
            self._pending(made)
            self._alike(made, ledger)
        findings = tuple(made.findings)
        level = level_of(findings)
        if level == ERROR:
            return Checked(row.row_no, level, findings, row.cells)
        said = " ".join(made.values[each] for each in needed_of(self._form))
        return Checked(row.row_no, level, findings, row.cells, self._parsed(made, coded), 0, said)

    def _coded(self, made: Cells, ledger: _Ledger) -> dict[str, Any]:
        """The ids of what the row names: values of lists, and a member of staff."""
        cells, values = made.cells, made.values
        found: dict[str, Any] = {}
        for column in self._coded_columns:
            if cells[column] and (value := self._value(made, ledger, column, cells[column])):
                found[COLUMN_OF.get(column, column)] = values[column] = value
        if cells["labels"]:
            given = [each.strip() for each in cells["labels"].split(";")]
            labels = {self._value(made, ledger, "labels", each) for each in given if each}
            if len(labels) > LABELS_MAX:
                made.say("labels", "too-many", f"A customer has at most {LABELS_MAX} labels.")
            found["labels"] = sorted(each for each in labels if each)
        if cells["staff"]:
            try:
                member = ledger.staff.member(cells["staff"], values["branch"].id)
                found["staff_id"] = values["staff_id"] = member.id
            except CellError as failure:
                made.say("staff", failure.code, str(failure))
        for part, column in (("address", "address_type"), ("identifier", "identifier_type")):
            if values[part] is not None and (
                value := self._value(made, ledger, column, values[part][column])
            ):
                values[part][column] = value
        return found

    def _value(self, made: Cells, ledger: _Ledger, column: str, given: str) -> str | None:
        try:
            return ledger.codes.value(column, given).id
        except CellError as failure:
            made.say(column, failure.code, str(failure))
            return None

    def _numbers(self, made: Cells, ledger: _Ledger) -> None:
        """What is one customer's alone: taken in the ledger, or by an earlier row."""
        for column, label in OWN_NUMBERS.items():
            number = made.cells[column]
            if not number or made.is_wrong(column):
                continue
            first = self._seen.setdefault((column, number), made.row_no)
            if first != made.row_no:
                said = f"{label} {shown(number)} stands in row {first:,} already."
                made.say(column, "reference-repeated", said)
            elif number in ledger.taken[column]:
                made.findings.append(number_taken(column, number))
        own = made.values["identifier"]
        if own is None:
            return
        key = (own["identifier_type"], own["number_key"])
        first = self._seen.setdefault(("identifier", key), made.row_no)
        if first != made.row_no:
            made.say(
                "identifier_no", "reference-repeated", f"This identifier stands in row {first:,} already."
            )
        elif key in ledger.identifiers:
            made.say("identifier_no", "reference-taken", "Another customer has this identifier.")

    def _together(self, made: Cells) -> None:
        """What is true of every customer, by form or by file; what a cell could not say is not judged again."""
        values = made.values
        parts = {
            "addresses": values["address"] is not None,
            "identifiers": values["identifier"] is not None,
        }
        asked = values | parts
        for each in value_errors(self._form, asked, self._today[values["branch"].id], self._rules):
            member = (each.pointer or "").removeprefix("/")
            column = _CELL_OF.get(member, member)
            if not made.is_wrong(column):
                made.say(column, each.code, each.message)

    def _pending(self, made: Cells) -> None:
        """Nobody becomes active by a teller's file (product, roles)."""
        assert self._who is not None, "who sent the file is looked up first"
        if not made.values.get("active") or self._who.may(Permission.APPROVAL_DECIDE):
            return
        del made.values["active"]
        made.values.pop("activation_date", None)
        said = "Entered as pending: nobody becomes active by a teller's file. A supervisor may send it."
        made.findings.append(warning("pending", said, "active", made.cells["active"]))

    def _alike(self, made: Cells, ledger: _Ledger) -> None:
        """Who has the same phone, or name and date of birth; a person decides, so it is a warning."""
        assert self._who is not None, "who sent the file is looked up first"
        phone, birth = made.values.get("phone"), made.values.get("birth")
        for column, what, key, known in (
            ("mobile_no", PHONE, phone and phone.e164, ledger.phones),
            ("date_of_birth", NAME_AND_BIRTH, birth, ledger.births),
        ):
            if not key:
                continue
            one: str | None = None
            if seen := known.get(key):
                scope = self._who.scope
                one = min((each.customer_no for each in seen if scope.covers(each.branch_id)), default=None)
            first = self._seen.setdefault((what, key), made.row_no)
            if one is not None:
                said = f"Customer {one} has the same {what}."
            elif first != made.row_no:
                said = f"Row {first:,} has the same {what}."
            else:
                continue
            made.findings.append(warning("possible-duplicate", said, column, made.cells[column]))

    def _parsed(self, made: Cells, coded: dict[str, Any]) -> dict[str, Any]:
        """The row as it is kept until it is taken in; what is empty is left out."""
        values = made.values
        phone: Phone | None = values.get("phone")
        kept = {
            name: value
            for name, value in values.items()
            if value is not None and name not in _NOT_KEPT and name not in CODED
        }
        kept["branch_id"] = values["branch"].id
        if phone is not None:
            kept["phone"] = [phone.e164, phone.local]
        return kept | {"coded": coded, "rules": self._rules_hash, "amount_minor": 0}


_NOT_KEPT: Final = frozenset({"branch", "birth", "mobile_no", "staff_id", "phone"})


def _unread(row: Row) -> Checked:
    if row.is_blank and row.is_readable:
        findings = (warning("blank-row", "The row is blank; it was passed over."), *row.findings)
        return Checked(row.row_no, level_of(findings), findings, row.cells, is_blank=True)
    return Checked(row.row_no, ERROR, row.findings, row.cells)
