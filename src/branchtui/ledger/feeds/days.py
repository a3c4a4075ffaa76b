"""How a statement that is a table writes its days and times: judged once from all rows, never guessed.

Wider than the dates of our own tables: banks write years with two digits, months by name, `2/14'2020`,
and a time of day behind the date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from branchtui.contract.imports import DateOrder
from branchtui.ledger.feeds.finding import CellError, Finding, shown
from branchtui.ledger.feeds.statement import full_year, iso_day

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOCK: Final = r"(?:,?[ T]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?"
_ISO: Final = re.compile(
    r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})\.?" + _CLOCK, re.ASCII
)
_PLAIN: Final = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})" + _CLOCK, re.ASCII)
_PARTS: Final = re.compile(
    r"(?P<first>[0-9]{1,2})\s?[/.-]\s?(?P<second_part>[0-9]{1,2})\s?(?P<sign>[/.'-])\s?(?P<year>[0-9]{4}|[0-9]{1,2})"
    + _CLOCK,
    re.ASCII,
)
_NAMED: Final = re.compile(
    r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?P<day>[0-9]{1,2})\.?[ /-]?(?P<name>[^\W\d_]{3,10})\.?[ /-]?(?P<year>[0-9]{4}|[0-9]{2})"
    + _CLOCK
)
_NAME_FIRST: Final = re.compile(
    r"(?P<name>[^\W\d_]{3,10})\.? (?P<day>[0-9]{1,2})(?:st|nd|rd|th)?, ?(?P<year>[0-9]{4})" + _CLOCK
)
_LOCALES: Final = ("en", "de", "fr", "es", "pt", "it", "nl", "da", "sv", "nb")
"""No two of these tongues call different months by one name."""

_MONTHS: Final = 12
_DAYS: Final = 31
_LENGTH_MAX: Final = 40
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class DayEvidence:
    """Whether the rows show the day or the month first."""

    day_first: int = 0
    month_first: int = 0
    open: int = 0
    example: str = ""

    def add(self, text: str) -> None:
        """Look at one cell; what can be read in one way only, and what is no date, says nothing."""
        found = _PARTS.fullmatch(text.strip()[:_LENGTH_MAX])
        if found is None:
            return
        first, second = int(found["first"]), int(found["second_part"])
        if first > _MONTHS >= second:
            self.day_first += 1
        elif second > _MONTHS >= first:
            self.month_first += 1
        elif first != second and first <= _MONTHS:
            self.open += 1
            self.example = self.example or text.strip()

    def decide(self) -> tuple[DateOrder | None, str | None]:
        """The file's order, None while it is open, and then the question."""
        if self.day_first and self.month_first:
            return None, "Some dates have the day first and some the month. They cannot all be read one way."
        if self.day_first:
            return DateOrder.DAY_FIRST, None
        if self.month_first:
            return DateOrder.MONTH_FIRST, None
        if self.open:
            said = f"Does the day or the month come first in dates such as {shown(self.example)}? Say which: date_order."
            return None, said
        return DateOrder.ISO, None


def day_reader(
    order: DateOrder | None, zone: str
) -> Callable[[str, list[Finding]], tuple[str | None, int | None]]:
    """A function from a cell to its ISO day and, where it has a time, the instant in microseconds.

    A time without a zone is one of the time zone `zone`. It raises CellError with the sentence.
    """
    local = ZoneInfo(zone)

    def read(cell: str, findings: list[Finding]) -> tuple[str | None, int | None]:
        text = cell.strip()
        if not text:
            raise CellError("blank", "The date is blank.")
        found, (year, month, day) = _parts(text[:_LENGTH_MAX], order)
        on = iso_day(year, month, day, findings)
        if on is None:
            findings.pop()
            raise CellError("date", f"{shown(text)}: there is no such day.")
        return on, _instant(on, found, local)

    return read


def _parts(text: str, order: DateOrder | None) -> tuple[re.Match[str], tuple[int, int, int]]:
    for form in (_ISO, _PLAIN):
        if found := form.fullmatch(text):
            return found, (int(found["year"]), int(found["month"]), int(found["day"]))
    for form in (_NAMED, _NAME_FIRST):
        if (found := form.fullmatch(text)) and (month := _months().get(found["name"].lower())):
            return found, (_year(found["year"]), month, int(found["day"]))
    found = _PARTS.fullmatch(text)
    if found is None:
        raise CellError("date", f"{shown(text)} is not a date.")
    first, second, year = int(found["first"]), int(found["second_part"]), found["year"]
    if order in {None, DateOrder.ISO} and first != second:
        said = f"{shown(text)}: it is not clear whether the day or the month comes first."
        raise CellError("date-order", said)
    full = 2000 + int(year) if found["sign"] == "'" and len(year) < 4 else _year(year)
    day, month = (second, first) if order is DateOrder.MONTH_FIRST else (first, second)
    return found, (full, month, day)


@cache
def _months() -> dict[str, int]:
    """The number of a month by its names, whole and short."""
    return {
        name.lower().rstrip("."): month
        for locale in _LOCALES
        for width in ("wide", "abbreviated")
        for month, name in get_month_names(width, locale=locale).items()
    }


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else full_year(int(text))


def _instant(on: str, found: re.Match[str], local: ZoneInfo) -> int | None:
    if not found["hour"]:
        return None
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
    clock = f"{hour:02d}:{found['minute']}:{found['second'] or '00'}"
    zone = found["zone"] or ""
    try:
        at = datetime.fromisoformat(f"{on}T{clock}{'+00:00' if zone in {'Z', 'UTC'} else zone}")
    except ValueError as failure:
        raise CellError("date", f"{shown(found[0])}: there is no such time.") from failure
    if at.tzinfo is None:
        at = at.replace(tzinfo=local)
    return (at - _EPOCH) // timedelta(microseconds=1)
