"""Dates as a person keys them and times as a branch reads them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2}", re.ASCII)
_RELATIVE = re.compile(r"([+-])([0-9]{1,3})", re.ASCII)
_KEYED_LENGTH_MAX: Final = 20
_FORMS = "Key it as 2026-09-30, 30/09/2026, t for today or -1 for yesterday."


class DateError(ValueError):
    """A keyed date that is not one; `str()` is the sentence for the person."""


def parse_date(text: str, today: date) -> date:
    """The day a person keyed: ISO, day first (`30/09/2026`, `30.9.2026`), `t`, `today`, `-1`, `+1`.

    `today` is the branch's business day. A year of two digits is refused, never guessed.

    Raises:
        DateError: with the sentence for the person.
    """
    keyed = text.strip(" ").lower()
    if not keyed:
        raise DateError("Key a date.")
    if len(keyed) > _KEYED_LENGTH_MAX or not keyed.isascii() or not keyed.isprintable():
        raise DateError(f"This is not a date. {_FORMS}")
    if keyed in {"t", "today"}:
        return today
    if relative := _RELATIVE.fullmatch(keyed):
        return _shifted(today, int(relative[1] + relative[2]), keyed)
    if iso := _ISO.fullmatch(keyed):
        return _day(int(iso[1]), int(iso[2]), int(iso[3]), keyed)
    if day_first := _DAY_FIRST.fullmatch(keyed):
        return _day(int(day_first[4]), int(day_first[3]), int(day_first[1]), keyed)
    if _SHORT_YEAR.fullmatch(keyed):
        raise DateError(f"{keyed}: key the year with four digits.")
    raise DateError(f"{keyed} is not a date. {_FORMS}")


def show_date(day: date) -> str:
    """A day on the screen: `2026-09-30`, the same ten cells everywhere."""
    return day.isoformat()


def show_time(instant: datetime | str, zone: ZoneInfo) -> str:
    """The branch's wall clock for an instant (RFC 3339 UTC or aware): `14:02`."""
    return _in_zone(instant, zone).strftime("%H:%M")


def show_seconds(instant: datetime | str, zone: ZoneInfo) -> str:
    """As `show_time`, to the second: `14:02:11`."""
    return _in_zone(instant, zone).strftime("%H:%M:%S")


def show_instant(instant: datetime | str, zone: ZoneInfo) -> str:
    """The branch's date and wall clock for an instant: `2026-11-03 09:15`."""
    return _in_zone(instant, zone).strftime("%Y-%m-%d %H:%M")


def _in_zone(instant: datetime | str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    # The wire speaks UTC only (contract, section 1); a time without a zone can be nothing else.
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(zone)


def _shifted(today: date, days: int, keyed: str) -> date:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        raise DateError(f"{keyed} is not a date.") from None


def _day(year: int, month: int, day: int, keyed: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        pass
    if not 1 <= month <= 12:
        raise DateError(f"{keyed}: there is no month {month}. The day comes first, as in 30/09/2026.")
    if year < 1:
        raise DateError(f"{keyed}: there is no year {year}.")
    raise DateError(f"{keyed}: there is no day {day} in that month.")
