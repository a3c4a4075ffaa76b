"""The unit of work: commands see what was decided before them, and refusing leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from branchtui.ledger.store.connection import Connection
from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.rows import Branch, ClosedDay, Counter
from branchtui.ledger.store.unit import Batch, BulkTx

pytestmark = pytest.mark.both_stores(always=True)


@pytest.fixture
def connection(empty_store: Store) -> Iterator[Connection]:
    opened = empty_store.connect()
    opened.begin()
    yield opened
    opened.close()


def day(name: str, branch: str = "nku") -> ClosedDay:
    return ClosedDay(name, branch, name, "supervisor", 0)


def stored(connection: Connection) -> list[tuple[str, int]]:
    return [
        (str(key), int(str(value)))
        for key, value in connection.execute("SELECT id, value FROM counters ORDER BY id")
    ]


def test_nothing_is_written_before_the_batch_is(connection: Connection) -> None:
    """Decisions are made over buffered rows; the database sees them when the batch is flushed."""
    batch = Batch(connection)
    tx = batch.begin()
    tx.put(Counter("receipts", 1))
    tx.keep()
    assert stored(connection) == []
    batch.flush()
    assert stored(connection) == [("receipts", 1)]


def test_a_refused_command_leaves_nothing(connection: Connection) -> None:
    """What a command put before it refused is seen by nobody and never written."""
    batch = Batch(connection)
    kept, refused = batch.begin(), batch.begin()
    kept.put(Counter("receipts", 1))
    kept.keep()
    refused.put(Counter("receipts", 2))
    refused.put(Counter("vouchers", 9))
    refused.remove(Counter("receipts", 1))
    refused.drop()
    assert batch.begin().get(Counter, "receipts") == Counter("receipts", 1)
    assert refused.get(Counter, "vouchers") is None
    batch.flush()
    assert stored(connection) == [("receipts", 1)]


def test_a_command_sees_its_own_changes_and_those_decided_before_it(connection: Connection) -> None:
    """`get` looks at the own layer, then the batch, then the database."""
    connection.execute("INSERT INTO counters VALUES ('receipts', 1)")
    batch = Batch(connection)
    first = batch.begin()
    assert first.get(Counter, "receipts") == Counter("receipts", 1)
    first.put(Counter("receipts", 2))
    first.keep()
    second = batch.begin()
    assert second.get(Counter, "receipts") == Counter("receipts", 2)
    second.remove(Counter("receipts", 2))
    assert second.get(Counter, "receipts") is None
    assert batch.begin().get(Counter, "receipts") == Counter("receipts", 2)


def test_find_sees_pending_rows_changes_and_removals(connection: Connection) -> None:
    """A row that a batch changed is found by what it is now, never by what it was."""
    batch = Batch(connection)
    before = batch.begin()
    for row in (day("monday"), day("tuesday"), day("friday", "ksm")):
        before.put(row)
    before.keep()
    batch.flush()
    batch = Batch(connection)
    tx = batch.begin()
    tx.put(day("monday", "ksm"))
    tx.keep()
    later = batch.begin()
    later.put(day("wednesday"))
    later.remove(day("tuesday"))
    assert {row.id for row in later.find(ClosedDay, branch_id="nku")} == {"wednesday"}
    assert {row.id for row in later.find(ClosedDay, branch_id="ksm")} == {"monday", "friday"}
    assert {row.id for row in batch.begin().find(ClosedDay, branch_id="nku")} == {"tuesday"}


def test_a_row_that_should_be_alone_and_is_not_stops_the_command(connection: Connection) -> None:
    """`find_one` keeps its promise or fails loudly."""
    tx = Batch(connection).begin()
    tx.put(day("monday"))
    assert tx.find_one(ClosedDay, branch_id="nku") == day("monday")
    assert tx.find_one(ClosedDay, branch_id="nowhere") is None
    tx.put(day("tuesday"))
    with pytest.raises(AssertionError):
        tx.find_one(ClosedDay, branch_id="nku")


def test_put_and_removed_in_one_batch_is_never_written(connection: Connection) -> None:
    """A row that came and went leaves no trace; one that went and came again is there."""
    connection.execute("INSERT INTO counters VALUES ('old', 1)")
    batch = Batch(connection)
    tx = batch.begin()
    tx.put(Counter("new", 1))
    tx.remove(Counter("new", 1))
    tx.remove(Counter("old", 1))
    tx.put(Counter("old", 5))
    tx.keep()
    batch.flush()
    assert stored(connection) == [("old", 5)]


def test_parents_are_written_before_their_children(connection: Connection) -> None:
    """Foreign keys are checked at once; the order in which a command puts rows does not matter."""
    batch = Batch(connection)
    tx = batch.begin()
    tx.put(Branch("top", "HQ", "Head office", None, "KES", "UTC"))
    tx.keep()
    batch.flush()
    assert tx.find_one(Branch, code="HQ") == Branch("top", "HQ", "Head office", None, "KES", "UTC")


def test_a_bulk_command_may_flush_and_go_on(connection: Connection) -> None:
    """After a flush the rows are in the database and in view; the next flush writes only what is new."""
    batch = Batch(connection)
    tx = BulkTx(batch)
    tx.put(Counter("receipts", 1))
    tx.flush()
    assert stored(connection) == [("receipts", 1)]
    tx.put(Counter("receipts", 2))
    tx.put(Counter("vouchers", 1))
    tx.flush()
    tx.remove(Counter("vouchers", 1))
    tx.flush()
    assert tx.get(Counter, "vouchers") is None
    assert stored(connection) == [("receipts", 2)]


def test_a_bulk_command_cannot_refuse_after_it_wrote(connection: Connection) -> None:
    """A refusal after a flush would leave half of it: the whole transaction must fail instead."""
    tx = BulkTx(Batch(connection))
    tx.put(Counter("receipts", 1))
    tx.drop()
    tx.flush()
    with pytest.raises(AssertionError):
        tx.drop()


def test_of_a_row_that_changes_only_what_differs_is_written(connection: Connection) -> None:
    """A column that stays is not set: it would cost each index over it an entry taken out and put back."""
    batch = Batch(connection)
    tx = batch.begin()
    tx.put(day("monday"))
    tx.put(day("tuesday"))
    tx.keep()
    batch.flush()
    written: list[tuple[str, int]] = []
    write_all = connection.write_all

    def noted(writes: Sequence[tuple[str, list[Any]]]) -> None:
        written.extend((statement, len(rows)) for statement, rows in writes)
        write_all(writes)

    batch = Batch(SimpleNamespace(execute=connection.execute, write_all=noted, is_far=False))
    tx = batch.begin()
    for name in ("monday", "tuesday"):
        kept = tx.get(ClosedDay, name)
        assert kept is not None
        tx.put(replace(kept, closed_by="teller" if name == "monday" else kept.closed_by))
    tx.keep()
    batch.flush()
    assert written == [("UPDATE closed_days SET closed_by=:closed_by WHERE closed_days.id = :key_id", 1)]
    found = Batch(connection).begin().find(ClosedDay, branch_id="nku")
    assert {row.id: row.closed_by for row in found} == {"monday": "teller", "tuesday": "supervisor"}


def test_changes_are_written_in_the_order_in_which_they_came(connection: Connection) -> None:
    """A day that one row lets go of is taken by a later one, whichever columns the others change."""
    connection.execute("CREATE UNIQUE INDEX one_closing ON closed_days (branch_id, date)")
    batch = Batch(connection)
    tx = batch.begin()
    for name in ("monday", "tuesday", "friday"):
        tx.put(day(name))
    tx.keep()
    batch.flush()
    for changed in (
        replace(day("friday"), date="sunday"),
        replace(day("monday"), date="saturday", closed_by="teller"),
        replace(day("tuesday"), date="monday"),
    ):
        tx.put(changed)
    tx.keep()
    batch.flush()
    assert {row.id: row.date for row in batch.begin().find(ClosedDay, branch_id="nku")} == {
        "friday": "sunday",
        "monday": "saturday",
        "tuesday": "monday",
    }
