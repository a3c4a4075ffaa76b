"""Time to the first usable screen, weight of a signed-in session, and how soon `--help` answers."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.demonstration import Demonstration
from tests.e2e.terminal import Terminal

from bench.ledgers import figure

RUNS = 7


def main() -> None:
    """Measure, and print one line a figure."""
    helped = statistics.median(_seconds("-m", "branchtui", "--help") for _ in range(RUNS))
    imported = statistics.median(_seconds("-c", "import textual.app") for _ in range(RUNS))
    bare = statistics.median(_seconds("-c", "import textual") for _ in range(RUNS))
    figure(
        "`branchtui --help`",
        f"{helped * 1000:.0f}",
        "ms",
        f"`import textual` {bare * 1000:.0f} ms, `import textual.app` {imported * 1000:.0f} ms",
    )
    folder = tempfile.mkdtemp(prefix="branchtui-bench-")
    with Demonstration() as demonstration:
        teller = demonstration.user("teller")
        program = [
            sys.executable,
            "-m",
            "branchtui",
            "--ledger",
            demonstration.url,
            "--user",
            teller.username,
        ]
        environment = {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        spent: list[float] = []
        for _ in range(RUNS):
            began = time.perf_counter()
            with Terminal(program, env=environment) as shown:
                shown.see("Password")
                spent.append(time.perf_counter() - began)
        figure("start to the first usable screen (sign-in)", f"{statistics.median(spent) * 1000:.0f}", "ms")
        with Terminal(program, env=environment) as shown:
            shown.see("Password")
            began = time.perf_counter()
            shown.press(teller.password, "enter")
            shown.see("What waits")
            figure("password to Home", f"{(time.perf_counter() - began) * 1000:.0f}", "ms")
            shown.press("f2")
            shown.see("Achieng")
            shown.press("f4")
            shown.see("unassociated")
            resident, proportional = _weight(shown.process.pid)
            figure(
                "memory of a session with two lists open",
                f"{resident:.0f}",
                "MiB RSS",
                f"{proportional:.0f} MiB PSS",
            )


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _weight(pid: int) -> tuple[float, float]:
    """Resident and proportional set size in MiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    return found["Rss"] / 1024, found["Pss"] / 1024


if __name__ == "__main__":
    main()
