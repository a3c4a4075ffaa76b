"""Balance records from a table: the same rules as for one keyed by hand, with a sentence for each cell."""

from __future__ import annotations

import unicodedata
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from branchtui.format.money import money
from branchtui.ledger.days import day_key
from branchtui.ledger.feeds.amounts import SCIENTIFIC, amount_reader
from branchtui.ledger.feeds.cells import left_by_a_spreadsheet
from branchtui.ledger.feeds.dates import date_reader
from branchtui.ledger.feeds.finding import ERROR, CellError, Finding, error, shown, warning
from branchtui.ledger.store import import_store
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.workflows.import_parties import reference_taken, refused_party
from branchtui.ledger.workflows.import_records_write import take_rows
from branchtui.ledger.workflows.import_rows import NO_SYNONYMS, Checked, Setting, Taken, level_of
from branchtui.ledger.workflows.record_rules import (
    RecordValues,
    value_errors,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.table_row import Row
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.import_store import Party
    from branchtui.ledger.store.rows import Account, Import
    from branchtui.ledger.store.unit import BulkTx

COLUMNS: Final = (
    "customer_no",
    "account_kind",
    "amount",
    "currency",
    "as_of_date",
    "narration",
    "external_ref",
    "account_no",
    "product",
)
_MANDATORY: Final = ("account_kind", "amount", "as_of_date")
_LENGTHS: Final = {"narration": 200, "external_ref": 100, "product": 64}
_CELL_OF: Final = {"amount_minor": "amount"}


class BalanceRecordRows:
    """The kind `balance-records`. Rows name their customer by `customer_no`, or by an account's number."""

    columns: tuple[str, ...] = COLUMNS
    amount_columns: tuple[str, ...] = ("amount",)
    date_columns: tuple[str, ...] = ("as_of_date",)
    synonyms: Mapping[str, str] = NO_SYNONYMS
    chunk_rows: int = 5_000

    def missing(self, header: Sequence[str], setting: Setting) -> list[str]:
        """Mandatory columns that the header does not have; either number names the customer."""
        found = [name for name in _MANDATORY if name not in header]
        if "customer_no" not in header and "account_no" not in header:
            found.insert(0, "customer_no")
        if "currency" not in header and not setting.currency_given:
            found.append("currency")
        return found

    def checker(self, core: Core, setting: Setting, header: Sequence[str]) -> _Check:
        """A fresh judge for one file."""
        return _Check(core, setting, header)

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Insert rows as records; those whose customer has left or whose reference was taken since are refused."""
        return take_rows(core, tx, import_, rows, at_us)


class _Known:
    """What the ledger holds of the customers, accounts, days and references that some rows name."""

    def __init__(self, connection: Connection, rows: Sequence[dict[str, str]]) -> None:
        self.connection = connection
        numbers = {row["customer_no"] for row in rows}
        account_numbers = {row["account_no"] for row in rows} - {""}
        self.customers = import_store.parties_by_number(connection, numbers - {""})
        self.accounts = (
            import_store.accounts_by_number(connection, account_numbers) if account_numbers else {}
        )
        owners = {each.customer_id for each in self.accounts.values() if each.customer_id}
        self.owners = import_store.parties_by_id(connection, owners) if owners else {}
        wanted = {row["external_ref"] for row in rows} - {""}
        branches = {each.branch_id for each in (*self.customers.values(), *self.owners.values())}
        self.references = import_store.references_taken(connection, dict.fromkeys(branches, wanted))

    def account(self, number: str) -> Account | None:
        return self.accounts.get(number)


class _Check:
    """Judges the rows of one file. Of two rows with one reference the later is wrong."""

    def __init__(self, core: Core, setting: Setting, header: Sequence[str]) -> None:
        self._core = core
        self._setting = setting
        self._places = {name: place for place, name in enumerate(header) if name in COLUMNS}
        # A column that the file lacks is taken from a blank cell behind the last one.
        self._pick = itemgetter(*(self._places.get(name, len(header)) for name in COLUMNS))
        self._below = core.tree.below(setting.branch_id)
        self._today = {each: core.today(core.tree[each]) for each in self._below}
        self._amount = amount_reader(setting.decimal, setting.currency)
        self._date = date_reader(setting.date_order)
        self._seen: dict[str, int] = {}
        self._closed: dict[str, bool] = {}

    def check(self, connection: Connection, rows: Sequence[Row]) -> list[Checked]:
        """The verdict on each row, with one look at the ledger for all of them."""
        named = [self._named(row) for row in rows]
        known = _Known(connection, [cells for cells in named if cells is not None])
        return [
            self._unread(row) if cells is None else self._judge(connection, row, cells, known)
            for row, cells in zip(rows, named, strict=True)
        ]

    def _named(self, row: Row) -> dict[str, str] | None:
        if row.is_blank or not row.is_readable:
            return None
        return dict(zip(COLUMNS, map(str.strip, self._pick([*row.cells, ""])), strict=True))

    def _unread(self, row: Row) -> Checked:
        if row.is_blank and row.is_readable:
            findings = (warning("blank-row", "The row is blank; it was passed over."), *row.findings)
            return Checked(row.row_no, level_of(findings), findings, row.cells, is_blank=True)
        return Checked(row.row_no, ERROR, row.findings, row.cells)

    def _judge(self, connection: Connection, row: Row, cells: dict[str, str], known: _Known) -> Checked:
        findings = list(row.findings)
        customer, account = self._customer(cells, known, findings)
        amount = self._read(self._amount, "amount", cells, findings)
        day = self._read(self._date, "as_of_date", cells, findings)
        self._texts(cells, findings)
        self._reference(row.row_no, cells, known, customer, findings)
        currency = cells["currency"] or ("" if "currency" in self._places else self._setting.currency)
        if not currency:
            findings.append(error("blank", "The currency is blank.", "currency"))
        elif currency != self._setting.currency:
            # The amounts of the whole file are read with the decimals of one currency.
            said = f"Currency: {shown(currency)} is not the branch's, {self._setting.currency}."
            findings.append(error("currency", said, "currency", currency))
        kind = cells["account_kind"]
        if not kind:
            findings.append(error("blank", "The account kind is blank.", "account_kind"))
        account_no = self._account_no(cells, account)
        values = RecordValues(
            customer_id=customer.id if customer else "",
            account_kind=kind,
            account_no=account_no,
            product=cells["product"] or None,
            amount_minor=1 if amount is None else amount,
            currency=currency,
            as_of_date=day or "",
            narration=cells["narration"],
            external_ref=cells["external_ref"] or None,
        )
        self._rules(connection, values, customer, account, cells, findings)
        level = level_of(findings)
        parsed = None
        if level != ERROR:
            assert customer is not None, "a row without a customer has an error"
            parsed = _parsed(values, customer.branch_id)
        return Checked(
            row.row_no,
            level,
            tuple(findings),
            row.cells,
            parsed,
            amount or 0,
            f"{cells['customer_no'] or cells['account_no']} {kind} {money(values.amount_minor, currency)} {currency}"
            if parsed
            else "",
        )

    def _customer(
        self, cells: dict[str, str], known: _Known, findings: list[Finding]
    ) -> tuple[Party | None, Account | None]:
        """The row's customer and the account it names, within the branch of the import."""
        number, account_no = cells["customer_no"], cells["account_no"]
        account = known.account(account_no) if account_no else None
        if account is not None and account.branch_id not in self._below:
            account = None
        column = "customer_no" if number or "customer_no" in self._places else "account_no"
        if number:
            customer = known.customers.get(number)
        elif account is not None and account.customer_id is not None:
            customer = known.owners.get(account.customer_id)
        else:
            customer = None
        if customer is not None and customer.branch_id in self._below:
            findings += refused_party(known.connection, customer, column)
            return customer, account
        findings.append(_unknown(column, cells[column] or account_no))
        return None, account

    def _account_no(self, cells: dict[str, str], account: Account | None) -> str | None:
        """The account that the record names: not where the number only says who the customer is."""
        number = cells["account_no"] or None
        if (
            number
            and not cells["customer_no"]
            and account is not None
            and account.kind != cells["account_kind"]
        ):
            return None
        return number

    def _read(
        self, read: Callable[[str], Any], column: str, cells: dict[str, str], findings: list[Finding]
    ) -> Any:
        try:
            return read(cells[column])
        except CellError as failure:
            findings.append(error(failure.code, str(failure), column, cells[column]))
            return None

    def _texts(self, cells: dict[str, str], findings: list[Finding]) -> None:
        for column, longest in _LENGTHS.items():
            value = cells[column]
            if not value:
                continue
            if left := left_by_a_spreadsheet(value):
                findings.append(error(*left, column, value))
                continue
            if len(value) <= longest and value.isascii() and value.isprintable():
                continue
            if is_unsafe(value):
                said = "The text holds a line break, or control or direction characters."
                findings.append(error("text", said, column, value))
                continue
            if not value.isascii():
                value = cells[column] = unicodedata.normalize("NFC", value)
            if len(value) > longest:
                said = f"The text has {len(value):,} characters; {longest} is the most."
                findings.append(error("too-long", said, column, value))

    def _reference(
        self,
        row_no: int,
        cells: dict[str, str],
        known: _Known,
        customer: Party | None,
        findings: list[Finding],
    ) -> None:
        reference = cells["external_ref"]
        if not reference:
            return
        if SCIENTIFIC.fullmatch(reference):
            said = (
                f"{shown(reference)}: a spreadsheet has written this number short. Keep the column as text."
            )
            findings.append(error("scientific", said, "external_ref", reference))
            return
        first = self._seen.setdefault(reference, row_no)
        if first != row_no:
            said = f"The reference {shown(reference)} stands in row {first:,} already."
            findings.append(error("reference-repeated", said, "external_ref", reference))
        elif customer is not None and (customer.branch_id, reference) in known.references:
            findings.append(reference_taken(reference))

    def _rules(
        self,
        connection: Connection,
        values: RecordValues,
        customer: Party | None,
        account: Account | None,
        cells: dict[str, str],
        findings: list[Finding],
    ) -> None:
        """What is true of every record, keyed or imported; what a cell could not say is not judged again."""
        branch = self._core.tree[customer.branch_id if customer else self._setting.branch_id]
        own = (account,) if account is not None and customer and account.customer_id == customer.id else ()
        closed = bool(values.as_of_date) and self._is_closed(connection, branch.id, values.as_of_date)
        errors = value_errors(values, branch, self._today[branch.id], day_closed=closed, accounts=own)
        wrong = {each.column for each in findings} if errors else set()
        for each in errors:
            name = (each.pointer or "/").removeprefix("/")
            column = _CELL_OF.get(name, name)
            if column in wrong or (column == "account_no" and (customer is None or "account_kind" in wrong)):
                continue
            findings.append(error(each.code, each.message, column, cells.get(column, "")))

    def _is_closed(self, connection: Connection, branch_id: str, day: str) -> bool:
        key = day_key(branch_id, day)
        if key not in self._closed:
            self._closed[key] = bool(import_store.closed_days_among(connection, [key]))
        return self._closed[key]


def _unknown(column: str, value: str) -> Finding:
    if not value:
        return error("blank", "The customer number is blank.", column)
    if SCIENTIFIC.fullmatch(value):
        said = f"{shown(value)}: a spreadsheet has written this number short. Keep the column as text."
        return error("scientific", said, column, value)
    return error("customer-unknown", f"There is no customer {shown(value)} in this branch.", column, value)


def _parsed(values: RecordValues, branch_id: str) -> dict[str, Any]:
    return {
        "branch_id": branch_id,
        "customer_id": values.customer_id,
        "account_kind": values.account_kind,
        "account_no": values.account_no,
        "product": values.product,
        "amount_minor": values.amount_minor,
        "currency": values.currency,
        "as_of_date": values.as_of_date,
        "narration": values.narration,
        "external_ref": values.external_ref,
    }
