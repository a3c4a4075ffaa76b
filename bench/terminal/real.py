"""The real program with either driver: `python -m bench.terminal.real lean|plain URL`."""

from __future__ import annotations

import sys

from branchtui.app import BranchApp
from branchtui.settings import Settings
from branchtui.terminal.lean import choose


def main() -> None:
    """Run until the benchmark ends it."""
    driver, url = sys.argv[1:3]
    choice = choose()
    assert choice.driver_class is not None, choice.reason
    app = BranchApp(Settings.load(ledger=url), painting=choice if driver == "lean" else None)
    app.run(mouse=False)


if __name__ == "__main__":
    main()
