"""The program keeps what it holds from everybody else on the host, other processes of its own user included (SEC-2)."""

from __future__ import annotations

import ctypes
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.demonstration import Demonstration
from tests.e2e.terminal import Terminal
from tests.launcher.clients import status_of

from branchtui import privacy, start
from branchtui.settings import Settings

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked through /proc"),
    pytest.mark.faults,
]

SECRETS = ("environ", "mem", "maps", "auxv")
LOOK = "import sys; open(sys.argv[1], 'rb')"
_PR_CAPBSET_DROP = 24
_CAPABILITIES = 64


def as_anybody() -> None:
    """A root without capabilities is a user like others; who is not root has none, and is refused this."""
    for number in range(_CAPABILITIES):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


AS_ANYBODY = (
    "import os, sys; from tests.e2e.test_private_process import as_anybody; as_anybody(); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Who has capabilities is out of reach of those who have none: both sides of the trial go without."""


def readable(pid: int, name: str) -> bool:
    """Whether another process of the same user may look."""
    looked = subprocess.run(
        [sys.executable, "-S", "-c", LOOK, f"/proc/{pid}/{name}"],
        preexec_fn=as_anybody,
        capture_output=True,
        check=False,
    )
    assert looked.returncode == 0 or b"PermissionError" in looked.stderr, looked.stderr
    return looked.returncode == 0


@pytest.mark.pty
def test_no_process_of_the_same_user_reads_a_running_terminal(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """SEC-2: not its memory, not its environment; no core file; what it writes is its owner's alone."""
    teller = demonstration.user("teller")
    words = ("-m", "branchtui", "--ledger", demonstration.url, "--user", teller.username)
    argv = [sys.executable, "-c", AS_ANYBODY, *words]
    given = {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    with Terminal(argv, env=given) as terminal:
        terminal.see("Password")
        terminal.type_bytes(teller.password.encode())
        terminal.press("enter")
        terminal.see("What waits")
        pid = terminal.process.pid
        assert [name for name in SECRETS if readable(pid, name)] == []
        limits = (Path("/proc") / str(pid) / "limits").read_text()
        core = next(line.split() for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core[4:6] == ["0", "0"]
        assert status_of(pid)["Umask"].strip() == "0077"
        if os.geteuid() == 0:  # who may see it, sees no secret in it
            command = (Path("/proc") / str(pid) / "cmdline").read_bytes()
            environment = (Path("/proc") / str(pid) / "environ").read_bytes()
            known = {f"{name}={value}".encode() for name, value in (os.environ | given).items()}
            added = {one.partition(b"=")[0] for one in environment.split(b"\0") if one not in known}
            # What the terminal itself is told by its test.
            assert added <= {b"", b"TERM", b"LANG", b"LINES", b"COLUMNS", b"PWD"}
            assert teller.password.encode() not in command + environment
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert written
        assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in written} == {0}
        terminal.press("ctrl+q")
        assert terminal.wait_for_end() == 0


def test_without_it_a_process_of_the_same_user_could() -> None:
    """SEC-2: the trial above can fail; with the same words said in a small process it cannot."""
    told = "import sys; from branchtui.privacy import keep_private; {}print(1, flush=True); sys.stdin.read()"
    for word, expected in (("", True), ("keep_private(); ", False)):
        with subprocess.Popen(
            [sys.executable, "-c", AS_ANYBODY, "-c", told.format(word)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"1\n"
            assert readable(process.pid, "environ") is expected
            process.communicate()


def test_root_is_warned_and_refused_where_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-2: one Unix account a teller."""
    for module in (privacy, start):
        monkeypatch.setattr(module, "is_root", lambda: True)
    with pytest.raises(start.NotReady, match="Give every teller an account of their own"):
        start.ready(Settings(ledger="http://127.0.0.1:1", refuse_root=True))
    monkeypatch.setattr(start, "is_root", lambda: False)
    monkeypatch.setenv("TERM", "xterm-256color")
    with pytest.raises(start.NotReady) as refused:
        start.ready(Settings(refuse_root=True))
    assert "Which ledger?" in str(refused.value)


@pytest.mark.pty
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as root")
def test_as_root_the_first_screen_says_so(tmp_path: Path) -> None:
    """SEC-2: a warning; with `BRANCHTUI_REFUSE_ROOT` the program does not start."""
    argv = [sys.executable, "-m", "branchtui", "--ledger", "http://127.0.0.1:1"]
    given = {"XDG_STATE_HOME": str(tmp_path)}
    with Terminal(argv, env=given) as terminal:
        terminal.see("runs as root", "User name")
    with Terminal(argv, env=given | {"BRANCHTUI_REFUSE_ROOT": "1"}) as terminal:
        terminal.see("runs as root")
        assert terminal.wait_for_end() == 1
