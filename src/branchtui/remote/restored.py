"""After a restore: which of a person's own changes does the restored ledger not know? (T-31, AUD-3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from branchtui.contract.problem import Codes
from branchtui.contract.sessions import Session
from branchtui.remote.errors import JournalUnavailable, LedgerError, Refused
from branchtui.remote.intents import Pending
from branchtui.remote.listeners import Listeners
from branchtui.remote.writing import Writing

KNOWN_IN_A_ROW: Final = 20
"""A copy holds everything up to one moment: after so many known ones in a row the older ones are held too."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The ledger announced that it was restored. `lost` are `user`'s changes that it no longer holds in `epoch`.

    Newest first, of those that this terminal remembers: the last seven days.
    """

    ledger_id: str
    epoch: str
    user: str
    remembered: int
    lost: tuple[Pending, ...]


class Losses(Writing):
    """Adds to `Writing` the comparison of what was recorded with what a restored ledger knows."""

    @cached_property
    def _restored_listeners(self) -> Listeners[Restored]:
        return Listeners()

    restored: Restored | None = None
    """What a restore took, until the person has read it."""

    def listen_restored(self, listener: Callable[[Restored], None]) -> Callable[[], None]:
        """Call `listener` once it is known what a restore took; the result ends that."""
        return self._restored_listeners.add(listener)

    def acknowledge_restore(self) -> None:
        """The person has read it: it is not told again. Nothing is settled for anybody else who signed in since."""
        read, self.restored = self.restored, None
        if read is not None:
            with suppress(JournalUnavailable):
                self._journal.settle_epoch(read.ledger_id, read.user, read.epoch)

    def _look_for_losses(self, session: Session) -> None:
        """After a sign-in: in the background, where something was recorded in an earlier epoch."""
        if self.restored is not None and not _is_of(self.restored, session):
            # Whose it is has not read it, and is told again after signing in.
            self.restored = None
        before = self._journal.recorded_before(
            session.ledger.ledger_id, session.user.username, session.ledger.epoch
        )
        if before:
            task = asyncio.get_running_loop().create_task(self._compare(session, before))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _compare(self, session: Session, before: tuple[Pending, ...]) -> None:
        lost: list[Pending] = []
        known = 0
        # What cannot be asked now is asked at the next sign-in: nothing was acknowledged.
        with suppress(LedgerError):
            for pending in before:
                if await self._is_known(pending):
                    known += 1
                    if known == KNOWN_IN_A_ROW:
                        break
                else:
                    lost.append(pending)
                    known = 0
            ledger, user = session.ledger, session.user.username
            found = Restored(ledger.ledger_id, ledger.epoch, user, len(before), tuple(lost))
            if self._session is not None and _is_of(found, self._session):
                self.restored = found
                self._restored_listeners.tell(found)

    async def _is_known(self, pending: Pending) -> bool:
        try:
            # The ledger knows nobody's changes but those of who asks.
            await self._ask_operation(pending.key, pending.user)
        except Refused as refused:
            if refused.code != Codes.OPERATION_UNKNOWN:
                raise
            return False
        return True


def _is_of(restored: Restored, session: Session) -> bool:
    now = (session.ledger.ledger_id, session.ledger.epoch, session.user.username)
    return (restored.ledger_id, restored.epoch, restored.user) == now
