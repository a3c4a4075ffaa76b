"""Time and ids, handed in through constructors so that tests can hold them still."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import uuid_utils

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
