"""Only the newest question's answer counts (RTY-7)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Ticket:
    """One question among those asked through a `Latest`."""

    def __init__(self, latest: Latest, generation: int) -> None:
        self._latest = latest
        self._generation = generation

    @property
    def is_late(self) -> bool:
        """Whether a newer question was asked since: the answer is dropped."""
        return self._latest.generation != self._generation


class Latest:
    """Numbers the questions of one place on a screen, so that an older answer never covers a newer."""

    def __init__(self) -> None:
        self.generation = 0

    def take(self) -> Ticket:
        """Begin a question; every earlier one is late from now on."""
        self.generation += 1
        return Ticket(self, self.generation)

    async def of(self, answer: Awaitable[T]) -> T | None:
        """The awaited answer, or None when a newer question was asked meanwhile.

        An error of a late question is dropped as well: it concerns nobody any more.
        """
        ticket = self.take()
        try:
            value = await answer
        except Exception:
            if ticket.is_late:
                return None
            raise
        return None if ticket.is_late else value
