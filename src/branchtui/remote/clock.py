"""Time as the link needs it: three clocks, so that a test can hold all of them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

Sleep = Callable[[float], Awaitable[None]]
"""Waits a number of seconds."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC. For what people read; never for decisions (DUR-6)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back and stand still while the machine sleeps."""
        ...

    def boottime(self) -> float:
        """Seconds that never step back and go on while the machine sleeps (RTY-6)."""
        ...


class SystemClock:
    """The machine's clocks. Where there is no boot-time clock a sleep goes unnoticed, which is safe."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """`CLOCK_MONOTONIC`, in seconds."""
        return time.monotonic()

    def boottime(self) -> float:
        """`CLOCK_BOOTTIME`, in seconds, or the monotonic clock on systems without one."""
        identity = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if identity is None else time.clock_gettime(identity)
