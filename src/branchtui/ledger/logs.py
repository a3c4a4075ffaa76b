"""Logs for operators on standard error: what happened, never whose it was (SEC-4).

A line is one JSON object, or on a terminal a line for a person. Neither values nor messages of an exception
are written: both can hold a name or a phone. Where it happened and what kind it was is enough to find it. A
thread of its own writes the lines, so that nobody waits for a log that is read slowly or a disk that is full;
lines that find no room are counted and lost.
"""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from types import TracebackType

LINES_MAX: Final = 10_000
"""Lines that may wait to be written."""

FLUSH_SECONDS: Final = 2.0
GATHER_SECONDS: Final = 0.02
"""Lines are written together that come within this of each other: to wake the thread for one costs more than the line."""
_TOGETHER_MAX: Final = 1_000
_FRAMES: Final = 8
_TEMPLATE_MAX: Final = 200

log = structlog.get_logger("branchtui.ledger")


class Lines:
    """Where lines wait for the thread that writes them; takes the place of structlog's logger."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write, name="ledger-log", daemon=True)
        self._thread.start()
        self.lost = 0

    def msg(self, line: str) -> None:
        """Have a line written, when there is room."""
        if self._waiting.qsize() < LINES_MAX:
            self._waiting.put(line)
        else:
            self.lost += 1

    debug = info = warning = error = critical = msg

    def close(self) -> None:
        """Write what waits, as far as it goes in a moment."""
        self._waiting.put(None)
        self._closing.set()
        self._thread.join(FLUSH_SECONDS)

    def _write(self) -> None:
        ended = False
        while not ended:
            lines = [self._waiting.get()]
            while len(lines) < _TOGETHER_MAX and not self._waiting.empty():
                lines.append(self._waiting.get_nowait())
            ended = None in lines
            told = [line for line in lines if line is not None]
            try:
                self._stream.write("".join(f"{line}\n" for line in told))
                self._stream.flush()
            except (OSError, ValueError):  # a full disk, a reader that has gone: the ledger's work goes on
                self.lost += len(told)
            if not ended:
                self._closing.wait(GATHER_SECONDS)


def configure(*, level: int = logging.INFO, stream: TextIO | None = None) -> Lines:
    """Set up the logs of this process, those of its libraries and its last words included; close what it returns."""
    stream = stream or sys.stderr
    lines = Lines(stream)
    shown = [_printable, structlog.dev.ConsoleRenderer()]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            _without_values,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(shown if stream.isatty() else [structlog.processors.JSONRenderer()]),
        ],
        logger_factory=lambda *_: lines,
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)
    sys.excepthook = lambda kind, _, found: _last_words(kind, found)
    threading.excepthook = lambda given: _last_words(given.exc_type, given.exc_traceback)
    return lines


def places(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last: file, line and function, never a value."""
    return _places(error.__traceback__)


def _places(found: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(found)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


class _Bridge(logging.Handler):
    """What libraries log, as a line of ours: the first line of the template, without what was put into it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record anew."""
        said = str(record.msg).partition("\n")[0][:_TEMPLATE_MAX]
        level = max(logging.WARNING, min(record.levelno, logging.ERROR))
        log.log(level, said, logger=record.name, exc_info=record.exc_info)


def _without_values(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its type and its places."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event.update(error=type(error).__name__, places=places(error))
    return event


def _printable(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No value steers the terminal; JSON escapes by itself."""
    return {
        name: value if not isinstance(value, str) or value.isprintable() else ascii(value)[1:-1]
        for name, value in event.items()
    }


def _last_words(kind: type[BaseException], found: TracebackType | None) -> None:
    line = {
        "event": "stopped by a failure",
        "level": "critical",
        "error": kind.__name__,
        "places": _places(found),
    }
    sys.stderr.write(json.dumps(line) + "\n")
