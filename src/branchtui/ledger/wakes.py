"""Waiting for something to change without asking again and again. Lives on the event loop alone."""

from __future__ import annotations

import asyncio


class Wakes:
    """Coroutines that wait for a name to be called."""

    def __init__(self, at_most_seconds: float | None = None) -> None:
        """`at_most_seconds` bounds every wait, for a ledger that other processes change too and nobody tells of."""
        self._at_most = at_most_seconds
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._closed = False

    def call(self, name: str) -> None:
        """Wake everybody who waits for `name` now; who comes later waits for the next call."""
        for future in self._waiting.pop(name, ()):
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """Wake everybody, now and for ever: the ledger stops."""
        self._closed = True
        for name in list(self._waiting):
            self.call(name)

    async def wait(self, name: str, seconds: float | None = None) -> bool:
        """Whether `name` was called within `seconds` (None: however long it takes), or the bound of all waits."""
        if self._closed:
            return False
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
