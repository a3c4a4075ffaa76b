"""A ledger that is really served, in a process of its own, whose clock a test moves.

`python -m tests.ledger.clocked DATABASE DAYS` serves the ledger at this URL as `branchtui ledger serve` does, so
many days ahead of the machine's clock, and prints its address. A line with a number on its standard input sets how
many days. The worker looks as often as another process of the same ledger may have moved the clock before it.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import Final

from tests.ledger.served import Served

from branchtui.ledger import credit_worker, serve
from branchtui.ledger.clock import SystemClock
from branchtui.ledger.web.limits import LIFTED

DAY_US: Final = 86_400_000_000
LOOK_SECONDS: Final = 0.1


@dataclass
class Nodes:
    """Processes of one ledger, which all show the same time."""

    database: str
    days: int = 0
    running: tuple[Served, ...] = ()

    def start(self, count: int) -> None:
        """Serve it by so many processes."""
        command = [sys.executable, "-m", "tests.ledger.clocked", self.database, str(self.days)]
        self.running = tuple(Served.start_by(command) for _ in range(count))

    def pass_days(self, days: int) -> None:
        """Let time go by for all of them."""
        self.days += days
        for node in self.running:
            assert node.process.stdin is not None
            node.process.stdin.write(f"{self.days}\n")
            node.process.stdin.flush()

    def stop(self) -> None:
        """As an operator stops them."""
        for node in self.running:
            node.stop()
        self.running = ()


def main() -> None:
    """Serve, and hear how late it is."""
    ahead = {"us": int(sys.argv[2]) * DAY_US}

    def now_us(self: SystemClock) -> int:  # noqa: ARG001 - as the clock's own
        return time.time_ns() // 1_000 + ahead["us"]

    def listen() -> None:
        for line in sys.stdin:
            ahead["us"] = int(line) * DAY_US

    SystemClock.now_us = now_us  # type: ignore[method-assign]  # the clock of this process alone
    credit_worker.LOOK_SECONDS = LOOK_SECONDS  # type: ignore[misc]  # nobody waits ten seconds for a night
    threading.Thread(target=listen, daemon=True).start()
    serve.serve(sys.argv[1], serve.Serving(rates=LIFTED), announce=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
