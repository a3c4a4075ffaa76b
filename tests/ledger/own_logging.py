"""A process of tests lends its logging to one of them, and has it back as it was."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator

import structlog


@contextlib.contextmanager
def logging_lent() -> Iterator[None]:
    """What the body sets up of logs, last words and the interpreter is as before when it ends."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    told, pause = structlog.get_config(), sys.getswitchinterval()
    try:
        yield
    finally:
        root.handlers[:], level, sys.excepthook, threading.excepthook = before
        root.setLevel(level)
        structlog.configure(**told)
        sys.setswitchinterval(pause)
