"""Dates keyed and times shown in the branch's zone."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchtui.format.dates import DateError, parse_date, show_date, show_instant, show_seconds, show_time

TODAY = date(2026, 11, 3)
NAIROBI = ZoneInfo("Africa/Nairobi")


@pytest.mark.parametrize(
    ("keyed", "day"),
    [
        ("2026-09-30", date(2026, 9, 30)),
        ("30/09/2026", date(2026, 9, 30)),
        ("30.9.2026", date(2026, 9, 30)),
        ("1-2-2026", date(2026, 2, 1)),
        ("t", TODAY),
        ("Today", TODAY),
        ("-1", date(2026, 11, 2)),
        ("+1", date(2026, 11, 4)),
    ],
)
def test_the_usual_ways_to_key_a_date_are_taken(keyed: str, day: date) -> None:
    """ISO, day first, `t`, or days from today."""
    assert parse_date(keyed, TODAY) == day


@pytest.mark.parametrize(
    ("keyed", "sentence"),
    [
        ("", "Key a date."),
        ("09/30/2026", "there is no month 30. The day comes first"),
        ("31/02/2026", "there is no day 31 in that month"),
        ("29/02/2026", "there is no day 29"),
        ("30/09/26", "four digits"),
        ("30/09-2026", "is not a date"),
        ("yesterday", "is not a date"),
        ("٣٠/٠٩/٢٠٢٦", "not a date"),
        ("0000-01-01", "no year 0"),
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(keyed: str, sentence: str) -> None:
    """A day and month the wrong way round, a short year: asked, never guessed."""
    with pytest.raises(DateError) as refused:
        parse_date(keyed, TODAY)
    assert sentence in str(refused.value)


@given(st.dates())
def test_a_date_shown_and_keyed_again_is_the_same(day: date) -> None:
    """What the screen shows can be keyed back."""
    assert parse_date(show_date(day), TODAY) == day


@given(st.text(max_size=25))
def test_any_text_is_a_date_or_a_sentence(keyed: str) -> None:
    """No keyed text raises anything but `DateError`."""
    try:
        parse_date(keyed, date.min)
    except DateError as refused:
        assert str(refused)


def test_times_are_those_of_the_branch() -> None:
    """The wire speaks UTC, the screen the branch's wall clock."""
    assert show_time("2026-11-03T21:15:42Z", NAIROBI) == "00:15"
    assert show_seconds("2026-11-03T06:15:42Z", NAIROBI) == "09:15:42"
    assert show_instant("2026-11-03T21:15:42.123456Z", NAIROBI) == "2026-11-04 00:15"
