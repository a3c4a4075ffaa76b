"""What PostgreSQL's errors mean for the batch that met them, by SQLSTATE."""

from __future__ import annotations

from typing import Final

import psycopg

from branchtui.ledger.store.errors import Fault

_CONTENTION: Final = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: the turn did not come within lock_timeout
    }
)
_AWAY: Final = frozenset(
    {
        "25006",  # read_only_sql_transaction: this server is no longer the primary
        "25P03",  # idle_in_transaction_session_timeout
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P05",  # idle_session_timeout
        "53300",  # too_many_connections
    }
)
_LATE: Final = "57014"  # query_canceled: statement_timeout, or somebody at a console
_KEYS: Final = "operations_pkey"
"""Two ledgers that meet at one key: the one that was second finds the answer when it runs again (CONC-7)."""


def fault_of(error: BaseException) -> Fault | None:
    """What an error means; None for one that is not the driver's."""
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or ""
    if state.startswith("53") and state not in _AWAY:
        return Fault.FULL if state == "53100" else Fault.CONTENTION
    if state in _CONTENTION or (state == "23505" and error.diag.constraint_name == _KEYS):
        return Fault.CONTENTION
    if state == _LATE:
        return Fault.LATE
    if state in _AWAY or state.startswith("08"):
        return Fault.AWAY
    if isinstance(error, psycopg.OperationalError) and not state:
        return Fault.AWAY  # the connection itself, not a statement
    return Fault.OTHER
