"""Figures for operators, in Prometheus' words. No label holds what a person typed: each has a handful of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from branchtui import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric

    from branchtui.ledger.store.writer import Writer

UNREADABLE: Final = "unreadable"
UNKNOWN: Final = "unknown"
"""What stands for a route where the request named none of ours."""

ALARMS: Final = (
    "anchors",
    "callback-source",
    "cycles",
    "history",
    "internal",
    "invariant",
    "job",
    "mail",
    "no-key",
    "sign-ins",
)
"""What an operator is told of at once: anchors that are not made or contradicted, a callback from elsewhere, cycles that cannot be ended,
a row that a terminal saw and the chain does not hold, a failure of ours, broken invariants, a job that failed, a statement that is not
mailed any more, a missing key file, sign-ins that fail too
often from one source."""

_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What one served ledger counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made = self.registry
        self._requests = Counter("branchtui_requests", "Answers", ["route", "status"], registry=made)
        self._seconds = Histogram(
            "branchtui_request_seconds", "Until an answer began", ["route"], buckets=_SECONDS, registry=made
        )
        self._refusals = Counter(
            "branchtui_refusals", "Answers that were problems", ["route", "code"], registry=made
        )
        self._alarms = Counter("branchtui_alarms", "What wants a look at once", ["kind"], registry=made)
        self._locked_out = Counter("branchtui_lock_outs", "Names locked for half an hour", registry=made)
        self._commit = Histogram(
            "branchtui_commit_seconds", "A COMMIT of the writer", buckets=_SECONDS, registry=made
        )
        self._lag = Histogram(
            "branchtui_loop_lag_seconds", "How late the event loop is", buckets=_SECONDS, registry=made
        )
        self._answers: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        """The counters of each route and status, which the registry finds by the text of each label."""
        for kind in ALARMS:
            self._alarms.labels(kind)
        about = Gauge("branchtui_info", "The program", ["version"], registry=made)
        about.labels(__version__).set(1)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """An answer began to leave."""
        counted = self._answers.get((route, status))
        if counted is None:
            made = self._requests.labels(route, status), self._seconds.labels(route)
            counted = self._answers[route, status] = made
        counted[0].inc()
        counted[1].observe(seconds)

    def refused(self, route: str, code: str) -> None:
        """An answer was a problem; `code` is one of `contract.problem.Codes`."""
        self._refusals.labels(route, code).inc()

    def alarm(self, kind: str) -> None:
        """Something happened that an operator should look at; `kind` is one of ALARMS."""
        self._alarms.labels(kind).inc()

    def locked_out(self) -> None:
        """A name was guessed at for the tenth time."""
        self._locked_out.inc()

    def committed(self, seconds: float) -> None:
        """The writer's COMMIT returned; called on its thread."""
        self._commit.observe(seconds)

    def lagged(self, seconds: float) -> None:
        """The event loop came back so much later than it was asked to."""
        self._lag.observe(seconds)

    def gauge(self, name: str, about: str, ask: Callable[[], float]) -> None:
        """A figure that is asked for when somebody looks; on another thread, so it must be quick and only read."""
        Gauge(name, about, registry=self.registry).set_function(ask)

    def watch_writer(self, writer: Writer) -> None:
        """Show what the writer counts by itself."""
        self.registry.register(_WriterFigures(writer))


class _WriterFigures:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def collect(self) -> Iterable[Metric]:
        """The figures as they stand."""
        writer = self._writer
        for name, about, count in (
            ("branchtui_writer_batches", "Batches that were committed", writer.batches),
            ("branchtui_writer_commands", "Commands in them", writer.commands),
            ("branchtui_writer_retries", "Batches that were run again", writer.retries),
        ):
            yield CounterMetricFamily(name, about, value=count)
        for name, about, value in (
            ("branchtui_writer_waiting", "Commands that wait for the writer", writer.waiting),
            ("branchtui_storage_full", "1 while the disk is full and changes are refused", writer.full),
            ("branchtui_store_away", "1 while the database server cannot be reached", writer.away),
        ):
            yield GaugeMetricFamily(name, about, value=float(value))
