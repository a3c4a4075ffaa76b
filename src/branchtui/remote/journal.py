"""The intent journal: what was sent and not yet answered for, on disk before the first byte (OUT-2 to 7).

It resolves doubt and never collects work: no body is kept, so nothing can ever be sent from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from branchtui.remote.errors import JournalUnavailable
from branchtui.remote.head import Head
from branchtui.remote.intents import IntentState, Pending
from branchtui.remote.journal_files import OwnedFile, claim_file, claim_orphans
from branchtui.remote.journal_rows import COLUMNS, connect, insert, pending_of, translated

KEPT_DAYS: Final = 7
ROWS_MAX: Final = 10_000
DONE_MAX: Final = 5_000
"""So many finished intents are kept at most, the newest: they must never keep new ones out."""

_NOTE: Final = (
    "INSERT INTO head VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, hash8 = excluded.hash8 "
    "WHERE excluded.seq > head.seq"
)

_MAY_FOLLOW: Final[dict[IntentState, tuple[IntentState, ...]]] = {
    IntentState.SENT: (IntentState.PREPARED, IntentState.SENT),
    IntentState.SUCCEEDED: (IntentState.SENT,),
    IntentState.REJECTED: (IntentState.PREPARED, IntentState.SENT),
    IntentState.UNKNOWN: (IntentState.SENT, IntentState.UNKNOWN),
    # From SUCCEEDED and REJECTED: it was answered, but nobody was left on the screen to read it.
    IntentState.APPLIED: (
        IntentState.SENT,
        IntentState.UNKNOWN,
        IntentState.SUCCEEDED,
        IntentState.APPLIED,
    ),
    IntentState.NOT_APPLIED: (
        IntentState.PREPARED,
        IntentState.SENT,
        IntentState.UNKNOWN,
        IntentState.REJECTED,
        IntentState.NOT_APPLIED,
    ),
    IntentState.SEEN: (IntentState.APPLIED, IntentState.NOT_APPLIED, IntentState.SEEN),
}
IN_DOUBT: Final = (IntentState.PREPARED, IntentState.SENT, IntentState.UNKNOWN)
TO_BE_SEEN: Final = (IntentState.APPLIED, IntentState.NOT_APPLIED)
_RECORDED: Final = (IntentState.SUCCEEDED, IntentState.APPLIED)
_DONE: Final = (IntentState.SUCCEEDED, IntentState.REJECTED, IntentState.SEEN)


class IntentJournal:
    """One process's journal, in a file that no other process has open (OUT-7).

    Every method commits and syncs before it returns. Every method raises `JournalUnavailable` when the
    file cannot be written; `prepare` and `sent` are called before the first byte, so that a change is
    then not sent (OUT-3).
    """

    def __init__(self, file: OwnedFile) -> None:
        self.path = file.path
        self._file = file
        self._db = connect(file.path)
        self._new_heads: dict[tuple[str, str, str], Head] = {}

    @classmethod
    def open(cls, directory: Path, *, now: datetime) -> Self:
        """Claim a journal in `directory` (made 0700), take over what ended processes left, drop the old.

        Raises:
            JournalUnavailable: the directory or the file is not ours, broken, or cannot be written.
        """
        journal = cls(claim_file(directory))
        try:
            for orphan in claim_orphans(directory, journal.path):
                journal._take_over(orphan)
            journal.purge(now)
        except BaseException:
            journal.close()
            raise
        return journal

    def prepare(self, pending: Pending) -> None:
        """Write a new intent, before anything of it is sent."""
        with translated(), self._db:
            count = self._db.execute("SELECT count(*) FROM intent").fetchone()[0]
            if count >= ROWS_MAX:
                raise JournalUnavailable(
                    f"The journal of this terminal holds {ROWS_MAX:,} changes, its most. Nothing was sent."
                )
            insert(self._db, pending)
            self._write_heads()

    def sent(self, key: str) -> None:
        """The first byte goes out next. On disk before it does."""
        self.move(key, IntentState.SENT)

    def move(self, key: str, state: IntentState) -> None:
        """Bring an intent to `state`; a step that OUT-4 does not know is a programming error."""
        before = _MAY_FOLLOW[state]
        marks = ", ".join("?" * len(before))
        statement = (
            "UPDATE intent SET state = ?, was_recorded = was_recorded OR ? "  # noqa: S608 - marks only
            f"WHERE key = ? AND state IN ({marks})"
        )
        values = (state.value, state in _RECORDED, key, *(s.value for s in before))
        with translated(), self._db:
            changed = self._db.execute(statement, values).rowcount
            self._write_heads()
        if changed != 1:
            raise AssertionError(f"intent {key} cannot become {state.value}")

    def park(self, key: str) -> None:
        """Leave an unconfirmed intent to a supervisor: it blocks no further change (OUT-6)."""
        with translated(), self._db:
            self._db.execute("UPDATE intent SET is_parked = 1 WHERE key = ?", (key,))

    def in_doubt(self, ledger_id: str, user: str) -> tuple[Pending, ...]:
        """This user's intents whose outcome is not known, oldest first."""
        return self._rows(ledger_id, user, IN_DOUBT)

    def to_be_seen(self, ledger_id: str, user: str) -> tuple[Pending, ...]:
        """This user's intents that were settled and not acknowledged, oldest first."""
        return self._rows(ledger_id, user, TO_BE_SEEN)

    def in_doubt_of_others(self, ledger_id: str, user: str) -> int:
        """How many intents of other users of this terminal are unresolved; only the count is shown (OUT-6)."""
        statement = "SELECT count(*) FROM intent WHERE (ledger_id, user) <> (?, ?) AND state IN (?, ?, ?)"
        with translated():
            row = self._db.execute(statement, (ledger_id, user, *(s.value for s in IN_DOUBT))).fetchone()
        return int(row[0])

    def purge(self, now: datetime) -> None:
        """Drop what was seen, or answered, more than seven days ago. What is in doubt stays."""
        limit = (now - timedelta(days=KEPT_DAYS)).isoformat()
        with translated(), self._db:
            self._db.execute(
                "DELETE FROM intent WHERE created_at < ? AND state IN (?, ?, ?)",
                (limit, *(s.value for s in _DONE)),
            )
            self._db.execute(
                "DELETE FROM intent WHERE key IN (SELECT key FROM intent WHERE state IN (?, ?, ?) "
                "ORDER BY created_at DESC LIMIT -1 OFFSET ?)",
                (*(s.value for s in _DONE), DONE_MAX),
            )

    # ── what was seen of the ledger itself (AUD-3) ───────────────────────────────────────────────────────────────

    def recorded_before(self, ledger_id: str, user: str, epoch: str) -> tuple[Pending, ...]:
        """This user's changes that the ledger recorded in another epoch than `epoch`, newest first."""
        statement = (
            f"SELECT {COLUMNS} FROM intent WHERE ledger_id = ? AND user = ? "  # noqa: S608 - our own names
            "AND was_recorded AND epoch <> ? ORDER BY created_at DESC, key DESC"
        )
        with translated():
            rows = self._db.execute(statement, (ledger_id, user, epoch)).fetchall()
        return tuple(pending_of(row) for row in rows)

    def settle_epoch(self, ledger_id: str, user: str, epoch: str) -> None:
        """What became of this user's changes under the new epoch is known, and the person has read it."""
        statement = "UPDATE intent SET epoch = ? WHERE ledger_id = ? AND user = ? AND was_recorded"
        with translated(), self._db:
            self._db.execute(statement, (epoch, ledger_id, user))

    def heads(self, ledger_id: str, epoch: str) -> tuple[Head, ...]:
        """The highest head seen of each branch's chain in this epoch."""
        statement = "SELECT branch_id, seq, hash8 FROM head WHERE ledger_id = ? AND epoch = ?"
        with translated():
            return tuple(Head(*row) for row in self._db.execute(statement, (ledger_id, epoch)))

    def note_head(self, ledger_id: str, epoch: str, head: Head) -> None:
        """A higher head: it goes to disk with the next intent, or by `save_heads`; answers are not synced."""
        self._new_heads[ledger_id, epoch, head.branch_id] = head

    def save_heads(self) -> None:
        """Bring to disk what was noted; a disk that refuses only leaves less to compare with."""
        with suppress(JournalUnavailable), translated(), self._db:
            self._write_heads()

    def _write_heads(self) -> None:
        for (ledger_id, epoch, branch_id), head in self._new_heads.items():
            self._db.execute(_NOTE, (ledger_id, epoch, branch_id, head.seq, head.hash8))
        self._new_heads.clear()

    def close(self) -> None:
        """Let go of the file. What is in doubt stays in it for the next start."""
        self.save_heads()
        self._db.close()
        self._file.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, ledger_id: str, user: str, states: Sequence[IntentState]) -> tuple[Pending, ...]:
        marks = ", ".join("?" * len(states))
        statement = (
            f"SELECT {COLUMNS} FROM intent WHERE ledger_id = ? AND user = ? "  # noqa: S608 - our own names and marks
            f"AND state IN ({marks}) ORDER BY created_at, key"
        )
        with translated():
            rows = self._db.execute(statement, (ledger_id, user, *(s.value for s in states))).fetchall()
        return tuple(pending_of(row) for row in rows)

    def _take_over(self, orphan: OwnedFile) -> None:
        """Bring the rows of an ended process here. A crash between leaves them in both: harmless."""
        try:
            with translated():
                other = connect(orphan.path)
                try:
                    rows = other.execute(f"SELECT {COLUMNS}, was_recorded FROM intent").fetchall()  # noqa: S608 - our own names
                    heads = other.execute(
                        "SELECT ledger_id, epoch, branch_id, seq, hash8 FROM head"
                    ).fetchall()
                    marks = ", ".join("?" * (COLUMNS.count(",") + 2))
                    with self._db:
                        self._db.executemany(
                            f"INSERT OR IGNORE INTO intent ({COLUMNS}, was_recorded) VALUES ({marks})",  # noqa: S608 - our own names and marks
                            rows,
                        )
                        self._db.executemany(_NOTE, heads)
                    with other:
                        other.execute("DELETE FROM intent")
                finally:
                    other.close()
        finally:
            orphan.release()


class NoJournal:
    """Stands where no journal could be opened: every change is refused, readings go on (OUT-3)."""

    def __init__(self, reason: JournalUnavailable) -> None:
        self._reason = reason

    def prepare(self, pending: Pending) -> None:
        """Refuse: raises `JournalUnavailable` with the reason found at the start."""
        raise JournalUnavailable(self._reason.sentence)

    def sent(self, key: str) -> None:
        """Refuse, as `prepare` does."""
        raise JournalUnavailable(self._reason.sentence)

    def move(self, key: str, state: IntentState) -> None:
        """Refuse, as `prepare` does."""
        raise JournalUnavailable(self._reason.sentence)

    def park(self, key: str) -> None:
        """Refuse, as `prepare` does."""
        raise JournalUnavailable(self._reason.sentence)

    def in_doubt(self, ledger_id: str, user: str) -> tuple[Pending, ...]:
        """Nothing is known."""
        return ()

    def to_be_seen(self, ledger_id: str, user: str) -> tuple[Pending, ...]:
        """Nothing is known."""
        return ()

    def in_doubt_of_others(self, ledger_id: str, user: str) -> int:
        """Nothing is known."""
        return 0

    def recorded_before(self, ledger_id: str, user: str, epoch: str) -> tuple[Pending, ...]:
        """Nothing is known."""
        return ()

    def settle_epoch(self, ledger_id: str, user: str, epoch: str) -> None:
        """Nothing is kept."""

    def heads(self, ledger_id: str, epoch: str) -> tuple[Head, ...]:
        """Nothing is known."""
        return ()

    def note_head(self, ledger_id: str, epoch: str, head: Head) -> None:
        """Nothing is kept."""

    def save_heads(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""


Journal = IntentJournal | NoJournal
