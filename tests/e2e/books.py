"""What the ledger of a demonstration, and the journal of a terminal, hold: read beside the programs that write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
from tests.e2e.terminal import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.e2e.demonstration import Demonstration, Person


def rows_of(database: Path, statement: str, *values: str) -> list[tuple[Any, ...]]:
    """The rows of a question; waits while the program writes."""
    reading = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    reading.set_busy_timeout(int(PATIENCE_SECONDS * 1000))
    try:
        return list(reading.execute(statement, values))
    finally:
        reading.close()


def effects_of(demonstration: Demonstration, person: Person) -> int:
    """How many changes of a person have taken effect, by what the ledger's audit says."""
    statement = (
        "SELECT count(*) FROM audit WHERE outcome = 'applied' AND operation_key IS NOT NULL "
        "AND action <> 'operation.cancel' AND actor = ?"
    )
    database = Path(demonstration.database.removeprefix("sqlite:///"))
    ((count,),) = rows_of(database, statement, person.username)
    return int(count)
