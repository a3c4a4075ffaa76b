"""A list with several sides: `t` turns it to the next, `:` names one by any beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Side(Protocol):
    """One side of a list."""

    @property
    def name(self) -> str:
        """In small letters, as the heading shows it."""
        ...


S = TypeVar("S", bound=Side)


def next_side(sides: Sequence[S], now: S) -> S:
    """The one that `t` turns to."""
    return sides[(sides.index(now) + 1) % len(sides)]


def named_side(sides: Sequence[S], argument: str) -> tuple[S | None, str]:
    """The one side that `argument` begins with, and what of it is left to search for.

    None where its first word begins the name of no side, or of several: then all of it is searched for.
    """
    text = argument.strip()
    first, _, rest = text.partition(" ")
    named = [side for side in sides if first and side.name.startswith(first.casefold())]
    if len(named) != 1:
        return None, text
    return named[0], "" if named[0].name.startswith(text.casefold()) else rest.strip()
