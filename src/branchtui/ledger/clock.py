"""Time and ids, handed in through constructors so that tests can hold them still."""

from __future__ import annotations

import calendar
import re
import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import uuid_utils

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)


class Clock(Protocol):
    """Tells the time in microseconds since 1970 UTC."""

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1_000


def new_id() -> str:
    """A fresh UUIDv7: time-ordered, made by the application."""
    return str(uuid_utils.uuid7())


def as_datetime(us: int) -> datetime:
    """The instant of `us` microseconds since 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=us)


def as_us(instant: datetime) -> int:
    """Microseconds since 1970 of an instant with a zone."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def local_date(us: int, timezone: str) -> date:
    """The calendar day of an instant in a branch's time zone."""
    return as_datetime(us).astimezone(ZoneInfo(timezone)).date()


def span_us(text: str, zone: tzinfo) -> tuple[int, int]:
    """The first and the last microsecond (since 1970 UTC) of a day, a month or a year of `zone`.

    Written `2026-11-20`, `2026-11` or `2026`.

    Raises:
        ValueError: it is none of these.
    """
    parts = _SPAN.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    year, month, day = (None if part is None else int(part) for part in parts.groups())
    assert year is not None, "the pattern asks for a year"
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    first = datetime(year, month or 1, day or 1, tzinfo=zone)
    last = datetime(year, last_month, last_day, 23, 59, 59, 999_999, tzinfo=zone)
    return as_us(first), as_us(last)


def made_at_us(made_id: str) -> int:
    """The instant in the id, a UUIDv7: microseconds since 1970 UTC, in whole milliseconds."""
    return int(made_id[:8] + made_id[9:13], 16) * 1_000


def first_id(at_us: int) -> str:
    """The least id that can be made at or after an instant: ids are UUIDv7, in order of time."""
    text = f"{at_us // 1_000:012x}"
    return f"{text[:8]}-{text[8:]}-"
