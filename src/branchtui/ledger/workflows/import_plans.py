"""Plans from a table: the rules of one that is keyed by hand, with a sentence for each cell (contract, sections 5 and 8)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from branchtui.contract.vouchers import VALIDITY_DAYS_MAX, NewPlan
from branchtui.format.folding import fold
from branchtui.ledger.feeds.amounts import SCIENTIFIC, amount_reader
from branchtui.ledger.feeds.cells import left_by_a_spreadsheet
from branchtui.ledger.feeds.finding import ERROR, CellError, Finding, error, shown, warning
from branchtui.ledger.problems import Refusal, invalid_members
from branchtui.ledger.store import import_store
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.workflows.currencies import verify_currency
from branchtui.ledger.workflows.import_parties import sender_of
from branchtui.ledger.workflows.import_plans_write import code_taken, take_rows
from branchtui.ledger.workflows.import_rows import Checked, Setting, Taken, level_of
from branchtui.ledger.workflows.plans import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.table_row import Row
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Import, Plan
    from branchtui.ledger.store.unit import BulkTx

COLUMNS: Final = ("code", "name", "price", "currency", "validity_days")
_MANDATORY: Final = ("code", "name", "price", "validity_days")
_WORDS: Final = {"code": "code", "name": "name", "currency": "currency", "validity_days": "number of days"}
_COLUMN_OF: Final = {"price_minor": "price"}
_DIGITS_MAX: Final = 9
_DAYS: Final = f"The days are a whole number of 1 to {VALIDITY_DAYS_MAX:,}."
_CODE_SIGNS: Final = (
    "A code has letters, digits, dots, hyphens and underscores only, a letter or digit first."
)


class PlanRows:
    """The kind `plans`. A row without a currency is in that of the branch, where the file has no such column."""

    columns: tuple[str, ...] = COLUMNS
    amount_columns: tuple[str, ...] = ("price",)
    date_columns: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = {"days": "validity_days"}
    chunk_rows: int = 500

    def missing(self, header: Sequence[str], setting: Setting) -> list[str]:
        """Mandatory columns that the header does not have."""
        return [name for name in _MANDATORY if name not in header]

    def checker(self, core: Core, setting: Setting, header: Sequence[str]) -> _Check:
        """A fresh judge for one file."""
        return _Check(core, setting, header)

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Add the plans; those whose code was used since are refused, all of them where the sender may keep none."""
        return take_rows(core, tx, import_, rows, at_us)

    def last_taken(self, connection: Connection, import_id: str) -> int:
        """The number of the last row that became a plan."""
        return import_store.last_plan_row(connection, import_id)


@dataclass(slots=True)
class _Row:
    """A row on its way: its cells by name, and what there is to say of it."""

    row_no: int
    cells: dict[str, str]
    findings: list[Finding]

    def say(self, column: str, code: str, message: str) -> None:
        """One more thing that keeps it out."""
        self.findings.append(error(code, message, column, self.cells[column]))

    def warn(self, column: str, code: str, message: str) -> None:
        """Something to look at; the row goes in all the same."""
        self.findings.append(warning(code, message, column, self.cells[column]))

    def is_wrong(self, column: str) -> bool:
        """Whether a cell was refused already."""
        return any(each.level == ERROR and each.column == column for each in self.findings)


class _Check:
    """Judges the rows of one file. Of two rows with one code the later is wrong."""

    def __init__(self, core: Core, setting: Setting, header: Sequence[str]) -> None:
        self._core = core
        self._setting = setting
        self._places = {name: place for place, name in enumerate(header) if name in COLUMNS}
        self._reader = cache(lambda currency: amount_reader(setting.decimal, currency))
        self._codes: dict[str, int] = {}
        self._names: dict[str, int] = {}

    def check(self, connection: Connection, rows: Sequence[Row]) -> list[Checked]:
        """The verdict on each row, with one look at the ledger for all of them."""
        named = [self._named(row) for row in rows]
        there = [each for each in named if each is not None]
        codes = import_store.plans_by_code(connection, {each.cells["code"] for each in there} - {""})
        names = import_store.plans_by_name(connection, {fold(each.cells["name"]) for each in there} - {""})
        refused = CATALOGUE.refusal(sender_of(self._core, connection, self._setting.created_by))
        return [
            self._unread(row) if made is None else self._judge(row, made, codes, names, refused)
            for row, made in zip(rows, named, strict=True)
        ]

    def _named(self, row: Row) -> _Row | None:
        if row.is_blank or not row.is_readable:
            return None
        cells = {name: self._cell(row, name) for name in COLUMNS}
        if "currency" not in self._places:
            cells["currency"] = self._setting.currency
        return _Row(row.row_no, cells, list(row.findings))

    def _cell(self, row: Row, name: str) -> str:
        if name not in self._places:
            return ""
        return unicodedata.normalize("NFC", row.cells[self._places[name]].strip())

    def _unread(self, row: Row) -> Checked:
        if row.is_blank and row.is_readable:
            findings = (warning("blank-row", "The row is blank; it was passed over."), *row.findings)
            return Checked(row.row_no, level_of(findings), findings, row.cells, is_blank=True)
        return Checked(row.row_no, ERROR, row.findings, row.cells)

    def _judge(
        self,
        row: Row,
        made: _Row,
        codes: dict[str, Plan],
        names: dict[str, Plan],
        refused: Refusal | None,
    ) -> Checked:
        if refused is not None:
            made.findings.append(error(refused.code, refused.detail))
        for column in COLUMNS:
            if is_unsafe(made.cells[column]):
                made.say(column, "text", "The text holds control or direction characters.")
            elif left := left_by_a_spreadsheet(made.cells[column]):
                made.say(column, *left)
        price = self._price(made)
        new = self._plan(made, price)
        self._code(made, codes)
        self._name(made, names)
        level = level_of(made.findings)
        parsed: dict[str, Any] | None = None
        if level != ERROR and new is not None:
            parsed = new.model_dump(mode="json") | {"amount_minor": 0}
        cells = made.cells
        return Checked(
            row.row_no,
            level,
            tuple(made.findings),
            row.cells,
            parsed,
            said=f"{cells['code']} {cells['name']} {cells['price']} {cells['currency']}" if parsed else "",
            control_minor=price or 0 if cells["currency"] == self._setting.currency else 0,
        )

    def _price(self, made: _Row) -> int | None:
        """The price in minor units of the row's own currency; None with a finding."""
        currency = made.cells["currency"]
        try:
            if currency and not made.is_wrong("currency"):
                verify_currency(currency)
        except Refusal as refusal:
            made.say("currency", "currency", refusal.detail)
        # What the decimals of no currency are is not judged twice.
        known = self._setting.currency if not currency or made.is_wrong("currency") else currency
        if made.is_wrong("price"):
            return None
        try:
            found: int = self._reader(known)(made.cells["price"])
        except CellError as failure:
            made.say("price", failure.code, str(failure))
            return None
        return found

    def _plan(self, made: _Row, price: int | None) -> NewPlan | None:
        """The plan by the rules of the form; every cell that breaks one is named once."""
        cells = made.cells
        for column, word in _WORDS.items():
            if not cells[column] and not made.is_wrong(column):
                made.say(column, "blank", f"The {word} is blank.")
        days = cells["validity_days"]
        whole = days.isascii() and days.isdigit() and len(days) <= _DIGITS_MAX
        given = {
            "code": cells["code"],
            "name": cells["name"],
            "price_minor": price or 1,
            "currency": cells["currency"],
            "validity_days": int(days) if whole else days,
        }
        try:
            return NewPlan.model_validate(given)
        except ValidationError as failure:
            for each in invalid_members(failure).errors:
                name = (each.pointer or "/").removeprefix("/")
                column = _COLUMN_OF.get(name, name)
                if not made.is_wrong(column):
                    made.say(column, each.code, self._sentence(column, each.code, each.message, cells))
        return None

    def _sentence(self, column: str, code: str, message: str, cells: dict[str, str]) -> str:
        if column == "validity_days":
            return _DAYS
        if column != "code" or code != "string_pattern_mismatch":
            return message
        if SCIENTIFIC.fullmatch(cells["code"]):
            said = "a spreadsheet has written this code short. Keep the column as text."
            return f"{shown(cells['code'])}: {said}"
        return _CODE_SIGNS

    def _code(self, made: _Row, codes: dict[str, Plan]) -> None:
        code = made.cells["code"]
        if not code or made.is_wrong("code"):
            return
        first = self._codes.setdefault(code, made.row_no)
        if first != made.row_no:
            made.say("code", "reference-repeated", f"The code {code} stands in row {first:,} already.")
        elif code in codes:
            made.findings.append(code_taken(code))

    def _name(self, made: _Row, names: dict[str, Plan]) -> None:
        """Two plans may have one name; who sells them can hardly tell them apart."""
        key = fold(made.cells["name"])
        if not key or made.is_wrong("name"):
            return
        first = self._names.setdefault(key, made.row_no)
        if first != made.row_no:
            made.warn("name", "name-repeated", f"The plan of row {first:,} has this name as well.")
        elif key in names and names[key].code != made.cells["code"]:
            made.warn("name", "name-repeated", f"The plan {names[key].code} has this name as well.")
