"""Filling the text index for many rows in one statement instead of row by row."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from branchtui.ledger.store.search import indexed_text_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.store.connection import Connection


@contextmanager
def filled_at_once(connection: Connection, table: str) -> Iterator[None]:
    """Rows inserted into `table` in the body enter its text index together at the end.

    A trigger that may fail makes the engine write the index to disk after every row. Only inside a
    transaction that is rolled back when the body fails: the trigger is away for its length.
    """
    if connection.dialect != "sqlite":
        yield  # an index that collects what comes in by itself
        return
    trigger = f"{table}_search_added"
    named = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
    ((definition,),) = connection.execute(named, (trigger,))
    last = f"SELECT COALESCE(MAX(row_no), 0) FROM {table}"  # noqa: S608 - a table of our own schema
    ((before,),) = connection.execute(last)
    connection.execute(f"DROP TRIGGER {trigger}")
    yield
    connection.execute(
        f"INSERT INTO {table}_search(rowid, text)"  # noqa: S608 - names of our own schema
        f" SELECT row_no, {indexed_text_sql(table)} FROM {table} WHERE row_no > ?",
        (before,),
    )
    # Brought to the tables now: by the next statement that could be undone alone it would count among its changes.
    connection.execute("SAVEPOINT filled")
    connection.execute("RELEASE filled")
    connection.execute(definition)
