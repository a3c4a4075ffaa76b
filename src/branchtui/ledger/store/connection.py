"""What every engine's connection can do, for functions that are handed one; only the store knows whose it is.

Statements are written once for both engines: parameters by name (`:name`) or by place (`?`), sets of
keys as one JSON array (`json_each`). `postgres/wording.py` puts into its own words what PostgreSQL says
differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Rows(Protocol):
    """The answer of a statement: tuples, each once."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that were not fetched yet."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that were not fetched yet."""
        ...


class Connection(Protocol):
    """An open connection, used by one thread at a time."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`, as SQLAlchemy calls them."""
        ...

    @property
    def is_far(self) -> bool:
        """Whether every question costs a round trip to another process."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""
        ...

    def execute(self, statement: str, bound: Any = None, /) -> Rows:
        """Run one statement; `bound` is a mapping for `:name`, a sequence for `?`."""
        ...

    def execute_all(self, asked: Sequence[tuple[str, Any]], /) -> list[list[Any]]:
        """The rows of several statements that only read, in as few round trips as the engine can."""
        ...

    def executemany(self, statement: str, bound: Iterable[Any], /) -> Any:
        """Run one statement for each of many sets of parameters."""
        ...

    def add_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /, *, scattered: bool = False
    ) -> None:
        """Insert many rows of `table`, each with a value for each of `columns`, in the engine's quickest way.

        `scattered`: see `tables.schema.SCATTERED`.
        """
        ...

    def write_all(self, writes: Sequence[tuple[str, list[tuple[Any, ...]]]], /) -> None:
        """`executemany` of each of these, in order, in as few round trips as the engine can.

        A statement names each of its parameters once; a row holds them in the order in which they stand there.
        """
        ...

    def total_changes(self) -> int:
        """Rows that this connection has inserted, changed or deleted so far."""
        ...

    def begin(self, *, bulk: bool = False, with_first: bool = False) -> None:
        """Begin a transaction that may write: until it ends, no other one of the ledger begins (CONC-6, CONC-7).

        `bulk`: for thousands of rows, so that its statements may take longer. `with_first`: it may begin with its first
        statement, in one journey.
        """
        ...

    def begin_reading(self) -> None:
        """Begin a transaction that sees one state of the ledger."""
        ...

    def take_longer(self) -> None:
        """Let the statements of this transaction take as long as those of a bulk one."""
        ...

    def commit(self) -> None:
        """Make the transaction durable. Raises CommitDoubt where the connection breaks under it."""
        ...

    def rollback(self) -> None:
        """Undo the transaction, if there is one; never fails because the connection is gone."""
        ...

    def tidy(self, *, bulk: bool = False) -> None:
        """What the engine leaves to its writer between two batches, or pieces of long work (`bulk`); raises what the engine says."""
        ...

    def keep_in_memory(self, kib: int) -> None:
        """Very much is to be written: use so much memory for it, where it is this process's to give."""
        ...

    def run_script(self, statements: str) -> None:
        """Run several statements without parameters."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        ...

    def close(self) -> None:
        """Close it; what was not committed is undone."""
        ...
