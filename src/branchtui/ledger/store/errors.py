"""What the store may answer instead of doing its work, whatever the engine; drivers' errors end here.

`StoreFailure` says of a command whether it was applied: `NotNow` means certainly not, `CommitUnknown`
that nobody knows yet. Each engine sorts its driver's errors into a `Fault` (`fault_of`).
"""

from __future__ import annotations

import os
import sys
from enum import Enum


class StoreUnavailable(Exception):
    """The database cannot be used; the message says why, for a person, and holds no password."""


class StoreFailure(Exception):
    """The store could not do what was asked; a later attempt may succeed."""


class NotNow(StoreFailure):
    """Nothing was applied, and nothing will be."""


class StorageFull(NotNow):
    """The disk is full; nothing was applied and the transaction was rolled back (DUR-4)."""


class WriterStopped(NotNow):
    """The ledger is stopping; nothing was applied."""


class WriterBusy(NotNow):
    """Too many commands wait; nothing was applied."""


class Contention(NotNow):
    """Others were faster each time it was tried; nothing was applied (CONC-7)."""


class StoreAway(NotNow):
    """The database server cannot be reached, or it is another version's; nothing was applied."""


class TookTooLong(NotNow):
    """The server broke a statement off at its time limit, or a person did; nothing was applied."""


class CommitUnknown(StoreFailure):
    """A COMMIT was not confirmed and the database could not be asked since: it may have been applied."""


class CommitDoubt(StoreUnavailable):
    """A COMMIT was on its way and not confirmed; `mark` is what the transaction left if it was done.

    None: it leaves no mark, and a person has to look.
    """

    def __init__(self, mark: tuple[str, int] | None) -> None:
        super().__init__(
            "The database went away, or no standby confirmed, while this was recorded. "
            "Look whether it was, before you do it again."
        )
        self.mark = mark


class Fault(Enum):
    """What an engine's error means for the batch that met it."""

    FULL = "full"
    """No space is left: nothing was applied, the ledger is read-only until there is some."""

    BROKEN = "broken"
    """The files cannot be trusted: the process stops, recovery decides (DUR-4)."""

    CONTENTION = "contention"
    """Another transaction was in the way: the whole batch may run again."""

    LATE = "late"
    """A statement took longer than it may: rolled back for certain, and no better when it runs again at once."""

    AWAY = "away"
    """The server is gone, or is no longer the one that writes: the whole batch may run again elsewhere."""

    OTHER = "other"
    """A statement failed, such as at a constraint."""


def stop_the_process(error: BaseException) -> None:
    """An I/O error leaves the truth to recovery: stop at once, never retry (DUR-4)."""
    sys.stderr.write(f"branchtui ledger: the database reports an I/O error, stopping: {error}\n")
    sys.stderr.flush()
    os._exit(70)
