"""A teller's walk through the real program and its demonstration ledger, in bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.terminal.session import Session, Step

_BAR, _ARROW, _OPEN, _CLOSE = 180, 16, 400, 500
_WIDTH, _HEIGHT = 120, 36
# Title, key, and the most bytes it may cost at 120x36 (issue 3), where one is set.
_WALK: tuple[tuple[str, str, int | None], ...] = (
    ("cursor down on the home screen", "down", _BAR),
    ("open Customers", "f2", None),
    ("cursor down in Customers", "down", _BAR),
    ("page down in Customers", "pagedown", None),
    ("open Member Balances", "f3", None),
    ("cursor down in Member Balances", "down", _BAR),
    ("open the menu of a record", "m", _OPEN),
    ("close it", "escape", _CLOSE),
    ("ask before posting", "p", _OPEN),
    ("close it", "escape", _CLOSE),
    ("open the form of a new balance", "n", None),
    ("close it", "escape", None),
    ("open Payments", "f4", None),
    ("cursor down in Payments, with other candidates", "down", None),
    ("ask before associating", "a", _OPEN),
    ("close it", "escape", _CLOSE),
)
_BY_ARROW = tuple((title, key, _ARROW if most == _BAR else None) for title, key, most in _WALK[:6])


@contextmanager
def demonstration() -> Iterator[dict[str, Any]]:
    """A demonstration ledger; what it says of itself."""
    command = [sys.executable, "-m", "branchtui", "demo", "--serve-only"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def at_home(
    ledger: dict[str, Any], driver: str, *, list_mark: str = "bar"
) -> Iterator[tuple[Session, Walked]]:
    """A teller who has just signed in, and the steps so far."""
    teller = next(user for user in ledger["users"] if user["role"] == "teller")
    command = [sys.executable, "-m", "bench.terminal.real", driver, ledger["url"]]
    marked = {"BRANCHTUI_LIST_MARK": list_mark}
    with Session(command, width=_WIDTH, height=_HEIGHT, env=marked) as session:
        found: Walked = [("first screen, sign-in", 3000, session.start())]
        typed = [session.press(letter, quiet=0.15) for letter in teller["username"]]
        typed.sort(key=lambda step: step.total)
        found.append(("type a character in a form", 12, typed[len(typed) // 2]))
        session.send("tab")
        session.send(teller["password"])
        session.rest()
        found.append(("sign in, home", None, session.press("enter", quiet=1.5, first=5.0)))
        yield session, found


Walked = list[tuple[str, int | None, Step]]


def walk_program() -> Iterator[tuple[str, int, str]]:
    """(title, bytes, what stands beside it) of each step at 120x36, ours beside the framework's driver."""
    with demonstration() as ledger:
        ours = _walk(ledger, "lean", "bar", _WALK)
        plain = _walk(ledger, "plain", "bar", _WALK)
        by_arrow = _walk(ledger, "lean", "arrow", _BY_ARROW)[3:]
    for (title, most, step), (_, __, other) in zip(ours, plain, strict=True):
        yield (
            f"real program, 120x36: {title}",
            step.total,
            f"{_beside(step, most)}; framework's driver {other.total}",
        )
    for title, most, step in by_arrow:
        if most:
            yield f"real program, 120x36: {title}, marked by the arrow", step.total, _beside(step, most)


def _beside(step: Step, most: int | None) -> str:
    ratio = f" ({step.own / step.limit:.2f} of it)" if step.limit else ""
    frames = f", {step.limit_by_frame} in the {step.reads} reads in which it came" if step.reads > 1 else ""
    return f"limit {step.limit}{ratio}{frames}" + (f"; target {most}" if most else "")


def _walk(
    ledger: dict[str, Any], driver: str, mark: str, keys: tuple[tuple[str, str, int | None], ...]
) -> Walked:
    with at_home(ledger, driver, list_mark=mark) as (session, found):
        for title, key, most in keys:
            found.append((title, most, session.press(key, quiet=0.8, first=2.0)))
        return found
