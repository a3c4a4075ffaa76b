"""How a file writes dates: ISO, or which of day and month comes first, judged once from all its rows."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DateOrder
from branchtui.ledger.feeds.finding import CellError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_PARTS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2}", re.ASCII)
_MIDNIGHT = re.compile(r"(?<=[0-9])[ T]0?0:00(?::00(?:\.0{1,6})?)?", re.ASCII)
"""The time that a database writes behind a day which has none."""
_TIME = re.compile(r"[0-9./-]{8,10}[ T][0-9]{1,2}:[0-9]{2}", re.ASCII)
_COUNTED = re.compile(r"[1-6][0-9]{4}(?:\.[0-9]+)?", re.ASCII)
"""A day as spreadsheets keep it, counted from 1900 or from 1904, where nothing says that it is one."""
_MONTHS: Final = 12
_DAYS: Final = 31
_KNOWN_MAX: Final = 10_000
_FORMS: Final = "Write it as 2026-09-30 or 30/09/2026."


class DateEvidence:
    """Whether the rows show the day or the month first; `05/05/2026` shows neither and needs neither."""

    def __init__(self) -> None:
        self.day_first = 0
        self.month_first = 0
        self.open = 0
        self.same = 0
        self.example = ""
        self.is_seen = False
        """Whether anything stood where a date belongs."""
        self._known: set[str] = set()

    def add(self, text: str) -> None:
        """Look at one date; ISO dates and what is no date say nothing."""
        if text in self._known:
            return
        self.is_seen = self.is_seen or bool(text.strip())
        if len(self._known) < _KNOWN_MAX:
            self._known.add(text)
        found = _PARTS.fullmatch(_day_alone(text))
        if found is None:
            return
        first, second = int(found[1]), int(found[3])
        if not (1 <= first <= _DAYS and 1 <= second <= _DAYS):
            return
        if first > _MONTHS >= second:
            self.day_first += 1
        elif second > _MONTHS >= first:
            self.month_first += 1
        elif first == second and first <= _MONTHS:
            self.same += 1
        elif first <= _MONTHS:
            self.open += 1
            self.example = self.example or _day_alone(text)

    def decide(self) -> tuple[DateOrder | None, str | None]:
        """The file's order, None while it is open, and then the question. Never a guess."""
        if self.day_first and self.month_first:
            said = "Some dates have the day first and some the month. Write them all one way, as 2026-09-30."
            return None, said
        if self.day_first:
            return DateOrder.DAY_FIRST, None
        if self.month_first:
            return DateOrder.MONTH_FIRST, None
        if self.open:
            said = f"Does the day or the month come first in dates such as {self.example}? Say which: date_order."
            return None, said
        return (DateOrder.DAY_FIRST if self.same else DateOrder.ISO), None


def date_reader(order: DateOrder | None) -> Callable[[str], str]:
    """A function from a cell to an ISO date; it raises CellError with the sentence. ISO is always understood."""
    known: dict[str, str] = {}

    def read(cell: str) -> str:
        found = known.get(cell)
        if found is None:
            found = _read(_day_alone(cell), order)
            if len(known) < _KNOWN_MAX:
                known[cell] = found
        return found

    return read


def _day_alone(cell: str) -> str:
    """A cell without blanks around it, and without a midnight behind its day."""
    text = cell.strip()
    return (
        text[: found.start()]
        if ":" in text and (found := _MIDNIGHT.search(text)) and found.end() == len(text)
        else text
    )


def _read(text: str, order: DateOrder | None) -> str:
    if not text:
        raise CellError("blank", "The date is blank.")
    if iso := _ISO.fullmatch(text):
        return _day(int(iso[1]), int(iso[2]), int(iso[3]), text)
    found = _PARTS.fullmatch(text)
    if found is None:
        if _SHORT_YEAR.fullmatch(text):
            raise CellError("date", f"{shown(text)}: write the year with four digits.")
        if _COUNTED.fullmatch(text):
            said = "a spreadsheet keeps days as such numbers. Format the column as a date, and save again."
            raise CellError("date", f"{shown(text)} is not a date; {said}")
        if _TIME.match(text):
            raise CellError("date", f"{shown(text)}: there is a time behind the day. {_FORMS}")
        raise CellError("date", f"{shown(text)} is not a date. {_FORMS}")
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if order is DateOrder.ISO:
        raise CellError("date", f"{shown(text)}: this file writes dates as 2026-09-30.")
    if order is None and first != second:
        raise CellError(
            "date-order", f"{shown(text)}: it is not clear whether the day or the month comes first."
        )
    day, month = (second, first) if order is DateOrder.MONTH_FIRST else (first, second)
    return _day(year, month, day, text)


def _day(year: int, month: int, day: int, text: str) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        pass
    if not 1 <= month <= _MONTHS:
        raise CellError("date", f"{shown(text)}: there is no month {month}.")
    if year < 1:
        raise CellError("date", f"{shown(text)}: there is no year {year}.")
    raise CellError("date", f"{shown(text)}: there is no day {day} in that month.")
