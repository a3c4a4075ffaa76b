"""Rhythms of settlement: which dates they mean, and at which instant such a date is over (contract, section 7).

Pure. Dates are the branch's; a cycle ends with its settlement date, so at the first instant of the next day
in the branch's time zone, whatever daylight saving does to that midnight.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import DAILY, MONTHLY, rrule
from dateutil.rrule import weekday as day_of_week

from branchtui.contract import credit as wire
from branchtui.contract.credit import Unit, Weekday
from branchtui.ledger.clock import as_us
from branchtui.ledger.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN: Final = 5
"""Dates that an account shows ahead."""

_YEARS: Final = (1970, 2199)
_DAYS: Final = {Unit.DAY: 1, Unit.WEEK: 7}
_WEEKDAYS: Final = [each.value for each in Weekday if each is not Weekday.OTHER]
_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NTH: Final = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "last": "last"}
_SHORTEST_MONTH: Final = 28
_LAST: Final = "last"


@dataclass(frozen=True, slots=True)
class Frequency:
    """A rhythm; members as those of `settle_every`, `nth` as text."""

    every: int
    unit: Unit
    anchor: date
    weekday: str | None = None
    nth: str | None = None
    day_of_month: int | None = None

    def dumped(self) -> str:
        """As an account keeps it."""
        return json.dumps(
            {
                "every": self.every,
                "unit": self.unit.value,
                "anchor": self.anchor.isoformat(),
                "weekday": self.weekday,
                "nth": self.nth,
                "day_of_month": self.day_of_month,
            }
        )

    @classmethod
    def loaded(cls, text: str) -> Frequency:
        """From what an account keeps."""
        kept = json.loads(text)
        return cls(
            every=kept["every"],
            unit=Unit(kept["unit"]),
            anchor=date.fromisoformat(kept["anchor"]),
            weekday=kept["weekday"],
            nth=kept["nth"],
            day_of_month=kept["day_of_month"],
        )

    def answer(self) -> wire.SettleEvery:
        """As the contract shows it."""
        nth: int | str | None = int(self.nth) if self.nth and self.nth != _LAST else self.nth
        return wire.SettleEvery.model_validate(
            {
                "every": self.every,
                "unit": self.unit,
                "weekday": Weekday(self.weekday) if self.weekday else None,
                "nth": nth,
                "day_of_month": self.day_of_month,
                "anchor": self.anchor,
            }
        )


def asked(given: wire.NewSettleEvery, today: date, *, pointer: str = "/settle_every") -> Frequency:
    """The rhythm that is asked for.

    Raises:
        Refusal: 422 for what does not go together: `nth` and `day_of_month` belong to months, and to one way of
            choosing a day; the anchor is a day of 1970 to 2199.
    """
    anchor = given.anchor or today
    if not _YEARS[0] <= anchor.year <= _YEARS[1]:
        raise invalid(f"{pointer}/anchor", "Anchor: a year from 1970 to 2199.")
    for name in ("nth", "day_of_month"):
        if getattr(given, name) is not None and given.unit is not Unit.MONTH:
            raise invalid(f"{pointer}/{name}", f"{name} belongs to a rhythm of months.")
    if given.day_of_month is not None and (given.nth is not None or given.weekday is not None):
        raise invalid(f"{pointer}/day_of_month", "A day of the month leaves no choice to a weekday.")
    if given.nth is not None and given.nth != _LAST and given.weekday is None:
        raise invalid(f"{pointer}/nth", "The first to the fifth of what? Name a weekday.")
    return Frequency(
        every=given.every,
        unit=given.unit,
        anchor=anchor,
        weekday=given.weekday.value if given.weekday else None,
        nth=None if given.nth is None else str(given.nth),
        day_of_month=given.day_of_month,
    )


def dates(frequency: Frequency, on_or_after: date) -> Iterator[date]:
    """The settlement dates from `on_or_after` on, each later than the one before; ends in the year 9999."""
    before = date.min
    for found in _dates(frequency, max(on_or_after, frequency.anchor)):
        if found >= max(on_or_after, frequency.anchor) and found > before:
            before = found
            yield found


@lru_cache(maxsize=4_096)
def next_dates(frequency: Frequency, on_or_after: date, count: int = SHOWN) -> tuple[date, ...]:
    """The first `count` settlement dates from `on_or_after` on; lists ask again and again."""
    return tuple(itertools.islice(dates(frequency, on_or_after), count))


def end_of_day_us(day: date, timezone: str) -> int:
    """The instant at which `day` is over in `timezone`, in microseconds since 1970 UTC.

    Where the clocks skip that midnight, it is the instant at which they do.
    """
    return as_us(datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)))


def in_words(frequency: Frequency) -> str:
    """The rhythm as a person says it: `first Monday after every 3 weeks`, `last day of the month`."""
    count = frequency.every
    every = f"every {frequency.unit.value}" if count == 1 else f"every {count} {frequency.unit.value}s"
    weekday = _NAMES[_WEEKDAYS.index(frequency.weekday)] if frequency.weekday else ""
    of_months = "of the month" if count == 1 else f"of the month, every {count} months"
    if frequency.nth is not None:
        return f"{_NTH[frequency.nth]} {weekday or 'day'} {of_months}"
    if frequency.day_of_month is not None:
        return f"day {frequency.day_of_month} {of_months}"
    if weekday and frequency.unit is Unit.WEEK and count == 1:
        return f"every {weekday}"
    return f"first {weekday} after {every}" if weekday else every


def _dates(frequency: Frequency, near: date) -> Iterator[date]:
    """As `dates`, beginning somewhat before `near`."""
    if frequency.unit is not Unit.MONTH:
        step = frequency.every * _DAYS[frequency.unit]
        # A period earlier, for a weekday that falls behind its end.
        periods = max(0, (near - frequency.anchor).days // step - 7 // step - 1)
        start = frequency.anchor + timedelta(days=periods * step)
        yield from (_on_weekday(each.date(), frequency.weekday) for each in _each(step, start))
    elif frequency.nth is not None or frequency.day_of_month is not None:
        yield from (each.date() for each in _of_the_month(frequency, near))
    else:
        for periods in itertools.count(
            max(0, _months_between(frequency.anchor, near) // frequency.every - 1)
        ):
            try:
                period = frequency.anchor + relativedelta(months=periods * frequency.every)
                yield _on_weekday(period, frequency.weekday)
            except (ValueError, OverflowError):
                return


def _of_the_month(frequency: Frequency, near: date) -> Iterator[datetime]:
    """The chosen day of each n-th month; a day that a shorter month has not is its last."""
    periods = max(0, _months_between(frequency.anchor, near) // frequency.every - 1)
    first = frequency.anchor.replace(day=1) + relativedelta(months=periods * frequency.every)
    start, every = datetime.combine(first, time()), frequency.every
    if frequency.weekday is not None:
        nth = -1 if frequency.nth == _LAST else int(frequency.nth or 1)
        chosen = day_of_week(_WEEKDAYS.index(frequency.weekday), nth)
        return iter(rrule(MONTHLY, interval=every, dtstart=start, byweekday=chosen))
    if frequency.nth == _LAST:
        return iter(rrule(MONTHLY, interval=every, dtstart=start, bymonthday=-1))
    day = frequency.day_of_month or 1
    if day <= _SHORTEST_MONTH:
        return iter(rrule(MONTHLY, interval=every, dtstart=start, bymonthday=day))
    days = range(_SHORTEST_MONTH, day + 1)
    return iter(rrule(MONTHLY, interval=every, dtstart=start, bymonthday=days, bysetpos=-1))


def _each(days: int, start: date) -> Iterator[datetime]:
    return iter(rrule(DAILY, interval=days, dtstart=datetime.combine(start, time())))


def _on_weekday(day: date, weekday: str | None) -> date:
    """The first such weekday on or after `day`."""
    if weekday is None:
        return day
    return day + timedelta(days=(_WEEKDAYS.index(weekday) - day.weekday()) % 7)


def _months_between(first: date, second: date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month
