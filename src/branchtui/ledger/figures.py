"""Figures that only the database knows, asked for when somebody looks: sessions, approvals, jobs, sizes."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client.core import GaugeMetricFamily

from branchtui.contract.imports import JobState
from branchtui.ledger.logs import places
from branchtui.ledger.web.auth import ABSOLUTE_US, IDLE_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from prometheus_client import Metric

    from branchtui.ledger.clock import Clock
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.engine import Store

log = structlog.get_logger("branchtui.ledger")

KEPT_SECONDS: Final = 5.0
"""Whoever looks more often sees the same figures: looking costs the ledger no more than this."""

_COUNTS: Final = (
    (
        "branchtui_sessions",
        "Sessions that are open",
        "SELECT count(*) FROM sessions WHERE ended_at IS NULL AND last_used_at > :idle AND started_at > :absolute",
    ),
    (
        "branchtui_users_locked",
        "Users who wait half an hour",
        "SELECT count(*) FROM users WHERE locked_until > :now",
    ),
    (
        "branchtui_approvals_waiting",
        "Requests that wait for a second person",
        "SELECT count(*) FROM approvals WHERE state = 'pending' AND expires_at > :now",
    ),
    ("branchtui_jobs_queued", "Jobs that wait", "SELECT count(*) FROM jobs WHERE state = :queued"),
    ("branchtui_jobs_running", "Jobs at work", "SELECT count(*) FROM jobs WHERE state = :running"),
    (
        "branchtui_jobs_oldest_seconds",
        "Age of the oldest job that has not ended",
        "SELECT coalesce((:now - min(created_at)) / 1000000, 0) FROM jobs WHERE state IN (:queued, :running)",
    ),
)


class StoreFigures:
    """Reads the figures over a connection of its own, on the thread of who looks."""

    def __init__(
        self, store: Store, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._one = threading.Lock()
        self._found: list[Metric] = []
        self._until = float("-inf")

    def collect(self) -> Iterable[Metric]:
        """The figures; `branchtui_store_up` alone while the database does not answer."""
        with self._one:
            if self._monotonic() >= self._until:
                self._found = list(self._read())
                self._until = self._monotonic() + KEPT_SECONDS
            return self._found

    def _read(self) -> Iterable[Metric]:
        found: list[tuple[str, str, float]] = []
        try:
            connection = self._store.connect(read_only=True)
            try:
                found = [*self._counts(connection), *_sizes(connection, self._store.file)]
            finally:
                connection.close()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other figures are to be seen
            log.warning("no figures of the database", error=type(error).__name__, places=places(error))
        yield GaugeMetricFamily("branchtui_store_up", "1 when the database answers", value=float(bool(found)))
        for name, about, value in found:
            yield GaugeMetricFamily(name, about, value=value)

    def _counts(self, connection: Connection) -> Iterable[tuple[str, str, float]]:
        now_us = self._clock.now_us()
        bound = {
            "now": now_us,
            "idle": now_us - IDLE_US,
            "absolute": now_us - ABSOLUTE_US,
            "queued": JobState.QUEUED.value,
            "running": JobState.RUNNING.value,
        }
        for name, about, statement in _COUNTS:
            used = {key: value for key, value in bound.items() if f":{key}" in statement}
            row = connection.execute(statement, used).fetchone()
            yield name, about, float(row[0])


def _sizes(connection: Connection, file: Path | None) -> Iterable[tuple[str, str, float]]:
    """Bytes of the database; of one in a file its log's too, and what is left on the disk."""
    about = "Bytes of the database"
    if file is None:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        yield "branchtui_database_bytes", about, float(row[0])
        return
    yield "branchtui_database_bytes", about, float(file.stat().st_size)
    waiting = file.with_name(f"{file.name}-wal")
    size = waiting.stat().st_size if waiting.exists() else 0
    yield "branchtui_database_log_bytes", "Bytes of the write-ahead log", float(size)
    disk = os.statvfs(file.parent)
    yield (
        "branchtui_disk_free_bytes",
        "Bytes left on the database's disk",
        float(disk.f_bavail * disk.f_frsize),
    )
