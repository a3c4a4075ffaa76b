"""Logs for operators: one JSON object a line on standard error, without personal data (SEC-4).

Neither values nor messages of an exception are written: both can hold a name or a phone. Where it
happened and what kind it was is enough to find it.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Final

import structlog

_FRAMES: Final = 8


def configure() -> None:
    """Set logging up for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def places(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last: file, line and function, never a value."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
