"""The intent journal: what was sent and not yet answered for, on disk before the first byte (OUT-2 to 7).

It resolves doubt and never collects work: no body is kept, so nothing can ever be sent from it.
"""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the ban is for WAL, whose reset bug the system's release may carry; see _PRAGMAS
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from branchtui.remote.errors import JournalUnavailable
from branchtui.remote.intents import IntentState, Pending
from branchtui.remote.journal_files import OwnedFile, claim_file, claim_orphans

KEPT_DAYS: Final = 7
ROWS_MAX: Final = 10_000
_FORMAT: Final = 1

# One connection in one process holds the file, so WAL would win nothing; and SQLite from 3.7.0 to 3.51.2
# can lose commits when a WAL is reset. A rollback journal is outside that defect. TRUNCATE with
# FULL syncs the file before a commit returns, and needs no sync of the directory as DELETE would.
_PRAGMAS: Final = (
    "PRAGMA journal_mode=TRUNCATE",
    "PRAGMA synchronous=FULL",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
)

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS intent (
    key TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    summary TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ledger_id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    user TEXT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    target TEXT,
    amount_minor INTEGER,
    currency TEXT,
    is_parked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID
"""
_COLUMNS: Final = (
    "key, action, summary, state, created_at, ledger_id, epoch, user, method, route, body_sha256, "
    "target, amount_minor, currency, is_parked"
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
_DONE: Final = (IntentState.SUCCEEDED, IntentState.REJECTED, IntentState.SEEN)

T = TypeVar("T")


class IntentJournal:
    """One process's journal, in a file that no other process has open (OUT-7).

    Every method commits and syncs before it returns. Every method raises `JournalUnavailable` when the
    file cannot be written; `prepare` and `sent` are called before the first byte, so that a change is
    then not sent (OUT-3).
    """

    def __init__(self, file: OwnedFile) -> None:
        self.path = file.path
        self._file = file
        self._db = _connect(file.path)

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
        with _translated(), self._db:
            count = self._db.execute("SELECT count(*) FROM intent").fetchone()[0]
            if count >= ROWS_MAX:
                raise JournalUnavailable(
                    f"The journal of this terminal holds {ROWS_MAX:,} changes, its most. Nothing was sent."
                )
            _insert(self._db, pending, "INSERT")

    def sent(self, key: str) -> None:
        """The first byte goes out next. On disk before it does."""
        self.move(key, IntentState.SENT)

    def move(self, key: str, state: IntentState) -> None:
        """Bring an intent to `state`; a step that OUT-4 does not know is a programming error."""
        before = _MAY_FOLLOW[state]
        marks = ", ".join("?" * len(before))
        statement = f"UPDATE intent SET state = ? WHERE key = ? AND state IN ({marks})"  # noqa: S608 - marks only
        with _translated(), self._db:
            changed = self._db.execute(statement, (state.value, key, *(s.value for s in before))).rowcount
        if changed != 1:
            raise AssertionError(f"intent {key} cannot become {state.value}")

    def park(self, key: str) -> None:
        """Leave an unconfirmed intent to a supervisor: it blocks no further change (OUT-6)."""
        with _translated(), self._db:
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
        with _translated():
            row = self._db.execute(statement, (ledger_id, user, *(s.value for s in IN_DOUBT))).fetchone()
        return int(row[0])

    def purge(self, now: datetime) -> None:
        """Drop what was seen, or answered, more than seven days ago. What is in doubt stays."""
        limit = (now - timedelta(days=KEPT_DAYS)).isoformat()
        with _translated(), self._db:
            self._db.execute(
                "DELETE FROM intent WHERE created_at < ? AND state IN (?, ?, ?)",
                (limit, *(s.value for s in _DONE)),
            )

    def close(self) -> None:
        """Let go of the file. What is in doubt stays in it for the next start."""
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
            f"SELECT {_COLUMNS} FROM intent WHERE ledger_id = ? AND user = ? "  # noqa: S608 - our own names and marks
            f"AND state IN ({marks}) ORDER BY created_at, key"
        )
        with _translated():
            rows = self._db.execute(statement, (ledger_id, user, *(s.value for s in states))).fetchall()
        return tuple(_pending(row) for row in rows)

    def _take_over(self, orphan: OwnedFile) -> None:
        """Bring the unfinished rows of an ended process here. A crash between leaves them in both: harmless."""
        try:
            with _translated():
                other = _connect(orphan.path)
                try:
                    rows = other.execute(
                        f"SELECT {_COLUMNS} FROM intent WHERE state NOT IN (?, ?, ?)",  # noqa: S608 - our own names
                        tuple(s.value for s in _DONE),
                    ).fetchall()
                    with self._db:
                        for row in rows:
                            _insert(self._db, _pending(row), "INSERT OR IGNORE")
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

    def close(self) -> None:
        """Nothing is held."""


Journal = IntentJournal | NoJournal


def _connect(path: Path) -> sqlite3.Connection:
    with _translated():
        db = sqlite3.connect(path, timeout=0, check_same_thread=True)
        try:
            for pragma in _PRAGMAS:
                db.execute(pragma)
            _refuse_damaged(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
            version = db.execute("PRAGMA user_version").fetchone()[0]
            _refuse_newer(version, path)
            with db:
                db.execute(_TABLE)
                db.execute(f"PRAGMA user_version = {_FORMAT}")
        except BaseException:
            db.close()
            raise
    return db


def _refuse_damaged(found: str) -> None:
    if found != "ok":
        raise sqlite3.DatabaseError(f"damaged: {found}")


def _refuse_newer(version: int, path: Path) -> None:
    if version not in {0, _FORMAT}:
        raise JournalUnavailable(
            f"The journal {path} is of a newer program. Changes can be sent with that one only."
        )


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors, once, as ours."""
    try:
        yield
    except sqlite3.IntegrityError:
        # A key that is there already would be a second use of one identity: never go on.
        raise AssertionError("an operation key was used twice") from None
    except (sqlite3.Error, OSError) as error:
        raise JournalUnavailable(
            f"The journal of this terminal cannot be written ({error}), so no change is sent. Looking up goes on."
        ) from error


def _insert(db: sqlite3.Connection, pending: Pending, verb: str) -> None:
    values = (
        pending.key,
        pending.action,
        pending.summary,
        pending.state.value,
        pending.created_at.isoformat(),
        pending.ledger_id,
        pending.epoch,
        pending.user,
        pending.method,
        pending.route,
        pending.body_sha256,
        pending.target,
        pending.amount_minor,
        pending.currency,
        int(pending.is_parked),
    )
    marks = ", ".join("?" * len(values))
    db.execute(f"{verb} INTO intent ({_COLUMNS}) VALUES ({marks})", values)


def _pending(row: tuple[object, ...]) -> Pending:
    return Pending(
        key=_as(str, row[0]),
        action=_as(str, row[1]),
        summary=_as(str, row[2]),
        state=IntentState(_as(str, row[3])),
        created_at=datetime.fromisoformat(_as(str, row[4])),
        ledger_id=_as(str, row[5]),
        epoch=_as(str, row[6]),
        user=_as(str, row[7]),
        method=_as(str, row[8]),
        route=_as(str, row[9]),
        body_sha256=_as(str, row[10]),
        target=_maybe(str, row[11]),
        amount_minor=_maybe(int, row[12]),
        currency=_maybe(str, row[13]),
        is_parked=bool(row[14]),
    )


def _as(kind: Callable[..., T], value: object) -> T:
    assert value is not None
    return kind(value)


def _maybe(kind: Callable[..., T], value: object) -> T | None:
    return None if value is None else kind(value)
