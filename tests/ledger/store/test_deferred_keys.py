"""Rows by the thousand are not copied before they are written, and what belongs to nothing is refused at the commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from branchtui.ledger.store import migrate
from branchtui.ledger.store.sqlite import SqliteConnection, connect

KEY = re.compile(r"REFERENCES \w+ \(id\)(?P<later> DEFERRABLE INITIALLY DEFERRED)?")
COLUMNS = ("entry_id", "line", "account_id", "amount_minor", "balance_after_minor")
AS_IT_WAS = """
UPDATE alembic_version SET version_num = 'payments_r0014';
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' DEFERRABLE INITIALLY DEFERRED', '');
PRAGMA writable_schema = RESET;
"""
STANDING = """
INSERT INTO branches (id, code, name, currency, timezone) VALUES ('b', 'HQ', 'Head office', 'KES', 'UTC');
INSERT INTO accounts (id, version, account_no, branch_id, kind, currency, status, balance_minor, created_at)
    VALUES ('a', 1, 'X1', 'b', 'wallet', 'KES', 'open', 0, 0);
"""
ENTRIES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
INSERT INTO journal_entries (id, branch_id, kind, operation_key, row_no, subject_id, narration, created_by, booked_at,
    business_date)
SELECT 'e' || i, 'b', 'balance-record', 'key', i, 's', '', 'me', 0, '2026-11-30' FROM n
"""


class Watched(apsw.VFS):
    """The disk as it is; notes as what its files are opened."""

    def __init__(self) -> None:
        self.opened = 0
        super().__init__("watched", "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - the driver's name
        self.opened |= flags[0]
        return super().xOpen(name, flags)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the tables of a ledger, an account and three thousand entries without legs."""
    file = tmp_path / "ledger.db"
    with closing(connect(file)) as connection:
        migrate.upgrade(connection)
        connection.run_script(STANDING + ENTRIES)
    return file


@pytest.fixture
def connection(path: Path) -> Iterator[SqliteConnection]:
    with closing(connect(path)) as made:
        yield made


def keys(connection: SqliteConnection) -> list[bool]:
    """Of every reference of every table, whether it is looked at when all is written."""
    texts = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
    return [found["later"] is not None for (text,) in texts for found in KEY.finditer(text or "")]


def legs(count: int = 3_000) -> list[tuple[str, int, str, int, int]]:
    """As many legs, two of each entry."""
    return [(f"e{number // 2}", number % 2, "a", 5, 5) for number in range(count)]


def test_every_key_of_a_file_waits_for_the_commit(connection: SqliteConnection) -> None:
    found = keys(connection)
    assert len(found) > 60
    assert all(found)


def test_a_ledger_of_before_is_given_the_same_keys(path: Path) -> None:
    """Who has the file open meanwhile goes by them too."""
    with closing(connect(path)) as connection, closing(connect(path)) as beside:
        connection.begin()
        connection.run_script(AS_IT_WAS)
        connection.commit()
        assert not any(keys(connection))

        assert migrate.upgrade(connection) == "payments_r0014"

        assert all(keys(connection))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        beside.execute("SELECT 1 FROM legs")
        beside.begin()
        beside.add_rows("legs", COLUMNS, [("e0", 0, "nobody", 5, 5)])
        with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY"):
            beside.commit()
        beside.rollback()


def test_what_belongs_to_nothing_is_refused_with_all_of_its_transaction(connection: SqliteConnection) -> None:
    """INV-1: one orphan among thousands."""
    connection.begin()
    connection.add_rows("legs", COLUMNS, [*legs(), ("e2999", 1, "nobody", 5, 5)])
    with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY"):
        connection.commit()
    connection.rollback()
    assert connection.execute("SELECT COUNT(*) FROM legs").fetchone() == (0,)


def test_a_row_that_is_there_already_ends_the_transaction(connection: SqliteConnection) -> None:
    """The rows before it are in the statement, and go with the transaction."""
    connection.begin()
    with pytest.raises(apsw.ConstraintError, match="UNIQUE"):
        connection.add_rows("legs", COLUMNS, [*legs(), legs()[0]])
    connection.rollback()
    assert connection.execute("SELECT COUNT(*) FROM legs").fetchone() == (0,)


@pytest.mark.parametrize("before", [False, True], ids=["now", "keys as they were"])
def test_pages_are_not_copied_before_rows_by_the_thousand_enter(path: Path, before: bool) -> None:
    """The engine opens a file for what a statement would take back only where one might."""
    if before:
        with closing(connect(path)) as connection:
            connection.run_script(AS_IT_WAS)
    disk = Watched()
    with closing(SqliteConnection(str(path), vfs="watched")) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.begin()
        for some in (legs()[0::2], legs()[1::2]):  # every second leg enters among others
            connection.add_rows("legs", COLUMNS, some)
        connection.commit()
    assert bool(disk.opened & apsw.SQLITE_OPEN_SUBJOURNAL) is before
    disk.unregister()
