"""Starting the terminal program: is there a ledger to go to, can the terminal be drawn on, and who paints."""

from __future__ import annotations

import os
import sys
from typing import Final

from branchtui.app import BranchApp
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings
from branchtui.terminal.lean import choose, unusable

__all__ = ["Credentials", "run_terminal"]

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2


def run_terminal(settings: Settings, credentials: Credentials | None = None) -> int:
    """Run the program until its user leaves; the exit code of the command line."""
    if not settings.ledger:
        sys.stderr.write("Which ledger? Name it: branchtui --ledger URL\n")
        return WRONG_USAGE
    if why_not := unusable(os.environ):
        sys.stderr.write(f"{why_not}\n")
        return REFUSED
    painting = choose(ascii_only=settings.ascii_only, clipboard=settings.clipboard)
    app = BranchApp(settings, credentials=credentials, painting=painting)
    app.run(mouse=False)
    return app.return_code or DONE
