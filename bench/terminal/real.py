"""The real program with either driver: `python -m bench.terminal.real lean|plain URL`."""

from __future__ import annotations

import sys

from branchtui.app import BranchApp
from branchtui.settings import Settings
from branchtui.terminal.lean import choose


def main() -> None:
    """Run until the benchmark ends it."""
    driver, url = sys.argv[1:3]
    app = BranchApp(Settings(ledger=url))
    if driver == "lean":
        choice = choose()
        assert choice.driver_class is not None, choice.reason
        app.driver_class = choice.driver_class
    else:
        app.driver_class = app.get_driver_class()
    app.run(mouse=False)


if __name__ == "__main__":
    main()
