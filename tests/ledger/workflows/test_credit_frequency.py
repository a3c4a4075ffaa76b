"""Rhythms of settlement, as properties: short months, leap days, time zones, daylight saving (contract, section 7)."""

from __future__ import annotations

import calendar
import itertools
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchtui.contract.credit import EVERY_MAX, NewSettleEvery, Unit, Weekday
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.problems import Refusal
from branchtui.ledger.workflows.credit_frequency import (
    Frequency,
    asked,
    dates,
    end_of_day_us,
    in_words,
    next_dates,
)

WEEKDAYS = [each.value for each in Weekday if each is not Weekday.OTHER]
DAYS = st.dates(date(1996, 1, 1), date(2110, 12, 31))
ZONES = st.sampled_from(
    "Africa/Nairobi Africa/Cairo Europe/London America/New_York America/Asuncion Asia/Beirut Asia/Kathmandu "
    "Australia/Lord_Howe Pacific/Apia Pacific/Kiritimati America/Havana Asia/Tehran UTC".split()
)


@st.composite
def frequencies(draw: st.DrawFn) -> Frequency:
    """Any rhythm that the ledger takes."""
    unit = draw(st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]))
    weekday = draw(st.none() | st.sampled_from(WEEKDAYS))
    nth = day_of_month = None
    if unit is Unit.MONTH:
        nth = draw(
            st.none() | st.sampled_from(["last"] if weekday is None else ["1", "2", "3", "4", "5", "last"])
        )
        if nth is None and weekday is None:
            day_of_month = draw(st.none() | st.integers(1, 31))
    every = draw(st.integers(1, 60) | st.integers(1, EVERY_MAX))
    return Frequency(every, unit, draw(DAYS), weekday, nth, day_of_month)


def fits(frequency: Frequency, day: date) -> bool:
    """Whether a date is one of the rhythm, told without counting from its anchor by the library."""
    if day < frequency.anchor:
        return False
    if frequency.unit is Unit.MONTH and (frequency.nth or frequency.day_of_month):
        months = (day.year - frequency.anchor.year) * 12 + day.month - frequency.anchor.month
        return months % frequency.every == 0 and day == _chosen(frequency, day.year, day.month)
    return any(day == _moved(frequency, period) for period in _periods_near(frequency, day))


def _chosen(frequency: Frequency, year: int, month: int) -> date | None:
    last = calendar.monthrange(year, month)[1]
    if frequency.day_of_month is not None:
        return date(year, month, min(frequency.day_of_month, last))
    if frequency.weekday is None:
        return date(year, month, last)
    on = [
        d for d in range(1, last + 1) if date(year, month, d).weekday() == WEEKDAYS.index(frequency.weekday)
    ]
    if frequency.nth == "last":
        return date(year, month, on[-1])
    place = int(frequency.nth or 1)
    return date(year, month, on[place - 1]) if place <= len(on) else None


def _periods_near(frequency: Frequency, day: date) -> list[date]:
    if frequency.unit is Unit.MONTH:
        months = (day.year - frequency.anchor.year) * 12 + day.month - frequency.anchor.month
        counts = [
            count for count in range(months - 1, months + 1) if count >= 0 and count % frequency.every == 0
        ]
        return [_months_later(frequency.anchor, count) for count in counts]
    step = frequency.every * (7 if frequency.unit is Unit.WEEK else 1)
    return [
        day - timedelta(days=back)
        for back in range(8)
        if day - timedelta(days=back) >= frequency.anchor
        and (day - timedelta(days=back) - frequency.anchor).days % step == 0
    ]


def _months_later(anchor: date, months: int) -> date:
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def _moved(frequency: Frequency, period: date) -> date:
    if frequency.weekday is None:
        return period
    return period + timedelta(days=(WEEKDAYS.index(frequency.weekday) - period.weekday()) % 7)


@given(frequencies(), DAYS)
def test_dates_are_those_of_the_rhythm_and_none_is_left_out(frequency: Frequency, day: date) -> None:
    """Contract 7: each date fits by another way of counting, they grow, and between two of them there is none."""
    found = next_dates(frequency, day, 5)
    assert len(found) == 5
    start = max(day, frequency.anchor)
    assert all(one < other for one, other in itertools.pairwise(found))
    assert all(fits(frequency, each) for each in found)
    if (found[1] - start).days <= 800:
        between = (start + timedelta(days=step) for step in range((found[1] - start).days + 1))
        assert [each for each in between if fits(frequency, each)] == list(found[:2])


@given(frequencies(), DAYS, st.integers(0, 40))
def test_it_does_not_matter_from_where_one_looks(frequency: Frequency, day: date, days: int) -> None:
    """Contract 7: the dates after a later day are the rest of the dates after an earlier one."""
    later = day + timedelta(days=days)
    rest = [each for each in itertools.islice(dates(frequency, day), 60) if each >= later]
    assert tuple(rest[:5]) == next_dates(frequency, later, 5)[: len(rest[:5])]


@given(frequencies())
def test_a_rhythm_is_kept_as_it_was(frequency: Frequency) -> None:
    """What an account keeps is what was asked for, and it can be said in words."""
    assert Frequency.loaded(frequency.dumped()) == frequency
    answer = frequency.answer()
    again = NewSettleEvery.model_validate(answer.model_dump())
    assert asked(again, date(2000, 1, 1)) == frequency
    assert in_words(frequency)


@given(st.dates(date(2000, 1, 1), date(2080, 1, 1)), ZONES)
def test_a_day_is_over_when_the_next_one_begins(day: date, zone: str) -> None:
    """Contract 7: the cycle's instant in the branch's zone: behind it is the next day, before it is not, ever."""
    at = end_of_day_us(day, zone)
    behind = as_datetime(at).astimezone(ZoneInfo(zone))
    before = as_datetime(at - 1).astimezone(ZoneInfo(zone))
    assert behind.date() > day
    assert before.date() <= day
    assert at <= end_of_day_us(day + timedelta(days=1), zone)
    assert behind.astimezone(UTC) == as_datetime(at)


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        ("2026-03-28", "Asia/Beirut", "2026-03-28T22:00:00+00:00"),  # its midnight is skipped
        ("2026-10-31", "America/New_York", "2026-11-01T04:00:00+00:00"),  # the hour comes twice after it
        ("2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),  # the day after it never was
        ("2024-02-29", "Africa/Nairobi", "2024-02-29T21:00:00+00:00"),
    ],
)
def test_midnights_that_are_not_like_others(day: str, zone: str, instant: str) -> None:
    """Contract 7: daylight saving at midnight, a day that a country skipped, a leap day."""
    assert as_datetime(end_of_day_us(date.fromisoformat(day), zone)) == datetime.fromisoformat(instant)


EXAMPLES: list[tuple[dict[str, Any], str, list[str]]] = [
    (
        {"every": 3, "unit": "week", "weekday": "mon", "anchor": "2026-10-07"},
        "first Monday after every 3 weeks",
        ["2026-10-12", "2026-11-02", "2026-11-23"],
    ),
    (
        {"every": 1, "unit": "month", "nth": "last", "anchor": "2026-10-07"},
        "last day of the month",
        ["2026-10-31", "2026-11-30", "2026-12-31"],
    ),
    (
        {"every": 10, "unit": "day", "anchor": "2026-10-07"},
        "every 10 days",
        ["2026-10-07", "2026-10-17", "2026-10-27"],
    ),
    (
        {"every": 1, "unit": "month", "day_of_month": 31, "anchor": "2027-12-31"},
        "day 31 of the month",
        ["2027-12-31", "2028-01-31", "2028-02-29"],
    ),
    (
        {"every": 1, "unit": "month", "weekday": "fri", "nth": 5, "anchor": "2026-10-01"},
        "fifth Friday of the month",
        ["2026-10-30", "2027-01-29", "2027-04-30"],
    ),
    (
        {"every": 12, "unit": "month", "anchor": "2024-02-29"},
        "every 12 months",
        ["2026-02-28", "2027-02-28", "2028-02-29"],
    ),
    (
        {"every": 2, "unit": "month", "weekday": "wed", "nth": "last", "anchor": "2026-01-31"},
        "last Wednesday of the month, every 2 months",
        ["2026-03-25", "2026-05-27", "2026-07-29"],
    ),
    ({"every": 1, "unit": "week", "weekday": "sun", "anchor": "2026-10-07"}, "every Sunday", ["2026-10-11"]),
]


@pytest.mark.parametrize(("given_", "words", "expected"), EXAMPLES, ids=[words for _, words, _ in EXAMPLES])
def test_rhythms_as_people_say_them(given_: dict[str, Any], words: str, expected: list[str]) -> None:
    """Contract 7: "first Monday after every 3 weeks", "last day of the month", "every 10 days"; the anchor counts."""
    new = NewSettleEvery.model_validate_json(json.dumps(given_))
    frequency = asked(new, date(2026, 1, 1))
    since = min(date(2026, 1, 1), frequency.anchor) if frequency.anchor.year > 2025 else date(2026, 1, 1)
    found = next_dates(frequency, since, len(expected))
    assert in_words(frequency) == words
    assert [each.isoformat() for each in found] == expected


@pytest.mark.parametrize(
    "given_",
    [
        {"every": 1, "unit": Unit.WEEK, "nth": 2},
        {"every": 1, "unit": Unit.DAY, "day_of_month": 1},
        {"every": 1, "unit": Unit.MONTH, "nth": 2},
        {"every": 1, "unit": Unit.MONTH, "nth": "last", "day_of_month": 3},
        {"every": 1, "unit": Unit.MONTH, "weekday": Weekday.MON, "day_of_month": 3},
        {"every": 1, "unit": Unit.DAY, "anchor": date(2500, 1, 1)},
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(given_: dict[str, Any]) -> None:
    """Contract 10: 422 for values that break a rule."""
    with pytest.raises(Refusal) as refusal:
        asked(NewSettleEvery(**given_), date(2026, 1, 1))
    assert refusal.value.status == 422
