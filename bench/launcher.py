"""Sessions of the resident launcher beside plain ones of the same run: start to full paint, and memory of twenty.

Every session of the memory figures is the real program, signed in to the real ledger, with a list open. A
session of the launcher is two processes, and both are counted.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.terminal import Terminal
from tests.launcher.clients import PATIENCE_SECONDS, RunningLauncher

from bench.ledgers import PASSWORD, figure
from branchtui.contract.sessions import Role
from branchtui.ledger.demo import PEOPLE
from branchtui.terminal.lean import driver, trial

STARTS = 15
SESSIONS = 20
SESSIONS_PER_USER = 2
"""As many as the ledger lets one user have."""
KSM = Path("/sys/kernel/mm/ksm/run")
MERGE_SECONDS = 20.0
MERGE_ROUNDS = 12
REST_SECONDS = 2.0
"""Between two starts, as between two tellers: the launcher makes its next session ready."""
_PROGRAM = [str(Path(sys.executable).with_name("branchtui"))]
PROBE, TRIAL = driver.PROBE.encode(), trial.TRIAL.encode()


def main() -> None:
    """Measure, and print one line a figure."""
    folder = Path(tempfile.mkdtemp(prefix="branchtui-bench-"))
    more = {"BRANCHTUI_LAUNCHER_MERGE_PAGES": "1"}
    limits = {"BRANCHTUI_LAUNCHER_SESSIONS_PER_USER": str(SESSIONS + 1)}
    with _ledger(folder) as url, RunningLauncher(folder / "socket", env=limits) as launcher:
        plain = [*_PROGRAM, "--ledger", url]
        fast = [*_PROGRAM, "--fast", "--socket", str(launcher.path), "--ledger", url]
        _starts(plain, fast, folder)
        ours = _weigh(fast, folder, launcher)
        cold = _weigh(plain, folder, None)
        figure(
            f"memory of each of {SESSIONS} launcher sessions, signed in, a list open",
            f"{ours:.1f}",
            "MB PSS",
            f"plain {cold:.1f} MB, ratio {ours / cold:.2f}; limits 16 MB and 0.50",
        )
        if KSM.exists() and KSM.read_text().strip() == "1":
            with RunningLauncher(folder / "merging", env=limits | more) as merging:
                again = [*_PROGRAM, "--fast", "--socket", str(merging.path), "--ledger", url]
                merged = _weigh(again, folder, merging, merges=True)
            figure(
                "the same, where the operator lets the kernel merge equal pages",
                f"{merged:.1f}",
                "MB PSS",
                f"plain {cold:.1f} MB, ratio {merged / cold:.2f}; limits 16 MB and 0.50",
            )
        figure("memory of the launcher itself", f"{_pss(launcher.process.pid):.1f}", "MB PSS")


def _starts(plain: list[str], fast: list[str], folder: Path) -> None:
    spent: dict[str, list[float]] = {"plain": [], "fast": []}
    for _ in range(STARTS):
        for name, command in (("plain", plain), ("fast", fast)):
            _wait(REST_SECONDS)
            spent[name].append(_start(command, folder))
    cold, ours = (statistics.median(spent[name]) * 1000 for name in ("plain", "fast"))
    each = statistics.median(one / other for one, other in zip(spent["fast"], spent["plain"], strict=True))
    figure(
        "start to the full first paint, from the launcher",
        f"{ours:.0f}",
        "ms",
        f"plain {cold:.0f} ms, ratio {ours / cold:.2f} (pair by pair {each:.2f}); limit 0.25",
    )


def _start(command: list[str], folder: Path) -> float:
    """Seconds until the last part of the first screen has arrived; nothing is emulated, which would take as long."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, **_homes(folder), "TERM": "xterm-256color"}
        os.execve(command[0], command, environment)  # noqa: S606 - the program that is measured
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    came = b""
    while not (b"Password" in came and b"Leave" in came):
        assert select.select([terminal], [], [], PATIENCE_SECONDS)[0], came
        data = os.read(terminal, 65_536)
        came += data
        for question in data.split(PROBE)[:-1]:
            os.write(terminal, b"\x1b[1;4R" if question.endswith(TRIAL) else b"\x1b[1;1R")
    spent = time.perf_counter() - began
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return spent


def _weigh(
    command: list[str], folder: Path, launcher: RunningLauncher | None, *, merges: bool = False
) -> float:
    """MB that each of the sessions takes, its client included."""
    with ExitStack() as open_ones:
        terminals = []
        for number in range(SESSIONS):
            user = f"bench{number // SESSIONS_PER_USER}"
            shown = open_ones.enter_context(Terminal([*command, "--user", user], env=_homes(folder)))
            shown.see("Password", "Leave")
            shown.press(PASSWORD, "enter")
            shown.see("What waits")
            shown.press("f2")
            shown.see("Achieng")
            terminals.append(shown)
        for shown in terminals:
            # Nobody was put out by those who came later.
            assert "session has ended" not in shown.text
        processes = [shown.process.pid for shown in terminals]
        if launcher is not None:
            processes += _sessions(launcher)
            assert len(processes) == 2 * SESSIONS
        weight = sum(map(_pss, processes)) / SESSIONS
        for round_number in range(MERGE_ROUNDS if merges else 0):
            # The kernel looks through memory at its own pace; it is through when nothing more comes back.
            _wait(MERGE_SECONDS)
            before, weight = weight, sum(map(_pss, processes)) / SESSIONS
            if round_number and before - weight < 0.1:
                break
        return weight


def _sessions(launcher: RunningLauncher) -> list[int]:
    """The forked sessions that run; not the spare."""
    named = [line.rpartition("=")[2] for line in launcher.log.splitlines() if line.startswith("started")]
    return [pid for pid in launcher.children if str(pid) in named]


def _pss(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1000


def _homes(folder: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}


@contextmanager
def _ledger(folder: Path) -> Iterator[str]:
    """The demonstration's ledger, kept, with a teller for every second session; its URL."""
    env = {**os.environ, "XDG_DATA_HOME": str(folder / "data")}
    branch = next(code for _, role, code in PEOPLE if role is Role.TELLER)
    with _served(env) as description:
        database = description["database"]
    for number in range(SESSIONS // SESSIONS_PER_USER):
        subprocess.run(
            [
                *(*_PROGRAM, "ledger", "user", "add", "--database", database, "--username", f"bench{number}"),
                *("--role", "teller", "--branch", branch, "--password-stdin"),
            ],
            input=PASSWORD,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    with _served(env) as description:
        yield description["url"]


@contextmanager
def _served(env: dict[str, str]) -> Iterator[dict[str, Any]]:
    command = [*_PROGRAM, "demo", "--serve-only", "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _wait(seconds: float) -> None:
    select.select([], [], [], seconds)


if __name__ == "__main__":
    main()
