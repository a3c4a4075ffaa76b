"""A ledger in a PostgreSQL database: checked before it is trusted, shared by any number of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.postgres import address, faults
from branchtui.ledger.store.postgres.connection import BY_INDEX, SETTINGS, TURN, PostgresConnection, adapt
from branchtui.ledger.store.postgres.reader import PostgresReader

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.errors import Fault

OLDEST: Final = 140_000
"""The oldest server that is supported, as it numbers itself."""

SERVING: Final = TURN + 1
"""The advisory lock that every process holds, shared, while it uses the ledger."""

_MARKS_TABLE: Final = "writer_marks"
_CLAIM_ALONE: Final = "SELECT pg_advisory_lock(%s)"
_CLAIM_BESIDE: Final = "SELECT pg_advisory_lock_shared(%s)"
_WAIT_FOR_CLAIM: Final = "SET LOCAL lock_timeout = '2s'"
"""A lock outlives its connection until the server has seen the end of it: a moment, on a busy machine a longer one."""

_FORGET_MARKS: Final = "DELETE FROM writer_marks WHERE at < now() - interval '1 day'"
"""Writers that have gone: nobody asks a day later what became of a commit."""

_DONE: Final = "UPDATE writer_marks SET at = now() WHERE writer = %s AND batch = %s"
_ABOUT: Final = """
SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), datctype,
    current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')
FROM pg_database WHERE datname = current_database()
"""
_TRIGRAMS: Final = """
SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'),
    EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'),
    has_database_privilege(current_database(), 'CREATE')
"""


class PostgresClaim:
    """The right to use the ledger: an advisory lock on a connection of its own."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def release(self) -> None:
        """Give it back."""
        self._driver.close()


class PostgresStore:
    """A ledger at the address `url`."""

    shared: Final = True

    def __init__(self, url: str) -> None:
        """Raises StoreUnavailable where `url` cannot be read or holds a password."""
        self.conninfo = address.parse(url)

    @property
    def name(self) -> str:
        """Database and hosts."""
        return address.shown(self.conninfo)

    @property
    def file(self) -> Path | None:
        """None: a server keeps it."""
        return None

    def verify(self, *, new: bool = False) -> None:
        """Refuse a server that cannot keep a ledger, and a database that holds none.

        Raises:
            StoreUnavailable: the sentence for the person.
        """
        connection = self.connect()
        try:
            if new:
                _verify_trigrams(connection)
            elif not connection.has_table("alembic_version"):
                raise StoreUnavailable(f"{self.name} holds no ledger. Make one with: branchtui ledger init")
        finally:
            connection.close()

    def claim(self, *, alone: bool = False) -> PostgresClaim:
        """Claim the ledger beside others, or `alone`.

        Raises:
            StoreUnavailable: others have it and it is wanted alone, or somebody has it alone.
        """
        driver = self._open()
        try:
            self._claim_on(driver, alone=alone)
        except BaseException:
            driver.close()
            raise
        return PostgresClaim(driver)

    def _claim_on(self, driver: psycopg.Connection[Any], *, alone: bool = False) -> None:
        try:
            # The wait's limit ends with the transaction, the lock with the connection.
            with driver.transaction():
                driver.execute(_WAIT_FOR_CLAIM)
                driver.execute(_CLAIM_ALONE if alone else _CLAIM_BESIDE, (SERVING,))
        except psycopg.errors.LockNotAvailable as error:
            who = "other ledger processes. Stop them first" if alone else "somebody who changes its tables"
            raise StoreUnavailable(f"{self.name} is in use by {who}; nothing was changed.") from error

    def connect(self, *, read_only: bool = False) -> PostgresConnection:
        """A checked connection to the server that takes writes.

        Raises:
            StoreUnavailable: no server answers, or it may lose what it acknowledged (DUR-2).
        """
        driver = self._open()
        try:
            _verify_server(driver)
            for setting in SETTINGS:
                driver.execute(setting.encode())
            if read_only:
                driver.execute("SET default_transaction_read_only = on")
                # Reports, and proofs of the whole ledger: nobody waits behind them.
                driver.execute("SET statement_timeout = '1h'")
                # A plan for all values is a bad one where a filter may be absent.
                driver.execute("SET plan_cache_mode = force_custom_plan")
                return PostgresConnection(driver)
            marks = PostgresConnection(driver).has_table(_MARKS_TABLE)
            if marks:
                driver.execute(_FORGET_MARKS)
            return PostgresConnection(driver, marks=marks)
        except psycopg.Error as error:
            driver.close()
            raise StoreUnavailable(f"{self.name}: {_first_line(error)}") from error
        except BaseException:
            driver.close()
            raise

    def connect_writer(self) -> PostgresConnection:
        """As `connect`, and claimed beside others: a claim ends with the server that was asked for it.

        Raises:
            StoreUnavailable: as `connect`, or somebody has the ledger alone.
        """
        connection = self.connect()
        try:
            self._claim_on(connection.driver)
            for setting in BY_INDEX:
                connection.driver.execute(setting.encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def reader(self) -> PostgresReader:
        """A few connections that belong to the event loop."""
        return PostgresReader(self)

    def fault_of(self, error: BaseException) -> Fault | None:
        """What an error of the driver means."""
        return faults.fault_of(error)

    def was_committed(self, mark: tuple[str, int]) -> bool:
        """Whether the transaction with this mark was done, here and on the synchronous standby.

        Its turn may outlive its connection by a moment, so this waits for the turn first: then it has ended. What is
        found may be here alone, where its wait for the standby was broken off; so the mark is touched and this
        COMMIT, which comes after that one in the log, has to be confirmed.

        Raises:
            CommitDoubt: it was found, and no standby confirmed it.
        """
        connection = PostgresConnection(self._open())
        try:
            for setting in SETTINGS:
                connection.driver.execute(setting.encode())
            connection.begin()
            done = connection.driver.execute(_DONE, mark).rowcount == 1
            if done:
                connection.commit()
            return done
        finally:
            connection.close()

    def made(self) -> None:
        """Who may connect is the database's own business."""

    def filled(self) -> None:
        """Fresh figures for the planner: it would take a filled table for the empty one that it was."""
        driver = self._open()
        try:
            driver.execute("ANALYZE")
        finally:
            driver.close()

    def _open(self) -> psycopg.Connection[Any]:
        try:
            driver = psycopg.connect(self.conninfo, autocommit=True)
        except psycopg.OperationalError as error:
            raise StoreUnavailable(f"{self.name} cannot be reached: {_first_line(error)}") from error
        adapt(driver)
        return driver


def _verify_server(driver: psycopg.Connection[Any]) -> None:
    """Refuse a server that is too old, that cannot hold every name, or that may lose what it acknowledged."""
    found = driver.execute(_ABOUT).fetchone()
    assert found is not None, "a server knows the database that it is asked in"
    version, encoding, letters, fsync, whole_pages, synchronous = found
    if version < OLDEST:
        raise StoreUnavailable(
            f"PostgreSQL {version // 10_000} is too old: {OLDEST // 10_000} or later is needed."
        )
    if encoding != "UTF8":
        raise StoreUnavailable(f"The database is encoded in {encoding}; a ledger needs UTF8.")
    if letters in {"C", "POSIX"}:
        raise StoreUnavailable(
            f"The database's LC_CTYPE is {letters}, which knows no letters beyond ASCII: names could not be "
            "searched. Make it with another, such as C.UTF-8."
        )
    for name, value in (("fsync", fsync), ("full_page_writes", whole_pages)):
        if value != "on":
            raise StoreUnavailable(
                f"The server runs with {name} = {value}: a power cut would lose money. Set it to on."
            )
    if synchronous not in {"on", "remote_apply"}:
        raise StoreUnavailable(
            f"The server runs with synchronous_commit = {synchronous}: what it acknowledged could be lost. "
            "Set it to on."
        )


def _verify_trigrams(connection: PostgresConnection) -> None:
    found = connection.execute(_TRIGRAMS).fetchone()
    assert found is not None, "the question has one answer"
    installed, available, may_create = found
    if installed:
        return
    if not available:
        raise StoreUnavailable(
            "The server lacks the extension pg_trgm, which search needs. It comes with PostgreSQL: "
            "install the package postgresql-contrib on the server."
        )
    if not may_create:
        raise StoreUnavailable(
            "The extension pg_trgm is not in the database, and this user may not add it. "
            "Its owner can: CREATE EXTENSION pg_trgm;"
        )


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
