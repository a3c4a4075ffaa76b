"""Reading ahead: the same answers from fewer questions, and nothing else left behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from branchtui.ledger.store.connection import Connection
from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.mapping import insert_rows, mapping_of, select_equal
from branchtui.ledger.store.rows import Account, ClosedDay, Counter
from branchtui.ledger.store.scout import ROUNDS_MAX, read_ahead
from branchtui.ledger.store.unit import Batch, Tx
from branchtui.ledger.store.wanted import Rows

pytestmark = pytest.mark.both_stores(always=True)

_SUM = "SELECT sum(value) FROM counters WHERE id IN ('c0', 'c1', 'c2')"
_DAYS = "SELECT count(*) FROM closed_days"


class Counting:
    """A connection that counts the statements that go through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.asked = 0

    def execute(self, statement: str, bound: Any = None, /) -> Any:
        self.asked += 1
        return self._connection.execute(statement, bound)

    def execute_all(self, asked: Any, /) -> Any:
        self.asked += 1
        return self._connection.execute_all(asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.fixture
def counting(empty_store: Store) -> Iterator[Any]:
    connection = empty_store.connect()
    connection.begin()
    for number in range(40):
        connection.execute("INSERT INTO counters (id, value) VALUES (?, ?)", (f"c{number}", number))
        connection.execute(
            "INSERT INTO closed_days VALUES (?, 'nku', ?, 's', 0)", (f"d{number}", f"c{number}")
        )
    yield Counting(connection)
    connection.close()


def reads(number: int) -> Any:
    """A command that asks for a row, then for rows that depend on it, then changes the first."""

    def command(tx: Tx) -> tuple[int, int]:
        counter = tx.get(Counter, f"c{number}")
        assert counter is not None
        days = tx.find(ClosedDay, date=counter.id)
        tx.put(Counter(counter.id, counter.value + 1))
        return counter.value, len(days)

    return command


def run(batch: Batch, commands: list[Any]) -> list[Any]:
    found = []
    for command in commands:
        tx = batch.begin()
        found.append(command(tx))
        tx.keep()
    return found


def test_forty_commands_are_answered_from_a_few_questions(counting: Any) -> None:
    """0014: one question for all rows of a table, the others sent together; the answers are the same."""
    commands = [reads(number) for number in range(40)]
    batch = Batch(counting)
    read_ahead(batch, commands)
    assert counting.asked == 2
    assert run(batch, commands) == [(number, 1) for number in range(40)]
    assert counting.asked == 2


def test_what_is_asked_by_a_number_as_it_is_compared_comes_in_one_statement(counting: Any) -> None:
    """0054: a column that the engine keeps from another one is asked for many values at once, as any other."""
    counting.execute(
        "INSERT INTO branches (id, code, name, currency, timezone) VALUES ('hq', 'HQ', 'Head', 'KES', 'Africa/Nairobi')"
    )
    numbers = ("SV/1.1", "SV-12", "LN/3")
    new = [
        Account(f"a{place}", 1, number, None, "hq", "wallet", "KES", "open", None, 0, 0)
        for place, number in enumerate(numbers)
    ]
    insert_rows(counting, Account, map(mapping_of(Account).values_of, new))
    statement = select_equal(Account, ("account_no_key",))
    wanted = [Rows(statement, {"account_no_key": key}, Account) for key in ("sv11", "sv12", "xx9")]
    batch = Batch(counting)
    batch.read(wanted)
    assert counting.asked == 2  # a branch was written, the accounts were asked for
    assert [[row[0] for row in batch.rows(each)] for each in wanted] == [["a0"], ["a1"], []]
    assert counting.asked == 2


def test_what_a_batch_changed_is_looked_for_in_one_journey(counting: Any) -> None:
    """0014, 0054: whether a row is new is asked for all classes together, where asking costs a journey."""
    batch = Batch(counting)
    tx = batch.begin()
    for number in range(3):
        tx.put(Counter(f"c{number}", 7))
        tx.put(ClosedDay(f"new{number}", "nku", "c1", "s", 0))
        tx.remove(ClosedDay(f"d{number}", "nku", f"c{number}", "s", number))
    tx.keep()
    batch.flush()
    deleted, asked = 3, 1 if counting.is_far else 9
    assert counting.asked == deleted + asked
    assert [counting.execute(text).fetchone() for text in (_SUM, _DAYS)] == [(21,), (40,)]


def test_a_scout_decides_nothing(counting: Any) -> None:
    """What scouts put and whom they refuse is forgotten; the run that counts begins from the database."""

    def refuses(tx: Tx) -> None:
        tx.put(Counter("scouted", 1))
        assert tx.get(Counter, "c1") is not None
        raise LookupError("no")

    batch = Batch(counting)
    read_ahead(batch, [refuses, reads(1)])
    batch.flush()
    assert counting.execute("SELECT count(*) FROM counters WHERE id = 'scouted'").fetchone() == (0,)
    assert counting.execute("SELECT value FROM counters WHERE id = 'c1'").fetchone() == (1,)


def test_later_commands_see_what_earlier_ones_decided(counting: Any) -> None:
    """0003: reading ahead changes what is asked, never the order in which commands are decided."""
    commands = [reads(7) for _ in range(5)]
    batch = Batch(counting)
    read_ahead(batch, commands)
    assert [value for value, _ in run(batch, commands)] == [7, 8, 9, 10, 11]


def test_after_a_write_the_database_is_asked_again(counting: Any) -> None:
    """Rows that were read ahead stand until the batch writes."""
    batch = Batch(counting)
    read_ahead(batch, [reads(1), reads(2)])
    tx = batch.begin()
    tx.put(ClosedDay("new", "nku", "c1", "s", 0))
    tx.keep()
    batch.flush()
    assert len(batch.begin().find(ClosedDay, date="c1")) == 2


def test_a_command_that_never_stops_asking_is_left_alone(counting: Any) -> None:
    """A limit on everything: the scout is ended, the command runs as it would have."""
    asked = 0

    def curious(tx: Tx) -> None:
        nonlocal asked
        for number in range(10 * ROUNDS_MAX):
            asked = number
            tx.get(Counter, f"nobody {number}")

    read_ahead(Batch(counting), [curious, reads(1)])
    assert asked < 2 * ROUNDS_MAX
