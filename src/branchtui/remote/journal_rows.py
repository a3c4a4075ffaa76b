"""How the journal lies in its file: tables, their one format, and the driver's errors as ours (OUT-2, AUD-3)."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the ban is for WAL, whose reset bug the system's release may carry; see _PRAGMAS
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from branchtui.remote.errors import JournalUnavailable
from branchtui.remote.intents import IntentState, Pending

_FORMAT: Final = 2

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
    is_parked INTEGER NOT NULL DEFAULT 0,
    was_recorded INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID
"""
_HEADS: Final = """
CREATE TABLE IF NOT EXISTS head (
    ledger_id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    branch_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash8 TEXT NOT NULL,
    PRIMARY KEY (ledger_id, epoch, branch_id)
) STRICT, WITHOUT ROWID
"""
# What the first format lacked; a row that was already seen no longer says how it ended.
_TO_SECOND: Final = (
    "ALTER TABLE intent ADD COLUMN was_recorded INTEGER NOT NULL DEFAULT 0",
    "UPDATE intent SET was_recorded = 1 WHERE state IN ('succeeded', 'applied')",
)
COLUMNS: Final = (
    "key, action, summary, state, created_at, ledger_id, epoch, user, method, route, body_sha256, "
    "target, amount_minor, currency, is_parked"
)

T = TypeVar("T")


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal, in this program's format.

    Raises:
        JournalUnavailable: it is damaged, of a newer program, or cannot be written.
    """
    with translated():
        db = sqlite3.connect(path, timeout=0, check_same_thread=True)
        try:
            for pragma in _PRAGMAS:
                db.execute(pragma)
            _refuse_damaged(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
            version = db.execute("PRAGMA user_version").fetchone()[0]
            _refuse_newer(version, path)
            with db:
                for statement in _TO_SECOND if version == 1 else (_TABLE,):
                    db.execute(statement)
                db.execute(_HEADS)
                db.execute(f"PRAGMA user_version = {_FORMAT}")
        except BaseException:
            db.close()
            raise
    return db


def _refuse_damaged(found: str) -> None:
    if found != "ok":
        raise sqlite3.DatabaseError(f"damaged: {found}")


def _refuse_newer(version: int, path: Path) -> None:
    if version > _FORMAT:
        raise JournalUnavailable(
            f"The journal {path} is of a newer program. Changes can be sent with that one only."
        )


@contextmanager
def translated() -> Iterator[None]:
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


def insert(db: sqlite3.Connection, pending: Pending) -> None:
    """Add a new intent."""
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
    db.execute(f"INSERT INTO intent ({COLUMNS}) VALUES ({marks})", values)  # noqa: S608 - our own names and marks


def pending_of(row: tuple[object, ...]) -> Pending:
    """The intent in a row of `COLUMNS`."""
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
