"""Passwords: argon2id with fixed costs, a bounded number at once, and the rules for new ones (AUTH-2)."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from branchtui.contract.problem import Codes
from branchtui.ledger.bad_passwords import is_easy
from branchtui.ledger.problems import Refusal

MIN_LENGTH: Final = 15
MIN_LENGTH_WITH_CODE: Final = 8
MAX_LENGTH: Final = 128
_AT_ONCE: Final = 2
_WAITING: Final = 20


class PasswordUnfit(ValueError):
    """A new password that may not be used; the message says why."""


class Passwords:
    """Hashes and verifies. Costs 50 to 250 ms each, so at most two run at once and twenty wait."""

    def __init__(self, *, memory_kib: int = 47_104, passes: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._under_way = 0

    @cached_property
    def _dummy(self) -> str:
        """What an unknown user's password is held against, so that it takes the same time."""
        return self._hasher.hash("nobody has this password at all")

    def hash(self, password: str) -> str:
        """The hash to store."""
        return self._hasher.hash(password)

    async def hashed(self, password: str) -> str:
        """The hash to store, made on a thread; at most two run at once, as with `verify`."""
        async with self._slots:
            return await asyncio.to_thread(self.hash, password)

    def needs_rehash(self, stored: str) -> bool:
        """Whether the stored hash was made with older costs."""
        return self._hasher.check_needs_rehash(stored)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` fits; an unknown user costs the same time as a known one.

        Raises:
            Refusal: 503 when too many sign-ins wait.
        """
        if self._under_way >= _AT_ONCE + _WAITING:
            raise Refusal(
                503, Codes.OVERLOADED, "Too many people are signing in. Try again.", retry_after_seconds=2
            )
        self._under_way += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(self._fits, stored, password)
        finally:
            self._under_way -= 1

    def _fits(self, stored: str | None, password: str) -> bool:
        try:
            self._hasher.verify(stored or self._dummy, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


def verify_new(password: str, username: str, *, with_code: bool = False) -> None:
    """Whether a new password may be used; who signs in with a code too may have a shorter one (AUTH-2).

    Raises:
        PasswordUnfit: too short, too long, common, or made of the user's name.
    """
    least = MIN_LENGTH_WITH_CODE if with_code else MIN_LENGTH
    if len(password) < least:
        raise PasswordUnfit(f"The password has {len(password)} characters; it needs at least {least}.")
    if len(password) > MAX_LENGTH:
        raise PasswordUnfit(f"The password has more than {MAX_LENGTH} characters.")
    if is_easy(password, username):
        raise PasswordUnfit("The password is too easy to guess; take a few unrelated words.")
