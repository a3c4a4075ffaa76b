"""Starting the terminal program: is there a ledger to go to, can the terminal be drawn on, and who paints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from branchtui.app import BranchApp
from branchtui.exits import DONE, REFUSED, WRONG_USAGE
from branchtui.privacy import AS_ROOT, is_root, keep_private
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings
from branchtui.terminal.lean import Choice as Painting
from branchtui.terminal.lean import choose, unusable

__all__ = ["Credentials", "NotReady", "Ready", "ready", "run_ready", "run_terminal"]


class NotReady(Exception):
    """The program cannot start here: `str()` is the sentence for the person, `code` the exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ready:
    """A program that may start on the terminal of standard input."""

    settings: Settings
    painting: Painting


def run_terminal(settings: Settings, credentials: Credentials | None = None) -> int:
    """Run the program until its user leaves; the exit code of the command line."""
    keep_private()
    try:
        prepared = ready(settings)
    except NotReady as reason:
        sys.stderr.write(f"{reason}\n")
        return reason.code
    return run_ready(prepared, credentials)


def ready(settings: Settings, *, stop: Callable[[], None] | None = None) -> Ready:
    """Everything that can be known before the terminal is taken.

    `stop` stops the program at ctrl+z in a session of the launcher, which has tested the painter already;
    None: the program is the shell's own job.

    Raises:
        NotReady: there is no ledger to go to, or the terminal cannot be drawn on.
    """
    if not settings.ledger:
        raise NotReady("Which ledger? Name it: branchtui --ledger URL", WRONG_USAGE)
    if settings.refuse_root and is_root():
        raise NotReady(AS_ROOT, REFUSED)
    if why_not := unusable(os.environ):
        raise NotReady(why_not, REFUSED)
    ascii_only, clipboard = settings.ascii_only, settings.clipboard
    if stop is None:
        return Ready(settings, choose(ascii_only=ascii_only, clipboard=clipboard))
    return Ready(settings, choose(ascii_only=ascii_only, clipboard=clipboard, stop=stop, is_proven=True))


def run_ready(prepared: Ready, credentials: Credentials | None = None) -> int:
    """Run what `ready` found possible; the exit code of the command line."""
    warning = AS_ROOT if is_root() else ""
    app = BranchApp(prepared.settings, credentials=credentials, painting=prepared.painting, warning=warning)
    app.run(mouse=False)
    return app.return_code or DONE
