"""A teller's walk through the real program and its demonstration ledger, in bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.terminal.session import Session, Step

# Title, key, what must then be on the screen, and the most bytes it may cost at 120x36 (issue 3), where one is set.
_WALK: tuple[tuple[str, str, int | None], ...] = (
    ("cursor down on the home screen", "down", 180),
    ("open Customers", "f2", None),
    ("cursor down in Customers", "down", 180),
    ("page down in Customers", "pagedown", None),
    ("open Member Balances", "f3", None),
    ("cursor down in Member Balances", "down", 180),
    ("open the menu of a record", "m", 400),
    ("close it", "escape", 500),
    ("open Payments", "f4", None),
    ("cursor down in Payments", "down", 180),
)


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


def walk_program() -> Iterator[tuple[str, int, str]]:
    """(title, bytes, what stands beside it) of each step at 120x36, ours, then the framework's driver."""
    with demonstration() as ledger:
        teller = next(user for user in ledger["users"] if user["role"] == "teller")
        ours = _walk(ledger["url"], teller, "lean")
        plain = _walk(ledger["url"], teller, "plain")
    for (title, most, step), (_, __, other) in zip(ours, plain, strict=True):
        target = f"; target {most}" if most else ""
        yield (
            f"real program, 120x36: {title}",
            step.total,
            f"limit {step.limit} at once, {step.limit_by_frame} in the {step.reads} frames in which it came; framework's driver {other.total}{target}",
        )


def _walk(url: str, teller: dict[str, Any], driver: str) -> list[tuple[str, int | None, Step]]:
    command = [sys.executable, "-m", "bench.terminal.real", driver, url]
    with Session(command, width=120, height=36) as session:
        found: list[tuple[str, int | None, Step]] = [("first screen, sign-in", 3000, session.start())]
        typed = [session.press(letter, quiet=0.15) for letter in teller["username"]]
        found.append(
            ("type a character in a form", 12, sorted(typed, key=lambda step: step.total)[len(typed) // 2])
        )
        session.send("tab")
        session.send(teller["password"])
        session.rest()
        found.append(("sign in, home", None, session.press("enter", quiet=1.5, first=5.0)))
        for title, key, most in _WALK:
            found.append((title, most, session.press(key, quiet=0.8, first=2.0)))
        return found
