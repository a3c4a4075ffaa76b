"""The person at the terminal, asked in the middle of a change: to sign in again, or for a fresh proof (ERR-1, AUTH-7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Asker = Callable[[], Awaitable[bool]]
"""Asks the person; True when the ledger took what was given."""


class Person:
    """Whom a change asks: the newest that stands. Without anybody the answer is no."""

    def __init__(self) -> None:
        self._provers: list[Asker] = []
        self._signers: list[Asker] = []

    def proved_by(self, asker: Asker) -> Callable[[], None]:
        """While this stands, `asker` is asked for a fresh proof; the result ends that."""
        return _stand(self._provers, asker)

    def signed_in_by(self, asker: Asker) -> Callable[[], None]:
        """While this stands, `asker` is asked to sign in again; the result ends that."""
        return _stand(self._signers, asker)

    async def proves(self) -> bool:
        """Whether the person has proved again who it is."""
        return bool(self._provers) and await self._provers[-1]()

    async def signs_in(self) -> bool:
        """Whether the person has opened a session again."""
        return bool(self._signers) and await self._signers[-1]()


def _stand(askers: list[Asker], asker: Asker) -> Callable[[], None]:
    askers.append(asker)
    return lambda: askers.remove(asker)
