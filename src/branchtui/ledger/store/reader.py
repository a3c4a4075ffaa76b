"""Reads beside the writer: a connection of the event loop's own for indexed reads, threads for long ones.

Never blocked by the writer (a write-ahead log lets readers see the last commit). A hop to a thread
costs more than an indexed read, so short reads run where they are asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from branchtui.ledger.store.mapping import mapping_of, select_equal
from branchtui.ledger.store.sqlite import connect, stop_the_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

R = TypeVar("R")
T = TypeVar("T")


class Snapshot:
    """One state of the ledger, for statements that must agree with each other."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def values(self, statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The plain tuples of a statement."""
        return [tuple(values) for values in self._connection.execute(statement, bound)]


class Reader:
    """Reads committed rows. All methods are coroutines, so that an engine over a network fits too."""

    def __init__(
        self, path: Path, *, on_io_error: Callable[[BaseException], None] = stop_the_process
    ) -> None:
        self._path = path
        self._on_io_error = on_io_error
        self._connection: apsw.Connection | None = None

    def start(self) -> None:
        """Open the connection, on the thread of the event loop."""
        self._connection = connect(self._path, read_only=True)

    def stop(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def get(self, row_type: type[R], key: Any) -> R | None:
        """The row with this key, or None."""
        mapping = mapping_of(row_type)
        parts = key if isinstance(key, tuple) else (key,)
        bound = {f"key_{name}": part for name, part in zip(mapping.key, parts, strict=True)}
        found = self._select(mapping.select_by_key, bound)
        return row_type(*found[0]) if found else None

    async def find(self, row_type: type[R], **equal: Any) -> list[R]:
        """All rows whose columns equal these values."""
        statement = select_equal(row_type, tuple(sorted(equal)))
        return [row_type(*values) for values in self._select(statement, equal)]

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
        return [row_type(*values) for values in self._select(statement, bound)]

    async def values(self, statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The plain tuples of a compiled statement."""
        return [tuple(values) for values in self._select(statement, bound)]

    async def in_thread(self, run: Callable[[apsw.Connection], T]) -> T:
        """Run a long read on a thread, with a connection of its own inside one read transaction."""

        def work() -> T:
            connection = connect(self._path, read_only=True)
            try:
                connection.execute("BEGIN")
                return run(connection)
            except apsw.IOError as error:
                self._on_io_error(error)
                raise
            finally:
                connection.close()

        return await asyncio.to_thread(work)

    async def in_snapshot(self, run: Callable[[Snapshot], T]) -> T:
        """Run several statements on a thread, all over the same state of the ledger."""
        return await self.in_thread(lambda connection: run(Snapshot(connection)))

    def _select(self, statement: str, bound: dict[str, Any]) -> list[Any]:
        """The rows of a statement; a disk that cannot be read ends the process (DUR-4)."""
        try:
            return self._open.execute(statement, bound).fetchall()
        except apsw.IOError as error:
            self._on_io_error(error)
            raise

    @property
    def _open(self) -> apsw.Connection:
        assert self._connection is not None, "the reader is used before start()"
        return self._connection
