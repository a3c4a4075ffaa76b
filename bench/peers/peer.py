"""What the peers share: where they keep their books, and how one entry after the other is timed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

WARM = 20


def count() -> int:
    """How many entries are asked for."""
    return int(sys.argv[2])


def django_database() -> dict[str, Any]:
    """The database of the command line, as Django's settings name it."""
    parts = urlsplit(sys.argv[1])
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "USER": parts.username,
        "HOST": parts.hostname,
        "PORT": parts.port,
    }


def measured(record: Callable[[], object], times: int) -> None:
    """Record so many entries after a few that are not counted; print the seconds, and those of this CPU."""
    for _ in range(WARM):
        record()
    began, busy = time.perf_counter(), time.process_time()
    for _ in range(times):
        record()
    spent = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - busy}
    sys.stdout.write(json.dumps(spent) + "\n")
