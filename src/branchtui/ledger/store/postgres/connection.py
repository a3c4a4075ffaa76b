"""A connection to PostgreSQL that one thread uses, with the words that both engines share."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import generators, sql
from psycopg.adapt import Loader
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from branchtui.ledger.store.errors import CommitDoubt
from branchtui.ledger.store.postgres.wording import by_place, worded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg.abc import AdaptContext, Buffer

TURN: Final = 0x6272_616E_6368
"""The advisory lock that a transaction holds while it writes: the first lock of all, the same for everybody."""

SETTINGS: Final = (
    "SET lock_timeout = '5s'",
    "SET statement_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '15s'",
    "SET search_path = public",
    # A snapshot from before the turn would see nothing of who had it last.
    "SET default_transaction_isolation = 'read committed'",
)
"""CONC-7: nobody waits for ever, and whoever holds a lock and falls silent loses it."""

BY_INDEX: Final = (
    "SET enable_seqscan = off",
    "SET plan_cache_mode = force_generic_plan",
    # A statement without an index would be compiled, for the price that reading without one has now.
    "SET jit = off",
)
"""What a batch asks, it asks by key: every statement has its index, and is planned once. Planned while its table was
empty it would read that from end to end ever after, and one with an array would be planned anew for each batch."""

_AS_IT_FALLS: Final = ("SET LOCAL enable_seqscan = on", "SET LOCAL plan_cache_mode = auto")
"""Work on sets of rows is planned by how many there are."""

LONGER: Final = "60s"
"""What a statement may take in a transaction that has the writer to itself: one of 20,000 rows on a busy server (CONC-5)."""

_TAKE_TURN: Final = f"SELECT pg_advisory_xact_lock({TURN})"
_MARK: Final = (
    "INSERT INTO writer_marks (writer, batch) VALUES (%s, %s)"
    " ON CONFLICT (writer) DO UPDATE SET batch = EXCLUDED.batch, at = now()"
)
_LONGER_NOW: Final = f"SET LOCAL statement_timeout = '{LONGER}'"
COMMIT_SECONDS: Final = 10.0
"""How long a COMMIT is waited for before it is in doubt. No limit of the server's ends its wait for a standby; until
one has it, it stays hidden and holds the turn."""

_COPY: Final = sql.SQL("COPY {table} ({columns}) FROM STDIN")
_ROWS_A_COPY: Final = 10_000
"""A statement may take only so long (SETTINGS), and COPY is one for as long as rows come."""

_AWAKE: Final = "SELECT 1"
"""Behind a pipeline the server does not start its clock for idle transactions; a plain statement does start it,
so that a process which is stopped there loses its turn."""


class _WholeNumber(Loader):
    """A sum of whole numbers is NUMERIC here; all of ours are whole."""

    def load(self, data: Buffer) -> int:
        """The digits as a number."""
        return int(bytes(data))


def adapt(context: AdaptContext) -> None:
    """Every value by its type, so that a statement is planned once: int as 64 bits, str as text; sums come as int."""
    context.adapters.register_loader("numeric", _WholeNumber)
    context.adapters.register_dumper(int, Int8Dumper)
    context.adapters.register_dumper(str, StrDumper)


class PostgresConnection:
    """The driver's connection, in autocommit: transactions begin and end where the ledger says so."""

    dialect: Final = "postgresql"
    is_far: Final = True

    def __init__(self, driver: psycopg.Connection[Any], *, marks: bool = False) -> None:
        """`marks`: every transaction leaves behind by what it can be found, should its COMMIT be in doubt."""
        self.driver = driver
        self._writer = str(uuid.uuid4()) if marks else None
        self._batch = 0
        self._changes = 0
        self._warnings = 0
        self._beginning: list[tuple[str, tuple[Any, ...]]] = []
        driver.add_notice_handler(self._note)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""
        return self.driver.info.transaction_status != TransactionStatus.IDLE

    def execute(self, statement: str, bound: Any = None, /) -> psycopg.Cursor[Any]:
        """Run one statement; all its rows have arrived when it returns."""
        if self._beginning:
            with self.driver.pipeline():
                self._begin()
                cursor = self._execute(statement, bound)
            self.driver.execute(_AWAKE)
        else:
            cursor = self._execute(statement, bound)
        if cursor.description is None and cursor.rowcount > 0:
            self._changes += cursor.rowcount
        return cursor

    def _execute(self, statement: str, bound: Any) -> psycopg.Cursor[Any]:
        text, values = worded(statement).bind(bound)
        # The statement is one of ours, and every value is a parameter.
        return self.driver.execute(text.encode(), values)

    def execute_all(self, asked: Sequence[tuple[str, Any]], /) -> list[list[Any]]:
        """The rows of several statements, all sent before the first answer is read."""
        if len(asked) == 1:
            return [self.execute(*asked[0]).fetchall()]
        with self.driver.pipeline():
            self._begin()
            cursors = [self._execute(statement, bound) for statement, bound in asked]
            found = [cursor.fetchall() for cursor in cursors]
        self.driver.execute(_AWAKE)
        return found

    def executemany(self, statement: str, bound: Iterable[Any], /) -> None:
        """Run one statement for each of many sets of parameters, without waiting in between."""
        if self._beginning:
            self._begin_now()
        with self.driver.cursor() as cursor:
            cursor.executemany(worded(statement).text.encode(), list(bound))
            self._changes += max(cursor.rowcount, 0)
            if self.in_transaction:
                cursor.execute(_AWAKE)

    def add_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /, *, scattered: bool = False
    ) -> None:
        """By COPY, which costs a tenth of as many INSERTs, `scattered` or not."""
        copying = _COPY.format(
            table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        if self._beginning:
            self._begin_now()
        waiting = iter(rows)
        with self.driver.cursor() as cursor:
            while together := list(itertools.islice(waiting, _ROWS_A_COPY)):
                with cursor.copy(copying) as copy:
                    for row in together:
                        copy.write_row(row)
                self._changes += len(together)

    def write_all(self, writes: Sequence[tuple[str, list[tuple[Any, ...]]]], /) -> None:
        """All of these, sent before the first answer is read."""
        if not writes:
            return
        with self.driver.pipeline(), self.driver.cursor() as cursor:
            self._begin()
            for statement, bound in writes:
                cursor.executemany(by_place(statement), bound)
        self.driver.execute(_AWAKE)

    def total_changes(self) -> int:
        """Rows that this connection has inserted, changed or deleted so far."""
        return self._changes

    def begin(self, *, bulk: bool = False, with_first: bool = False) -> None:
        """Begin a transaction, wait for the turn to write, and leave its mark, in one round trip.

        In a `bulk` one each statement may take longer (`LONGER`). `with_first`: the first statement takes all this
        along, before itself; one that never comes leaves nothing behind.
        """
        self._batch += 1
        self._beginning = [("BEGIN", ()), (_TAKE_TURN, ())]
        if self._writer is not None:
            self._beginning.append((_MARK, (self._writer, self._batch)))
        if bulk:
            self._beginning += [(setting, ()) for setting in (_LONGER_NOW, *_AS_IT_FALLS)]
        if not with_first:
            self._begin_now()

    def _begin_now(self) -> None:
        with self.driver.pipeline():
            self._begin()
        self.driver.execute(_AWAKE)

    def _begin(self) -> None:
        """Send what begins the transaction, if that was not done yet."""
        beginning, self._beginning = self._beginning, []
        for statement, values in beginning:
            self.driver.execute(statement.encode(), values)

    def begin_reading(self) -> None:
        """Begin a transaction that sees one state of the database."""
        self.driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def take_longer(self) -> None:
        """Let the statements of this transaction take as long as those of a bulk one (`LONGER`)."""
        if self._beginning:
            self._begin_now()
        self.driver.execute(_LONGER_NOW.encode())

    def commit(self) -> None:
        """Make the transaction durable, on the synchronous standby too where there is one.

        Raises:
            CommitDoubt: the connection broke before the answer came, or no standby confirmed it in time; closed then.
        """
        if self._beginning:
            self._begin_now()
        self._warnings = 0
        pgconn = self.driver.pgconn
        try:
            pgconn.send_query(b"COMMIT")
            results = self.driver.wait(generators.execute(pgconn), timeout=COMMIT_SECONDS)
            for result in results:
                if result.status != ExecStatus.COMMAND_OK:
                    raise error_from_result(result)
        except psycopg.OperationalError as error:
            if not self.driver.closed and pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            raise self._doubt() from error
        # COMMIT of a transaction that has failed is a ROLLBACK, and says so nowhere else.
        assert results[-1].command_status == b"COMMIT", results[-1].command_status
        if self._warnings:
            # Somebody cancelled the wait for the standby: it is done here, and perhaps nowhere else.
            raise self._doubt()

    def _doubt(self) -> CommitDoubt:
        self.driver.close()
        return CommitDoubt(None if self._writer is None else (self._writer, self._batch))

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        self._warnings += notice.severity_nonlocalized == "WARNING"

    def rollback(self) -> None:
        """Undo the transaction, if there is one; a connection that is gone has undone it."""
        self._beginning = []
        if self.driver.closed or not self.in_transaction:
            return
        try:
            self.driver.execute("ROLLBACK")
        except psycopg.OperationalError:
            self.driver.close()

    def tidy(self, *, bulk: bool = False) -> None:
        """Nothing: the server writes its own checkpoints."""

    def keep_in_memory(self, kib: int) -> None:
        """Nothing: the memory is the server's."""

    def run_script(self, statements: str) -> None:
        """Run several statements without parameters."""
        self.driver.execute(statements.encode())

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        found = self.driver.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{name}",)).fetchone()
        return bool(found and found[0])

    def close(self) -> None:
        """Close it; what was not committed is undone."""
        self.driver.close()
