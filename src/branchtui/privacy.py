"""A process that holds a password keeps to itself: no tracing, no core file, files for their owner alone (SEC-2)."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_OWNER_ONLY: Final = 0o077
_ROOT: Final = 0

AS_ROOT: Final = "This program runs as root. Give every teller an account of their own on this host."


def keep_private() -> None:
    """Take these rights away from everybody, for this process and what it starts; sessions of the launcher have them.

    On Linux no other process of the same user may then read its memory, its environment or its descriptors.
    Elsewhere the kernel has no such word, and core files and the umask are what there is.
    """
    os.umask(_OWNER_ONLY)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(0), 0, 0, 0)


def is_root() -> bool:
    """Whether the kernel would refuse this process nothing."""
    return os.geteuid() == _ROOT
