"""Passwords that the tests type, and every place where none of them may be found afterwards (link, SEC-2; T1).

A demonstration plants the passwords of its users; each terminal of the tests looks for them when it is closed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PLANTED: set[bytes] = set()
"""The passwords that may be typed in this process of the tests."""

FOLDERS = ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "BRANCHTUI_STATE", "TMPDIR")
"""Where a program that was given these writes."""


def plant(passwords: Iterable[str]) -> None:
    """These are secret from now on."""
    PLANTED.update(password.encode() for password in passwords)


def told_by_process(pid: int) -> bytes:
    """A running program's arguments and environment, with those of the programs it started; nothing once it has ended."""
    found = b""
    with contextlib.suppress(OSError):
        place = Path("/proc") / str(pid)
        found = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        for thread in (place / "task").iterdir():
            for child in (thread / "children").read_text().split():
                found += told_by_process(int(child))
    return found


def leaks(*, painted: bytes, told: bytes, given: Mapping[str, str]) -> Iterator[str]:
    """Each place where a planted password stands: on the screen, in arguments or environment, in a file."""
    if any(secret in painted for secret in PLANTED):
        yield "what was painted"
    if any(secret in told for secret in PLANTED):
        yield "arguments or environment"
    for folder in {given[name] for name in FOLDERS if name in given}:
        for path in Path(folder).rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and any(secret in path.read_bytes() for secret in PLANTED):
                    yield str(path)
