"""Everything a session will need, loaded and warm before the first fork, and nothing of anybody in it."""

from __future__ import annotations

import asyncio
import gc
import importlib
import pkgutil
import resource
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from branchtui.app import BranchApp
from branchtui.launcher.kernel import one_arena
from branchtui.remote.errors import LedgerError
from branchtui.settings import Settings
from branchtui.terminal.kept_styles import keeping_styles
from branchtui.terminal.lean import faults

if TYPE_CHECKING:
    from branchtui.remote.client import Ledger

_PACKAGES: Final = (
    "branchtui.contract",
    "branchtui.format",
    "branchtui.remote",
    "branchtui.screens",
    "branchtui.terminal",
    "branchtui.widgets",
)
# What those load late: by a name in a string, or when a first request is sent.
_LATE: Final = (
    "anyio._backends._asyncio",
    "certifi",
    "curses",
    "encodings.idna",
    "httpcore",
    "platformdirs.unix",
    "textual.scrollbar",
    "tomllib",
    "tzdata",
)
_TASKS: Final = Path("/proc/self/task")
_NOWHERE: Final = "http://127.0.0.1:1"


class NotFit(Exception):
    """No session can be forked from this process; `str()` is the reason."""


def preload() -> None:
    """Load and warm, then set the memory aside so that sessions share it.

    Raises:
        NotFit: the painter does not fit the framework, or a thread was left, which no fork survives.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    one_arena()
    for package in _PACKAGES:
        _load(package)
    for name in _LATE:
        importlib.import_module(name)
    if found := faults():
        raise NotFit(f"the painter does not fit this version of Textual ({found[0]})")
    # The library loads its algorithms at its first context. This one is dropped; each session makes its own.
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with keeping_styles():
        rehearse()
    if threading.active_count() != 1 or len(list(_TASKS.iterdir())) != 1:
        raise NotFit("a thread was left when the program had been loaded")
    # The collector writes into every object it looks at: what is shared is taken out of its sight.
    gc.collect()
    gc.freeze()
    gc.disable()


def _load(package: str) -> None:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, f"{package}."):
        importlib.import_module(found.name)


def rehearse() -> None:
    """Run the program once without a terminal, a user or a ledger, up to its first screen, to the end."""
    asyncio.run(_first_screen())


async def _first_screen() -> None:
    app = BranchApp(Settings(ledger=_NOWHERE), open_ledger=_no_ledger)
    async with app.run_test(size=(80, 24), tooltips=True, notifications=True) as pilot:
        await pilot.pause()


def _no_ledger(_: Settings) -> Ledger:
    # Nothing may be open when a session is forked, and nothing asked of anybody.
    raise LedgerError("Nothing is asked before somebody works here.")
