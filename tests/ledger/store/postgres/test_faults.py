"""Drivers' errors become the store's own, whichever the engine."""

from __future__ import annotations

import apsw
import psycopg
import pytest

from branchtui.ledger.store.errors import Fault
from branchtui.ledger.store.postgres.faults import fault_of
from branchtui.ledger.store.sqlite_store import SqliteStore


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("40001", Fault.CONTENTION),
        ("40P01", Fault.CONTENTION),
        ("55P03", Fault.CONTENTION),
        ("53100", Fault.FULL),
        ("53300", Fault.AWAY),
        ("25006", Fault.AWAY),
        ("25P03", Fault.AWAY),
        ("57P01", Fault.AWAY),
        ("57P02", Fault.AWAY),
        ("57P03", Fault.AWAY),
        ("08006", Fault.AWAY),
        ("57014", Fault.LATE),
        ("23505", Fault.OTHER),
        ("23503", Fault.OTHER),
        ("42P01", Fault.OTHER),
        ("22003", Fault.OTHER),
    ],
)
def test_every_state_of_the_server_means_one_thing_for_the_batch(state: str, fault: Fault) -> None:
    """CONC-7: 40001 and 40P01 run again; what a statement did wrong does not."""
    assert fault_of(psycopg.errors.lookup(state)("said by the server")) is fault


def test_a_connection_that_broke_is_a_server_that_went_away() -> None:
    """Libpq's own errors carry no state."""
    assert fault_of(psycopg.OperationalError("server closed the connection unexpectedly")) is Fault.AWAY


@pytest.mark.parametrize(
    ("error", "fault"),
    [(apsw.FullError(), Fault.FULL), (apsw.IOError(), Fault.BROKEN), (apsw.ConstraintError(), Fault.OTHER)],
)
def test_the_files_errors_mean_the_same(error: apsw.Error, fault: Fault) -> None:
    """DUR-4: full is said, an I/O error stops the process."""
    assert SqliteStore.fault_of(SqliteStore.__new__(SqliteStore), error) is fault


@pytest.mark.parametrize("error", [LookupError("no"), ValueError("no"), KeyError("no")])
def test_an_error_of_a_rule_is_no_error_of_the_store(error: Exception) -> None:
    """A command that refuses fails alone, its batch goes on."""
    assert fault_of(error) is None
    assert SqliteStore.fault_of(SqliteStore.__new__(SqliteStore), error) is None
