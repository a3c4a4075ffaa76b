"""Copies of a ledger that are proved before they have a name, and ledgers made from them (DUR-5, T-31)."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import apsw

from branchtui.ledger import audit
from branchtui.ledger.check import violations
from branchtui.ledger.clock import new_id
from branchtui.ledger.setup import change, in_one_transaction, system_principal
from branchtui.ledger.store import migrate
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.rows import Institution, Session
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import FileLock, SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from branchtui.ledger.store.unit import BulkTx

RESTORED: Final = "ledger.restore"
_BESIDE: Final = ("-wal", "-shm", "-journal")


def back_up(database: str, to: Path) -> None:
    """Copy the ledger as it stands, served or not, into the new file `to`.

    The copy is one state of the ledger, a single file that its owner alone may read, and has its name
    only once the engine found it whole and every invariant holds in it.

    Raises:
        StoreUnavailable: there is no ledger, or the copy does not pass.
        FileExistsError: `to` exists; it was not touched.
    """
    path = _file_of(database, "pg_dump, or pg_basebackup with its write-ahead log")
    if not path.is_file():
        raise StoreUnavailable(f"There is no ledger at {path}.")
    if not to.parent.is_dir():
        raise StoreUnavailable(f"There is no folder {to.parent}. Nothing was made.")
    _refuse_existing(to)
    part = _part(to)
    try:
        _copy(path, part)
        _prove(part)
        _give_name(part, to)
    finally:
        _remove(part)


def restore(database: str, source: Path, at_us: int) -> None:
    """Make the ledger `database`, which must not exist, from the copy `source`.

    It is a new epoch: terminals ask again what became of each change they were not answered, since what
    was recorded after the copy is gone. Nobody is signed in any more; each branch's chain tells of it.

    Raises:
        StoreUnavailable: there is a ledger, somebody serves it, or the copy does not pass.
        FileExistsError: something of an older ledger lies there; it was not touched.
    """
    path = _file_of(database, "pg_restore, or the server's own recovery")
    if not source.is_file():
        raise StoreUnavailable(f"There is no file {source}.")
    if not path.parent.is_dir():
        raise StoreUnavailable(f"There is no folder {path.parent}.")
    lock = FileLock(path)
    part = _part(path)
    try:
        for each in (path, *(path.with_name(path.name + ending) for ending in _BESIDE)):
            _refuse_existing(each)
        _copy(source, part)
        _prove(part)
        _in_copy(part, lambda tx: _begin_epoch(tx, at_us))
        _prove(part)
        _give_name(part, path)
    finally:
        _remove(part)
        lock.release()


def _file_of(database: str, instead: str) -> Path:
    """The file of a ledger that is one.

    Raises:
        StoreUnavailable: it lies in a database server, which has its own tools.
    """
    store = store_at(database)
    if not isinstance(store, SqliteStore):
        raise StoreUnavailable(
            f"A ledger in PostgreSQL is copied and restored by the server's own tools: use {instead}. "
            "Then prove the copy with: branchtui ledger check"
        )
    return store.path


def _in_copy(part: Path, run: Callable[[BulkTx], None]) -> None:
    connection = connect(part)
    try:
        migrate.upgrade(connection)
        in_one_transaction(connection, run)
    finally:
        connection.close()


def new_epoch(database: str, at_us: int) -> None:
    """Begin a new epoch in a ledger that was restored by other means, and that nobody serves.

    Raises:
        StoreUnavailable: there is no ledger, or somebody serves it.
    """
    change(database, lambda tx: _begin_epoch(tx, at_us), alone=True)


def _copy(path: Path, part: Path) -> None:
    """All pages of one state, in one step of the engine's own copying."""
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        source, copy = connect(path, read_only=True), apsw.Connection(str(part))
        try:
            with copy.backup("main", source, "main") as copying:
                copying.step(-1)
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()
        finally:
            copy.close()
            source.close()
    except apsw.Error as error:
        raise StoreUnavailable(f"{path} cannot be copied: {error}") from error


def _prove(part: Path) -> None:
    try:
        connection = connect(part, read_only=True)
        try:
            found = [str(line) for (line,) in connection.execute("PRAGMA integrity_check")]
            if found != ["ok"]:
                raise StoreUnavailable(f"The copy is damaged: {found[0]}. It was removed.")
            if migrate.current(connection) is None:
                raise StoreUnavailable("The file holds no ledger. Nothing was made.")
            is_current = migrate.verify(connection) == migrate.head()
            broken = list(violations(connection)) if is_current else []
        finally:
            connection.close()
        if not is_current:
            broken = _violations_at_head(part)
    except apsw.Error as error:
        raise StoreUnavailable(f"The file holds no ledger: {error}. Nothing was made.") from error
    if broken:
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        raise StoreUnavailable(f"The ledger in the copy does not add up: {broken[0]}{more}. It was removed.")


def _violations_at_head(part: Path) -> list[str]:
    """What does not add up in a copy of an earlier version, whose tables the invariants do not know.

    A second copy is brought to this version and looked at; the first stays as it was taken.
    """
    trial = _part(part)
    try:
        _copy(part, trial)
        connection = connect(trial)
        try:
            migrate.upgrade(connection)
            return list(violations(connection))
        finally:
            connection.close()
    finally:
        _remove(trial)


def _begin_epoch(tx: BulkTx, at_us: int) -> None:
    institution = tx.get(Institution, "institution")
    if institution is None:
        raise StoreUnavailable("The file holds no ledger. Nothing was made.")
    epoch = new_id()
    tx.put(replace(institution, epoch=epoch))
    for (session_id,) in tx.connection.execute("SELECT id FROM sessions WHERE ended_at IS NULL").fetchall():
        session = tx.get(Session, session_id)
        assert session is not None, "the session was just read"
        tx.put(replace(session, ended_at=at_us, end_reason="the ledger was restored"))
    for (found,) in tx.connection.execute("SELECT id FROM branches ORDER BY id").fetchall():
        branch_id = str(found)
        audit.append(
            tx,
            audit.Event(action=RESTORED, before={"epoch": institution.epoch}, after={"epoch": epoch}),
            branch_id=branch_id,
            principal=system_principal(branch_id),
            at_us=at_us,
            operation_key=None,
            request_id=None,
        )


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise FileExistsError(f"{path} exists. Nothing was changed.")


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.{new_id()}.part")


def _give_name(part: Path, path: Path) -> None:
    """The file under its name, on disk; a name that somebody took meanwhile is left to them."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    try:
        os.link(part, path)
    except FileExistsError as error:
        raise FileExistsError(f"{path} exists. Nothing was changed.") from error
    part.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(part: Path) -> None:
    for ending in ("", *_BESIDE):
        part.with_name(part.name + ending).unlink(missing_ok=True)
