"""Reads of one event loop over a few connections of its own; a read that met a lost connection is done again."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import psycopg

from branchtui.ledger.store.errors import Fault, NotNow, StoreAway, StoreUnavailable, TookTooLong
from branchtui.ledger.store.mapping import mapping_of, select_among
from branchtui.ledger.store.postgres.connection import PostgresConnection, adapt
from branchtui.ledger.store.postgres.faults import fault_of
from branchtui.ledger.store.postgres.gather import Gather
from branchtui.ledger.store.postgres.wording import worded
from branchtui.ledger.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from branchtui.ledger.store.connection import Connection

R = TypeVar("R")
T = TypeVar("T")

CONNECTIONS: Final = 8
"""Reads of one process that run at the same time; the rest wait their turn."""

SNAPSHOTS: Final = 2
"""Connections for long reads that are kept when nobody uses them."""

LIFE_SECONDS: Final = 600.0
"""A connection is replaced after this: what it learned of tables when they were small is forgotten."""

PATIENCE_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.1
_SETTINGS: Final = (
    "SET statement_timeout = '5s'",
    "SET default_transaction_read_only = on",
    "SET plan_cache_mode = force_custom_plan",
    "SET search_path = public",
)

_Driver = psycopg.AsyncConnection[Any]


class Server(Protocol):
    """As much of a database as its readers need."""

    @property
    def name(self) -> str:
        """For people: without a password."""
        ...

    @property
    def conninfo(self) -> str:
        """How the driver finds it."""
        ...

    def connect(self, *, read_only: bool = False) -> Connection:
        """A connection for a long read; raises StoreUnavailable."""
        ...


class PostgresReader(Reader):
    """Reads the primary, so that everybody sees what was acknowledged to them."""

    def __init__(self, store: Server) -> None:
        self._store = store
        self._idle: list[tuple[float, _Driver]] = []
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._stopped = False
        self._gather = Gather(self._fetch)
        # Used from several threads; each step on them is one that the interpreter does whole.
        self._snapshots: list[tuple[float, Connection]] = []
        self._borrowed: dict[int, float] = {}

    def start(self) -> None:
        """Connections are made when they are asked for, on the loop that asks."""

    def stop(self) -> None:
        """Close those that are idle; one at work is closed by who works with it."""
        self._stopped = True
        while self._idle:
            _close(self._idle.pop()[1])
        while self._snapshots:
            self._snapshots.pop()[1].close()

    async def get(self, row_type: type[R], key: Any) -> R | None:
        """The row with this key, or None; read together with others that are asked for now."""
        mapping = mapping_of(row_type)
        if len(mapping.key) != 1 or not isinstance(key, str):
            return await super().get(row_type, key)
        found: list[R] = await self._gather.rows(row_type, mapping.key[0], key)
        return found[0] if found else None

    async def find(self, row_type: type[R], **equal: Any) -> list[R]:
        """All rows whose columns equal these values; by one text column, read together with others."""
        if len(equal) == 1:
            ((name, value),) = equal.items()
            if isinstance(value, str):
                return await self._gather.rows(row_type, name, value)
        return await super().find(row_type, **equal)

    async def by_keys(self, row_type: type[R], keys: Iterable[Any]) -> list[R]:
        """The rows with these keys, those that exist, in one statement."""
        wanted = list(dict.fromkeys(keys))
        mapping = mapping_of(row_type)
        if len(mapping.key) != 1 or len(wanted) < 2:
            return await super().by_keys(row_type, wanted)
        statement = select_among(row_type, mapping.key[0])
        found = await self._fetch(statement, {"keys": json.dumps(wanted)})
        rows = {mapping.key_of(row): row for row in (row_type(*values) for values in found)}
        return [rows[key] for key in wanted if key in rows]

    async def in_thread(self, run: Callable[[Connection], T]) -> T:
        """As everywhere; a read whose connection broke is refused for now, since half of it may be used already."""
        try:
            return await super().in_thread(run)
        except psycopg.Error as error:
            if (told := _told(error)) is not None:
                raise told from error
            raise

    async def _fetch(self, statement: str, bound: dict[str, Any]) -> Sequence[Any]:
        text, values = worded(statement).bind(bound)
        until = time.monotonic() + PATIENCE_SECONDS
        async with self._places:
            while True:
                try:
                    return await self._once(text.encode(), values)
                except (psycopg.Error, StoreUnavailable) as error:
                    fault = Fault.AWAY if isinstance(error, StoreUnavailable) else fault_of(error)
                    if fault is Fault.LATE:
                        raise TookTooLong from error
                    if fault is not Fault.AWAY or self._stopped:
                        raise
                    if time.monotonic() >= until:
                        raise StoreAway from error
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _once(self, text: bytes, values: Any) -> list[Any]:
        born, driver = await self._take()
        try:
            cursor = await driver.execute(text, values)
            found = await cursor.fetchall()
        except psycopg.Error as error:
            if fault_of(error) in {Fault.OTHER, Fault.LATE} and not driver.closed:
                self._idle.append((born, driver))
            else:
                # The others lost the same server.
                _close(driver)
                while self._idle:
                    _close(self._idle.pop()[1])
            raise
        except BaseException:
            # Given up half way: what the connection would answer next belongs to nobody.
            _close(driver)
            raise
        if self._stopped or time.monotonic() - born > LIFE_SECONDS:
            _close(driver)
        else:
            self._idle.append((born, driver))
        return found

    async def _take(self) -> tuple[float, _Driver]:
        if self._idle:
            return self._idle.pop()
        try:
            driver = await psycopg.AsyncConnection.connect(self._store.conninfo, autocommit=True)
        except psycopg.OperationalError as error:
            raise StoreUnavailable(f"{self._store.name} cannot be reached.") from error
        try:
            adapt(driver)
            for setting in _SETTINGS:
                await driver.execute(setting.encode())
        except BaseException:
            _close(driver)
            raise
        return time.monotonic(), driver

    def _open_snapshot(self) -> Connection:
        while True:
            try:
                born, kept = self._snapshots.pop()
            except IndexError:
                break
            try:
                kept.begin_reading()
            except psycopg.Error:
                kept.close()  # the server it belonged to is gone
            else:
                self._borrowed[id(kept)] = born
                return kept
        try:
            connection = self._store.connect(read_only=True)
        except StoreUnavailable as error:
            raise StoreAway from error
        self._borrowed[id(connection)] = time.monotonic()
        connection.begin_reading()
        return connection

    def _close_snapshot(self, connection: Connection) -> None:
        born = self._borrowed.pop(id(connection), 0.0)
        connection.rollback()
        old = time.monotonic() - born > LIFE_SECONDS
        if self._stopped or old or len(self._snapshots) >= SNAPSHOTS or not _is_kept(connection):
            connection.close()
        else:
            self._snapshots.append((born, connection))


def _told(error: psycopg.Error) -> NotNow | None:
    """What a caller whose long read ended so is told, where another try may succeed."""
    fault = fault_of(error)
    if fault is Fault.LATE:
        return TookTooLong()
    return StoreAway() if fault is Fault.AWAY else None


def _is_kept(connection: Connection) -> bool:
    return isinstance(connection, PostgresConnection) and not connection.driver.closed


def _close(driver: _Driver) -> None:
    """At once, from wherever: nothing of a reading connection is worth a farewell."""
    driver.pgconn.finish()
