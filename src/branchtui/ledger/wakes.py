"""Waiting for something to change without asking again and again. Lives on the event loop alone."""

from __future__ import annotations

import asyncio


class Wakes:
    """Coroutines that wait for a name to be called."""

    def __init__(self, at_most_seconds: float | None = None) -> None:
        """`at_most_seconds` bounds every wait, for a ledger that other processes change too and nobody tells of."""
        self._at_most = at_most_seconds
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def call(self, name: str) -> None:
        """Wake everybody who waits for `name` now; who comes later waits for the next call."""
        for future in self._waiting.pop(name, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, name: str, seconds: float | None = None) -> bool:
        """Whether `name` was called within `seconds` (None: however long it takes), or the bound of all waits."""
        if self._at_most is not None:
            seconds = self._at_most if seconds is None else min(seconds, self._at_most)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, set()).add(future)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting.get(name)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._waiting[name]
        return True
