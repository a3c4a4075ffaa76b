"""Rows of a scattered table enter one by one or several a statement: the same rows, in the same order, once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from branchtui.ledger.store import sqlite
from branchtui.ledger.store.sqlite import SqliteConnection, connect


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    made = connect(tmp_path / "rows.db")
    made.run_script("CREATE TABLE things (number INTEGER PRIMARY KEY, name TEXT, kind TEXT)")
    yield made
    made.close()


def clock_where(seconds_waited: float) -> SimpleNamespace:
    """A clock by which every lot of rows is worked on for a second, and waited for so long besides."""
    wall, own = itertools.count(0.0, 1.0 + seconds_waited), itertools.count(0.0, 1.0)
    return SimpleNamespace(perf_counter=lambda: next(wall), thread_time=lambda: next(own))


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1_050])
@pytest.mark.parametrize("seconds_waited", [0.0, 5.0])
def test_rows_of_a_scattered_table_are_in_once_and_in_order(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch, count: int, seconds_waited: float
) -> None:
    monkeypatch.setattr(sqlite, "time", clock_where(seconds_waited))
    rows = [(number, f"thing {number}", "k") for number in range(count)]
    connection.add_rows("things", ("number", "name", "kind"), iter(rows), scattered=True)
    assert list(connection.execute("SELECT number, name, kind FROM things ORDER BY rowid")) == rows


@pytest.mark.parametrize(("seconds_waited", "singly"), [(0.0, 1_050), (5.0, 100)])
def test_they_go_several_together_once_the_interpreter_is_waited_for(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch, seconds_waited: float, singly: int
) -> None:
    monkeypatch.setattr(sqlite, "time", clock_where(seconds_waited))
    statements: list[str] = []

    def note(_: object, statement: str, __: object) -> bool:
        statements.append(statement)
        return True

    connection.exec_trace = note
    rows = [(number, f"thing {number}", "k") for number in range(1_050)]
    connection.add_rows("things", ("number", "name", "kind"), rows, scattered=True)
    assert sum(each.count("(") == 2 for each in statements) == singly
