"""Reads beside the writer: a connection of the event loop's own for indexed reads, threads for long ones.

Never blocked by the writer (a write-ahead log lets readers see the last commit). A hop to a thread
costs more than an indexed read, so short reads run where they are asked.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, TypeVar

import apsw

from branchtui.ledger.store.errors import stop_the_process
from branchtui.ledger.store.mapping import mapping_of, select_equal
from branchtui.ledger.store.sqlite import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.sqlite import SqliteConnection

R = TypeVar("R")
T = TypeVar("T")

_LONG_READ_KIB: Final = 16_384
"""What a long read keeps of the file: it passes over most pages once, and several may run beside each other."""


class Snapshot:
    """One state of the ledger, for statements that must agree with each other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def values(self, statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The plain tuples of a statement."""
        return [tuple(values) for values in self._connection.execute(statement, bound)]


class Reader(ABC):
    """Reads committed rows, whatever the engine; an engine gives `start`, `stop`, `_fetch` and `_open_snapshot`."""

    @abstractmethod
    def start(self) -> None:
        """Be ready to read."""

    @abstractmethod
    def stop(self) -> None:
        """Close every connection."""

    @abstractmethod
    async def _fetch(self, statement: str, bound: dict[str, Any]) -> Sequence[Any]:
        """All rows of a statement."""

    @abstractmethod
    def _open_snapshot(self) -> Connection:
        """A connection of one's own for a thread, inside a transaction that sees one state."""

    def _close_snapshot(self, connection: Connection) -> None:
        """What becomes of such a connection."""
        connection.close()

    async def get(self, row_type: type[R], key: Any) -> R | None:
        """The row with this key, or None."""
        mapping = mapping_of(row_type)
        parts = key if isinstance(key, tuple) else (key,)
        bound = {f"key_{name}": part for name, part in zip(mapping.key, parts, strict=True)}
        found = await self._fetch(mapping.select_by_key, bound)
        return row_type(*found[0]) if found else None

    async def find(self, row_type: type[R], **equal: Any) -> list[R]:
        """All rows whose columns equal these values."""
        statement = select_equal(row_type, tuple(sorted(equal)))
        return [row_type(*values) for values in await self._fetch(statement, equal)]

    async def find_one(self, row_type: type[R], **equal: Any) -> R | None:
        """The first row whose columns equal these values, or None."""
        found = await self.find(row_type, **equal)
        return found[0] if found else None

    async def by_keys(self, row_type: type[R], keys: Iterable[Any]) -> list[R]:
        """The rows with these keys, those that exist, by point reads: meant for the rows of one page."""
        found = [await self.get(row_type, key) for key in keys]
        return [row for row in found if row is not None]

    async def rows(self, row_type: type[R], statement: str, bound: dict[str, Any]) -> list[R]:
        """The rows of a compiled statement that selects exactly the columns of `row_type`."""
        return [row_type(*values) for values in await self._fetch(statement, bound)]

    async def values(self, statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The plain tuples of a compiled statement."""
        return [tuple(values) for values in await self._fetch(statement, bound)]

    async def in_thread(self, run: Callable[[Connection], T]) -> T:
        """Run a long read on a thread, with a connection of its own inside one read transaction."""

        def work() -> T:
            connection = self._open_snapshot()
            try:
                return run(connection)
            finally:
                self._close_snapshot(connection)

        return await asyncio.to_thread(work)

    async def in_snapshot(self, run: Callable[[Snapshot], T]) -> T:
        """Run several statements on a thread, all over the same state of the ledger."""
        return await self.in_thread(lambda connection: run(Snapshot(connection)))

    async def in_long_snapshot(self, run: Callable[[Snapshot], T]) -> T:
        """As `in_snapshot`, where a statement goes through what may be a hundred thousand rows."""

        def longer(connection: Connection) -> T:
            connection.take_longer()
            return run(Snapshot(connection))

        return await self.in_thread(longer)


class SqliteReader(Reader):
    """Reads the file: short reads on the event loop itself, over a connection that lives there."""

    def __init__(
        self, path: Path, *, on_io_error: Callable[[BaseException], None] = stop_the_process
    ) -> None:
        self._path = path
        self._on_io_error = on_io_error
        self._connection: SqliteConnection | None = None

    def start(self) -> None:
        """Open the connection, on the thread of the event loop."""
        self._connection = connect(self._path, read_only=True)

    def stop(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _fetch(self, statement: str, bound: dict[str, Any]) -> Sequence[Any]:
        assert self._connection is not None, "the reader is used before start()"
        try:
            return self._connection.execute(statement, bound).fetchall()
        except apsw.IOError as error:
            self._on_io_error(error)
            raise

    async def in_thread(self, run: Callable[[Connection], T]) -> T:
        """As everywhere; a disk that cannot be read ends the process, as in `_fetch` (DUR-4)."""

        def work(connection: Connection) -> T:
            try:
                return run(connection)
            except apsw.IOError as error:
                self._on_io_error(error)
                raise

        return await super().in_thread(work)

    def _open_snapshot(self) -> Connection:
        connection = connect(self._path, read_only=True)
        connection.keep_in_memory(_LONG_READ_KIB)
        connection.begin_reading()
        return connection
