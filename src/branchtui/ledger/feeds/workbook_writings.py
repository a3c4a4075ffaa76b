"""Whether a column of a sheet is written in one way: of two, values would be made of the cells that nobody meant.

Of the program that reads workbooks: it imports next to nothing of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.ledger.feeds.workbook_ends import TURNED_DAYS, TWO_WRITINGS
from branchtui.ledger.feeds.workbook_shown import Unseen, letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_AS_THOUSANDS: Final = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_DECIMAL_COMMA: Final = re.compile(r"-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]{1,2}")
_DAY: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2[0-9]{4}(?:[ T].*)?", re.ASCII)
_MONTHS: Final = 12


@dataclass(slots=True)
class _Column:
    """The first row, from 1, of each kind of cell; 0 where there is none.

    `number`: it could be thousands, as 12.345. `comma`: a text with a decimal comma. `day`: a date, whose day may be
    a month as well while `may_be_turned` holds. `text_day`: a text, of which one part can be no month; while
    `is_left` holds no other text is a day.
    """

    number: int = 0
    comma: int = 0
    day: int = 0
    text_day: int = 0
    may_be_turned: bool = True
    is_left: bool = True

    def look_at(self, cell: Any, row_no: int) -> None:
        if isinstance(cell, float):
            if cell % 1 and _AS_THOUSANDS.fullmatch(number_text(cell)):
                self.number = self.number or row_no
        elif isinstance(cell, str):
            if "," in cell and _DECIMAL_COMMA.fullmatch(cell.strip()):
                self.comma = self.comma or row_no
            elif cell[:1].isdigit() and (found := _DAY.fullmatch(cell.strip())):
                self.is_left = self.is_left and max(int(found[1]), int(found[3])) > _MONTHS
                self.text_day = self.text_day or row_no
        elif isinstance(cell, date):
            self.may_be_turned = self.may_be_turned and cell.day <= _MONTHS
            self.day = self.day or row_no


def in_one_writing(rows: Iterable[list[Any]], left: int) -> Iterator[list[Any]]:
    """The rows; `left` is the column, from 0, that they begin with.

    As amounts, the text `250,75` makes 12345 of the number 12.345. A spreadsheet that has the month first makes dates of
    the texts that it can and turns them, 3 April into 4 March: what it has left are the texts of days above 12.

    Raises:
        Unseen: at the end, of a column that is written in two such ways; names a cell of each.
    """
    columns: list[_Column] = []
    for row_no, row in enumerate(rows, 1):
        while len(columns) < len(row):
            columns.append(_Column())
        for column, cell in zip(columns, row, strict=False):
            if cell != "":
                column.look_at(cell, row_no)
        yield row
    for at, column in enumerate(columns, left):
        name = letters(at)
        if column.number and column.comma:
            raise Unseen(TWO_WRITINGS, f"{name}{column.number} is a number and {name}{column.comma} a text")
        if column.day and column.text_day and column.may_be_turned and column.is_left:
            raise Unseen(TURNED_DAYS, f"{name}{column.day} is a date and {name}{column.text_day}")


def number_text(number: float) -> str:
    """A number with all the digits that a sheet keeps."""
    return f"{number:.15g}"
