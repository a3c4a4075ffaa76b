"""The columns of a file of customers, and its cells as values: texts, days, yes and no, addresses, identifiers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from branchtui.contract.customer_parts import NewAddress, NewIdentifier
from branchtui.contract.customers import LegalForm
from branchtui.ledger.feeds.amounts import SCIENTIFIC
from branchtui.ledger.feeds.cells import left_by_a_spreadsheet
from branchtui.ledger.feeds.dates import date_reader
from branchtui.ledger.feeds.finding import CellError, Finding, error, shown
from branchtui.ledger.problems import Refusal
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.workflows import part_values

if TYPE_CHECKING:
    from collections.abc import Collection

    from branchtui.contract.imports import DateOrder
    from branchtui.ledger.store.rows import Branch

_NAMES: Final = {
    LegalForm.PERSON: ("first_name", "middle_name", "last_name"),
    LegalForm.ENTITY: ("name",),
}
_OWN: Final = {
    LegalForm.PERSON: ("date_of_birth", "gender"),
    LegalForm.ENTITY: ("incorporation_no", "incorporation_valid_until", "constitution", "business_line"),
}
_SHARED: Final = ("customer_no", "account_no", "external_id", "office", "staff", "mobile_no", "email")
_BEHIND: Final = (
    "client_type",
    "classification",
    "group",
    "organisation",
    "labels",
    "submitted_on",
    "active",
    "activation_date",
    "terms_accepted",
)
ADDRESS: Final = (
    "address_type",
    "street",
    "line_1",
    "line_2",
    "line_3",
    "city",
    "state_province",
    "country",
    "postal_code",
)
IDENTIFIER: Final = {
    "identifier_type": "identifier_type",
    "identifier_no": "number",
    "identifier_valid_until": "valid_until",
}
"""Columns of the identifier, and its members."""

DAYS: Final = ("date_of_birth", "submitted_on", "activation_date", "incorporation_valid_until")
DATE_COLUMNS: Final = (*DAYS, "identifier_valid_until")
SYNONYMS: Final = {"branch_id": "office", "branch": "office", "staff_id": "staff"}
"""Names that the API has for two columns."""

_FLAGS: Final = ("active", "terms_accepted")
_YES: Final = frozenset({"yes", "y", "true", "1"})
_NO: Final = frozenset({"no", "n", "false", "0"})
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,19}", re.ASCII)
_LENGTHS: Final = {"external_id": 100, "email": 254, "mobile_no": 32, "incorporation_no": 64, "labels": 4_000}
_LONGEST: Final = 140
_SHORTEST: Final = 32
"""No column holds less than this, those of numbers apart."""
_NUMBERS: Final = ("customer_no", "account_no")
_WRITTEN_OUT: Final = (*_NUMBERS, "external_id", "mobile_no", "incorporation_no", "identifier_no")


def columns_of(form: LegalForm) -> tuple[str, ...]:
    """The columns of a file of persons or of entities, in the order of the template."""
    return (*_NAMES[form], *_SHARED, *_OWN[form], *_BEHIND, *ADDRESS, *IDENTIFIER)


def needed_of(form: LegalForm) -> tuple[str, ...]:
    """Columns without which nobody can be entered."""
    return ("name",) if form is LegalForm.ENTITY else ("first_name", "last_name")


class ByColumn(dict[str, str]):
    """The cells of a row by column; one that the file does not have is blank."""

    def __missing__(self, column: str) -> str:
        return ""


@dataclass(slots=True)
class Cells:
    """A row on its way: its cells by column, its values by the wire's names, and what is wrong with it."""

    row_no: int
    cells: ByColumn
    findings: list[Finding]
    values: dict[str, Any] = field(default_factory=dict)

    def say(self, column: str, code: str, message: str) -> None:
        """One more thing that keeps it out."""
        self.findings.append(error(code, message, column, self.cells[column]))

    def is_wrong(self, column: str) -> bool:
        """Whether something was said of a column."""
        return bool(self.findings) and any(each.column == column for each in self.findings)


class CellReader:
    """Reads rows of one file, whose columns are `there`. Dates are written in one order."""

    def __init__(self, form: LegalForm, order: DateOrder | None, there: Collection[str]) -> None:
        self._form = form
        self._date = date_reader(order)
        self._days: dict[str, date] = {}
        self._plain = [
            name
            for name in (*_NAMES[form], *_SHARED, *_OWN[form])
            if name in there
            and name not in {*DAYS, "office", "staff", "gender", "constitution", "business_line"}
        ]
        self._dated = [name for name in DAYS if name in there]
        self._flags = [name for name in _FLAGS if name in there]
        self._numbers = [name for name in _NUMBERS if name in there]
        self._address = [name for name in ADDRESS if name in there]
        self._identifier = [name for name in IDENTIFIER if name in there]

    def read(self, row: Cells) -> None:
        """Texts, days, and yes or no; what cannot be read is said."""
        cells, values = row.cells, row.values
        self._texts(row)
        for name in self._plain:
            if cells[name]:
                values[name] = cells[name]
        for name in self._dated:
            if cells[name]:
                values[name] = self.day(row, name)
        for name in self._flags:
            if cells[name]:
                values[name] = _flag(row, name)
        for name in self._numbers:
            if name in values and not _NUMBER.fullmatch(values[name]) and not row.is_wrong(name):
                said = f"{shown(values[name])}: at most 20 letters, digits, . / or -, the first no sign."
                row.say(name, "number", said)

    def day(self, row: Cells, column: str) -> date | None:
        """A cell as a day; None, and said, where it is none."""
        text = row.cells[column]
        found = self._days.get(text)
        if found is None:
            try:
                found = self._days[text] = date.fromisoformat(self._date(text))
            except CellError as failure:
                row.say(column, failure.code, str(failure))
        return found

    def address(self, row: Cells, branch: Branch, today: date) -> dict[str, Any] | None:
        """The address of a row as its columns, with the type as it was written; None where there is none, or a wrong one."""
        given = {name: row.cells[name] for name in self._address if row.cells[name]}
        if not given:
            return None
        if "country" in given:
            given["country"] = given["country"].upper()
        return self._part(
            row,
            NewAddress,
            part_values.address,
            given,
            dict(zip(ADDRESS, ADDRESS, strict=True)),
            branch,
            today,
        )

    def identifier(self, row: Cells, branch: Branch, today: date) -> dict[str, Any] | None:
        """The identifier of a row, as `address`."""
        given: dict[str, Any] = {
            IDENTIFIER[name]: row.cells[name] for name in self._identifier if row.cells[name]
        }
        if not given:
            return None
        if "valid_until" in given:
            day = self.day(row, "identifier_valid_until")
            if day is None:
                return None
            given["valid_until"] = day.isoformat()
        places = {member: name for name, member in IDENTIFIER.items()}
        return self._part(row, NewIdentifier, part_values.identifier, given, places, branch, today)

    def _part(
        self,
        row: Cells,
        model: type[NewAddress | NewIdentifier],
        read: Any,
        given: dict[str, Any],
        places: dict[str, str],
        branch: Branch,
        today: date,
    ) -> dict[str, Any] | None:
        try:
            sent = model.model_validate(given).model_dump(mode="json")
            found: dict[str, Any] = read(branch, today, sent, None)
        except ValidationError as failure:
            first = failure.errors(include_url=False)[0]
            column = places[str(first["loc"][0])]
            said = "is needed too." if first["type"] == "missing" else "cannot be read so."
            row.say(
                column, "needed" if first["type"] == "missing" else "validation", f"{_plain(column)} {said}"
            )
            return None
        except Refusal as refusal:
            member = (refusal.errors[0].pointer or "").removeprefix("/")
            row.say(places[member], refusal.errors[0].code, refusal.detail)
            return None
        return found

    def _texts(self, row: Cells) -> None:
        cells = row.cells
        together = "".join(cells.values())
        if not (together.isascii() and together.isprintable()):
            for column, value in cells.items():
                if value.isascii() and value.isprintable():
                    continue
                if is_unsafe(value):
                    said = "The text holds a line break, or control or direction characters."
                    row.say(column, "text", said)
                cells[column] = unicodedata.normalize("NFC", value)
        if max(map(len, cells.values())) > _SHORTEST:
            for column, value in cells.items():
                longest = _LENGTHS.get(column, _LONGEST)
                if len(value) > longest and column not in _NUMBERS:
                    said = f"The text has {len(value):,} characters; {longest} is the most."
                    row.say(column, "too-long", said)
        if "#" in together or "E+" in together or "e+" in together or '="' in together:
            _as_spreadsheets_write(row)


def _as_spreadsheets_write(row: Cells) -> None:
    """What a spreadsheet has put in the place of what was keyed, or a program for it: an error, a formula, a number written short."""
    for column, value in row.cells.items():
        if left := left_by_a_spreadsheet(value):
            row.say(column, *left)
        elif column in _WRITTEN_OUT and SCIENTIFIC.fullmatch(value):
            said = f"{shown(value)}: a spreadsheet has written this number short. Keep the column as text."
            row.say(column, "scientific", said)


def _flag(row: Cells, column: str) -> bool:
    text = row.cells[column].casefold()
    if text in _YES:
        return True
    if text not in _NO:
        row.say(column, "yes-or-no", "Write yes or no.")
    return False


def _plain(column: str) -> str:
    return column.replace("_", " ").capitalize()
