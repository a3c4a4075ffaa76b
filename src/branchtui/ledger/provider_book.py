"""What is asked for with each message of a provider: whether its token is good, and whose short code it names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from branchtui.ledger.store.rows import CallbackToken, Payee

if TYPE_CHECKING:
    from branchtui.ledger.store.reader import Reader


class ProviderBook:
    """Remembers tokens for `seconds`, and short codes for good: one never becomes another branch's.

    A token that is ended elsewhere is refused that much later; one that is new is good at once.
    """

    def __init__(self, reader: Reader, *, seconds: float) -> None:
        self._reader = reader
        self._seconds = seconds
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}
        self._payees: dict[tuple[str, str], Payee] = {}

    async def tokens(self, provider: str, *, anew: bool = False) -> frozenset[str]:
        """The hashes of the provider's tokens that have not ended."""
        read_at, known = self._tokens.get(provider, (0.0, None))
        if known is None or anew or time.monotonic() >= read_at + self._seconds:
            read_at = time.monotonic()
            found = await self._reader.find(CallbackToken, provider=provider)
            known = frozenset(each.token_hash for each in found if each.ended_at is None)
            self._tokens[provider] = read_at, known
        return known

    async def payee(self, provider: str, number: str) -> Payee | None:
        """Whose number it is; None where it is nobody's."""
        if (provider, number) not in self._payees:
            found = await self._reader.find_one(Payee, provider=provider, number=number)
            if found is None:
                return None
            self._payees[provider, number] = found
        return self._payees[provider, number]
