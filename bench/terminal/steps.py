"""Bytes of every step: ours, the plain framework's, and the limit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from bench.terminal.session import Session, Step

SIZES = ((80, 24), (120, 36))
COLOURS = (16, 256, 1 << 24)
# A step's name, the key, how often, and whether the answer takes a while.
STEPS = (
    ("cursor down", "down", 6),
    ("page down", "pagedown", 4),
    ("cursor up", "up", 3),
    ("open a dialog", "f2", 2),
    ("switch screen", "f3", 1),
    ("type a character in a form", "abcdefg", 7),
    ("switch back", "f4", 1),
    ("go to the search", "f5", 1),
    ("type a character in the search", "amaka", 5),
)
Steps = dict[str, list[Step]]


STOCK_STEPS = (
    ("cursor down", "down", 6),
    ("page down", "pagedown", 4),
    ("cursor up", "up", 3),
    ("open a dialog", "f2", 2),
)


def program(driver: str) -> list[str]:
    """The command of the measured program."""
    return [sys.executable, "-m", "bench.terminal.apps", driver]


def stock(driver: str) -> list[str]:
    """The command of a program in the framework's own look: many colours, borders, a dimming dialog."""
    return [sys.executable, "-m", "bench.terminal.stock", driver]


def walk_stock(session: Session) -> Steps:
    """The steps that a program in the framework's own look has."""
    found: Steps = {"first screen": [session.start()]}
    for name, key, times in STOCK_STEPS:
        for _ in range(times):
            found.setdefault(name, []).append(session.press(key, quiet=0.4))
            if name == "open a dialog":
                found.setdefault("close a dialog", []).append(session.press("escape", quiet=0.4))
    _resized(session, found)
    return found


def walk(session: Session, *, quiet: float = 0.25) -> Steps:
    """The teller's steps, one after the other, with two resizes and the answer to a search among them."""
    found: Steps = {"first screen": [session.start()]}
    for name, key, times in STEPS:
        for turn in range(times):
            if name.startswith("type"):
                # The letters come faster than the search asks, so that each is a step of its own.
                found.setdefault(name, []).append(session.press(key[turn], quiet=0.05))
                continue
            found.setdefault(name, []).append(session.press(key, quiet=quiet))
            if name == "open a dialog":
                found.setdefault("close a dialog", []).append(session.press("escape", quiet=quiet))
        if name == "cursor up":
            _resized(session, found)
        if name == "type a character in the search":
            found["search result"] = [session.wait()]
    return found


def _resized(session: Session, found: Steps) -> None:
    """A little smaller and back again, the list on the screen."""
    width, height = session.screen.width, session.screen.height
    for size in ((width - 20 if width > 100 else width - 2, height - 4), (width, height)):
        found.setdefault("resize", []).append(session.resize(*size))


def middle(steps: Sequence[Step], what: str) -> float:
    """The median of one figure."""
    return float(median(getattr(step, what) for step in steps))


def main() -> None:
    """A table for the eye: python -m bench.terminal.steps lean 120 36 16777216."""
    driver, width, height, colours = sys.argv[1], *map(int, sys.argv[2:5])
    with Session(program(driver), width=width, height=height, colours=colours) as session:
        for name, steps in walk(session).items():
            own, least = middle(steps, "own"), middle(steps, "limit")
            print(
                f"{name:34} total {middle(steps, 'total'):8.0f} own {own:8.0f} limit {least:8.0f}"
                f" ratio {own / max(1, least):6.2f} reads {middle(steps, 'reads'):3.0f}"
                f" last {middle(steps, 'last_seconds') * 1000:6.1f} ms   {[step.own for step in steps]} {[step.limit for step in steps]}"
            )
        if session.screen.unknown:
            print("unknown", session.screen.unknown)
        print(session.screen.text())


if __name__ == "__main__":
    main()
