"""Who is deleted is looked for in every table that may refer to them: by an index, or the writer stands still."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

import apsw
import pytest

from branchtui.ledger.store import migrate
from branchtui.ledger.store.sqlite import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.engine import Store

NEVER_DELETED: Final = {
    "approvals": "a request stays for ever, whatever was decided",
    "branches": "a branch is never deleted",
    "credit_accounts": "an account that was opened is closed and stays",
    "credit_transactions": "append-only",
    "journal_entries": "append-only",
    "plans": "a plan is switched off and stays",
}
"""Parents that need no index for those who refer to them, and why."""

WITHOUT: Final = {
    ("accounts", "branch_id", "branches"),
    ("approval_slots", "approval_id", "approvals"),
    ("branches", "parent_id", "branches"),
    ("credit_allocations", "account_id", "credit_accounts"),
    ("journal_entries", "reversal_of", "journal_entries"),
    ("payees", "branch_id", "branches"),
    ("settlements", "reversal_id", "credit_transactions"),
    ("users", "branch_id", "branches"),
    ("vouchers", "plan_id", "plans"),
}
"""References (table, column, parent) that no index finds."""

AS_IT_WAS: Final = """
UPDATE alembic_version SET version_num = 'batches_r0011';
DROP INDEX receipts_customer;
DROP INDEX vouchers_account;
"""

REFERRED: Final = {
    "sqlite": """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = substr(sql, 1, length(sql) - 2)
            || ', ' || char(10) || '    FOREIGN KEY(account_id) REFERENCES accounts (id)' || char(10) || ')'
        WHERE type = 'table' AND name = 'payments';
        PRAGMA writable_schema = RESET;
    """,
    "postgresql": "ALTER TABLE payments ADD FOREIGN KEY (account_id) REFERENCES accounts (id);",
}
"""Payments referred to their accounts."""

_POSTGRES_KEYS: Final = """
SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f'
"""
_POSTGRES_INDEXES: Final = """
SELECT i.indrelid::regclass::text, a.attname, pg_get_expr(i.indpred, i.indrelid)
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisvalid
"""


def references(connection: Connection) -> set[tuple[str, str, str]]:
    """Table, column and parent of every foreign key; each has one column."""
    if connection.dialect == "postgresql":
        return {
            (str(table), str(column), str(parent))
            for table, column, parent in connection.execute(_POSTGRES_KEYS)
        }
    statement = """
        SELECT t.name, f."from", f."table" FROM sqlite_master t, pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table'
    """
    return {(str(table), str(column), str(parent)) for table, column, parent in connection.execute(statement)}


def led_by(connection: Connection) -> Iterator[tuple[str, str]]:
    """Table and first column of every index that holds all rows in which this column says something."""
    if connection.dialect == "postgresql":
        found = [
            (str(table), str(column), where) for table, column, where in connection.execute(_POSTGRES_INDEXES)
        ]
    else:
        statement = """
            SELECT t.name, c.name, substr(m.sql, instr(m.sql, ' WHERE ') + 7), i.partial
            FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
            LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = i.name
            WHERE t.type = 'table' AND c.seqno = 0 AND c.name IS NOT NULL
        """
        found = [
            (str(table), str(column), where if partial else None)
            for table, column, where, partial in connection.execute(statement)
        ]
    for table, column, where in found:
        if where is None or re.sub(r"[()]", "", str(where)).strip() == f"{column} IS NOT NULL":
            yield table, column


@pytest.mark.both_stores(always=True)
def test_every_reference_is_found_by_an_index(empty_store: Store) -> None:
    """What refers to a row that may be deleted is led to by an index, on both engines; the others are named here."""
    with closing(empty_store.connect()) as connection:
        every = references(connection)
        indexed = set(led_by(connection))

    assert len(every) > 60
    assert {each for each in every if each[:2] not in indexed} == WITHOUT
    assert {parent for *_, parent in WITHOUT} == set(NEVER_DELETED)


@pytest.mark.both_stores
def test_a_ledger_of_the_revision_before_is_as_a_new_one(empty_store: Store) -> None:
    """Decision 0007: indexes are made, and payments lose the reference that none is made for, without a row touched."""
    made = {("receipts", "customer_id"), ("vouchers", "account_id")}
    with closing(empty_store.connect()) as connection:
        new = references(connection)
        connection.begin()
        connection.run_script(AS_IT_WAS + REFERRED[connection.dialect])
        connection.commit()
        assert references(connection) - new == {("payments", "account_id", "accounts")}
        assert not made & set(led_by(connection))

        assert migrate.upgrade(connection) == "batches_r0011"

        assert references(connection) == new
        assert made <= set(led_by(connection))
    with closing(empty_store.connect()) as connection:
        assert references(connection) == new


@pytest.mark.parametrize("table", ["accounts", "customers"])
def test_a_deletion_walks_through_no_table(path: Path, table: str) -> None:
    """SQLite itself says how many rows it stepped through without an index: none, whoever might refer to them."""
    fill_all_that_refer_to(path, table)

    assert rows_walked_through(path, table) == 0


def test_what_has_no_index_is_walked_through(path: Path) -> None:
    """The counter of the test above counts: without the index each voucher is looked at."""
    with closing(connect(path)) as connection:
        connection.execute("DROP INDEX vouchers_account")
    fill_all_that_refer_to(path, "accounts")

    assert rows_walked_through(path, "accounts") > 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the tables of a ledger."""
    file = tmp_path / "ledger.db"
    with closing(connect(file)) as connection:
        migrate.upgrade(connection)
    return file


def fill_all_that_refer_to(path: Path, parent: str) -> None:
    """Three rows in `parent` and in every table that refers to it; nobody refers to anybody who is there."""
    with closing(connect(path)) as connection:
        tables = {table for table, _, of in references(connection) if of == parent} | {parent}
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in sorted(tables):
            columns = list(
                connection.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))
            )
            names = ", ".join(name for name, _ in columns)
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",
                [
                    [number if kind == "INTEGER" else f"{table}-{name}-{number}" for name, kind in columns]
                    for number in range(3)
                ],
            )


def rows_walked_through(path: Path, table: str) -> int:
    """How many rows the engine stepped through without an index while it deleted one of `table`."""
    walked: list[int] = []
    with closing(connect(path)) as connection:
        connection.trace_v2(
            apsw.SQLITE_TRACE_PROFILE,
            lambda told: walked.append(told["stmt_status"]["SQLITE_STMTSTATUS_FULLSCAN_STEP"]),
        )
        connection.execute(f"DELETE FROM {table} WHERE id = '{table}-id-1'")
        assert connection.changes() == 1
    return sum(walked)
