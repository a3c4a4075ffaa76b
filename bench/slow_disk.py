"""A disk whose flush takes a millisecond, as one without a battery behind it: `python -m bench.slow_disk ledger ...`.

It lies between SQLite and the system (decision 0017), for a raw loop and for a served ledger alike.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import apsw

FLUSH_SECONDS = 0.001
_BASE = "unix"


class SlowDisk(apsw.VFS):
    """The default file system of this process while it lives."""

    def __init__(self) -> None:
        super().__init__("slow", _BASE, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's word
        """Open a file."""
        return SlowFile(_BASE, name, flags)


class SlowFile(apsw.VFSFile):
    """A file that is flushed slowly."""

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        """Flush, and wait a millisecond longer."""
        super().xSync(flags)
        threading.Event().wait(FLUSH_SECONDS)


if __name__ == "__main__":
    from branchtui.cli import main

    disk = SlowDisk()
    sys.exit(main())
