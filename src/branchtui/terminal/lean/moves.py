"""The cheapest way of the cursor from one cell to another."""

from __future__ import annotations

from functools import lru_cache

from branchtui.terminal.lean.capabilities import Capabilities


def _counted(count: int, final: str) -> str:
    return f"\x1b[{count if count > 1 else ''}{final}"


@lru_cache(maxsize=4096)
def move(here_y: int | None, here_x: int | None, y: int, x: int, caps: Capabilities) -> str:
    """The shortest sequence that brings the cursor to row `y`, column `x`, both from 0.

    `here_y` and `here_x` say where it is, None where that is not known. LF is a bare line feed: the
    line discipline must not add to it (OPOST off). Never scrolls: `y` is on the screen.
    """
    if (here_y, here_x) == (y, x):
        return ""
    ways = [to_cell(y, x)]
    if here_y is not None:
        down = _vertical(here_y, y, caps)
        ways.append(down + _horizontal(here_x, x, caps))
        if here_x is not None and x != here_x:
            ways.append("\r" + down + _horizontal(0, x, caps))
    return min(ways, key=len)


def to_cell(y: int, x: int) -> str:
    """The absolute way, right wherever the cursor is."""
    row = str(y + 1) if y else ""
    return f"\x1b[{row};{x + 1}H" if x else f"\x1b[{row}H"


@lru_cache(maxsize=4096)
def _vertical(here: int, there: int, caps: Capabilities) -> str:
    if here == there:
        return ""
    count = abs(there - here)
    ways = [_counted(count, "B"), "\n" * count] if there > here else [_counted(count, "A"), "\x1bM" * count]
    if caps.vpa:
        ways.append(_counted(there + 1, "d"))
    return min(ways, key=len)


@lru_cache(maxsize=4096)
def _horizontal(here: int | None, there: int, caps: Capabilities) -> str:
    if here == there:
        return ""
    ways = ["\r"] if there == 0 else ["\r" + _counted(there, "C")]
    if caps.hpa:
        ways.append(_counted(there + 1, "G"))
    if here is not None:
        count = abs(there - here)
        ways += [_counted(count, "C")] if there > here else [_counted(count, "D"), "\b" * count]
    return min(ways, key=len)
